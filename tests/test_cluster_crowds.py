"""Thousands of texts that share much of their words, and so meet in crowds, take no more time each than a few do."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.test_cluster import clustered, dropped, passage
from xinstruct.tools.minhash import near_pairs
from xinstruct.tools.minhash.row_files import RowReader


def words(chance: random.Random, letters: int) -> str:
    return " ".join("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(letters // 7))


def crowd(count: int, share: float) -> tuple[list[str], dict[int, int]]:
    """Texts of 1,000 letters that have this share of their words in common; numbers of shortened copies among them."""
    chance = random.Random(5)
    common = words(chance, round(1000 * share))
    texts = [f"{common} {words(chance, round(1000 * (1 - share)))}" for _ in range(count)]
    copies = {len(texts) + place: number for place, number in enumerate(range(0, count, 50))}
    texts += [texts[number][:-100] for number in copies.values()]
    return texts, copies


class Work:
    """Counts pairs of texts that are compared, and signatures that are fetched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.compared = self.fetched = 0
        jaccard, signatures = near_pairs.jaccard, RowReader.signatures

        def compare(one: Any, other: Any) -> float:
            self.compared += 1
            return jaccard(one, other)

        def fetch(reader: RowReader, references: Any) -> Any:
            self.fetched += len(references)
            return signatures(reader, references)

        monkeypatch.setattr(near_pairs, "jaccard", compare)
        monkeypatch.setattr(RowReader, "signatures", fetch)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "share"), [(20_000, 0.5), (6_000, 0.72)])
def test_texts_that_share_much_are_not_all_compared(
    count: int, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, copies = crowd(count, share)
    work = Work(monkeypatch)
    outcomes = clustered([passage(n, text) for n, text in enumerate(texts)], tmp_path, parts=2)
    clusters = {int(key, 16): outcome.candidate.cluster_id for key, outcome in outcomes.items()}
    found = sum(clusters[copy] == clusters[number] for copy, number in copies.items())
    assert found >= 0.99 * len(copies)
    assert work.compared < 100 * count
    assert work.fetched < 600 * count
    if share == 0.5:
        assert set(dropped(outcomes)) == set(copies)


def test_a_crowd_of_near_copies_is_one_cluster_after_one_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    common = words(random.Random(6), 1000)
    texts = [f"{common} {number}" for number in range(600)]
    work = Work(monkeypatch)
    outcomes = clustered([passage(n, text) for n, text in enumerate(texts)], tmp_path, buckets=1)
    assert len(dropped(outcomes)) == len(texts) - 1
    assert work.compared < 3 * len(texts)
