"""A folder on a worker's machine for files that are brought there; it goes when the run ends, or with the next run."""

import contextlib
import fcntl
import functools
import shutil
import tempfile
from pathlib import Path
from typing import TextIO

_PREFIX = "xinstruct-"
_LOCK = "lock"
# Held open as long as this process lives: by that others know that the folder is in use.
_held: list[TextIO] = []


@functools.lru_cache(maxsize=1)
def folder(name: str) -> Path:
    """Where files of the run of this name are kept, in the system's folder for temporary files (TMPDIR).

    Folders of other runs of which no process is left are removed.
    """
    root = Path(tempfile.gettempdir())
    for other in root.glob(f"{_PREFIX}*/{_LOCK}"):
        if other.parent.name != name:
            _remove_if_left(other)
    while True:
        with contextlib.suppress(FileNotFoundError):  # somebody removed it before it was locked
            (root / name / "kept").mkdir(parents=True, exist_ok=True)
            file = (root / name / _LOCK).open("a")
            fcntl.flock(file, fcntl.LOCK_SH)
            if (root / name / _LOCK).exists():
                _held.append(file)
                return root / name / "kept"


def _remove_if_left(lock: Path) -> None:
    with contextlib.suppress(OSError), lock.open("a") as file:  # in use, or another user's
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent)


def remove(name: str) -> None:
    """Removes the folder, though its processes may live on for a moment."""
    shutil.rmtree(Path(tempfile.gettempdir()) / name, ignore_errors=True)
