"""Says whether a stretch of a page begins as a text of its own does, or goes on with what the page said before it."""

import functools
from collections.abc import Sequence

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.passages.doubles import stands_again
from xinstruct.tools.passages.edges import HEADS, Edges
from xinstruct.tools.passages.introduced import Introduced
from xinstruct.tools.passages.numbered import Numbered
from xinstruct.tools.passages.starts import points_back, stands_alone
from xinstruct.tools.passages.topics import Entries, takes_up
from xinstruct.tools.sentences import sentences

_SPEAKER = regex.compile(r"\s*(?:[\p{L}\p{M}.'’-]+[ \u00a0]){0,4}([\p{L}\p{M}.'’-]+)[ \u00a0]?[:：](?=\s)")
_COLON = regex.compile(r"[:：,،、]")  # of captions, credits, speakers and leads to something else
_FEWEST_TURNS = 2
_LONGEST_FIRST = 1_000  # code points in which the first sentence is looked for
_LONGEST_LINE = 80  # of a line that parts a plain text as a heading would
_LONGEST_DETAIL = 40


class Beginnings:
    """How stretches of one page in one language begin; labels: the language of each block; shortest: of a passage."""

    def __init__(
        self, page: Page, labels: Sequence[str | None], language: str, edges: Edges, shortest: int = 1
    ) -> None:
        self._page = page
        self._own = [label == language for label in labels]
        self._language = language
        self._shortest = shortest
        self._edges = edges
        self._numbered = Numbered(page)
        self._is_plain = page.title is None and all(block.kind == "paragraph" for block in page.blocks)

    @functools.cached_property
    def _introduced(self) -> Introduced:
        return Introduced(self._page, self._language)

    def is_head(self, index: int) -> bool:
        """Whether a block is a heading, or in a plain text, which has none, stands where one would."""
        return self._page.blocks[index].kind in HEADS or (self._is_plain and self._parts_text(index))

    def is_first(self, start: int) -> bool:
        """Whether no sentence in the language stands before a place of the page, headings aside."""
        return start < self._first_end

    def is_early(self, start: int) -> bool:
        """Whether too little text in the language stands before a place of the page to make a passage."""
        return start < self._early_end

    def is_whole(self, start: int, stop: int) -> bool:
        """Whether a stretch is all text of the page in the language, headings aside."""
        return self.is_first(start) and stop >= self._last_end

    @functools.cached_property
    def _last_end(self) -> int:
        last = range(len(self._own) - 1, -1, -1)
        return next((self._page.blocks[i].end for i in last if not self.is_head(i) and self._is_text(i)), 0)

    @functools.cached_property
    def _first_end(self) -> int:
        return self._end_of_text(1)

    @functools.cached_property
    def _early_end(self) -> int:
        return self._end_of_text(self._shortest)

    def _end_of_text(self, length: int) -> int:
        """Where the page has so much text in the language, in whole blocks; behind its end if it never has."""
        found = 0
        for index, block in enumerate(self._page.blocks):
            if not self.is_head(index) and self._is_text(index):
                found += block.end - block.start
                if found >= length:
                    return block.end
        return len(self._page.text) + 1

    def is_next(self, first: int, end: int) -> bool:
        """Whether blocks first to end - 1 begin with an entry of a numbered list that is not its first."""
        return bool(self._numbered.goes_on(self._page.blocks[first].start, self._page.blocks[end - 1].end))

    def goes_on(self, start: int, stop: int) -> str:
        """The words or the number by which a stretch goes on with what stands before it, "" if it has none."""
        alone, phrase = stands_alone(self._page.text[start:stop], self._language)
        if not alone:
            return phrase
        found = self._numbered.goes_on(start, stop)
        if found or self.is_first(start):
            return found
        sentence = self._sentence(start, stop)
        return points_back(sentence, self._language) or self._introduced.shortened(sentence, start)

    def topic(self, first: int, end: int, start: int, stop: int) -> int | None:
        """Where blocks first to end - 1, a section in the middle of a page, begin to stand alone; None if they do not.

        They do under a heading which the first sentence, at start, takes up, and together with one that names an entry
        of a list; and above another heading, as what stands last on a page sums it up.
        """
        if not self.is_head(first) or end == len(self._page.blocks) or not self.is_head(end):
            return None
        head = self._page.blocks[first]
        if takes_up(self._page.text[head.start : start], self._sentence(start, stop)):
            return start
        is_right_below = first + 1 < end and self._page.blocks[first + 1].end > start
        return head.start if is_right_below and self._entries.is_entry(head) else None

    @functools.cached_property
    def _entries(self) -> Entries:
        return Entries(self._page)

    def first_words(self, start: int, stop: int) -> str:
        """The first words of a stretch, to say what it begins with."""
        words = self._page.text[start:stop][:_LONGEST_DETAIL].split("\n")[0]
        return words.rsplit(" ", 1)[0] if len(words) == _LONGEST_DETAIL else words

    def is_turn(self, index: int) -> bool:
        """Whether an answer is a turn of an interview: whoever speaks in it is named before other answers as well."""
        speaker = self._speaker(index)
        answers = (i for i, block in enumerate(self._page.blocks) if block.kind == "answer")
        return speaker is not None and sum(self._speaker(i) == speaker for i in answers) >= _FEWEST_TURNS

    def _is_text(self, index: int) -> bool:
        """Whether a block is text in the language that is not told again right after it."""
        is_own = self._own[index] and self._edges.has_sentence(index)
        return is_own and not stands_again(self._page, index)

    def _parts_text(self, index: int) -> bool:
        """Whether a block stands between two texts: dashes or stars, or a title that is no heading."""
        block = self._page.blocks[index]
        text = self._page.text[block.start : block.end]
        is_short = len(text) <= _LONGEST_LINE and not _COLON.search(text)
        return block.kind == "paragraph" and is_short and not self._edges.has_sentence(index)

    def _speaker(self, index: int) -> str | None:
        block = self._page.blocks[index]
        found = _SPEAKER.match(self._page.text[block.start : block.end])
        return found[1] if found else None

    def _sentence(self, start: int, stop: int) -> str:
        text = self._page.text[start : min(stop, start + _LONGEST_FIRST)]
        first = sentences(text, self._language)[0]
        return text[slice(*first)]
