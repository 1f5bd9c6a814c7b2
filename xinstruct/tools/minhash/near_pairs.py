"""Finds, among rows that met under a common key, those which are near-duplicates indeed, and joins them to clusters."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.minhash.row_files import RowReader
from xinstruct.tools.minhash.shingles import jaccard, plain_jaccard, shingle_sets
from xinstruct.tools.minhash.signatures import Bands

# Numbers of the two meetings beside those of bands: rows of one normal form, and rows of one cluster from before.
SAME, KIN = 254, 255
# Up to so many rows under one key, all pairs of many keys are looked at in one go.
_FEW = 16
# Up to so many rows under one key, all pairs are looked at; with more, the work must not grow with their square.
_MANY = 256
# Of more rows, so many are compared with all others, one after the other. Pages of one template are all joined by the
# first; pages that only share half of their text are joined by none.
_LEADERS = 16
# Such a leader is compared with the likest few first; when fewer than half of these are joined, with no others.
_LIKEST = 64
# Rows that no leader joined are put in order by their signatures, once from each band on, so that the likest stand
# side by side; each is compared with so many that follow it. So many pairs a row, the likest ones, are verified.
_NEIGHBOURS = 3
_VERIFIED_PER_ROW = 2
_SORTED_AT_ONCE = 1 << 14
# Sets of pieces that are kept at hand, about 8 kB each.
_SETS_HELD = 2048
# Signatures are compared, and texts fetched, for so many pairs at once: a few megabytes.
_PAIRS_AT_ONCE = 4096
_TEXTS_AT_ONCE = 128
# An estimate from signatures is off by more than so many standard deviations once in 15,000 times.
_SURE = 4

# Texts that are less alike than the threshold by at most this much are also held against each other as they stand,
# after NFKC and case folding alone: in scripts without blanks the two similarities differ by a hundredth or two.
_FORMS_DIFFER = 0.05

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
    """Compares rows that met and gives the edges between near-duplicates.

    Rows under one key are compared with one another, unless they are so many that this would take the square of their
    number; then those are, for each row, that are likest by their signatures.
    """

    def __init__(self, reader: RowReader, bands: Bands, lowest_joined: float) -> None:
        self._reader, self._bands, self._lowest = reader, bands, lowest_joined
        doubt = _SURE * (lowest_joined * (1 - lowest_joined) / bands.permutations) ** 0.5
        self._unlike, self._alike = lowest_joined - doubt, lowest_joined + doubt
        self._above: dict[int, int] = {}
        self._sets: dict[int, NDArray[np.uint64]] = {}

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
            refs, band = banded.ref[start : start + size], int(banded.band[start])
            yield from self._of_many(refs, band) if size <= _MANY else self._of_crowd(refs, band)

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
        for leader in range(len(refs)):
            others = leader + 1 + np.flatnonzero(labels[leader + 1 :] != labels[leader])
            likeness, first = self._estimates(np.full(len(others), refs[leader]), refs[others])
            # Pairs that met in an earlier band were joined there if they are alike. This must be known here, or
            # every row of a large cluster would be a leader in each of its bands; but it makes no edge.
            known = (first < band) & (likeness >= self._alike)
            worth = others[~known & (likeness >= self._unlike)]
            joined = yield from self._joined(refs[leader], refs[worth])
            together = np.concatenate((others[known], worth[joined], [leader]))
            labels[np.isin(labels, labels[together])] = labels[leader]
            if (labels == labels[0]).all():
                return

    def _of_crowd(self, refs: Refs, band: int) -> Iterator[Edges]:
        for _ in range(_LEADERS):
            if len(refs) < 2:
                return
            leader, refs = refs[0], refs[1:]
            likeness, first = self._estimates(np.full(len(refs), leader), refs)
            known = (first < band) & (likeness >= self._alike)
            worth = np.flatnonzero(~known & (likeness >= self._unlike))
            worth = worth[np.argsort(-likeness[worth], kind="stable")]
            joined = yield from self._joined(leader, refs[worth[:_LIKEST]])
            if 2 * np.count_nonzero(joined) >= len(joined):
                rest = yield from self._joined(leader, refs[worth[_LIKEST:]])
                joined = np.concatenate((joined, rest))
            # What is nearly the leader needs no comparing with others; what is just like enough may have its own like.
            near = worth[: len(joined)][joined]
            known[near] = likeness[near] >= self._alike
            refs = refs[~known]
        for these in _slices(len(refs), _SORTED_AT_ONCE):
            yield from self._of_neighbours(refs[these])

    def _joined(self, leader: int, others: Refs) -> Generator[Edges, None, NDArray[np.bool_]]:
        # Whether the others are of one cluster with the leader, once they have been compared.
        yield from self._verified(np.full(len(others), leader), others)
        top = self._top(int(leader))
        return np.array([self._top(other) == top for other in others.tolist()], bool)

    def _of_neighbours(self, refs: Refs) -> Iterator[Edges]:
        if len(refs) < 2:
            return
        signatures = self._reader.signatures(refs)
        pairs: list[NDArray[np.int64]] = []
        for begin in range(0, signatures.shape[1], self._bands.rows):
            # Big-endian bytes are in the order of their numbers.
            turned = np.roll(signatures, -begin, axis=1).astype(">u4")
            order = np.argsort(turned.view(f"S{turned.itemsize * turned.shape[1]}").ravel(), kind="stable")
            for step in range(1, _NEIGHBOURS + 1):
                one, other = order[:-step], order[step:]
                pairs.append(np.minimum(one, other) * len(refs) + np.maximum(one, other))
        ones, others = np.divmod(np.unique(np.concatenate(pairs)), len(refs))
        likeness = np.concatenate(
            [
                (signatures[ones[these]] == signatures[others[these]]).mean(axis=1)
                for these in _slices(len(ones), _PAIRS_AT_ONCE)
            ]
        )
        likest = np.argsort(-likeness, kind="stable")[: _VERIFIED_PER_ROW * len(refs)]
        likest = likest[likeness[likest] >= self._unlike]
        yield from self._verified(refs[ones[likest]], refs[others[likest]])

    def _estimates(self, ones: Refs, others: Refs) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        likeness, first = np.empty(len(ones)), np.empty(len(ones), np.int64)
        for these in _slices(len(ones), _PAIRS_AT_ONCE):
            left, right = self._reader.signatures(ones[these]), self._reader.signatures(others[these])
            likeness[these] = (left == right).mean(axis=1)
            first[these] = self._bands.first_shared(left, right)
        return likeness, first

    def _verified(self, ones: Refs, others: Refs) -> Iterator[Edges]:
        order = np.lexsort((others, ones))
        for these in _slices(len(ones), _TEXTS_AT_ONCE):
            pairs = [
                (one, other)
                for one, other in zip(ones[order[these]].tolist(), others[order[these]].tolist(), strict=True)
                if self._top(one) != self._top(other)
            ]
            sets = self._pieces({ref for pair in pairs for ref in pair})
            alike = []
            for one, other in pairs:
                if self._top(one) != self._top(other) and self._are_alike(one, other, sets):
                    self._join(one, other)
                    alike.append((one, other))
            if alike:
                found = np.array(alike, np.int64)
                yield Edges(found[:, 0], found[:, 1], np.zeros(len(found), bool))

    def _are_alike(self, one: int, other: int, sets: dict[int, NDArray[np.uint64]]) -> bool:
        value = jaccard(sets[one], sets[other])
        if self._lowest - _FORMS_DIFFER <= value < self._lowest:
            value = plain_jaccard(*self._reader.texts(np.array([one, other])))
        return value >= self._lowest

    def _pieces(self, refs: set[int]) -> dict[int, NDArray[np.uint64]]:
        missing = np.array(sorted(refs - self._sets.keys()), np.int64)
        if len(missing):
            if len(self._sets) + len(missing) > _SETS_HELD:
                self._sets = {ref: some for ref, some in self._sets.items() if ref in refs}
            self._sets.update(zip(missing.tolist(), shingle_sets(self._reader.texts(missing)), strict=True))
        return self._sets

    def _top(self, ref: int) -> int:
        above = self._above
        while (higher := above.get(ref, ref)) != ref:
            above[ref] = ref = above.get(higher, higher)
        return ref

    def _join(self, one: int, other: int) -> None:
        self._above[self._top(one)] = self._top(other)


def _slices(length: int, size: int) -> list[slice]:
    return [slice(begin, begin + size) for begin in range(0, length, size)]
