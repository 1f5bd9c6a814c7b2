"""Fills a dataset that holds pointers instead of texts, from the archives that they point to."""

from pathlib import Path

import click

from xinstruct.commands import DONE, SOME_FAILED
from xinstruct.commands._making import TOLERATED_FAILED_SHARE
from xinstruct.commands._opened import on_this_machine
from xinstruct.publish.rehydrate import rehydrate


@click.command(epilog="Example: xinstruct rehydrate pointers --source crawl/ --out filled")
@click.argument("dataset", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--source",
    "sources",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="An archive, table or page that rows point into, or a folder of them; may stand several times.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to; DATASET_filled unless said.")
def command(dataset: Path, sources: tuple[Path, ...], out: Path | None) -> int:
    """Write the dataset that DATASET points to; each text is checked by its hash."""
    dataset = dataset.absolute()
    out = on_this_machine(out or dataset.with_name(f"{dataset.name}_filled"))
    filled = rehydrate(dataset, sources, out)
    click.echo(filled.sentence())
    return SOME_FAILED if filled.missing_share > TOLERATED_FAILED_SHARE else DONE
