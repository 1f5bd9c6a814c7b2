"""Clusters documents with rensa's full-set R-MinHash; it needs rensa.

`python by_rensa.py DOCUMENTS OUT BANDS ROWS SIMILARITY pieces|words`: over the same 5-character pieces, or over the
words between blanks as in its README. A pair is what its deduplicator takes for one, by the similarity of sketches.
"""

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pieces import pieces, tell, texts
from rensa import RMinHash, RMinHashDeduplicator

AT_ONCE = 1000


def found(
    documents: Path, bands: int, rows: int, similarity: float, of: Callable[[str], set[str]]
) -> Iterator[tuple[int, int]]:
    """Each document that is taken for a duplicate, with those kept that it repeats."""
    index = RMinHashDeduplicator(threshold=similarity, num_perm=bands * rows, use_lsh=True, num_bands=bands)
    arriving = texts(documents)
    while some := list(itertools.islice(arriving, AT_ONCE)):
        sketches = RMinHash.from_token_sets([of(text) for _, text in some], bands * rows, 42)
        kept = index.add_pairs([(str(number), sketch) for (number, _), sketch in zip(some, sketches, strict=True)])
        dropped = [place for place, is_kept in enumerate(kept) if not is_kept]
        repeated = index.get_duplicate_sets([sketches[place] for place in dropped])
        for place, others in zip(dropped, repeated, strict=True):
            for other in others:
                yield int(other), some[place][0]


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    cut = {"pieces": pieces, "words": lambda text: set(text.split())}[sys.argv[6]]
    tell(lambda: found(folder, int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), cut), out)
