"""Shows people how far a run is: bars on a terminal, plain lines elsewhere, and the funnel at the end."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from xinstruct.ledger import StageSum
from xinstruct.pipeline import progress
from xinstruct.pipeline.run import Run
from xinstruct.tools.web.record import is_loss

_REFRESH_SECONDS = 0.5
_LINE_SECONDS = 30.0
# Pages are strangers' texts: what would command the terminal is shown instead of sent.
_COMMANDS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class Screen(Console):
    """Prints what it is given as it stands, wherever standard output goes."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Leaves it to the command line what becomes of a command whose reader went away."""
        raise BrokenPipeError


def harmless(text: str) -> str:
    """A stranger's text as it may be shown on a terminal."""
    return text.translate(_COMMANDS)


def spoken(turns: Iterable[Mapping[str, Any]], answers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Lines that show a conversation, and ranked answers, the chosen first."""
    for turn in turns:
        came_by = f" ({turn['evol']})" if turn["evol"] else ""
        yield f"{turn['role']}{came_by}: {turn['content']}"
    for answer in answers:
        rank = f", rank {answer['rank']:.2f}" if answer["rank"] is not None else ""
        yield f"{answer['origin']}{rank}: {answer['text']}"


@asynccontextmanager
async def shown(run: Run, console: Console) -> AsyncIterator[None]:
    """Shows the run's progress while the block lasts."""
    task = asyncio.create_task(_bars(run, console) if console.is_terminal else _lines(run, console))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _bars(run: Run, console: Console) -> None:
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn(
            "{task.fields[kept]} kept, {task.fields[dropped]} dropped, "
            "{task.fields[failed]} failed, {task.fields[speed]:.0f}/s"
        ),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, refresh_per_second=4) as bars:
        ids = [
            bars.add_task(f"{n} {total.stage}", total=None, kept=0, dropped=0, failed=0, speed=0.0)
            for n, total in enumerate(run.sums, start=1)
        ]
        clocks: dict[TaskID, tuple[float, float]] = {}
        try:
            while True:
                _move(run, bars, ids, clocks)
                await asyncio.sleep(_REFRESH_SECONDS)
        finally:
            _move(run, bars, ids, clocks)


def _move(run: Run, bars: Progress, ids: list[TaskID], clocks: dict[TaskID, tuple[float, float]]) -> None:
    upstream: StageSum | None = None
    for bar, stage, total in zip(ids, run.line, run.sums, strict=True):
        under_way = list(progress.running(run.out / ".work" / stage.folder))
        kept = total.kept + sum(k for k, _, _ in under_way)
        dropped = total.dropped.total() + sum(d for _, d, _ in under_way)
        failed = total.failed.total() + sum(f for _, _, f in under_way)
        done = kept + dropped + failed
        if done != bars.tasks[bar].completed:  # the clock of a stage that is done stands still
            now = time.monotonic()
            clocks[bar] = (clocks[bar][0] if bar in clocks else now, now)
        began, ended = clocks.get(bar, (0.0, 0.0))
        speed = done / max(_REFRESH_SECONDS, ended - began)
        finished = total.parts >= len(run.plan.parts)
        expected = done if finished else (upstream.kept if upstream and upstream.parts >= len(run.plan.parts) else None)
        if not finished and upstream is None and total.parts:
            expected = done * len(run.plan.parts) // total.parts
        bars.update(bar, total=expected, completed=done, kept=kept, dropped=dropped, failed=failed, speed=speed)
        upstream = total


async def _lines(run: Run, console: Console) -> None:
    told = [False] * len(run.sums)
    last = time.monotonic()
    try:
        while True:
            _tell_finished(run, console, told)
            if time.monotonic() - last > _LINE_SECONDS:
                last = time.monotonic()
                console.print("; ".join(_so_far(run)), soft_wrap=True)
            await asyncio.sleep(_REFRESH_SECONDS)
    finally:
        _tell_finished(run, console, told)


def _so_far(run: Run) -> Iterator[str]:
    """How far each stage is that has begun: parts, and candidates also of parts that are under way."""
    for stage, total in zip(run.line, run.sums, strict=True):
        under_way = list(progress.running(run.out / ".work" / stage.folder))
        if total.parts >= len(run.plan.parts) or not (total.parts or under_way):
            continue
        out = total.kept + total.dropped.total() + total.failed.total() + sum(map(sum, under_way))
        yield f"{stage.name} {total.parts}/{len(run.plan.parts)} parts, {out:,} candidates"


def _tell_finished(run: Run, console: Console, told: list[bool]) -> None:
    for n, total in enumerate(run.sums):
        if not told[n] and total.parts >= len(run.plan.parts):
            told[n] = True
            failed = f", {total.failed.total()} failed" if total.failed else ""
            console.print(
                f"{n + 1} {total.stage}: {total.kept} kept, {total.dropped.total()} dropped{failed}", highlight=False
            )


def funnel(sums: Iterable[StageSum]) -> Table:
    """The funnel: what came in, what went out and why, a row per stage."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("stage", "in", "added", "kept", "dropped", "failed"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_column("why", overflow="fold")
    for n, total in enumerate(sums, start=1):
        why = ", ".join(f"{reason} {count}" for reason, count in (total.dropped + total.failed).most_common(6))
        numbers = (total.went_in, total.added, total.kept, total.dropped.total(), total.failed.total())
        table.add_row(f"{n} {total.stage}", *(f"{number:,}" for number in numbers), why)
    return table


def unread(first: StageSum) -> str | None:
    """A sentence on what of the input could not be read or fetched, and where; None where all was. first: of the first
    stage.
    """
    told = [
        f"{reason} {count:,}{_such_as(first.skipped_where.get(reason), count)}"
        for reason, count in first.skipped.most_common()
        if is_loss(reason)
    ]
    return f"Input that could not be read: {', '.join(told)}." if told else None


def _such_as(where: str | None, count: int) -> str:
    return f" ({'first ' if count > 1 else ''}{where})" if where else ""


def no_pages(skipped: Counter[str]) -> str | None:
    """A sentence on the records that were no pages, and not meant to be; None where there were none."""
    told = [f"{reason} {count:,}" for reason, count in skipped.most_common() if not is_loss(reason)]
    return f"Records that are no pages: {', '.join(told)}." if told else None
