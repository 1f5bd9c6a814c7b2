"""Signs texts and their lines with MinHash over their letters, so that a whole text is known again when a few words of
it were changed.
"""

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.minhash.signatures import Bands, signatures
from xinstruct.tools.overlap.letters import Letters

# Texts that share so many of their 5-letter pieces are alike.
LIKE = 0.7
# They stand in the files of fingerprints: any other ones are a new version of these.
BANDS = Bands(rows=5, bands=26)
# Texts of fewer letters are too like each other to be compared.
SHORTEST_SIGNED = 40
_WIDTH = 5


class Signed:
    """Signatures of texts, and of the lines of those that have several.

    starts, ends: which letters were signed; texts: number of the text; signatures: uint32, (n, BANDS.permutations).
    A text is signed as what its lines have together.
    """

    def __init__(self, letters: Letters, lines: bool = True) -> None:
        pieces = np.arange(max(0, len(letters.points) - _WIDTH + 1))
        line_ends = letters.lines[np.searchsorted(letters.lines, pieces, side="right")]
        pieces = pieces[pieces + _WIDTH <= line_ends]
        hashes = letters.hashes(pieces, pieces + _WIDTH)
        of_lines = signatures(hashes, np.searchsorted(pieces, letters.lines), BANDS.permutations)
        texts, first = np.unique(letters.line_texts, return_index=True)
        of_texts = np.minimum.reduceat(of_lines, first) if len(first) else of_lines
        several = np.diff(np.append(first, len(of_lines))) > 1
        inner = np.flatnonzero(np.repeat(several, np.diff(np.append(first, len(of_lines))))) if lines else first[:0]
        starts = np.concatenate((letters.bounds[texts], letters.lines[inner]))
        ends = np.concatenate((letters.bounds[texts + 1], letters.lines[inner + 1]))
        chosen = ends - starts >= SHORTEST_SIGNED
        self.starts, self.ends = starts[chosen], ends[chosen]
        self.texts = np.concatenate((texts, letters.line_texts[inner]))[chosen]
        self.signatures: NDArray[np.uint32] = np.concatenate((of_texts, of_lines[inner]))[chosen]


def likeness(ones: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Jaccard similarity of pairs of signed texts, estimated by their signatures, shape (n,), 0..1; one standard error
    is 0.04 at 0.7.
    """
    alike: NDArray[np.float64] = (ones == others).mean(axis=1)
    return alike
