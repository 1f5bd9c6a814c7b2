"""Sees the numbered lists and steps of a page, and which stretches of its text begin in the middle of them."""

from bisect import bisect_left
from dataclasses import dataclass

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.passages.edges import HEADS

_NUMBERED = regex.compile(
    r"(?m)^[ \t]*(?:[(\[#]?(?P<entry>\p{Nd}{1,3})[.)\]:](?=[ \t\n]|$)"
    r"|(?P<word>\p{L}+)[ ](?P<step>\p{Nd}{1,2})(?=[ ]?[.):：–—-]|[ \t]*$))"
)
_FARTHEST = 50  # numbered lines between one and the next of its kind


@dataclass(frozen=True, slots=True)
class _Line:
    at: int
    word: str  # of Step 3; "" for a bare number
    number: int


class Numbered:
    """The lines of a page that begin with a number and a mark behind it, and the headings that begin with a word and a
    number.
    """

    def __init__(self, page: Page) -> None:
        self._text = page.text
        heads = {block.start for block in page.blocks if block.kind in HEADS}
        self._lines = [
            _Line(found.start(), found["word"] or "", int(found["entry"] or found["step"]))
            for found in _NUMBERED.finditer(page.text)
            if found["entry"] or found.start() in heads
        ]

    def goes_on(self, start: int, stop: int) -> str:
        """By which number the stretch [start, stop) goes on with a list: that of its first numbered line, if the one
        before stands before the stretch, or that of the step whose heading is right above it. "" if by none, as where
        the first entry or step has its number in the heading of the stretch.
        """
        index = bisect_left(self._lines, start, key=lambda line: line.at)
        above = self._lines[index - 1] if index and self._is_right_above(self._lines[index - 1], start) else None
        if above and above.word and self._before(above, index - 1):
            return f"{above.word} {above.number}"
        if index == len(self._lines) or self._lines[index].at >= stop:
            return ""
        first = self._lines[index]
        before = self._before(first, index)
        if before is None or (before is above and before.number == 1):
            return ""
        return f"{first.word} {first.number}" if first.word else f"{first.number}."

    def is_begun(self, start: int, close: int, following: int) -> bool:
        """Whether a numbered line begins at following, behind a stretch [start, close) that has the line before it."""
        index = bisect_left(self._lines, following, key=lambda line: line.at)
        if index == len(self._lines) or self._lines[index].at != following:
            return False
        before = self._before(self._lines[index], index)
        return before is not None and start <= before.at < close

    def _before(self, line: _Line, index: int) -> _Line | None:
        """The line of its kind before a line, if it has the number before."""
        alike = (other for other in reversed(self._lines[max(0, index - _FARTHEST) : index]) if other.word == line.word)
        other = next(alike, None)
        return other if other and other.number == line.number - 1 else None

    def _is_right_above(self, line: _Line, start: int) -> bool:
        line_end = self._text.find("\n", line.at)
        return not self._text[line_end:start].strip()
