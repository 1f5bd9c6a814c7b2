"""Clusters documents as a run does: the same functions in the same order, in two worker processes, on kept passages.

`python -m benchmarks.cluster.ours RUN SIMILARITY` makes the stage in a run's folder that `prepare` has filled; it is a
program of its own so that its time and memory can be measured.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.cluster.documents import IN_A_FILE, Document
from xinstruct.candidate import Candidate, Kept
from xinstruct.engine import LocalEngine
from xinstruct.ledger import Tally
from xinstruct.pipeline import part as making
from xinstruct.pipeline.exchange import Bucket
from xinstruct.pipeline.line import Stage
from xinstruct.pipeline.part import BucketJob, Job
from xinstruct.stages import cluster
from xinstruct.tools import store

HARVEST, CLUSTER = "1_harvest", "2_cluster"
WORKERS = 2
ROWS_PER_BUCKET = 8_000  # as a run has it


def prepare(documents: Iterable[Document], run: Path) -> None:
    """Writes the documents as what harvest has kept."""
    arriving = iter(documents)
    number, document = 0, next(arriving, None)
    while document is not None:
        tally = Tally(begins=True)
        with store.PartWriter(run / HARVEST, f"{number:05d}", run / ".work", tally) as writer:
            for _ in range(IN_A_FILE):
                if document is None:
                    break
                text = document.text
                writer.put(Kept(Candidate(id=f"{document.number:032x}", language=document.language, response=text)))
                document = next(arriving, None)
            writer.commit({}, 0.0)
        number += 1


async def make(run: Path, settings: cluster.Settings) -> None:
    """Makes the stage: spread, gather, settle, and each part. Working files stay, so that edges can be looked at."""
    stage = Stage(2, "cluster", "xinstruct.stages.cluster", settings)
    parts = sorted(path.name.removesuffix(".made.json") for path in (run / HARVEST).glob("*.made.json"))
    rows = len(parts) * IN_A_FILE
    buckets = max(1, -(-rows // ROWS_PER_BUCKET))
    jobs = [Job(run, stage, name, run / HARVEST, (), {}, frozenset(), buckets=buckets) for name in parts]
    work = jobs[0].work
    engine = LocalEngine(WORKERS)
    try:
        await each(engine, making.spread, jobs)
        spread = sorted(folder.name for folder in (work / "spread").glob("*"))
        await each(engine, making.gather, [BucketJob(work, name, stage, frozenset(), buckets) for name in spread])
        await each(engine, making.settle, [BucketJob(work, "all", stage, frozenset(), buckets)])
        await each(engine, making.make, jobs)
    finally:
        engine.close()


async def each(engine: LocalEngine, function: Callable[[Any], Any], jobs: Iterable[Any]) -> None:
    """Runs the function over the jobs and tells how long that took."""
    began = time.monotonic()
    async for _ in engine.each(function, jobs):
        pass
    print(f"{function.__name__} {time.monotonic() - began:.1f} s", file=sys.stderr)


def joined(run: Path) -> Iterator[tuple[int, int]]:
    """The pairs of documents that were verified and joined, and those of equal form."""
    for folder in sorted((run / ".work" / CLUSTER / "gathered").glob("*")):
        for batch in Bucket(folder):
            ends = (batch.column(name).to_numpy() for name in ("one", "other"))
            yield from zip(*(((end >> 32) * IN_A_FILE + (end & 0xFFFFFFFF)).tolist() for end in ends), strict=True)


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1]), cluster.Settings(lowest_similarity_joined=float(sys.argv[2]))))
