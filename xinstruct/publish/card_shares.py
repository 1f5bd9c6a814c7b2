"""Tells, per language, how much comes from religious sites, from Wikipedia and from the largest host, before and after
shares were capped.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xinstruct.pipeline.line import Stage
from xinstruct.publish.card_variety import named
from xinstruct.tools import store
from xinstruct.tools.provenance import KINDS

HEAD = ("language", "rows", "religious", "Wikipedia", "largest host")
_CAPPING = "diversify"
_COLUMNS = ["language", "host", "source_kind"]


@dataclass
class _Sources:
    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        host = max(self.hosts, key=lambda name: (self.hosts[name], name), default=None)
        shares = {name: round(self.kinds[name] / max(1, self.rows), 4) for name in KINDS}
        return {
            "rows": self.rows,
            **shares,
            "largest_host": round(self.hosts[host or ""] / max(1, self.rows), 4),
            "host": host,
        }


def telling(line: Sequence[Stage]) -> Stage:
    """The stage whose rows tell the shares: the last one that caps them, or else the last of all."""
    return next((stage for stage in reversed(line) if caps(stage)), line[-1])


def caps(stage: Stage) -> bool:
    """Whether the stage caps shares."""
    return stage.name == _CAPPING


def shares(out: Path, stage: Stage, parts: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Language -> before, after -> rows, and 0..1: religious, wikipedia, largest_host (`host` is its name).

    After is all that the stage kept, in the parts that are made; before is all that came into it where it caps shares,
    the same where it does not.
    """
    found: dict[str, tuple[_Sources, _Sources]] = {}
    kinds = ("kept", "dropped") if caps(stage) else ("kept",)
    for part in parts:
        if store.made_of(out / stage.folder, part):
            for kind in kinds:
                _count(store.file_of(out / stage.folder, part, kind), found, kind == "kept")
    return {
        language: {"before": before.as_json(), "after": after.as_json()}
        for language, (before, after) in sorted(found.items())
    }


def _count(path: Path, found: dict[str, tuple[_Sources, _Sources]], kept: bool) -> None:
    counted = pq.read_table(path, columns=_COLUMNS).group_by(_COLUMNS).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        before, after = found.setdefault(row["language"], (_Sources(), _Sources()))
        for sources in (before, after) if kept else (before,):
            sources.rows += row["count_all"]
            if row["host"]:
                sources.hosts[row["host"]] += row["count_all"]
            if row["source_kind"]:
                sources.kinds[row["source_kind"]] += row["count_all"]


def rows(told: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[tuple[str, ...]]:
    """What `shares` gives as lines under HEAD, most rows first; `before → after` where these differ."""
    ordered = sorted(told.items(), key=lambda item: (-item[1]["after"]["rows"], item[0]))
    return [(named(language), *_cells(one["before"], one["after"])) for language, one in ordered]


def _cells(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = (*KINDS, "largest_host")
    told = [(f"{one['rows']:,}", *(f"{one[name]:.0%}" for name in names)) for one in (before, after)]
    return [was if was == now else f"{was} → {now}" for was, now in zip(*told, strict=True)]
