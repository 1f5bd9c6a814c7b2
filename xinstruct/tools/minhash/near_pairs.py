"""Finds, among rows that met under a common key, those which are near-duplicates indeed, and joins them to clusters."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.minhash.row_files import RowReader
from xinstruct.tools.minhash.shingles import jaccard, shingle_sets
from xinstruct.tools.minhash.signatures import Bands

# Numbers of the two meetings beside those of bands: rows of one normal form, and rows of one cluster from before.
SAME, KIN = 254, 255
# Up to so many rows under one key, all pairs of many keys are looked at in one go.
_FEW = 16
# Under a key with more rows, so many rows at most are compared with all others. Where this ends the work, the rows are
# alike in one band and unlike one another, which is rare beyond measure; it bounds the time that one key can take.
_LEADERS = 1000
# Signatures are compared, and texts fetched, for so many pairs at once: a few megabytes.
_PAIRS_AT_ONCE = 4096
_TEXTS_AT_ONCE = 128
# An estimate from signatures is off by more than so many standard deviations once in 15,000 times.
_SURE = 4

Refs = NDArray[np.int64]


@dataclass(frozen=True)
class Met:
    """Rows by the keys under which they met: arrays of one length. band: a band's number, SAME or KIN."""

    key: NDArray[np.uint64]
    form: NDArray[np.uint64]
    band: NDArray[np.uint8]
    ref: Refs

    def __len__(self) -> int:
        return len(self.key)

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Met":
        """Some of the rows, or the rows in another order."""
        return Met(self.key[chosen], self.form[chosen], self.band[chosen], self.ref[chosen])

    def shared(self) -> "Met":
        """Rows whose key is not theirs alone, by key, then form, then reference."""
        keys, counts = np.unique(self.key, return_counts=True)
        chosen = self.only(np.isin(self.key, keys[counts > 1]))
        return chosen.only(np.lexsort((chosen.ref, chosen.form, chosen.key)))

    def follows(self) -> NDArray[np.bool_]:
        """Whether the row before has the same key; for rows in order."""
        return np.concatenate((np.zeros(min(1, len(self)), bool), self.key[1:] == self.key[:-1]))


@dataclass(frozen=True)
class Edges:
    """Pairs of references that belong together; kin: not for their likeness but for a cluster from before."""

    one: Refs
    other: Refs
    kin: NDArray[np.bool_]


def components(ones: NDArray[np.int64], others: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The first node of each node's connected component, shape (count,); ones, others: ends of edges, 0..count-1."""
    labels = np.arange(count)
    while True:
        one, other = labels[ones], labels[others]
        apart = one != other
        if not apart.any():
            return labels
        # Every component takes on the first of its neighbours; then all nodes learn where that has led.
        np.minimum.at(labels, np.maximum(one, other)[apart], np.minimum(one, other)[apart])
        while (labels[labels] != labels).any():
            labels = labels[labels]


class Joiner:
    """Compares rows that met and gives the edges between near-duplicates, once each over all buckets."""

    def __init__(self, reader: RowReader, bands: Bands, lowest_joined: float) -> None:
        self._reader, self._bands, self._lowest = reader, bands, lowest_joined
        doubt = _SURE * (lowest_joined * (1 - lowest_joined) / bands.permutations) ** 0.5
        self._unlike, self._alike = lowest_joined - doubt, lowest_joined + doubt
        self._above: dict[int, int] = {}

    def edges(self, met: Met) -> Iterator[Edges]:
        """Edges between rows of one form, of one cluster from before, and between verified near-duplicates."""
        met = met.shared()
        plain = met.only(met.band >= SAME)
        follows = plain.follows()
        firsts = np.maximum.accumulate(np.where(follows, 0, np.arange(len(plain))))
        yield Edges(plain.ref[firsts[follows]], plain.ref[follows], plain.band[follows] == KIN)
        banded = met.only(met.band < SAME)
        # Of rows with one form the first stands for all: SAME joins them.
        again = banded.follows()
        again[1:] &= banded.form[1:] == banded.form[:-1]
        banded = banded.only(~again)
        starts = np.flatnonzero(~banded.follows())
        sizes = np.diff(np.append(starts, len(banded)))
        yield from self._of_few(banded, starts, sizes)
        for start, size in zip(starts[sizes > _FEW].tolist(), sizes[sizes > _FEW].tolist(), strict=True):
            yield from self._of_many(banded.ref[start : start + size], int(banded.band[start]))

    def _of_few(self, met: Met, starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Iterator[Edges]:
        for size in range(2, _FEW + 1):
            left, right = np.triu_indices(size, 1)
            begins = starts[sizes == size][:, None]
            one, other = (begins + left).ravel(), (begins + right).ravel()
            for begin in range(0, len(one), _PAIRS_AT_ONCE):
                ones, others = one[begin : begin + _PAIRS_AT_ONCE], other[begin : begin + _PAIRS_AT_ONCE]
                likeness, first = self._estimates(met.ref[ones], met.ref[others])
                # A pair that meets in several bands is compared in the first of them alone, whichever bucket has it.
                worth = (first == met.band[ones]) & (likeness >= self._unlike)
                yield from self._verified(met.ref[ones[worth]], met.ref[others[worth]])

    def _of_many(self, refs: Refs, band: int) -> Iterator[Edges]:
        labels = np.arange(len(refs))
        for leader in range(min(len(refs), _LEADERS)):
            apart = leader + 1 + np.flatnonzero(labels[leader + 1 :] != labels[leader])
            for begin in range(0, len(apart), _PAIRS_AT_ONCE):
                others = apart[begin : begin + _PAIRS_AT_ONCE]
                ones = np.full(len(others), refs[leader])
                likeness, first = self._estimates(ones, refs[others])
                # Pairs that met in an earlier band were joined there if they are alike. This must be known here, or
                # every row of a large cluster would be a leader in each of its bands; but it makes no edge.
                known = (first < band) & (likeness >= self._alike)
                worth = ~known & (likeness >= self._unlike)
                yield from self._verified(ones[worth], refs[others[worth]])
                top = self._top(int(refs[leader]))
                joined = [other for other in others[worth].tolist() if self._top(int(refs[other])) == top]
                together = np.concatenate((others[known], np.array(joined, np.int64), [leader]))
                labels[np.isin(labels, labels[together])] = labels[leader]
            if (labels == labels[0]).all():
                return

    def _estimates(self, ones: Refs, others: Refs) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        left, right = self._reader.signatures(ones), self._reader.signatures(others)
        likeness: NDArray[np.float64] = (left == right).mean(axis=1)
        return likeness, self._bands.first_shared(left, right)

    def _verified(self, ones: Refs, others: Refs) -> Iterator[Edges]:
        order = np.lexsort((others, ones))
        for begin in range(0, len(ones), _TEXTS_AT_ONCE):
            these = order[begin : begin + _TEXTS_AT_ONCE]
            pairs = [
                (one, other)
                for one, other in zip(ones[these].tolist(), others[these].tolist(), strict=True)
                if self._top(one) != self._top(other)
            ]
            refs = np.unique(np.array(pairs, np.int64))
            sets = dict(zip(refs.tolist(), shingle_sets(self._reader.texts(refs)), strict=True))
            alike = []
            for one, other in pairs:
                if self._top(one) != self._top(other) and jaccard(sets[one], sets[other]) >= self._lowest:
                    self._join(one, other)
                    alike.append((one, other))
            if alike:
                found = np.array(alike, np.int64)
                yield Edges(found[:, 0], found[:, 1], np.zeros(len(found), bool))

    def _top(self, ref: int) -> int:
        above = self._above
        while (higher := above.get(ref, ref)) != ref:
            above[ref] = ref = above.get(higher, higher)
        return ref

    def _join(self, one: int, other: int) -> None:
        self._above[self._top(one)] = self._top(other)
