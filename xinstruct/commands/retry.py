"""Runs just what failed once more, and what follows from it."""

from pathlib import Path

import click

from xinstruct.commands import DONE, SOME_FAILED
from xinstruct.commands._making import make
from xinstruct.commands._opened import opened
from xinstruct.commands._screen import Screen
from xinstruct.commands._workers import Workers, options
from xinstruct.pipeline.balance import sums
from xinstruct.profile import kept, load


@click.command(epilog="Example: xinstruct retry out/demo")
@click.argument("out", type=click.Path(path_type=Path))
@options
@click.option(
    "--models", type=click.Path(path_type=Path), metavar="PROFILE", help="Another profile than the run's own."
)
def command(out: Path, workers: int, engine: str, storage: str | None, models: Path | None) -> int:
    """Ask again for the failed candidates of OUT; what was answered is served from the replies that OUT keeps.

    Where they come back, they are neighbours of others, whose questions about neighbours are then asked anew.
    """
    run = opened(out)
    console = Screen()
    failed = sum(total.failed.total() for total in sums(out, run.line, run.plan))
    if not failed:
        console.print(f"Nothing in {out} has failed.")
        return DONE
    console.print(f"{failed} failed candidates are tried again.")
    folder, limit = Path(run.plan.folder), run.plan.limit
    profile = load(models) if models else kept(out)
    told = Workers(workers, engine, storage)
    healthy = make(run.recipe, folder, out, console, workers=told, limit=limit, retry=True, profile=profile)
    return DONE if healthy else SOME_FAILED
