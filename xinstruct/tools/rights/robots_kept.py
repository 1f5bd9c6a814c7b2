"""Keeps the robots.txt that stand in a run's web archives in one file, in which each is found again by its host."""

import errno
import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from xinstruct.tools.rights.survey import Survey, mark_of

FILE = "robots.sqlite"
# hosts: of all pages of the part, see survey.Survey; NULL where they are not known before the part is read.
_TABLES = """
CREATE TABLE IF NOT EXISTS parts (part TEXT PRIMARY KEY, mark TEXT NOT NULL, hosts BLOB);
CREATE TABLE IF NOT EXISTS robots (
    part TEXT NOT NULL, nth INTEGER NOT NULL, place TEXT NOT NULL, digest BLOB NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (part, nth)
);
CREATE INDEX IF NOT EXISTS by_place ON robots (place, part, nth);
"""
_LONGEST_WAIT = 60.0  # seconds, for another process that writes


class RobotsKept:
    """The file in a run's folder. A part is there whole or not at all. OSError when the disk fails."""

    def __init__(self, out: Path) -> None:
        self._path = out / FILE

    @staticmethod
    def is_in(out: Path) -> bool:
        """Whether the file is there."""
        return (out / FILE).exists()

    def missing(self, parts: Mapping[str, str]) -> list[str]:
        """The parts that are not there as they are now. parts: name -> mark, which changes with the part's input. Those
        that are not among them are removed.
        """
        try:
            known = self._parts()
        except sqlite3.DatabaseError:  # it is damaged: what it held is found again
            self._path.unlink()
            known = self._parts()
        with self._open() as base:
            gone = [part for part in known if parts.get(part) != known[part]]
            with base:
                for table in ("parts", "robots"):
                    base.executemany(f"DELETE FROM {table} WHERE part = ?", [(part,) for part in gone])
        return [part for part in parts if part in gone or part not in known]

    def put(self, part: str, mark: str, found: Survey) -> None:
        """Keeps what was found in a part."""
        rows = [
            (part, nth, place, _digest(body), body.encode("utf-8", "replace").decode())
            for nth, (place, body) in enumerate(found.robots)
        ]
        with self._open() as base, base:
            base.executemany("INSERT INTO robots VALUES (?, ?, ?, ?, ?)", rows)
            hosts = None if found.hosts is None else found.hosts.tobytes()
            base.execute("INSERT INTO parts VALUES (?, ?, ?)", (part, mark, hosts))

    def count(self) -> int:
        """How many hosts there are of which the robots.txt is known."""
        with self._open() as base:
            return int(base.execute("SELECT COUNT(DISTINCT place) FROM robots").fetchone()[0])

    def marks(self, parts: Collection[str]) -> dict[str, str]:
        """For each of these parts, sixteen digits that change when a robots.txt does that speaks of one of its pages;
        of any page where it is not known whose pages the part holds.
        """
        with self._open() as base:
            last = dict(base.execute("SELECT place, digest FROM robots ORDER BY part, nth"))
            hosts = {part: known for part, known in base.execute("SELECT part, hosts FROM parts") if part in parts}
        digests = {mark_of(place): digest for place, digest in last.items()}
        marks = np.sort(np.fromiter(digests, np.uint64, len(digests)))
        found: dict[str, str] = {}
        for part in parts:
            known = hosts.get(part)
            here = marks if known is None else np.intersect1d(marks, np.frombuffer(known, np.uint64))
            told = hashlib.blake2b(here.tobytes(), digest_size=8)
            for mark in here.tolist():
                told.update(digests[mark])
            found[part] = told.hexdigest()
        return found

    def _parts(self) -> dict[str, str]:
        with self._open() as base:
            return dict(base.execute("SELECT part, mark FROM parts"))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with _told(self._path), closing(sqlite3.connect(self._path, timeout=_LONGEST_WAIT)) as base:
            base.executescript(_TABLES)
            yield base


class KeptBodies:
    """Finds a host's robots.txt in the file of a run's folder, which nobody writes meanwhile; without a file there is
    none.
    """

    def __init__(self, out: Path) -> None:
        path = out / FILE
        self._path, self._base = path, None
        if path.exists():
            with _told(path):
                # The worker that made it ends it: nothing is written.
                self._base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_LONGEST_WAIT)

    def find(self, place: str) -> str | None:
        """The robots.txt of a place, the last one that was found; None without one."""
        if self._base is None:
            return None
        with _told(self._path):
            row = self._base.execute(
                "SELECT body FROM robots WHERE place = ? ORDER BY part DESC, nth DESC LIMIT 1", (place,)
            ).fetchone()
        return str(row[0]) if row else None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Says of a database that fails what the disk would."""
    try:
        yield
    except sqlite3.OperationalError as error:
        number = errno.ENOSPC if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL else errno.EIO
        raise OSError(number, str(error), str(path)) from error


def _digest(body: str) -> bytes:
    return hashlib.blake2b(body.encode("utf-8", "replace"), digest_size=8).digest()
