"""Carries rows of corpus-wide stages from parts to buckets and back, in files: nobody holds the whole corpus."""

import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

# Well under the usual limit of 1,024 open files to a process.
_FILES_OPEN = 200


class Bucket:
    """The record batches of one bucket, in the order of the parts that filled it; can be read again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for path in sorted(self.folder.glob("*.arrow")):
            yield from batches_of(path)


def batches_of(path: Path) -> Iterator[pa.RecordBatch]:
    """The record batches of one file, one after the other."""
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
        yield from stream


class BucketWriter:
    """Writes record batches into `folder/<bucket>/<name>-<number>.arrow`; all batches of a bucket have one schema.

    A file takes its name when it is whole: where a worker is lost and another does its work, nobody reads half of it.
    At most _FILES_OPEN files are open: of many buckets the one that was opened first is closed, and goes on in a file
    with the next number.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._open: dict[str, tuple[Path, Path, pa.OSFile, pa.RecordBatchStreamWriter]] = {}
        self._files: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    @property
    def buckets(self) -> list[str]:
        """The buckets that have rows."""
        return sorted(self._files)

    def put(self, bucket: str, batch: pa.RecordBatch) -> None:
        """Adds one batch to one bucket. OSError when the disk fails."""
        if bucket not in self._open:
            if len(self._open) >= _FILES_OPEN:
                self._close(next(iter(self._open)))
            path = self._folder / bucket / f"{self._name}-{self._files[bucket]:05d}.arrow"
            self._files[bucket] += 1
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_suffix(f".{secrets.token_hex(4)}.part")
            sink = pa.OSFile(str(beside), "wb")
            self._open[bucket] = (beside, path, sink, pa.ipc.new_stream(sink, batch.schema))
        self._open[bucket][-1].write_batch(batch)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bucket in list(self._open):
            self._close(bucket, whole=error is None)

    def _close(self, bucket: str, *, whole: bool = True) -> None:
        beside, path, sink, stream = self._open.pop(bucket)
        stream.close()
        sink.close()
        if whole:
            beside.replace(path)
        else:
            beside.unlink()
