"""Puts the rows of a language into an order, topic by topic, in which each next row is far from those before it."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

# With how many rows of its own and the nearest topics a row is compared: all of many languages.
_COMPARED = 2048
# Rows of a language that are put in order by distance, at least; those behind follow by score.
_FEWEST_SPACED = 10_000
# Of so many rows the vectors are held in full; of more in halves, as they come.
_HELD_IN_FULL = 50_000

Vectors = NDArray[np.floating]
Places = NDArray[np.int64]


def spaced(
    vectors: Vectors, topics: Places, scores: NDArray[np.float64], lots: NDArray[np.uint64], best: float, wanted: int
) -> list[Places]:
    """The places of each topic's rows in the order in which they are to be taken; topics that lie apart come first.

    It is the greedy choice of k centres: round by round each topic gives, of the share `best` of its rows that are
    scored best, the one that is farthest from all rows given before; once these are gone, of the others. Among equals
    the better scored comes first, then the smaller lot. vectors: unit length or zeros, all of which are taken for one.
    wanted: how many rows will be taken; twice as many are put in order by distance.
    """
    if not len(topics):
        return []
    spacing = _Spacing(vectors, topics, np.lexsort((lots, -scores, topics)), scores, best)
    with threadpool_limits(1):
        spacing.give(min(len(topics), max(_FEWEST_SPACED, 2 * wanted)))
    return spacing.taken()


class _Spacing:
    """The rounds. order: the places of all rows, topic by topic, the best scored first; rows are told by where they
    stand in it.
    """

    def __init__(
        self, vectors: Vectors, topics: Places, order: Places, scores: NDArray[np.float64], best: float
    ) -> None:
        self._vectors = vectors.astype(np.float32) if len(order) <= _HELD_IN_FULL else vectors
        self._places = order
        self._empty: NDArray[np.bool_] = np.asarray(~vectors.any(axis=1))
        ends = [0, *(np.flatnonzero(np.diff(topics[order])) + 1).tolist(), len(order)]
        self._spans = list(itertools.pairwise(ends))
        centres = np.array([self._of(order[begin:end]).mean(axis=0) for begin, end in self._spans])
        self._turns = _apart(centres, self._empty[order[ends[:-1]]])
        self._near = _neighbourhoods(centres, self._spans)
        self._far = np.full(len(order), 2.0, np.float32)  # from the nearest row given so far; -1 for rows given
        self._better = [_better(scores[order[begin:end]], best) for begin, end in self._spans]
        self._given: list[list[int]] = [[] for _ in self._spans]

    def taken(self) -> list[Places]:
        """Each topic's places: those given, in order, and then the others; topics as they take turns."""
        return [
            self._places[[*self._given[topic], *(np.flatnonzero(self._far[begin:end] >= 0) + begin)]]
            for topic in self._turns
            for begin, end in (self._spans[topic],)
        ]

    def give(self, count: int) -> None:
        """Has the topics give so many rows, one a round."""
        while count:
            for topic in self._turns:
                begin, end = self._spans[topic]
                if len(self._given[topic]) < end - begin and count:
                    self._give(topic, begin, end)
                    count -= 1

    def _give(self, topic: int, begin: int, end: int) -> None:
        better = self._better[topic]
        last = begin + better if len(self._given[topic]) < better else end
        # Rounded, so that equals are equal.
        row = begin + int(self._far[begin:last].round(4).argmax())
        self._given[topic].append(row)
        place, near = self._places[row], self._near[topic]
        if self._empty[place]:
            like = self._empty[self._places[near]].astype(np.float32)
        else:
            like = self._of(self._places[near]) @ self._of(place)
        self._far[near] = np.where(self._far[near] < 0, -1, np.minimum(self._far[near], np.maximum(1 - like, 0)))
        self._far[row] = -1

    def _of(self, places: Places | np.int64) -> NDArray[np.float32]:
        return np.asarray(self._vectors[places], np.float32)


def _better(scores: NDArray[np.float64], best: float) -> int:
    """How many of a topic's rows, best first, are the best-scored share; as many as are scored like the last of it."""
    last = scores[max(1, math.ceil(best * len(scores))) - 1]
    return int((scores >= last).sum())


def _apart(centres: Vectors, empty: NDArray[np.bool_]) -> list[int]:
    """The topics: the first, then always the one whose centre is farthest from the nearest before it."""
    order, far = [0], np.full(len(centres), np.inf)
    length = np.linalg.norm(centres, axis=1, keepdims=True)
    units = np.hstack([centres / np.where(length > 0, length, 1), empty[:, None]])
    while len(order) < len(centres):
        far = np.minimum(far, 1 - units @ units[order[-1]])
        far[order] = -np.inf
        order.append(int(far.round(4).argmax()))
    return order


def _neighbourhoods(centres: Vectors, spans: list[tuple[int, int]]) -> list[Places]:
    """For each topic the rows of it and of those around it, which are _COMPARED or a few more; all, if not so many."""
    if spans[-1][1] <= _COMPARED:
        return [np.arange(spans[-1][1])] * len(spans)
    sizes = np.array([end - begin for begin, end in spans])
    found = []
    for centre in centres:
        nearest = np.argsort(((centres - centre) ** 2).sum(axis=1).round(6), kind="stable")
        count = int(np.searchsorted(np.cumsum(sizes[nearest]), _COMPARED)) + 1
        found.append(np.concatenate([np.arange(*spans[other]) for other in nearest[:count]]))
    return found
