"""Carries rows of corpus-wide stages from parts to buckets and back, in files: nobody holds the whole corpus."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa


class Bucket:
    """The record batches of one bucket, in the order of the parts that filled it; can be read again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for path in sorted(self.folder.glob("*.arrow")):
            with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
                yield from stream


class BucketWriter:
    """Writes record batches into `folder/<bucket>/<name>.arrow`; all batches of a bucket have one schema."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._sinks: dict[str, pa.OSFile] = {}
        self._streams: dict[str, pa.RecordBatchStreamWriter] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def put(self, bucket: str, batch: pa.RecordBatch) -> None:
        """Adds one batch to one bucket. OSError when the disk fails."""
        if bucket not in self._streams:
            path = self._folder / bucket / f"{self._name}.arrow"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sinks[bucket] = pa.OSFile(str(path), "wb")
            self._streams[bucket] = pa.ipc.new_stream(self._sinks[bucket], batch.schema)
        self._streams[bucket].write_batch(batch)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bucket, stream in self._streams.items():
            stream.close()
            self._sinks[bucket].close()
