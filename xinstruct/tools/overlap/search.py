"""Looks through texts for what an evaluation set also holds: a stretch, a whole short text, or nearly a whole one."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.overlap.fingerprint import SHORTEST_WHOLE
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.letters import PIECE, STEP, WORDS, Letters, positions
from xinstruct.tools.overlap.signing import Signed

# A shared stretch of so many characters counts as taken from the evaluation text, as one of WORDS words does.
CHARACTERS = 60
# So many of them may be punctuation that one of the two texts does without.
_LOST = 4
# A line of fewer letters may be anybody's; a whole text may be as short as SHORTEST_WHOLE.
_SHORTEST_LINE = 30


@dataclass(frozen=True)
class Overlap:
    """What a text shares with an evaluation text.

    called: the set and the item; start, end: where in the text, code points; words: how many begin there; likeness: for
    texts that are alike but share no long stretch, their estimated Jaccard similarity, 0..1.
    """

    called: str
    start: int
    end: int
    words: int
    likeness: float | None = None


def overlaps(texts: Sequence[str], index: Index) -> list[Overlap | None]:
    """For each text its longest overlap with an evaluation text of the index, else the evaluation text that it is most
    like, None where there is none.
    """
    letters = Letters(texts)
    places = [_Place(text, letters, number) for number, text in enumerate(texts)]
    longest: dict[int, tuple[int, int, int]] = {}
    long = [
        stretch for stretch in _stretches(letters, index) if places[letters.text_at(stretch[0])].is_long(*stretch[:2])
    ]
    for stretch in (*long, *_few_words(letters, index), *_wholes(letters, index)):
        number = letters.text_at(stretch[0])
        known = longest.get(number, (0, 0, 0))
        if stretch[1] - stretch[0] > known[1] - known[0]:
            longest[number] = stretch
    most: dict[int, tuple[float, int, int, int]] = {}
    for start, end, item, likeness in _alike(letters, index):
        number = letters.text_at(start)
        most[number] = max(most.get(number, (0.0, 0, 0, 0)), (likeness, start, end, item))
    found: list[Overlap | None] = [None] * len(texts)
    for number, (likeness, start, end, item) in most.items():
        found[number] = places[number].overlap(start, end, index.called(item), likeness)
    for number, (start, end, item) in longest.items():
        found[number] = places[number].overlap(start, end, index.called(item))
    return found


def _stretches(letters: Letters, index: Index) -> Iterator[tuple[int, int, int]]:
    """Starts and ends of letters that pieces of evaluation texts cover without a gap, and the text most are of."""
    starts = letters.pieces()
    hits, items = index.pieces(letters.hashes(starts, starts + PIECE))
    if not len(hits):
        return
    starts = starts[hits]
    text_of = np.searchsorted(letters.bounds, starts, side="right")
    parts = np.flatnonzero((np.diff(starts) > STEP) | (np.diff(text_of) > 0)) + 1
    for rows in np.split(np.arange(len(starts)), parts):
        names, counts = np.unique(items[rows], return_counts=True)
        yield int(starts[rows[0]]), int(starts[rows[-1]]) + PIECE, int(names[counts.argmax()])


def _few_words(letters: Letters, index: Index) -> Iterator[tuple[int, int, int]]:
    """The same of short words that stand in a row."""
    starts, ends = letters.short_words()
    hits, items = index.pieces(letters.hashes(starts, ends))
    yield from zip(starts[hits].tolist(), ends[hits].tolist(), items.tolist(), strict=True)


def _wholes(letters: Letters, index: Index) -> Iterator[tuple[int, int, int]]:
    """The same of texts, and of lines, that are an evaluation text from end to end."""
    for bounds, shortest in ((letters.bounds, SHORTEST_WHOLE), (letters.lines, _SHORTEST_LINE)):
        long = np.flatnonzero(np.diff(bounds) >= shortest)
        hits, items = index.wholes(letters.hashes(bounds[long], bounds[long + 1]))
        found = long[hits]
        yield from zip(bounds[found].tolist(), bounds[found + 1].tolist(), items.tolist(), strict=True)


def _alike(letters: Letters, index: Index) -> Iterator[tuple[int, int, int, float]]:
    """Texts and lines that are nearly an evaluation text, which text, and how alike the two are."""
    signed = Signed(letters)
    rows, items, values = index.alike(signed.signatures)
    starts, ends = signed.starts[rows].tolist(), signed.ends[rows].tolist()
    yield from zip(starts, ends, items.tolist(), values.tolist(), strict=True)


class _Place:
    """One of several texts, and where it lies among their letters."""

    def __init__(self, text: str, letters: Letters, number: int) -> None:
        self._text = text
        self._letters = letters
        self._first, self._last = letters.bounds[number : number + 2].tolist()

    def is_long(self, start: int, end: int) -> bool:
        """Whether WORDS words or CHARACTERS characters may be shared where pieces cover the letters: as they begin at
        every STEP-th letter, up to STEP - 1 letters more are shared on either side. Blanks in a row count as one.
        """
        start, end = max(self._first, start - STEP + 1), min(self._last, end + STEP - 1)
        if end - start >= CHARACTERS or self._words(start, end) >= WORDS:
            return True
        before, after = start - self._first - 1, end - self._first
        left = int(self._positions[before]) + 1 if before >= 0 else 0
        right = int(self._positions[after]) if end < self._last else len(self._text)
        return len(" ".join(unicodedata.normalize("NFC", self._text[left:right]).split())) >= CHARACTERS - _LOST

    def overlap(self, start: int, end: int, called: str, likeness: float | None = None) -> Overlap:
        """The overlap that covers these letters."""
        begin, last = self._positions[[start - self._first, end - self._first - 1]].tolist()
        return Overlap(called, begin, last + 1, self._words(start, end), likeness)

    def _words(self, start: int, end: int) -> int:
        """How many words lie wholly between two letters; none in scripts that do not part them."""
        letters = self._letters
        if letters.unspaced[end] > letters.unspaced[start]:
            return 0
        begins = np.append(letters.words, len(letters.points))
        first, last = np.searchsorted(begins, [start, end])
        inside = int(last) - int(first)
        return inside if begins[last] == end else max(0, inside - 1)

    @cached_property
    def _positions(self) -> NDArray[np.int64]:
        return positions(self._text)
