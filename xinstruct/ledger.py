"""What came in, what went out, and why: the counts and sums by which nothing can be lost or doubled unseen."""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xinstruct.candidate import Candidate, Dropped, Failed, Kept, Outcome, Skipped

_ROOM = 1 << 64
# What stands beside the reasons of dropped candidates where outcomes are counted per language.
KEPT, FAILED = "kept", "failed"


def id_sum(total: int, candidate_id: str) -> int:
    """`total` with one more id in it, modulo 2**64: it does not depend on order and sees one lost and one doubled."""
    return (total + int.from_bytes(hashlib.blake2b(candidate_id.encode(), digest_size=8).digest(), "big")) % _ROOM


@dataclass
class Tally:
    """The ledger of one part of one stage while it is being made. begins: the stage takes no candidates but adds;
    skipped_where: for each reason for skipping, where that was met first.
    """

    went_in: int = 0
    added: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_where: dict[str, str] = field(default_factory=dict)
    ids_in: int = 0
    ids_added: int = 0
    ids_kept: int = 0
    ids_out: int = 0
    begins: bool = False
    languages: dict[str, Counter[str]] = field(default_factory=dict)
    _rows: Any = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    def came_in(self, candidate: Candidate) -> None:
        """Counts a candidate that the stage was handed."""
        self.went_in += 1
        self.ids_in = id_sum(self.ids_in, candidate.id)

    def grew(self, candidate: Candidate) -> None:
        """Counts a candidate that the stage made beside those that it was handed."""
        self.added += 1
        self.ids_added = id_sum(self.ids_added, candidate.id)

    def went_out(self, outcome: Outcome) -> None:
        """Counts what became of one."""
        if isinstance(outcome, Skipped):
            self.skipped[outcome.reason] += 1
            self.skipped_where.setdefault(outcome.reason, outcome.detail)
            return
        self.ids_out = id_sum(self.ids_out, outcome.candidate.id)
        self.languages.setdefault(outcome.candidate.language, Counter())[_named(outcome)] += 1
        if isinstance(outcome, Kept):
            self.kept += 1
            self.ids_kept = id_sum(self.ids_kept, outcome.candidate.id)
            self._rows.update(json.dumps(outcome.candidate.row(), ensure_ascii=False).encode("utf-8", "surrogatepass"))
        elif isinstance(outcome, Dropped):
            self.dropped[outcome.reason] += 1
        elif isinstance(outcome, Failed):
            self.failed[outcome.error] += 1

    def entry(self) -> "Entry":
        """The finished ledger entry."""
        out = self.kept + self.dropped.total() + self.failed.total()
        return Entry(
            went_in=self.went_in,
            added=out if self.begins else self.added,
            kept=self.kept,
            dropped=dict(sorted(self.dropped.items())),
            failed=dict(sorted(self.failed.items())),
            skipped=dict(sorted(self.skipped.items())),
            skipped_where=dict(sorted(self.skipped_where.items())),
            ids_in=f"{self.ids_in:016x}",
            ids_added=f"{self.ids_added:016x}",
            ids_kept=f"{self.ids_kept:016x}",
            ids_out=f"{self.ids_out:016x}",
            rows=self._rows.hexdigest(),
            languages={name: dict(sorted(counts.items())) for name, counts in sorted(self.languages.items())},
        )


def _named(outcome: Kept | Dropped | Failed) -> str:
    if isinstance(outcome, Dropped):
        return outcome.reason
    return KEPT if isinstance(outcome, Kept) else FAILED


@dataclass(frozen=True)
class Entry:
    """One line of the ledger as it stands in made.json; sums are 16 hexadecimal digits.

    languages: language -> kept, failed, or the reason for dropping -> candidates.
    """

    went_in: int
    added: int
    kept: int
    dropped: dict[str, int]
    failed: dict[str, int]
    skipped: dict[str, int]
    ids_in: str
    ids_kept: str
    ids_out: str
    rows: str
    languages: dict[str, dict[str, int]] = field(default_factory=dict)
    ids_added: str = f"{0:016x}"
    skipped_where: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, made: Mapping[str, Any]) -> "Entry":
        """The entry that a made.json holds."""
        return cls(**made["ledger"])

    def as_json(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return dataclasses.asdict(self)

    def fault(self, upstream: "Entry | None") -> str | None:
        """What is wrong, in words, or None. upstream: the same part's entry one stage before, None for the first."""
        out = self.kept + sum(self.dropped.values()) + sum(self.failed.values())
        if self.went_in + self.added != out:
            return f"{self.went_in} came in and {self.added} were added, but {out} went out"
        if upstream is None:
            return None
        if (self.went_in, self.ids_in) != (upstream.kept, upstream.ids_kept):
            return f"{self.went_in} came in, but the stage before kept {upstream.kept}, or others than these"
        if (int(self.ids_in, 16) + int(self.ids_added, 16)) % _ROOM != int(self.ids_out, 16):
            return "as many went out as came in and were added, but not the same ones"
        return None


@dataclass
class StageSum:
    """A stage's ledger entries added up over its parts, for people and for `status --json`."""

    stage: str
    went_in: int = 0
    added: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_where: dict[str, str] = field(default_factory=dict)
    parts: int = 0
    languages: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Takes one part's entry in."""
        self.went_in += entry.went_in
        self.added += entry.added
        self.kept += entry.kept
        self.dropped.update(entry.dropped)
        self.failed.update(entry.failed)
        self.skipped.update(entry.skipped)
        self.skipped_where = {**entry.skipped_where, **self.skipped_where}
        for language, counts in entry.languages.items():
            self.languages.setdefault(language, Counter()).update(counts)
        self.parts += 1

    def as_json(self) -> dict[str, Any]:
        """The contract's form: stage, in, added, kept, dropped, failed by reason; and the records that are no pages."""
        return {
            "stage": self.stage,
            "in": self.went_in,
            "added": self.added,
            "kept": self.kept,
            "dropped": dict(self.dropped.most_common()),
            "failed": dict(self.failed.most_common()),
            "skipped": dict(self.skipped.most_common()),
            "skipped_where": self.skipped_where,
        }


def failed_share(sums: Iterable[StageSum]) -> float:
    """The largest share of a stage's candidates that failed, 0..1."""
    return max((s.failed.total() / max(1, s.went_in + s.added) for s in sums), default=0.0)
