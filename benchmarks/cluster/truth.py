"""Tells how many of the pairs that are alike were found, and how many of those found are alike, by exact comparison."""

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from scipy import sparse

from benchmarks.cluster.documents import read
from benchmarks.cluster.pieces import jaccard, pieces, texts

BIN = 0.05
# Pairs are drawn where there are more: of the planted ones, and of those that somebody found.
PAIRS_COMPARED = 20_000
# All pairs of so many documents are compared, in languages of at most so many.
SAMPLE, OF_A_LANGUAGE = 4000, 1500

Pair = tuple[int, int]


class Groups:
    """Which documents are joined, by one another or in a chain."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._above: dict[int, int] = {}
        for one, other in pairs:
            self._above[self._top(one)] = self._top(other)

    def together(self, pair: Pair) -> bool:
        """Whether both are in one group."""
        return self._top(pair[0]) == self._top(pair[1])

    def _top(self, number: int) -> int:
        while (higher := self._above.get(number, number)) != number:
            self._above[number] = number = self._above.get(higher, higher)
        return number


def drawn(pairs: Iterable[Pair]) -> list[Pair]:
    """All pairs once, or as many as are compared."""
    some = sorted({(min(pair), max(pair)) for pair in pairs})
    return some if len(some) <= PAIRS_COMPARED else random.Random(0).sample(some, PAIRS_COMPARED)


def similarities(folder: Path, pairs: Iterable[Pair], as_they_stand: bool = False) -> dict[Pair, float]:
    """Exact Jaccard similarity of each pair of documents: of their forms, or as they stand, see `pieces`."""
    some = sorted(set(pairs))
    wanted = set(itertools.chain.from_iterable(some))
    held = {number: text for number, text in texts(folder) if number in wanted}
    return {pair: jaccard(*(pieces(held[number], as_they_stand) for number in pair)) for pair in some}


def sampled(folder: Path, lowest: float) -> dict[Pair, float]:
    """The pairs at or above `lowest` among all pairs of a sample of whole languages, planted or not."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    held: dict[int, str] = {}
    for document in read(folder):
        if len(numbers[document.language]) < OF_A_LANGUAGE:
            numbers[document.language].append(document.number)
            held[document.number] = document.text
    languages = sorted(numbers)
    random.Random(0).shuffle(languages)
    found: dict[Pair, float] = {}
    seen = 0
    for language in languages:
        if seen < SAMPLE:
            seen += len(numbers[language])
            found |= near_pairs({number: held[number] for number in numbers[language]}, lowest)
    return found


def near_pairs(some: Mapping[int, str], lowest: float) -> dict[Pair, float]:
    """All pairs of texts whose Jaccard similarity is at least `lowest`, each compared with each."""
    places: dict[str, int] = {}
    sets = [[places.setdefault(piece, len(places)) for piece in pieces(text)] for text in some.values()]
    sizes = np.array([len(one) for one in sets])
    rows = np.repeat(np.arange(len(sets)), sizes)
    ones = np.ones(len(rows), np.int32)
    held = sparse.csr_matrix((ones, (rows, list(itertools.chain.from_iterable(sets)))), (len(sets), len(places)))
    shared = sparse.triu(held @ held.T, 1).tocoo()
    likeness = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data)
    alike = likeness >= lowest
    numbers = list(some)
    ends = zip(shared.row[alike].tolist(), shared.col[alike].tolist(), strict=True)
    return {(numbers[one], numbers[other]): value for (one, other), value in zip(ends, likeness[alike], strict=True)}


def recalls(exact: Mapping[Pair, float], groups: Groups, lowest: float) -> list[tuple[float, int, int]]:
    """For each bin of similarity, its beginning, the pairs in it, and those found; exact duplicates are in the last."""
    there: Counter[int] = Counter()
    found: Counter[int] = Counter()
    last = round((1 - lowest) / BIN) - 1
    for pair, value in exact.items():
        if value >= lowest:
            place = min(last, int((value - lowest) / BIN + 1e-9))
            there[place] += 1
            found[place] += groups.together(pair)
    return [(lowest + BIN * place, there[place], found[place]) for place in range(last + 1)]
