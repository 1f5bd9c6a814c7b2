"""Harvest: what of a page becomes a passage, what is dropped and why, and that every span says the truth."""

import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Call
from tests.golden import Case, cases
from xinstruct.candidate import Candidate, Dropped, Kept, Outcome, Skipped, candidate_id, content_hash
from xinstruct.languages import all_languages
from xinstruct.stages import harvest
from xinstruct.tools.extractor.page import Extractor, Page
from xinstruct.tools.harm.machine import Marks
from xinstruct.tools.passages import named, quality
from xinstruct.tools.sentences import ends_sentence, sentences
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader

TEXT = (
    "Bei ya gunia la mahindi katika soko la Kibaigwa imeshuka baada ya wakulima kuvuna mazao mengi kuliko miaka "
    "mitatu iliyopita. Wafanyabiashara wa Dodoma wanasema magari yanayoleta mahindi yameongezeka mara mbili. "
    "Mwenyekiti wa soko amesema ghala la kijiji limejaa. Baadhi ya wakulima wameiomba serikali inunue mahindi yao "
    "kwa bei ya awali ili waweze kulipa mikopo ya pembejeo. Wengine wameamua kuhifadhi mazao yao majumbani mpaka "
    "bei itakapopanda tena."
)

Run = Callable[..., list[Outcome]]


@pytest.fixture(scope="module")
def boxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[frozenset[str]], Toolbox]]:
    made: dict[frozenset[str], Toolbox] = {}

    def box(languages: frozenset[str]) -> Toolbox:
        if languages not in made:
            made[languages] = Toolbox(languages, tmp_path_factory.mktemp("work"))
            for tool in ("lid", "extractor"):
                made[languages].__dict__[tool] = getattr(next(iter(made.values())), tool)
        return made[languages]

    yield box
    for tools in itertools.islice(made.values(), 1):
        tools.extractor.close()


@pytest.fixture(scope="module")
def run(boxes: Callable[[frozenset[str]], Toolbox]) -> Run:
    def outcomes(path: Path, kind: str = "html", wanted: tuple[str, ...] = (), **settings: object) -> list[Outcome]:
        pieces = reader.split(path, kind, path.name, 1 << 30, None, None)
        tools = boxes(frozenset(wanted or all_languages()))
        return list(harvest.run(pieces, harvest.Settings.model_validate(settings), tools))

    return outcomes


@pytest.fixture(scope="module")
def of_sample(run: Run, sample: Path) -> list[Outcome]:
    return run(sample, "warc")


def kept(outcomes: list[Outcome]) -> list[Candidate]:
    return [outcome.candidate for outcome in outcomes if isinstance(outcome, Kept)]


def reasons(outcomes: list[Outcome]) -> list[str]:
    return [outcome.reason for outcome in outcomes if isinstance(outcome, Dropped)]


def rows(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("case", cases("harvest"), ids=lambda case: case.name)
def test_page_becomes_the_passages_that_a_speaker_expects(case: Case, run: Run, tmp_path: Path) -> None:
    saved = f"<!-- saved from url=({len(case.known['url']):04}){case.known['url']} -->\n{case.passage}"
    (tmp_path / "page.html").write_text(saved, encoding="utf-8")
    outcomes = run(tmp_path / "page.html", wanted=tuple(case.known["wanted"]))
    assert reasons(outcomes) == case.expect.get("dropped", [])
    found = kept(outcomes)
    assert [passage.language for passage in found] == [e["language"] for e in case.expect.get("kept", [])]
    for passage, expected in zip(found, case.expect.get("kept", []), strict=True):
        assert passage.response.startswith(expected.pop("begins"))
        assert passage.response.endswith(expected.pop("ends"))
        assert [text for text in expected.pop("without", []) if text in passage.response] == []
        assert [text for text in expected.pop("holds", []) if text not in passage.response] == []
        assert {name: getattr(passage, name) for name in expected} == expected


def test_what_is_left_out_for_its_language_is_told(run: Run, tmp_path: Path) -> None:
    german = [
        "Die Stadt hat gestern beschlossen, den alten Bahnhof zu renovieren, weil das Dach seit Jahren undicht ist.",
        "Die Arbeiten sollen im Frühjahr beginnen und zwei Jahre dauern, sagte der Bürgermeister am Montag.",
        "Während der Bauzeit halten die Züge an einem Bahnsteig aus Holz, den die Feuerwehr aufgestellt hat.",
        "Das Land zahlt die Hälfte der Kosten, den Rest übernimmt ein Verein, der Geld für die Uhr gesammelt hat.",
    ]
    english = [
        "The town decided yesterday to repair the old station, because its roof has been leaking for years.",
        "The work is to begin in spring and will take two years, the mayor told the press on Monday.",
        "Until it is done, trains will stop at a wooden platform that the fire brigade has put up.",
    ]
    paragraphs = "".join(f"<p>{text}</p>" for text in (*german, *english))
    (tmp_path / "page.html").write_text(f"<html><body><article>{paragraphs}</article></body></html>", encoding="utf-8")
    (passage,) = kept(run(tmp_path / "page.html", wanted=("deu_Latn",), quality=False))
    assert passage.response.splitlines() == german
    assert passage.page_cut == [{"name": "unwanted_language", "value": str(sum(map(len, english)))}]


@pytest.mark.slow
def test_response_is_the_text_that_extract_prints_between_its_spans(
    of_sample: list[Outcome], sample: Path, xinstruct: Call
) -> None:
    printed = xinstruct("extract", sample)
    assert printed.returncode == 0
    texts = {page["url"]: page["text"] for page in map(json.loads, printed.stdout.splitlines())}
    passages = kept(of_sample)
    assert len(passages) > 100
    for passage in passages:
        assert passage.response == texts[passage.url][passage.span_start : passage.span_end]


def test_passages_do_not_overlap_and_keep_to_the_limits(of_sample: list[Outcome]) -> None:
    settings = harvest.Settings()
    for _, group in itertools.groupby(kept(of_sample), key=lambda c: (c.record_offset, c.digest)):
        end = 0
        for passage in group:
            assert passage.span_start >= end
            end = passage.span_end
            assert ends_sentence(passage.response)
            least = settings.shortest_answer_kept if passage.question or passage.term else settings.shortest_kept
            assert least <= len(passage.response) <= settings.longest_kept or passage.language[-4:] in ("Hans", "Ethi")


def test_every_page_is_kept_or_dropped_and_every_reason_is_listed(of_sample: list[Outcome], sample: Path) -> None:
    pieces = reader.split(sample, "warc", sample.name, 1 << 30, None, None)
    pages = [page for piece in pieces for page in reader.records(piece)]
    candidates = [outcome.candidate for outcome in of_sample if not isinstance(outcome, Skipped)]
    assert len({(c.record_offset, c.digest) for c in candidates}) == sum(
        isinstance(page, reader.Record) for page in pages
    )
    assert [o for o in of_sample if isinstance(o, Skipped)] == [page for page in pages if isinstance(page, Skipped)]
    assert set(reasons(of_sample)) <= set(harvest.REASONS)
    assert len({candidate.id for candidate in candidates}) == len(candidates)


@pytest.mark.slow
def test_every_id_is_its_own_in_real_archives(shared_data: Path, boxes: Callable[[frozenset[str]], Toolbox]) -> None:
    tools = boxes(frozenset(all_languages()))
    samples = [path for path in sorted((shared_data / "warc_samples").iterdir()) if path.suffix != ".tsv"]
    assert len(samples) > 20
    for path in [*samples, shared_data / "crawl" / "crawl-shared.warc.gz"]:
        parts = reader.split(path, "warc", path.name, 1 << 20, None, None)
        first_or_all = itertools.islice(parts, 1 if path not in samples else None)
        outcomes = list(harvest.run(first_or_all, harvest.Settings(), tools))
        ids = [outcome.candidate.id for outcome in outcomes if not isinstance(outcome, Skipped)]
        assert len(set(ids)) == len(ids), path.name


def test_page_stored_twice_in_one_gzip_member_gives_rows_with_ids_of_their_own(run: Run, tmp_path: Path) -> None:
    body = f"<html lang='sw'><body><h1>Bei ya mahindi</h1><p>{TEXT}</p></body></html>".encode()
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\nContent-Type: application/http\r\n"
    record = f"{head}Content-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"
    other = record.replace(b"http://a.example/", b"http://b.example/")
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(record + other + record) + gzip.compress(record))
    found = kept(run(tmp_path / "a.warc.gz", "warc", wanted=("swh_Latn",)))
    assert [row.record_offset == 0 for row in found] == [True, True, True, False]
    assert len({row.digest for row in found}) == 1
    assert len({row.id for row in found}) == 4


def test_address_is_part_of_the_id() -> None:
    ids = {candidate_id("a", 0, "sha1:A", 0, 3, "abc", url) for url in ("", "http://a.example/", "http://b.example/")}
    assert len(ids) == 3


def test_content_hash_sees_neither_case_nor_blanks_nor_forms_of_a_letter() -> None:
    assert content_hash("Straße  und\u00a0Café\n") == content_hash("STRASSE UND CAFE\u0301")
    assert content_hash("शिक्षा") != content_hash("शिक्ष")


@pytest.mark.slow
def test_second_run_gives_the_same_rows(of_sample: list[Outcome], run: Run, sample: Path) -> None:
    assert run(sample, "warc") == of_sample


def test_text_of_a_row_is_one_passage_character_by_character(run: Run, tmp_path: Path) -> None:
    text = "  " + TEXT.replace(". ", ".\r\n\u00a0", 1) + "\n\n"
    path = rows(tmp_path / "a.jsonl", {"text": text, "language": "sw", "title": "Bei", "licence": "CC0-1.0"})
    (row,) = kept(run(path, "jsonl", wanted=("swh_Latn",)))
    assert row.response == text.strip() == text[row.span_start : row.span_end]
    assert (row.language, row.title, row.licence, row.rights_evidence) == ("swh_Latn", "Bei", "CC0-1.0", "source")


def test_language_of_a_row_is_believed(run: Run, tmp_path: Path) -> None:
    path = rows(tmp_path / "a.jsonl", {"text": TEXT, "language": "fin_Latn"}, {"text": TEXT, "language": "deu_Latn"})
    outcomes = run(path, "jsonl", wanted=("fin_Latn", "swh_Latn"))
    assert [row.language for row in kept(outcomes)] == ["fin_Latn"]
    assert reasons(outcomes) == ["wrong_language"]


def test_row_without_language_is_identified(run: Run, tmp_path: Path) -> None:
    (row,) = kept(run(rows(tmp_path / "a.jsonl", {"text": TEXT}), "jsonl", wanted=("swh_Latn",)))
    assert row.language == "swh_Latn"


def test_long_row_is_cut_and_short_row_is_dropped(run: Run, tmp_path: Path) -> None:
    long = "\n".join(f"{number}. {TEXT}" for number in range(1, 15))
    path = rows(tmp_path / "a.jsonl", {"text": long, "language": "sw"}, {"text": "Fupi sana.", "language": "sw"})
    outcomes = run(path, "jsonl", wanted=("swh_Latn",), quality=False)
    found = kept(outcomes)
    assert len(found) > 1
    assert all(
        400 <= len(row.response) <= 3000 and row.response == long[row.span_start : row.span_end] for row in found
    )
    assert reasons(outcomes) == ["too_short"]


def _sections(*bodies: str) -> str:
    return f"<html lang='sw'><body><article><h1>Soko la Kibaigwa</h1>{''.join(bodies)}</article></body></html>"


def test_passages_of_one_section_are_numbered_and_those_of_another_begin_anew(run: Run, tmp_path: Path) -> None:
    long = "".join(f"<p>{number}. {TEXT}</p>" for number in range(1, 5))
    answers = f"<h2>Maswali</h2><dl><dt>Gunia</dt><dd>{TEXT}</dd><dt>Ghala</dt><dd>{TEXT}</dd></dl>"
    page = _sections(f"<h2>Bei</h2>{long}", answers, f"<h2>Wakulima</h2><p>{TEXT}</p>", f"<h2>Mavuno</h2>{long}")
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    found = kept(run(tmp_path / "a.html", wanted=("swh_Latn",), quality=False, longest_kept=1000))
    assert [(row.term or row.heading, row.part, row.parts) for row in found] == [
        ("Bei", 1, 2),
        ("Bei", 2, 2),
        ("Gunia", 1, 1),
        ("Ghala", 1, 1),
        ("Wakulima", 1, 1),
        ("Mavuno", 1, 2),
        ("Mavuno", 2, 2),
    ]


def test_text_without_headings_is_numbered_as_a_whole(run: Run, tmp_path: Path) -> None:
    long = "\n".join(f"{number}. {TEXT}" for number in range(1, 15))
    path = rows(tmp_path / "a.jsonl", {"text": long, "language": "sw"}, {"text": TEXT, "language": "sw"})
    found = kept(run(path, "jsonl", wanted=("swh_Latn",), quality=False))
    assert [(row.part, row.parts) for row in found] == [*((n, len(found) - 1) for n in range(1, len(found))), (1, 1)]


def test_quality_off_measures_but_does_not_drop(run: Run, tmp_path: Path) -> None:
    path = rows(
        tmp_path / "a.jsonl", {"text": "Mahindi ni mazuri sana kwa afya ya watoto wote. " * 20, "language": "sw"}
    )
    assert reasons(run(path, "jsonl", wanted=("swh_Latn",))) == ["repetitive"]
    (row,) = kept(run(path, "jsonl", wanted=("swh_Latn",), quality=False))
    assert row.quality_repetition == 0.95


@pytest.mark.parametrize(
    "end",
    [
        "ասաց նա:", "ասաց նա։", "Ո՞վ է սա՞", "ይሸጣል፡፡", "ይሸጣል ፡፡", "ይሸጣል።", "ይሸጣል::", "ګټه کوي۔\u200f", "گڏ ٿيو.\u200e",
        "done.\u00ad\ufeff", "ཨིན་ནོ།", "ཨིན་མས", "သွားသည်။", "ទៅហើយ។", "ຫຼາຍປີແລ້ວ", "चला गया।", "चला गया|", "चला गया |",
        "چلا گیا؟", "ᱠᱟᱱᱟ᱾", "ߞߊ߲߫߹", "གསུངས༎", "ποιος είναι;", "« Oui. »", "போனான்.", "ගියේය.",
    ],
)  # fmt: skip
def test_mark_that_a_script_ends_sentences_with_is_known(end: str) -> None:
    assert ends_sentence(end)


@pytest.mark.parametrize(
    "end", ["the following:", "one; two;", "ժամը 12:30", "ཁོང་གིས་", "नाम | उम्र", "title | site", "చదవండి", "ይመልከቱ፡"]
)
def test_mark_that_ends_no_sentence_is_none(end: str) -> None:
    assert not ends_sentence(end)


def test_sentence_ends_at_the_marks_that_keyboards_have() -> None:
    for text, language in (
        ("Գինը ցածր է: Բերքն առատ է:", "hye_Armn"),
        ("ዋጋው ጨምሯል፡፡ምርቱ ጥሩ ነው፡፡", "amh_Ethi"),
        ("वह घर गया| उसने खाना खाया|", "hin_Deva"),
        ("قيمت وڌي وئي.\u200f ماڻهو ناراض آهن.\u200f", "snd_Arab"),
    ):
        assert len(sentences(text, language)) == 2


def test_marks_of_a_scripts_own_spelling_are_no_symbols() -> None:
    assert quality.symbols("བོད་ཡིག་ནི་བོད་མིའི་སྐད་ཡིག་ཡིན།") < 0.05
    assert quality.symbols("አማርኛ፡የኢትዮጵያ፡ቋንቋ፡ነው።") < 0.05
    assert quality.symbols("*** 24 % | 18:30 | +255 ***") > 0.5


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("tha_Thai", "อ่านข่าวเพิ่มเติมที่นี่"),
        ("bod_Tibt", "དེ་ལས་མང་བ་ཀློག་རོགས།"),
        ("cmn_Hans", "点击这里查看更多新闻"),
        ("swh_Latn", "Soma zaidi hapa"),
    ],
)
def test_line_that_comes_again_and_again_is_repetition_in_every_script(language: str, line: str) -> None:
    assert quality.repetition("\n".join([line] * 10), language) >= 0.8
    assert quality.repetition(line * 10, language) >= (0 if language == "swh_Latn" else 0.7)


def test_what_stands_for_the_first_time_is_no_repetition(run: Run, tmp_path: Path) -> None:
    assert quality.repetition(TEXT, "swh_Latn") == 0
    assert quality.repetition(f"{TEXT} {TEXT}", "swh_Latn") == pytest.approx(0.5, abs=0.01)


STORY = (
    "Mbuzi, Mbwa na\nNg'ombe walikuwa\nmarafiki wakubwa sana.\nSiku moja walienda\nsafari kwa teksi.\n"
    "Walipofika mwisho\nwa safari yao, dereva\naliwaomba walipe\nnauli zao.\nNg'ombe alilipa nauli\nyake.\n"
    "Mbwa alilipa zaidi\nkidogo kwa sababu\nhakuwa na pesa\nkamili.\nDereva alipokaribia\nkumpa Mbwa chenji\n"
    "yake, Mbuzi\nalitoroka bila kulipa\nchochote.\nDereva alikasirika\nsana akaondoka bila\nkumrudishia Mbwa\n"
    "chenji yake.\nNdiyo maana hadi leo\nMbwa hukimbilia magari\nakimtafuta dereva huyo."
)


def test_story_broken_into_short_lines_is_prose_and_its_text_stays_as_it_is(run: Run, tmp_path: Path) -> None:
    (row,) = kept(run(rows(tmp_path / "a.jsonl", {"text": STORY, "language": "sw"}), "jsonl", wanted=("swh_Latn",)))
    assert row.response == STORY
    assert row.quality_prose == 1.0


def test_long_story_in_short_lines_is_cut_between_sentences(run: Run, tmp_path: Path) -> None:
    path = rows(tmp_path / "a.jsonl", {"text": STORY, "language": "sw"})
    outcomes = run(path, "jsonl", wanted=("swh_Latn",), shortest_kept=100, longest_kept=300)
    assert reasons(outcomes) == ["starts_mid_thought"]
    found = [outcome.candidate for outcome in outcomes if isinstance(outcome, (Kept, Dropped))]
    assert len(found) > 1
    assert all(row.response[0].isupper() and row.response[-1] == "." for row in found)


def test_story_set_as_headings_is_prose_and_headings_of_sections_stay(run: Run, tmp_path: Path) -> None:
    body = "".join(f"<h3>{part.strip()}.</h3>" for part in TEXT.split(".") if part)
    (tmp_path / "a.html").write_text(_sections(body), encoding="utf-8")
    (row,) = kept(run(tmp_path / "a.html", wanted=("swh_Latn",)))
    assert row.response.replace("\n", " ") == TEXT
    assert row.headings == []
    headings = "".join(f"<h3>Bei ya {crop}</h3>" for crop in ("mahindi", "mpunga", "ngano", "kahawa"))
    (tmp_path / "a.html").write_text(_sections(f"{headings}<p>{TEXT}</p>"), encoding="utf-8")
    (row,) = kept(run(tmp_path / "a.html", wanted=("swh_Latn",)))
    assert row.heading == "Bei ya kahawa"


@pytest.mark.parametrize("entry", ["Habari za michezo", "habari za michezo", "खेल समाचार", "የዛሬ ስፖርት ዜናዎች"])
def test_list_of_links_is_no_prose(entry: str, run: Run, tmp_path: Path) -> None:
    menu = "\n".join([*(f"{entry} {chr(97 + n) * 3}" for n in range(26)), "Haki zote zimehifadhiwa na kampuni yetu."])
    path = rows(tmp_path / "a.jsonl", {"text": menu, "language": "sw"})
    assert reasons(run(path, "jsonl", wanted=("swh_Latn",), highest_kept_repetition=1)) == ["not_prose"]


@pytest.mark.parametrize(
    ("url", "declared", "claimed"),
    [
        ("https://sw.news.example/a", None, "swh_Latn"),
        ("https://news.example/sw/habari", None, "swh_Latn"),
        ("https://news.example/a", "sw-KE", "swh_Latn"),
        ("https://news.example/stories/loz-zm/1", None, "loz_Latn"),
        ("https://news.example/a", "qaa", "qaa"),
    ],
)
def test_page_and_its_address_name_a_language(url: str, declared: str | None, claimed: str) -> None:
    assert claimed in itertools.chain(*named.claims(Page("", [], declared_language=declared), url))


@pytest.mark.parametrize("url", ["https://news.co/habari", "https://www.example.org/a.html", "http://[", None])
def test_address_without_a_code_names_no_language(url: str | None) -> None:
    assert named.claims(Page("", []), url) == ()


def test_language_that_nothing_names_takes_a_higher_score_than_one_in_the_address(run: Run, tmp_path: Path) -> None:
    def page(url: str) -> Path:
        body = f"<html><body><article><h1>Bei</h1><p>{TEXT}</p></article></body></html>"
        (tmp_path / "page.html").write_text(f"<!-- saved from url=({len(url):04}){url} -->\n{body}", encoding="utf-8")
        return tmp_path / "page.html"

    demanding = {"lowest_kept_language": 1.0}
    (row,) = kept(run(page("https://a.example/sw/bei"), wanted=("swh_Latn",), **demanding))
    assert row.lid_score is not None
    assert row.lid_score < 1
    assert reasons(run(page("https://a.example/bei"), wanted=("swh_Latn",), **demanding)) == ["unsure_language"]


def test_page_that_hangs_is_dropped_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<html><body><p>" + b"<br>" * 400_000 + b"x</p>")
    tools = Toolbox(frozenset({"swh_Latn"}), tmp_path)
    tools.__dict__["extractor"] = Extractor(seconds=1)
    (outcome,) = harvest.run(
        reader.split(tmp_path / "a.html", "html", "a", 1 << 30, None, None), harvest.Settings(), tools
    )
    tools.extractor.close()
    assert isinstance(outcome, Dropped)
    assert outcome.reason == "too_slow"
    assert outcome.candidate.response == ""


@pytest.mark.slow
def test_every_span_is_true_on_real_pages(shared_data: Path, boxes: Callable[[frozenset[str]], Toolbox]) -> None:
    tools = boxes(frozenset(all_languages()))
    (piece,) = reader.split(shared_data / "crawl" / "crawl-shared.warc.gz", "warc", "crawl", 1 << 40, None, None)
    records = (record for record in reader.records(piece) if isinstance(record, reader.Record))
    for record in itertools.islice(records, 0, None, 25):
        page = tools.extractor.page(record)
        assert page.text == "\n".join(page.text[block.start : block.end] for block in page.blocks)
        for outcome in harvest._harvest(harvest._Read(record, 1, Marks()), page, harvest.Settings(), tools):
            assert not isinstance(outcome, Skipped)
            passage = outcome.candidate
            assert passage.response == page.text[passage.span_start : passage.span_end]
