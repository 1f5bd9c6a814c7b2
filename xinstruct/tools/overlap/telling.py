"""Puts into words what was read of evaluation sets, and what of them nothing is looked for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xinstruct.tools.overlap.texts import known_endings

_MOST_NAMED = 8


def held_against(sets: Iterable[Mapping[str, Any]]) -> list[str]:
    """A sentence for each set, without its dot, of what `held.told_of` gives."""
    said = []
    for one in sets:
        count = one["texts"]
        less = "; ".join(left_out(one["left_out"]))
        said.append(f"Held against {count:,} text{'s' * (count != 1)} of {one['set']}{less and '; '}{less}")
    return said


def left_out(of: Mapping[str, Any]) -> list[str]:
    """What is left out, as phrases. of: fields of `fingerprint.LeftOut`."""
    said = []
    if of["too_short"]:
        said.append(f"left out {of['too_short']:,} of them, of fewer than 12 letters")
    if of["repeated"]:
        said.append(f"left out {of['repeated']:,} more that too many rows repeat")
    if of["frames"] == 1:
        said.append(f"left out as the frame of questions: {of['letters']:,} letters {_shared(of)}")
    elif of["frames"]:
        longest = f"the longest, of {of['letters']:,} letters, {_shared(of)}"
        said.append(f"left out as frames of questions: {of['frames']:,} stretches, {longest}")
    return said


def not_read(names: Sequence[str]) -> str:
    """A sentence that names files of kinds that are not read."""
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"Not read: {', '.join(names[:_MOST_NAMED])}{more}; texts lie in files that end in {known_endings()}."


def _shared(of: Mapping[str, Any]) -> str:
    return f"that {of['texts']:,} texts share, such as {of['first']}"
