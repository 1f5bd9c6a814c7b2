"""Gathers the robots.txt in a run's web archives before the first page is harvested: they may stand behind the pages
that they speak of.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from xinstruct.engine import Engine
from xinstruct.pipeline.line import Stage
from xinstruct.pipeline.plan import Part, Plan
from xinstruct.tools.rights.robots_kept import RobotsKept
from xinstruct.tools.rights.survey import Survey, survey
from xinstruct.tools.web import remote
from xinstruct.tools.web.record import Piece


@dataclass(frozen=True)
class Looking:
    """A part to be looked through."""

    part: str
    pieces: tuple[Piece, ...]


async def gather(
    out: Path, line: Sequence[Stage], plan: Plan, engine: Engine, say: Callable[[str], None] = lambda _: None
) -> None:
    """Looks through the parts that are new or changed, and keeps what it finds in the run's folder.

    Only archives that lie on this machine: those behind an address would have to be sent twice. say: takes a line for
    people. Nothing is done for a line that does not ask for robots.txt.
    """
    if not asked_for(line):
        return
    kept = RobotsKept(out)
    marks = {part.name: _mark(part, plan) for part in plan.parts}
    missing = frozenset(kept.missing(marks))
    jobs = [Looking(part.name, part.pieces) for part in plan.parts if part.name in missing]
    known = kept.count()
    async for name, found in engine.each(surveyed, jobs):
        kept.put(name, marks[name], found)
    if kept.count() > known:
        say(f"The web archives hold the robots.txt of {kept.count():,} hosts; pages that these refuse are left out.")


def marks(out: Path, line: Sequence[Stage], plan: Plan) -> dict[str, str]:
    """For each part, what changes when the robots.txt do that speak of its pages; empty where none are asked for."""
    names = [part.name for part in plan.parts]
    return RobotsKept(out).marks(names) if asked_for(line) and RobotsKept.is_in(out) else dict.fromkeys(names, "")


def asked_for(line: Sequence[Stage]) -> bool:
    """Whether the stage that reads the pages drops those that reserve themselves."""
    return getattr(line[0].settings, "reserved", "keep") == "drop"


def surveyed(job: Looking) -> tuple[str, Survey]:
    """Looks through one part. Runs in a worker process."""
    here = [piece for piece in job.pieces if piece.kind == "warc" and not remote.is_address(piece.path)]
    found = survey((Path(piece.path), piece.start, piece.end) for piece in here)
    return job.part, found if len(here) == len(job.pieces) else dataclasses.replace(found, hosts=None)


def _mark(part: Part, plan: Plan) -> str:
    told = [[p.container, p.start, p.end, plan.files[p.container]] for p in part.pieces]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()
