"""Chooses a language's rows: queues take turns, within a budget and the shares of hosts, verbs and other groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT, OVER_BUDGET = 0, 1
_FIRST_QUOTA = 2
FEW_GROUPS, FLOOR = "few groups", "rows always kept"
_EXACT = 1e-9
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Quota:
    """A cap on the rows of each group, such as those of one host.

    column: name of what tells the rows' groups, by numbers; 0 for rows that belong to none and are not capped. share:
    of the language's rows, 0..1, that a group gives at most. floor: no group is cut below so many rows, as far as the
    budget has room. eased: whether each group may give one row, and where groups are few, twice an even share, so that
    what has one or two groups in all loses nothing.
    """

    name: str
    column: str
    share: float
    floor: int
    eased: bool = True

    def share_of(self, groups: int) -> float:
        """The share to which so many groups are held."""
        return min(1.0, max(self.share, 2 / groups)) if self.eased and groups else self.share


@dataclass(frozen=True)
class Choice:
    """reasons: for each row KEPT, OVER_BUDGET, or 2 and more for the quotas in their order. shares: what each quota
    held the groups to, after easing; largest: how many rows were kept of its largest group.
    """

    reasons: NDArray[np.int8]
    shares: tuple[float, ...]
    largest: tuple[int, ...]


def chosen(
    queues: Sequence[Places], columns: Mapping[str, NDArray[Any]], budget: int | None, quotas: Sequence[Quota]
) -> Choice:
    """The choice among the rows of one language. queues: the places of rows that are alike, in the order of taking, all
    rows together; columns: what each quota goes by, shape (rows,).

    First all shares are held; then, where that leaves the budget unfilled, groups are filled up to their floors.
    """
    count = sum(map(len, queues))
    groups = _Groups(count, columns, quotas)
    budget = min(count, budget or count)
    room = groups.sizes.copy()
    reasons = _taken(queues, groups, room, budget)
    # What one quota takes away makes the shares of all others larger: tightened until all hold at once.
    while (tighter := groups.tighter(room, reasons, budget)) is not None:
        room = tighter
        reasons = _taken(queues, groups, room, budget)
    kept = reasons == KEPT
    if left := budget - int(kept.sum()):
        waiting = [queue[reasons[queue] >= _FIRST_QUOTA] for queue in queues]
        spare = np.maximum(np.maximum(room, groups.floors) - groups.counts(kept), 0)
        spare[0] = room[0]
        reasons = np.where(kept, KEPT, _taken(waiting, groups, spare, left))
    return Choice(reasons.astype(np.int8), tuple(groups.shares), groups.largest(reasons == KEPT))


def above(choice: Choice, quotas: Sequence[Quota]) -> dict[str, dict[str, Any]]:
    """The quotas whose largest group has more than the share that they name after all, by their columns: `wanted` and
    `reached`, 0..1, and `why`: FEW_GROUPS, or FLOOR for rows that are always kept.
    """
    kept, told = int((choice.reasons == KEPT).sum()), {}
    for quota, share, rows in zip(quotas, choice.shares, choice.largest, strict=True):
        if rows > quota.share * kept + _EXACT:
            why = FEW_GROUPS if rows <= max(share * kept, quota.eased) + _EXACT else FLOOR
            told[quota.column] = {"wanted": quota.share, "reached": round(rows / kept, 4), "why": why}
    return told


class _Groups:
    """The groups of all quotas under one numbering; 0 is none. table: shape (rows, quotas), each row's groups."""

    def __init__(self, rows: int, columns: Mapping[str, NDArray[Any]], quotas: Sequence[Quota]) -> None:
        self.table = np.zeros((rows, len(quotas)), np.int32)
        self._spans, self._quotas = [], quotas
        self.shares, floors, begin = [], [0], 1
        for nth, quota in enumerate(quotas):
            names, found = np.unique(columns[quota.column], return_inverse=True)
            none = int(bool(len(names)) and names[0] == 0)
            self.table[:, nth] = np.where(found >= none, found - none + begin, 0)
            count = len(names) - none
            self.shares.append(quota.share_of(count))
            self._spans.append((begin, begin + count))
            floors += [quota.floor] * count
            begin += count
        self.floors = np.array(floors, np.int64)
        self.sizes = self.counts(np.ones(rows, bool))

    def counts(self, which: NDArray[np.bool_]) -> Places:
        """How many of these rows each group has; of none, more than there are."""
        counts = np.bincount(self.table[which].ravel(), minlength=len(self.floors))
        counts[0] = self.table.size + 1
        return counts

    def largest(self, which: NDArray[np.bool_]) -> tuple[int, ...]:
        """How many of these rows the largest group of each quota has."""
        counts = self.counts(which)
        return tuple(int(counts[begin:end].max(initial=0)) for begin, end in self._spans)

    def tighter(self, room: Places, reasons: NDArray[np.int8], budget: int) -> Places | None:
        """The most rows of each group, now that with this `room` so many were taken; None when all shares hold.

        One quota is tightened at a time, the one that is farthest from holding, lest another's rows be cut in vain.
        """
        kept = reasons == KEPT
        total, counts = int(kept.sum()), self.counts(kept)
        may = reasons <= OVER_BUDGET
        least = [self._least(nth, may, budget) for nth in range(len(self._quotas))]
        over = [
            counts[begin:end].max(initial=0) - max(share * total, least[nth])
            for nth, ((begin, end), share) in enumerate(zip(self._spans, self.shares, strict=True))
        ]
        if not over or max(over) <= _EXACT:
            return None
        worst = int(np.argmax(over))
        begin, end = self._spans[worst]
        sizes, free = self.counts(may)[begin:end], int((self.table[may, worst] == 0).sum())
        most = _most(np.minimum(sizes, room[begin:end]), free, budget, self.shares[worst])
        # With rows at hand that wait for others' room the figure may be too high: then it goes down by one.
        most = max(least[worst], min(most, int(counts[begin:end].max()) - 1))
        tighter = room.copy()
        tighter[begin:end] = np.minimum(room[begin:end], most)
        return tighter

    def _least(self, nth: int, may: NDArray[np.bool_], budget: int) -> int:
        # What a group of the quota is not cut below while shares are made to hold. A quota of one group, which no share
        # can hold where there is little else, is not cut below its floor, if what else there is leaves so much room.
        quota = self._quotas[nth]
        if quota.eased:
            return 1
        others = int((self.table[may, nth] == 0).sum())
        return min(quota.floor, max(0, budget - others))


def _most(sizes: Places, ungrouped: int, budget: int, share: float) -> int:
    # The most rows of one group: the largest number that is within the share of what is then kept of all groups.
    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        kept = min(budget, ungrouped + int(np.minimum(sizes, middle).sum()))
        low, high = (middle, high) if middle <= share * kept + _EXACT else (low, middle - 1)
    return low


def _taken(queues: Sequence[Places], groups: _Groups, room: Places, budget: int) -> NDArray[np.int8]:
    """Turn by turn, each queue gives its next row none of whose groups is full, until the budget is filled."""
    left, table = room.tolist(), groups.table
    reasons = np.full(len(table), OVER_BUDGET, np.int8)
    waiting = [iter(queue.tolist()) for queue in queues]
    while waiting and budget:
        turn, waiting = waiting, []
        for queue in turn:
            for place in queue:
                own = table[place].tolist()
                full = next((nth for nth, group in enumerate(own) if not left[group]), None)
                if full is None:
                    break
                reasons[place] = _FIRST_QUOTA + full
            else:
                continue
            waiting.append(queue)
            reasons[place] = KEPT
            for group in own:
                left[group] -= 1
            budget -= 1
            if not budget:
                break
    return reasons
