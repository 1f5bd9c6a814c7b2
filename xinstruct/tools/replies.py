"""Keeps every reply as it arrives, in one SQLite file: nothing is asked twice, a crash costs what was in flight."""

import hashlib
import json
import sqlite3
from pathlib import Path

from xinstruct import prompts
from xinstruct.question import Question

# Attempts of one question are kept side by side: the refused ones to be looked at, the accepted one to be served again.
_TABLE = """
CREATE TABLE IF NOT EXISTS replies (
    question TEXT NOT NULL, model TEXT NOT NULL, repeat INTEGER NOT NULL, attempt INTEGER NOT NULL,
    accepted INTEGER NOT NULL, reply TEXT NOT NULL, arrived TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (question, model, repeat, attempt)
) WITHOUT ROWID
"""


def question_key(question: Question) -> str:
    """Thirty-two hexadecimal digits: the prompt's text, the fields and the answer's schema decide them."""
    asked = [
        question.role,
        question.prompt,
        prompts.version(question.prompt),
        question.fields,
        question.answer.model_json_schema(),
    ]
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Replies:
    """The store of replies. One process writes it. `model` names the model with its revision and sampling."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        # Without a flush per reply a killed process still loses nothing; a power cut costs the last seconds at most.
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.execute(_TABLE)

    def accepted(self, key: str, model: str, repeat: int) -> str | None:
        """The accepted reply to this question, or None."""
        row = self._base.execute(
            "SELECT reply FROM replies WHERE question=? AND model=? AND repeat=? AND accepted=1 LIMIT 1",
            (key, model, repeat),
        ).fetchone()
        return row[0] if row else None

    def keep(self, key: str, model: str, repeat: int, reply: str, accepted: bool) -> None:
        """Keeps one reply under the next free attempt number."""
        self._base.execute(
            "INSERT INTO replies (question, model, repeat, attempt, accepted, reply) "
            "SELECT ?, ?, ?, COALESCE(MAX(attempt), 0) + 1, ?, ? FROM replies "
            "WHERE question=? AND model=? AND repeat=?",
            (key, model, repeat, int(accepted), reply, key, model, repeat),
        )

    def count(self) -> int:
        """How many replies were ever received."""
        return int(self._base.execute("SELECT COUNT(*) FROM replies").fetchone()[0])

    def close(self) -> None:
        """Ends the writing; the file stays."""
        self._base.close()
