"""Writes the rows of a run's stages anew without those that are to be forgotten, and makes the ledger fit again."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from xinstruct.candidate import Dropped, Failed, Kept, Skipped
from xinstruct.ledger import Entry, Tally
from xinstruct.pipeline.balance import SINCE, rows_of_all
from xinstruct.pipeline.plan import Plan
from xinstruct.tools import store
from xinstruct.tools.rights.forgotten import REASON, Forgotten, without_text

_REPEATED = "repeats what was forgotten"
# What of `found` may be words of forgotten rows: the most frequent verbs of instructions, and their objects.
_WORDS = ("verbs", "verb_objects")


@dataclass
class Removed:
    """What was removed. passages: rows of harvest that had a text; replies: of models; repeats: rows of others that
    were dropped because they repeat a removed one, and stay dropped; fetched: pages in OUT/fetched; not_searched:
    files there that hold pages in a way in which single ones cannot be taken out, with why.
    """

    passages: int = 0
    replies: int = 0
    repeats: int = 0
    fetched: int = 0
    not_searched: list[str] = field(default_factory=list)


def stage_folders(out: Path) -> list[Path]:
    """The folders of all stages, also of such as the line has no more."""
    found = (path for path in out.glob("[0-9]*_*") if path.is_dir() and path.name.partition("_")[0].isdigit())
    return sorted(found, key=lambda path: int(path.name.partition("_")[0]))


def _parts_in(folder: Path) -> list[str]:
    return sorted({path.name.partition(".")[0] for path in folder.glob("[0-9]*.*")})


def made_files(folder: Path) -> Iterator[Path]:
    """The files with rows of all parts of a stage that are made."""
    for part in _parts_in(folder):
        if store.made_of(folder, part) is not None:
            yield from (store.file_of(folder, part, kind) for kind in store.KINDS)


def _rows(paths: Iterable[Path], *columns: str) -> Iterator[dict[str, Any]]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=list(columns)):
                yield from batch.to_pylist()


class Rewriting:
    """Writes the stages' parts anew into the folder `staging`, in the order of the line.

    marks: new fingerprints of input files, by container. parts, unmade: folder and part of what was written, and of
    what lies there without being made and has to go.
    """

    def __init__(
        self,
        out: Path,
        staging: Path,
        plan: Plan,
        forgotten: Forgotten,
        marks: Mapping[str, str],
        removed: Removed,
    ) -> None:
        self.out, self.staging, self.plan, self.forgotten = out, staging, plan, forgotten
        self.marks, self.removed = marks, removed
        self.parts: list[tuple[str, str]] = []
        self.unmade: list[tuple[str, str]] = []
        self._gone: Counter[str] = Counter()
        self.ids = frozenset(self._ids())
        self.clusters = self._clusters()

    def _ids(self) -> Iterator[str]:
        for folder in stage_folders(self.out):
            yield from (row["id"] for row in _rows(made_files(folder), "id", "url") if self.forgotten.holds(row["url"]))

    def _clusters(self) -> dict[str, str]:
        """New names of clusters that are named after a forgotten passage: the first id of those that are left."""
        names: dict[str, str] = {}
        for folder in stage_folders(self.out):
            for row in _rows(made_files(folder), "id", "cluster_id"):
                if row["cluster_id"] in self.ids and row["id"] not in self.ids:
                    names[row["cluster_id"]] = min(row["id"], names.get(row["cluster_id"], row["id"]))
        return names

    def stage(self) -> None:
        """Stages all parts that change."""
        old: dict[str, Entry] = {}
        new: dict[str, Entry] = {}
        before: Path | None = None
        for folder in stage_folders(self.out):
            begins = folder.name.startswith("1_")
            was: dict[str, Entry] = {}
            now: dict[str, Entry] = {}
            for part in _parts_in(folder):
                made = store.made_of(folder, part)
                if made is None:
                    self.unmade.append((folder.name, part))
                    continue
                was[part] = Entry.of(made)
                ingredients = self._of_first(made, was, now) if begins else self._of_later(made, part, old, new)
                now[part] = self._stage_part(folder, part, made, ingredients, before)
            self._mark(folder)
            old, new, before = was, now, folder

    def _mark(self, folder: Path) -> None:
        """Notes how many of a stage's rows went, beside what was found when it still had them, and takes their words
        out of that.
        """
        for part in _parts_in(folder):
            made = store.made_of(folder, part)
            path = self.staging / folder.name / f"{part}{store.MADE}"
            if made is None or "found" not in made or not (self._gone or path.exists()):
                continue
            since = Counter(made.get(SINCE, {})) + self._gone
            told = json.loads(path.read_bytes()) if path.exists() else made
            found = {name: _wordless(one) if name in since else one for name, one in made["found"].items()}
            path.parent.mkdir(exist_ok=True)
            store.write_json(path, told | {"found": found} | ({SINCE: dict(sorted(since.items()))} if since else {}))
            if (folder.name, part) not in self.parts:
                self.parts.append((folder.name, part))
        self._gone.clear()

    def _of_first(self, made: dict[str, Any], was: dict[str, Entry], now: dict[str, Entry]) -> dict[str, Any]:
        """Harvest's ingredients: a fetched file has another fingerprint, and what was removed makes no room for more
        under --limit.
        """
        told: dict[str, Any] = dict(made["ingredients"])
        told["input"] = [[*one[:3], self.marks.get(one[0], one[3]), *one[4:]] for one in told["input"]]
        limit = self.plan.limit
        if limit is not None and told.get("limit") is not None:
            before = sum(entry.kept for part, entry in was.items() if part in now)
            if told["limit"] == max(0, limit - before):
                told["limit"] = max(0, limit - sum(entry.kept for entry in now.values()))
        return told

    def _of_later(
        self, made: dict[str, Any], part: str, old: dict[str, Entry], new: dict[str, Entry]
    ) -> dict[str, Any]:
        """The ingredients of any other stage: what came in has another hash. What was overtaken stays overtaken."""
        told: dict[str, Any] = dict(made["ingredients"])
        names = [one.name for one in self.plan.parts]
        if part in old and told["input"] == old[part].rows:
            told["input"] = new[part].rows
        elif all(name in old for name in names) and told["input"] == rows_of_all(old[name] for name in names):
            told["input"] = rows_of_all(new[name] for name in names)
        return told

    def _stage_part(
        self, folder: Path, part: str, made: dict[str, Any], ingredients: dict[str, Any], before: Path | None
    ) -> Entry:
        if self._is_touched(folder, part, before is None):
            entry = self._write(folder, part, made, ingredients, before)
        elif ingredients != made["ingredients"]:
            (self.staging / folder.name).mkdir(exist_ok=True)
            path = self.staging / folder.name / f"{part}.made.json"
            store.write_json(path, made | {"ingredients": ingredients})
            entry = Entry.of(made)
        else:
            return Entry.of(made)
        self.parts.append((folder.name, part))
        return entry

    def _is_touched(self, folder: Path, part: str, begins: bool) -> bool:
        for kind in store.KINDS:
            columns = ["id", "cluster_id", "duplicate_of", *(["reason", "detail"] if kind == "dropped" else [])]
            for row in _rows([store.file_of(folder, part, kind)], *columns):
                gone = row["id"] in self.ids and not (begins and row.get("reason") == REASON)
                if gone or not self.ids.isdisjoint((row["duplicate_of"], row["cluster_id"], row.get("detail"))):
                    return True
        return False

    def _write(
        self, folder: Path, part: str, made: dict[str, Any], ingredients: dict[str, Any], before: Path | None
    ) -> Entry:
        begins = before is None
        tally = Tally(begins=begins)
        # Of a stage that grows, what did not come from the stage before was added.
        added = made["ledger"]["added"] and not begins
        arrived = frozenset(store.ids_of(before, part)) if added and before else None
        staged = self.staging / folder.name
        with store.PartWriter(staged, part, self.staging / ".work", tally) as writer:
            for reason, count in made["ledger"]["skipped"].items():
                for _ in range(count):
                    writer.put(Skipped(reason))
            for outcome in store.outcomes_of(folder, part):
                left = self._left(outcome, begins)
                if left is None:
                    continue
                if not begins:
                    new = arrived is not None and left.candidate.id not in arrived
                    (tally.grew if new else tally.came_in)(left.candidate)
                writer.put(left)
            return writer.commit(ingredients, made["seconds"], made.get("found"))

    def _left(self, outcome: Kept | Dropped | Failed, begins: bool) -> Kept | Dropped | Failed | None:
        """What is left of an outcome: nothing, a row without text, or the same without the names of what is gone."""
        candidate = outcome.candidate
        if candidate.id in self.ids:
            if not begins:
                self._gone[candidate.language] += 1
                return None
            self.removed.passages += bool(candidate.response)
            return Dropped(without_text(candidate), REASON)
        changes: dict[str, Any] = {}
        if candidate.cluster_id in self.ids:
            changes["cluster_id"] = self.clusters[candidate.cluster_id]
        repeats = candidate.duplicate_of in self.ids
        if repeats:
            self.removed.repeats += 1
            changes |= {"duplicate_of": None, "similarity": None}
        if isinstance(outcome, Dropped) and outcome.detail in self.ids:
            # The kept row that it is like is gone; its topic is what is told of those that are like none.
            outcome = Dropped(candidate, outcome.reason, candidate.topic_id or "")
        if not changes:
            return outcome
        candidate = candidate.change(**changes)
        if isinstance(outcome, Dropped):
            return Dropped(candidate, outcome.reason, _REPEATED if repeats else outcome.detail)
        return (
            Kept(candidate)
            if isinstance(outcome, Kept)
            else Failed(candidate, outcome.error, outcome.attempts, outcome.raw_reply)
        )


def _wordless(found: Any) -> Any:
    if not isinstance(found, dict):
        return found
    return {name: {} if name in _WORDS else _wordless(one) for name, one in found.items()}
