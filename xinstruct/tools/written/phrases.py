"""Finds the phrases of refusals and of talk about the task, in the tables refusals and meta_talk."""

import functools
import unicodedata
from collections.abc import Sequence

import regex

from xinstruct import prompts
from xinstruct.tools.harm.notices import says_so
from xinstruct.tools.quotation_marks import QUOTED
from xinstruct.tools.sentences import is_unspaced

_ENGLISH = "eng_Latn"
_OPENING = 120  # characters in which an opening phrase begins
_OF_ITSELF = 600  # characters in which a model says that it is one
_SHORT = 300  # characters of a text in which a refusal may stand anywhere
_SIGN = r"[\p{L}\p{M}\p{N}]"
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`", "'") | dict.fromkeys("\u200b\u200c\u200d\ufeff*_"))


def refusal(text: str, language: str) -> str:
    """The words with which whoever wrote the text refuses, or owns up to a machine; "" where it does neither.

    language: label of the text; English phrases count in every language.
    """
    unquoted = _unquoted(text)
    said = _plain(unquoted)
    is_short = len(said) <= _SHORT
    opening = _first(_phrases("refusals", language, "opens"), said, len(said) if is_short else _OPENING)
    itself = _first(_phrases("refusals", language, "itself"), said, len(said) if is_short else _OF_ITSELF)
    return opening or itself or says_so(unquoted) or ""


def meta_talk(text: str, language: str, given: str) -> str:
    """The words by which the text speaks of its task or its making, or leaves a blank; "" where it does not.

    language: label of the text. given: what stood in the prompt and may be said again.
    """
    said, page = _plain(_unquoted(text)), _plain(given)
    labels, blanks = _phrases("meta_talk", language, "labels"), _phrases("meta_talk", language, "blanks")
    found = (
        _first(_phrases("meta_talk", language, "opens"), said, _OPENING),
        _first(_phrases("meta_talk", language, "anywhere"), said, len(said)),
        _first(labels, said, 1),
        _first(blanks, _plain(text), len(text)),
        "" if language == _ENGLISH else _first(_phrases("meta_talk", _ENGLISH, "elsewhere"), said, len(said)),
    )
    return next((words for words in found if words and words not in page), "")


def of_the_text(language: str) -> tuple[str, ...]:
    """The phrases that speak of a text as given, such as "the given text". Where one went along with the request they
    are no talk about the task: who checks the reply then names them among what was given.
    """
    table = prompts.table("meta_talk")
    return tuple(phrase for label in (_ENGLISH, language) for phrase in table.get(label, {}).get("anywhere", ()))


def _first(pattern: "regex.Pattern[str] | None", said: str, end: int) -> str:
    """The first match that begins before `end`."""
    found = pattern.search(said) if pattern else None
    return found[0] if found and found.start() < end else ""


@functools.cache
def _phrases(table: str, language: str, place: str) -> "regex.Pattern[str] | None":
    """What a table has for a place in a language and in English."""
    read = prompts.table(table)
    told = [phrase for label in dict.fromkeys((_ENGLISH, language)) for phrase in read.get(label, {}).get(place, ())]
    if not told:
        return None
    some = _any_of([_plain(phrase) for phrase in told])
    if place == "labels":
        return regex.compile(rf"^\W*(?:{some})\W{{0,2}}:")
    if place == "blanks":
        return regex.compile(rf"\[\W?(?:{some})[^\]\[\n]{{0,60}}\](?!\()")
    return regex.compile(some)


def _any_of(phrases: Sequence[str]) -> str:
    """A pattern of whole words, where words are parted."""
    longest_first = sorted(set(phrases), key=len, reverse=True)
    return "|".join(
        regex.escape(phrase) if is_unspaced(phrase) else rf"(?<!{_SIGN}){regex.escape(phrase)}(?!{_SIGN})"
        for phrase in longest_first
    )


def _unquoted(text: str) -> str:
    """The text without its quotations, unless it is little else."""
    without = QUOTED.sub(" ", text)
    return without if 2 * len(without) >= len(text) else text


def _plain(text: str) -> str:
    """The text without case, emphasis and what is not seen, with one form of each sign and one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold().split())
