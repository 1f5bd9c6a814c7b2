"""Reads again a text whose bytes were taken for another alphabet's before it was saved, as in yaþýyor for yaşıyor."""

import functools
import itertools
import operator

import regex

from xinstruct.tools.extractor.mojibake import letters_of
from xinstruct.tools.extractor.readings import Reading, weigh

# As what such bytes are taken, and what they were: the usual mistakes of the web, others are told by `damage`. koi8_u
# has the Russian letters where koi8_r has them.
_TAKEN_FOR = {
    "cp1252": ("cp1254", "cp1250", "cp1257", "cp1251", "cp1253", "cp1255", "cp1256", "cp874", "koi8_u", "iso8859-2"),
    "cp1251": ("koi8_u", "cp866", "iso8859-5"),
}
_READ = 50_000  # characters of a page
_MOST_WORDS = 500  # with letters beyond ASCII
_MARKUP = regex.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", regex.I | regex.S)
_WORD = regex.compile(r"[\p{L}\p{M}'’]*[^\x00-\x7f\s\p{P}][^\s\p{P}]*")
_FEWEST_WORDS = 12  # each counted once
_HIGHEST_FOREIGN = 0.05  # of these words: such as have letters that the alphabet lacks
# Bits for two neighbouring letters. Texts that were read aright cost 3 to 5.8 in the languages of corpora/letters.yml.
_LOWEST_DOUBTED = 5.5
_HIGHEST_BELIEVED = 5.8
_HIGHEST_COST = 0.8  # of what the text as it stands costs


def reread(text: str) -> tuple[str, str | None]:
    """The text with its letters as they were written, and as what they had been taken; None where it is as it was."""
    if text.isascii():
        return text, None
    start = max(0, text.find("<body"))
    met = _WORD.finditer(_MARKUP.sub(" ", text[start : start + _READ]))
    words = sorted(set(map(operator.itemgetter(0), itertools.islice(met, _MOST_WORDS))))
    if len(words) < _FEWEST_WORDS:
        return text, None
    for taken, meant in _TAKEN_FOR.items():
        foreign = _foreign_to(taken)
        own = [word for word in words if not foreign.search(word)]
        if len(own) < (1 - _HIGHEST_FOREIGN) * len(words):
            continue
        sample = "\n".join(own).translate(_bytes_of(taken)).encode("latin-1")
        stands = weigh(sample, taken)
        if stands is None or stands.each < _LOWEST_DOUBTED:
            continue
        found = _cheapest(sample, meant)
        if found is not None and found.bits <= _HIGHEST_COST * stands.bits and found.each <= _HIGHEST_BELIEVED:
            return text.translate(_way_back(taken, found.codec)), taken
    return text, None


def _cheapest(sample: bytes, codecs: tuple[str, ...]) -> Reading | None:
    readings = (weigh(sample, codec) for codec in codecs)
    return min((one for one in readings if one is not None and one.likely), key=lambda one: one.bits, default=None)


@functools.cache
def _foreign_to(codec: str) -> regex.Pattern[str]:
    """Any character that the encoding lacks."""
    return regex.compile(f"[^{regex.escape(letters_of(codec))}]")


@functools.cache
def _way_back(taken: str, meant: str) -> dict[int, str]:
    """What each letter was, by what it was taken for."""
    letters = letters_of(meant)
    return {sign: letters[byte] for sign, byte in _bytes_of(taken).items() if sign != ord(letters[byte])}


@functools.cache
def _bytes_of(codec: str) -> dict[int, int]:
    """The byte of each character."""
    return {ord(sign): byte for byte, sign in enumerate(letters_of(codec))}
