"""Harvests passages: reads the pages of a source, extracts their text, and cuts from it whole sentences of the wanted
languages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import Field

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome, Skipped, candidate_id, content_hash
from xinstruct.languages import UnknownLanguage, expand
from xinstruct.recipe import Strict
from xinstruct.tools.extractor.page import ExtractionError, Page
from xinstruct.tools.passages import quality
from xinstruct.tools.passages.block_languages import declared_label, label_blocks, purity, same
from xinstruct.tools.passages.cutting import Passage, cut, runs
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Piece, Record

READS: tuple[str, ...] = ()
USES: tuple[str, ...] = ()
WRITES = (
    "id", "content_hash", "language", "response", "title", "url", "host", "crawled_at", "container",
    "record_offset", "digest", "span_start", "span_end", "licence", "rights_evidence", "page_type", "heading",
    "headings", "part", "parts", "question", "term", "section", "keywords", "description", "facts", "lid_score",
    "lid_purity", "lid_declared", "quality_repetition", "quality_symbols", "quality_prose",
)  # fmt: skip
ASKS: tuple[str, ...] = ()
VERSION = 2

REASONS = {
    "broken_page": "the bytes are no page, or its letters cannot be read",
    "too_large": "the page is larger than is read",
    "too_slow": "the page took longer than a page may",
    "crashed": "the page ended the process that read it",
    "too_much_memory": "the page needed more memory than a page may",
    "no_text": "nothing on the page is main text",
    "wrong_language": "the page, or the passage by itself, is in no wanted language",
    "unsure_language": "the language of the passage is not certain enough",
    "mixed_language": "too many sentences of the passage are in other languages",
    "too_short": "the text in a wanted language is shorter than a passage",
    "not_prose": "too little of it is whole sentences",
    "repetitive": "it repeats itself",
    "symbols": "too much of it is figures and signs",
    "broken_text": "it holds characters that could not be read",
}


class Settings(Strict):
    """What harvest keeps. Lengths are code points, measured as English: Chinese, which says the same in a third, may
    be a third as long.
    """

    shortest_kept: int = Field(default=400, ge=1, description="length of the shortest passage that is kept")
    longest_kept: int = Field(
        default=3000, ge=1, description="length of the longest passage that is kept; longer text is cut"
    )
    shortest_answer_kept: int = Field(
        default=60, ge=1, description="length of the shortest answer or definition that is kept"
    )
    quality: bool = Field(
        default=True, description="whether passages are dropped for their quality; if not, it is only measured"
    )
    highest_kept_repetition: float = Field(
        default=0.3, ge=0, le=1, description="largest share of repeated text that is kept"
    )
    highest_kept_symbols: float = Field(
        default=0.25, ge=0, le=1, description="largest share of figures and signs that is kept"
    )
    lowest_kept_prose: float = Field(
        default=0.5, ge=0, le=1, description="smallest share of whole sentences that is kept"
    )
    lowest_kept_language: float = Field(
        default=0.5, ge=0, le=1, description="smallest score of the language label that is kept"
    )
    lowest_kept_purity: float = Field(
        default=0.7, ge=0, le=1, description="smallest share of letters in the passage's language that is kept"
    )


def run(pieces: Iterable[Piece], settings: Settings, tools: Toolbox) -> Iterator[Outcome]:
    """Passages kept and dropped, pages that gave none (dropped, with an empty response), and records that could not be
    read (skipped).
    """
    for piece in pieces:
        offset, met = -1, Counter[tuple[str, str | None]]()
        for record in reader.records(piece):
            if isinstance(record, Skipped):
                yield record
                continue
            if record.offset != offset:  # only records of one gzip member share an offset, and they come in a row
                offset, met = record.offset, Counter()
            met[record.digest, record.url] += 1
            for outcome in _harvest(record, settings, tools):
                yield _named(outcome, met[record.digest, record.url])


def _harvest(record: Record, settings: Settings, tools: Toolbox) -> Iterator[Kept | Dropped]:
    """The fates of a record's passages, whose candidates have no id yet."""
    try:
        page = tools.extractor.page(record)
    except ExtractionError as error:
        yield Dropped(_candidate(record), error.reason, error.detail)
        return
    source = _candidate(record, page)
    if not page.text.strip():
        yield Dropped(source, "no_text")
        return
    if record.whole:
        yield from _row(record, page, source, settings, tools)
    else:
        yield from _page(page, source, settings, tools, _believed(record, tools))


def _row(record: Record, page: Page, source: Candidate, settings: Settings, tools: Toolbox) -> Iterator[Kept | Dropped]:
    """A row of a table: its language is believed, and it is one passage when it is neither too short nor too long."""
    believed = _believed(record, tools)
    language = believed or tools.lid.identify(page.text[:5000].replace("\n", " ")).label
    if language not in tools.languages:
        yield Dropped(source.change(language=language), "wrong_language", record.language or language)
        return
    passage = Passage(page.blocks[0].start, page.blocks[-1].end)
    length = passage.end - passage.start
    if length > settings.longest_kept:
        yield from _page(page, source, settings, tools, language)
    elif length < _limits(settings).measured_in(language).shortest:
        yield Dropped(source.change(language=language), "too_short", f"{length} characters")
    else:
        yield _judged(
            _cut_out(source, page, passage, language),
            _block_texts(page, passage),
            settings,
            tools,
            "source" if believed else None,
        )


def _page(
    page: Page, source: Candidate, settings: Settings, tools: Toolbox, believed: str | None
) -> Iterator[Kept | Dropped]:
    labels, main = label_blocks(page, tools.lid, tools.languages, believed)
    found = False
    for passage, language in cut(page, labels, tools.languages, _limits(settings)):
        found = True
        named_by = "source" if believed == language else "page" if declared_label(page, language) == language else None
        yield _judged(_cut_out(source, page, passage, language), _block_texts(page, passage), settings, tools, named_by)
    if found:
        return
    source = source.change(language=main or "und")
    longest = max(
        (page.blocks[end - 1].end - page.blocks[first].start for first, end in runs(labels, tools.languages)), default=0
    )
    if not longest:
        yield Dropped(source, "wrong_language" if main else "no_text", main or "no letters")
        return
    shortest = _limits(settings).measured_in(main or "").shortest
    yield Dropped(source, "too_short" if longest < shortest else "not_prose", f"{longest} characters")


def _limits(settings: Settings) -> Limits:
    return Limits(settings.shortest_kept, settings.longest_kept, settings.shortest_answer_kept)


def _believed(record: Record, tools: Toolbox) -> str | None:
    """The language that the row or its source names, as a label; of several that the name may mean, a wanted one."""
    if not record.language:
        return None
    try:
        labels = expand([record.language])
    except UnknownLanguage:
        return record.language
    return next((label for label in labels if label in tools.languages), labels[0])


def _candidate(record: Record, page: Page | None = None) -> Candidate:
    """What is known of a page before any passage is cut from it."""
    source = Candidate(
        title=record.title or (page.title if page else None),
        url=record.url,
        host=_host(record.url),
        crawled_at=record.crawled_at,
        container=record.container,
        record_offset=record.offset,
        digest=record.digest,
        licence=record.licence,
        rights_evidence="source" if record.licence else None,
        trail=["harvest"],
    )
    if page is None:
        return source
    if not record.licence:
        source = source.change(licence=page.licence, rights_evidence=page.rights_evidence)
    return source.change(
        page_type=page.page_type,
        section=page.section,
        keywords=page.keywords,
        description=page.description,
        facts=page.facts,
        lid_declared=page.declared_language,
    )


def _host(url: str | None) -> str | None:
    try:
        return (urlsplit(url or "").hostname or "").lower().removeprefix("www.") or None
    except ValueError:  # an address that is none, such as http://[
        return None


def _cut_out(source: Candidate, page: Page, passage: Passage, language: str) -> Candidate:
    return source.change(
        language=language,
        response=page.text[passage.start : passage.end],
        span_start=passage.start,
        span_end=passage.end,
        heading=passage.heading,
        headings=list(passage.headings),
        part=passage.part,
        parts=passage.parts,
        question=passage.question,
        term=passage.term,
    )


def _named(outcome: Kept | Dropped, nth: int) -> Kept | Dropped:
    """The outcome with the id and the content hash of its candidate; nth: as candidate_id takes it."""
    candidate = outcome.candidate
    name = candidate_id(
        candidate.container or "",
        candidate.record_offset or 0,
        candidate.digest or "",
        candidate.span_start,
        candidate.span_end,
        candidate.response,
        candidate.url or "",
        nth,
    )
    named = candidate.change(id=name, content_hash=content_hash(candidate.response))
    return replace(outcome, candidate=named)


def _block_texts(page: Page, passage: Passage) -> list[str]:
    """The texts of the blocks in a passage, the first and the last as far as they are in it."""
    inside = (block for block in page.blocks if block.end > passage.start and block.start < passage.end)
    return [page.text[max(block.start, passage.start) : min(block.end, passage.end)] for block in inside]


def _judged(
    candidate: Candidate, blocks: list[str], settings: Settings, tools: Toolbox, named_by: str | None
) -> Kept | Dropped:
    """The fate of a passage: measured always, dropped for its language unless the source names it, for its quality
    unless that is off.

    named_by: who else says that the passage is in its language, the source or the page.
    """
    text = candidate.response
    guess = tools.lid.identify(text.replace("\n", " "))
    candidate = candidate.change(
        lid_score=guess.score if same(guess.label, candidate.language) else 0.0,
        lid_purity=purity(text, candidate.language, tools.lid),
        quality_repetition=quality.repetition(text),
        quality_symbols=quality.symbols(text),
        quality_prose=quality.prose(blocks, candidate.language),
    )
    if named_by != "source":
        if not same(guess.label, candidate.language):
            return Dropped(candidate, "wrong_language", guess.label)
        if guess.score < settings.lowest_kept_language and not named_by:
            return Dropped(candidate, "unsure_language", f"{guess.score:.2f}")
        if (candidate.lid_purity or 0) < settings.lowest_kept_purity:
            return Dropped(candidate, "mixed_language", f"{candidate.lid_purity:.2f}")
    reason = _fault(candidate, settings) if settings.quality else None
    return Dropped(candidate, *reason) if reason else Kept(candidate)


def _fault(candidate: Candidate, settings: Settings) -> tuple[str, str] | None:
    """The first quality rule that a passage does not meet, with its measure."""
    if "\ufffd" in candidate.response:
        return "broken_text", f"{candidate.response.count(chr(0xFFFD))} characters"
    measures = (
        ("repetitive", candidate.quality_repetition or 0.0, settings.highest_kept_repetition, 1),
        ("symbols", candidate.quality_symbols or 0.0, settings.highest_kept_symbols, 1),
        ("not_prose", candidate.quality_prose or 0.0, settings.lowest_kept_prose, -1),
    )
    return next(
        ((reason, f"{value:.2f}") for reason, value, limit, side in measures if side * value > side * limit), None
    )
