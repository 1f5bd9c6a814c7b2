"""Reads all that the files of a run's folder hold, so that a test can look for what should not be there."""

import gzip
import json
from pathlib import Path

from xinstruct.tools import store


def files_of(folder: Path) -> dict[str, str]:
    """What each file holds, by its path in the folder: as it lies there, and unpacked."""
    told = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        text = raw.decode("utf-8", "replace")
        if path.suffix == ".parquet":
            text += json.dumps([*store.rows_of(path)], ensure_ascii=False, default=str)
        elif raw.startswith(b"\x1f\x8b"):
            text += gzip.decompress(raw).decode("utf-8", "replace")
        told[str(path.relative_to(folder))] = text
    return told


def everything(folder: Path) -> str:
    """All of it in one string, with the files' names."""
    return "\n".join(f"{name}\n{text}" for name, text in files_of(folder).items())
