"""Opens what a finished or interrupted run left in a folder, for the commands that look at it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xinstruct.pipeline.line import Stage, line_of
from xinstruct.pipeline.plan import Plan, plan_path, read_plan
from xinstruct.recipe import Recipe, RecipeError, checked

# A Path has one slash where an address had two.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)


@dataclass(frozen=True)
class Opened:
    """A run's folder: its plan, its recipe and the stages of its line."""

    out: Path
    plan: Plan
    recipe: Recipe
    line: Sequence[Stage]


def opened(out: Path) -> Opened:
    """What the folder holds. RecipeError when it is no run's."""
    plan = read_plan(on_this_machine(out))
    if plan is None:
        raise RecipeError(f"{out} holds no run of xinstruct; `xinstruct run RECIPE --out {out}` makes one.")
    recipe = checked(Recipe, plan.recipe, str(plan_path(out)))
    return Opened(out, plan, recipe, line_of(recipe))


def on_this_machine(folder: Path) -> Path:
    """The folder. RecipeError when it is an address, for which a folder of that name would be made here."""
    if address := _ADDRESS.match(str(folder)):
        raise RecipeError(
            f"{address[1]}:// is no folder on this machine: give one (with --engine ray, --storage takes addresses)."
        )
    return folder
