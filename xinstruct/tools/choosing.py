"""Chooses a language's rows: topics in turn, best rows first, within a budget and the shares of hosts and sources."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERDICTS = (None, "over_budget", "host_quota", "religious_quota", "wikipedia_quota")
_KEPT, _OVER_BUDGET, _HOST_QUOTA, _KIND_QUOTA = range(4)


@dataclass(frozen=True)
class Quotas:
    """budget: most rows, None for all; host_share, host_floor: largest share of a host, 0..1, and the rows below which
    it is not cut; kind_shares, kind_floor: the same for the kinds of sources, in the order of `provenance.KINDS`.
    """

    budget: int | None
    host_share: float
    host_floor: int
    kind_shares: tuple[float, ...]
    kind_floor: int


def chosen(topics: NDArray[np.int64], rows: NDArray[Any], quotas: Quotas) -> NDArray[np.int8]:
    """Places in VERDICTS for the rows of one language. rows: with host (0 for none), kind (0 for none), score, lot."""
    budget = min(len(topics), quotas.budget or len(topics))
    room = np.bincount(rows["kind"], minlength=len(quotas.kind_shares) + 1)
    reasons = _taken(topics, rows, quotas, budget, room)
    # What one quota takes away makes the shares of all others larger: tightened until all hold at once.
    while (tighter := _tighter(room, rows["kind"], reasons, budget, quotas)) is not None:
        room = tighter
        reasons = _taken(topics, rows, quotas, budget, room)
    return reasons


def _tighter(
    room: NDArray[np.int64], kinds: NDArray[np.int8], reasons: NDArray[np.int8], budget: int, quotas: Quotas
) -> NDArray[np.int64] | None:
    """The most rows of each kind, now that rows were taken with this `room`; None when all are within their shares."""
    kept = np.bincount(kinds[reasons == _KEPT], minlength=len(room))
    shares = np.array([1.0, *quotas.kind_shares])
    over = (kept > shares * kept.sum() + 1e-9) & (np.arange(len(room)) > 0)
    if kept.sum() == budget < len(kinds):
        within = np.floor(shares * budget + 1e-9)
    else:  # so many rows that those which are not over their share are what is left for them
        within = np.floor(shares * kept[~over].sum() / (1 - shares[over].sum()) + 1e-9)
    others = ((reasons == _KEPT) | (reasons == _OVER_BUDGET)) & ~over[kinds]
    floor = min(quotas.kind_floor, max(0, budget - others.sum()))
    wanted = np.where(over, np.minimum(room, np.maximum(within, floor)), room).astype(np.int64)
    return wanted if (wanted < np.minimum(room, kept)).any() else None


def _taken(
    topics: NDArray[np.int64], rows: NDArray[Any], quotas: Quotas, budget: int, kind_room: NDArray[np.int64]
) -> NDArray[np.int8]:
    # Turn by turn, each topic gives its best row whose host and kind are not full, until the budget is filled.
    host_room, hosts = _host_rooms(rows, quotas, budget, kind_room)
    kind_left, kinds = kind_room.copy(), rows["kind"]
    order = np.lexsort((rows["lot"], -np.nan_to_num(rows["score"], nan=-1.0)))
    waiting = [iter(order[topics[order] == topic].tolist()) for topic in range(int(topics.max(initial=-1)) + 1)]
    reasons = np.full(len(topics), _OVER_BUDGET, np.int8)
    while waiting and budget:
        for queue in list(waiting):
            for place in queue:
                if not kind_left[kinds[place]]:
                    reasons[place] = _KIND_QUOTA + kinds[place] - 1
                elif not host_room[hosts[place]]:
                    reasons[place] = _HOST_QUOTA
                else:
                    break
            else:
                waiting.remove(queue)
                continue
            reasons[place] = _KEPT
            host_room[hosts[place]] -= 1
            kind_left[kinds[place]] -= 1
            budget -= 1
            if not budget:
                break
    return reasons


def _host_rooms(
    rows: NDArray[Any], quotas: Quotas, budget: int, kind_room: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The most rows of each host, and each row's host. A kind that is cut gives so much less of each of its hosts."""
    hosts, host = np.unique(rows["host"], return_inverse=True)
    counts = np.maximum(1, np.bincount(rows["kind"], minlength=len(kind_room)))
    given = np.minimum(1.0, kind_room / counts)[rows["kind"]]
    sizes = np.ceil(np.bincount(host, weights=given, minlength=len(hosts)) - 1e-9).astype(np.int64)
    left = int(np.minimum(kind_room, counts).sum())
    floor = 1 if budget < left else quotas.host_floor
    named = hosts != 0
    most = _host_room(sizes[named], int(sizes[~named].sum()), min(budget, left), quotas.host_share, floor)
    return np.where(named, most, len(rows)), host


def _host_room(sizes: NDArray[np.int64], hostless: int, budget: int, share: float, floor: int) -> int:
    # The most rows of one host: the largest number that is within the share of what is then kept of all hosts.
    share = max(share, 2 / max(1, len(sizes)))
    if share >= 1:
        return budget
    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        kept = min(budget, hostless + int(np.minimum(sizes, middle).sum()))
        low, high = (middle, high) if middle <= share * kept else (low, middle - 1)
    return max(low, floor)
