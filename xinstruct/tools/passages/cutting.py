"""Cuts a page into passages that can stand alone: whole sentences of one language, along the page's own headings."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.edges import HEADS, Edges
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.passages.starts import goes_on, stands_alone
from xinstruct.tools.sentences import ends_sentence, sentences

_TRUNCATED = regex.compile(r"(?:…|\.\.\.|\[\s*(?:…|\.\.\.)\s*\])[\"'”’»)\]]*\s*$")
_MOST_STRETCHES = 2
_LOWEST_LEFT = 0.75  # of a passage, where it begins with a later paragraph rather than within one


@dataclass(frozen=True, slots=True)
class Passage:
    """The stretch [start, end) of a page's text, and what the page says it is: under a heading, the part-th of so many
    parts, answering a question, defining a term.
    """

    start: int
    end: int
    heading: str | None = None
    headings: tuple[str, ...] = ()
    part: int = 1
    parts: int = 1
    question: str | None = None
    term: str | None = None


def runs(languages: Sequence[str | None], wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Ranges (first, end) of neighbouring blocks in one wanted language; languages: one label per block of a page."""
    first = 0
    for index in range(1, len(languages) + 1):
        if index == len(languages) or languages[index] != languages[first]:
            if languages[first] in wanted:
                yield first, index
            first = index


def cut(
    page: Page, languages: Sequence[str | None], wanted: frozenset[str], limits: Limits
) -> Iterator[tuple[Passage, str]]:
    """Passages of wanted languages, in reading order and without overlap, each with its language; languages: one label
    per block. Those in one language under one heading, or under none, are numbered as its parts.
    """
    found = list(_passages(page, languages, wanted, limits))
    sections = [_section(passage, language) for passage, language in found]
    parts, met = Counter(sections), Counter[tuple[str, ...]]()
    for (passage, language), section in zip(found, sections, strict=True):
        met[section] += 1
        yield (replace(passage, part=met[section], parts=parts[section]) if section else passage), language


def _section(passage: Passage, language: str) -> tuple[str, ...]:
    """What a passage shares with the other parts of its section; empty for answers and definitions, which are whole."""
    return () if passage.question or passage.term else (language, passage.heading or "")


def _passages(
    page: Page, languages: Sequence[str | None], wanted: frozenset[str], limits: Limits
) -> Iterator[tuple[Passage, str]]:
    # what stands before the page's title belongs to the site: notices, banners, the way here
    title = next((index for index, block in enumerate(page.blocks) if block.kind == "title"), 0)
    stretches = [(max(first, title), end) for first, end in runs(languages, wanted) if end > title]
    times = Counter(languages[first] for first, _ in stretches)
    met: set[str] = set()
    for first, end in stretches:
        language = str(languages[first])
        if language in met and times[language] > _MOST_STRETCHES:
            # languages in turns: what goes on after another language goes on with a thought, unless a heading begins a
            # new one
            first = next((i for i in range(first, end) if page.blocks[i].kind in HEADS), end)
        met.add(language)
        for passage in _Run(page, language, limits.measured_in(language)).passages(first, end):
            yield passage, language


class _Run:
    """Neighbouring blocks of one page in one language, which passages are cut from. Blocks go by their index on the
    page.
    """

    def __init__(self, page: Page, language: str, limits: Limits) -> None:
        self._page = page
        self._blocks = page.blocks
        self._language = language
        self._edges = Edges(page, language)
        self._limits = limits

    def passages(self, first: int, end: int) -> Iterator[Passage]:
        """Passages of blocks first to end - 1: questions' answers and definitions by themselves, prose along its
        headings.
        """
        prose_from = first
        index = first
        while index < end:
            after = self._answer_end(index, end)
            passage = self._answer(index, after) if after > index + 1 else None
            if passage is None:
                index += 1
                continue
            yield from self._prose(prose_from, index)
            yield passage
            prose_from = index = after
        yield from self._prose(prose_from, end)

    def _answer_end(self, index: int, end: int) -> int:
        """Where the answer to the question at this index, or the definition of the term there, ends."""
        replies = {"question": "answer", "term": "definition"}.get(self._blocks[index].kind)
        after = index + 1
        while replies and after < end and self._blocks[after].kind == replies:
            after += 1
        return after

    def _answer(self, index: int, after: int) -> Passage | None:
        span = self._trimmed(self._blocks[index + 1].start, self._blocks[after - 1].end)
        if span is None or not self._limits.shortest_answer <= span[1] - span[0] <= self._limits.longest:
            return None
        asked, is_question = self._text(index), self._blocks[index].kind == "question"
        heading = asked if is_question else self._heading_above(index)
        return Passage(
            *span, heading=heading, question=asked if is_question else None, term=None if is_question else asked
        )

    def _prose(self, first: int, end: int) -> Iterator[Passage]:
        pieces = [span for part in self._parts(first, end) for span in self._split(*part)]
        for piece, stop in pieces:
            start = self._standing(first, end, piece, stop)
            if stop - start >= self._limits.shortest:
                inside = [
                    i
                    for i in range(first, end)
                    if self._blocks[i].kind in HEADS and start <= self._blocks[i].start < stop
                ]
                at = next(i for i in range(first, end) if self._blocks[i].end > start)
                yield Passage(
                    start, stop, heading=self._heading_above(at), headings=tuple(self._text(i) for i in inside)
                )

    def _parts(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Block ranges that make a passage each: all of it where it fits, otherwise its sections, short ones joined to
        the next.
        """
        span = self._usable(first, end)
        if span is None:
            return
        if span[1] - span[0] <= self._limits.longest:
            yield first, end
            return
        starts = [
            first,
            *(
                i
                for i in range(first + 1, end)
                if self._blocks[i].kind in HEADS and self._blocks[i - 1].kind not in HEADS
            ),
        ]
        part_from = first
        for start, following in zip(starts, [*starts[1:], end], strict=True):
            if part_from < start and self._length(part_from, following) > self._limits.longest:
                yield part_from, start
                part_from = start
            if self._length(part_from, following) >= self._limits.shortest:
                yield part_from, following
                part_from = following
        if part_from < end:
            yield part_from, end

    def _split(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Spans of about equal length of a range of blocks, none longer than allowed, cut between blocks or else
        between sentences.
        """
        span = self._usable(first, end)
        if span is None:
            return
        length = span[1] - span[0]
        if length <= self._limits.longest:
            yield span
            return
        target = length / -(-length // self._limits.longest)
        start = stop = None
        for unit in self._units(first, end):
            if unit[1] <= span[0] or unit[0] >= span[1]:
                continue
            if (
                start is not None
                and stop is not None
                and (
                    unit[1] - start > self._limits.longest
                    or (stop - start >= target * 0.85 and self._stands_alone(*unit))
                )
            ):
                yield from self._span(start, stop)
                start = None
            start, stop = (unit[0] if start is None else start), unit[1]
        if start is not None and stop is not None:
            yield from self._span(start, stop)

    def _units(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        for index in range(first, end):
            block = self._blocks[index]
            if block.end - block.start <= self._limits.longest / 3:
                yield block.start, block.end
            else:
                text = self._text(index)
                yield from ((block.start + a, block.start + b) for a, b in sentences(text, self._language))

    def _span(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        touched = [i for i, block in enumerate(self._blocks) if block.end > start and block.start < stop]
        span = self._usable(touched[0], touched[-1] + 1, start, stop)
        if span is not None and span[1] - span[0] <= self._limits.longest:
            yield span

    def _standing(self, first: int, end: int, start: int, stop: int) -> int:
        """Where a stretch of these blocks begins to stand alone, as far as that leaves a passage; else its start."""
        if self._stands_alone(start, stop):
            return start
        paragraphs: list[int] = []
        within: list[int] = []
        for index in range(first, end):
            block = self._blocks[index]
            inside = block.kind == "paragraph" and block.end > start and block.start < stop
            if inside and self._edges.may_begin(index):
                begins = [block.start + a for a, _ in sentences(self._text(index), self._language)]
                paragraphs += begins[:1]
                within += begins
        least = max(self._limits.shortest, _LOWEST_LEFT * (stop - start))
        later = [at for at in paragraphs if start < at <= stop - least]
        later += [at for at in within if start < at <= stop - self._limits.shortest]
        return next((at for at in later if self._stands_alone(at, stop)), start)

    def _stands_alone(self, start: int, stop: int) -> bool:
        return stands_alone(self._page.text[start:stop], self._language)[0]

    def _usable(self, first: int, end: int, start: int = 0, stop: int | None = None) -> tuple[int, int] | None:
        """The stretch of these blocks that begins with a sentence, or a list right under a heading, and ends with a
        whole one.
        """
        while first < end and not self._edges.may_begin(first):
            first += 1
        while end > first and not (self._edges.may_stop(end - 1) and not self._edges.is_teaser(end - 1, first)):
            end -= 1
        if first >= end:
            return None
        begin, close = max(start, self._blocks[first].start), self._blocks[end - 1].end
        return self._trimmed(begin, close if stop is None else min(stop, close))

    def _trimmed(self, start: int, stop: int) -> tuple[int, int] | None:
        """The stretch without a beginning in mid-thought and without an end in mid-sentence."""
        text = self._page.text[start:stop]
        spans = sentences(text, self._language)
        while spans and (not ends_sentence(text[slice(*spans[-1])]) or _TRUNCATED.search(text[slice(*spans[-1])])):
            spans.pop()
        while spans and goes_on(text[spans[0][0] :]):
            spans.pop(0)
        return (start + spans[0][0], start + spans[-1][1]) if spans else None

    def _length(self, first: int, end: int) -> int:
        return self._blocks[end - 1].end - self._blocks[first].start if end > first else 0

    def _heading_above(self, index: int) -> str | None:
        above = next((i for i in range(index - 1, -1, -1) if self._blocks[i].kind in HEADS), None)
        return self._text(above) if above is not None else None

    def _text(self, index: int) -> str:
        block: Block = self._blocks[index]
        return self._page.text[block.start : block.end]
