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
from xinstruct.tools.extractor.page import Extractor
from xinstruct.tools.sentences import ends_sentence
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
    pages = [page for piece in reader.split(sample, "warc", "x", 1 << 30, None, None) for page in reader.records(piece)]
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
    assert row.quality_repetition == 1.0


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
        for outcome in harvest._harvest(record, harvest.Settings(), tools):
            assert not isinstance(outcome, Skipped)
            passage = outcome.candidate
            assert passage.response == page.text[passage.span_start : passage.span_end]
