"""Says where a stretch that is too long for one passage is cut: at the end of a paragraph, outside of lists."""

import functools
from collections.abc import Iterator, Sequence

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.edges import HEADS, LIST_ITEMS
from xinstruct.tools.passages.numbered import Numbered
from xinstruct.tools.sentences import sentences

_LOWEST_FILLED = 0.6  # of the longest passage, where one ends with a paragraph rather than within one
_LOWEST_BEFORE_LIST = 0.3  # of the longest passage, where one ends before a list that would be cut
_BULLET = regex.compile(r"[-*•·▪●◦‣⁃■□►✓✔]\s")


class Closings:
    """Where stretches of one page in one language may be cut. longest: of a passage, in code points."""

    def __init__(self, page: Page, language: str, longest: int) -> None:
        self._page = page
        self._blocks = page.blocks
        self._language = language
        self._longest = longest

    def close(self, units: Sequence[tuple[int, int]], start: int, stop: int) -> int:
        """Where the longest passage from a start ends: with the last paragraph that fits and leaves no list behind it
        unfinished, or within one if that leaves much room. units: the spans between which may be cut.
        """
        longest = start + self._longest
        if stop <= longest:
            return stop
        closes = [close for _, close in units if start < close <= longest]
        paragraphs = [close for close in closes if close in self._ends]
        settled = (
            close
            for close in reversed(paragraphs)
            if close >= start + _LOWEST_BEFORE_LIST * self._longest and not self._is_in_list(start, close)
        )
        most = [close for close in paragraphs if close >= start + _LOWEST_FILLED * self._longest]
        if not most:
            return closes[-1] if closes else longest
        return next(settled, most[-1])

    def units(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The spans between which blocks first to end - 1 may be cut: blocks, and the sentences of long ones."""
        for index in range(first, end):
            block = self._blocks[index]
            if block.end - block.start <= self._longest / 3:
                yield block.start, block.end
            else:
                text = self._text(block)
                yield from ((block.start + a, block.start + b) for a, b in sentences(text, self._language))

    @functools.cached_property
    def _ends(self) -> frozenset[int]:
        return frozenset(block.end for block in self._blocks)

    @functools.cached_property
    def _numbered(self) -> Numbered:
        return Numbered(self._page)

    def _is_in_list(self, start: int, close: int) -> bool:
        """Whether a list goes on behind a place that began before it."""
        index = next((i for i, block in enumerate(self._blocks) if block.start >= close), None)
        if index is None:
            return False
        block, before = self._blocks[index], self._blocks[index - 1]
        if block.kind in LIST_ITEMS:
            return before.kind in LIST_ITEMS
        if self._numbered.is_begun(start, close, block.start):
            return True
        return self._is_bullet(block) and any(map(self._is_bullet, self._since_heading(start, index)))

    def _since_heading(self, start: int, index: int) -> Iterator[Block]:
        for before in range(index - 1, -1, -1):
            block = self._blocks[before]
            if block.start < start or block.kind in HEADS:
                return
            yield block

    def _is_bullet(self, block: Block) -> bool:
        return _BULLET.match(self._page.text, block.start, block.end) is not None

    def _text(self, block: Block) -> str:
        return self._page.text[block.start : block.end]
