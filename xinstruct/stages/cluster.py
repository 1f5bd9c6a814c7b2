"""Finds passages or instructions that say nearly the same, keeps the best of each such cluster and drops the others."""

import functools
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import regex
import xxhash
from numpy.typing import NDArray
from pydantic import Field, model_validator

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.recipe import Strict
from xinstruct.tools.minhash import keeping
from xinstruct.tools.minhash.near_pairs import KIN, SAME, Edges, Joiner, Met, components
from xinstruct.tools.minhash.row_files import BATCH, RowReader, RowWriter, reference, row_batch
from xinstruct.tools.minhash.shingles import Normal, jaccard, plain_jaccard
from xinstruct.tools.minhash.signatures import Bands, signed
from xinstruct.tools.quotation_marks import DOUBLY_QUOTED
from xinstruct.tools.toolbox import Toolbox

READS = ("response",)
USES = ("instruction", "context", "score_overall", "cluster_id")
WRITES = ("cluster_id", "duplicate_of", "similarity")
ASKS = ()
VERSION = 3
REASONS = {
    "exact_duplicate": "it is the kept one again, but for case, blanks and forms of characters",
    "near_duplicate": "it shares most 5-character pieces with the kept one, or with others in a chain that leads to it",
}

# Texts that are signed together; more would not fit a core's cache.
_SIGNED_AT_ONCE = 64
_VERDICTS_AT_ONCE = 4096
_MET_COLUMNS: dict[str, pa.DataType] = {
    "key": pa.uint64(),
    "form": pa.uint64(),
    "band": pa.uint8(),
    "part": pa.dictionary(pa.int32(), pa.string()),
    "row": pa.int64(),
}
_EDGE_COLUMNS: dict[str, pa.DataType] = {"one": pa.int64(), "other": pa.int64(), "kin": pa.bool_()}
_VERDICT_COLUMNS: dict[str, pa.DataType] = {
    "ref": pa.int64(),
    "cluster": pa.string(),
    "kept_ref": pa.int64(),
    "kept_id": pa.string(),
}
_MET, _EDGES, _VERDICTS = pa.schema(_MET_COLUMNS), pa.schema(_EDGE_COLUMNS), pa.schema(_VERDICT_COLUMNS)
# What an English instruction quotes, and words in another script, are its subject.
_SUBJECT = regex.compile(rf"{DOUBLY_QUOTED.pattern}|[\p{{L}}\p{{M}}--\p{{Latin}}]+", regex.V1)


class Settings(Strict):
    """What is compared, and when two are too much alike."""

    over: Literal["response", "instruction"] = Field(
        "response",
        description="what is compared: responses in whatever language, or instructions of one language, of which only "
        "those that quote the same title and hand over the same context can be duplicates",
    )
    lowest_similarity_joined: float = Field(
        0.7,
        gt=0,
        le=1,
        description="pairs whose Jaccard similarity of 5-character pieces is at or above this are joined: of the texts "
        "after NFKC and case folding, or of these without what differs by spelling and blanks alone",
    )
    permutations: int = Field(
        145,
        ge=1,
        le=1024,
        description="most numbers in a MinHash signature; as many as 199 of 200 pairs at the threshold need are used. "
        "More make longer bands, by which fewer unlike texts are compared: 222 for millions of texts in one language",
    )

    @model_validator(mode="after")
    def _findable(self) -> "Settings":
        Bands.of(self.lowest_similarity_joined, self.permutations)
        return self

    @property
    def bands(self) -> Bands:
        """The bands by which pairs are found."""
        return Bands.of(self.lowest_similarity_joined, self.permutations)


def reads(settings: Settings) -> tuple[str, ...]:
    """The column that is compared: without it, nothing is."""
    return (settings.over,)


def spread(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, part: str
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Signs the part's texts; gives each row under the keys by which its near-duplicates will meet it."""
    first = 0
    with RowWriter(_folder(tools), part) as writer:
        while batch := list(islice(candidates, BATCH)):
            texts = [_compared(candidate, settings.over) for candidate in batch]
            met, lengths, signatures = _keys(batch, texts, settings, first)
            columns = (
                [candidate.id for candidate in batch],
                [candidate.score_overall for candidate in batch],
                lengths.tolist() if settings.over == "response" else [len(candidate.response) for candidate in batch],
                [candidate.cluster_id or candidate.id for candidate in batch],
            )
            writer.put(row_batch(columns), [text or "" for text in texts], signatures)
            yield from _sent(met, tools.buckets, part)
            first += len(batch)


def gather(bucket: Iterable[pa.RecordBatch], settings: Settings, tools: Toolbox) -> Iterator[pa.RecordBatch]:
    """Compares the rows that met in this bucket; gives the edges between those which belong together."""
    reader = RowReader(_folder(tools), settings.bands.permutations)
    pieces: list[tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint8], NDArray[np.int64]]] = []
    for batch in bucket:
        number = reader.numbers[batch.column("part")[0].as_py()]
        key, form, band, row = (batch.column(name).to_numpy() for name in ("key", "form", "band", "row"))
        pieces.append((key, form, band, reference(number, row)))
    if not pieces:
        return
    met = Met(*(np.concatenate(column) for column in zip(*pieces, strict=True)))
    del pieces
    for edges in Joiner(reader, settings.bands, settings.lowest_similarity_joined).edges(met):
        if len(edges.one):
            yield pa.record_batch([edges.one, edges.other, edges.kin], schema=_EDGES)


def settle(
    batches: Iterator[pa.RecordBatch], settings: Settings, tools: Toolbox
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Joins the edges to clusters, chooses the one kept of each; gives the verdicts on all rows that are not alone."""
    reader = RowReader(_folder(tools), settings.bands.permutations)
    pieces = [tuple(batch.column(name).to_numpy(zero_copy_only=False) for name in _EDGES.names) for batch in batches]
    if not pieces:
        return
    edges = Edges(*(np.concatenate(column) for column in zip(*pieces, strict=True)))
    del pieces
    refs, ends = np.unique(np.concatenate((edges.one, edges.other)), return_inverse=True)
    one, other = ends[: len(edges.one)], ends[len(edges.one) :]
    rows = reader.columns(refs, (*keeping.COLUMNS, "cluster"))
    near = components(one[~edges.kin], other[~edges.kin], len(refs))
    rank = keeping.ranked(reader, refs, near, rows)
    best = keeping.first_of_each(rank, near)
    leader = keeping.first_of_each(rank, components(one, other, len(refs)))
    others = pa.array(best, pa.int64(), mask=best == np.arange(len(refs)))
    clusters = rows.column("cluster").take(pa.array(leader, pa.int64()))
    columns = [refs, clusters, refs[best], rows.column("id").take(others)]
    verdicts = pa.record_batch(columns, schema=_VERDICTS)
    starts = np.searchsorted(refs, np.arange(len(reader.parts) + 1) << 32).tolist()
    for number, name in enumerate(reader.parts):
        for begin in range(starts[number], starts[number + 1], _VERDICTS_AT_ONCE):
            yield name, verdicts.slice(begin, min(_VERDICTS_AT_ONCE, starts[number + 1] - begin))


def run(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, verdicts: Iterable[pa.RecordBatch]
) -> Iterator[Outcome]:
    """Tells of each candidate its cluster, and drops it if another of its cluster is kept."""
    reader = RowReader(_folder(tools), settings.bands.permutations)
    compared = _Compared(reader, settings.lowest_similarity_joined)
    waiting = (verdict for batch in verdicts for verdict in batch.to_pylist())
    verdict = next(waiting, None)
    for row, candidate in enumerate(candidates):
        if verdict is None or verdict["ref"] & 0xFFFFFFFF != row:
            yield Kept(candidate.change(cluster_id=candidate.cluster_id or candidate.id))
            continue
        told = candidate.change(cluster_id=verdict["cluster"])
        if verdict["kept_id"] is None:
            yield Kept(told)
        else:
            exact, similarity = compared(_compared(candidate, settings.over) or "", verdict["kept_ref"])
            told = told.change(duplicate_of=verdict["kept_id"], similarity=similarity)
            yield Dropped(told, "exact_duplicate" if exact else "near_duplicate", f"repeats {verdict['kept_id']}")
        verdict = next(waiting, None)


def _folder(tools: Toolbox) -> Path:
    return tools.work / "rows"


def _compared(candidate: Candidate, over: str) -> str | None:
    if candidate.kind != "pair":
        return None
    return (candidate.response if over == "response" else candidate.instruction) or None


def _apart(candidate: Candidate, over: str) -> int:
    # What differs in this can be no duplicate, however alike the texts are: the same words about another title or other
    # notes are another task.
    if over == "response":
        return 0
    subject = [candidate.language, *_SUBJECT.findall(candidate.instruction or ""), candidate.context or ""]
    return xxhash.xxh3_64_intdigest("\n".join(subject).casefold().encode("utf-8", "surrogatepass"))


def _keys(
    batch: list[Candidate], texts: list[str | None], settings: Settings, first: int
) -> tuple[Met, NDArray[np.int64], NDArray[np.uint32]]:
    bands = settings.bands
    signatures = np.empty((len(batch), bands.permutations), np.uint32)
    forms = np.empty(len(batch), np.uint64)
    lengths = np.empty(len(batch), np.int64)
    for begin in range(0, len(batch), _SIGNED_AT_ONCE):
        these = slice(begin, begin + _SIGNED_AT_ONCE)
        normal, signatures[these] = signed([text or "" for text in texts[these]], bands.permutations)
        forms[these] = [xxhash.xxh3_64_intdigest(normal.form(number)) for number in range(len(normal))]
        lengths[these] = np.diff(normal.bounds)
    salts = np.array([_apart(candidate, settings.over) for candidate in batch], np.uint64)
    forms ^= salts
    rows = first + np.arange(len(batch))
    chosen = np.flatnonzero((lengths > 0) & [text is not None for text in texts])
    kin = np.array([number for number, candidate in enumerate(batch) if candidate.cluster_id], np.int64)
    old = np.array([xxhash.xxh3_64_intdigest((batch[n].cluster_id or "").encode()) for n in kin.tolist()], np.uint64)
    # Salted with the kind of meeting, so that a form never meets a cluster.
    keys = (
        forms[chosen] ^ np.uint64(SAME),
        bands.keys(signatures[chosen], salts[chosen]).ravel(),
        old ^ np.uint64(KIN),
    )
    of = np.concatenate((chosen, np.repeat(chosen, bands.bands), kin))
    meetings = (np.full(len(chosen), SAME), np.tile(np.arange(bands.bands), len(chosen)), np.full(len(kin), KIN))
    met = Met(np.concatenate(keys), forms[of], np.concatenate(meetings).astype(np.uint8), rows[of])
    return met, lengths, signatures


def _sent(met: Met, buckets: int, part: str) -> Iterator[tuple[int, pa.RecordBatch]]:
    bucket = ((met.key >> np.uint64(32)) * np.uint64(buckets) >> np.uint64(32)).astype(np.int64)
    met = met.only(np.argsort(bucket, kind="stable"))
    ends = np.cumsum(np.bincount(bucket, minlength=buckets)).tolist()
    for number, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
        if begin < end:
            part_column = pa.DictionaryArray.from_arrays(np.zeros(end - begin, np.int32), pa.array([part]))
            columns = [met.key[begin:end], met.form[begin:end], met.band[begin:end], part_column, met.ref[begin:end]]
            yield number, pa.record_batch(columns, schema=_MET)


class _Compared:
    """Compares a dropped text with the kept one: whether their normal forms are equal, and their Jaccard similarity;
    that of the texts as they stand, where it is what joined them.
    """

    def __init__(self, reader: RowReader, lowest: float) -> None:
        self._lowest = lowest
        self._kept = functools.lru_cache(maxsize=256)(lambda ref: self._of(reader.texts(np.array([ref]))[0]))

    def __call__(self, text: str, kept: int) -> tuple[bool, float]:
        (form, pieces, _), (kept_form, kept_pieces, kept_text) = self._of(text), self._kept(kept)
        similarity = jaccard(pieces, kept_pieces)
        if similarity < self._lowest:
            similarity = max(similarity, plain_jaccard(text, kept_text))
        return form == kept_form, similarity

    @staticmethod
    def _of(text: str) -> tuple[bytes, NDArray[np.uint64], str]:
        normal = Normal([text])
        return normal.form(0), normal.sets()[0], text
