"""Brings the pairs of a language together, so that each is told which others its passage is most like."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinstruct.candidate import SCHEMA, Candidate
from xinstruct.tools.controls import Pair, drawn
from xinstruct.tools.near import Neighbour, head, nearest

# Key of the rows on which a judge is tried.
TRIAL = "trial"
# So many of a pair's neighbours are of its own host, as far as there are any.
_OF_HOST = 4
_ROWS_AT_ONCE = 512
# Pairs of a language among which neighbours are sought together; of more, those of one host stay together.
_MOST_TOGETHER = 8_000
# Where no pair of a language wants to be told its neighbours, those of the trial get theirs out of so many.
_ENOUGH_TO_TRY = 1_000
# Passages that are held at a time.
_MOST_HELD = 32_000
# What a judge is shown of a pair, and what rules and controls need besides.
_COLUMNS = (
    "id", "host", "language", "instruction", "response", "context", "title", "heading", "task", "style", "evidence",
    "headings", "lid_purity", "provisional", "response_from",
)  # fmt: skip
_FROM_PART: list[Any] = [
    pa.field("part", pa.dictionary(pa.int32(), pa.string())),
    pa.field("position", pa.int64()),
    pa.field("wants", pa.bool_()),
]
_OF_PAIR: list[Any] = [SCHEMA.field(name) for name in _COLUMNS]
_PACKED: Any = pa.field("near", pa.binary())
_SPREAD, _TRIAL = pa.schema([*_FROM_PART, *_OF_PAIR]), pa.schema([*_OF_PAIR, _PACKED])
_NEAR = pa.schema([pa.field("position", pa.int64()), pa.field("id", pa.string()), _PACKED])


def sent(
    placed: Iterable[tuple[int, Candidate, bool]], part: str, buckets: int, languages: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The pairs of a part for the buckets in which they meet those of their language.

    placed: position in the part, the pair, and whether it wants to know its neighbours. A language is shared out over
    several buckets only where there are many more than languages, and then by host.
    """
    shares = max(1, int(buckets**0.5), buckets // max(1, languages))
    waiting = iter(placed)
    while some := list(islice(waiting, _ROWS_AT_ONCE)):
        by_bucket: dict[int, list[tuple[int, Candidate, bool]]] = {}
        for one in some:
            share = _hash(one[1].host or "") % shares
            by_bucket.setdefault(_hash(f"{one[1].language}\n{share}") % buckets, []).append(one)
        for bucket, rows in sorted(by_bucket.items()):
            columns: list[Any] = [
                pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int32), pa.array([part])),
                pa.array([position for position, _, _ in rows], pa.int64()),
                pa.array([wants for _, _, wants in rows], pa.bool_()),
            ]
            columns += [pa.array([getattr(c, name) for _, c, _ in rows], SCHEMA.field(name).type) for name in _COLUMNS]
            yield bucket, pa.record_batch(columns, schema=_SPREAD)


def found(bucket: Iterable[pa.RecordBatch], count: int, tried: int) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The `count` nearest neighbours of each pair that wants to know them, in rows under the name of its part, in order
    of position; and under TRIAL the `tried` pairs of each language that are drawn, with theirs.

    bucket: can be read again and again; rows of `sent`.
    """
    met = _Met.of(bucket)
    near = met.near(bucket, count)
    for part in range(len(met.parts)):
        mine = np.flatnonzero((met.keys["part"] == part) & met.keys["wants"])
        mine = mine[np.argsort(met.keys["position"][mine])]
        for begin in range(0, len(mine), _ROWS_AT_ONCE):
            places = mine[begin : begin + _ROWS_AT_ONCE].tolist()
            columns = [
                met.keys["position"][places],
                [met.ids[p] for p in places],
                [met.packed(p, near) for p in places],
            ]
            arrays = [pa.array(column, one.type) for column, one in zip(columns, _NEAR, strict=True)]
            yield met.parts[part], pa.record_batch(arrays, schema=_NEAR)
    for language in range(len(met.languages)):
        mine = np.flatnonzero(met.keys["language"] == language)
        places = mine[drawn([met.ids[place] for place in mine.tolist()], tried)]
        if len(places):
            yield TRIAL, met.whole(bucket, np.sort(places), near)


def neighbours(row: Mapping[str, Any]) -> tuple[Neighbour, ...]:
    """The neighbours that a row of `found` tells of, the most alike first."""
    return tuple(Neighbour(*one) for one in json.loads(zlib.decompress(row["near"])))


def pairs(rows: Iterable[pa.RecordBatch], tried: int) -> list[Pair]:
    """The pairs of rows under TRIAL, the `tried` that are drawn of each language, in order of language and id.

    rows: can be read again and again; every bucket sends as many as are drawn in the end. Of a candidate only what a
    judge is shown is there, and what rules and controls need besides.
    """
    by_language: dict[str, list[tuple[int, str]]] = {}
    place = 0
    for batch in rows:
        for language, name in zip(*(batch.column(key).to_pylist() for key in ("language", "id")), strict=True):
            by_language.setdefault(language, []).append((place, name))
            place += 1
    taken = [mine[n][0] for mine in by_language.values() for n in drawn([name for _, name in mine], tried)]
    chosen = [
        Pair(Candidate(**{name: row[name] for name in _COLUMNS if row[name] is not None}), neighbours(row))
        for here, batch in _at(rows, np.sort(np.array(taken, np.int64)))
        for row in batch.take(pa.array(here)).to_pylist()
    ]
    return sorted(chosen, key=lambda pair: (pair.candidate.language, pair.candidate.id))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


# What is held of a pair. part, language, host: places in lists of names; host 0 for none.
_HELD = np.dtype(
    [("part", "i4"), ("position", "i8"), ("wants", "?"), ("language", "i4"), ("host", "i4"), ("lot", "u8")]
)


@dataclass
class _Met:
    """The pairs of a bucket without their passages, which stay in its files: of these only the heads are held."""

    parts: list[str]
    languages: list[str]
    hosts: list[str | None]
    keys: NDArray[Any]
    ids: list[str]
    instructions: list[str]
    heads: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, bucket: Iterable[pa.RecordBatch]) -> "_Met":
        parts: dict[str, int] = {}
        languages: dict[str, int] = {}
        hosts: dict[str | None, int] = {None: 0}
        tables = [np.empty(0, _HELD)]
        ids: list[str] = []
        instructions: list[str] = []
        heads: list[str] = []
        for batch in bucket:
            rows = batch.select(["language", "host", "id", "instruction", "context", "response"]).to_pylist()
            table = np.empty(batch.num_rows, _HELD)
            table["part"] = parts.setdefault(batch.column("part")[0].as_py(), len(parts))
            table["position"] = batch.column("position").to_numpy()
            table["wants"] = batch.column("wants").to_numpy(zero_copy_only=False)
            table["language"] = [languages.setdefault(row["language"], len(languages)) for row in rows]
            table["host"] = [hosts.setdefault(row["host"], len(hosts)) for row in rows]
            table["lot"] = [_hash(row["id"]) for row in rows]
            tables.append(table)
            ids += [row["id"] for row in rows]
            # With something handed over, an instruction says little of what its answer is about: it is no rival.
            instructions += ["" if row["context"] else row["instruction"] for row in rows]
            heads += [head(row["response"], row["language"]) for row in rows]
        return cls(list(parts), list(languages), list(hosts), np.concatenate(tables), ids, instructions, heads)

    def near(self, bucket: Iterable[pa.RecordBatch], count: int) -> NDArray[np.int32]:
        """Places of each pair's neighbours, best first; -1 where there are no more. Shape (pairs, count)."""
        near = np.full((len(self.keys), count), -1, np.int32)
        groups = list(self._groups())
        while groups:
            taken = [groups.pop()]
            while groups and sum(map(len, taken)) + len(groups[-1]) <= _MOST_HELD:
                taken.append(groups.pop())
            texts = self._passages(bucket, np.concatenate(taken))
            for group in taken:
                language = self.languages[self.keys["language"][group[0]]]
                hosts = [self.hosts[host] for host in self.keys["host"][group].tolist()]
                told = nearest([texts[place] for place in group.tolist()], language, count, hosts, min(_OF_HOST, count))
                for place, others in zip(group.tolist(), told, strict=True):
                    near[place, : len(others)] = group[others]
        return near

    def packed(self, place: int, near: NDArray[np.int32]) -> bytes:
        """The neighbours of one pair, small: `neighbours` reads them."""
        host = self.keys["host"][place]
        told = []
        for other in near[place][near[place] >= 0].tolist():
            kin = bool(host and host == self.keys["host"][other])
            named = self.hosts[self.keys["host"][other]]
            told.append((self.ids[other], self.instructions[other], self.heads[other], named, kin))
        return zlib.compress(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)

    def whole(
        self, bucket: Iterable[pa.RecordBatch], places: NDArray[np.int64], near: NDArray[np.int32]
    ) -> pa.RecordBatch:
        """The pairs at these places, ascending, with their passages and neighbours."""
        batches = [batch.take(pa.array(here)).select(_COLUMNS) for here, batch in _at(bucket, places)]
        table = pa.Table.from_batches(batches).combine_chunks()
        columns: list[Any] = [table.column(name).chunk(0) for name in _COLUMNS]
        columns.append(pa.array([self.packed(place, near) for place in places.tolist()], pa.binary()))
        return pa.record_batch(columns, schema=_TRIAL)

    def _groups(self) -> Iterator[NDArray[np.int64]]:
        # Pairs of one language that are held against each other, those of a host side by side.
        hosts = np.array([_hash(host or "") for host in self.hosts], np.uint64)[self.keys["host"]]
        order = np.lexsort((self.keys["lot"], hosts, self.keys["language"]))
        ends = np.cumsum(np.bincount(self.keys["language"], minlength=len(self.languages)))[:-1]
        for mine in np.split(order, ends) if len(order) else []:
            if not self.keys["wants"][mine].any():
                mine = mine[np.sort(drawn([self.ids[place] for place in mine.tolist()], _ENOUGH_TO_TRY))]
            yield from np.array_split(mine, -(-len(mine) // _MOST_TOGETHER))

    def _passages(self, bucket: Iterable[pa.RecordBatch], places: NDArray[np.int64]) -> dict[int, str]:
        texts: dict[int, str] = {}
        begin = iter(np.sort(places).tolist())
        for here, batch in _at(bucket, np.sort(places)):
            told: Sequence[Any] = batch.column("response").take(pa.array(here)).to_pylist()
            texts.update(zip(islice(begin, len(here)), told, strict=True))
        return texts


def _at(bucket: Iterable[pa.RecordBatch], places: NDArray[np.int64]) -> Iterator[tuple[list[int], pa.RecordBatch]]:
    """The batches that hold these places of the bucket, ascending, each with the numbers of its rows among them."""
    begin = 0
    for batch in bucket:
        here = places[(places >= begin) & (places < begin + batch.num_rows)] - begin
        if len(here):
            yield here.tolist(), batch
        begin += batch.num_rows
