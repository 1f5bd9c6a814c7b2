"""Turns texts of any script into sets of hashed 5-character pieces, by which near-duplicates are found and compared."""

import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.minhash.letters import BLANK, IGNORED, UNSPACED, classes, one_spelling, plain

WIDTH = 5

# Odd 64-bit constants without structure; the shingles of all runs must hash alike, so they are fixed.
_PLACES = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB], np.uint64
)
_SHIFT, _STIR = np.uint64(32), np.uint64(0xD6E8FEB86659FD93)


def folded(text: str) -> str:
    """The text with differences of form and case undone: NFKC, then case folding."""
    return unicodedata.normalize("NFKC", text).casefold()


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The values stirred so that every bit of one moves every bit of its result; a bijection, in a new array."""
    values = values ^ (values >> _SHIFT)
    values *= _STIR
    values ^= values >> _SHIFT
    values *= _STIR
    values ^= values >> _SHIFT
    return values


class Normal:
    """Normal forms of texts: code points of all of them on end, and where each begins and ends.

    The form: `folded`, in `one_spelling`, digits of all scripts as those of ASCII, blanks squeezed to one (to none
    beside a script without blanks between words), characters that show nothing left out. points: code points, uint32;
    bounds: n + 1 positions in points, int64.
    """

    points: NDArray[np.uint32]
    bounds: NDArray[np.int64]

    def __init__(self, texts: Sequence[str]) -> None:
        self._take([one_spelling(folded(text)) for text in texts])
        self.points, self.bounds = _squeezed(self.points, self.bounds)

    @classmethod
    def plain(cls, texts: Sequence[str]) -> "Normal":
        """Texts that are `folded` and no more: what others mean by the likeness of two texts."""
        made = cls.__new__(cls)
        made._take([folded(text) for text in texts])
        return made

    def _take(self, forms: Sequence[str]) -> None:
        points = np.frombuffer("".join(forms).encode("utf-32-le", "surrogatepass"), np.uint32)
        bounds = np.zeros(len(forms) + 1, np.int64)
        np.cumsum([len(form) for form in forms], out=bounds[1:])
        self.points, self.bounds = points, bounds

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def form(self, number: int) -> bytes:
        """The normal form of one text, four bytes for each code point: equal for exact duplicates."""
        return self.points[self.bounds[number] : self.bounds[number + 1]].tobytes()

    def shingles(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Hashes of all pieces of 5 code points, repeats among them, and n + 1 bounds.

        A text of 1 to 4 code points is one piece, so that it equals itself alone; an empty one has no piece.
        """
        points, bounds = _padded(self.points, self.bounds)
        count = len(points) - WIDTH + 1
        if count <= 0:
            return np.empty(0, np.uint64), np.zeros(len(bounds), np.int64)
        wide = points.astype(np.uint64)
        hashes = wide[:count] * _PLACES[0]
        for place in range(1, WIDTH):
            hashes += wide[place : place + count] * _PLACES[place]
        inside = np.ones(len(points), bool)
        lengths = np.diff(bounds)
        for back in range(1, WIDTH):
            inside[bounds[1:][lengths > 0] - back] = False
        starts = np.concatenate(([0], np.cumsum(inside)))[bounds]
        return mixed(hashes[inside[:count]]), starts

    def sets(self) -> list[NDArray[np.uint64]]:
        """The set of hashed pieces of each text, sorted."""
        hashes, bounds = self.shingles()
        return [_distinct(hashes[begin:end]) for begin, end in itertools.pairwise(bounds.tolist())]


def plain_jaccard(one: str, other: str) -> float:
    """Jaccard similarity of two texts that are `folded` and no more, 0..1."""
    return jaccard(*Normal.plain([one, other]).sets())


def shingle_sets(texts: Sequence[str]) -> list[NDArray[np.uint64]]:
    """The set of hashed 5-character pieces of each text, sorted."""
    return Normal(texts).sets()


def _distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # np.unique goes by a hash table, which takes longer for sets of this size.
    ascending = np.sort(hashes)
    first = np.concatenate((np.ones(min(1, len(ascending)), bool), ascending[1:] != ascending[:-1]))
    distinct: NDArray[np.uint64] = ascending[first]
    return distinct


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Jaccard similarity of two sets (sorted, without repeats), 0..1; two empty sets are alike."""
    if not len(one) or not len(other):
        return float(len(one) == len(other))
    both = np.sort(np.concatenate((one, other)), kind="stable")
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared)


def _squeezed(points: NDArray[np.uint32], bounds: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    points = plain()[points]
    kinds = classes()[points]
    points, kinds, bounds = _only(kinds != IGNORED, points, kinds, bounds)
    blank = kinds == BLANK
    if not blank.any():
        return points, bounds
    after_blank = np.concatenate(([True], blank[:-1]))
    after_blank[bounds[:-1][bounds[:-1] < len(points)]] = True  # a text's first blanks follow on nothing: none is kept
    points, kinds, bounds = _only(~(blank & after_blank), points, kinds, bounds)
    blank = kinds == BLANK
    beside = kinds == UNSPACED
    drop = np.zeros(len(points), bool)
    drop[1:] |= beside[:-1]
    drop[:-1] |= beside[1:]
    drop[bounds[1:][bounds[1:] > bounds[:-1]] - 1] = True
    points, _, bounds = _only(~(blank & drop), points, kinds, bounds)
    return points, bounds


def _only(
    kept: NDArray[np.bool_], points: NDArray[np.uint32], kinds: NDArray[np.uint8], bounds: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.int64]]:
    if kept.all():
        return points, kinds, bounds
    return points[kept], kinds[kept], np.concatenate(([0], np.cumsum(kept)))[bounds]


def _padded(points: NDArray[np.uint32], bounds: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    lengths = np.diff(bounds)
    missing = np.where((lengths > 0) & (lengths < WIDTH), WIDTH - lengths, 0)
    if not missing.any():
        return points, bounds
    points = np.insert(points, np.repeat(bounds[1:], missing), 0)
    return points, bounds + np.concatenate(([0], np.cumsum(missing)))
