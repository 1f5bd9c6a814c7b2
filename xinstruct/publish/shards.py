"""Writes the rows of one split as Parquet files of a bounded size."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# Rows and characters that are held before they are written, and characters after which a new file begins.
_ROWS_HELD = 1000
_CHARACTERS_HELD = 4_000_000
_CHARACTERS_PER_FILE = 300_000_000


class ShardWriter:
    """Takes rows of one schema and spreads them over FOLDER/00000.parquet, 00001.parquet ....

    The folder exists only once there are rows: an empty split cannot be loaded. OSError when the disk fails.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = folder, schema
        self.rows = 0
        self._held: list[dict[str, Any]] = []
        self._held_characters = self._file_characters = self._files = 0
        self._writer: pq.ParquetWriter | None = None
        self._content = hashlib.blake2b(digest_size=16)

    def put(self, row: dict[str, Any], characters: int) -> None:
        """Adds a row. characters: about how long its texts are together."""
        self._held.append(row)
        self._held_characters += characters
        self.rows += 1
        if len(self._held) >= _ROWS_HELD or self._held_characters >= _CHARACTERS_HELD:
            self._write_held()

    def close(self) -> str:
        """Writes what is held and puts the files on the disk; gives hexadecimal digits that their content decides."""
        if self._held:
            self._write_held()
        self._close_file()
        return self._content.hexdigest()

    def _write_held(self) -> None:
        if self._writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._path(), self.schema, compression="zstd")
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._held, schema=self.schema))
        self._file_characters += self._held_characters
        self._held.clear()
        self._held_characters = 0
        if self._file_characters >= _CHARACTERS_PER_FILE:
            self._close_file()

    def _path(self) -> Path:
        return self.folder / f"{self._files:05d}.parquet"

    def _close_file(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        with self._path().open("rb") as file:
            os.fsync(file.fileno())
            self._content.update(hashlib.file_digest(file, "sha256").digest())
        self._writer = None
        self._files += 1
        self._file_characters = 0
