"""Has the evaluation sets of a line's decontaminating stages ready, and tells what they hold and when that changed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from xinstruct.pipeline.line import Stage
from xinstruct.stages import decontaminate
from xinstruct.tools.overlap import held
from xinstruct.tools.overlap.telling import not_read

# Columns that hold what a model is trained on.
_TEXTS = frozenset(("response", "instruction", "context", "turns", "answers"))


def hold(out: Path, line: Sequence[Stage], folder: Path, say: Callable[[str], None]) -> dict[int, str]:
    """A mark for each such stage, by its number, of what its sets hold. folder: where the recipe's paths start; say:
    takes lines for people: files that are not read, and later stages whose texts are not looked through.

    RecipeError for a set that is not there, cannot be read or has no text.
    """
    sets = _settings(line)
    skipped = list(dict.fromkeys(name for s in sets.values() for name in held.unread(folder, s.against)))
    if skipped:
        say(not_read(skipped))
    marks = {number: held.hold(out, folder, s.against, s.fields) for number, s in sets.items()}
    held.let_go(out, [(s.against, s.fields) for s in sets.values()])
    for sentence in unseen(line):
        say(sentence)
    return marks


def unseen(line: Sequence[Stage]) -> list[str]:
    """A sentence where stages after the last decontaminating one write texts, which are held against nothing then."""
    last = max(_settings(line), default=len(line))
    writing = [stage for stage in line[last:] if _TEXTS & {*stage.module.WRITES}]
    if not writing:
        return []
    names = " and ".join(", ".join(f"{stage.number} {stage.name}" for stage in writing).rsplit(", ", 1))
    again = f"put decontaminate after {writing[-1].name}, or there again, where they should be"
    return [f"What {names} will write is not held against the evaluation sets; {again}."]


def found(out: Path, line: Sequence[Stage]) -> dict[int, list[dict[str, Any]]]:
    """What each such stage of a run holds its rows against, by its number, see `held.told_of`."""
    return {number: held.told_of(out, s.against, s.fields) for number, s in _settings(line).items()}


def _settings(line: Sequence[Stage]) -> dict[int, decontaminate.Settings]:
    return {s.number: s.settings for s in line if isinstance(s.settings, decontaminate.Settings)}
