"""Looks in the words of a text for what machines leave behind: broken markup, words of the source that nobody
translated, letters of two scripts in one word, the same long words again and again.

None of it needs a model or a list of the language's words, and so most of it is weak: it ranks texts, and decides only
together with what the page itself says.
"""

import re
from collections.abc import Sequence

import regex

# Translators part what must not be parted: tags, entities, addresses, the slots of a template.
_BROKEN = regex.compile(
    r"</ [a-z]{1,10}>|& ?(?:nbsp|quot|amp|lt|gt) ;|&amp; ?(?:nbsp|quot|lt|gt) ?;|\bhttps?: // ?\p{L}"
    r"|\bwww\. \p{L}+\. ?\p{L}{2,3}\b|% [12] ?\$ ?[ds]\b|\[(?:insert|your|enter) [\p{L} ]{2,30}\]"
    # choices that a program should have taken one of: {good|fine|nice}
    r"|\{[\p{L} ]{2,30}(?:\|[\p{L} ]{2,30}){2,}\}",
    regex.IGNORECASE,
)
_GLANCE = ("</ ", " ;", "&amp", ": //", "www. ", "$", "[", "{")
# Words that are English and hardly anything else; a text in another language has the odd one in a title.
_ENGLISH = frozenset(
    (
        *("the", "with", "which", "this", "that", "your", "from", "their", "would", "should", "could", "because"),
        *("about", "there", "these", "those", "where", "while", "when", "what", "you", "and", "have", "been", "they"),
        *("will", "more", "than", "into", "only", "also", "other"),
    )
)
# English is what these are made of.
_NEAR_ENGLISH = frozenset(
    ("eng", "sco", "pcm", "jam", "kri", "tpi", "bis", "pis", "srn", "gul", "hwc", "icr", "ang", "enm")
)
_CYRILLIC = re.compile("[Ѐ-ԯ]")
_TWO_SCRIPTS = re.compile("[A-Za-zÀ-ɏ][Ѐ-ԯ]|[Ѐ-ԯ][A-Za-zÀ-ɏ]")
_LOOKED_AT = 300  # words; the share of words met before grows with the length of a text
_FEWEST_WORDS = 40
_COMMON_SHARE = 0.1  # of longer words met before, as natural texts have it
_LARGE_SHARE = 0.5
_MANY_ENGLISH = 0.05  # of all words
_MANY_BROKEN = 3
_MANY_IN_TWO_SCRIPTS = 3


def broken(text: str) -> float:
    """How much broken markup, empty slots and choices not taken stand in a text; 1 for three or more."""
    if not any(glance in text for glance in _GLANCE):
        return 0.0
    return min(1.0, len(_BROKEN.findall(text)) / _MANY_BROKEN)


def two_scripts(text: str) -> float:
    """How many words are of Latin and Cyrillic letters at once, as disguised words are; 1 for three or more."""
    if not _CYRILLIC.search(text):
        return 0.0
    return min(1.0, len(_TWO_SCRIPTS.findall(text)) / _MANY_IN_TWO_SCRIPTS)


def untranslated(words: Sequence[str], language: str) -> float:
    """How many English words that have no business there stand in a text of another language; 1 for one in twenty.

    Not measured for English, nor for the languages that were made of it.
    """
    if not words or language.partition("_")[0] in _NEAR_ENGLISH:
        return 0.0
    return min(1.0, sum(map(_ENGLISH.__contains__, words)) / len(words) / _MANY_ENGLISH)


def worn(words: Sequence[str]) -> float:
    """How many of the words longer than the text's middle one were met before in it: a machine that translates has one
    word where people have several. 0 for a share as natural texts have it, 1 for a half.

    Source of the observation: Vanmassenhove et al. 2019, Lost in Translation: Loss and Decay of Linguistic Richness.
    """
    first = words[:_LOOKED_AT]
    if len(first) < _FEWEST_WORDS:
        return 0.0
    middle = sorted(map(len, first))[len(first) // 2]
    longer = [word for word in first if len(word) > middle]
    share = 1 - len(set(longer)) / max(1, len(longer))
    return min(1.0, max(0.0, (share - _COMMON_SHARE) / (_LARGE_SHARE - _COMMON_SHARE)))
