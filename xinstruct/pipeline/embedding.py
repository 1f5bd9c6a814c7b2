"""Finds who makes the vectors of instructions for a stage that wants them, and keeps a server running meanwhile."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from xinstruct.pipeline.line import Stage
from xinstruct.profile import EMBEDDER, Profile
from xinstruct.recipe import RecipeError
from xinstruct.stages import diversify
from xinstruct.tools import store
from xinstruct.tools.embedder import SERVED, TFIDF, Named, trial
from xinstruct.tools.embedder.served import Service
from xinstruct.tools.embedder.transformer import check, is_path, made_of


def settled(line: Sequence[Stage], folder: Path, profile: Profile | None) -> tuple[Stage, ...]:
    """The line with the embedders that its recipe names. folder: where the recipe's paths start.

    RecipeError, in a sentence that says what to do, where a package, a folder or a role of the profile is missing.
    """
    return tuple(_settled(stage, folder, profile) for stage in line)


def tried(line: Sequence[Stage], out: Path, say: Callable[[str], None]) -> None:
    """Has each model that stages of the line load make a vector, unless it made what is in the run's folder `out`.

    RecipeError where one cannot, OSError where the Hub cannot be reached. say: takes lines for people.
    """
    for stage in line:
        settings = stage.settings
        if not isinstance(settings, diversify.Settings) or not isinstance(settings.source, Named):
            continue
        if not _has_made(out / stage.folder, settings.model_dump(mode="json")["vectors_from"]):
            say(f"{stage.name}: seeing whether its embedder {settings.embedder} can be loaded.")
            trial.tried(settings.source.name)


def _has_made(folder: Path, vectors_from: str) -> bool:
    parts = (path.name.removesuffix(store.MADE) for path in folder.glob(f"*{store.MADE}"))
    made = next(filter(None, (store.made_of(folder, part) for part in parts)), None)
    return made is not None and made["ingredients"]["settings"].get("vectors_from") == vectors_from


@asynccontextmanager
async def running(stage: Stage, logs: Path, say: Callable[[str], None]) -> AsyncIterator[None]:
    """What serves the stage's vectors runs while the block lasts. logs: folder for its log; say: takes lines for
    people. NotServing and RecipeError as the start of a server has them.
    """
    source = stage.settings.source if isinstance(stage.settings, diversify.Settings) else None
    if isinstance(source, Service):
        async with source.running(logs, say):
            yield
    else:
        yield


def _settled(stage: Stage, folder: Path, profile: Profile | None) -> Stage:
    settings = stage.settings
    if not isinstance(settings, diversify.Settings) or settings.embedder == TFIDF:
        return stage
    source: Named | Service
    if settings.embedder == SERVED:
        if profile is None or EMBEDDER not in profile.roles:
            raise RecipeError(
                f"{stage.name} says embedder: served, and nobody has the role {EMBEDDER}: name a server of a pooling "
                "model for it in the profile that --models gives, or say embedder: tfidf."
            )
        source = Service(profile.only(EMBEDDER))
        name = source.name
    else:
        beside = folder / settings.embedder
        place = str(beside) if is_path(settings.embedder) or beside.is_dir() else settings.embedder
        check(place)
        source, name = Named(place), made_of(place)
    return dataclasses.replace(stage, settings=settings.embedding_by(source, name))
