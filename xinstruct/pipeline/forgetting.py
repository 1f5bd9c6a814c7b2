"""Removes what somebody asked to have removed from all that a run has made, so that its ledger still balances.

All new files are written first, beside the old ones; a list of them, written last, is the decision. What is cut off
before it changes nothing, what is cut off after it is completed the next time.
"""

import dataclasses
import itertools
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from xinstruct.pipeline.forgotten_rows import Removed, Rewriting, made_files, stage_folders
from xinstruct.pipeline.line import Stage
from xinstruct.pipeline.plan import Plan, plan_path
from xinstruct.question import Asked, Question, Talk, Weight
from xinstruct.tools import store
from xinstruct.tools.replies import asked_key
from xinstruct.tools.rights.blanked import blanked
from xinstruct.tools.rights.forgotten import Forgotten
from xinstruct.tools.rights.spoken import Spoken
from xinstruct.tools.web import reader

STAGING = ".forgetting"
_READY = "ready.json"
# Beside fetched archives: addresses alone, which forgotten.yml and the rows without text keep as well.
_LISTS = (".journal", ".addresses", ".captures")
# Columns in which a model's words may stand, beside the passage itself.
_WRITTEN = ("instruction", "instruction_before", "response_before", "context")


def forget(out: Path, line: Sequence[Stage], plan: Plan, forgotten: Forgotten, replies: Path) -> Removed:
    """Removes all rows of the forgotten pages from a run's stages, replies and fetched files.

    In harvest a row without text stays, dropped as forgotten. What stages found out stays as it was measured, with a
    note of how many rows went since. The logs of servers go, as they may quote what was asked. The caller holds the
    folder's lock and publishes anew. replies: the file that keeps the models' replies. OSError when the disk fails;
    what was begun is completed the next time.
    """
    complete(out, replies)
    shutil.rmtree(out / ".work", ignore_errors=True)
    staging = out / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    removed, spoken = Removed(), Spoken(replies)
    marks = _fetched(out, plan, forgotten, removed)
    questions = _questions(out, line, plan, forgotten, spoken)
    removed.replies = spoken.count(questions)
    rewriting = Rewriting(out, staging, plan, forgotten, marks, removed)
    rewriting.stage()
    copies = sorted(path for path in (staging / "fetched").rglob("*") if path.is_file())
    for copy in copies:
        store.flush(copy)
    files = [str(copy.relative_to(staging)) for copy in copies]
    if marks:
        stored = json.loads(plan_path(out).read_bytes())
        store.write_json(plan_path(staging), stored | {"files": stored["files"] | marks})
        files.append(plan_path(out).name)
    told = {"questions": sorted(questions), "unmade": rewriting.unmade, "files": files, "parts": rewriting.parts}
    store.write_json(staging / _READY, told)
    complete(out, replies)
    return removed


def complete(out: Path, replies: Path) -> bool:
    """Puts in place what an earlier call had decided on when it was cut off; False when there was nothing."""
    staging = out / STAGING
    try:
        told = json.loads((staging / _READY).read_bytes())
    except FileNotFoundError:
        return False
    Spoken(replies).remove(told["questions"])
    shutil.rmtree(out / "logs", ignore_errors=True)
    for begun in (out / "fetched").glob(".*.part"):  # a download that was cut off, which begins anew
        begun.unlink()
    for folder, part in told["unmade"]:
        for kind in store.KINDS:
            store.file_of(out / folder, part, kind).unlink(missing_ok=True)
    for name in told["files"]:
        if (staging / name).exists():
            (staging / name).replace(out / name)
    for folder, part in told["parts"]:
        _put(staging / folder, out / folder, part)
    store.flush(out)
    (staging / _READY).unlink()
    shutil.rmtree(staging)
    return True


def _put(staged: Path, folder: Path, part: str) -> None:
    made = staged / f"{part}.made.json"
    if not made.exists():
        return  # in place already
    moved = [(store.file_of(staged, part, kind), store.file_of(folder, part, kind)) for kind in store.KINDS]
    if any(new.exists() for new, _ in moved):
        store.unmake(folder, part)
    for new, old in moved:
        if new.exists():
            new.replace(old)
    store.flush(folder)
    made.replace(folder / made.name)


def _fetched(out: Path, plan: Plan, forgotten: Forgotten, removed: Removed) -> dict[str, str]:
    """Stages copies of fetched archives without the pages; gives container -> fingerprint of those that change."""
    containers = {Path(piece.path): piece.container for part in plan.parts for piece in part.pieces}
    marks: dict[str, str] = {}
    for path in sorted((out / "fetched").rglob("*")):
        if not path.is_file() or path.name.startswith(".") or path.suffix in _LISTS:
            continue
        copy = out / STAGING / path.relative_to(out)
        try:
            count = blanked(path, copy, forgotten.holds)
        except ValueError as error:
            removed.not_searched.append(str(error))
            continue
        removed.fetched += count
        if count and path.absolute() in containers:
            marks[containers[path.absolute()]] = reader.fingerprint(copy)
    return marks


def _questions(out: Path, line: Sequence[Stage], plan: Plan, forgotten: Forgotten, spoken: Spoken) -> set[str]:
    """Keys of the questions about the forgotten passages, and of those whose replies quote them."""
    found: set[str] = set()
    models = spoken.models()
    for before, stage in itertools.pairwise(line):
        for part in plan.parts if stage.asks and models else ():
            made = store.made_of(out / before.folder, part.name)
            path = store.file_of(out / before.folder, part.name)
            then = _as_made(stage, store.made_of(out / stage.folder, part.name))
            for candidate in store.candidates_of(path) if made else ():
                if forgotten.holds(candidate.url):
                    for one in then.sprouts(candidate) if then.grows else (candidate,):
                        for model in models:
                            others = [other for other in models if other != model]
                            found |= _asked(then.talk(one, then.settings), [model, *others], spoken)
    return found | (spoken.quoting(_texts(out, forgotten)) if models else set())


def _as_made(stage: Stage, made: dict[str, Any] | None) -> Stage:
    """The stage with the settings by which a part of it was made: what a file of the recipe said stands in them."""
    told = made["ingredients"].get("settings") if made else None
    try:
        return stage if told is None else dataclasses.replace(stage, settings=type(stage.settings).model_validate(told))
    except ValidationError:  # of an older version
        return stage


def _asked(talk: Talk, models: Sequence[str], spoken: Spoken) -> set[str]:
    """The keys of what a talk asks, as far as the models' replies carry it: of several the first one's that has one,
    for each role has a model of its own.
    """
    keys: set[str] = set()
    try:
        asked = next(talk)
        while True:
            several = asked if isinstance(asked, list) else [asked]
            keys |= {asked_key(one) for one in several}
            replies = [_reply(one, models, spoken) for one in several]
            if all(reply is None for reply in replies):
                break
            asked = talk.send(replies if isinstance(asked, list) else replies[0])
    except StopIteration:
        pass
    finally:
        talk.close()
    return keys


def _reply(asked: Asked, models: Sequence[str], spoken: Spoken) -> BaseModel | None:
    answer: type[BaseModel] = asked.answer if isinstance(asked, Question) else Weight
    key, repeat = asked_key(asked), asked.repeat if isinstance(asked, Question) else 0
    stored = next((told for model in models if (told := spoken.accepted(key, model, repeat)) is not None), None)
    try:
        return None if stored is None else answer.model_validate_json(stored)
    except ValidationError:  # the answer to an older form of the question
        return None


def _texts(out: Path, forgotten: Forgotten) -> Iterator[str]:
    """All that was taken from forgotten pages, and what was written about them."""
    for folder in stage_folders(out):
        for path in made_files(folder):
            for row in store.rows_of(path):
                if forgotten.holds(row["url"]):
                    written = [row["response"], *(row[name] for name in _WRITTEN), *(row["evidence"] or ())]
                    written += [turn["content"] for turn in row["turns"] or ()]
                    written += [answer["text"] for answer in row["answers"] or ()]
                    yield from filter(None, [*written, row.get("detail"), row.get("raw_reply")])
