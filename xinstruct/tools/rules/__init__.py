"""Answers the questions of the asking stages by rules, from what a page says of itself, without a model."""

from collections.abc import Callable, Mapping
from typing import Any

from xinstruct.question import Question
from xinstruct.tools.rules import judge, writer

NAME = "rules"
# Raised when a reply to the same question would change: kept replies of the older rules are then not served any more.
VERSION = 3

_ANSWERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "instruct": writer.write,
    "score": judge.judge,
}


def answer(question: Question) -> dict[str, Any]:
    """A reply that fits the question's answer schema. ValueError for a prompt that the rules have no rules for."""
    if question.prompt not in _ANSWERS:
        raise ValueError(f"the rules cannot answer '{question.prompt}': it needs a model (--models PROFILE)")
    return _ANSWERS[question.prompt](question.fields)
