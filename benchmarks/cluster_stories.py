"""Compares our clustering with its peers on real near-duplicates: the same story on several sites, in 110 languages.

`python -m benchmarks.cluster_stories [--peer PYTHON]` prints, for our stage at several thresholds, for exact Jaccard
similarity of 5-character pieces at 0.7, and for each peer at 0.7, the precision and recall of pairs of pages in one
cluster against the pairs that tell the same story in the same language.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.cluster import ours_alone, truth
from benchmarks.cluster.measured import measured
from benchmarks.cluster.peers import PEERS, SIMILARITY, call, installed, pairs_of
from xinstruct.stages import cluster

ROOT = Path(__file__).resolve().parent.parent
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)


def main() -> int:
    """Prints the figures; 2 with one sentence where the shared data are absent."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = ROOT.parent / "shared" / "data" / "dedup" / "storybooks_neardup.jsonl.gz"
    options.add_argument("--data", type=Path, default=shared)
    options.add_argument("--peer", type=Path, default=None)
    given = options.parse_args()
    if not given.data.is_file():
        print(f"no stories to compare: {given.data} is not there; name the file with --data.", file=sys.stderr)
        return 2
    with gzip.open(given.data, "rt", encoding="utf-8") as lines:
        stories = [json.loads(line) for line in lines]
    same = pairs_alike([story["cluster"] for story in stories])
    print(f"{len(stories)} pages, {len(same)} pairs that tell the same story in the same language")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pages").mkdir()
        with (folder / "pages" / "00000.jsonl").open("w", encoding="utf-8") as file:
            for number, story in enumerate(stories):
                row = {"id": str(number), "language": story["lang"], "text": story["text"]}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        exact = truth.near_pairs({number: story["text"] for number, story in enumerate(stories)}, SIMILARITY)
        print(told(f"exact Jaccard at {SIMILARITY}, pairs", same, set(exact)))
        print(told(f"exact Jaccard at {SIMILARITY}, joined in chains", same, together(exact, len(stories))))
        for threshold in THRESHOLDS:
            settings = cluster.Settings(lowest_similarity_joined=threshold, permutations=256)
            settings = cluster.Settings() if threshold == SIMILARITY else settings
            found = ours_alone.found(folder / "pages", folder / f"ours-{threshold}", settings)
            print(told(f"xinstruct at {threshold}", same, together(found, len(stories))), flush=True)
        for title, peer in PEERS.items():
            if python := given.peer or installed(title, peer, folder / "environments"):
                out = folder / title
                if measured([str(python), *call(peer, folder / "pages", out)], {"HF_HOME": str(folder / "cache")}):
                    print(told(title, same, together(pairs_of(out), len(stories))), flush=True)
    return 0


def pairs_alike(clusters: list[str]) -> set[truth.Pair]:
    """The pairs of numbers that have the same name."""
    return {(one, other) for other in range(len(clusters)) for one in range(other) if clusters[one] == clusters[other]}


def together(pairs: Iterable[truth.Pair], count: int) -> set[truth.Pair]:
    """The pairs of pages that are joined, by one another or in a chain."""
    groups = truth.Groups(pairs)
    return {(one, other) for other in range(count) for one in range(other) if groups.together((one, other))}


def told(title: str, same: set[truth.Pair], found: set[truth.Pair]) -> str:
    """One line of the table."""
    right = len(same & found)
    return f"{title:44}precision {right / max(1, len(found)):.4f}, recall {right / len(same):.4f} of {len(same)}"


if __name__ == "__main__":
    sys.exit(main())
