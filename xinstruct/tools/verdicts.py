"""Carries back to its part what was decided about each row of a bucket, and what was found of each language."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xinstruct.tools.held_rows import HeldRows

_ROWS_AT_ONCE = 4096
# Findings travel as rows with this number: under a language, of no part, with JSON in place of the reason.
_FOUND = -1
_COLUMNS: dict[str, pa.DataType] = {
    "part": pa.string(),
    "row": pa.int64(),
    "topic": pa.string(),
    "reason": pa.string(),
    "like": pa.string(),
}
_SCHEMA = pa.schema(_COLUMNS)


def verdicts(
    rows: HeldRows,
    topics: NDArray[np.int64],
    reasons: NDArray[np.int8],
    like: NDArray[np.int64],
    names: Sequence[str | None],
) -> Iterator[pa.RecordBatch]:
    """A verdict on every row, a batch holding those of one part. topics, reasons: of all rows; like: the place of the
    kept row that each is like, below 0 for none; names: of the reasons, None for rows that are kept.
    """
    named = np.array(names, object)
    kept = np.unique(like[like >= 0])
    kept_ids = rows.ids(kept)
    for number, part in enumerate(rows.parts):
        places = np.flatnonzero(rows.table["part"] == number)
        for begin in range(0, len(places), _ROWS_AT_ONCE):
            some = places[begin : begin + _ROWS_AT_ONCE]
            ids = [
                f"{rows.languages[language]}-{topic:02d}"
                for language, topic in zip(rows.table["language"][some].tolist(), topics[some].tolist(), strict=True)
            ]
            found = np.searchsorted(kept, like[some])
            likes = kept_ids.take(pa.array(found, pa.int64(), mask=like[some] < 0)).to_pylist()
            yield _batch([[part] * len(some), rows.table["row"][some], ids, named[reasons[some]], likes])


def finding(language: str, told: Mapping[str, Any]) -> pa.RecordBatch:
    """What was found of a language, as a batch among the verdicts."""
    return _batch([[""], [_FOUND], [language], [json.dumps(told)], [None]])


def by_part(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The verdicts of all buckets with the parts that they are for; at the end all findings, for the first part."""
    found: dict[str, Any] = {}
    first: str | None = None
    for batch in batches:
        part = batch.column("part")[0].as_py()
        if part:
            first = part if first is None else min(part, first)
            yield part, batch
        else:
            found[batch.column("topic")[0].as_py()] = json.loads(batch.column("reason")[0].as_py())
    if first is not None:
        yield first, _batch([[first], [_FOUND], [None], [json.dumps(dict(sorted(found.items())))], [None]])


def in_order(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """The verdicts of one part in the order of its rows, each with row, topic, reason and like."""
    told = pa.Table.from_batches(list(batches), _SCHEMA).drop_columns(["part"]).sort_by("row")
    for batch in told.to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from (verdict for verdict in batch.to_pylist() if verdict["row"] != _FOUND)


def found_in(batches: Iterable[pa.RecordBatch]) -> dict[str, Any] | None:
    """The findings by language, where they are among these verdicts."""
    for batch in batches:
        if batch.column("row")[0].as_py() == _FOUND:
            told: dict[str, Any] = json.loads(batch.column("reason")[0].as_py())
            return told
    return None


def _batch(columns: list[Any]) -> pa.RecordBatch:
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=_SCHEMA)
