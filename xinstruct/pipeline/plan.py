"""Freezes the grouping of the input into parts: new input makes new parts, old ones stay."""

import dataclasses
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xinstruct.candidate import SCHEMA
from xinstruct.pipeline.inputs import InputFile, as_kept, inputs, is_kept
from xinstruct.pipeline.permissions import permissions
from xinstruct.recipe import Recipe, RecipeError
from xinstruct.tools.rights import forgotten, refusals
from xinstruct.tools.store import write_json
from xinstruct.tools.web import reader
from xinstruct.tools.web.reader import Piece
from xinstruct.tools.web.signed import kept

# Rows of another schema cannot be read on: the columns are part of the format.
FORMAT = "1-" + hashlib.blake2b(repr([(f.name, str(f.type)) for f in SCHEMA]).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class Part:
    """A share of the input: whole small files, or a stretch of a big one."""

    name: str
    pieces: tuple[Piece, ...]

    def ingredients(self, files: Mapping[str, str]) -> list[list[Any]]:
        """What decides the harvest's rows: stretches of files, their fingerprints, and what the recipe says of them."""
        return [[p.container, p.start, p.end, files[p.container], p.language, p.licence] for p in self.pieces]


@dataclass(frozen=True)
class Plan:
    """What a run works on. files: container -> fingerprint; stages: the line's folders; limit: the run's --limit.

    As it is frozen its pieces open; as it is kept, its pieces and recipe lack what opens their addresses.
    """

    recipe: dict[str, Any]
    folder: str
    stages: tuple[str, ...]
    files: dict[str, str]
    parts: tuple[Part, ...]
    limit: int | None = None


def plan_path(out: Path) -> Path:
    """Where the plan lies."""
    return out / "plan.json"


def read_plan(out: Path) -> Plan | None:
    """The plan of an output folder, or None when there is none. RecipeError when it is another version's."""
    if out.exists() and not out.is_dir():
        raise RecipeError(f"{out} is a file, not a folder; give another --out.")
    try:
        stored = json.loads(plan_path(out).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RecipeError(f"{plan_path(out)} is damaged ({error}); give another --out.") from error
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise RecipeError(f"{out} was made by another version of xinstruct; give another --out.")
    parts = tuple(Part(p["name"], tuple(Piece(**piece) for piece in p["pieces"])) for p in stored["parts"])
    return Plan(stored["recipe"], stored["folder"], tuple(stored["stages"]), stored["files"], parts, stored["limit"])


def freeze(
    out: Path,
    recipe: Recipe,
    folder: Path,
    stages: tuple[str, ...],
    redo: str | None,
    limit: int | None,
    say: Callable[[str], None] = lambda _: None,
) -> Plan:
    """The plan for this recipe in `out`: the one that is there, with new parts for new files.

    folder: where the recipe's paths start; say: takes lines for people while pages are fetched.
    A recipe that was read back from the plan lacks what opens some addresses: with it the plan stands as it is.
    RecipeError when the folder holds something else, when files of the plan changed or vanished, or when a source is
    wrong; OSError when the outside fails.
    """
    old = read_plan(out)
    if old is not None and any(map(is_kept, recipe.sources)) and recipe.model_dump(mode="json") == old.recipe:
        return old
    if old is None and out.exists() and any(_is_strange(path) for path in out.iterdir()):
        raise RecipeError(f"{out} holds something else than a run of xinstruct; give another --out.")
    allowed = permissions(recipe, folder)
    planned = {kept(piece.path): piece.container for part in old.parts for piece in part.pieces} if old else {}
    asked = refusals.Refusals(forgotten.forgotten_in(out), allowed.opted_out)
    sources = inputs(recipe, folder, out, planned, say, asked.of_page)
    if old is not None:
        _check_same_run(out, old, sources, stages, redo)
    known = dict(old.files) if old else {}
    fresh = [s for s in sources if s.container not in known]
    known |= {s.container: reader.fingerprint(s.place) for s in fresh}
    by_container = {s.container: s for s in sources}
    parts = [_as_told(part, by_container) for part in old.parts] if old else []
    parts += _parts(fresh, _part_size(recipe, fresh), len(parts))
    told = recipe.model_copy(update={"sources": [as_kept(source) for source in recipe.sources]})
    plan = Plan(told.model_dump(mode="json"), str(folder), stages, known, tuple(parts), limit)
    out.mkdir(parents=True, exist_ok=True)
    if redo in _words(stages):
        _clear_away(out, stages, _words(stages).index(redo) + 1)
    refusals.keep(out, allowed.opted_out, allowed.accepted)
    shut = dataclasses.replace(plan, parts=tuple(map(_as_kept, plan.parts)))
    write_json(plan_path(out), {"format": FORMAT, **dataclasses.asdict(shut)})
    return plan


def _is_strange(path: Path) -> bool:
    # Pages that were fetched before the plan could be written stay of use, and so does a list of what to forget.
    return not path.name.startswith(".") and path.name not in ("fetched", refusals.FILE, forgotten.FILE)


def lock_path(out: Path) -> Path:
    """The file by which a run holds its folder."""
    return out / ".lock"


@contextmanager
def lock(out: Path) -> Iterator[None]:
    """Holds the output folder for this run. RecipeError when another run has it."""
    if out.exists() and not out.is_dir():
        raise RecipeError(f"{out} is a file, not a folder; give another --out.")
    out.mkdir(parents=True, exist_ok=True)
    with lock_path(out).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecipeError(f"Another run is at work in {out}; wait for it, or give another --out.") from None
        file.truncate(0)
        file.write(secrets.token_hex(16))  # by which workers on other machines know this folder
        file.flush()
        os.fsync(file.fileno())
        yield


def _check_same_run(out: Path, old: Plan, sources: list[InputFile], stages: tuple[str, ...], redo: str | None) -> None:
    now = {s.container: s for s in sources}
    if old.files and not set(now) & set(old.files):
        raise RecipeError(f"{out} holds the run of another recipe, from other sources; give another --out.")
    gone = sorted(set(old.files) - set(now))
    if gone:
        raise RecipeError(
            f"{out} was planned with {gone[0]}, which the recipe no longer names; name it again or give another --out."
        )
    changed = [c for c, mark in old.files.items() if reader.fingerprint(now[c].place) != mark]
    if changed:
        raise RecipeError(
            f"{changed[0]} has changed since {out} was planned; give the new file another name, or give another --out."
        )
    shared = min(len(old.stages), len(stages))
    if old.stages[:shared] != stages[:shared]:
        at = next(n for n in range(shared) if old.stages[n] != stages[n])
        name = stages[at].split("_", 1)[1]
        if redo not in _words(stages[: at + 1]):
            raise RecipeError(
                f"{out} was made by {' '.join(_words(old.stages))}, the recipe now says {' '.join(_words(stages))}; "
                f"to remake from {name} on (replies are kept) add --redo {name}, or give another --out."
            )


def _clear_away(out: Path, stages: tuple[str, ...], first: int) -> None:
    # Before the new plan is written: a run that is killed here must be told to redo once more.
    for folder in out.glob("[0-9]*_*"):
        if folder.name not in stages and int(folder.name.split("_")[0]) >= first:
            for made in folder.glob("*.made.json"):
                made.unlink()
            shutil.rmtree(folder)


def _words(folders: Iterable[str]) -> list[str]:
    return [folder.split("_", 1)[1] for folder in folders]


def _part_size(recipe: Recipe, sources: list[InputFile]) -> int:
    # Parts of 256 MB hold the overhead of big corpora down; a small one is split finer, so that all cores have work.
    if recipe.part_megabytes is not None:
        return max(1, int(recipe.part_megabytes * 1e6))
    total = sum(source.size for source in sources)
    return int(min(256e6, max(1e6, total / 16)))


def _parts(sources: list[InputFile], size: int, first: int) -> list[Part]:
    parts: list[Part] = []
    pieces: list[Piece] = []
    weight = 0.0
    for source in sources:
        split = list(reader.split(source.place, source.kind, source.container, size, source.language, source.licence))
        share = source.size / max(1, len(split))
        for piece in split:
            if pieces and weight + share > size:
                parts.append(Part(f"{first + len(parts):05d}", tuple(pieces)))
                pieces, weight = [], 0.0
            pieces.append(piece)
            weight += share
    if pieces:
        parts.append(Part(f"{first + len(parts):05d}", tuple(pieces)))
    return parts


def _as_kept(part: Part) -> Part:
    return Part(part.name, tuple(dataclasses.replace(piece, path=kept(piece.path)) for piece in part.pieces))


def _as_told(part: Part, sources: dict[str, InputFile]) -> Part:
    """The frozen part, where it lies now, with the language and licence that the recipe gives its sources today."""
    told = ((piece, sources[piece.container]) for piece in part.pieces)
    return Part(
        part.name,
        tuple(dataclasses.replace(p, path=s.path, language=s.language, licence=s.licence) for p, s in told),
    )
