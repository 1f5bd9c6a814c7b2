"""Tells which sentences a passage may end with: whole ones that ask nothing and do not point to what comes after them,
as see below does.
"""

import functools

import regex

from xinstruct import prompts
from xinstruct.tools.sentences import ends_sentence

_TRUNCATED = regex.compile(r"(?:…|\.\.\.|\[\s*(?:…|\.\.\.)\s*\])[\"'”’»)\]]*\s*$")
_ASKS = regex.compile(r"(?:[?؟？⁇⁈፧\u037e]|;(?<=\p{Greek}[^\n]{0,40};))[!！\p{Pe}\p{Pf}\p{Pi}\p{Cf}\"'’»\s]*$")
_LONGEST = 300  # a longer sentence says more than where to look
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")
_LETTER = r"[\p{L}\p{M}\p{N}]"


def may_close(sentence: str, language: str, may_ask: bool = False) -> bool:
    """Whether a sentence is whole, does not break off, does not point on, and asks nothing, unless it may."""
    if not ends_sentence(sentence) or _TRUNCATED.search(sentence):
        return False
    return (may_ask or not _ASKS.search(sentence)) and not points_on(sentence, language)


def points_on(sentence: str, language: str) -> bool:
    """Whether a sentence holds a phrase of the table pointing_on, by which the text after it is announced. Always False
    in a language that the table does not have.
    """
    pattern = _phrases(language)
    return pattern is not None and len(sentence) <= _LONGEST and bool(pattern.search(_plain(sentence)))


@functools.cache
def _phrases(language: str) -> "regex.Pattern[str] | None":
    table = prompts.table("pointing_on").get(language)
    if not table:
        return None
    inside = [rf"(?<!{_LETTER})(?:{'|'.join(map(_escaped, table['anywhere']))})(?!{_LETTER})"]
    first = [rf"^\W*(?:{'|'.join(map(_escaped, table['at_first']))})(?!{_LETTER})"] if "at_first" in table else []
    last = [rf"(?<!{_LETTER})(?:{'|'.join(map(_escaped, table['at_last']))})\W*$"] if "at_last" in table else []
    return regex.compile("|".join(inside + first + last))


def _escaped(phrase: str) -> str:
    return regex.escape(_plain(phrase))


def _plain(text: str) -> str:
    return text.translate(_APOSTROPHES).casefold()
