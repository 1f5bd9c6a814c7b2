"""Evens out what each language is about: equal shares for its topics, best rows first; no site, no religious pages and
no Wikipedia above their share.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray
from pydantic import Field

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.recipe import Strict
from xinstruct.tools.choosing import VERDICTS, Quotas, chosen
from xinstruct.tools.embedder import Embedder, Topics
from xinstruct.tools.provenance import KINDS
from xinstruct.tools.toolbox import Toolbox

READS = ("instruction",)
USES = ("score_overall", "host", "source_kind", "language")
WRITES = ("topic_id",)
ASKS = ()
VERSION = 2
REASONS = {
    "over_budget": "the language's budget was filled with rows of other topics, or better ones of this topic",
    "host_quota": "its host has its share of the language's rows already",
    "religious_quota": "religious sites have their share of the language's rows already",
    "wikipedia_quota": "Wikipedia and its copies have their share of the language's rows already",
}

_ROWS_AT_ONCE = 4096
# Numbers of the kinds of sources; 0 for all others.
_KINDS: dict[str | None, int] = {kind: number for number, kind in enumerate(KINDS, start=1)}
# Rows from which a language's topics are learned: the first by a hash of their ids, which is a fair sample.
_LEARNED_FROM = 20_000
# With fewer topics, those of one page's many passages take as much room as the one into which all single pages fall,
# and an even share is less varied than a random one; with four rows to a topic it is more varied.
_ROWS_PER_TOPIC = 4
_MOST_TOPICS = 1000
_SPREAD_COLUMNS: dict[str, pa.DataType] = {
    "part": pa.dictionary(pa.int32(), pa.string()),
    "row": pa.int64(),
    "language": pa.string(),
    "lot": pa.uint64(),  # a hash of the id: an order that does not depend on parts
    "score": pa.float64(),
    "host": pa.uint64(),  # a hash; 0 for none
    "kind": pa.int8(),  # of the source, see _KINDS
    "instruction": pa.string(),
}
_VERDICT_COLUMNS: dict[str, pa.DataType] = {
    "part": pa.string(),
    "row": pa.int64(),
    "topic": pa.string(),
    "reason": pa.string(),
}
_SPREAD, _VERDICTS = pa.schema(_SPREAD_COLUMNS), pa.schema(_VERDICT_COLUMNS)


class Settings(Strict):
    """How many rows a language gets, and how they are shared out."""

    rows_per_language: int | None = Field(
        None,
        ge=1,
        description="most rows of a language, taken evenly from its topics; without it, all that quotas allow",
    )
    topics_per_language: int | None = Field(
        None,
        ge=1,
        description="clusters of instructions; without it, one for every four of the language's rows, at most 1000",
    )
    largest_host_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of a language's rows that one host gives, kept at or below this; where hosts are few, at or "
        "below twice an even share, so that a language of one or two hosts loses nothing",
    )
    host_rows_always_kept: int = Field(
        20, ge=0, description="no host is cut below this, so that small languages lose nothing, if the budget has room"
    )
    largest_religious_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="share of a language's rows that religious sites give, told by corpora/hosts.yml, kept at or below "
        "this",
    )
    largest_wikipedia_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="the same for Wikipedia, its sister projects and copies of it",
    )
    kind_rows_always_kept: int = Field(
        200,
        ge=0,
        description="religious sites, and Wikipedia, are not cut below this, so that a small language, or one that has "
        "little else, does not vanish; with a budget, as far as other rows leave room",
    )
    seed: int = Field(0, ge=0, description="another seed takes other rows among equals and draws topics otherwise")

    @property
    def quotas(self) -> Quotas:
        """The settings that decide on the rows of one language, once their topics are known."""
        return Quotas(
            self.rows_per_language,
            self.largest_host_share,
            self.host_rows_always_kept,
            (self.largest_religious_share, self.largest_wikipedia_share),
            self.kind_rows_always_kept,
        )


def spread(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, part: str
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Sends each instruction to its language's bucket."""
    rows = ((row, c) for row, c in enumerate(candidates) if c.kind == "pair" and c.instruction)
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        by_bucket: dict[int, list[tuple[int, Candidate]]] = {}
        for row, candidate in batch:
            by_bucket.setdefault(_hash(candidate.language) % tools.buckets, []).append((row, candidate))
        for bucket, sent in sorted(by_bucket.items()):
            columns: list[Any] = [
                pa.DictionaryArray.from_arrays(np.zeros(len(sent), np.int32), pa.array([part])),
                [row for row, _ in sent],
                [candidate.language for _, candidate in sent],
                [_hash(f"{settings.seed}\n{candidate.id}") for _, candidate in sent],
                [candidate.score_overall for _, candidate in sent],
                [_hash(candidate.host) if candidate.host else 0 for _, candidate in sent],
                [_KINDS.get(candidate.source_kind, 0) for _, candidate in sent],
                [candidate.instruction for _, candidate in sent],
            ]
            arrays = [pa.array(column, field.type) for column, field in zip(columns, _SPREAD, strict=True)]
            yield bucket, pa.record_batch(arrays, schema=_SPREAD)


def gather(bucket: Iterable[pa.RecordBatch], settings: Settings, tools: Toolbox) -> Iterator[pa.RecordBatch]:
    """Finds the topics of each language in the bucket and chooses its rows; gives a verdict on every row."""
    rows = _Rows.of(bucket)
    topics, reasons = np.zeros(len(rows.table), np.int64), np.zeros(len(rows.table), np.int8)
    samples = rows.samples()
    texts: dict[int, str] = {}
    for places, instructions in rows.instructions(np.concatenate([np.empty(0, np.int64), *samples])):
        texts.update(zip(places.tolist(), instructions, strict=True))
    for language, sample in enumerate(samples):
        members = np.flatnonzero(rows.table["language"] == language)
        learned_from = [texts.pop(place) for place in sample.tolist()]
        embedder = Embedder(learned_from, settings.seed)
        vectors = embedder.vectors(learned_from)
        found = Topics(vectors, settings.topics_per_language or _topic_count(len(members)), settings.seed)
        topics[sample] = found.numbers(vectors)
        for places, instructions in rows.instructions(np.setdiff1d(members, sample)):
            topics[places] = found.numbers(embedder.vectors(instructions))
        reasons[members] = chosen(topics[members], rows.table[members], settings.quotas)
    yield from _verdicts(rows, topics, reasons)


def settle(
    batches: Iterator[pa.RecordBatch], settings: Settings, tools: Toolbox
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Hands each part its verdicts; a language is decided already in its bucket."""
    for batch in batches:
        yield batch.column("part")[0].as_py(), batch


def run(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, verdicts: Iterable[pa.RecordBatch]
) -> Iterator[Outcome]:
    """Tells of each candidate its topic, and drops what was not chosen; rows without an instruction pass."""
    told = pa.Table.from_batches(list(verdicts), _VERDICTS).select(["row", "topic", "reason"]).sort_by("row")
    waiting = (verdict for batch in told.to_batches(max_chunksize=_ROWS_AT_ONCE) for verdict in batch.to_pylist())
    verdict = next(waiting, None)
    for row, candidate in enumerate(candidates):
        if verdict is None or verdict["row"] != row:
            yield Kept(candidate)
            continue
        candidate = candidate.change(topic_id=verdict["topic"])
        reason = verdict["reason"]
        detail = str(verdict["topic"] if reason == "over_budget" else candidate.host)
        yield Kept(candidate) if reason is None else Dropped(candidate, reason, detail)
        verdict = next(waiting, None)


def _hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def _topic_count(rows: int) -> int:
    return min(_MOST_TOPICS, max(1, round(rows / _ROWS_PER_TOPIC)))


# What is held of a row. language, part: places in lists of names.
_HELD = np.dtype(
    [
        *(("language", "i4"), ("part", "i4"), ("row", "i8"), ("lot", "u8"), ("score", "f8"), ("host", "u8")),
        ("kind", "i1"),
    ]
)


@dataclass(frozen=True)
class _Rows:
    """The rows of a bucket without their instructions, which stay in its files. table: of type _HELD."""

    bucket: Iterable[pa.RecordBatch]
    languages: list[str]
    parts: list[str]
    table: NDArray[Any]

    @classmethod
    def of(cls, bucket: Iterable[pa.RecordBatch]) -> "_Rows":
        languages: dict[Any, int] = {}
        parts: dict[Any, int] = {}
        tables = [np.empty(0, _HELD)]
        for batch in bucket:
            table = np.empty(batch.num_rows, _HELD)
            table["part"] = parts.setdefault(batch.column("part")[0].as_py(), len(parts))
            table["language"] = [languages.setdefault(x, len(languages)) for x in batch.column("language").to_pylist()]
            for name in ("row", "lot", "score", "host", "kind"):
                table[name] = batch.column(name).to_numpy(zero_copy_only=False)
            tables.append(table)
        return cls(bucket, list(languages), list(parts), np.concatenate(tables))

    def samples(self) -> list[NDArray[np.int64]]:
        """For each language, the places of the rows from which its topics are learned, in an order of their own."""
        order = np.lexsort((self.table["lot"], self.table["language"]))
        ends = np.cumsum(np.bincount(self.table["language"], minlength=len(self.languages)))[:-1]
        return [places[:_LEARNED_FROM] for places in np.split(order, ends)]

    def instructions(self, places: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], list[str]]]:
        """The instructions at these places, batch by batch: their places, ascending, and the texts."""
        wanted, begin = np.zeros(len(self.table), bool), 0
        wanted[places] = True
        if not len(places):
            return
        for batch in self.bucket:
            here = np.flatnonzero(wanted[begin : begin + batch.num_rows]).astype(np.int64)
            if len(here):
                texts: list[Any] = batch.column("instruction").take(pa.array(here, pa.int64())).to_pylist()
                yield begin + here, texts
            begin += batch.num_rows


def _verdicts(rows: _Rows, topics: NDArray[np.int64], reasons: NDArray[np.int8]) -> Iterator[pa.RecordBatch]:
    names = np.array(VERDICTS, object)
    for number, part in enumerate(rows.parts):
        places = np.flatnonzero(rows.table["part"] == number)
        for begin in range(0, len(places), _ROWS_AT_ONCE):
            some = places[begin : begin + _ROWS_AT_ONCE]
            named = [
                f"{rows.languages[language]}-{topic:02d}"
                for language, topic in zip(rows.table["language"][some].tolist(), topics[some].tolist(), strict=True)
            ]
            columns: list[Any] = [[part] * len(some), rows.table["row"][some], named, names[reasons[some]]]
            arrays = [pa.array(column, field.type) for column, field in zip(columns, _VERDICTS, strict=True)]
            yield pa.record_batch(arrays, schema=_VERDICTS)
