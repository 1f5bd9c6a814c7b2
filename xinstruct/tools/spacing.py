"""Spaces out the rows of a language: finds those that stand for all others, and puts behind each the rows like it."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

# Rows that are compared with one another, at most: all of many languages. What they are like takes 16 MB.
_MOST_COMPARED = 2048
# What a row must stand for, in rows, beyond what is stood for already: below it is a double, and taken in its turn.
_LEAST_STOOD_FOR = 0.3
# How far, in cosine distance, a farthest row must be from those taken before it: nearer ones are doubles.
_LEAST_APART = 0.05
# What the first farthest row of a cell counts for, more than any distance: each cell gives one before any gives two.
_FIRST_OF_CELL = 2.0
_VECTORS_AT_ONCE = 1 << 14

# How like a row must be to the one that stands for it, for people to be told that it is like that one.
_LEAST_ALIKE = 0.5

Vectors = NDArray[np.floating]
Places = NDArray[np.int64]
Order = Literal["representative", "farthest"]


def spaced(
    vectors: Vectors,
    topics: Places,
    scores: NDArray[np.float64],
    lots: NDArray[np.uint64],
    best: float,
    wanted: int,
    order: Order = "representative",
) -> list[Places]:
    """Queues of places, every row in one: rows that are alike, the most like the row that stands for them first.

    At most `wanted` rows stand for others. Representative: each is the one that adds most to what those before it stand
    for, which is the sum, over all rows, of how like each is to the nearest of them (the greedy choice of facility
    location). Farthest: each is the one least like any before it (Gonzalez' farthest points), the first as before.
    Queues come in this order. Only the share `best` of a topic's rows that are scored best can stand for others, and
    comes before the rest in a queue; among equals the better scored comes first, then the smaller lot. Of many rows
    only those in the same part of the space are compared. vectors: unit length or zeros, all of which are taken for
    one.
    """
    if not len(topics):
        return []
    ranks = np.lexsort((lots, -scores))
    better = _better(topics, scores, ranks, best)
    with threadpool_limits(1):
        cells = list(_cells(vectors, ranks))
        adds = np.zeros(len(ranks))
        for cell in cells:
            for row, gain in _CHOICES[order](_like(vectors[cell]), better[cell], wanted):
                adds[cell[row]] = gain
        first = ranks[np.argsort(-adds[ranks], kind="stable")][:wanted]
        first = first[adds[first] > 0]
        stands = np.zeros(len(ranks), bool)
        stands[first] = True
        queues: dict[int, Places] = {}
        rest: list[Places] = []
        for cell in cells:
            standing = np.flatnonzero(stands[cell])
            if len(standing):
                behind = _behind(_like(vectors[cell]), standing, better[cell])
                queues.update(zip(cell[standing].tolist(), (cell[rows] for rows in behind), strict=True))
            else:
                rest.append(cell)
    return [*(queues[place] for place in first.tolist()), *rest]


def stand_ins(
    queues: Sequence[Places], vectors: Vectors, kept: NDArray[np.bool_], left_out: NDArray[np.bool_]
) -> Places:
    """For each row that was left out, the place of the kept row at the head of its queue, if it is like that one; else
    -1, as for all others. queues, vectors: as for `spaced`.
    """
    found = np.full(len(kept), -1, np.int64)
    for queue in queues:
        if len(queue) and kept[queue[0]]:
            out = queue[left_out[queue]]
            like = vectors[out].astype(np.float32) @ vectors[queue[0]].astype(np.float32)
            found[out[like >= _LEAST_ALIKE]] = queue[0]
    return found


def _better(topics: Places, scores: NDArray[np.float64], ranks: Places, best: float) -> NDArray[np.bool_]:
    """Which rows are of their topic's best-scored share; all that are scored like the last of it are."""
    order = ranks[np.argsort(topics[ranks], kind="stable")]
    sizes = np.unique(topics, return_counts=True)[1]
    begins = np.cumsum(sizes) - sizes
    last = order[begins + np.maximum(1, np.ceil(best * sizes)).astype(np.int64) - 1]
    better = np.empty(len(topics), bool)
    better[order] = scores[order] >= np.repeat(scores[last], sizes)
    return better


def _cells(vectors: Vectors, rows: Places) -> Iterator[Places]:
    """The rows in groups of at most _MOST_COMPARED that lie near each other: halved where they differ most."""
    if len(rows) <= _MOST_COMPARED:
        yield rows
        return
    along = _along(vectors, rows)
    middle = np.median(along)
    # Equal rows stay together, unless all are equal.
    near = along <= middle if (along > middle).any() else along < middle
    if not near.any():
        near = np.arange(len(rows)) < len(rows) // 2
    yield from _cells(vectors, rows[near])
    yield from _cells(vectors, rows[~near])


def _along(vectors: Vectors, rows: Places) -> NDArray[np.float64]:
    """Where each row stands in the direction in which these rows differ most; rounded, so that equals are equal."""
    parts = [rows[begin : begin + _VECTORS_AT_ONCE] for begin in range(0, len(rows), _VECTORS_AT_ONCE)]
    size = vectors.shape[1]
    total, squares = np.zeros(size), np.zeros((size, size))
    for part in parts:
        some = vectors[part].astype(np.float32)
        total += some.sum(axis=0)
        squares += some.T @ some
    mean = total / len(rows)
    direction = np.linalg.eigh(squares / len(rows) - np.outer(mean, mean))[1][:, -1]
    return np.concatenate([(vectors[part].astype(np.float64) @ direction).round(5) for part in parts])


def _like(vectors: Vectors) -> NDArray[np.float32]:
    """How like each two rows are, 0..1."""
    full = vectors.astype(np.float32)
    like: NDArray[np.float32] = np.maximum(full @ full.T, 0)
    empty = np.flatnonzero(~full.any(axis=1))
    like[np.ix_(empty, empty)] = 1
    return like


def _standing(like: NDArray[np.float32], may: NDArray[np.bool_], most: int) -> Iterator[tuple[int, float]]:
    """The rows that stand for others, at most so many, with what each adds; always the one that adds most comes next.

    like: shape (rows, rows), may: which of them can stand for others. What a row adds only falls while others are
    taken: so the first that still adds what it was thought to add is the right one, without a look at the others.
    """
    stood_for = np.zeros(len(like), np.float32)
    # Rounded, so that equals are equal, and the first of them is taken.
    waiting = [(-round(float(gain), 4), row) for row, gain in enumerate(like.sum(axis=1)) if may[row]]
    heapq.heapify(waiting)
    while waiting and most:
        thought, row = waiting[0]
        gain = round(float(np.maximum(like[row] - stood_for, 0).sum()), 4)
        if gain < -thought:
            heapq.heapreplace(waiting, (-gain, row))
            continue
        if gain < _LEAST_STOOD_FOR:
            return
        heapq.heappop(waiting)
        np.maximum(stood_for, like[row], out=stood_for)
        most -= 1
        yield row, gain


def _farthest(like: NDArray[np.float32], may: NDArray[np.bool_], most: int) -> Iterator[tuple[int, float]]:
    """The rows that lie farthest from those taken before them, at most so many, with the cosine distance of each."""
    rows = np.flatnonzero(may)
    if not len(rows):
        return
    row, apart = rows[like[rows].sum(axis=1).round(4).argmax()], _FIRST_OF_CELL
    nearest = np.zeros(len(rows), np.float32)
    while most and apart >= _LEAST_APART:
        yield int(row), float(apart)
        most -= 1
        np.maximum(nearest, like[row, rows], out=nearest)
        # Rounded, so that equals are equal, and the first of them is taken.
        distances = (1 - nearest).round(4)
        row, apart = rows[distances.argmax()], distances.max()


_CHOICES: dict[Order, Callable[[NDArray[np.float32], NDArray[np.bool_], int], Iterator[tuple[int, float]]]] = {
    "representative": _standing,
    "farthest": _farthest,
}


def _behind(like: NDArray[np.float32], standing: Places, better: NDArray[np.bool_]) -> list[Places]:
    """For each row that stands for others its queue: the better ones first, and of these those most like it."""
    owner = like[:, standing].argmax(axis=1)
    owner[standing] = np.arange(len(standing))
    nearness = like[np.arange(len(like)), standing[owner]].round(4)
    order = np.lexsort((-nearness, ~better, owner))
    return np.split(order, np.cumsum(np.bincount(owner, minlength=len(standing)))[:-1])
