"""Runs a recipe, from the pages to the published dataset."""

from pathlib import Path

import click

from xinstruct.commands import DONE, SOME_FAILED
from xinstruct.commands._making import make
from xinstruct.commands._opened import on_this_machine
from xinstruct.commands._screen import Screen
from xinstruct.commands._workers import Workers, options
from xinstruct.profile import Profile, of_endpoint
from xinstruct.profile import load as load_profile
from xinstruct.recipe import SOURCE_KINDS, Recipe, RecipeError, checked, load, located

# The line that is run when no recipe is given.
DEFAULT_STAGES = [
    "harvest",
    {"cluster": {"over": "response"}},
    "instruct",
    # What an instruction lacks is left to the rewriter; the second score holds to the default floors.
    {
        "score": {
            "lowest_kept": 0.4,
            "lowest_kept_rating": 1,
            "lowest_kept_specific": 0.0,
            "lowest_kept_satisfiable": 0.0,
            "lowest_kept_likelihood": -100.0,
            "share_dropped": 0.0,
        }
    },
    "rewrite",
    "score",
    {"cluster": {"over": "instruction"}},
    "diversify",
]


@click.command(epilog="Example: xinstruct run demo --out out/demo")
@click.argument("recipe", type=click.Path(path_type=Path), required=False)
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="Without a recipe: a language such as swh_Latn; may stand several times.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    help="Without a recipe: a file, folder, glob or address, or hf:NAME; may stand several times.",
)
@click.option(
    "--models",
    type=click.Path(path_type=Path),
    metavar="PROFILE",
    help="Who writes and judges: a model profile, such as one-24gb; the rules unless said.",
)
@click.option(
    "--endpoint", metavar="URL", help="An OpenAI-compatible server; it is sent OPENAI_API_KEY if that is set."
)
@click.option("--model", metavar="NAME", help="With --endpoint: the model that it serves.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write to; out/<recipe's name> unless said.")
@options
@click.option("--limit", type=click.IntRange(1), help="Stop harvesting after so many passages.")
@click.option(
    "--redo", metavar="STAGE", help="Make this stage and what follows anew, also when replies must be bought again."
)
def command(
    recipe: Path | None,
    languages: tuple[str, ...],
    sources: tuple[str, ...],
    out: Path | None,
    workers: int,
    engine: str,
    storage: str | None,
    limit: int | None,
    redo: str | None,
    models: Path | None,
    endpoint: str | None,
    model: str | None,
) -> int:
    """Make what a RECIPE says and is not made yet, and publish it to OUT/dataset."""
    if recipe is not None and (languages or sources):
        raise RecipeError("Give either a recipe, or --language and --source.")
    if recipe is None and not (languages and sources):
        raise RecipeError("Give a recipe, or --language and --source; `xinstruct run --help` shows both.")
    recipe = located(recipe) if recipe else None
    chosen = load(recipe) if recipe else _without_recipe(languages, sources)
    folder = (recipe.parent if recipe else Path()).absolute()
    out = on_this_machine(out or Path("out") / (recipe.stem if recipe else "run"))
    profile = profile_of(models, endpoint, model)
    told = Workers(workers, engine, storage)
    healthy = make(chosen, folder, out, Screen(), workers=told, limit=limit, redo=redo, profile=profile)
    return DONE if healthy else SOME_FAILED


def profile_of(models: Path | None, endpoint: str | None, model: str | None) -> Profile | None:
    """The profile that the options name; None for the rules. RecipeError when they do not fit together."""
    if models is not None and (endpoint or model):
        raise RecipeError("Give either --models, or --endpoint and --model.")
    if bool(endpoint) != bool(model):
        raise RecipeError("--endpoint URL and --model NAME go together.")
    if models is not None:
        return load_profile(models)
    return of_endpoint(endpoint, model) if endpoint and model else None


def _without_recipe(languages: tuple[str, ...], sources: tuple[str, ...]) -> Recipe:
    content = {
        "languages": list(languages),
        "sources": [_source(source) for source in sources],
        "stages": DEFAULT_STAGES,
    }
    return checked(Recipe, content, "the call")


def _source(named: str) -> dict[str, str]:
    return {"hf": named.removeprefix("hf:")} if named.startswith("hf:") else {_kind_of(named): named}


def _kind_of(source: str) -> str:
    name = source.lower()
    for kind, endings in {
        "jsonl": (".jsonl", ".jsonl.gz", ".jsonl.zst"),
        "parquet": (".parquet",),
        "html": (".html", ".htm"),
    }.items():
        if name.endswith(endings) and kind in SOURCE_KINDS:
            return kind
    folder = Path(source)
    if (
        folder.is_dir()
        and not any(folder.rglob("*arc*"))
        and any(p for ending in ("html", "htm") for p in folder.rglob(f"*.{ending}"))
    ):
        return "html"
    return "warc"
