"""Finds in an English instruction how it asks: its opening word, the verb that asks, and what it asks for."""

import functools
from typing import NamedTuple

import regex

from xinstruct.tables import shipped
from xinstruct.tools.quotation_marks import QUOTED

_NAME = "§"  # what stands for a quotation
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*")
_TOKEN = regex.compile(rf"{_WORD.pattern}|[^\s\p{{L}}\p{{M}}\p{{N}}]")
_SENTENCE = regex.compile(r"(?<=[.!?;:])\s+|\n")
_GREETING = regex.compile(r"^(?:(?:hi|hello|hey|good (?:morning|day|evening)|sorry to bother you|thanks)\W+(?:but )?)+")
# After these a verb that asks may stand, in the order in which they are looked for.
_BEFORE_VERB = (
    regex.compile(r"^(?:(?:please|kindly|just|now|then|first|only)\W+)*(?:help me(?: out)?(?: to| with)? )?"),
    regex.compile(
        r"\b(?:can|could|would|will|should|do|does|did|might|may|must|shall) (?:you|we|i|one|someone|somebody|people) "
        r"(?:(?:please|kindly|possibly|perhaps|also|help me|help us|to|like to|want to|have to)\W+)*"
    ),
    regex.compile(r"\b(?:you to|me to|us to|is to|like to|want to|need to|asked to|help me|let me|let's|please) "),
    regex.compile(r"[,–—-] (?:please )?"),
)
_ASKING = regex.compile(r"^\W*(how|what|which|who|whose|whom|where|when|why|is|are|was|were|does|do|did|has|have)\b")


class Wording(NamedTuple):
    """How an instruction asks, lower case; "" for what is not there.

    opening: its first word outside quotation marks. verb: the verb that asks, or the question word of a question.
    target: what the verb takes as its object: the last word of the noun phrase behind it, or § for a quotation.
    """

    opening: str
    verb: str
    target: str


def wording(instruction: str) -> Wording:
    """How an English instruction asks.

    It is found by lists of words, not by a parser: the verb is looked for where English puts it in orders, polite
    questions and wishes; its object is the noun phrase that follows.
    """
    plain = unquoted(instruction).lower()
    words = _WORD.findall(plain.split(_NAME)[0] if plain.startswith(_NAME) else plain)
    opening = words[0] if words else ""
    question = ""
    for sentence in _SENTENCE.split(plain):
        said = _GREETING.sub("", sentence.strip())
        for before in _BEFORE_VERB:
            for match in before.finditer(said):
                verb = _WORD.match(said, match.end())
                if verb and verb[0] in _words("verbs"):
                    return Wording(opening, verb[0], _object(said[verb.end() :]))
        asked = _ASKING.match(said)
        question = question or (asked[1] if asked else "")
    return Wording(opening, question, "")


def unquoted(instruction: str) -> str:
    """The instruction with § in place of each stretch in quotation marks."""
    return QUOTED.sub(_NAME, instruction)


def quoted(instruction: str) -> str:
    """All that stands in quotation marks, without them: of an instruction that rules wrote, what is not its frame."""
    return " ".join(match[0][1:-1] for match in QUOTED.finditer(instruction))


@functools.cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(shipped("corpora", "asking_verbs.yml")[kind].split())


def _object(behind: str) -> str:
    found = ""
    for token in _TOKEN.findall(behind):
        if token == _NAME:
            return found or _NAME
        skipped = token in _words("before_object")
        if skipped and not found:
            continue
        if skipped or token in _words("behind_object") or not _WORD.match(token):
            break
        found = token
    return found
