"""Adds up what stands of a run, stage by stage, and checks that its ledger balances."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xinstruct.ledger import Entry, StageSum
from xinstruct.pipeline.line import Stage
from xinstruct.pipeline.plan import Part, Plan
from xinstruct.tools import store

# In made.json: language -> rows that the stage had when `found` was measured, and that are forgotten since.
SINCE = "forgotten_since"


class LedgerError(RuntimeError):
    """A ledger does not balance; the text says where."""


def rows_of_all(entries: Iterable[Entry]) -> str:
    """A hash of the rows of all parts: the input of a corpus-wide stage."""
    # Any row of any part may decide about any other.
    return hashlib.blake2b("\n".join(entry.rows for entry in entries).encode(), digest_size=16).hexdigest()


def _standing(out: Path, line: Sequence[Stage], plan: Plan) -> Iterator[tuple[Stage, Part, Entry, Entry | None]]:
    """What is made and not overtaken, each with its ledger entry and that of the stage before.

    A part is overtaken when the stage before was made anew since, with other rows: the run that did so goes on there.
    """
    before: dict[str, Entry] = {}
    for stage in line:
        rows = {name: entry.rows for name, entry in before.items()}
        if stage.corpus_wide:
            rows = dict.fromkeys(rows, rows_of_all(before.values())) if len(rows) == len(plan.parts) else {}
        here: dict[str, Entry] = {}
        for part in plan.parts:
            made = store.made_of(out / stage.folder, part.name)
            if made is not None and (stage.begins or made["ingredients"].get("input") == rows.get(part.name, "")):
                here[part.name] = Entry.of(made)
                yield stage, part, here[part.name], before.get(part.name)
        before = here


def sums(out: Path, line: Sequence[Stage], plan: Plan) -> list[StageSum]:
    """What is made so far, a sum per stage."""
    found = {stage.number: StageSum(stage.name) for stage in line}
    for stage, _, entry, _ in _standing(out, line, plan):
        found[stage.number].add(entry)
    return list(found.values())


def faults(out: Path, line: Sequence[Stage], plan: Plan) -> list[str]:
    """Where the ledger of what is made does not balance, in words; empty when it does."""
    return [
        f"{stage.folder}, part {part.name}: {fault}."
        for stage, part, entry, before in _standing(out, line, plan)
        if (fault := entry.fault(before)) is not None
    ]


def check(out: Path, line: Sequence[Stage], plan: Plan) -> list[StageSum]:
    """The sums of a finished run. LedgerError with its first fault, also when something of it is not made."""
    found, totals = faults(out, line, plan), sums(out, line, plan)
    found += [
        f"{total.stage} has {total.parts} of {len(plan.parts)} parts."
        for total in totals
        if total.parts != len(plan.parts)
    ]
    if found:
        raise LedgerError(f"The ledger does not balance: {found[0]}")
    return totals


def found(out: Path, line: Sequence[Stage], plan: Plan) -> list[tuple[Stage, Mapping[str, Any], int]]:
    """What stages found out on the way, about those asked or rows chosen, in the order of the line; and how many rows
    that these figures count were forgotten since.
    """
    told: dict[int, tuple[Stage, Mapping[str, Any], int]] = {}
    for stage, part, _, _ in _standing(out, line, plan):
        made = store.made_of(out / stage.folder, part.name)
        if made and "found" in made:
            told.setdefault(stage.number, (stage, made["found"], sum(made.get(SINCE, {}).values())))
    return [told[number] for number in sorted(told)]
