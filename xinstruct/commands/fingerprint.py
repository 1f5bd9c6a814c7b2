"""The command `xinstruct fingerprint`: hashes of evaluation texts in one file, by which `decontaminate` finds them."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import click

from xinstruct.recipe import RecipeError
from xinstruct.tools.overlap import hub_texts
from xinstruct.tools.overlap.fingerprint import Fingerprint, is_fingerprint
from xinstruct.tools.overlap.telling import left_out, not_read
from xinstruct.tools.overlap.texts import Text, unread
from xinstruct.tools.overlap.texts import texts as texts_of

_HUB = "hf:"


@click.command(epilog="Example: xinstruct fingerprint our-tests/ --out our-tests.fingerprint")
@click.argument("texts", nargs=-1)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, such as x.fingerprint.",
)
@click.option("--name", help="What the set is called where its texts are found; that of --out unless said.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    help="A field of tables that holds texts; may stand several times; all unless said.",
)
@click.option(
    "--benchmark",
    "wanted",
    multiple=True,
    type=click.Choice(sorted(hub_texts.benchmarks())),
    help="A common evaluation set, fetched from the Hugging Face Hub; may stand several times.",
)
def command(
    texts: tuple[str, ...], out: Path, name: str | None, fields: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    """Write hashes of evaluation TEXTS, not the texts, to a file; in a recipe: `decontaminate: {against: [FILE]}`.

    TEXTS are folders of .txt files (a text each), tables (.jsonl .json .csv .tsv .parquet, an item in each row), or
    datasets: hf:ORG/NAME, hf:ORG/NAME:CONFIG:SPLIT.
    """
    if not texts and not wanted:
        raise RecipeError("Name texts, or a --benchmark; `xinstruct fingerprint --help` shows both.")
    every = itertools.chain(
        *(_named(text, fields) for text in texts), *(_benchmark(each) for each in dict.fromkeys(wanted))
    )
    made = Fingerprint.of(name or out.stem, every)
    made.save(out)
    click.echo(f"{out}: {len(made.called)} texts of {made.name}, {out.stat().st_size / 1e6:.1f} MB")
    for sentence in left_out(made.left_out.model_dump()):
        click.echo(f"{sentence[:1].upper()}{sentence[1:]}.")
    folders = [Path(text) for text in texts if not text.startswith(_HUB)]
    skipped = [f"{folder.name}/{each}" for folder in folders for each in unread(folder)]
    if skipped:
        click.echo(not_read(skipped))


def _named(text: str, fields: tuple[str, ...]) -> Iterator[Text]:
    if text.startswith(_HUB):
        yield from hub_texts.texts(hub_texts.named(text.removeprefix(_HUB), fields))
    elif is_fingerprint(Path(text)):
        of = Fingerprint.load(Path(text))
        raise RecipeError(
            f"{text} is a fingerprint already, of {len(of.called)} texts of {of.name}; `decontaminate` takes it as "
            "it is; name the texts to make a new one."
        )
    else:
        yield from ((f"{Path(text).name}/{called}", found) for called, found in texts_of(Path(text), fields or None))


def _benchmark(name: str) -> Iterator[Text]:
    yield from ((f"{name}/{called}", text) for called, text in hub_texts.texts(hub_texts.benchmarks()[name]))
