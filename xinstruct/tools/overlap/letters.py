"""Reduces texts of any script to their letters, and hashes stretches of these, so that a stretch that two texts share
is found whatever its case, forms of characters, punctuation, blanks and line breaks.
"""

import functools
import unicodedata
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from xinstruct.tools.minhash.shingles import mixed

# Sixty characters of prose hold 37 letters at least in 999 of 1,000 places, in 120 languages. Pieces of PIECE letters
# that begin at every STEP-th letter leave no stretch of PIECE + STEP - 1 letters without a whole one.
PIECE, STEP = 30, 4
CERTAIN = PIECE + STEP - 1
# Words in a row that count as taken from elsewhere.
WORDS = 13
# Different letters that a stretch must have to tell anything.
_FEWEST_KINDS = 8
_AT_ONCE = 1 << 16  # stretches

_BETWEEN, _IGNORED, _DIGIT, _SPACED, _UNSPACED = range(5)
# In these scripts no blank parts the words. LB=SA: Thai, Lao, Khmer, Myanmar and their neighbours.
_CLASSES = (
    (r"[\p{L}\p{M}]+", _SPACED),
    (r"[\p{LB=SA}\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}&&[\p{L}\p{M}]]+", _UNSPACED),
    (r"\p{N}+", _DIGIT),
    # What shows nothing or only stretches a word; apostrophes, which pages write in many ways or leave out; the dot
    # that is left of a Turkish capital İ.
    (r"[\p{Default_Ignorable_Code_Point}\u0640\u0307'`´‘’ʼʻʹ′]+", _IGNORED),
)
_LINE_ENDS = np.array([0x0A, 0x0D, 0x2028, 0x2029], np.uint32)
# Turkish i without a dot, whose capital is that of i elsewhere; yehs and kafs of Arabic, Persian and Urdu keyboards.
_ALIKE = ("iı", "يیى", "كک")
_CODE_POINTS = 0x110000
_BASE = 0x9E3779B97F4A7C15 | 5  # odd, so that its powers have inverses modulo 2**64
_LETTER = np.uint64(0xC2B2AE3D27D4EB4F)


class Letters:
    """The letters, marks and digits of texts on end: after NFKC and case folding, digits of all scripts as those of
    ASCII. Files of fingerprints hold hashes of them, so that any change here is a new version of these files.

    points: their code points, uint32; bounds: n + 1 positions in points, where each text begins; words: positions at
    which a word begins, ascending; lines: m + 1 positions between which the lines of all texts lie, those without
    letters left out; line_texts: the text of each line; digits, unspaced: how many of the points before each position
    are digits, or belong to a script without blanks between words, one longer than points.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        forms = [_form(text) for text in texts]
        points = np.frombuffer("".join(forms).encode("utf-32-le", "surrogatepass"), np.uint32)
        bounds = np.zeros(len(forms) + 1, np.int64)
        np.cumsum([len(form) for form in forms], out=bounds[1:])
        classes = _classes()[points]
        shown = classes != _IGNORED
        points, classes, bounds = points[shown], classes[shown], _before(shown)[bounds]
        breaks = np.flatnonzero(np.isin(points, _LINE_ENDS))
        letter = classes >= _DIGIT
        first = letter.copy()
        first[1:] &= ~letter[:-1]
        begins = bounds[:-1][bounds[:-1] < len(points)]
        first[begins] = letter[begins]
        before = _before(letter)
        self.points, self.bounds = _plain()[points[letter]], before[bounds]
        self.lines = np.unique(np.concatenate((self.bounds, before[breaks])))
        self.line_texts = np.searchsorted(self.bounds, self.lines[:-1], side="right") - 1
        self.words = np.flatnonzero(first[letter])
        classes = classes[letter]
        self.digits, self.unspaced = _before(classes == _DIGIT), _before(classes == _UNSPACED)
        self._sums = np.zeros(len(self.points) + 1, np.uint64)
        ups, _ = _powers(_room(len(self.points)))
        np.cumsum(mixed(self.points * _LETTER) * ups[: len(self.points)], out=self._sums[1:])

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def text_at(self, place: int) -> int:
        """The number of the text that a letter belongs to."""
        return int(np.searchsorted(self.bounds, place, side="right")) - 1

    def hashes(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
        """A hash of the letters from each start to its end, shape (n,): equal letters have equal ones."""
        _, downs = _powers(_room(len(self.points)))
        found: NDArray[np.uint64] = (self._sums[ends] - self._sums[starts]) * downs[starts]
        return mixed(found ^ mixed((ends - starts).astype(np.uint64)))

    def pieces(self, step: int = 1) -> NDArray[np.int64]:
        """Where pieces of PIECE letters begin that lie within one text: at each `step`-th letter of it."""
        places: NDArray[np.int64] = np.arange(max(0, len(self.points) - PIECE + 1))
        inside = np.ones(len(self.points) + 1, bool)
        sizes = np.minimum(np.diff(self.bounds), PIECE - 1)
        reached = np.repeat(self.bounds[1:] - sizes, sizes) + _counted(sizes)
        inside[reached] = False
        places = places[inside[: len(places)]]
        if step > 1:
            of = np.searchsorted(self.bounds, places, side="right") - 1
            places = places[(places - self.bounds[of]) % step == 0]
        return places

    def short_words(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Starts and ends of WORDS words of one text that are too short, below CERTAIN letters, to hold a piece for
        sure. Where words are not parted by blanks there are none.
        """
        ends = np.append(self.words[1:], len(self.points))
        starts, ends = self.words[: max(0, len(self.words) - WORDS + 1)], ends[WORDS - 1 :]
        text_end = self.bounds[np.searchsorted(self.bounds, starts, side="right")]
        chosen = (ends <= text_end) & (ends - starts < CERTAIN) & (self.unspaced[ends] == self.unspaced[starts])
        return starts[chosen], ends[chosen]

    def telling(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether stretches of at most CERTAIN letters can tell where a text comes from, shape (n,): not those that are
        mostly digits, nor rows of a few letters again and again.
        """
        if len(starts) > _AT_ONCE:
            halves = zip(np.array_split(starts, 2), np.array_split(ends, 2), strict=True)
            return np.concatenate([self.telling(*half) for half in halves])
        wordy = 2 * (self.digits[ends] - self.digits[starts]) <= ends - starts
        places = np.minimum(starts[:, None] + np.arange(CERTAIN), len(self.points) - 1)
        inside = np.arange(CERTAIN) < (ends - starts)[:, None]
        sorted_points = np.sort(np.where(inside, self.points[places], 0), axis=1)
        kinds = np.count_nonzero(sorted_points[:, 1:] != sorted_points[:, :-1], axis=1)
        telling: NDArray[np.bool_] = wordy & (kinds >= _FEWEST_KINDS)
        return telling


def positions(text: str) -> NDArray[np.int64]:
    """The places of a text's letters: for each point of Letters([text]) the code point of the text it stands for."""
    form = _form(text)
    if len(form) == len(text) and unicodedata.is_normalized("NFKC", text):  # then each sign has become one
        points = np.frombuffer(form.encode("utf-32-le", "surrogatepass"), np.uint32)
        return np.flatnonzero(_classes()[points] >= _DIGIT)
    clusters = list(regex.finditer(r"\X", text))
    counts = [_count(cluster.group()) for cluster in clusters]
    return np.repeat(np.array([cluster.start() for cluster in clusters], np.int64), np.array(counts, np.int64))


@functools.lru_cache(maxsize=1 << 14)
def _count(cluster: str) -> int:
    """How many letters a grapheme cluster has."""
    return sum(bool(_classes()[ord(sign)] >= _DIGIT) for sign in _form(cluster))


def _form(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _counted(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 to size - 1 for each size, on end."""
    found: NDArray[np.int64] = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return found


def _before(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    found = np.zeros(len(marks) + 1, np.int64)
    np.cumsum(marks, out=found[1:])
    return found


def _room(length: int) -> int:
    return 1 << max(16, int(length).bit_length())


@functools.lru_cache(maxsize=2)
def _powers(length: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    inverse = pow(_BASE, -1, 1 << 64)
    both = [np.full(length, base, np.uint64) for base in (_BASE, inverse)]
    for powers in both:
        powers[0] = 1
        np.multiply.accumulate(powers, out=powers)
    return both[0], both[1]


@functools.cache
def _plain() -> NDArray[np.uint32]:
    """What stands for each code point: the one of several that keyboards and capitals take for each other."""
    found = np.arange(_CODE_POINTS, dtype=np.uint32)
    for match in regex.finditer(r"\p{Nd}", "".join(map(chr, range(_CODE_POINTS)))):
        # -1 for digits of a newer Unicode than Python knows
        if (value := unicodedata.decimal(match.group(), -1)) >= 0:
            found[match.start()] = ord("0") + value
    for signs in _ALIKE:
        found[[ord(sign) for sign in signs]] = ord(signs[0])
    return found


@functools.cache
def _classes() -> NDArray[np.uint8]:
    classes = np.full(_CODE_POINTS, _BETWEEN, np.uint8)
    every = "".join(map(chr, range(_CODE_POINTS)))
    for pattern, name in _CLASSES:
        for match in regex.finditer(pattern, every, regex.V1):
            classes[match.start() : match.end()] = name
    return classes
