"""Turns the shape of an answer into the JSON schema that servers hold a model to while it writes."""

import functools
from typing import Any

from pydantic import BaseModel

# What both xgrammar (vLLM) and OpenAI's strict mode take; a default would let the model leave a property out.
_KEPT = frozenset(
    [
        *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs"),
        *("description", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems"),
    ]
)
_LENGTHS = frozenset(("minLength", "maxLength"))


@functools.cache
def schema(answer: type[BaseModel], lengths: bool = True) -> dict[str, Any]:
    """The JSON schema of an answer, every property required and no other allowed; treat it as read-only.

    lengths: whether bounds on the length of strings stay; vLLM takes them, OpenAI does not.
    """
    found: dict[str, Any] = _strict(answer.model_json_schema(), _KEPT | _LENGTHS if lengths else _KEPT)
    return found


def _strict(node: Any, kept: frozenset[str]) -> Any:
    """The schema without what servers do not take, at every depth; names of properties are no keywords."""
    if isinstance(node, list):
        return [_strict(one, kept) for one in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for word, value in node.items():
        if word in ("properties", "$defs"):
            found[word] = {name: _strict(one, kept) for name, one in value.items()}
        elif word in kept:
            found[word] = value if word in ("enum", "const", "required") else _strict(value, kept)
    if "properties" in found:
        found["required"] = list(found["properties"])
        found["additionalProperties"] = False
    return found
