"""Finds instructions that ask for an answer in another language than the one that their answers are in."""

import functools

import regex

from xinstruct import languages
from xinstruct.candidate import Candidate
from xinstruct.tools.english import named_language
from xinstruct.tools.quotation_marks import QUOTED
from xinstruct.tools.ranking.plan import ENGLISH

_TRANSLATED = (
    r"\btranslat(?:e|ed|es|ing|ion|ions)\b[^.?!\n]*?\b(?:in)?to (?:(?!from\b|for\b|of\b)[\w-]+ ){{0,2}}(?:{names})\b"
)


def other_language(candidate: Candidate) -> str:
    """The words of its instruction that ask for another language than its own, "" where none does.

    English words are looked for: of an instruction in another language, those of the English one that it was made of.
    """
    asked = [candidate.instruction]
    if candidate.instruction_lang not in (None, ENGLISH):
        asked.append(candidate.instruction_before)
    return next((words for one in asked if one and (words := _words(one, candidate.language))), "")


def _words(instruction: str, language: str) -> str:
    said = QUOTED.sub(" ", instruction).casefold()
    own = _names(language)
    if any(_translated_into(name, said) for name in own):
        return ""  # the other language that it names is that of the text
    for match in _any_name().finditer(said):
        name = match[0]
        if name in own:
            continue
        if translated := _translated_into(name, said):
            return translated[:200]
        # It looks for English, too, which may be the language itself.
        words = named_language(said, _labels()[name])
        if words and not any(one in words for one in own):
            return words[:200]
    return ""


def _translated_into(name: str, said: str) -> str:
    """The words that ask for a translation into a language, "" where none do."""
    found = regex.search(_TRANSLATED.format(names=regex.escape(name)), said)
    return found[0] if found else ""


def _names(label: str) -> tuple[str, ...]:
    """How the language is called in an English sentence: its whole name, and the last word of it."""
    name = languages.shown(label).partition(" (")[0].casefold()
    return tuple(dict.fromkeys((name, name.split()[-1])))


@functools.cache
def _labels() -> dict[str, str]:
    """Name -> label, of the languages that have a code of two letters: others are seldom asked for, and their names are
    often words of English."""
    coded = [label for label in languages.all_languages() if languages.iso639_1(label)]
    return {name: label for label in coded for name in _names(label)}


@functools.cache
def _any_name() -> regex.Pattern[str]:
    return regex.compile(r"\b\L<names>\b", names=list(_labels()))
