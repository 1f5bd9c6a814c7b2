"""The gate: which pages are refused at a glance, and which must never be."""

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archives import http, member, warc
from xinstruct.candidate import Dropped, Kept, Outcome
from xinstruct.languages import all_languages, macro
from xinstruct.stages import harvest
from xinstruct.tools.gate.gate import Gate, gate_for
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Record

SWAHILI = (
    "Wavuvi wa ziwa hili wamepata samaki wengi mwaka huu kuliko miaka yote iliyopita. Wengi wao huamka alfajiri na "
    "kurudi jioni, na wake zao hukausha samaki juani kabla ya kuwapeleka sokoni. Serikali imejenga ghala jipya karibu "
    "na bandari ili samaki wasiharibike. Vijana wa kijiji wameanza pia kufuga kuku na kulima mboga kando ya mto."
)
ENGLISH = (
    "The library stays open until nine in the evening, and readers may take out up to six books at a time. Anyone who "
    "brings a book back late pays a small fine, which is used to buy new ones for the children. On Saturdays the staff "
    "read stories aloud in the garden, unless it rains, in which case everybody moves into the reading room upstairs."
)
GERMAN = (
    "Der Zug nach Norden fährt heute von einem anderen Gleis ab, weil an der Brücke gebaut wird. Wer ein Fahrrad "
    "mitnehmen möchte, muss vorher einen Platz bestellen. Im Speisewagen gibt es Suppe und Brot, aber keinen Kaffee."
)
RUSSIAN = (
    "Осенью в нашем саду созревают яблоки, и вся семья выходит собирать урожай. Бабушка варит варенье, а дедушка "
    "относит лучшие плоды соседям. Дети строят шалаш из старых досок и рассказывают друг другу страшные истории."
)
TAMIL = (
    "எங்கள் ஊரில் ஒவ்வொரு ஆண்டும் அறுவடைத் திருவிழா சிறப்பாக நடைபெறுகிறது. மக்கள் புத்தாடை அணிந்து கோயிலுக்குச் "
    "செல்கிறார்கள். குழந்தைகள் வீதியில் விளையாடுகிறார்கள்."
)
MENU = (
    "<ul>" + "".join(f"<li><a href='/{word}'>{word}</a></li>" for word in ("Home", "News", "About", "Login")) + "</ul>"
)

Asks = Callable[..., str | None]


@pytest.fixture(scope="module")
def lid() -> LanguageIdentifier:
    return LanguageIdentifier()


@pytest.fixture(scope="module")
def refuses(lid: LanguageIdentifier) -> Asks:
    def ask(body: str | bytes, *wanted: str, charset: str | None = None, **columns: object) -> str | None:
        data = body if isinstance(body, bytes) else body.encode()
        record = Record("a", 0, str(columns.pop("url", "http://a.example/x")), None, "", data, charset=charset)
        return Gate(lid.path, frozenset(wanted)).refuses(record)

    return ask


def page(*paragraphs: str, lang: str = "", head: str = "") -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<!doctype html><html{lang and f' lang={lang!r}'}><head>{head}</head><body>{MENU}{body}</body></html>"


def test_page_in_another_language_is_refused_with_the_language_found(refuses: Asks) -> None:
    assert refuses(page(ENGLISH, ENGLISH), "swh_Latn") == "eng_Latn"
    assert refuses(page(GERMAN, GERMAN, lang="de"), "swh_Latn", "tam_Taml") == "deu_Latn"
    assert refuses(page(RUSSIAN), "swh_Latn") == "rus_Cyrl"
    assert refuses(page(ENGLISH), "tam_Taml") == "eng_Latn"


def test_page_in_a_wanted_language_passes(refuses: Asks) -> None:
    assert refuses(page(SWAHILI), "swh_Latn") is None
    assert refuses(page(TAMIL), "swh_Latn", "tam_Taml") is None


def test_page_that_says_english_and_is_not_passes(refuses: Asks) -> None:
    url = "http://en.a.example/en/page"
    assert refuses(page(SWAHILI, lang="en-US"), "swh_Latn", url=url) is None


def test_page_that_only_says_a_wanted_language_is_refused(refuses: Asks) -> None:
    assert refuses(page(ENGLISH, GERMAN, ENGLISH, lang="sw"), "swh_Latn", url="http://a.example/sw/") == "eng_Latn"


def test_one_paragraph_between_copies_in_other_languages_is_enough(refuses: Asks) -> None:
    assert refuses(page(*[ENGLISH] * 3, *[GERMAN] * 2, SWAHILI, *[ENGLISH] * 3), "swh_Latn") is None
    assert refuses(page(*[ENGLISH] * 30, TAMIL, *[ENGLISH] * 30), "tam_Taml") is None


def test_story_between_the_lines_of_its_translation_passes(refuses: Asks) -> None:
    lines = [line for pair in zip(SWAHILI.split(". "), ENGLISH.split(", "), strict=False) for line in pair]
    assert refuses(page(*lines, *ENGLISH.split(". ")), "swh_Latn") is None


def test_member_of_the_same_macrolanguage_passes(refuses: Asks) -> None:
    malay = "Perpustakaan itu dibuka sehingga malam dan pembaca boleh meminjam enam buah buku pada satu masa sahaja."
    assert refuses(page(malay, malay), "ind_Latn") is None


def test_what_is_written_in_a_script_counts_not_the_address(refuses: Asks) -> None:
    assert refuses(page(RUSSIAN), "swh_Latn", url="http://sw.a.example/sw/") == "rus_Cyrl"


def test_declared_encoding_is_read_and_a_wrong_one_is_not_believed(refuses: Asks) -> None:
    meta = "<meta charset='{}'>"
    russian = page(RUSSIAN, head=meta.format("windows-1251")).encode("cp1251")
    assert refuses(russian, "swh_Latn") == "rus_Cyrl"
    assert refuses(russian, "rus_Cyrl") is None
    utf8 = page(TAMIL, head=meta.format("iso-8859-1"))
    assert refuses(utf8, "tam_Taml", charset="iso-8859-1") is None
    assert refuses(utf8, "swh_Latn", charset="iso-8859-1") == "tam_Taml"


def test_page_that_cannot_be_read_at_a_glance_passes(refuses: Asks) -> None:
    assert refuses(page(RUSSIAN).encode("cp1251"), "swh_Latn") is None
    assert refuses(page(RUSSIAN).encode("utf-16"), "swh_Latn") is None
    assert refuses(page(RUSSIAN).encode("utf-8").decode("cp1252", "replace"), "rus_Cyrl") is None


@pytest.mark.parametrize("body", ["", "<html></html>", page("1 2 3"), page("Ndiyo."), "<p>12 : 30 - 45</p>" * 40])
def test_page_with_next_to_no_letters_passes(refuses: Asks, body: str) -> None:
    assert refuses(body, "swh_Latn") is None


def test_scripts_and_styles_are_no_text(refuses: Asks) -> None:
    code = f"<script>var told = '>{ENGLISH}<';</script><STYLE>p > a {{ content: '{GERMAN}' }}</STYLE>" * 5
    assert refuses(page(SWAHILI, head=code), "swh_Latn") is None
    assert refuses(page(GERMAN, GERMAN, head=code.replace(ENGLISH, SWAHILI)), "swh_Latn") == "deu_Latn"


@pytest.mark.parametrize(
    "filler", ["<div>" * 4_000_000, f"<p>{ENGLISH}</p>" * 55_000, "<script>" * 2_500_000, "<" * 20_000_000]
)
def test_large_page_is_glanced_at(refuses: Asks, filler: str) -> None:
    body = page(SWAHILI).encode() + filler.encode()
    began = time.process_time()
    refuses(body[:20_000_000], "swh_Latn")
    assert time.process_time() - began < 1


def test_large_page_in_a_wanted_language_passes(refuses: Asks) -> None:
    assert refuses(page(*[SWAHILI] * 30_000), "swh_Latn") is None
    assert refuses(page(*[ENGLISH] * 30_000), "swh_Latn") == "eng_Latn"


def test_page_that_names_a_wanted_language_which_nobody_can_tell_passes(refuses: Asks, lid: LanguageIdentifier) -> None:
    told = {(macro(label), label[-4:]) for label in lid.labels}
    untold = next(label for label in all_languages() if label.endswith("Latn") and (macro(label), "Latn") not in told)
    assert refuses(page(ENGLISH, lang=untold[:3]), untold) is None
    assert refuses(page(ENGLISH), untold) == "eng_Latn"


def test_there_is_no_gate_where_all_languages_are_wanted(lid: LanguageIdentifier) -> None:
    assert gate_for(lid.path, frozenset(all_languages())) is None
    assert gate_for(lid.path, frozenset(["swh_Latn"])) is not None


def _harvested(folder: Path, wanted: str, language: str | None = None, kind: str = "response") -> list[Outcome]:
    pages = {"en": ENGLISH, "sw": SWAHILI}
    records = [warc(http(page(text, text).encode()), f"http://a.example/{name}") for name, text in pages.items()]
    if kind == "conversion":
        texts = [f"{text}\n{text}\n".encode() for text in pages.values()]
        records = [warc(text, "http://a.example/", "conversion", "text/plain") for text in texts]
    (folder / "a.warc.gz").write_bytes(b"".join(map(member, records)))
    tools = Toolbox(frozenset([wanted]), folder)
    pieces = reader.split(folder / "a.warc.gz", "warc", "a", 1 << 30, language, None)
    try:
        return list(harvest.run(pieces, harvest.Settings(quality=False, shortest_kept=200), tools))
    finally:
        tools.extractor.close()


@pytest.mark.parametrize("kind", ["response", "conversion"])
def test_harvest_drops_a_refused_page_once_and_says_its_language(tmp_path: Path, kind: str) -> None:
    refused, *rest = _harvested(tmp_path, "swh_Latn", kind=kind)
    assert isinstance(refused, Dropped)
    assert (refused.reason, refused.detail, refused.candidate.language) == ("wrong_language", "eng_Latn", "eng_Latn")
    assert refused.candidate.id
    assert refused.candidate.response == ""
    assert rest
    assert all(isinstance(outcome, Kept) for outcome in rest)


def test_source_that_names_its_language_has_no_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Gate, record: Record) -> str:
        raise AssertionError(f"asked about {record.url}")

    monkeypatch.setattr(Gate, "refuses", refuse)
    assert len(_harvested(tmp_path, "swh_Latn", language="sw")) == 2


@pytest.mark.slow
def test_page_of_the_shared_crawl_passes_when_its_language_alone_is_wanted(
    shared_data: Path, lid: LanguageIdentifier
) -> None:
    with gzip.open(shared_data / "crawl" / "crawl-shared.truth.jsonl.gz", "rt", encoding="utf-8") as lines:
        gold = {row["url"]: row.get("gold_text") or "" for row in map(json.loads, lines)}
    asked = passed = 0
    piece = next(reader.split(shared_data / "crawl" / "crawl-shared.warc.gz", "warc", "a", 1 << 40, None, None))
    for record in reader.records(piece):
        if isinstance(record, Record) and len(text := gold.get(record.url or "", "")) > 400:
            guess = lid.identify(text.replace("\n", " "))
            asked += guess.score > 0.8
            passed += guess.score > 0.8 and Gate(lid.path, frozenset([guess.label])).refuses(record) is None
    assert asked > 500
    assert passed >= 0.99 * asked
