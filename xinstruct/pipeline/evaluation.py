"""Has the evaluation sets of a line's decontaminating stages ready, and tells when what they hold has changed."""

from collections.abc import Sequence
from pathlib import Path

from xinstruct.pipeline.line import Stage
from xinstruct.stages import decontaminate
from xinstruct.tools.overlap import held


def hold(out: Path, line: Sequence[Stage], folder: Path) -> dict[int, str]:
    """A mark for each such stage, by its number, of what its sets hold. folder: where the recipe's paths start.

    RecipeError for a set that is not there, cannot be read or has no text.
    """
    sets = {s.number: s.settings for s in line if isinstance(s.settings, decontaminate.Settings)}
    marks = {number: held.hold(out, folder, s.against, s.fields) for number, s in sets.items()}
    held.let_go(out, [(s.against, s.fields) for s in sets.values()])
    return marks
