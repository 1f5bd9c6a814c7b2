"""Clusters documents with the stage's own functions in one process, as a peer does: no candidates' files in or out.

`python -m benchmarks.cluster.ours_alone DOCUMENTS OUT SIMILARITY` reads JSON lines and goes through spread (with its
bucket files), gather, settle and run; the rows that run gives are counted and not written.
"""

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.cluster.documents import IN_A_FILE
from benchmarks.cluster.ours import ROWS_PER_BUCKET, joined
from benchmarks.cluster.pieces import tell, texts
from xinstruct.candidate import Candidate
from xinstruct.pipeline.exchange import Bucket, BucketWriter
from xinstruct.stages import cluster
from xinstruct.tools.toolbox import Toolbox


def candidates(path: Path) -> Iterator[Candidate]:
    """The documents of one file."""
    for number, text in texts(path):
        yield Candidate(id=f"{number:032x}", response=text)


def found(documents: Path, out: Path, settings: cluster.Settings) -> Iterator[tuple[int, int]]:
    """The pairs that were joined."""
    work = out / ".work" / "2_cluster"
    paths = sorted(documents.glob("*.jsonl"))
    tools = Toolbox(frozenset(), work, max(1, len(paths) * IN_A_FILE // ROWS_PER_BUCKET))
    for path in paths:
        with BucketWriter(work / "spread", path.stem) as writer:
            for bucket, batch in cluster.spread(candidates(path), settings, tools, path.stem):
                writer.put(f"{bucket:05d}", batch)
    for folder in sorted((work / "spread").glob("*")):
        with BucketWriter(work / "gathered", folder.name) as writer:
            for batch in cluster.gather(Bucket(folder), settings, tools):
                writer.put("all", batch)
    with BucketWriter(work / "verdicts", "all") as writer:
        edges = itertools.chain.from_iterable(Bucket(folder) for folder in sorted((work / "gathered").glob("*")))
        for part, batch in cluster.settle(edges, settings, tools):
            writer.put(part, batch)
    fates = Counter(
        type(outcome).__name__
        for path in paths
        for outcome in cluster.run(candidates(path), settings, tools, Bucket(work / "verdicts" / path.stem))
    )
    print(dict(fates), file=sys.stderr)
    yield from joined(out)


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    tell(lambda: found(folder, out, cluster.Settings(lowest_similarity_joined=float(sys.argv[3]))), out)
