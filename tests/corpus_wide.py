"""Runs a corpus-wide stage over parts in memory, in the pipeline's order and through real bucket files."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from xinstruct.candidate import Candidate, Outcome
from xinstruct.pipeline.exchange import Bucket, BucketWriter
from xinstruct.tools.toolbox import Toolbox


def outcomes_of(
    stage: ModuleType, parts: Mapping[str, Sequence[Candidate]], settings: Any, folder: Path, buckets: int = 3
) -> dict[str, list[Outcome]]:
    """What becomes of the candidates of each part, in their order."""
    tools = Toolbox(frozenset(), folder, buckets)
    for part, candidates in parts.items():
        with BucketWriter(folder / "spread", part) as writer:
            for bucket, batch in stage.spread(iter(candidates), settings, tools, part):
                writer.put(f"{bucket:05d}", batch)
    for bucket_folder in sorted((folder / "spread").glob("*")):
        with BucketWriter(folder / "gathered", "all") as writer:
            for batch in stage.gather(Bucket(bucket_folder), settings, tools):
                writer.put(bucket_folder.name, batch)
    gathered = sorted((folder / "gathered").glob("*"))
    with BucketWriter(folder / "verdicts", "all") as writer:
        rows = itertools.chain.from_iterable(Bucket(path) for path in gathered)
        for part, batch in stage.settle(rows, settings, tools):
            writer.put(part, batch)
    return {
        part: list(stage.run(iter(candidates), settings, tools, Bucket(folder / "verdicts" / part)))
        for part, candidates in parts.items()
    }
