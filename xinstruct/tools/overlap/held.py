"""Keeps beside a run what its evaluation sets hold, as hashes that are made anew only when a set changes."""

import functools
import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from xinstruct.tools.overlap import fingerprint
from xinstruct.tools.overlap.fingerprint import Fingerprint, is_fingerprint
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.texts import digest, texts
from xinstruct.tools.overlap.texts import unread as texts_unread

FOLDER = ".evaluation"


def hold(out: Path, folder: Path, against: Sequence[str], fields: Sequence[str] | None) -> str:
    """Has the sets ready for `index_of` and gives a mark that changes with what they hold.

    out: the run's folder; folder: where the paths start; fields: of tables, all without. RecipeError for a set that is
    not there, cannot be read or has no text, before anything of the run is touched.
    """
    paths = [folder / Path(name).expanduser() for name in against]
    state = [str(fingerprint.VERSION), *(fields or ()), *(digest(path) for path in paths)]
    mark = hashlib.blake2b("\n".join(state).encode(), digest_size=16).hexdigest()
    place = _place(out, against, fields)
    if _mark(place) != mark:
        Index.write(place, mark, [fingerprint_of(path, fields) for path in paths])
    return mark


def _mark(place: Path) -> str | None:
    """The mark of the sets that are held there; None where there are none, or a disk has lost some of them."""
    try:
        return Index(place).mark
    except (OSError, EOFError, ValueError, KeyError):
        return None


def fingerprint_of(path: Path, fields: Sequence[str] | None) -> Fingerprint:
    """The fingerprint of a set, or the one that the file is."""
    if is_fingerprint(path):
        return Fingerprint.load(path)
    return Fingerprint.of(path.name, texts(path, fields))


def index_of(out: Path, against: Sequence[str], fields: Sequence[str] | None) -> Index:
    """The sets as `hold` has left them, opened once for each process."""
    place = _place(out, against, fields)
    return _opened(place, (place / "about.json").stat().st_mtime_ns)


def told_of(out: Path, against: Sequence[str], fields: Sequence[str] | None) -> list[dict[str, Any]]:
    """What the sets that are held hold, each `{"set": name, "texts": count, "left_out": LeftOut}`; empty where none
    are.
    """
    try:
        return Index(_place(out, against, fields)).told
    except (OSError, EOFError, ValueError, KeyError):
        return []


def unread(folder: Path, against: Sequence[str]) -> list[str]:
    """What lies in folders of the sets and is not read, such as `our-tests/notes.md`."""
    paths = [folder / Path(name).expanduser() for name in against]
    return [f"{path.name}/{name}" for path in paths for name in texts_unread(path)]


def let_go(out: Path, wanted: Collection[tuple[Sequence[str], Sequence[str] | None]]) -> None:
    """Removes sets that no stage of the line names any more."""
    kept = {_place(out, against, fields) for against, fields in wanted}
    for place in (out / FOLDER).glob("*"):
        if place not in kept:
            shutil.rmtree(place)


@functools.lru_cache(maxsize=2)
def _opened(place: Path, _written: int) -> Index:
    return Index(place)


def _place(out: Path, against: Sequence[str], fields: Sequence[str] | None) -> Path:
    told = json.dumps([list(against), list(fields) if fields else None])
    return out / FOLDER / hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
