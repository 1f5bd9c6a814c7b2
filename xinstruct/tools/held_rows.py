"""Holds what is known of the instructions in a bucket in little memory; texts and ids stay in the bucket's files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from xinstruct.candidate import Candidate
from xinstruct.tools import plans
from xinstruct.tools.provenance import KINDS, domain_of
from xinstruct.tools.wording import wording

NEWS = "news"
SOURCE_KINDS = (*KINDS, NEWS)
_KIND_NUMBERS: dict[str | None, int] = {kind: number for number, kind in enumerate(SOURCE_KINDS, start=1)}
_HASHED = ("host", "domain", "task", "verb", "opening")
_SENT_COLUMNS: dict[str, pa.DataType] = {
    "part": pa.dictionary(pa.int32(), pa.string()),
    "row": pa.int64(),
    "language": pa.string(),
    "lot": pa.uint64(),
    "score": pa.float64(),
    **dict.fromkeys(_HASHED, pa.uint64()),
    "kind": pa.int8(),
    "instruction": pa.string(),
    "id": pa.string(),
}
_SENT = pa.schema(_SENT_COLUMNS)
# What is held of a row. language, part: places in lists of names; lot: an order that does not depend on parts; host,
# domain, task, verb, opening: hashes, 0 for none; kind: of the source, its number in SOURCE_KINDS from 1, 0 for none.
HELD = np.dtype(
    [
        *(("language", "i4"), ("part", "i4"), ("row", "i8"), ("lot", "u8"), ("score", "f8"), ("host", "u8")),
        *(("domain", "u8"), ("task", "u8"), ("verb", "u8"), ("opening", "u8"), ("kind", "i1")),
    ]
)
_AS_THEY_ARE = tuple(name for name in HELD.names or () if name not in ("language", "part"))


@dataclass(frozen=True)
class HeldRows:
    """The rows of a bucket without their instructions and ids. table: of type HELD."""

    bucket: Iterable[pa.RecordBatch]
    languages: list[str]
    parts: list[str]
    table: NDArray[Any]

    @classmethod
    def of(cls, bucket: Iterable[pa.RecordBatch]) -> "HeldRows":
        """The rows of a bucket whose batches are each of one part and have the columns of HELD and `instruction`."""
        languages: dict[Any, int] = {}
        parts: dict[Any, int] = {}
        tables = [np.empty(0, HELD)]
        for batch in bucket:
            table = np.empty(batch.num_rows, HELD)
            table["part"] = parts.setdefault(batch.column("part")[0].as_py(), len(parts))
            table["language"] = [languages.setdefault(x, len(languages)) for x in batch.column("language").to_pylist()]
            for name in _AS_THEY_ARE:
                table[name] = batch.column(name).to_numpy(zero_copy_only=False)
            tables.append(table)
        return cls(bucket, list(languages), list(parts), np.concatenate(tables))

    def by_language(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Each language, and the places of its rows in the order of their lots."""
        order = np.lexsort((self.table["lot"], self.table["language"]))
        ends = np.cumsum(np.bincount(self.table["language"], minlength=len(self.languages)))[:-1]
        return zip(self.languages, np.split(order, ends), strict=bool(self.languages))

    def columns(self, places: NDArray[np.int64], topics: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What the rows at these places are grouped by, each in numbers, 0 for none. topics: theirs, from 0."""
        own = self.table[places]
        kinds = {kind: own["kind"] == number for kind, number in _KIND_NUMBERS.items() if kind}
        return {**{name: own[name] for name in _HASHED}, **kinds, "topic": topics + 1}

    def instructions(self, places: NDArray[np.int64]) -> list[str]:
        """The instructions at these places, in this order; the bucket's files are read once."""
        number = np.full(len(self.table), -1, np.int64)
        number[places] = np.arange(len(places))
        found, begin = [""] * len(places), 0
        for batch in self.bucket:
            here = number[begin : begin + batch.num_rows]
            wanted = np.flatnonzero(here >= 0)
            if len(wanted):
                texts: list[Any] = batch.column("instruction").take(pa.array(wanted, pa.int64())).to_pylist()
                for at, text in zip(here[wanted].tolist(), texts, strict=True):
                    found[at] = text
            begin += batch.num_rows
        return found

    def ids(self, places: NDArray[np.int64]) -> "pa.ChunkedArray[Any]":
        """The ids of the rows at these places, which ascend; the bucket's files are read once."""
        found, begin = [], 0
        for batch in self.bucket if len(places) else ():
            here = places[np.searchsorted(places, begin) : np.searchsorted(places, begin + batch.num_rows)]
            found.append(batch.column("id").take(pa.array(here - begin, pa.int64())))
            begin += batch.num_rows
        return pa.chunked_array(found, pa.string())


def batch_of(part: str, sent: Sequence[tuple[int, Candidate]], seed: int) -> pa.RecordBatch:
    """What a bucket is sent of candidates of a part, each with its row there."""
    asked = [wording(candidate.instruction or "") for _, candidate in sent]
    columns: list[Any] = [
        pa.DictionaryArray.from_arrays(np.zeros(len(sent), np.int32), pa.array([part])),
        [row for row, _ in sent],
        [candidate.language for _, candidate in sent],
        [hashed(f"{seed}\n{candidate.id}") for _, candidate in sent],
        [candidate.score_overall for _, candidate in sent],
        [hashed(candidate.host) for _, candidate in sent],
        [hashed(candidate.host and domain_of(candidate.host)) for _, candidate in sent],
        [hashed(candidate.task) for _, candidate in sent],
        [hashed(one.verb) for one in asked],
        [hashed(one.opening) for one in asked],
        [_kind(candidate) for _, candidate in sent],
        [candidate.instruction for _, candidate in sent],
        [candidate.id for _, candidate in sent],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SENT, strict=True)]
    return pa.record_batch(arrays, schema=_SENT)


def hashed(text: str | None) -> int:
    """Sixty-four bits that the text decides; 0 for none."""
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")) if text else 0


def _kind(candidate: Candidate) -> int:
    told = _KIND_NUMBERS.get(candidate.source_kind, 0)
    return told or (_KIND_NUMBERS[NEWS] if plans.tells_news(candidate) else 0)
