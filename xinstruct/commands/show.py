"""Shows what a recipe would do: its stages in order, what each reads and writes, whom it asks, with which settings."""

from pathlib import Path

import click
from rich.padding import Padding
from rich.table import Table

from xinstruct.commands._screen import Screen
from xinstruct.pipeline import evaluation
from xinstruct.pipeline.line import Stage, line_of
from xinstruct.recipe import load, located


@click.command(epilog="Example: xinstruct show demo")
@click.argument("recipe", type=click.Path(path_type=Path))
def command(recipe: Path) -> None:
    """Print the line of a RECIPE and what it would read; nothing is run."""
    recipe = located(recipe)
    content = load(recipe)
    console = Screen()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("stage", "what it does", "reads", "asks"):
        table.add_column(name, overflow="fold")
    line = line_of(content)
    for stage in line:
        reads, asks = ", ".join(stage.reads), ", ".join(stage.asks) or "no model"
        table.add_row(f"{stage.number} {stage.name}", _sentence(stage), reads, asks)
    console.print(table)
    for sentence in evaluation.unseen(line):
        console.print(f"\n{sentence}", soft_wrap=True)
    console.print("\nSettings; those with * are the recipe's own, the others are as each stage has them.")
    for stage in line:
        console.print(Padding(_settings(stage), (0, 0, 0, 2)))
    labels = content.labels
    console.print(f"\nLanguages: {' '.join(labels) if len(labels) <= 40 else f'{len(labels)} languages'}")
    for source in content.sources:
        files = source.files(recipe.parent.absolute())
        size = sum(path.stat().st_size for path in files)
        console.print(
            f"Source {source.kind}: {getattr(source, source.kind)} ({len(files)} files, {size / 1e6:,.1f} MB)"
        )


def _sentence(stage: Stage) -> str:
    return (stage.module.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")


def _settings(stage: Stage) -> str:
    fixed = stage.settings.model_fields_set
    told = stage.settings.model_dump(mode="json").items()
    return f"{stage.number} {stage.name} - " + "; ".join(f"{k}: {v}{' *' if k in fixed else ''}" for k, v in told)
