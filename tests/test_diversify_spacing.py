"""The rows that stand for a language's others are found, and each of the others is put behind the one it is like."""

import numpy as np
import pytest
from numpy.typing import NDArray

from xinstruct.tools import spacing
from xinstruct.tools.embedder.vectors import unit
from xinstruct.tools.spacing import Order, spaced

LOTS = np.random.default_rng(1).permutation(100_000).astype(np.uint64)


def clouds(sizes: list[int], spread: float, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors in so many groups, each around a direction of its own."""
    rng = np.random.default_rng(seed)
    middles = np.repeat(np.eye(len(sizes), 40), sizes, axis=0)
    return unit(np.abs(middles + spread * rng.normal(size=middles.shape)))


def queues_of(
    vectors: NDArray[np.float32], wanted: int, best: float = 1.0, order: Order = "representative"
) -> list[list[int]]:
    count = len(vectors)
    none = np.zeros(count, np.int64)
    return [queue.tolist() for queue in spaced(vectors, none, none.astype(float), LOTS[:count], best, wanted, order)]


@pytest.mark.parametrize("order", ["representative", "farthest"])
@pytest.mark.parametrize("most", [7, 60, 2048])
@pytest.mark.parametrize("count", [0, 1, 2, 150])
def test_every_row_stands_in_one_queue(count: int, most: int, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacing, "_MOST_COMPARED", most)
    vectors = clouds([count], 0.3)
    vectors[::5] = 0
    queues = queues_of(vectors, 20, order=order)
    assert sorted(row for queue in queues for row in queue) == list(range(count))
    assert all(queues)


def test_those_in_front_are_the_greedy_choice() -> None:
    vectors = clouds([30, 20, 10, 5], 0.6)
    like, stood_for, plain = vectors @ vectors.T, np.zeros(65), []
    order = np.argsort(LOTS[:65])
    for _ in range(10):
        adds = np.maximum(like - stood_for[:, None], 0).sum(axis=0).round(4)
        plain.append(int(order[adds[order].argmax()]))
        stood_for = np.maximum(stood_for, like[:, plain[-1]])
    assert [queue[0] for queue in queues_of(vectors, 10)] == plain


def test_in_front_of_the_others_are_the_farthest_points() -> None:
    vectors = clouds([30, 20, 10, 5], 0.6)
    order = np.argsort(LOTS[:65])
    like = np.maximum(vectors @ vectors.T, 0)
    plain = [int(order[like.sum(axis=1).round(4)[order].argmax()])]
    for _ in range(9):
        distances = (1 - like[:, plain].max(axis=1)).round(4)
        plain.append(int(order[distances[order].argmax()]))
    assert [queue[0] for queue in queues_of(vectors, 10, order="farthest")] == plain


def test_an_outlier_is_taken_early_where_the_farthest_come_first() -> None:
    vectors = clouds([300, 20, 1], 0.1)
    places = {
        order: [queue[0] for queue in queues_of(vectors, 12, order=order)].index(320)
        for order in ("representative", "farthest")
    }
    assert places["farthest"] <= 2 < places["representative"]


@pytest.mark.parametrize("most", [40, 2048])
def test_what_is_said_over_and_over_stands_in_one_queue(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacing, "_MOST_COMPARED", most)
    vectors = clouds([200, 30, 20, 10, 5, 1, 1], 0.0)
    queues = queues_of(vectors, 260)
    assert all(len({vectors[row].tobytes() for row in queue}) == 1 for queue in queues)
    largest = [30, 200] if most > 200 else [*[25] * 8, 30]  # only where so many cannot be compared they are parted
    assert sorted(map(len, queues)) == [1, 1, 5, 10, 20, *largest]


@pytest.mark.parametrize("order", ["representative", "farthest"])
def test_only_the_best_scored_stand_for_others_and_come_first(order: Order) -> None:
    vectors = clouds([20, 20], 0.2)
    scores = np.tile([0.9, 0.1], 20)
    queues = spaced(vectors, np.repeat([0, 1], 20), scores, LOTS[:40], 0.5, 8, order)
    assert all(scores[queue[0]] == 0.9 for queue in queues)
    assert all((np.diff(scores[queue]) <= 0).all() for queue in queues)


def test_behind_a_row_stand_those_that_are_like_it_the_nearest_first() -> None:
    vectors = clouds([15, 15, 15], 0.15)
    for queue in queues_of(vectors, 3):
        assert len({row // 15 for row in queue}) == 1
        likeness = vectors[queue] @ vectors[queue[0]]
        assert (np.diff(likeness) <= 1e-4).all()
