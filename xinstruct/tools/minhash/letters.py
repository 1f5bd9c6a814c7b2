"""Says which characters are one and the same to a reader, in whatever script, and which show nothing at all.

Made equal is what differs by encoding or by keyboard alone. What tells words apart stays: vowel signs, tones, nuktas,
harakat, hamza on alef, alef maksura beside yeh (Arabic), the two forms of he and of ye in Urdu, kaf beside swash kaf
(Sindhi).
"""

import functools
import unicodedata

import numpy as np
import regex
from numpy.typing import NDArray

ORDINARY, BLANK, IGNORED, UNSPACED = range(4)
# Scripts that are written without blanks between words. Where they have blanks (line ends, phrases, beside a foreign
# word), sites disagree, so that these blanks tell nothing. Tibetan is not among them: its blanks close clauses.
_UNSPACED_SCRIPTS = (
    *("Han", "Hiragana", "Katakana", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar"),
    *("Tai_Le", "New_Tai_Lue", "Tai_Tham", "Tai_Viet", "Ahom", "Javanese", "Balinese"),
)
# Characters that show nothing or only stretch a word: zero-width spaces and joiners, soft hyphens, direction marks,
# variation selectors, the Arabic tatweel.
_IGNORED_PATTERN = r"[\p{Default_Ignorable_Code_Point}\u0640]+"
_CODE_POINTS = 0x110000

_JOINER = "\u200d"
# Where a joiner does make another letter: the old spelling of letters that have had a character of their own since
# Unicode 4.1 and 5.1 (Bengali khanda ta, Malayalam chillus) or that can be written otherwise (the eyelash ra of Marathi
# and Nepali). Without it they would become other words: Malayalam "to him" and "he" differ in this alone.
_JOINED = {
    "\u09a4\u09cd\u200d": "\u09ce",
    "\u0930\u094d\u200d": "\u0931\u094d",
    "\u0d23\u0d4d\u200d": "\u0d7a",
    "\u0d28\u0d4d\u200d": "\u0d7b",
    "\u0d30\u0d4d\u200d": "\u0d7c",
    "\u0d31\u0d4d\u200d": "\u0d7c",
    "\u0d32\u0d4d\u200d": "\u0d7d",
    "\u0d33\u0d4d\u200d": "\u0d7e",
    "\u0d15\u0d4d\u200d": "\u0d7f",
}
# Persian, Urdu and Kurdish are typed with Arabic's kaf and yeh as well as with their own; no language has both kafs.
_KEHEH, _KAF = "\u06a9", "\u0643"
_FARSI_YEH, _YEH = "\u06cc", "\u064a"
# Pashto alone tells the two yehs apart, a man from men; it is known by its letters.
_PASHTO = regex.compile("[\u0681\u0685\u0693\u0696\u069a\u06bc\u06cd\u06d0]")


def one_spelling(text: str) -> str:
    """The text, which is in NFKC, with letters that have two encodings in one of them."""
    if _JOINER in text:
        for spelling, letter in _JOINED.items():
            text = text.replace(spelling, letter)
    text = text.replace(_KEHEH, _KAF)
    if _FARSI_YEH in text and not _PASHTO.search(text):
        text = text.replace(_FARSI_YEH, _YEH)
    return text


@functools.cache
def classes() -> NDArray[np.uint8]:
    """ORDINARY, BLANK, IGNORED or UNSPACED for each code point."""
    found = np.full(_CODE_POINTS, ORDINARY, np.uint8)
    every = "".join(map(chr, range(_CODE_POINTS)))
    unspaced = "[" + "".join(rf"\p{{Script={name}}}" for name in _UNSPACED_SCRIPTS) + "]+"
    for pattern, name in ((r"\s+", BLANK), (unspaced, UNSPACED), (_IGNORED_PATTERN, IGNORED)):
        for match in regex.finditer(pattern, every):
            found[match.start() : match.end()] = name
    return found


@functools.cache
def plain() -> NDArray[np.uint32]:
    """What stands for each code point: for a digit of any script that of ASCII, for a blank the blank, else itself."""
    found = np.arange(_CODE_POINTS, dtype=np.uint32)
    found[classes() == BLANK] = ord(" ")
    for match in regex.finditer(r"\p{Nd}", "".join(map(chr, range(_CODE_POINTS)))):
        # -1 for digits of a newer Unicode than Python knows
        if (value := unicodedata.decimal(match.group(), -1)) >= 0:
            found[match.start()] = ord("0") + value
    return found
