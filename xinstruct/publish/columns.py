"""Names the configurations of a dataset and the columns that the rows of each have.

Trainers reserve some column names (prompt, completion, chosen, rejected, messages, conversations, text, label, labels,
tools, system, images ...): none of them may hold anything else.
"""

from dataclasses import fields

import pyarrow as pa

from xinstruct.candidate import ANSWER, COLUMNS, SCHEMA, Candidate

SFT, EDITED, POINTERS = "sft", "edited", "pointers"
EVOLVED, TRANSLATED, MULTI_TURN, PREFERENCE = "evolved", "translated", "multi_turn", "preference"
# Those whose turns stand under `messages`, and those whose rows were made of other rows.
WITH_MESSAGES = (SFT, EDITED, EVOLVED, TRANSLATED, MULTI_TURN)
# The same rows for trainers that want the loss on the last answer alone, or know no `messages`.
SPLIT_TOO = {config: f"{config}_prompt_completion" for config in WITH_MESSAGES}
SPLIT = tuple(SPLIT_TOO.values())
GROWN = (EVOLVED, TRANSLATED, MULTI_TURN, PREFERENCE)

SCORES: tuple[str, ...] = tuple(
    c for c in COLUMNS if c.startswith("score_") and pa.types.is_floating(SCHEMA.field(c).type)
)
_GROWN_SCORES = ("score_round_trip", "score_agreement", "score_line_pass")
_PAIR_SCORES = [name for name in SCORES if name not in _GROWN_SCORES]

_TEXT, _COUNT = pa.string(), pa.int64()
_MESSAGE = pa.struct([("role", _TEXT), ("content", _TEXT)])
_TURNS = pa.list_(_MESSAGE)
_PROVENANCE = [
    *("url", "host", "licence", "rights_evidence", "crawled_at", "container", "record_offset", "digest"),
    *("span_start", "span_end", "cluster_id"),
]
_ASKED = ["task", "style", "asked_from", "provisional", "response_from"]
_BEGINNING = ["instruction", "instruction_lang", "response_lang", "context", *_ASKED, "title", *_PROVENANCE]
_ROW = [*_BEGINNING, "n_tokens", "lid_score", "lid_purity", *_PAIR_SCORES]
# What an edited answer and its instruction were before.
_BEFORE = ["instruction_before", "response_before"]
# Which row it was made of, by which Evol, and the sentence that names the answer's language where it is not in English.
_GROWN = ["parent_id", "evol", "directive"]
_POINTER = [name for name in _ROW if name not in ("context", "title")]
# A pointer that was evolved or translated becomes such a row again when it is filled in.
_POINTER += [*_GROWN, "trail", "instruction_before", "score_round_trip", "score_line_pass"]

# Columns that are none of a candidate's, by what they hold.
_OWN: dict[str, pa.DataType] = {
    "response_lang": _TEXT,
    "n_tokens": _COUNT,
    "n_turns": _COUNT,
    "dialogue_evol_types": pa.list_(_TEXT),
    "words_from": pa.list_(_TEXT),
    "chosen_from": _TEXT,
    "rejected_from": _TEXT,
    "rejected_lang": _TEXT,
    "ranked_answers": pa.list_(ANSWER),
}


def _schema(first: dict[str, pa.DataType], names: list[str]) -> pa.Schema:
    known: dict[str, pa.DataType] = {field.name: field.metadata["type"] for field in fields(Candidate)} | _OWN
    return pa.schema({"id": _TEXT, **first, **{name: known[name] for name in names}})


_CONVERSATION = [*_BEGINNING, *_GROWN, "n_turns", "dialogue_evol_types", "words_from", "n_tokens"]
_CONVERSATION += ["lid_score", "lid_purity", "score_line_pass"]
_RANKED = [*_BEGINNING, *_GROWN, "chosen_from", "rejected_from", "rejected_lang", "ranked_answers", "judge_runs"]
_RANKED += ["n_tokens", "lid_score", "lid_purity", "score_agreement", "score_line_pass"]

_BESIDE_MESSAGES = {
    SFT: _ROW,
    EDITED: [*_ROW, *_BEFORE],
    EVOLVED: [*_ROW, *_GROWN, *_BEFORE, "score_line_pass"],
    TRANSLATED: [*_ROW, *_GROWN, *_BEFORE, "score_round_trip", "score_line_pass"],
    MULTI_TURN: _CONVERSATION,
}

# In the order in which a dataset tells of them.
SCHEMAS: dict[str, pa.Schema] = {
    name: schema
    for config in WITH_MESSAGES
    for name, schema in (
        (config, _schema({"messages": _TURNS}, _BESIDE_MESSAGES[config])),
        (SPLIT_TOO[config], _schema({"prompt": _TURNS, "completion": _TURNS}, _BESIDE_MESSAGES[config])),
    )
}
SCHEMAS |= {
    PREFERENCE: _schema(
        {
            "prompt": _TURNS,
            "chosen": _TURNS,
            "rejected": _TURNS,
            # LLaMA-Factory takes one message where the others take a list of one.
            "chosen_message": _MESSAGE,
            "rejected_message": _MESSAGE,
        },
        _RANKED,
    ),
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
