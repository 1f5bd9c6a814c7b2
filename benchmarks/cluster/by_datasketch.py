"""Clusters documents with datasketch at its fastest; it needs datasketch and xxhash.

`python by_datasketch.py DOCUMENTS OUT BANDS ROWS SIMILARITY`: 5-character pieces hashed with xxh3, `update_batch` on
copies of one MinHash so that its permutations are made once, MinHashLSH with the given bands, and each pair that meets
is verified by its pieces.
"""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

from datasketch import MinHash, MinHashLSH
from pieces import jaccard, pieces, tell, texts
from xxhash import xxh3_64_intdigest


def hashed(piece: bytes) -> int:
    """What scheme affine32 takes."""
    return xxh3_64_intdigest(piece) & 0xFFFFFFFF


def found(documents: Path, bands: int, rows: int, similarity: float) -> Iterator[tuple[int, int]]:
    """The verified pairs."""
    blank = MinHash(num_perm=bands * rows, seed=1, hashfunc=hashed)
    index = MinHashLSH(num_perm=bands * rows, params=(bands, rows))
    held: dict[int, str] = {}
    of = functools.lru_cache(256)(lambda number: pieces(held[number]))
    for number, text in texts(documents):
        held[number] = text
        signature, some = blank.copy(), pieces(text)
        signature.update_batch([piece.encode() for piece in some])
        for other in index.query(signature):
            if jaccard(some, of(other)) >= similarity:
                yield other, number
        index.insert(number, signature, check_duplication=False)


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    tell(lambda: found(folder, int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])), out)
