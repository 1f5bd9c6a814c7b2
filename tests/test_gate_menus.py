"""The gate: an article is found however long the menu around it, and whatever language the page says it is in."""

import itertools
from pathlib import Path

import pytest

from tests.test_gate import ENGLISH, GERMAN, SWAHILI, TAMIL
from tests.test_wordwise import toy_model
from xinstruct.candidate import Kept
from xinstruct.stages import harvest
from xinstruct.tools.gate.gate import Gate, gate_for
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Record

WORDS = ENGLISH.replace(".", "").replace(",", "").split()
ARTICLES = {"swh_Latn": [SWAHILI[:200], SWAHILI[100:], SWAHILI], "tam_Taml": [TAMIL] * 3}
PLACES = {"beginning": 0, "middle": 0.5, "end": 1}
LINKS = {"of one word": 1, "of eight words": 8, "as long as headlines": 15}


@pytest.fixture(scope="module")
def of_another_make(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "pairs.bin"
    return toy_model(path, "swh_Latn", wordNgrams=2, minn=1, maxn=3)


def gate(wanted: str) -> Gate:
    return Gate(LanguageIdentifier().path, frozenset([wanted]))


def link(number: int, words: int) -> str:
    text = " ".join(itertools.islice(itertools.cycle(WORDS), number * 7 % 50, number * 7 % 50 + words))
    return f"<li><a href='/pages/{number}'>{text} {number}</a></li>"


def page(paragraphs: list[str], links: int, place: str = "end", lang: str = "", words: int = 8) -> Record:
    """A page whose menu of links stands before and after the paragraphs."""
    menu = [link(number, words) for number in range(links)]
    at = int(links * PLACES[place])
    body = "".join([*menu[:at], *(f"<p>{text}</p>" for text in paragraphs), *menu[at:]])
    said = f" lang='{lang}'" if lang else ""
    return Record("a", 0, "http://a.example/", None, "", f"<html{said}><body>{body}</body></html>".encode())


@pytest.mark.parametrize("links", [50, 400, 2000])
@pytest.mark.parametrize("wanted", ARTICLES)
def test_article_passes_however_long_the_menu_and_whatever_the_page_says(wanted: str, links: int) -> None:
    ours = gate(wanted)
    for place, lang, words in itertools.product(PLACES, (wanted[:3], "en", ""), LINKS.values()):
        found = ours.refuses(page(ARTICLES[wanted], links, place, lang, words))
        assert found is None, (place, lang, words)


@pytest.mark.slow
@pytest.mark.parametrize("links", [50, 400, 2000])
def test_page_without_an_article_is_refused_however_long_the_menu(links: int) -> None:
    for place, lang, wanted in itertools.product(PLACES, ("sw", "en", ""), ARTICLES):
        assert gate(wanted).refuses(page([GERMAN] * 3, links, place, lang)) in ("eng_Latn", "deu_Latn")
        assert gate(wanted).refuses(page([ENGLISH], links, place, lang)) == "eng_Latn"


@pytest.mark.parametrize("tag", ["a href='/x'", "b", "em", "span class='x'"])
def test_links_and_emphasis_in_an_article_do_not_make_it_a_menu(tag: str) -> None:
    marked = " ".join(
        f"<{tag}>{word}</{tag.split()[0]}>" if number % 5 == 0 else word for number, word in enumerate(SWAHILI.split())
    )
    for place in PLACES:
        assert gate("swh_Latn").refuses(page([marked] * 3, 800, place, "en")) is None


def test_one_line_of_a_story_with_copies_in_other_languages_is_enough_where_the_page_says_so() -> None:
    story = [ENGLISH, *[GERMAN, ENGLISH] * 40, SWAHILI[:110], *[GERMAN, ENGLISH] * 8]
    assert gate("swh_Latn").refuses(page(story, 50, lang="sw")) is None


@pytest.mark.parametrize("place", PLACES)
def test_story_in_short_lines_passes_beside_a_menu_of_one_word_links(place: str) -> None:
    lines = [line for sentence in SWAHILI.split(". ") for line in sentence.split(", ")]
    assert gate("swh_Latn").refuses(page(lines, 100, place, words=1)) is None


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("links", [12_000, 60_000])
def test_article_in_a_page_of_megabytes_passes(links: int, place: str) -> None:
    for wanted, article in ARTICLES.items():
        assert gate(wanted).refuses(page(article, links, place, "en")) is None


def test_article_among_megabytes_of_scripts_passes() -> None:
    code = f"<script>var a = '{'x' * 2_000_000}';</script>"
    assert gate("swh_Latn").refuses(page([code, *ARTICLES["swh_Latn"], code], 400)) is None


@pytest.mark.parametrize("links", [50, 400, 2000])
def test_text_with_its_menu_in_lines_passes(links: int) -> None:
    menu = "\n".join(" ".join(WORDS[number % 50 : number % 50 + 4]) for number in range(links))
    body = "\n".join([menu, *ARTICLES["swh_Latn"], menu]).encode()
    assert gate("swh_Latn").refuses(Record("a", 0, None, None, "", body, is_text=True)) is None


def test_there_is_no_gate_for_a_model_of_another_make(of_another_make: Path) -> None:
    assert gate_for(of_another_make, frozenset(["swh_Latn"])) is None
    with pytest.raises(ValueError, match="no softmax"):
        Gate(of_another_make, frozenset(["swh_Latn"]))


@pytest.mark.slow
def test_harvest_reads_every_page_where_the_model_is_of_another_make(tmp_path: Path, of_another_make: Path) -> None:
    tools = Toolbox(frozenset(["swh_Latn"]), tmp_path / "run" / "work")
    tools.lid = LanguageIdentifier(of_another_make)
    for name, text in {"en": ENGLISH, "sw": SWAHILI}.items():
        (tmp_path / f"{name}.html").write_text(f"<html><body><p>{text}</p><p>{text}</p></body></html>")
    pieces = [
        piece
        for name in ("en", "sw")
        for piece in reader.split(tmp_path / f"{name}.html", "html", name, 1 << 30, None, None)
    ]
    try:
        outcomes = list(harvest.run(pieces, harvest.Settings(quality=False, shortest_kept=200), tools))
    finally:
        tools.extractor.close()
    assert {outcome.candidate.container for outcome in outcomes} == {"en", "sw"}
    assert all(isinstance(outcome, Kept) == (outcome.candidate.container == "sw") for outcome in outcomes)
