"""Says which candidates become rows of which configuration of the dataset, and how such a row looks.

Trainers reserve some column names (prompt, completion, chosen, rejected, messages, conversations, text, label, labels,
tools, system, images ...): none of them may hold anything else.
"""

import hashlib
from dataclasses import fields
from typing import Any

import pyarrow as pa

from xinstruct.candidate import COLUMNS, SCHEMA, Candidate
from xinstruct.languages import UnknownLanguage, english_name
from xinstruct.publish.directives import Message
from xinstruct.publish.tokens import n_tokens
from xinstruct.tools.rights import licences

SFT, PROMPT_COMPLETION, EDITED, POINTERS = "sft", "sft_prompt_completion", "edited", "pointers"
SCORES: tuple[str, ...] = tuple(
    c for c in COLUMNS if c.startswith("score_") and pa.types.is_floating(SCHEMA.field(c).type)
)

_TURNS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_PROVENANCE = [
    *("url", "host", "licence", "rights_evidence", "crawled_at", "container", "record_offset", "digest"),
    *("span_start", "span_end", "cluster_id"),
]
_ASKED = ["task", "style", "asked_from", "provisional", "response_from"]
_LID = ("lid_score", "lid_purity")


def _schema(first: dict[str, pa.DataType], names: list[str]) -> pa.Schema:
    known: dict[str, pa.DataType] = {field.name: field.metadata["type"] for field in fields(Candidate)}
    known |= {"response_lang": pa.string(), "n_tokens": pa.int64()}
    columns = {"id": pa.string(), **first, **{name: known[name] for name in names}}
    return pa.schema(columns)


_ROW = [
    "instruction",
    "instruction_lang",
    "response_lang",
    "context",
    *_ASKED,
    "title",
    *_PROVENANCE,
    "n_tokens",
    *_LID,
    *SCORES,
]
# What an edited answer and its instruction were before.
_BEFORE = ["instruction_before", "response_before"]
_POINTER = [name for name in _ROW if name not in ("context", "title")]
_TEXT, _COUNT = pa.string(), pa.int64()
SCHEMAS: dict[str, pa.Schema] = {
    SFT: _schema({"messages": _TURNS}, _ROW),
    PROMPT_COMPLETION: _schema({"prompt": _TURNS, "completion": _TURNS}, _ROW),
    EDITED: _schema({"messages": _TURNS}, [*_ROW, *_BEFORE]),
    POINTERS: _schema(
        {
            "response_sha256": _TEXT,
            "response_characters": _COUNT,
            "context_sha256": _TEXT,
            "context_characters": _COUNT,
        },
        _POINTER,
    ),
}
_NAMES = {config: tuple(schema.names) for config, schema in SCHEMAS.items()}
# What must be known of a candidate to decide on its place; the texts are not among it.
DECIDING = [
    *("id", "kind", "language", "response_from", "instruction", "context", "task", "licence"),
    *("host", "container", "record_offset", "digest", "cluster_id"),
]


def configs_of(candidate: Candidate, allowed: str | None) -> tuple[str, ...] | str:
    """The configurations that a candidate becomes a row of, or the reason in snake case why it becomes none.

    allowed: the recipe's `rights`, None for a dataset that stays on this machine.
    """
    if candidate.kind != "pair":
        return f"kind_{candidate.kind}"
    if not candidate.instruction:
        return "no_instruction"
    try:
        english_name(candidate.language)
    except UnknownLanguage:
        return "no_language_name"
    if allowed == "open-only" and not licences.is_open(candidate.licence):
        return "no_open_licence"
    if allowed == "pointers":
        return _pointed(candidate)
    if candidate.response_from in ("edited", "masked"):
        return (EDITED,)
    return (
        (SFT, PROMPT_COMPLETION) if candidate.response_from == "native" else f"response_from_{candidate.response_from}"
    )


def _pointed(candidate: Candidate) -> tuple[str, ...] | str:
    if candidate.response_from != "native":
        return f"response_from_{candidate.response_from}"
    # Notes are clauses picked from all over the page: no span leads back to them.
    if candidate.context and candidate.task not in REBUILT_TASKS:
        return "context_is_no_span"
    return (POINTERS,)


# Tasks whose context is the passage around the response, so that the page gives it back.
REBUILT_TASKS = ("text_to_title", "text_to_lead", "text_to_answer", "continue_text")


def sha256(text: str) -> str:
    """Hexadecimal digits by which a pointer's text is checked."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def row_of(candidate: Candidate, config: str, turns: list[Message]) -> dict[str, Any]:
    """The candidate as a row of a configuration. turns: what `messages(candidate)` gives."""
    row = {name: getattr(candidate, name, None) for name in _NAMES[config]}
    row |= {"response_lang": candidate.language, "n_tokens": n_tokens(candidate, turns)}
    if config == PROMPT_COMPLETION:
        return row | {"prompt": turns[:-1], "completion": turns[-1:]}
    if config == POINTERS:
        context = candidate.context
        return row | {
            "response_sha256": sha256(candidate.response),
            "response_characters": len(candidate.response),
            "context_sha256": sha256(context) if context else None,
            "context_characters": len(context) if context else None,
        }
    return row | {"messages": turns}
