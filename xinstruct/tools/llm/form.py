"""What stays the same from one request to the next, written as JSON once: long fixed texts and schemas."""

import json
from collections.abc import Callable
from typing import Any

# No text holds these; they show where what changes goes.
_HOLES = ("\0first\0", "\0second\0")


class Form:
    """A request in JSON but for one or two texts inside it. request: makes it of two texts, or of the first alone."""

    def __init__(self, request: Callable[[str, str], dict[str, Any]]) -> None:
        written = _json(request(*_HOLES))
        self._head, _, rest = written.partition(_inside(_HOLES[0]))
        self._between, _, self._tail = rest.partition(_inside(_HOLES[1]))

    def filled(self, first: str, second: str = "") -> bytes:
        """The body of the request with the texts in it."""
        return f"{self._head}{_inside(first)}{self._between}{_inside(second)}{self._tail}".encode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _inside(text: str) -> str:
    return _json(text)[1:-1]
