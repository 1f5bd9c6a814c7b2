"""Cuts a page into passages that can stand alone: whole sentences of one language, along the page's own headings."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.beginnings import Beginnings
from xinstruct.tools.passages.closings import Closings
from xinstruct.tools.passages.edges import HEADS, Edges
from xinstruct.tools.passages.endings import may_close
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.passages.starts import goes_on, stands_alone
from xinstruct.tools.sentences import sentences

_MOST_STRETCHES = 2
_LOWEST_LEFT = 0.75  # of a passage, where it begins with a later sentence than its section
_LOWEST_LEAD = 0.25  # of the shortest passage, in one paragraph
_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class Passage:
    """The stretch [start, end) of a page's text, and what the page says it is: under a heading, the part-th of so many
    parts, answering a question, defining a term. goes_on: the words by which it goes on with what the page said before
    it; it does not stand alone where there are any. is_cut: more text of its section stands behind it.
    """

    start: int
    end: int
    heading: str | None = None
    headings: tuple[str, ...] = ()
    part: int = 1
    parts: int = 1
    question: str | None = None
    term: str | None = None
    goes_on: str = ""
    is_cut: bool = False


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
    per block. Those in one language under one heading, or under none, are numbered as its parts, to which belongs what
    is left of a section and too short for a passage.
    """
    found = list(_passages(page, languages, wanted, limits))
    sections = [_section(passage, language) for passage, language in found]
    parts, met = Counter(sections), Counter[tuple[str, ...]]()
    last = {section: passage for (passage, _), section in zip(found, sections, strict=True)}
    parts.update(section for section, passage in last.items() if passage.is_cut)
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
    turned = list(_turned(stretches, languages))
    times = Counter(languages[first] for (first, _), turn in zip(stretches, turned, strict=True) if turn)
    runs_of: dict[str, _Run] = {}
    for (first, end), turn in zip(stretches, turned, strict=True):
        language = str(languages[first])
        if turn and language in runs_of and times[language] > _MOST_STRETCHES:
            # languages in turns: what goes on after another language goes on with a thought, unless a heading begins a
            # new one
            first = next((i for i in range(first, end) if page.blocks[i].kind in HEADS), end)
        if language not in runs_of:
            runs_of[language] = _Run(page, languages, language, limits.measured_in(language))
        for passage in runs_of[language].passages(first, end):
            yield passage, language


def _turned(stretches: Sequence[tuple[int, int]], languages: Sequence[str | None]) -> Iterator[bool]:
    """Whether each stretch is the first of its language, or stands behind another language: furniture has none."""
    ends: dict[str | None, int] = {}
    for first, end in stretches:
        before = ends.get(languages[first])
        yield before is None or any(label is not None for label in languages[before:first])
        ends[languages[first]] = end


class _Run:
    """Neighbouring blocks of one page in one language, which passages are cut from; they go by their index."""

    def __init__(self, page: Page, labels: Sequence[str | None], language: str, limits: Limits) -> None:
        self._page = page
        self._blocks = page.blocks
        self._language = language
        self._edges = Edges(page, language)
        self._beginnings = Beginnings(page, labels, language, self._edges, limits.shortest)
        self._closings = Closings(page, language, limits.longest)
        self._limits = limits
        self._known: dict[tuple[int, int, int, int | None], tuple[int, int] | None] = {}

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
        if not _LETTER.search(self._text(index)):  # the number of a step, which is no answer by itself
            replies = None
        after = index + 1
        while replies and after < end and self._blocks[after].kind == replies:
            after += 1
        return after

    def _answer(self, index: int, after: int) -> Passage | None:
        span = self._trimmed(self._blocks[index + 1].start, self._blocks[after - 1].end)
        if span is None or not self._limits.shortest_answer <= span[1] - span[0] <= self._limits.longest:
            return None
        asked, is_question = self._text(index), self._blocks[index].kind == "question"
        return Passage(
            self._blocks[index].start if self._needs(index, *span) else span[0],
            span[1],
            heading=asked if is_question else self._heading_above(index),
            question=asked if is_question else None,
            term=None if is_question else asked,
            goes_on=self._beginnings.first_words(*span) if self._beginnings.is_turn(index + 1) else "",
        )

    def _needs(self, index: int, start: int, stop: int) -> bool:
        """Whether what is said from start to stop is understood only together with what it answers or defines."""
        if stop - self._blocks[index].start > self._limits.longest:
            return False
        if self._blocks[index].kind == "term":
            return True
        return not stands_alone(self._page.text[start:stop], self._language)[0]

    def _prose(self, first: int, end: int) -> Iterator[Passage]:
        for part in self._parts(first, end):
            for start, stop, mark, is_cut in self._pieces(*part):
                inside = [i for i in range(first, end) if start <= self._blocks[i].start < stop]
                at = next(i for i in range(first, end) if self._blocks[i].end > start)
                headings = tuple(self._text(i) for i in inside if self._blocks[i].kind in HEADS)
                heading = self._heading_above(at)
                yield Passage(start, stop, heading=heading, headings=headings, goes_on=mark, is_cut=is_cut)

    def _parts(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Block ranges that make a passage each, or more where they are too long: all of a text where it fits,
        otherwise its sections. Short ones at its beginning are joined to the next, and those that go on with what was
        said to the one before.
        """
        span = self._usable(first, end)
        if span is None:
            return
        if span[1] - span[0] <= self._limits.longest and self._beginnings.is_early(span[0]):
            yield first, end
            return
        heads = [
            i for i in range(first + 1, end) if self._beginnings.is_head(i) and not self._beginnings.is_head(i - 1)
        ]
        part_from = first
        for start, following in zip([first, *heads], [*heads, end], strict=True):
            if part_from < start and not self._may_join(part_from, start, following):
                yield part_from, start
                part_from = start
        if part_from < end:
            yield part_from, end

    def _may_join(self, first: int, start: int, following: int) -> bool:
        """Whether a section becomes part of the passage that begins with block first."""
        is_short = self._length(first, start) < self._limits.shortest
        is_first = self._beginnings.is_early(self._blocks[first].start)
        if self._length(first, following) > self._limits.longest:
            return is_short and is_first and self._is_lead(first, start)
        if self._length(start, following) < self._limits.shortest and self._beginnings.is_next(start, following):
            return True  # a list of short entries is taken from its first on
        if not is_first:
            return False
        span = self._usable(start, following)
        return is_short or (span is not None and bool(self._beginnings.goes_on(*span)))

    def _is_lead(self, first: int, end: int) -> bool:
        """Whether a paragraph stands at the head of a text, rather than the titles of other pages."""
        lead = (block for block in self._blocks[first:end] if block.kind == "paragraph")
        return any(block.end - block.start >= _LOWEST_LEAD * self._limits.shortest for block in lead)

    def _pieces(self, first: int, end: int) -> Iterator[tuple[int, int, str, bool]]:
        """Spans of a range of blocks, none longer or shorter than allowed: one from its beginning that is as long as it
        may be, and what is left after it. Each with the words by which it goes on, and whether it was cut.
        """
        start, stop = self._usable(first, end) or (0, 0)
        is_first = start < stop and self._beginnings.is_early(start)
        is_cut = stop - start > self._limits.longest
        topic = None if is_first or is_cut or start == stop else self._beginnings.topic(first, end, start, stop)
        stands = is_first or (topic is not None and stop - topic <= self._limits.longest)
        units = list(self._closings.units(first, end)) if is_cut else []
        while stop - start >= self._limits.shortest:
            close = self._closings.close(units, start, stop)
            touched = [i for i in range(first, end) if self._blocks[i].end > start and self._blocks[i].start < close]
            span = self._usable(touched[0], touched[-1] + 1, start, close)
            if span is not None and not self._edges.are_scraps(touched):
                begin = self._standing(first, end, *span) if is_first else span[0]
                if span[1] - begin >= self._limits.shortest:
                    mark = self._beginnings.goes_on(begin, span[1])
                    if not (mark or stands):
                        mark = self._beginnings.first_words(begin, span[1])
                    yield topic if stands and topic is not None else begin, span[1], mark, close < stop
            start, is_first, stands = next((at for at, _ in units if at >= close), stop), False, False

    def _standing(self, first: int, end: int, start: int, stop: int) -> int:
        """Where a page that begins in mid-thought begins to stand alone, as far as that leaves most of the stretch; its
        start for all others.
        """
        if not self._beginnings.is_first(start) or not self._beginnings.goes_on(start, stop):
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
        later = [at for at in [*paragraphs, *within] if start < at <= stop - least]
        return next((at for at in later if not self._beginnings.goes_on(at, stop)), start)

    def _usable(self, first: int, end: int, start: int = 0, stop: int | None = None) -> tuple[int, int] | None:
        """The stretch of these blocks that begins with a sentence, or a list right under a heading, and ends with a
        whole one.
        """
        asked = first, end, start, stop
        if asked not in self._known:
            self._known[asked] = self._found_usable(*asked)
        return self._known[asked]

    def _found_usable(self, first: int, end: int, start: int, stop: int | None) -> tuple[int, int] | None:
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
        may_ask = self._beginnings.is_whole(start, stop)  # a tale may end with the question that it is told for
        while spans and not may_close(text[slice(*spans[-1])], self._language, may_ask):
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
