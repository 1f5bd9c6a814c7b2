"""Tells whether a text begins as one that stands alone does, or in mid-thought: however, they, this reform, a small
letter.
"""

import functools

import regex

from xinstruct import prompts
from xinstruct.tools.sentences import is_unspaced

_CONTINUES = regex.compile(r"\s*(?:[,;:)\]}%…،؛、，。．]|\.\.|&|\(?(?:[2-9]|1\d|[b-h])\)\s)")
_OPENING_MARKS = regex.compile(r"[\s\p{Pi}\p{Ps}\p{Pd}\p{Cf}\"'”’»¿¡*•·]*")
_CASED = regex.compile(r"\p{Lu}")
_LETTER = r"[\p{L}\p{M}\p{N}']"
_WORD = regex.compile(rf"{_LETTER}+")
_LONGEST_PHRASE = 60
_STEM = 4  # letters by which a noun is known again, whatever its ending
_NEAR = 2  # words behind a demonstrative, one of which is its noun
# Keyboards have one apostrophe, books another.
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")

_Phrases = tuple[regex.Pattern[str], dict[str, str]]


def stands_alone(text: str, language: str) -> tuple[bool, str]:
    """Whether a text may begin as it does, and if not, by what it goes on with something: the word, the mark, or the
    small letter.

    language: a label such as swh_Latn. The words are those of the table mid_thought; of a language that it does not
    have, only marks and small letters tell.
    """
    mark = goes_on(text)
    if mark:
        return False, mark
    kind, phrase = continuation(text, language)
    return kind is None, phrase


def goes_on(text: str) -> str:
    """The mark or the small letter by which a text begins within a sentence or a numbered list; "" if by none."""
    mark = _CONTINUES.match(text)
    if mark:
        return mark[0].strip()
    opening = text[_opening(text) :][:2]
    return opening[:1] if is_small(opening) and _CASED.search(text) else ""


def continuation(text: str, language: str) -> tuple[str | None, str]:
    """The words of the table mid_thought that a text begins with, behind opening marks, and what they are: continuing
    or pronouns; None and "" where it begins with none of them.
    """
    pattern, kinds = _phrases(language)
    start = text[_opening(text) :][:_LONGEST_PHRASE].translate(_APOSTROPHES)
    found = pattern.match(start.casefold())
    if found is None or kinds[found[0]] == "but_not":
        return None, ""
    return kinds[found[0]], start[: found.end()]


def points_back(sentence: str, language: str) -> str:
    """The words of a sentence that point at what was named before it: a demonstrative of the table demonstratives, and
    a noun that the sentence has not named (this reform). "" where there are none, and where the sentence only announces
    what follows it.
    """
    table = prompts.table("demonstratives").get(language)
    line = sentence.split("\n")[0]
    if table is None or line.rstrip().endswith((":", "：")):
        return ""
    plain = line.translate(_APOSTROPHES).casefold()
    for found in _demonstratives(language).finditer(plain):
        near = [word for _, word in zip(range(_NEAR), _WORD.findall(plain, found.end()), strict=False)]
        before = plain[: found.start()]
        if (
            near
            and near[0].isalpha()
            and near[0] not in table["at_hand"]
            and not any(word[:_STEM] in before for word in near)
        ):
            return f"{found[0]} {near[0]}"
    return ""


def _opening(text: str) -> int:
    found = _OPENING_MARKS.match(text)
    return found.end() if found else 0


def is_small(text: str) -> bool:
    """Whether a text begins with a small letter where a sentence would have a capital."""
    # Georgian letters have capitals that no sentence begins with; iPhone and eBay are names
    return text[:1].islower() and text[:1].title() != text[:1] and not text[1:2].isupper()


@functools.cache
def _phrases(language: str) -> _Phrases:
    """A pattern that finds the longest phrase of a language at the beginning of a text, and the kind of each phrase."""
    table = prompts.table("mid_thought").get(language, {})
    kinds = {phrase.translate(_APOSTROPHES).casefold(): kind for kind, phrases in table.items() for phrase in phrases}
    longest_first = sorted(kinds, key=len, reverse=True)
    return regex.compile("|".join(map(_whole, longest_first)) or r"(?!)"), kinds


@functools.cache
def _demonstratives(language: str) -> regex.Pattern[str]:
    words = prompts.table("demonstratives")[language]["words"]
    return regex.compile(rf"(?<!{_LETTER})(?:{'|'.join(map(_whole, words))})")


def _whole(phrase: str) -> str:
    """A pattern of the phrase that does not end within a word, where blanks set words apart."""
    return regex.escape(phrase) + ("" if is_unspaced(phrase) or not phrase[-1].isalnum() else rf"(?!{_LETTER})")
