"""Tells one local model from another by what is in its files, so that replies are not taken for another model's."""

import hashlib
import os
from pathlib import Path

_STRETCH, _STRETCHES = 1 << 16, 64


def fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits that the files of a model's folder decide: names, sizes, and what stands in them.

    Of a big file sixty-four stretches are read, spread evenly over it: another training changes all weights. OSError
    where the folder cannot be read.
    """
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            size = path.stat().st_size
            digest.update(f"{path.name}\n{size}\n".encode())
            with path.open("rb") as file:
                for at in range(0, size, max(_STRETCH, size // _STRETCHES)):
                    file.seek(at)
                    digest.update(file.read(_STRETCH))
    return digest.hexdigest()


def unseen(folder: Path) -> str:
    """Twelve hexadecimal digits that the path decides, for a folder that only the server sees; the path stays here."""
    return hashlib.blake2b(os.fsencode(folder), digest_size=6).hexdigest()
