"""Tells which evaluation sets rows were held against, how many texts they have, and what was not looked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from xinstruct.publish.making import Making
from xinstruct.publish.prose import say
from xinstruct.tools.overlap.telling import held_against


def sentences(sets: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each set, as `tools/overlap/held.told_of` gives them."""
    return [f"{sentence}." for sentence in held_against(sets)]


def section(making: Making) -> str:
    """The part of the card; empty where rows were held against nothing."""
    if not making.evaluation:
        return ""
    shown = "\n".join(f"- {sentence}" for sentence in sentences(making.evaluation))
    return "\n\n".join(("## Evaluation sets", say("evaluation"), shown))
