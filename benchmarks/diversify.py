"""Measures how much more varied a diversified set is than a random one of the same size, in a vector space that was not
used to select.

`python -m benchmarks.diversify [--data ../shared/data] [--share 0.25] [--fewest 60] [--seeds 20] [--run OUT]`
runs the shared passages through the real line with the rules writer (harvest with quality: false, since people chose
the passages; cluster, instruct, score, cluster), or takes such a run with --run, and selects from what came out with
the stage's defaults and a budget of a quarter of each language's rows: by words (TF-IDF), measured by the packaged
MiniLM, and the other way round. Both see the instructions with the template frames masked when they measure: only what
stands in quotation marks is left, for the frames are what the rules add themselves.

The effective number of clusters is e to the entropy of the clusters' shares in a set: so many clusters of equal size
would be as varied. The clusters are drawn once per language, by k-means on the whole pool, as many as the set has rows:
they know nothing of either set, and a set can at best have each row in a cluster of its own. With fewer clusters, which
are given beside, both sets reach all of them and the ratio tends to 1. The random sets have the same size in each
language, so that evening out languages counts for nothing; an interval is what 95 of 100 random sets span.

All figures are development figures: the pool was looked at while the stage was made. MiniLM knows English; of scripts
such as Malayalam it tells few titles apart, which is why those languages have few clusters in its space.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from tests.corpus_wide import outcomes_of
from xinstruct.candidate import Candidate, Kept
from xinstruct.stages import diversify
from xinstruct.tools import store, variety
from xinstruct.tools.embedder import Named, Source, learned
from xinstruct.tools.wording import quoted, wording

ROOT = Path(__file__).resolve().parent.parent
_COLUMNS = ("text", "url", "title", "id")
_STAGES: list[Any] = [{"harvest": {"quality": False}}, {"cluster": {"over": "response"}}, "instruct", "score"]
Labels = NDArray[np.int64]


def main() -> int:
    """0 where all was measured, 2 with one sentence where something that it needs is not there."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options.add_argument("--share", type=float, default=0.25, help="of a language's rows that are selected")
    options.add_argument("--fewest", type=int, default=60, help="rows of a language that is measured on its own")
    options.add_argument("--seeds", type=int, default=20, help="random sets")
    options.add_argument("--run", type=Path, help="a run whose last stage is the pool")
    given = options.parse_args()
    docs = given.data / "docs" / "docs.jsonl.gz"
    if given.run is None and not docs.exists():
        print(f"no passages: {docs} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        pools = by_language(pool(given.run or _made(docs, Path(folder))))
        for chosen_by, measured_by in (("tfidf", "minilm"), ("minilm", "tfidf")):
            print(f"\nselected by {chosen_by}, measured by {measured_by}, {given.share:.0%} of each language's rows\n")
            _report(pools, chosen_by, measured_by, given.share, given.fewest, given.seeds)
    return 0


def pool(out: Path) -> list[Candidate]:
    """The rows that the last stage of a run kept."""
    last = max((path for path in out.glob("[0-9]*_*") if path.is_dir()), key=lambda path: int(path.name.split("_")[0]))
    files = sorted(path for path in last.glob("*.parquet") if path.name.count(".") == 1)
    return [candidate for path in files for candidate in store.candidates_of(path)]


def by_language(rows: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The rows of each language, the language with most rows first."""
    found: dict[str, list[Candidate]] = {}
    for row in rows:
        found.setdefault(row.language, []).append(row)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def selected(rows: Sequence[Candidate], embedder: str, budget: int) -> list[int]:
    """The places of the rows that the stage keeps."""
    settings = diversify.Settings(rows_per_language=budget, embedder=embedder)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = outcomes_of(diversify, {"00000": rows}, settings, Path(folder))["00000"]
    return [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Kept)]


def masked(row: Candidate) -> str:
    """What the instruction quotes, in quotation marks, lest a word of a title be taken for one of asking."""
    return f"“{quoted(row.instruction or '')}”"


def clusters(vectors: NDArray[Any], count: int) -> Labels:
    """The cluster of each vector; fewer where there are fewer different ones."""
    different = len(np.unique(vectors.round(5), axis=0))
    found: Labels = KMeans(min(count, max(1, different - 2)), n_init=4, random_state=0).fit_predict(vectors)
    return found


def ratio(labels: Labels, ours: Sequence[int], seeds: int) -> tuple[float, float, float, float, float]:
    """The effective number of clusters of our set, its mean over random sets, and the ratio with its interval."""
    counts = int(labels.max()) + 1
    own = variety.effective(np.bincount(labels[list(ours)], minlength=counts))
    drawn = [
        variety.effective(np.bincount(labels[np.random.default_rng(seed).permutation(len(labels))[: len(ours)]]))
        for seed in range(seeds)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return own, float(np.mean(drawn)), own / float(np.mean(drawn)), own / float(high), own / float(low)


def _report(
    pools: Mapping[str, Sequence[Candidate]], chosen_by: str, measured_by: str, share: float, fewest: int, seeds: int
) -> None:
    source: Source | None = Named(measured_by) if measured_by != "tfidf" else None
    heads = ("language", "pool", "set", "eff. clusters", "random", "ratio", "95 %", "at 20", "verb", "opening", "topic")
    print("| " + " | ".join(heads) + " |\n|---" + "|---:" * (len(heads) - 1) + "|")
    ratios, coarse, everything, sets = [], [], [], []
    for language, rows in pools.items():
        budget = max(1, round(share * len(rows)))
        ours = selected(rows, chosen_by, budget)
        sets.append((rows, ours))
        everything += [rows[place] for place in ours]
        if len(rows) < fewest:
            continue
        _, vectors = learned([masked(row) for row in rows], source)
        told = ratio(clusters(vectors, len(ours)), ours, seeds)
        at_20 = ratio(clusters(vectors, 20), ours, seeds)[2]
        ratios.append(told[2])
        coarse.append(at_20)
        figures = [f"{told[0]:.1f}", f"{told[1]:.1f}", f"{told[2]:.2f}", f"{told[3]:.2f}-{told[4]:.2f}", f"{at_20:.2f}"]
        shares = _shares([rows[place] for place in ours], clusters(vectors, 20)[ours])
        print("| " + " | ".join([language, f"{len(rows)}", f"{len(ours)}", *figures, *shares]) + " |")
    print(f"\nmean over these languages: {np.mean(ratios):.2f}; with 20 clusters: {np.mean(coarse):.2f}")
    _over_all(sets, source, seeds)


def _over_all(sets: Sequence[tuple[Sequence[Candidate], Sequence[int]]], source: Source | None, seeds: int) -> None:
    """All languages as one set: clusters over the whole pool, random sets of the same size out of the whole pool."""
    texts = [masked(row) for rows, _ in sets for row in rows]
    begins = np.cumsum([0, *(len(rows) for rows, _ in sets)])
    ours = [int(begin) + place for begin, (_, places) in zip(begins, sets, strict=False) for place in places]
    _, vectors = learned(texts, source)
    for count in (len(ours), 100):
        own, drawn, found, low, high = ratio(clusters(vectors, count), ours, seeds)
        print(f"over all, {len(ours)} of {len(texts)} rows, {count} clusters: {own:.1f} against {drawn:.1f}, "
              f"ratio {found:.2f} ({low:.2f}-{high:.2f})")  # fmt: skip
    before = [row for rows, _ in sets for row in rows]
    after = [rows[place] for rows, places in sets for place in places]
    chance = np.random.default_rng(0).permutation(len(before))[: len(after)]
    print("\n| figure | before | after | random |\n|---|---:|---:|---:|")
    labels = clusters(vectors, 100)
    told = [
        variety.measures([rows[at].instruction or "" for at in places], vectors[list(index)], labels[list(index)])
        for rows, places, index in (
            (before, range(len(before)), range(len(before))),
            (after, range(len(after)), ours),
            (before, chance.tolist(), chance.tolist()),
        )
    ]
    for name, value in told[0].items():
        shown = [one[name] if not isinstance(value, dict) else next(iter(one[name].items())) for one in told]
        print(f"| {name} | " + " | ".join(str(one) for one in shown) + " |")


def _shares(rows: Sequence[Candidate], labels: Labels) -> list[str]:
    """The largest shares of a verb, of an opening word, and of a topic in a space that was not used to select."""
    asked = [wording(row.instruction or "") for row in rows]
    names: tuple[Callable[[Any], str], ...] = (lambda one: one.verb, lambda one: one.opening)
    found = []
    for name in names:
        counts: dict[str, int] = {}
        for one in asked:
            if name(one):
                counts[name(one)] = counts.get(name(one), 0) + 1
        most = max(counts, key=lambda word: counts[word])
        found.append(f"{most} {counts[most] / len(rows):.0%}")
    return [*found, f"{np.bincount(labels).max() / len(rows):.0%}"]


def _made(docs: Path, folder: Path) -> Path:
    """The folder of a run of the line over the passages, up to where `diversify` would stand."""
    with (folder / "docs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(_rows(docs))
    recipe = {"languages": "all", "sources": [{"jsonl": "docs.jsonl"}]}
    stages = [*_STAGES, {"cluster": {"over": "instruction"}}]
    (folder / "recipe.yml").write_text(yaml.safe_dump({**recipe, "stages": stages}))
    command = [sys.executable, "-m", "xinstruct", "run", str(folder / "recipe.yml"), "--out", str(folder / "out")]
    subprocess.run(command, check=True, stdout=sys.stderr, cwd=ROOT)
    return folder / "out"


def _rows(docs: Path) -> Iterator[str]:
    with gzip.open(docs, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            told = {name: row[name] for name in _COLUMNS if row.get(name)}
            language = f"{row['lang']}_{row['script']}"
            yield json.dumps({**told, "language": language, "license": row["license"]}, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
