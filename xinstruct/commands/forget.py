"""Removes from a run what somebody asked to have removed, everywhere, and remembers it for later runs."""

import shutil
from pathlib import Path

import click

from xinstruct.commands import DONE
from xinstruct.commands._making import REPLIES
from xinstruct.commands._opened import Opened, opened
from xinstruct.pipeline.balance import check, sums
from xinstruct.pipeline.forgetting import forget
from xinstruct.pipeline.forgotten_rows import Removed
from xinstruct.pipeline.plan import lock
from xinstruct.publish.dataset import publish
from xinstruct.publish.swap import restore
from xinstruct.recipe import RecipeError
from xinstruct.tools import store
from xinstruct.tools.rights.forgotten import FILE, Forgotten, forgotten_in
from xinstruct.tools.rights.hosts import host_of, plain_url


@click.command(epilog="Example: xinstruct forget out/demo --host habari.example --url https://blogi.example/minusta")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="A host, with all that stands under it.")
@click.option("--url", "urls", multiple=True, metavar="URL", help="The address of one page.")
def command(out: Path, hosts: tuple[str, ...], urls: tuple[str, ...]) -> int:
    """Remove the pages of hosts, or single pages, from OUT: from every stage, from the replies of models, from fetched
    pages and from the dataset, which is published anew. Both options can be given several times.

    What was asked is kept in OUT/forgotten.yml, and a later run in OUT leaves it out. Nothing is made or asked anew.
    """
    asked = _asked(hosts, urls)
    run = opened(out)
    with lock(out):
        try:
            forgotten = forgotten_in(out).joined(asked)
        except ValueError as error:
            raise RecipeError(str(error)) from error
        # First of all: whatever is cut off after this, no later run takes it in again.
        forgotten.write(out)
        removed = forget(out, run.line, run.plan, forgotten, out / REPLIES)
        click.echo(_sentence(out, removed))
        for why in removed.not_searched:
            click.echo(f"Not searched in {out / 'fetched'}: {why}.")
        restore(out / "dataset")
        if (out / "dataset").exists():
            click.echo(_published(run))
    click.echo(
        f"{out / FILE} keeps what was asked. The sources themselves are as they were, and so is what was published "
        "elsewhere: publish it again with `xinstruct publish`."
    )
    return DONE


def _asked(hosts: tuple[str, ...], urls: tuple[str, ...]) -> Forgotten:
    if not hosts and not urls:
        raise RecipeError("Say what to forget: --host HOST or --url URL.")
    for host in hosts:
        if host_of(f"//{host}") is None or set(host) & set("/:*? "):
            raise RecipeError(f"--host {host}: give a host such as habari.example; --url takes addresses.")
    for url in urls:
        if "://" not in url or plain_url(url) is None:
            raise RecipeError(f"--url {url}: give a whole address such as https://habari.example/ukurasa.")
    return Forgotten(hosts, urls)


def _sentence(out: Path, removed: Removed) -> str:
    told = f"Removed {removed.passages:,} passages and {removed.replies:,} replies of models from {out}"
    if not removed.passages:
        told = f"{out} holds no passage of what was asked; removed {removed.replies:,} replies of models"
    if removed.fetched:
        told += f", and {removed.fetched:,} fetched records"
    if removed.repeats:
        told += (
            f"; {removed.repeats:,} rows of other pages had been dropped because they repeat removed ones, and stay "
            "dropped until you add --redo cluster to a run"
        )
    return told + "."


def _published(run: Opened) -> str:
    """Publishes what is left; a dataset that cannot be made now must not stay as it was."""
    out, rows, parts = run.out, run.out / run.line[-1].folder, [part.name for part in run.plan.parts]
    if all(store.made_of(rows, part) for part in parts):
        check(out, run.line, run.plan)
        published = publish(out, rows, parts, run.recipe, sums(out, run.line, run.plan))
        if published.path is not None:
            return published.sentence()
    shutil.rmtree(out / "dataset")
    return f"{out / 'dataset'} is removed: no row is left, or the run is not finished and publishes when it is."
