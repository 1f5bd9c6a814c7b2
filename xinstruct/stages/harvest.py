"""Harvests passages: reads the pages of a source, extracts their text, and cuts from it whole sentences of the wanted
languages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from pydantic import Field, model_validator

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome, Skipped
from xinstruct.languages import UnknownLanguage, expand
from xinstruct.tools.extractor.page import ExtractionError, Page
from xinstruct.tools.gate.gate import Gate, gate_for
from xinstruct.tools.harm import faults as harms
from xinstruct.tools.harm import machine
from xinstruct.tools.harm.machine import Marks
from xinstruct.tools.passages import faults, named, paragraphs, quality
from xinstruct.tools.passages.block_languages import label_blocks
from xinstruct.tools.passages.cutting import Passage, cut, runs
from xinstruct.tools.passages.doubles import stands_again
from xinstruct.tools.passages.furniture import apart
from xinstruct.tools.passages.judged import Said, block_texts, judged
from xinstruct.tools.passages.left_over import left_over
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.passages.repeated import Repeated, unlabelled
from xinstruct.tools.passages.rows import from_page, from_passage, from_seed, host, identified
from xinstruct.tools.passages.standards import Standards
from xinstruct.tools.rights.forgotten import without_text
from xinstruct.tools.rights.refusals import Refusals, refusals_in
from xinstruct.tools.rights.reserved import reservation
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Piece, Record

READS: tuple[str, ...] = ()
USES: tuple[str, ...] = ()
WRITES = (
    "id", "content_hash", "language", "response", "title", "url", "host", "crawled_at", "container",
    "record_offset", "digest", "span_start", "span_end", "source_kind", "licence", "rights_evidence",
    "page_type", "heading", "headings", "part", "parts", "question", "term", "section", "keywords",
    "description", "facts", "page_cut", "lid_score", "lid_purity", "lid_declared", "quality_repetition",
    "quality_symbols", "quality_prose", "quality_teasers", "quality_list", "quality_keywords", "harm_machine",
    "harm_adult", "harm_gambling", "harm_toxic", "harm_evidence", "personal", "response_from",
)  # fmt: skip
ASKS: tuple[str, ...] = ()
VERSION = 8

REASONS = {
    "broken_page": "the bytes are no page, or its letters cannot be read",
    "too_large": "the page is larger than is read",
    "too_slow": "the page took longer than a page may",
    "crashed": "the page ended the process that read it",
    "too_much_memory": "the page needed more memory than a page may",
    "no_text": "nothing on the page is main text",
    "wrong_language": "the page, or the passage by itself, is in no wanted language",
    "unsure_language": "the language of the passage is not certain enough",
    "unknown_language": "the page or its address names a language that is not among those that can be told",
    "mixed_language": "too many sentences of the passage are in other languages",
    "too_short": "the text in a wanted language is shorter than a passage",
    "forgotten": "somebody asked to have the page removed",
    "opted_out": "its host is on the recipe's list of those that asked to be left out",
    "reserved": "the page's headers or tags, or its host's robots.txt, reserve it from mining or from training",
    "licence_not_accepted": "its licence is none of those that the recipe accepts; the detail names it",
    "personal_data": "it holds personal data; the detail says of which kinds",
    **faults.REASONS,
    **harms.REASONS,
}


_LONGEST_LEAD = 6  # blocks


class Settings(Standards):
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
    reserved: Literal["drop", "keep"] = Field(
        default="drop", description="what becomes of pages that reserve themselves from mining or training"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.shortest_kept > self.longest_kept:
            raise ValueError(
                f"shortest_kept ({self.shortest_kept}) is above longest_kept ({self.longest_kept}), so nothing could "
                "be kept; exchange them"
            )
        return self


def run(pieces: Iterable[Piece], settings: Settings, tools: Toolbox) -> Iterator[Outcome]:
    """Passages kept and dropped, pages that gave none (dropped, with an empty response), and records that could not be
    read (skipped).
    """
    for read, page in Repeated().cut(_pages(pieces, settings, tools)):
        if not isinstance(read, _Read):
            yield read
        elif page is not None:
            for outcome in _harvest(read, page, settings, tools):
                yield identified(outcome, read.nth)


@dataclass(frozen=True, slots=True)
class _Read:
    """A record whose page was read, without its bytes; which it is of those that share their offset and are alike; what
    on the page speaks for a machine.
    """

    record: Record
    nth: int
    marks: Marks


def _pages(
    pieces: Iterable[Piece], settings: Settings, tools: Toolbox
) -> Iterator[tuple[_Read, str | None, Page] | tuple[Skipped | Kept | Dropped, None, None]]:
    """Each record with its host and page, or its fate where no page of it is read."""
    gate, refusals = gate_for(tools.lid.path, tools.languages), refusals_in(tools.work.parents[1])
    for record, nth in _records(pieces):
        if isinstance(record, Skipped):
            yield record, None, None
            continue
        read = _refused(record, gate, refusals, settings) or _extracted(record, refusals, tools)
        if isinstance(read, Dropped):
            yield identified(read, nth), None, None
        else:
            site = None if record.whole else host(record.url)
            yield _Read(replace(record, body=b""), nth, machine.marks(record, read)), site, read


def _records(pieces: Iterable[Piece]) -> Iterator[tuple[Record | Skipped, int]]:
    """Each record, and which it is of those that share offset, digest and address, 1 first."""
    for piece in pieces:
        offset, met = -1, Counter[tuple[str, str | None]]()
        for record in reader.records(piece):
            if isinstance(record, Skipped):
                yield record, 1
                continue
            if record.offset != offset:  # only records of one gzip member share an offset, and they come in a row
                offset, met = record.offset, Counter()
            met[record.digest, record.url] += 1
            yield record, met[record.digest, record.url]


def _refused(record: Record, gate: Gate | None, refusals: Refusals, settings: Settings) -> Dropped | None:
    """The fate of a page that nobody may take, or in which a glance finds nothing in a wanted language; None for all
    that must be read. Whoever names a source's language is believed, and a row of a table costs no more than a glance.
    """
    if asked := refusals.of_page(record.url):
        source = from_page(record)
        return Dropped(without_text(source) if asked[0] == "forgotten" else source, *asked)
    found = None if gate is None or record.language or record.whole else gate.refuses(record)
    if found:
        return Dropped(from_page(record, language=found), "wrong_language", found)
    reserved = settings.reserved == "drop" and (reservation(record, None) or refusals.of_robots(record.url))
    return Dropped(from_page(record), *reserved) if reserved else None


def _extracted(record: Record, refusals: Refusals, tools: Toolbox) -> Page | Dropped:
    """The page, or the fate of one that cannot be read, has no text or may not be taken."""
    unaccepted = refusals.of_licence(record.licence) if record.licence else None
    if unaccepted:
        return Dropped(from_page(record), *unaccepted)
    try:
        page = tools.extractor.page(record)
    except ExtractionError as error:
        return Dropped(from_page(record), error.reason, error.detail)
    page = paragraphs.joined(page) if record.is_text else paragraphs.undressed(page)
    source = from_page(record, page)
    if not page.text.strip():
        return Dropped(source, "no_text")
    unaccepted = refusals.of_licence(source.licence)
    return Dropped(source, *unaccepted) if unaccepted else page


def _harvest(read: _Read, page: Page, settings: Settings, tools: Toolbox) -> Iterator[Kept | Dropped]:
    """The fates of a page's passages, whose candidates have no id yet."""
    record, marks = read.record, read.marks
    source = from_page(record, page).change(harm_machine=marks.score, harm_evidence=list(marks.evidence))
    if record.whole:
        yield from _row(record, page, source, settings, tools)
    else:
        yield from _page(page, source, settings, tools, _believed(record, tools))


def _row(record: Record, page: Page, source: Candidate, settings: Settings, tools: Toolbox) -> Iterator[Kept | Dropped]:
    """A row of a table: its language is believed, and it is one passage when it is neither too short nor too long; in
    any case when it has an instruction that it answers.
    """
    believed = _believed(record, tools)
    language = believed or tools.lid.identify(page.text[:5000].replace("\n", " ")).label
    if language not in tools.languages:
        yield Dropped(source.change(language=language), "wrong_language", record.language or language)
        return
    said = Said("source" if believed else None)
    if record.instruction:
        seed, passage = from_seed(source, record, page, language, tools.lid)
        # The standards were measured on passages: what is too short for one cannot be held against them.
        long = passage.end - passage.start >= _limits(settings).measured_in(language).shortest
        standards = settings.model_copy(update={"quality": settings.quality and long})
        yield judged(seed, block_texts(page, passage), standards, tools.lid, said)
        return
    passage = _whole(page, language, settings)
    length = passage.end - passage.start
    if length > settings.longest_kept:
        yield from _page(page, source, settings, tools, language)
    elif length < _limits(settings).measured_in(language).shortest:
        yield Dropped(source.change(language=language), "too_short", f"{length} characters")
    else:
        row = from_passage(source, page, passage, language)
        yield judged(row, block_texts(page, passage), settings, tools.lid, said)


def _whole(page: Page, language: str, settings: Settings) -> Passage:
    """All of a page; of one that would be dropped because it begins twice, what follows the first beginning."""
    first, last = page.blocks[0], page.blocks[-1]
    doubled = [index for index in range(min(_LONGEST_LEAD, len(page.blocks))) if stands_again(page, index)]
    if doubled and settings.quality:
        text = page.text[first.start : last.end]
        highest = faults.limit("highest_kept_repetition", language, settings.model_dump())
        if quality.repetition(text, language) > highest:
            first = page.blocks[doubled[-1] + 1]
    return Passage(first.start, last.end)


def _page(
    page: Page, source: Candidate, settings: Settings, tools: Toolbox, believed: str | None
) -> Iterator[Kept | Dropped]:
    claimed = named.claims(page, source.url)
    labels, main = label_blocks(page, tools.lid, tools.languages, believed, claimed)
    source = source.change(page_cut=source.page_cut + _unwanted(page, labels, tools.languages))
    labels = apart(page, unlabelled(page, labels))
    spans: list[tuple[int, int]] = []
    for passage, language in cut(page, labels, tools.languages, _limits(settings)):
        spans.append((passage.start, passage.end))
        named_by = "source" if believed == language else "page" if named.named(claimed, language) == language else None
        found_here = from_passage(source, page, passage, language)
        said = Said(named_by, claimed)
        yield judged(found_here, block_texts(page, passage), settings, tools.lid, said, passage.goes_on)
    if spans:
        yield from _left(source, left_over(page, labels, tools.languages, spans), _limits(settings))
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


def _left(source: Candidate, left: dict[str, tuple[int, int]], limits: Limits) -> Iterator[Dropped]:
    """A row for the text of a page that is in no passage, if it is as long as one: because it stands in short
    stretches, or is no prose. Of several languages, for the one that most of it is in.
    """
    language = max(left, key=lambda name: left[name], default="")
    characters, longest = left.get(language, (0, 0))
    shortest = limits.measured_in(language).shortest
    if characters and characters >= shortest:
        reason = "too_short" if longest < shortest else "not_prose"
        yield Dropped(source.change(language=language), reason, f"{characters} characters beside its passages")


def _unwanted(page: Page, labels: Sequence[str | None], wanted: frozenset[str]) -> list[dict[str, str]]:
    """How many characters are left out because nobody wants their language, as `page_cut` has it."""
    places = zip(page.blocks, labels, strict=True)
    length = sum(block.end - block.start for block, label in places if label and label not in wanted)
    return [{"name": "unwanted_language", "value": str(length)}] if length else []


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
