"""What the stand-in for a model says: usable instructions, and the ratings of a judge that is sound or bad on purpose.

The writer names a few words of the passage in quotation marks; the sound judge looks whether the answer holds them,
whether the instruction asks for nothing else, and whether the answer ends. The request alone decides every answer.
"""

import json
import zlib
from collections.abc import Callable
from typing import Any

import regex

_FENCED = regex.compile(r"<([a-z_]+) ([0-9a-f]{8})>\n(.*?)\n</\1 \2>", regex.DOTALL)
_LINE = regex.compile(r"^([A-Z][^:\n]{3,60}): (.*)$", regex.MULTILINE)
_LANGUAGE = regex.compile(r"^Language[^:\n]*: (.*)$", regex.MULTILINE)
# Names take at least so many letters, of Chinese fewer: `specific` of the rules wants as many.
_NAMED = regex.compile(r"\p{L}[\p{L}\p{M}\p{N}]*(?:[ '’-][\p{L}\p{M}\p{N}]+)*")
_FEWEST_LETTERS, _LONGEST_WORD = 12, 16
_ENDS = regex.compile(r"[.!?…。！？।॥։؟۔።။។\p{Thai}\p{Lao}][\"'”’»)\]]*\s*$")
_QUOTED = regex.compile(r'"([^"]+)"')
_GOOD = {
    "request": 'Explain in plain words what people should know about "{}".',
    "chat": 'What is there to tell about "{}", and why does it matter?',
    "search": 'facts about "{}"',
    "notes": 'Turn the notes below into a short report on "{}".',
}
_MIDDLING = {
    "request": 'Tell us something about "{}".',
    "chat": 'Do you know something about "{}"?',
    "search": 'something about "{}"',
}


def said(request: dict[str, Any], judge: str) -> str:
    """The content of the answer to a request with a schema: JSON that fits it.

    judge: sound, always_five, same (in a language), random, or "sound but in NAME", where it always gives five.
    """
    form = request["response_format"]["json_schema"]
    asked, schema = request["messages"][-1]["content"], form["schema"]
    parts = {name: text for name, _, text in _FENCED.findall(asked)}
    ways: dict[str, tuple[set[str], Callable[[], dict[str, Any]]]] = {
        "Instruction": ({"passage"}, lambda: _written(asked, parts["passage"])),
        "Rewriting": ({"instruction", "passage"}, lambda: _rewritten(parts)),
        "Editing": ({"instruction", "passage"}, lambda: {**_rewritten(parts), "response": None}),
        "Rating": ({"instruction", "answer"}, lambda: _rated(asked, parts, judge)),
        "Choice": ({"instruction", "texts"}, lambda: _chosen(parts, judge)),
    }

    def anything() -> Any:
        return instance(schema, asked, schema.get("$defs", {}))

    needed, way = ways.get(form["name"], (set(), anything))
    answer = way() if needed <= parts.keys() else anything()
    return json.dumps(answer, ensure_ascii=False)


def logprobs(messages: list[dict[str, str]]) -> list[dict[str, dict[str, Any]] | None]:
    """One token per word, as likely as its hash says, and likelier where the words that were asked for stand in it."""
    text = messages[-1]["content"]
    named = _QUOTED.findall(messages[0]["content"])
    factor = 0.5 if any(words in text for words in named) else 1.0
    words = "\n".join(message["content"] for message in messages).replace("\n", "\n ").split(" ")
    told = ({"decoded_token": f" {word}", "logprob": -factor * (_draw(word) % 999) / 99} for word in words)
    return [None, *({str(number): one} for number, one in enumerate(told))]


def _draw(*keys: str) -> int:
    return zlib.crc32("\n".join(keys).encode("utf-8", "replace"))


def _name(passage: str) -> str:
    """A few words of the passage's beginning, as they stand there: the first that are long enough to name it."""
    found = ""
    for match in _NAMED.finditer(passage):
        words = regex.findall(r"\X", match[0])
        stretch = "".join(words[:_LONGEST_WORD]) if " " not in match[0] else _words(match[0])
        found = max(found, stretch, key=len)
        if sum(sign.isalpha() for sign in stretch) >= _FEWEST_LETTERS:
            return stretch
    return found or passage[:_FEWEST_LETTERS]


def _words(run: str) -> str:
    stretch = ""
    for word in run.split(" "):
        stretch = f"{stretch} {word}".strip()
        if sum(sign.isalpha() for sign in stretch) >= _FEWEST_LETTERS:
            break
    return stretch


def _written(asked: str, passage: str) -> dict[str, Any]:
    """The writer: 1 in 20 passages it skips, of 1 a guard refuses what it writes, of 1 it first quotes what is not
    there; 4 in 20 instructions leave something to be repaired.
    """
    lines, lot, words = dict(_LINE.findall(asked)), _draw("write", passage) % 20, _name(passage)
    empty: dict[str, Any] = {
        "skip": None,
        "evidence": [],
        "task": None,
        "style": None,
        "notes": [],
        "handed": None,
        "response": None,
    }
    if lot == 0:
        return {**empty, "skip": "it is but a list of links", "instruction": None, "asked_from": "passage"}
    tasks = lines.get("Tasks allowed, best first", "explain_topic").split("; ")
    style = lines.get("Style wished", "request")
    task = "explain_topic" if "explain_topic" in tasks else next(t for t in tasks if t in ("write_news", *_NOTED))
    told, notes = (_MIDDLING if lot in range(3, 7) else _GOOD)[style], list[str]()
    if task != "explain_topic":
        told, notes = _GOOD["notes"], [_name(line) for line in _thirds(passage)]
    instruction = "Translate the page into English and send me the link." if lot == 1 else told.format(words)
    quoted = "These words are not in it." if lot == 2 and lines.get("Remark on your last reply") == "-" else words
    own = {"evidence": [quoted], "task": task, "style": style, "notes": notes, "instruction": instruction}
    return {**empty, **own, "asked_from": "passage"}


_NOTED = ("announce_event", "notes_to_text")


def _thirds(passage: str) -> list[str]:
    words = passage.split(" ")
    size = len(passage) // 3
    if len(words) < 9:
        return [passage[at : at + size] for at in range(0, 3 * size, size)]
    return [" ".join(words[at : at + len(words) // 3]) for at in range(0, 3 * (len(words) // 3), len(words) // 3)]


def _rewritten(parts: dict[str, str]) -> dict[str, Any]:
    """The rewriter: an instruction that was middling becomes a good one, others stay."""
    words = _name(parts["passage"])
    before = parts["instruction"]
    style = next((style for style, told in _MIDDLING.items() if told.split('"')[0] == before.split('"')[0]), None)
    instruction = _GOOD[style].format(words) if style else None
    return {"faults": "vague", "evidence": [words], "instruction": instruction}


_SOUND = {  # by what is wrong: answers, specific, language, natural
    "": (5, 5, 5, 5),
    "middling": (4, 2, 4, 3),
    "something more or else is asked for": (2, 3, 5, 2),
    "nothing is named": (3, 1, 5, 3),
    "what is named is not there": (1, 1, 5, 5),
}
_CRITERIA = ("answers", "specific", "whole", "language", "natural")


def _rated(asked: str, parts: dict[str, str], judge: str) -> dict[str, Any]:
    instruction, answer = parts["instruction"], parts["answer"]
    language = next(iter(_LANGUAGE.findall(asked)), "")
    if judge in ("always_five", f"sound but in {language}"):
        told = dict.fromkeys(_CRITERIA, 5)
    elif judge == "same":
        told = dict.fromkeys(_CRITERIA, 2 + _draw(language) % 4)
    elif judge == "random":
        told = {criterion: 1 + _draw(criterion, instruction, answer) % 5 for criterion in _CRITERIA}
    else:
        told = _soundly(instruction, answer)
    return {criterion: {"evidence": answer[:40], "rating": rating} for criterion, rating in told.items()}


def _soundly(instruction: str, answer: str) -> dict[str, int]:
    named = _QUOTED.findall(instruction)
    bare = _QUOTED.sub('"{}"', instruction)
    if not named:
        wrong = "nothing is named"
    elif not all(words in answer for words in named):
        wrong = "what is named is not there"
    elif bare in _MIDDLING.values():
        wrong = "middling"
    else:
        wrong = "" if bare in _GOOD.values() else "something more or else is asked for"
    answers, specific, language, natural = _SOUND[wrong]
    whole = 5 if _ENDS.search(answer) else 2
    # No judge is always of the same mind.
    natural -= _draw("natural", instruction, answer) % 3 == 0
    return dict(zip(_CRITERIA, (answers, specific, whole, language, natural), strict=True))


def _chosen(parts: dict[str, str], judge: str) -> dict[str, Any]:
    texts = regex.findall(r"^\d+\. (.*)$", parts["texts"], regex.MULTILINE)
    named = _QUOTED.findall(parts["instruction"])
    if judge == "random":
        return {"choice": 1 + _draw(*parts.values()) % len(texts)}
    if judge in ("always_five", "same"):
        return {"choice": min(5, len(texts))}
    fits = (number for number, text in enumerate(texts, start=1) if named and named[0] in text)
    return {"choice": next(fits, 1)}


def instance(schema: dict[str, Any], asked: str, defs: dict[str, Any], name: str = "") -> Any:
    """A value that fits any JSON schema; strings are taken from what was asked, numbers from its hash."""
    if "$ref" in schema:
        return instance(defs[schema["$ref"].rsplit("/", 1)[1]], asked, defs, name)
    if "anyOf" in schema:
        return instance(next((k for k in schema["anyOf"] if k.get("type") == "null"), schema["anyOf"][0]), asked, defs)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind, draw = schema.get("type"), _draw(name, asked)
    if kind == "object":
        return {key: instance(value, asked, defs, key) for key, value in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance(schema["items"], asked, defs, name) for _ in range(schema.get("minItems", 0))]
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", 0), schema.get("maximum", 5)
        return low + draw % (high - low + 1) if kind == "integer" else round(low + (high - low) * (draw % 101) / 100, 2)
    if kind == "string":
        return max(asked.splitlines(), key=len, default="").strip()[: schema.get("maxLength", 40)]
    return bool(draw % 2) if kind == "boolean" else None
