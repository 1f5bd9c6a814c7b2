"""Publishes the rows of a run that is made: to its own folder, to another folder, or to the Hugging Face Hub."""

import shutil
from pathlib import Path

import click

from xinstruct.commands import DONE
from xinstruct.commands._opened import Opened, on_this_machine, opened
from xinstruct.pipeline.balance import sums
from xinstruct.pipeline.plan import lock
from xinstruct.publish.dataset import Published, publish
from xinstruct.recipe import RecipeError
from xinstruct.tools import hub, store

_HUB = "hub:"


@click.command(epilog="Example: xinstruct publish out/demo --to hub:my-lab/swahili-instructions")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--to",
    metavar="DIR|hub:ORG/NAME",
    help="A folder, or a dataset on the Hub (made private if it is new; token in HF_TOKEN); OUT/dataset unless said.",
)
def command(out: Path, to: str | None) -> int:
    """Write the dataset of OUT again, or put it elsewhere.

    What leaves OUT is chosen by the recipe's `rights:`: open-only (rows under open licences), pointers (where each text
    stands, without the text) or all. A folder gets all rows when the recipe does not say; the Hub needs the decision.
    """
    run = opened(out)
    _check_made(run)
    with lock(out):
        if to is None:
            click.echo(_published(run, None).sentence())
        elif to.startswith(_HUB):
            _to_hub(run, to.removeprefix(_HUB))
        else:
            click.echo(_published(run, on_this_machine(Path(to))).sentence())
    return DONE


def _check_made(run: Opened) -> None:
    if "instruction" not in {column for stage in run.line for column in stage.module.WRITES}:
        raise RecipeError(f"No stage of {run.out} writes instructions, so there is nothing to publish.")
    rows = run.out / run.line[-1].folder
    if not all(store.made_of(rows, part.name) for part in run.plan.parts):
        raise RecipeError(f"{run.out} is not finished; `xinstruct run RECIPE --out {run.out}` goes on from there.")


def _to_hub(run: Opened, name: str) -> None:
    if not hub.is_name(name):
        raise RecipeError(f"{name} cannot be a dataset's name on the Hub; write hub:ORG/NAME.")
    if run.recipe.rights.publish is None:
        raise RecipeError(
            "Publishing on the Hub needs a decision on rights: add `rights: open-only` (rows under open licences), "
            "`rights: pointers` (addresses without texts) or `rights: all` to the recipe, and type "
            f"`xinstruct run RECIPE --out {run.out}` again, which makes nothing anew."
        )
    hub.token()  # before the work of writing
    folder = run.out / ".work" / "hub"
    published = _published(run, folder, name)
    address = hub.upload(folder, name) if published.path else None
    click.echo(published.sentence(address))
    shutil.rmtree(folder, ignore_errors=True)


def _published(run: Opened, destination: Path | None, repository: str | None = None) -> Published:
    rows = run.out / run.line[-1].folder
    parts = [part.name for part in run.plan.parts]
    totals = sums(run.out, run.line, run.plan)
    return publish(run.out, rows, parts, run.recipe, totals, destination, repository)
