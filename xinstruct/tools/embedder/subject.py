"""Leaves out of an instruction the words with which it asks, so that what remains says what it is about."""

import functools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import regex

from xinstruct import prompts
from xinstruct.tools.quotation_marks import QUOTED

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_SLOT = regex.compile(r"\{[a-z_]+\}")
# Tables of phrasings, in which a word that several have is one of asking: write, text, titled, continue, below.
_PHRASINGS = ("asks", "handed", "frames", "details")
_FEWEST_PHRASINGS = 2


def subject(instruction: str) -> str:
    """What the instruction is about: what it quotes, and its words that are none of asking; all of it where these are
    all that it has.
    """
    found, begin = [], 0
    for quotation in QUOTED.finditer(instruction):
        found += [*_own(instruction[begin : quotation.start()]), quotation[0]]
        begin = quotation.end()
    found += _own(instruction[begin:])
    return " ".join(found) or instruction


def _own(piece: str) -> list[str]:
    return [word for word in _WORD.findall(piece) if word.casefold() not in _asking_words()]


@functools.cache
def _asking_words() -> frozenset[str]:
    """The words of several of the rules' phrasings: with these one asks, whatever one asks about."""
    phrasings = [text for name in _PHRASINGS for text in _texts(prompts.table(name))]
    met = Counter(word for text in phrasings for word in set(_WORD.findall(_SLOT.sub(" ", text).casefold())))
    return frozenset(word for word, count in met.items() if count >= _FEWEST_PHRASINGS)


def _texts(table: Any) -> Iterator[str]:
    if isinstance(table, str):
        yield table
    elif isinstance(table, dict | list):
        for entry in table.values() if isinstance(table, dict) else table:
            yield from _texts(entry)
