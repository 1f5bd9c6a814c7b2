"""Estimates how many tokens a conversation has, without a tokenizer, from its language's usual characters per token."""

import functools
from typing import Any

from xinstruct.candidate import Candidate
from xinstruct.publish.directives import Message
from xinstruct.tables import shipped

_ENGLISH = "eng_Latn"


@functools.cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = shipped("corpora", "token_lengths.yml")
    return table


@functools.cache
def _characters_per_token(language: str) -> float | None:
    table = _table()
    found = table["languages"].get(language, table["scripts"].get(language.partition("_")[2]))
    return None if found is None else float(found)


def tokens_of(text: str, language: str) -> int:
    """The estimate for one text, at least 1 for a text that is not empty. language: a label such as swh_Latn."""
    length = _characters_per_token(language)
    size = len(text) / length if length else len(text.encode("utf-8", "replace")) / float(_table()["other_bytes"])
    return max(1, round(size)) if text else 0


def n_tokens(candidate: Candidate, messages: list[Message]) -> int:
    """The estimate for all messages of a pair: native text by its language, everything around it as English."""
    native = len(candidate.response) + len((candidate.context or "").strip())
    around = sum(len(message["content"]) for message in messages) - native
    context = tokens_of((candidate.context or "").strip(), candidate.language)
    return tokens_of(candidate.response, candidate.language) + context + tokens_of("x" * max(0, around), _ENGLISH)
