"""Turns texts of any script into sets of hashed 5-character pieces, by which near-duplicates are found and compared."""

import functools
import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

WIDTH = 5

_ORDINARY, _BLANK, _IGNORED, _UNSPACED = range(4)
# Scripts that are written without blanks between words. Where they have blanks (line ends, phrases, beside a foreign
# word), sites disagree, so that these blanks tell nothing. Tibetan is not among them: its blanks close clauses.
_UNSPACED_SCRIPTS = (
    *("Han", "Hiragana", "Katakana", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar"),
    *("Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet", "Ahom", "Javanese", "Balinese"),
)
# Characters that show nothing or only stretch a word: zero-width spaces and joiners, soft hyphens, direction marks,
# variation selectors, the Arabic tatweel. Combining marks (vowel signs, tones, nuktas, harakat) tell words apart: kept.
_IGNORED_PATTERN = r"[\p{Default_Ignorable_Code_Point}\u0640]+"
_CODE_POINTS = 0x110000
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

    The form: `folded`, blanks squeezed to one (to none beside a script without blanks between words), characters that
    show nothing left out. points: code points, uint32; bounds: n + 1 positions in points, int64.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        forms = [folded(text) for text in texts]
        points = np.frombuffer("".join(forms).encode("utf-32-le", "surrogatepass"), np.uint32)
        bounds = np.zeros(len(forms) + 1, np.int64)
        np.cumsum([len(form) for form in forms], out=bounds[1:])
        self.points, self.bounds = _squeezed(points, bounds)

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


def shingle_sets(texts: Sequence[str]) -> list[NDArray[np.uint64]]:
    """The set of hashed 5-character pieces of each text, sorted."""
    hashes, bounds = Normal(texts).shingles()
    return [np.unique(hashes[begin:end]) for begin, end in itertools.pairwise(bounds.tolist())]


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Jaccard similarity of two sets (sorted, without repeats), 0..1; two empty sets are alike."""
    if not len(one) or not len(other):
        return float(len(one) == len(other))
    both = np.sort(np.concatenate((one, other)), kind="stable")
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    return shared / (len(both) - shared)


def _squeezed(points: NDArray[np.uint32], bounds: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    classes = _classes()[points]
    points, classes, bounds = _only(classes != _IGNORED, points, classes, bounds)
    blank = classes == _BLANK
    if not blank.any():
        return points, bounds
    after_blank = np.concatenate(([True], blank[:-1]))
    after_blank[bounds[:-1][bounds[:-1] < len(points)]] = True  # a text's first blanks follow on nothing: none is kept
    points, classes, bounds = _only(~(blank & after_blank), points, classes, bounds)
    blank = classes == _BLANK
    beside = classes == _UNSPACED
    drop = np.zeros(len(points), bool)
    drop[1:] |= beside[:-1]
    drop[:-1] |= beside[1:]
    drop[bounds[1:][bounds[1:] > bounds[:-1]] - 1] = True
    points = np.where(blank, np.uint32(0x20), points)
    points, _, bounds = _only(~(blank & drop), points, classes, bounds)
    return points, bounds


def _only(
    kept: NDArray[np.bool_], points: NDArray[np.uint32], classes: NDArray[np.uint8], bounds: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.int64]]:
    if kept.all():
        return points, classes, bounds
    return points[kept], classes[kept], np.concatenate(([0], np.cumsum(kept)))[bounds]


def _padded(points: NDArray[np.uint32], bounds: NDArray[np.int64]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    lengths = np.diff(bounds)
    missing = np.where((lengths > 0) & (lengths < WIDTH), WIDTH - lengths, 0)
    if not missing.any():
        return points, bounds
    points = np.insert(points, np.repeat(bounds[1:], missing), 0)
    return points, bounds + np.concatenate(([0], np.cumsum(missing)))


@functools.cache
def _classes() -> NDArray[np.uint8]:
    classes = np.full(_CODE_POINTS, _ORDINARY, np.uint8)
    every = "".join(map(chr, range(_CODE_POINTS)))
    unspaced = "[" + "".join(rf"\p{{Script={name}}}" for name in _UNSPACED_SCRIPTS) + "]+"
    for pattern, name in ((r"\s+", _BLANK), (unspaced, _UNSPACED), (_IGNORED_PATTERN, _IGNORED)):
        for match in regex.finditer(pattern, every):
            classes[match.start() : match.end()] = name
    return classes
