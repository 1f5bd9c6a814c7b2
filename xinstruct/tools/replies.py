"""Keeps every reply as it arrives, in one SQLite file: nothing is asked twice, a crash costs what was in flight."""

import errno
import functools
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from xinstruct import prompts
from xinstruct.question import Asked, Question

# Attempts of one question are kept side by side: the refused ones to be looked at, the accepted one to be served again.
_TABLE = """
CREATE TABLE IF NOT EXISTS replies (
    question TEXT NOT NULL, model TEXT NOT NULL, repeat INTEGER NOT NULL, attempt INTEGER NOT NULL,
    accepted INTEGER NOT NULL, reply TEXT NOT NULL, arrived TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (question, model, repeat, attempt)
) WITHOUT ROWID
"""
# Questions that are not asked again, whatever the repeat, until somebody says so; error as in Unanswered.
_VERDICTS = """
CREATE TABLE IF NOT EXISTS verdicts (
    question TEXT NOT NULL, model TEXT NOT NULL, error TEXT NOT NULL, raw TEXT NOT NULL,
    PRIMARY KEY (question, model)
) WITHOUT ROWID
"""
# One for all questions: to make it costs as much as to use it.
_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def asked_key(asked: Asked) -> str:
    """Thirty-two hexadecimal digits: the prompt's text, the fields and the answer's schema decide them."""
    told: list[Any] = [asked.role, asked.prompt, prompts.version(asked.prompt), asked.fields]
    if isinstance(asked, Question):
        text = f"{_written(told)[:-1]}, {_schema(asked.answer)}]"
    else:
        text = _written([*told, asked.text, asked.masked])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@functools.cache
def _schema(answer: type[BaseModel]) -> str:
    return _written(answer.model_json_schema())


class RepliesDamaged(Exception):
    """The file of replies cannot be read; the text says what to do."""


class Replies:
    """The store of replies. One process writes it. `model` names the model with its revision and sampling.

    Its methods raise OSError when the disk fails, RepliesDamaged when the file is no store of replies any more.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self._base = sqlite3.connect(path, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise OSError(errno.EIO, str(error), str(path)) from error
        # Without a flush per reply a killed process still loses nothing; a power cut costs the last seconds at most.
        self._do("PRAGMA journal_mode=WAL")
        self._do("PRAGMA synchronous=NORMAL")
        self._do(_TABLE)
        self._do(_VERDICTS)
        told = self._do("SELECT question, model, error, raw FROM verdicts")
        self._verdicts = {(question, model): (error, raw) for question, model, error, raw in told}

    def accepted(self, key: str, model: str, repeat: int) -> str | None:
        """The accepted reply to this question, or None."""
        rows = self._do(
            "SELECT reply FROM replies WHERE question=? AND model=? AND repeat=? AND accepted=1 LIMIT 1",
            (key, model, repeat),
        )
        return rows[0][0] if rows else None

    def keep(self, key: str, model: str, repeat: int, reply: str, accepted: bool) -> None:
        """Keeps one reply under the next free attempt number."""
        self._do(
            "INSERT INTO replies (question, model, repeat, attempt, accepted, reply) "
            "SELECT ?, ?, ?, COALESCE(MAX(attempt), 0) + 1, ?, ? FROM replies "
            "WHERE question=? AND model=? AND repeat=?",
            (key, model, repeat, int(accepted), reply, key, model, repeat),
        )

    def condemn(self, key: str, model: str, error: str, raw: str) -> None:
        """Remembers that this question must not be asked again, under the name of what it did."""
        self._do(
            "INSERT OR REPLACE INTO verdicts (question, model, error, raw) VALUES (?, ?, ?, ?)",
            (key, model, error, raw),
        )
        self._verdicts[key, model] = error, raw

    def verdict(self, key: str, model: str) -> tuple[str, str] | None:
        """What a condemned question did, and what came back then; None for a question that may be asked."""
        return self._verdicts.get((key, model))

    def forget_verdicts(self) -> None:
        """All questions may be asked again."""
        self._do("DELETE FROM verdicts")
        self._verdicts.clear()

    def count(self) -> int:
        """How many replies were ever received."""
        return int(self._do("SELECT COUNT(*) FROM replies")[0][0])

    def close(self) -> None:
        """Ends the writing; the file stays."""
        self._base.close()

    def _do(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._base.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            number = errno.ENOSPC if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL else errno.EIO
            raise OSError(number, str(error), str(self.path)) from error
        except sqlite3.DatabaseError as error:
            raise RepliesDamaged(
                f"{self.path} is damaged ({error}); move it away and type the same command again: what is made stays, "
                "but answers for what is not made yet are asked for again."
            ) from error
