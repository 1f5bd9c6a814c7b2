"""Says which row of a cluster of near-duplicates is kept: the best scored, then the longest, then the tidiest."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xinstruct.tools.minhash.letters import BLANK, IGNORED, classes
from xinstruct.tools.minhash.row_files import RowReader

# Columns of the row files that decide.
COLUMNS = ("id", "score", "length")

_LINE_END, _JOINERS = ord("\n"), (0x200C, 0x200D)
# Letters of Latin, Greek and Cyrillic come before it: they have no use for joiners.
_FIRST_JOINED = 0x0530
_TEXTS_AT_ONCE = 1024


def untidy(texts: Sequence[str]) -> NDArray[np.int64]:
    """How much of each text, shape (n,), its readers would rather not have, among texts that say the same: blanks after
    blanks (beside one empty line), characters that show nothing, accents apart from their letters; every letter where
    all are capitals or all small. Joiners inside words that are spelled with them count as -1.
    """
    composed = [unicodedata.normalize("NFC", text) for text in texts]
    laid = " " + "".join(f"{text} " for text in composed)  # so that blanks at either end stand beside a blank, too
    points = np.frombuffer(laid.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = classes()[points]
    blank = kinds == BLANK
    double = 1 + np.flatnonzero(blank[1:] & blank[:-1])
    line_end = points == _LINE_END
    double = double[~(line_end[double] & line_end[double - 1] & ~blank[double - 2])]
    hidden = np.flatnonzero(kinds == IGNORED)
    before = points[hidden - 1]
    belongs = np.isin(points[hidden], _JOINERS) & (before >= _FIRST_JOINED) & (kinds[hidden - 1] != IGNORED)
    ends = np.cumsum([len(text) + 1 for text in composed])
    stray = np.bincount(np.searchsorted(ends, double), minlength=len(texts)).astype(np.int64)
    stray += np.bincount(np.searchsorted(ends, hidden), minlength=len(texts))
    stray -= 2 * np.bincount(np.searchsorted(ends, hidden[belongs]), minlength=len(texts))
    stray += [max(0, len(text) - len(whole)) for text, whole in zip(texts, composed, strict=True)]
    stray += [len(text) if text.isupper() or text.islower() else 0 for text in texts]
    return stray


def ranked(
    reader: RowReader, refs: NDArray[np.int64], clusters: NDArray[np.int64], rows: pa.RecordBatch
) -> NDArray[np.int64]:
    """The rank of each row, shape (n,), 0 for the one to be kept before all others; nothing depends on how rows are
    grouped into parts.

    By score (none is worst), length, tidiness, then id. refs, clusters: of all rows, shape (n,), in the order of the
    batch, which has COLUMNS. Only texts of one cluster that are equals in score and length are looked at.
    """
    ids = pc.rank(rows.column("id"), sort_keys="ascending", tiebreaker="first").to_numpy()
    score = np.nan_to_num(rows.column("score").to_numpy(zero_copy_only=False), nan=-np.inf)
    length = rows.column("length").to_numpy()
    stray = np.zeros(len(refs), np.int64)
    equals = _equals(clusters, score, length)
    for begin in range(0, len(equals), _TEXTS_AT_ONCE):
        some = equals[begin : begin + _TEXTS_AT_ONCE]
        stray[some] = untidy(reader.texts(refs[some]))
    return np.argsort(np.lexsort((ids, stray, -length, -score)))


def _equals(*columns: NDArray[np.generic]) -> NDArray[np.int64]:
    """The places, ascending, of rows that have another like them in all columns."""
    order = np.lexsort(columns)
    same = np.ones(max(0, len(order) - 1), bool)
    for column in columns:
        same &= column[order[1:]] == column[order[:-1]]
    return np.sort(order[np.append(same, False) | np.append(False, same)]) if len(order) else order


def first_of_each(rank: NDArray[np.int64], clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row, the row of lowest rank in its cluster, shape (n,)."""
    order = np.argsort(rank)
    _, first, cluster = np.unique(clusters[order], return_index=True, return_inverse=True)
    best = np.empty_like(order)
    best[order] = order[first][cluster]
    return best
