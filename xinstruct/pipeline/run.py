"""Runs a line over a plan: finds what is made already, has the rest made in order, and closes the ledger."""

import asyncio
import dataclasses
import hashlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from xinstruct.candidate import Candidate, Outcome
from xinstruct.engine import Engine
from xinstruct.ledger import Entry, StageSum
from xinstruct.pipeline import part as making
from xinstruct.pipeline.line import Stage, chain
from xinstruct.pipeline.part import BucketJob, Job
from xinstruct.pipeline.plan import Part, Plan
from xinstruct.recipe import RecipeError
from xinstruct.tools import store
from xinstruct.tools.conversation import Conversation, WouldAskAgain

# Parts that are on their way at once in a stretch without a corpus-wide stage: small ones must not drain a server.
_PARTS_AT_ONCE = 8
# Rows that a bucket should hold at most, so that reducing it takes little memory.
_ROWS_PER_BUCKET = 20_000


class LedgerError(RuntimeError):
    """A ledger does not balance; the text says where."""


@dataclass
class Run:
    """One run of a line. say: takes lines for people; redo: the stage to be made anew; limit: passages to harvest."""

    out: Path
    line: Sequence[Stage]
    plan: Plan
    languages: frozenset[str]
    engine: Engine
    conversation: Conversation
    say: Callable[[str], None]
    redo: str | None = None
    limit: int | None = None
    sums: list[StageSum] = field(init=False)

    def __post_init__(self) -> None:
        self.sums = [StageSum(stage.name) for stage in self.line]

    async def make(self) -> None:
        """Makes what is not made yet, stage after stage and part after part."""
        self._begin_redo()
        for stretch in _stretches(self.line):
            if stretch[0].corpus_wide:
                await self._make_corpus_wide(stretch[0])
            else:
                await self._make_stretch(stretch)
        shutil.rmtree(self.out / ".work", ignore_errors=True)
        check(self.out, self.line, self.plan)

    def _begin_redo(self) -> None:
        if self.redo is None:
            return
        if self.redo not in {stage.name for stage in self.line}:
            raise RecipeError(
                f"--redo {self.redo}: the recipe has no such stage; it has {', '.join(s.name for s in self.line)}."
            )
        first = next(stage.number for stage in self.line if stage.name == self.redo)
        wanted = {stage.folder for stage in self.line}
        for folder in self.out.glob("[0-9]*_*"):
            number = int(folder.name.split("_")[0])
            if folder.name not in wanted and number >= first:
                shutil.rmtree(folder)
            elif number == first:
                for part in self.plan.parts:
                    store.unmake(folder, part.name)

    async def _make_stretch(self, stretch: Sequence[Stage]) -> None:
        # With a limit the parts are harvested one after the other: the same passages are taken on every machine.
        at_once = asyncio.Semaphore(1 if self.limit is not None else _PARTS_AT_ONCE)

        async def through(part: Part) -> None:
            async with at_once:
                for stage in stretch:
                    await self._make_one(stage, part)

        try:
            async with asyncio.TaskGroup() as group:
                for part in self.plan.parts:
                    group.create_task(through(part))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # the first is the cause; the others were only cancelled by it

    async def _make_one(self, stage: Stage, part: Part) -> None:
        job, made = self._job(stage, part), store.made_of(self.out / stage.folder, part.name)
        if _is_current(made, job):
            self._done(stage, Entry.of(made))
            return
        self._tell_why(stage, part, made, job)
        if stage.asks:
            self._done(stage, await self._converse(stage, part, job, made))
        else:
            await self._all(making.make, [job])

    async def _converse(self, stage: Stage, part: Part, job: Job, made: dict[str, Any] | None) -> Entry:
        old_ids = self._bought(stage, part) if made is not None and self._told_otherwise(stage, made) else frozenset()

        def hold(candidates: Iterable[Candidate]) -> AsyncIterator[Outcome]:
            settings = stage.settings
            return self.conversation.outcomes(candidates, stage.talk, settings, lambda name: name not in old_ids)

        try:
            return await making.converse(job, hold)
        except WouldAskAgain as missing:
            raise RecipeError(
                f"{stage.name} would ask the {missing.role} again for answers that it has already, "
                f"because {_difference(made, job)} changed; to go on, add --redo {stage.name}."
            ) from None

    def _told_otherwise(self, stage: Stage, made: dict[str, Any]) -> bool:
        redone = next((s.number for s in self.line if s.name == self.redo), len(self.line) + 1)
        return stage.number < redone and made["ingredients"]["chain"] != self._chain(stage)

    def _bought(self, stage: Stage, part: Part) -> frozenset[str]:
        folder = self.out / stage.folder
        kinds = ("kept", "dropped")
        return frozenset(c.id for kind in kinds for c in store.candidates_of(store.file_of(folder, part.name, kind)))

    async def _make_corpus_wide(self, stage: Stage) -> None:
        jobs = [self._job(stage, part) for part in self.plan.parts]
        made = {part.name: store.made_of(self.out / stage.folder, part.name) for part in self.plan.parts}
        stale = [job for job in jobs if not _is_current(made[job.part], job)]
        if not stale:
            for part in self.plan.parts:
                self._done(stage, self._entry(stage, part))
            return
        self._tell_why(stage, self.plan.parts[0], made[stale[0].part], stale[0])
        rows = sum(self._entry(self.line[stage.number - 2], part).kept for part in self.plan.parts)
        buckets = max(1, -(-rows // _ROWS_PER_BUCKET))
        jobs = [dataclasses.replace(job, buckets=buckets) for job in jobs]
        work = jobs[0].work
        shutil.rmtree(work, ignore_errors=True)
        await self._all(making.spread, jobs)
        spread = sorted(folder.name for folder in (work / "spread").glob("*"))
        await self._all(making.gather, [BucketJob(work, bucket, stage, self.languages, buckets) for bucket in spread])
        await self._all(making.settle, [BucketJob(work, "all", stage, self.languages, buckets)])
        await self._all(making.make, jobs)
        shutil.rmtree(work, ignore_errors=True)

    async def _all(self, function: Callable[[Any], tuple[Stage, Entry] | None], jobs: Iterable[Any]) -> None:
        async for result in self.engine.each(function, jobs):
            if result is not None:
                self._done(*result)

    def _done(self, stage: Stage, entry: Entry) -> None:
        self.sums[stage.number - 1].add(entry)

    def _job(self, stage: Stage, part: Part) -> Job:
        before = None if stage.begins else self.line[stage.number - 2]
        source = self.out / before.folder if before else None
        limit = self._limit_of(stage, part)
        ingredients = {
            **stage.ingredients(self._answerers()),
            "input": self._input(stage, part),
            "chain": self._chain(stage),
        }
        if stage.begins:
            ingredients |= {"languages": sorted(self.languages), "limit": limit}
        return Job(self.out, stage, part.name, source, part.pieces, ingredients, self.languages, limit)

    def _limit_of(self, stage: Stage, part: Part) -> int | None:
        if self.limit is None or not stage.begins:
            return None
        before = (p for p in self.plan.parts if p.name < part.name)
        return max(0, self.limit - sum(self._entry(stage, p).kept for p in before))

    def _input(self, stage: Stage, part: Part) -> Any:
        if stage.begins:
            return part.ingredients(self.plan.files)
        before = self.line[stage.number - 2]
        if not stage.corpus_wide:
            return self._entry(before, part).rows
        # Any row of any part may decide about any other.
        rows = [self._entry(before, p).rows for p in self.plan.parts]
        return hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()

    def _entry(self, stage: Stage, part: Part) -> Entry:
        return entry_of(self.out, stage, part)

    def _answerers(self) -> dict[str, str]:
        return {role: self.conversation.name(role) for stage in self.line for role in stage.asks}

    def _chain(self, stage: Stage) -> str:
        before = ""
        for earlier in self.line[: stage.number]:
            before = chain(earlier, before, self._answerers())
        return before

    def _tell_why(self, stage: Stage, part: Part, made: dict[str, Any] | None, job: Job) -> None:
        if made is not None:
            which = "all parts" if stage.corpus_wide else f"part {part.name}"
            self.say(f"{stage.name}: making {which} again, because {_difference(made, job)} changed.")


def entry_of(out: Path, stage: Stage, part: Part) -> Entry:
    """The ledger entry of a made part. LedgerError when it is not made."""
    made = store.made_of(out / stage.folder, part.name)
    if made is None:
        raise LedgerError(
            f"Part {part.name} of {stage.folder} is not made, though a stage after it needs it; run again."
        )
    return Entry.of(made)


def _is_current(made: dict[str, Any] | None, job: Job) -> TypeGuard[dict[str, Any]]:
    # The chain tells why something changed; whether it did, the stage's own ingredients and its input tell.
    return made is not None and {**made["ingredients"], "chain": job.ingredients["chain"]} == job.ingredients


def sums(out: Path, line: Sequence[Stage], plan: Plan) -> list[StageSum]:
    """What is made so far, a sum per stage."""
    found = []
    for stage in line:
        total = StageSum(stage.name)
        for part in plan.parts:
            if (made := store.made_of(out / stage.folder, part.name)) is not None:
                total.add(Entry.of(made))
        found.append(total)
    return found


def faults(out: Path, line: Sequence[Stage], plan: Plan) -> list[str]:
    """Where the ledger of what is made does not balance, in words; empty when it does."""
    found = []
    for stage in line:
        for part in plan.parts:
            made = store.made_of(out / stage.folder, part.name)
            if made is None:
                continue
            upstream = None if stage.begins else entry_of(out, line[stage.number - 2], part)
            if (fault := Entry.of(made).fault(upstream)) is not None:
                found.append(f"{stage.folder}, part {part.name}: {fault}.")
    return found


def check(out: Path, line: Sequence[Stage], plan: Plan) -> None:
    """Raises LedgerError with the first fault."""
    found = faults(out, line, plan)
    if found:
        raise LedgerError(f"The ledger does not balance: {found[0]}")


def _stretches(line: Sequence[Stage]) -> list[list[Stage]]:
    stretches: list[list[Stage]] = []
    for stage in line:
        if stretches and not stage.corpus_wide and not stretches[-1][0].corpus_wide:
            stretches[-1].append(stage)
        else:
            stretches.append([stage])
    return stretches


def _difference(made: dict[str, Any] | None, job: Job) -> str:
    old = made["ingredients"] if made else {}
    names = {
        "input": "its input",
        "settings": "its settings",
        "prompt": "its prompt",
        "asked": "the model",
        "version": "the stage itself",
    }
    changed = [
        names.get(key, key) for key in job.ingredients if key != "chain" and old.get(key) != job.ingredients[key]
    ]
    return " and ".join(changed) or "an earlier stage"
