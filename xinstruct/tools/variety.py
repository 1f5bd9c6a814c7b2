"""Measures how varied instructions are: verbs and objects, words, phrases in common, distances, effective topics."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray
from pydantic import Field

from xinstruct.recipe import Strict
from xinstruct.tools.wording import wording

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*")
# Instructions by whose words and phrases a set is measured, the first so many: these figures fall with a set's size.
MEASURED_BY_WORDS = 300
_LONGEST_PHRASE = 4
_SHOWN = 5
_NONE = "(none)"


class Targets(Strict):
    """What each language is to reach; it changes no row, but is told."""

    largest_verb_share: float | None = Field(default=None, ge=0, le=1, description="of the verb that asks most often")
    largest_verb_object_share: float | None = Field(default=None, ge=0, le=1, description="of a verb with its object")
    largest_topic_share: float | None = Field(default=None, ge=0, le=1, description="of the largest topic")
    largest_self_bleu: float | None = Field(default=None, ge=0, le=1, description="what instructions have in common")
    smallest_verb_object_entropy: float | None = Field(default=None, ge=0, description="in bits")
    smallest_distinct_1: float | None = Field(default=None, ge=0, le=1, description="different words per word")
    smallest_distinct_2: float | None = Field(default=None, ge=0, le=1, description="different pairs of words per pair")
    smallest_mean_distance: float | None = Field(
        default=None, ge=0, le=2, description="mean cosine distance of two rows"
    )
    smallest_effective_topics: float | None = Field(
        default=None, ge=0, description="e to the entropy of the topics' shares"
    )


def measures(instructions: Sequence[str], vectors: NDArray[Any], topics: NDArray[np.int64]) -> dict[str, Any]:
    """Figures of a set of instructions; None where it is too small for one.

    instructions: a fair sample, by which words are measured; vectors: of unit length or zeros, and topics, numbers from
    0, of the whole set. rows; verbs and verb_objects: the most frequent ones with their shares; largest_verb_share and
    so on: 0..1; verb_object_entropy: in bits; distinct_1, distinct_2: different words, pairs of words, per word;
    self_bleu: 0..1, lower is more varied; mean_distance: cosine distance of two rows, 0..2; effective_topics: as many
    topics of equal size would be as varied.
    """
    asked = [wording(text) for text in instructions]
    verbs = Counter(one.verb or _NONE for one in asked)
    pairs = Counter(f"{one.verb} {one.target}".strip() or _NONE for one in asked)
    said = [_WORD.findall(text.lower()) for text in instructions[:MEASURED_BY_WORDS]]
    sizes = np.bincount(topics) if len(topics) else np.zeros(0, np.int64)
    return {
        "rows": len(topics),
        "verbs": _shares(verbs),
        "verb_objects": _shares(pairs),
        "verb_share": _largest(verbs),
        "verb_object_share": _largest(pairs),
        "verb_object_entropy": _rounded(entropy(np.array(list(pairs.values()))) / math.log(2)),
        "topic_share": _rounded(float(sizes.max(initial=0)) / max(1, len(topics))),
        "effective_topics": _rounded(effective(sizes)),
        "mean_distance": _rounded(mean_distance(vectors)),
        "distinct_1": _rounded(distinct(said, 1)),
        "distinct_2": _rounded(distinct(said, 2)),
        "self_bleu": _rounded(self_bleu(said)),
    }


def compared(
    instructions: Sequence[str],
    vectors: NDArray[Any],
    topics: NDArray[np.int64],
    kept: NDArray[np.bool_],
    targets: Targets,
) -> dict[str, Any]:
    """The `measures` of all rows (before), of as many of them as are kept, taken at random (random), and of those that
    are kept (after), which are held against the targets.

    The rows are in a random order, which nothing that chooses goes by; instructions: of the first so many of them.
    """
    count = int(kept.sum())
    after = [text for text, stays in zip(instructions, kept.tolist(), strict=False) if stays]
    told = {
        "before": measures(instructions, vectors, topics),
        # Most figures change with a set's size alone: what choosing adds shows beside a set of the same size.
        "random": measures(instructions[: len(after)], vectors[:count], topics[:count]),
        "after": measures(after, vectors[kept], topics[kept]),
    }
    return {**told, "targets": held_against(targets, told["after"])}


def entropy(counts: NDArray[Any]) -> float:
    """Of the shares that the counts are of their sum, in nats."""
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(-(shares * np.log(shares)).sum())


def effective(counts: NDArray[Any]) -> float:
    """How many groups of equal size would be as varied as groups of these sizes: e to the entropy; 0 for no rows."""
    return math.exp(entropy(counts)) if counts.any() else 0.0


def mean_distance(vectors: NDArray[Any]) -> float | None:
    """Mean cosine distance of two different rows of unit length, 0..2; zeros are as far from all as what is unlike."""
    count = len(vectors)
    if count < 2:
        return None
    total, own = np.zeros(vectors.shape[1]), 0.0
    for begin in range(0, count, 1 << 14):
        some = vectors[begin : begin + (1 << 14)].astype(np.float64)
        total += some.sum(axis=0)
        own += float((some**2).sum())
    return 1 - float(total @ total - own) / (count * (count - 1))


def distinct(texts: Sequence[Sequence[str]], length: int) -> float | None:
    """Distinct-n: different runs of so many words, over all such runs in the texts, 0..1."""
    runs = [run for words in texts for run in _runs(words, length)]
    return len(set(runs)) / len(runs) if runs else None


def self_bleu(texts: Sequence[Sequence[str]]) -> float | None:
    """Mean BLEU-4 of each text against all others, 0..1: how much of each, in phrases, the others say as well.

    Precisions of runs of one to four words, those that meet nothing counted as half a match; no penalty for length.
    """
    told = [words for words in texts if words]
    if len(told) < 2:
        return None
    logs, orders = np.zeros(len(told)), np.zeros(len(told))
    for length in range(1, _LONGEST_PHRASE + 1):
        counts = [Counter(_runs(words, length)) for words in told]
        most: dict[tuple[str, ...], tuple[int, int]] = {}  # the largest count of a run, and the largest but that one
        for count in counts:
            for run, number in count.items():
                first, second = most.get(run, (0, 0))
                most[run] = (number, first) if number >= first else (first, max(second, number))
        for nth, count in enumerate(counts):
            if total := count.total():
                met = sum(min(n, most[run][0] if most[run][0] > n else most[run][1]) for run, n in count.items())
                logs[nth] += math.log(max(met, 0.5) / total)
                orders[nth] += 1
    return float(np.exp(logs / orders).mean())


def held_against(targets: Targets, reached: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """For each target that is set: what was wanted, what was reached, and whether it is met; None where there is
    nothing to measure.
    """
    told = {}
    for name, wanted in targets.model_dump(exclude_none=True).items():
        bound, _, figure = name.partition("_")
        value = reached[figure]
        met = None if value is None else value <= wanted if bound == "largest" else value >= wanted
        told[name] = {"wanted": wanted, "reached": value, "met": met}
    return told


def _runs(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(words[begin : begin + length]) for begin in range(len(words) - length + 1)]


def _shares(counts: Counter[str]) -> dict[str, float]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(count / counts.total(), 4) for name, count in ordered[:_SHOWN]}


def _largest(counts: Counter[str]) -> float:
    named = [count for name, count in counts.items() if name != _NONE]
    return round(max(named, default=0) / max(1, counts.total()), 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
