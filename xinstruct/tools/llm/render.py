"""Turns a question into what the model reads: the fixed text of its prompt, then the fields, which strangers wrote."""

import functools
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from xinstruct import prompts

# These may be as long as they are; so may a field whose placeholder stands alone on its line.
_LONG = ("passage", "context", "instruction")
_LONGEST_LINE, _LONGEST_LIST = 300, 1000
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_ALONE = re.compile(r"^\{([a-z_]+)\}$", re.MULTILINE)
# What chat templates set around turns. A tokenizer that met it in a passage would end the passage's turn.
_CHAT_TOKENS = re.compile(
    r"<(?=[|｜][^<>\n]{1,64}>)|<(?=[^<>\n]{1,64}[|｜]>)"
    r"|<(?=/?(?:s|bos|eos|pad|unk|sop|eop|think|tool_call|tool_response|(?:start|end)_of_[a-z]{1,20})>)"
    r"|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|THINK)\])"
    r"|\[(?=\|[^\[\]\n]{1,64}\|\])"
)


@functools.cache
def fixed(prompt: str) -> str:
    """What a prompt says to every candidate: its text up to the line `---`; empty where it begins with that line."""
    return _halves(prompt)[0]


def filled(prompt: str, fields: Mapping[str, Any]) -> str:
    """The rest of the prompt with the fields in their places. KeyError where a placeholder has no field.

    `{fence}` becomes eight hexadecimal digits that the fields decide: who wrote one of them cannot know it.
    """
    fence = hashlib.blake2b(repr(fields).encode("utf-8", "replace"), digest_size=4).hexdigest()
    said = []
    for text, name, long in _halves(prompt)[1]:
        said.append(text)
        if name == "fence":
            said.append(fence)
        elif name:
            said.append(_long(fields[name]) if long else _line(fields[name]))
    return "".join(said)


def harmless(text: str) -> str:
    """The text with a space in each thing that a chat template would take for its own, and without broken signs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CHAT_TOKENS.sub(lambda match: f"{match[0]} ", text) if "<" in text or "[" in text else text


@functools.cache
def _halves(prompt: str) -> tuple[str, list[tuple[str, str, bool]]]:
    """The fixed text; then stretches of text, each with the field that follows it and whether that may be long."""
    first, line, rest = f"\n{prompts.text(prompt)}".partition("\n---\n")
    if not line:
        raise ValueError(f"the prompt {prompt} has no line --- between what is fixed and what is filled in")
    long = {*_LONG, *_ALONE.findall(rest)}
    cut = [*_PLACEHOLDER.split(rest.strip()), ""]
    pairs = zip(cut[::2], cut[1::2], strict=True)
    return first.strip(), [(text, name, name in long) for text, name in pairs]


def _long(value: Any) -> str:
    if isinstance(value, list | tuple):
        return harmless("\n".join(map(_said, value))) or "-"
    return harmless(_said(value)) or "-"


def _line(value: Any) -> str:
    if value is None:
        return "(unknown)"
    if isinstance(value, list | tuple):
        line = "; ".join(_cut(_said(one), _LONGEST_LINE) for one in value)
        return harmless(_cut(line, _LONGEST_LIST)) or "(unknown)"
    return harmless(_cut(_said(value), _LONGEST_LINE)) or "(unknown)"


def _cut(text: str, longest: int) -> str:
    squeezed = " ".join(text.split())
    return squeezed if len(squeezed) <= longest else squeezed[: longest - 4].rstrip() + " ..."


def _said(value: Any) -> str:
    """A value in words: nothing for None, name: value for a fact, and for a mapping one such pair after the other."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Mapping):
        if set(value) == {"name", "value"}:
            return f"{value['name']}: {value['value']}"
        return ", ".join(f"{name}: {_said(one)}" for name, one in value.items())
    return str(value)
