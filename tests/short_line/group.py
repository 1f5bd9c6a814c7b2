"""A corpus-wide stage: of texts that begin with the same letter only the first id is kept."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.recipe import Strict
from xinstruct.tools.toolbox import Toolbox

READS = ("response",)
USES: tuple[str, ...] = ()
WRITES = ("cluster_id",)
ASKS: tuple[str, ...] = ()
VERSION = 1


class Settings(Strict):
    letters: int = 1


def spread(
    candidates: Iterable[Candidate], settings: Settings, tools: Toolbox, part: str
) -> Iterator[tuple[int, pa.RecordBatch]]:
    for candidate in candidates:
        key = candidate.response[: settings.letters]
        row = pa.RecordBatch.from_pylist([{"key": key, "id": candidate.id, "part": part}])
        yield sum(key.encode()) % tools.buckets, row


def gather(bucket: Iterable[pa.RecordBatch], settings: Settings, tools: Toolbox) -> Iterator[pa.RecordBatch]:
    yield from bucket


def settle(
    batches: Iterable[pa.RecordBatch], settings: Settings, tools: Toolbox
) -> Iterator[tuple[str, pa.RecordBatch]]:
    rows = [row for batch in batches for row in batch.to_pylist()]
    firsts = {key: min(row["id"] for row in rows if row["key"] == key) for key in {row["key"] for row in rows}}
    for row in rows:
        yield row["part"], pa.RecordBatch.from_pylist([{"id": row["id"], "first": firsts[row["key"]]}])


def run(
    candidates: Iterable[Candidate], settings: Settings, tools: Toolbox, verdicts: Iterable[pa.RecordBatch]
) -> Iterator[Outcome]:
    first_of = {row["id"]: row["first"] for batch in verdicts for row in batch.to_pylist()}
    for candidate in candidates:
        first = first_of[candidate.id]
        if first == candidate.id:
            yield Kept(candidate.change(cluster_id=first))
        else:
            yield Dropped(candidate.change(cluster_id=first, duplicate_of=first), "near_duplicate")
