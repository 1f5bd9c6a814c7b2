"""Carries files between machines that share no disk, through any address that fsspec knows, such as s3://bucket/x."""

import functools
import importlib
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinstruct.recipe import RecipeError

_TRIES = 4
_FAULTS: tuple[type[Exception], ...] = (OSError, TimeoutError)


@dataclass(frozen=True)
class Storage:
    """A folder at an address, without a slash at its end. Its methods raise OSError when it cannot be reached."""

    address: str

    @classmethod
    def of(cls, address: str) -> "Storage":
        """The folder, tried. RecipeError when no library for such addresses is installed, or the address is none."""
        storage = cls(address.rstrip("/"))
        try:
            storage._tried(lambda files, root: files.exists(root))
        except (ImportError, ValueError) as error:
            raise RecipeError(f"--storage {address}: {' '.join(str(error).split())}.") from None
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
            self._tried(lambda files, root: files.get_file(f"{root}/{name}", str(beside)))
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def clear(self) -> None:
        """Removes the folder with all that is in it, if it is there."""
        self._tried(lambda files, root: files.rm(root, recursive=True) if files.exists(root) else None)

    def _tried(self, verb: Callable[[Any, str], Any]) -> Any:
        """What the verb gives, at one of a few tries."""
        files, root = _opened(self.address)
        for tries in range(1, _TRIES + 1):
            try:
                return verb(files, root)
            except (*_FAULTS, *_own_faults(files)) as error:
                fault = error
            if tries < _TRIES:
                time.sleep(2 ** (tries - 1))
        line = " ".join(str(fault).split())[:300] or type(fault).__name__
        raise OSError(
            f"The storage {self.address} fails ({line}); put it right and type the same command again."
        ) from fault


@functools.lru_cache(maxsize=64)
def _opened(address: str) -> tuple[Any, str]:
    core = importlib.import_module("fsspec.core")
    # Only disks have folders that must be made.
    own = {"auto_mkdir": True} if address.startswith("file:") else {}
    files, root = core.url_to_fs(address, use_listings_cache=False, **own)
    return files, str(root).rstrip("/")


def _own_faults(files: Any) -> tuple[type[Exception], ...]:
    """What the library behind S3 raises beside OSError when the outside fails."""
    if "s3" not in files.protocol:
        return ()
    fault: type[Exception] = importlib.import_module("botocore.exceptions").BotoCoreError
    return (fault,)
