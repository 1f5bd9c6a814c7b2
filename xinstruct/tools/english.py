"""Sees whether an instruction is English, and whether it says in which language to answer."""

import functools

import regex

from xinstruct import prompts
from xinstruct.languages import UnknownLanguage, english_name

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_FOREIGN = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)
_ENGLISH_ENDING = regex.compile(
    r"[a-z]{3,}(?:ing|tion|ness|ment|ship|ity|ful|less|ous|able|ble|ical|ally|ers?|ed|ist)s?"
)
_LOWEST_ENGLISH_KEPT = 0.3
_LARGEST_NATIVE_SHARE_KEPT = 0.25

_ANSWERED_IN = (
    r"(?:answer|respond|reply|write|written|say it|give it|output|speak|talk)"
    r"(?: (?:it|this|me|back|only|entirely|all|your (?:answer|reply|response)))*"
)
_BEHIND = (
    r"(?= *(?:$|[.,;:!?)]|\b(?:only|please|for|to|that|which|about|on|using|language|how|what|why|where|when|who)\b))"
)
_KINDS = r"(?:text|article|answer|version|response|blog post|essay)s?"
# Where these words stand, the language is what the instruction is about.
_LANGUAGE_MATTERS = regex.compile(
    r"\b(?:mean(?:s|ing|t)?|words?|called|known|call|phrases?|proverbs?|sayings?|idioms?|greet\w*|grammar\w*|plurals?"
    r"|verbs?|nouns?|adjectives?|tenses?|alphabet|letters?|pronounc\w*|pronunciation|languages|spell\w*|dialects?"
    r"|sentences?|literature|poetry|poets?|novels?|linguis\w*|suffix\w*|prefix\w*|vowels?|consonants?|terms?|names?"
    r"|numerals?|expressions?|slang|vocabulary|say)\b|\bwrite \"\""
)
_LEARNT = regex.compile(r"\b(?:learn|speak|talk|words?|letters?)\b")


def not_english(outside: str, response: str, bare: bool, query: bool) -> str:
    """The words outside quotation marks when they are not English; "" when they are.

    A query has few of the words by which English is known; it must have hardly any of the native text.
    """
    written = _WORD.findall(outside)
    words = [word.casefold() for word in written]
    known = prompts.english_words()
    heard = sum(word in known for word in words)
    # Words with a capital, but for the first, are names.
    names = sum(word[:1].isupper() and word.casefold() not in known for word in written[1:])
    fits = heard >= _LOWEST_ENGLISH_KEPT * (len(words) - names) and (heard > 0 or bare)
    if not fits and query and words:
        native = set(_WORD.findall(response.casefold()))
        strange = [word for word in words if word not in known and not _ENGLISH_ENDING.fullmatch(word)]
        taken = [word for word in strange if word in native or not word.isascii()]
        fits = len(taken) <= _LARGEST_NATIVE_SHARE_KEPT * len(words)
    return "" if fits and not _FOREIGN.search(outside) else " ".join(words)[:200] or "no English word"


def named_language(said: str, language: str) -> str:
    """The words that say in which language to answer; "" where the language is what is asked about.

    said: the instruction in lower case, without what it quotes. language: of the answer, such as swh_Latn.
    """
    named, answered, meant = _patterns(language)
    if not named.search(said):
        return ""
    order = answered.search(said)
    if order and not _LEARNT.search(said):
        return order[0]
    found = None if _LANGUAGE_MATTERS.search(said) else meant.search(said)
    return found[0] if found else ""


@functools.cache
def _patterns(language: str) -> tuple[regex.Pattern[str], regex.Pattern[str], regex.Pattern[str]]:
    """Where a language is named at all; where it is said to answer in it; where that may be meant.

    English counts too, in which nobody shall answer.
    """
    try:
        name = english_name(language).partition(" (")[0].casefold()
    except UnknownLanguage:
        name = "english"
    names = "|".join(regex.escape(one) for one in dict.fromkeys((name, name.split()[-1], "english")))
    own = r"\bin (?:your|my|its|the) (?:native|original|local) language\b|\bin (?:your|my) mother tongue\b"
    return (
        regex.compile(rf"{names}|language|tongue"),
        regex.compile(rf"\b{_ANSWERED_IN} in (?:the )?(?:{names})\b{_BEHIND}"),
        regex.compile(rf"\bin (?:the )?(?:{names})\b{_BEHIND}|\b(?:{names})[ -](?:language )?{_KINDS}\b|{own}"),
    )
