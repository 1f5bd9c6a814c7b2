"""Signs texts with MinHash, so that texts which share most of their 5-character pieces meet under a common key."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.minhash.shingles import Normal, mixed

# The share of the pairs at the threshold that must meet in a band: 99 in 100 may be asked for, and half of the doubt is
# left for what chance adds in a set of some thousand pairs.
FOUND = 0.995
# Pieces that are signed together: their hashes stay in a core's cache while all permutations pass over them.
_PIECES_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Bands:
    """A signature of `rows * bands` numbers, read as bands: two texts meet when all rows of one band are alike."""

    rows: int
    bands: int

    @classmethod
    def of(cls, similarity: float, permutations: int) -> "Bands":
        """The longest bands for which FOUND of the pairs at `similarity` meet: long bands keep the unlike apart.

        permutations: the most numbers in a signature; fewer are used when fewer do. ValueError when they cannot do it.
        """
        rows = 0
        while rows < permutations and (rows + 1) * _needed(similarity, rows + 1) <= permutations:
            rows += 1
        if rows == 0:
            raise ValueError(
                f"{permutations} permutations are too few to find pairs of similarity {similarity}; "
                f"give at least {_needed(similarity, 1)}"
            )
        return cls(rows, _needed(similarity, rows))

    @property
    def permutations(self) -> int:
        """Numbers in a signature."""
        return self.rows * self.bands

    def found(self, similarity: float) -> float:
        """Chance that a pair of this similarity meets, 0..1."""
        return 1 - (1 - similarity**self.rows) ** self.bands

    def keys(self, signatures: NDArray[np.uint32], salts: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Keys of all bands, shape (n, bands). salts: (n,), texts with different salts never meet."""
        wide = signatures.reshape(len(signatures), self.bands, self.rows).astype(np.uint64)
        keys = np.broadcast_to(mixed(np.arange(1, self.bands + 1, dtype=np.uint64)), wide.shape[:2])
        keys = keys ^ salts[:, None]
        for row in range(self.rows):
            keys = mixed(keys + wide[:, :, row])
        return keys

    def first_shared(self, ones: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.int64]:
        """The first band in which pairs of signatures agree, shape (n,); 0 also for pairs that agree in none."""
        alike = (ones == others).reshape(len(ones), self.bands, self.rows).all(axis=2)
        first: NDArray[np.int64] = alike.argmax(axis=1)
        return first


def _needed(similarity: float, rows: int) -> int:
    meets = similarity**rows
    return 1 if meets >= FOUND else math.ceil(math.log(1 - FOUND) / math.log1p(-meets))


@functools.cache
def _permutations(count: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    from datasketch import MinHash  # it loads SciPy, for which `xinstruct status` should not wait

    factors, summands = MinHash(num_perm=count, seed=1, scheme="affine32").permutations
    return factors, summands


def _avalanched(hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    # MurmurHash3's 32-bit finaliser, which datasketch applies before its permutations.
    values = hashes.astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        values ^= values >> np.uint32(shift)
        values *= np.uint32(factor)
    return values ^ (values >> np.uint32(16))


def signatures(hashes: NDArray[np.uint64], bounds: NDArray[np.int64], permutations: int) -> NDArray[np.uint32]:
    """MinHash signatures, shape (n, permutations), equal to those of datasketch's scheme affine32 with seed 1.

    hashes: pieces of all texts on end, of which the low 32 bits count; bounds: n + 1 positions. A text without pieces
    gets datasketch's empty signature, all ones. Permutations pass one by one over many texts at once, which takes a
    tenth of the time of signing text by text.
    """
    factors, summands = _permutations(permutations)
    found = np.full((len(bounds) - 1, permutations), np.uint32(0xFFFFFFFF))
    values = _avalanched(hashes)
    begin = 0
    while begin < len(bounds) - 1:
        end = max(begin + 1, int(np.searchsorted(bounds, bounds[begin] + _PIECES_AT_ONCE, side="right")) - 1)
        filled = begin + np.flatnonzero(np.diff(bounds[begin : end + 1]))
        if len(filled):
            block = values[bounds[begin] : bounds[end]]
            starts, room = bounds[filled] - bounds[begin], np.empty_like(block)
            minima = np.empty((permutations, len(filled)), np.uint32)
            for number in range(permutations):
                np.multiply(block, factors[number], out=room)
                np.add(room, summands[number], out=room)
                np.minimum.reduceat(room, starts, out=minima[number])
            found[filled] = minima.T
        begin = end
    return found


def signed(texts: Sequence[str], permutations: int) -> tuple[Normal, NDArray[np.uint32]]:
    """The normal forms of texts and their signatures, shape (n, permutations)."""
    normal = Normal(texts)
    hashes, bounds = normal.shingles()
    return normal, signatures(hashes, bounds, permutations)
