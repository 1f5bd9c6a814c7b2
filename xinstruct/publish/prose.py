"""Gives the sentences of the card, which stand in card.yml so that they can be changed without Python."""

import functools
from typing import Any

from xinstruct.tables import shipped


@functools.cache
def _sentences() -> dict[str, Any]:
    sentences: dict[str, Any] = shipped("publish", "card.yml")
    return sentences


def say(name: str, **fields: object) -> str:
    """The sentences of that name with their {fields} filled in. KeyError when there are none."""
    return str(_sentences()[name]).format(**fields)


def works() -> list[dict[str, str | None]]:
    """The works that the pipeline rests on: `work`, and the `stage` that uses it (None for the whole)."""
    found: list[dict[str, str | None]] = _sentences()["works"]
    return found
