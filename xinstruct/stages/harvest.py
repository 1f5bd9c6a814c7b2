"""Harvests passages: reads the pages of a source, extracts their text, and cuts from it whole sentences of the wanted
languages.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome, Skipped
from xinstruct.languages import UnknownLanguage, expand
from xinstruct.tools.extractor.page import ExtractionError, Page
from xinstruct.tools.gate.gate import Gate, gate_for
from xinstruct.tools.passages import faults, named, paragraphs, quality
from xinstruct.tools.passages.block_languages import label_blocks
from xinstruct.tools.passages.cutting import Passage, cut, runs
from xinstruct.tools.passages.doubles import stands_again
from xinstruct.tools.passages.judged import Said, block_texts, judged
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.passages.rows import from_page, from_passage, identified
from xinstruct.tools.passages.standards import Standards
from xinstruct.tools.rights.forgotten import Forgotten, forgotten_in, without_text
from xinstruct.tools.rights.reserved import reservation
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
    "quality_teasers", "quality_list", "quality_keywords", "personal", "response_from",
)  # fmt: skip
ASKS: tuple[str, ...] = ()
VERSION = 5

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
    "reserved": "the page's headers or tags reserve it from text mining or from the training of models",
    "personal_data": "it holds personal data; the detail says of which kinds",
    **faults.REASONS,
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


def run(pieces: Iterable[Piece], settings: Settings, tools: Toolbox) -> Iterator[Outcome]:
    """Passages kept and dropped, pages that gave none (dropped, with an empty response), and records that could not be
    read (skipped).
    """
    gate, forgotten = gate_for(tools.lid.path, tools.languages), forgotten_in(tools.work.parents[1])
    for piece in pieces:
        offset, met = -1, Counter[tuple[str, str | None]]()
        for record in reader.records(piece):
            if isinstance(record, Skipped):
                yield record
                continue
            if record.offset != offset:  # only records of one gzip member share an offset, and they come in a row
                offset, met = record.offset, Counter()
            met[record.digest, record.url] += 1
            refused = _refused(record, gate, forgotten, settings)
            for outcome in [refused] if refused else _harvest(record, settings, tools):
                yield identified(outcome, met[record.digest, record.url])


def _refused(record: Record, gate: Gate | None, forgotten: Forgotten, settings: Settings) -> Dropped | None:
    """The fate of a page that nobody may take, or in which a glance finds nothing in a wanted language; None for all
    that must be read. Whoever names a source's language is believed, and a row of a table costs no more than a glance.
    """
    if forgotten.holds(record.url):
        return Dropped(without_text(from_page(record)), "forgotten")
    found = None if gate is None or record.language or record.whole else gate.refuses(record)
    if found:
        return Dropped(from_page(record).change(language=found), "wrong_language", found)
    reserved = reservation(record, None) if settings.reserved == "drop" else None
    return Dropped(from_page(record), *reserved) if reserved else None


def _harvest(record: Record, settings: Settings, tools: Toolbox) -> Iterator[Kept | Dropped]:
    """The fates of a record's passages, whose candidates have no id yet."""
    try:
        page = tools.extractor.page(record)
    except ExtractionError as error:
        yield Dropped(from_page(record), error.reason, error.detail)
        return
    page = paragraphs.joined(page) if record.is_text else paragraphs.undressed(page)
    source = from_page(record, page)
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
    passage = _whole(page, language, settings)
    length = passage.end - passage.start
    if length > settings.longest_kept:
        yield from _page(page, source, settings, tools, language)
    elif length < _limits(settings).measured_in(language).shortest:
        yield Dropped(source.change(language=language), "too_short", f"{length} characters")
    else:
        said = Said("source" if believed else None)
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
    found = False
    for passage, language in cut(page, labels, tools.languages, _limits(settings)):
        found = True
        named_by = "source" if believed == language else "page" if named.named(claimed, language) == language else None
        found_here = from_passage(source, page, passage, language)
        said = Said(named_by, claimed)
        yield judged(found_here, block_texts(page, passage), settings, tools.lid, said, is_cut=True)
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
