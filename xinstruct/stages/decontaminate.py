"""Drops what evaluation sets also hold, so that a model that is trained on the rows can still be measured with them."""

from collections.abc import Iterable, Iterator
from itertools import islice

from pydantic import Field, field_validator

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.recipe import Strict
from xinstruct.tools.overlap.held import index_of
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.search import Overlap, overlaps
from xinstruct.tools.toolbox import Toolbox

READS = ("response",)
USES = ("instruction", "context", "turns", "answers")
WRITES: tuple[str, ...] = ()
ASKS: tuple[str, ...] = ()
VERSION = 2
REASONS = {
    "evaluation_overlap": "it shares 13 words or 60 characters with an evaluation text, or all of a short one; the "
    "detail says with which, and where",
    "evaluation_likeness": "the whole of it, or a line, is an evaluation text but for some words: most 5-letter pieces "
    "are the same; the detail says how large their share is",
}

_AT_ONCE = 64


class Settings(Strict):
    """Which evaluation sets the rows are held against."""

    against: list[str] = Field(
        min_length=1,
        description="evaluation sets: folders of texts, tables (.jsonl .json .csv .tsv .parquet) with an item in each "
        "row, text files, or files made by `xinstruct fingerprint`; relative to the recipe's own file",
    )
    fields: list[str] | None = Field(
        default=None,
        min_length=1,
        description="the fields of tables that hold their texts; all texts of a row are taken unless said",
    )

    @field_validator("against", "fields", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


def run(candidates: Iterable[Candidate], settings: Settings, tools: Toolbox) -> Iterator[Outcome]:
    """Every candidate, kept where none of its texts is in an evaluation set."""
    index = index_of(tools.work.parents[1], settings.against, settings.fields)
    arriving = iter(candidates)
    while batch := list(islice(arriving, _AT_ONCE)):
        yield from _decided(batch, index)


def _decided(batch: list[Candidate], index: Index) -> Iterator[Kept | Dropped]:
    named = [_texts(candidate) for candidate in batch]
    found = iter(overlaps([text for of_one in named for _, text in of_one], index))
    for candidate, of_one in zip(batch, named, strict=True):
        met = [(name, text, overlap) for (name, text), overlap in zip(of_one, found, strict=False) if overlap]
        if not met:
            yield Kept(candidate)
            continue
        name, text, overlap = min(met, key=lambda one: (one[2].likeness is not None, one[2].start - one[2].end))
        yield Dropped(candidate, *_reason(name, text, overlap))


def _texts(candidate: Candidate) -> list[tuple[str, str]]:
    """The texts of a candidate that a model would be trained on, and what each is called."""
    texts = [
        ("response", candidate.response),
        ("instruction", candidate.instruction),
        ("context", candidate.context),
        *((f"turn {number}", turn["content"]) for number, turn in enumerate(candidate.turns, start=1)),
        *((f"answer {number}", answer["text"]) for number, answer in enumerate(candidate.answers, start=1)),
    ]
    return [(name, text) for name, text in texts if text]


def _reason(name: str, text: str, overlap: Overlap) -> tuple[str, str]:
    """The reason and its detail, such as `mgsm test.jsonl:17:question; response 120-204, 84 characters, 15 words`."""
    length = f"{overlap.end - overlap.start} characters"
    words = f", {overlap.words} words" if overlap.words else ""
    detail = f"{overlap.called}; {name} {overlap.start}-{overlap.end}, {length}{words}"
    if overlap.likeness is None:
        return "evaluation_overlap", detail
    return "evaluation_likeness", f"{detail}, likeness {overlap.likeness:.2f}"
