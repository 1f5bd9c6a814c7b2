"""Where the work is done that asks no model: the options --workers, --engine and --storage, and what they mean."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from xinstruct.engine import Engine, LocalEngine, ray_engine
from xinstruct.pipeline.carrying import Carrying
from xinstruct.pipeline.plan import Plan, lock_path
from xinstruct.recipe import RecipeError
from xinstruct.tools.storage import Storage
from xinstruct.tools.web.remote import is_address

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """Gives a command the three options."""
    for option in (
        click.option(
            "--storage",
            metavar="URL|DIR",
            help="With --engine ray: where machines that do not share OUT's disk exchange files, such as "
            "s3://bucket/folder.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            help="Processes on this machine, or Ray: the cluster of RAY_ADDRESS or of ray start, else one that is "
            "started here.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(1),
            default=os.cpu_count() or 1,
            show_default="all cores",
            help="Worker processes; with --engine ray, tasks at once.",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Workers:
    """What the options say. count: items at once; name: of the engine; storage: an address that fsspec knows."""

    count: int
    name: str = "local"
    storage: str | None = None

    def where(self, out: Path) -> Path:
        """The run's folder as the workers know it: elsewhere, a relative path is another folder."""
        if self.storage is not None and self.name != "ray":
            raise RecipeError("--storage goes with --engine ray.")
        return out.absolute() if self.name == "ray" else out

    def engine(self, out: Path, plan: Plan, identifier: Path | None) -> Engine:
        """The engine for a run in `out`, whose lock is held. RecipeError when Ray or the storage is of no use."""
        if self.name == "local":
            return LocalEngine(self.count)
        if self.storage is not None:
            engine = ray_engine(self.count, None)
            return Carrying(engine, out, Storage.of(self.storage))
        pieces = (piece.path for part in plan.parts for piece in part.pieces)
        read = {Path(path) for path in pieces if not is_address(path)} | ({identifier} if identifier else set())
        return ray_engine(self.count, lock_path(out), frozenset(read))
