"""Keeps on disk what clustering looks up again of each row: its text, its signature, and what decides whether it stays.

A row is called by its reference, an integer: number of its part (in the order of the parts' names) << 32 | row number.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# Rows of one record batch: a power of two, so that a reference tells its batch.
_BATCH_BITS = 10
BATCH = 1 << _BATCH_BITS
_COLUMNS: dict[str, pa.DataType] = {
    "id": pa.string(),
    "score": pa.float64(),  # null where there is none
    "length": pa.int64(),  # code points: of the compared normal form, or of the response to a compared instruction
    "cluster": pa.string(),  # the cluster_id that the row arrived with, else its id
}
SCHEMA = pa.schema(_COLUMNS)
# Parts whose three files are open at one time: well under the usual limit of 1,024 open files to a process.
_PARTS_OPEN = 100


def reference(part: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """References of rows of one part."""
    return (part << 32) | rows


class RowWriter:
    """Writes the rows of one part, BATCH at a time (fewer only the last time)."""

    def __init__(self, folder: Path, part: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{part}.arrow"

    def __enter__(self) -> Self:
        self._sink = pa.OSFile(str(self._path), "wb")
        self._stream = pa.ipc.new_file(self._sink, SCHEMA)
        self._files = [self._path.with_suffix(suffix).open("wb") for suffix in (".texts", ".ends", ".signatures")]
        self._end = 0
        return self

    def put(self, rows: pa.RecordBatch, texts: Sequence[str], signatures: NDArray[np.uint32]) -> None:
        """Adds rows of SCHEMA with their texts and signatures, shape (n, permutations). OSError when the disk fails."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = self._end + np.cumsum([len(text) for text in encoded], dtype=np.int64)
        self._end = int(ends[-1])
        self._stream.write_batch(rows)
        for file, content in zip(self._files, (b"".join(encoded), ends.tobytes(), signatures.tobytes()), strict=True):
            file.write(content)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._sink.close()
        for file in self._files:
            file.close()


class _Opened:
    """The texts and signatures of one part, of which single ones are read.

    They are not mapped into memory, as the system maps many pages around each that is looked at.
    """

    def __init__(self, path: Path, permutations: int) -> None:
        self._width = 4 * permutations
        files = [path.with_suffix(suffix).open("rb", buffering=0) for suffix in (".texts", ".ends", ".signatures")]
        self._files, (self._texts, self._ends, self._signatures) = files, (file.fileno() for file in files)

    def text(self, row: int) -> str:
        bounds = os.pread(self._ends, 16, 8 * (row - 1)) if row else bytes(8) + os.pread(self._ends, 8, 0)
        begin, end = np.frombuffer(bounds, np.int64).tolist()
        return os.pread(self._texts, end - begin, begin).decode("utf-8", "surrogatepass")

    def signatures(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        found = b"".join([os.pread(self._signatures, self._width, self._width * row) for row in rows.tolist()])
        return np.frombuffer(found, np.uint32).reshape(len(rows), -1)

    def close(self) -> None:
        for file in self._files:
            file.close()


class RowReader:
    """Looks up rows of all parts, one here and one there, in little memory."""

    def __init__(self, folder: Path, permutations: int) -> None:
        self._folder, self._permutations = folder, permutations
        self.parts = sorted(path.stem for path in folder.glob("*.arrow"))
        self.numbers = {name: number for number, name in enumerate(self.parts)}
        self._open: dict[int, _Opened] = {}

    def texts(self, references: NDArray[np.int64]) -> list[str]:
        """The compared texts, in the order of the references."""
        return [self._part(ref >> 32).text(ref & 0xFFFFFFFF) for ref in references.tolist()]

    def signatures(self, references: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Signatures, shape (n, permutations), in the order of the references."""
        if not len(references):
            return np.empty((0, self._permutations), np.uint32)
        refs, places = np.unique(references, return_inverse=True)
        numbers, begins = np.unique(refs >> 32, return_index=True)
        pieces = [
            self._part(part).signatures(rows & 0xFFFFFFFF)
            for part, rows in zip(numbers.tolist(), np.split(refs, begins[1:]), strict=True)
        ]
        found: NDArray[np.uint32] = np.concatenate(pieces)[places]
        return found

    def columns(self, references: NDArray[np.int64], names: Sequence[str]) -> pa.RecordBatch:
        """Some columns of SCHEMA, in the order of the references, which must ascend."""
        pieces = [batch.select(list(names)) for batch in self._batches(references)]
        schema = pa.schema([SCHEMA.field(name) for name in names])
        return pa.Table.from_batches(pieces, schema).combine_chunks().to_batches()[0]

    def _batches(self, references: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        open_part = -1
        numbers, begins = np.unique(references >> _BATCH_BITS, return_index=True)
        for number, rows in zip(numbers.tolist(), np.split(references, begins[1:]), strict=True):
            part, batch = number >> (32 - _BATCH_BITS), number & ((1 << (32 - _BATCH_BITS)) - 1)
            if part != open_part:
                open_part = part
                stream = pa.ipc.open_file(pa.OSFile(str(self._folder / f"{self.parts[part]}.arrow"), "rb"))
            yield stream.get_batch(batch).take(pa.array(rows & (BATCH - 1)))

    def _part(self, number: int) -> _Opened:
        if number not in self._open:
            if len(self._open) == _PARTS_OPEN:
                self._open.pop(next(iter(self._open))).close()
            self._open[number] = _Opened(self._folder / f"{self.parts[number]}.arrow", self._permutations)
        return self._open[number]


def row_batch(columns: Sequence[Sequence[object]]) -> pa.RecordBatch:
    """Rows of SCHEMA from its columns, in its order."""
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)
