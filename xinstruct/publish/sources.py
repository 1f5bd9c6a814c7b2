"""Finds again the page that a row points to, in the files that a user names."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from xinstruct.candidate import Skipped
from xinstruct.recipe import RecipeError
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Piece, Record

_SUFFIXES = {
    "jsonl": (".jsonl", ".jsonl.gz", ".jsonl.zst"),
    "parquet": (".parquet",),
    "html": (".html", ".htm", ".xhtml"),
}
_WHOLE = 1 << 62


class Sources:
    """Files by the name that rows know them by. RecipeError when a path names nothing."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files: dict[str, list[Path]] = {}
        for path in paths:
            if not path.exists():
                raise RecipeError(f"There is no source {path}.")
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    self._files.setdefault(file.name, []).append(file.absolute())
        self._open: tuple[Path, Iterator[Record | Skipped], int] | None = None

    def record(self, container: str, offset: int, digest: str) -> Record | str:
        """The page, or why there is none: no_source, no_record or digest_differs. Ask in the order of the files."""
        name = Path(container)
        fitting = [p for p in self._files.get(name.name, []) if p.parts[-len(name.parts) :] == name.parts]
        found: str = "no_source"
        for path in fitting:
            record = self._read(path, offset, digest)
            if isinstance(record, Record) and record.digest == digest:
                return record
            found = "digest_differs" if isinstance(record, Record) else "no_record"
        return found

    def _read(self, path: Path, offset: int, digest: str) -> Record | Skipped | None:
        kind = next((kind for kind, suffixes in _SUFFIXES.items() if path.name.lower().endswith(suffixes)), "warc")
        if kind in ("warc", "html"):
            return reader.read_record(path, offset, digest, kind) if digest else None
        return self._row(path, offset, kind)

    def _row(self, path: Path, offset: int, kind: str) -> Record | None:
        """A row of a table, which is read on from the row that was asked for before."""
        if self._open is None or self._open[0] != path or self._open[2] >= offset:
            self._open = (path, reader.records(Piece(kind, str(path), path.name, 0, _WHOLE)), -1)
        rows = self._open[1]
        for row in rows:
            if isinstance(row, Record):
                self._open = (path, rows, row.offset)
                if row.offset >= offset:
                    return row if row.offset == offset else None
        return None
