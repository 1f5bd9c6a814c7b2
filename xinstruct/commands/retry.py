"""Runs just what failed once more, and what follows from it."""

import asyncio
import os
from pathlib import Path

import click
from rich.console import Console

from xinstruct.commands import DONE, SOME_FAILED
from xinstruct.commands._making import make
from xinstruct.commands._opened import opened
from xinstruct.ledger import Entry
from xinstruct.pipeline.plan import lock
from xinstruct.tools import store


@click.command(epilog="Example: xinstruct retry out/demo")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="all cores", help="Worker processes."
)
def command(out: Path, workers: int) -> int:
    """Ask again for the failed candidates of OUT; everything that was answered is served from the replies it keeps."""
    run = opened(out)
    console = Console(highlight=False)
    failed = 0
    with lock(out):
        for stage in run.line:
            for part in run.plan.parts:
                made = store.made_of(out / stage.folder, part.name)
                if made is not None and (count := sum(Entry.of(made).failed.values())):
                    failed += count
                    store.unmake(out / stage.folder, part.name)
    if not failed:
        console.print(f"Nothing in {out} has failed.")
        return DONE
    console.print(f"{failed} failed candidates are tried again.")
    healthy = asyncio.run(make(run.recipe, Path(run.plan.folder), out, console, workers=workers, limit=run.plan.limit))
    return DONE if healthy else SOME_FAILED
