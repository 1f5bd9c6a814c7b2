"""Reads golden cases: text files with what is known and expected between two lines of dashes, and the passage below."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CASES = Path(__file__).resolve().parent / "cases"


@dataclass(frozen=True)
class Case:
    """One golden case: its name, what stands between the dashes, and the passage."""

    name: str
    known: dict[str, Any]
    expect: dict[str, Any]
    passage: str


def cases(stage: str) -> list[Case]:
    """Every case of a stage, by name."""
    return [_read(path) for path in sorted((CASES / stage).glob("*.txt"))]


def _read(path: Path) -> Case:
    _, head, passage = path.read_text(encoding="utf-8").split("---\n", 2)
    known = yaml.safe_load(head)
    return Case(path.stem, known, known.pop("expect"), passage.rstrip("\n"))
