"""Carries files between machines that share no disk, through any address that fsspec knows, such as s3://bucket/x."""

import errno
import functools
import importlib
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinstruct.recipe import RecipeError

_TRIES = 4
_FAULTS: tuple[type[Exception], ...] = (OSError, TimeoutError)
_FULL = {errno.ENOSPC, errno.EDQUOT}
# What begins as an address and is none: a slash too few, or no name behind the slashes.
_NO_ADDRESS = re.compile(r"(?!file:/)[a-z][a-z0-9+.-]+:(?!//|:)|[a-z][a-z0-9+.-]+:/*\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Storage:
    """A folder at an address, without a slash at its end. Its methods raise OSError when it cannot be reached."""

    address: str

    @classmethod
    def of(cls, address: str) -> "Storage":
        """The folder, tried; a path of a disk that all machines share is one, too, made when it is first used.

        RecipeError when no library for such addresses is installed, or when this is neither address nor folder.
        """
        told = address.strip()
        nowhere = RecipeError(f'--storage "{told}" names no folder; give one, or an address such as s3://bucket/x.')
        if not told.strip("/") or _NO_ADDRESS.match(told):
            raise nowhere
        try:
            files, root = _located(told.rstrip("/"))
            # Workers start in other folders: a path is made whole here.
            path = Path(root or "/").resolve() if _is_disk(files) else None
            storage = cls(f"file://{path}" if path else told.rstrip("/"))
            storage._tried(lambda files, root: files.exists(root))
        except (ImportError, ValueError) as error:
            raise RecipeError(f"--storage {told}: {' '.join(str(error).split())}.") from None
        if path and (path == Path("/") or path.is_file()):
            raise nowhere
        return storage

    def under(self, name: str) -> "Storage":
        """A folder in it."""
        return Storage(f"{self.address}/{name}")

    def put(self, path: Path, name: str) -> None:
        """Puts a file of this machine there, in one go."""
        self._tried(lambda files, root: files.put_file(str(path), f"{root}/{name}"))

    def fetch(self, name: str, path: Path) -> None:
        """Brings a file here, whole or not at all; folders are made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            self._tried(lambda files, root: files.get_file(f"{root}/{name}", str(beside)), fills=str(path.parent))
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes the folder with all that is in it, if it is there."""
        self._tried(lambda files, root: files.rm(root, recursive=True) if files.exists(root) else None)

    def _tried(self, verb: Callable[[Any, str], Any], fills: str | None = None) -> Any:
        """What the verb gives, at one of a few tries. fills: the folder of this machine that it writes to, if any."""
        files, root = _opened(self.address)
        for tries in range(1, _TRIES + 1):
            try:
                return verb(files, root)
            except (*_FAULTS, *_own_faults(files)) as error:
                fault = error
            if isinstance(fault, OSError) and fault.errno in _FULL:
                raise self._full(fault, fills) from fault
            if tries < _TRIES:
                time.sleep(2 ** (tries - 1))
        line = " ".join(str(fault).split())[:300] or type(fault).__name__
        raise OSError(
            f"The storage {self.address} fails ({line}); put it right and type the same command again."
        ) from fault

    def _full(self, fault: OSError, fills: str | None) -> OSError:
        if fills is not None:
            return OSError(fault.errno, os.strerror(fault.errno or errno.ENOSPC), fills)
        return OSError(
            f"The storage {self.address} is full: make room and type the same command again; nothing that was made is "
            "lost."
        )


@functools.lru_cache(maxsize=64)
def _opened(address: str) -> tuple[Any, str]:
    return _located(address)


def _located(address: str) -> tuple[Any, str]:
    core = importlib.import_module("fsspec.core")
    files, root = core.url_to_fs(address, use_listings_cache=False)
    if _is_disk(files):  # only disks have folders that must be made
        files, root = core.url_to_fs(address, use_listings_cache=False, auto_mkdir=True)
    return files, str(root).rstrip("/")


def _is_disk(files: Any) -> bool:
    return "file" in ((files.protocol,) if isinstance(files.protocol, str) else files.protocol)


def _own_faults(files: Any) -> tuple[type[Exception], ...]:
    """What the library behind S3 raises beside OSError when the outside fails."""
    if "s3" not in files.protocol:
        return ()
    fault: type[Exception] = importlib.import_module("botocore.exceptions").BotoCoreError
    return (fault,)
