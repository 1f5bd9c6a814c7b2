"""Finds and removes what models said of texts that are to be forgotten, in the file that keeps their replies."""

import errno
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

# A reply that shares a stretch of so many characters with a text quotes it. Stretches begin at every _STEP-th one, so
# that a quotation of _STRETCH + _STEP - 1 characters is always found.
_STRETCH, _STEP = 32, 16
# What was written about a text is known by all of it, if it is no common word.
_SHORTEST_WHOLE = 16
_TEXTS_AT_ONCE = 5_000
_QUESTIONS_AT_ONCE = 500


class Spoken:
    """A store of replies, for forgetting; without a file it holds nothing. OSError when the disk fails."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def models(self) -> list[str]:
        """The names of all models that ever replied."""
        return [name for (name,) in self._rows("SELECT DISTINCT model FROM replies ORDER BY model")]

    def accepted(self, question: str, model: str, repeat: int) -> str | None:
        """The accepted reply of a model to a question, or None."""
        found = self._rows(
            "SELECT reply FROM replies WHERE question=? AND model=? AND repeat=? AND accepted=1 LIMIT 1",
            (question, model, repeat),
        )
        return next((str(reply) for (reply,) in found), None)

    def quoting(self, texts: Iterable[str]) -> set[str]:
        """The questions whose replies hold one of the texts, or quote a longer stretch of it."""
        found: set[str] = set()
        texts = iter(texts)
        while batch := list(islice(texts, _TEXTS_AT_ONCE)):
            known = {stretch for text in map(_squeezed, batch) for stretch in (text, *_stretches(text, _STEP))}
            for question, reply in self._rows("SELECT question, reply FROM replies"):
                if question not in found and _quotes(reply, known):
                    found.add(question)
        return found

    def count(self, questions: Iterable[str]) -> int:
        """How many replies there are to these questions."""
        return sum(
            int(row[0])
            for marks, some in _some(questions)
            for row in self._rows(f"SELECT COUNT(*) FROM replies WHERE question IN ({marks})", some)
        )

    def remove(self, questions: Iterable[str]) -> None:
        """Removes all replies to the questions, so that no byte of them is left in the file."""
        if not self._path.exists():
            return
        with self._open() as base:
            base.execute("PRAGMA secure_delete=ON")
            gone = 0
            for marks, some in _some(questions):
                for table in ("replies", "verdicts"):
                    gone += base.execute(f"DELETE FROM {table} WHERE question IN ({marks})", some).rowcount
            if gone:
                base.execute("VACUUM")
                base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        if not self._path.exists():
            return
        with self._open() as base:
            yield from base.execute(statement, values)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as base:
                yield base
        except sqlite3.OperationalError as error:
            number = errno.ENOSPC if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(number, str(error), str(self._path)) from error


def _some(questions: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The questions in such numbers as a statement takes, with as many question marks."""
    questions = iter(sorted(questions))
    while some := tuple(islice(questions, _QUESTIONS_AT_ONCE)):
        yield ", ".join("?" * len(some)), some


def _quotes(reply: str, known: set[str]) -> bool:
    for text in map(_squeezed, _strings(reply)):
        if len(text) >= _SHORTEST_WHOLE and text in known:
            return True
        if any(stretch in known for stretch in _stretches(text, 1)):
            return True
    return False


def _strings(reply: str) -> Iterator[str]:
    """All strings of a JSON reply; a reply that is none is one string."""
    try:
        waiting: list[Any] = [json.loads(reply)]
    except ValueError:
        yield reply
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            waiting += value.values() if isinstance(value, dict) else value


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _stretches(text: str, step: int) -> Iterator[str]:
    return (text[at : at + _STRETCH] for at in range(0, len(text) - _STRETCH + 1, step))
