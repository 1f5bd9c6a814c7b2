"""The order of the stages of a recipe, checked before anything runs."""

import difflib
import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from xinstruct import prompts, stages
from xinstruct.candidate import Candidate
from xinstruct.question import Talk
from xinstruct.recipe import Recipe, RecipeError, Strict, checked


@dataclass(frozen=True)
class Stage:
    """One stage at its place in the line. Only here is its number known; its rows do not depend on it."""

    number: int
    name: str
    path: str
    settings: Strict

    @property
    def module(self) -> ModuleType:
        """The stage's module."""
        return importlib.import_module(self.path)

    @property
    def folder(self) -> str:
        """Name of its output folder."""
        return f"{self.number}_{self.name}"

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that must have been written before it."""
        columns: tuple[str, ...] = self.module.READS
        return self.module.reads(self.settings) if hasattr(self.module, "reads") else columns

    @property
    def begins(self) -> bool:
        """Whether it takes pieces of the sources instead of candidates."""
        return self.number == 1

    @property
    def asks(self) -> tuple[str, ...]:
        """The roles that it asks; empty for a stage without a model."""
        roles: tuple[str, ...] = self.module.ASKS
        return self.module.asks(self.settings) if hasattr(self.module, "asks") else roles

    @property
    def grows(self) -> bool:
        """Whether it makes further candidates of those that it is handed, which go on beside them."""
        return hasattr(self.module, "sprouts")

    def sprouts(self, candidate: Candidate) -> Iterator[Candidate]:
        """What it makes of a candidate, before anything is asked; nothing where it does not grow."""
        return iter(self.module.sprouts(candidate, self.settings)) if self.grows else iter(())

    @property
    def corpus_wide(self) -> bool:
        """Whether it needs all parts of the stage before it."""
        return hasattr(self.module, "spread") or self.hears

    @property
    def hears(self) -> bool:
        """Whether it both asks and is corpus-wide: all candidates are heard before any is decided."""
        return hasattr(self.module, "Standing")

    @property
    def tries(self) -> bool:
        """Whether it wants each candidate's neighbours, and tries who answers, before it asks."""
        return hasattr(self.module, "trial")

    @property
    def talk(self) -> Callable[[Any, Any], Talk]:
        """The conversation of an asking stage."""
        function: Callable[[Any, Any], Talk] = self.module.talk
        return function

    def ingredients(self, answerers: Mapping[str, str]) -> dict[str, Any]:
        """What, besides its input, decides the stage's rows. answerers: role -> name of the model with its sampling."""
        return {
            "stage": self.name,
            "version": self.module.VERSION,
            "settings": self.settings.model_dump(mode="json"),
            "prompt": prompts.stage_version(self.name) if self.asks else None,
            "asked": {role: answerers[role] for role in self.asks},
        }


def stage_names() -> list[str]:
    """All stages that there are, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(stages.__path__) if not module.name.startswith("_"))


def line_of(recipe: Recipe) -> tuple[Stage, ...]:
    """The recipe's stages with their settings. RecipeError for an unknown stage or setting, or an impossible order."""
    return arranged([_load(n, entry.name, entry.settings) for n, entry in enumerate(recipe.stages, start=1)])


def arranged(line: Sequence[Stage]) -> tuple[Stage, ...]:
    """The line if its order can work: the first stage begins it, and what a stage reads was written before it."""
    written: set[str] = set()
    told: list[Stage] = []
    for stage in line:
        missing = [column for column in stage.reads if column not in written]
        if stage.begins and stage.module.READS:
            raise RecipeError(f"The line must begin with harvest, not with {stage.name}.")
        if not stage.begins and not stage.module.READS:
            raise RecipeError(f"{stage.name} begins a line and cannot be stage {stage.number}.")
        if missing:
            givers = [name for name in stage_names() if missing[0] in _module(name).WRITES]
            givers = [name for name in givers if missing[0] not in _module(name).READS]
            raise RecipeError(
                f"Stage {stage.number}, {stage.name}, reads {missing[0]}, which no stage before it writes; "
                f"put {' or '.join(givers)} before it."
            )
        if stage.grows and any((stage.name, _seed(stage)) == (other.name, _seed(other)) for other in told):
            raise RecipeError(
                f"{stage.name} stands twice with the same seed: and would make some rows twice; give the second "
                "another seed:, or take it out."
            )
        written.update(stage.module.WRITES)
        told.append(stage)
    return tuple(line)


def _seed(stage: Stage) -> int | None:
    return getattr(stage.settings, "seed", None)


def _load(number: int, name: str, settings: Mapping[str, Any]) -> Stage:
    known = stage_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise RecipeError(
            f"Unknown stage {name}; " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}.")
        )
    settings_type: type[Strict] = _module(name).Settings
    return Stage(number, name, f"{stages.__name__}.{name}", checked(settings_type, settings, f"settings of {name}"))


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{stages.__name__}.{name}")


def chain(stage: Stage, before: str, answerers: Mapping[str, str]) -> str:
    """A hash of how a stage and all before it were told to work. It tells a changed recipe from changed input:
    only the first makes answers that were bought already worthless."""
    text = json.dumps([before, stage.ingredients(answerers)], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
