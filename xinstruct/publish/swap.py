"""Puts a finished folder in the place of an older one, so that a reader sees either the old or the new, whole."""

import ctypes
import errno
import os
import shutil
from pathlib import Path

from xinstruct.tools.store import flush

_AT_FDCWD = -100
_EXCHANGE = 2
# What a kernel or a file system says that cannot exchange two names in one step.
_CANNOT = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}


def put_in_place(built: Path, place: Path) -> None:
    """Moves the folder `built` to `place` on the same disk, and removes what stood there. OSError as usual."""
    place.parent.mkdir(parents=True, exist_ok=True)
    restore(place)
    if not place.exists():
        built.rename(place)
    elif _exchange(built, place):
        shutil.rmtree(built)
    else:
        older = _older(place)
        place.rename(older)
        built.rename(place)
        shutil.rmtree(older)
    flush(place.parent)


def restore(place: Path) -> None:
    """Puts back the older folder, or clears it away, when a move in two steps was cut off in the middle."""
    older = _older(place)
    if older.exists():
        if place.exists():
            shutil.rmtree(older)
        else:
            older.rename(place)


def _older(place: Path) -> Path:
    return place.with_name(f".{place.name}.older")


def _exchange(one: Path, other: Path) -> bool:
    """Exchanges two names in one step (Linux renameat2); False where that cannot be done."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _CANNOT:
        return False
    raise OSError(code, os.strerror(code), str(other))
