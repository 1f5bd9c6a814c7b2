"""Tells what frames the questions of an evaluation set, which anybody may use, from passages that many questions share.

What more than MOST_TEXTS texts of a set share is either: "Answer the following question by choosing one of the options"
before each question, or the passage that a reading test repeats with each of its questions. A passage is long, and with
it and other shared stretches a text is mostly made; the footer of a site is long, too, but its pages say more of their
own. What stands in most texts of a set, and in so many that nobody asks as many questions of one passage, is a frame
however long it is: instructions, or worked examples, which every model is handed with the question.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.overlap.letters import PIECE, STEP, Letters

# A stretch that stands in more texts of the set is looked at.
MOST_TEXTS = 10
# Letters that make a stretch a passage; those of scripts that do not part words say about twice as much.
SHORTEST_PASSAGE = 200
# What of a text that asks about a passage is shared with other texts, at the least.
_LOWEST_SHARED_PART = 0.5
# What of a text that is to be known again when some words were changed may be frame, at the most.
_HIGHEST_FRAMED_PART = 0.5
# Questions that a set may ask of the only passage that it has.
_MOST_ABOUT_ONE = 100
# Where a stretch goes on but stands in so many times more or fewer texts, another one begins.
_ANOTHER = 1.5


@dataclass(frozen=True)
class Pieces:
    """Stretches of texts that a fingerprint may hold.

    hashes: uint64; texts: uint32, the text that each is of; starts: int32, where in it, and lengths: uint8, in letters.
    """

    hashes: NDArray[np.uint64]
    texts: NDArray[np.uint32]
    starts: NDArray[np.int32]
    lengths: NDArray[np.uint8]

    @classmethod
    def joined(cls, several: Iterable["Pieces"]) -> "Pieces":
        """All of them on end."""
        none = cls(np.empty(0, np.uint64), np.empty(0, np.uint32), np.empty(0, np.int32), np.empty(0, np.uint8))
        several = [none, *several]
        return cls(
            np.concatenate([each.hashes for each in several]),
            np.concatenate([each.texts for each in several]),
            np.concatenate([each.starts for each in several]),
            np.concatenate([each.lengths for each in several]),
        )


@dataclass(frozen=True)
class Frames:
    """What frames the questions of a set.

    hashes: uint64, ascending, of the pieces that are of frames; count: how many frames there are; letters: of the
    longest; texts: how many share that, and first: the number of one of these; 0 where there is no frame. framed: the
    numbers of the texts that are so little else that any two of them look alike.
    """

    hashes: NDArray[np.uint64]
    framed: NDArray[np.int64]
    count: int = 0
    letters: int = 0
    texts: int = 0
    first: int = 0

    @classmethod
    def of(cls, batches: Iterable[tuple[int, list[str]]], pieces: Pieces) -> "Frames":
        """The frames of texts, which come in batches with the number of the first, and of which these are pieces."""
        values, owners = _owners(pieces.hashes, pieces.texts)
        # As pieces begin at every STEP-th letter of a text, a fourth of those that share a stretch have equal ones.
        met = [_Met.of(first, texts, values[owners > MOST_TEXTS // STEP]) for first, texts in batches]
        stretches = _Stretches(_Met.joined(met))
        votes = stretches.votes(pieces)
        said, places = np.unique(pieces.hashes[votes != 0], return_inverse=True)
        sums = np.bincount(places, votes[votes != 0], len(said))
        often = np.setdiff1d(values[owners > MOST_TEXTS], said[sums > 0], assume_unique=True)
        hashes = np.union1d(often, said[sums < 0])
        if not len(stretches.frames):
            return cls(hashes, stretches.framed)
        longest = stretches.frames[np.argmax(stretches.letters[stretches.frames])]
        return cls(
            hashes,
            stretches.framed,
            len(np.unique(stretches.begins_with[stretches.frames])),
            int(stretches.letters[longest]),
            int(stretches.owners[longest]),
            int(stretches.texts[longest]),
        )


@dataclass(frozen=True)
class _Met:
    """Where stretches that several texts may share stand in texts.

    which: number of the stretch; texts, starts: of which text, and where in it; lengths: letters of every text;
    weights: what a letter of it counts.
    """

    which: NDArray[np.int64]
    texts: NDArray[np.uint32]
    starts: NDArray[np.int32]
    lengths: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, first: int, texts: list[str], values: NDArray[np.uint64]) -> "_Met":
        letters = Letters(texts)
        starts = letters.pieces() if len(values) else np.empty(0, np.int64)
        hashes = letters.hashes(starts, starts + PIECE)
        places = np.minimum(np.searchsorted(values, hashes), max(0, len(values) - 1))
        there = np.flatnonzero(values[places] == hashes) if len(values) else starts
        of = np.searchsorted(letters.bounds, starts[there], side="right") - 1
        lengths = np.diff(letters.bounds)
        unspaced = letters.unspaced[letters.bounds[1:]] - letters.unspaced[letters.bounds[:-1]]
        return cls(
            places[there],
            (first + of).astype(np.uint32),
            (starts[there] - letters.bounds[of]).astype(np.int32),
            lengths,
            1 + unspaced / np.maximum(lengths, 1),
        )

    @classmethod
    def joined(cls, several: list["_Met"]) -> "_Met":
        return cls(
            np.concatenate([np.empty(0, np.int64), *(each.which for each in several)]),
            np.concatenate([np.empty(0, np.uint32), *(each.texts for each in several)]),
            np.concatenate([np.empty(0, np.int32), *(each.starts for each in several)]),
            np.concatenate([np.empty(0, np.int64), *(each.lengths for each in several)]),
            np.concatenate([np.empty(0, np.float64), *(each.weights for each in several)]),
        )


class _Stretches:
    """Stretches of texts that more than MOST_TEXTS texts share, in the order of the texts.

    texts: the text of each; letters: how long; owners: how many texts share it; begins_with: equal for equal stretches;
    frames: the numbers of those that are frames; framed: see Frames.
    """

    def __init__(self, met: _Met) -> None:
        values, owners = _owners(met.which, met.texts)
        shared = owners[np.searchsorted(values, met.which)]
        often = shared > MOST_TEXTS
        which, texts, shared = met.which[often], met.texts[often], shared[often]
        starts = met.starts[often].astype(np.int64)
        new = np.ones(len(which), bool)
        gaps, times = np.diff(starts), shared[1:] / np.maximum(shared[:-1], 1)
        another = np.diff(texts.astype(np.int64)) > 0
        new[1:] = another | (gaps > PIECE) | (times >= _ANOTHER) | (times <= 1 / _ANOTHER)
        first = np.flatnonzero(new)
        last = np.append(first[1:], len(which))[: len(first)] - 1
        self.texts, self.begins_with = texts[first], which[first]
        self._starts, self._ends = starts[first], starts[last] + PIECE
        self.letters = self._ends - self._starts
        self.owners = np.maximum.reduceat(shared, first) if len(first) else shared
        covered = np.full(len(which), PIECE)
        covered[:-1][~another] = np.minimum(gaps[~another], PIECE)
        parts = np.bincount(texts, covered, len(met.lengths)) / np.maximum(met.lengths, 1)
        long = self.letters * met.weights[self.texts] >= SHORTEST_PASSAGE
        everywhere = is_everywhere(self.owners, int(np.count_nonzero(met.lengths * met.weights >= SHORTEST_PASSAGE)))
        self._passages = long & (parts[self.texts] >= _LOWEST_SHARED_PART) & ~everywhere
        self.frames = np.flatnonzero(~self._passages)
        frames = np.bincount(self.texts[self.frames], self.letters[self.frames], len(met.lengths))
        self.framed = np.flatnonzero(frames > _HIGHEST_FRAMED_PART * met.lengths)

    def votes(self, pieces: Pieces) -> NDArray[np.int8]:
        """For each piece 1 where it lies in a passage, -1 where in a frame, 0 where in neither."""
        if not len(self.texts):
            return np.zeros(len(pieces.hashes), np.int8)
        begins = _keys(self.texts, self._starts)
        ends = _keys(self.texts, self._ends)
        at = _keys(pieces.texts, pieces.starts.astype(np.int64))
        places = np.searchsorted(begins, at, side="right") - 1
        inside = (places >= 0) & (ends[places] >= at + pieces.lengths)
        return np.where(inside, np.where(self._passages[places], 1, -1), 0).astype(np.int8)


def is_everywhere(owners: Any, long: int) -> Any:
    """Whether so many texts, and most of the `long` ones, share a stretch that it is no passage."""
    return (owners > _MOST_ABOUT_ONE) & (2 * owners > long)


def is_long(text: str) -> bool:
    """Whether a text has the length of a passage."""
    letters = Letters([text])
    return len(letters.points) + int(letters.unspaced[-1]) >= SHORTEST_PASSAGE


def _keys(texts: NDArray[np.uint32], places: NDArray[np.int64]) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = (texts.astype(np.int64) << 32) + places
    return keys


def _owners(values: NDArray[Any], texts: NDArray[np.uint32]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The different values, ascending, and how many different texts have each."""
    order = np.lexsort((texts, values))
    values, texts = values[order], texts[order]
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    another = new.copy()
    another[1:] |= texts[1:] != texts[:-1]
    begins = np.flatnonzero(new)
    owners = np.add.reduceat(another, begins, dtype=np.int64) if len(begins) else np.empty(0, np.int64)
    return values[begins], owners
