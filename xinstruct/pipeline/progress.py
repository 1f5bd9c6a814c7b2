"""Tells how far a part is while it is being made, from whichever process makes it, by a small file."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from xinstruct.ledger import Tally

_SECONDS_BETWEEN = 0.5


class Meter:
    """Writes a part's running counts to its stage's working folder, and removes them when the part is done."""

    def __init__(self, work: Path, part: str, tally: Tally) -> None:
        self._path, self._tally, self._next = work / f"{part}.now", tally, 0.0

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def tick(self) -> None:
        """Called after each candidate; writes twice a second at most."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SECONDS_BETWEEN
            counts = [self._tally.kept, self._tally.dropped.total(), self._tally.failed.total()]
            self._path.write_text(json.dumps(counts))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)


def running(work: Path) -> Iterator[tuple[int, int, int]]:
    """Kept, dropped and failed so far of each part that is under way."""
    for path in work.glob("*.now"):
        try:
            kept, dropped, failed = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            continue  # finished, or caught in the middle of writing: the next look will tell
        yield kept, dropped, failed
