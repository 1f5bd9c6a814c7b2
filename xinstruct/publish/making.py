"""Tells how rows were made: stages, settings, versions, who answered, and the funnel; it travels with the dataset."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import Field

from xinstruct import __version__
from xinstruct.ledger import StageSum
from xinstruct.pipeline import evaluation
from xinstruct.pipeline.balance import SINCE
from xinstruct.pipeline.line import Stage, line_of
from xinstruct.publish import card_shares
from xinstruct.recipe import Recipe, Strict
from xinstruct.tools import store
from xinstruct.tools.web.signed import shown

FILE = "making.json"


class StageMade(Strict):
    """One stage: its word, what it does in a sentence, version, settings, and who answered its questions, by role."""

    stage: str
    sentence: str
    version: int
    settings: dict[str, Any]
    asked: dict[str, str]


class Making(Strict):
    """The whole making. funnel: the ledger of each stage as `xinstruct status --json` gives it.

    rights: what of the recipe's `rights.publish` the rows were chosen by; accepted: the licences of `rights.accept`.
    asked: what on the page instructions were made from -> how many were made so. found: what the judging stages found
    out about judge and writer, see tools/standing; ranked: what the ranking stages found of all their rows. shares: of
    kinds of sources and the largest host before and after they were capped, see card_shares. variety: of instructions
    before and after rows were chosen, per language, see tools/variety. forgotten: rows that found, ranked and variety
    count and that were removed since, because somebody asked. evaluation: the sets that rows were held against, as the
    last stage that does so tells of them, see tools/overlap/held. rehydrated: texts came from pointers.
    """

    name: str
    xinstruct: str
    rights: str | None
    accepted: list[str] = Field(default=["all"])
    languages: list[str]
    sources: list[dict[str, str]]
    stages: list[StageMade]
    funnel: list[dict[str, Any]]
    asked: dict[str, int]
    found: list[dict[str, Any]] = Field(default=[])
    ranked: list[dict[str, Any]] = Field(default=[])
    shares: dict[str, dict[str, dict[str, Any]]] = Field(default={})
    variety: dict[str, dict[str, Any]] = Field(default={})
    forgotten: int = 0
    evaluation: list[dict[str, Any]] = Field(default=[])
    left_out: dict[str, int] = Field(default={})
    rehydrated: bool = False


@dataclass(frozen=True)
class Made:
    """A run's folder with the parts and the line that made it."""

    out: Path
    parts: Sequence[str]
    recipe: Recipe
    sums: Sequence[StageSum]

    def making(self, rights: str | None) -> Making:
        """How it was made. rights: what the rows were chosen by, None when all stay."""
        line = line_of(self.recipe)
        told_by = [(stage, told) for stage in line if (told := self._found(stage))]
        chosen = [told for stage, told in told_by if not stage.hears]
        return Making(
            name=self.recipe.name,
            xinstruct=__version__,
            rights=rights,
            accepted=list(self.recipe.rights.accept),
            languages=list(self.recipe.languages),
            sources=[_source(source.model_dump(exclude_none=True)) for source in self.recipe.sources],
            stages=[self._stage(stage) for stage in line],
            funnel=[total.as_json() for total in self.sums],
            asked=dict(self._asked(line).most_common()),
            shares=card_shares.shares(self.out, card_shares.telling(line), self.parts),
            found=[told for stage, told in told_by if stage.tries],
            ranked=[told for stage, told in told_by if stage.hears and not stage.tries],
            variety=chosen[-1] if chosen else {},
            evaluation=next(reversed(evaluation.found(self.out, line).values()), []),
            forgotten=max((self._forgotten(stage) for stage in line), default=0),
        )

    def _stage(self, stage: Stage) -> StageMade:
        made = next((m for part in self.parts if (m := store.made_of(self.out / stage.folder, part))), None)
        return StageMade(
            stage=stage.name,
            sentence=(stage.module.__doc__ or "").strip().split("\n\n")[0].replace("\n", " "),
            version=stage.module.VERSION,
            settings=_without_folders(stage.settings.model_dump(mode="json")),
            asked=made["ingredients"].get("asked", {}) if made else {},
        )

    def _found(self, stage: Stage) -> dict[str, Any] | None:
        made = (store.made_of(self.out / stage.folder, part) for part in self.parts)
        return next((one["found"] for one in made if one and "found" in one), None)

    def _forgotten(self, stage: Stage) -> int:
        made = (store.made_of(self.out / stage.folder, part) for part in self.parts)
        return max((sum(one.get(SINCE, {}).values()) for one in made if one), default=0)

    def _asked(self, line: Sequence[Stage]) -> Counter[str]:
        """Instructions that the first stage which writes them kept, by what they were made from."""
        asked: Counter[str] = Counter()
        writer = next((stage for stage in line if "asked_from" in stage.module.WRITES), None)
        for part in self.parts if writer else ():
            path = store.file_of(self.out / writer.folder, part) if writer else None
            if path is not None and path.exists():
                with pq.ParquetFile(path) as file:
                    for batch in file.iter_batches(columns=["asked_from"]):
                        asked.update(name or "(not said)" for name in batch.column(0).to_pylist())
        return asked


def _source(told: dict[str, str]) -> dict[str, str]:
    """A source as the recipe has it, without the folders of this machine and what opens an address."""
    return {key: value if key in ("language", "licence") else Path(shown(value)).name for key, value in told.items()}


def _without_folders(told: Any) -> Any:
    """Settings without the folders of this machine: of a whole path the name alone stays."""
    if isinstance(told, dict):
        return {key: _without_folders(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_without_folders(value) for value in told]
    return Path(told).name if isinstance(told, str) and told.startswith(("/", "~")) else told
