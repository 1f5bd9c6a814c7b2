"""Reads again what was read in the wrong encoding and saved so, Ã© for é, where the way back is plain; and says where
it is not.
"""

import re
from collections import Counter

import regex

from xinstruct.tools.lid.letters import letters

# As what UTF-8 is most often misread. Bytes without a letter there come through as control characters.
_MISREAD_AS = ("cp1252", "latin-1", "cp1251", "cp1250", "cp1254")
_MOST_ROUNDS = 3  # a text may have been misread and saved more than once
_FEWEST_SEQUENCES = 4  # on a page, of which so many differ; «CAFÉ»» ends in what could be one by chance
_FEWEST_KINDS = 2
_SEGMENT = regex.compile(r"[^<>\n]+")
_RUN = regex.compile(r"[^\x00-\x7f]{2,}")
_CONTINUED = r"[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ€]"
# Quotation marks and dashes of a text whose letters are sound: this beginning has no other meaning.
_QUOTE = regex.compile(rf"â€{_CONTINUED}")
# The third is what is left of an Indic or a Thai letter that lost its last byte.
_LATIN = regex.compile(rf"[ÂÃÄÅÐÑØÙ]{_CONTINUED}|[àáâã][\u0080-\u00bf€‚„]{_CONTINUED}|à[¤-ª¬-¹]")
_CYRILLIC = regex.compile(r"[РС][ЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґёєјЅѕї\u0080-\u00bf‘’“”•–—™›‚„…†‡€‰‹№]")
# Of à a misreading leaves a blank that does not break the line, which often was made an ordinary one since.
_BARE_A = regex.compile(r"(?<!\p{Lu})Ã(?=[ ,.;])")
_LOWEST_MISREAD = 0.5  # of a stretch's characters beyond ASCII
_HIGHEST_LOST = 0.02  # of what shows that a text was misread, after it was mended
_MOST_BY_CHANCE = 4
_HIGHEST_KEPT_LATIN = 0.02  # of the letters
_HIGHEST_KEPT_CYRILLIC = 0.1  # Ukrainian and Serbian words may begin so
# What one code page shows of another and no spelling has: signs for ł, ą, ś or ż inside words, small letters before
# capitals (Russian in KOI8-R), last letters of Hebrew words at their beginning (lines written from left to right).
_NEVER = re.compile(r"[a-zó][³¹¶±¿¼][a-zó³¹]|(?<![А-ЯЁа-яё])[а-яё][А-ЯЁ]{2}|[ךםןףץ][א-ת]")
_HIGHEST_KEPT_NEVER = 0.005  # of the letters


def mended(text: str) -> tuple[str, str | None]:
    """The text with what was misread read aright, and as what it was misread; None where nothing was.

    A stretch between two tags or line ends is mended where most of its letters beyond ASCII come out as sound UTF-8,
    and only on a page where this cannot be chance. A page of which letters are lost is left as it is.
    """
    before, misread_as = text, None
    for _ in range(_MOST_ROUNDS):
        found = None if text.isascii() else _round(text)
        if found is None:
            break
        text, misread_as = found
    if misread_as in ("cp1252", "latin-1"):
        text = _BARE_A.sub("à", text)
    if misread_as and _shown(text) > max(1, _HIGHEST_LOST * _shown(before)):
        return before, None
    if "â€" in text:
        text = _QUOTE.sub(lambda sign: _back(sign[0], "cp1252")[0], text)
    return text, misread_as


def _shown(text: str) -> int:
    runs = _runs(text)
    return len(_LATIN.findall(runs)) + len(_CYRILLIC.findall(runs))


def _runs(text: str) -> str:
    """All that a misread letter may be part of: what is not ASCII, side by side."""
    return " ".join(_RUN.findall(text))


def is_mojibake(text: str) -> bool:
    """Whether a text still shows letters that were misread, more than could be there by chance."""
    never = len(_NEVER.findall(text))
    if never > _MOST_BY_CHANCE and never > _HIGHEST_KEPT_NEVER * letters(text):
        return True
    runs = _runs(text)
    latin, cyrillic = len(_LATIN.findall(runs)), len(_CYRILLIC.findall(runs))
    if max(latin, cyrillic) <= _MOST_BY_CHANCE:
        return False
    of_all = letters(text) or 1
    return latin > max(_MOST_BY_CHANCE, _HIGHEST_KEPT_LATIN * of_all) or cyrillic > max(
        _MOST_BY_CHANCE, _HIGHEST_KEPT_CYRILLIC * of_all
    )


def _round(text: str) -> tuple[str, str] | None:
    runs = _runs(text)
    if not any(sequence.search(runs) for sequence in _SEQUENCE.values()):
        return None
    segments = {segment for segment in _SEGMENT.findall(text) if not segment.isascii()}
    best: dict[str, str] = {}
    best_codec, most = "", 0
    for codec in _MISREAD_AS:
        if not _SEQUENCE[codec].search(runs):
            continue
        back: dict[str, str] = {}
        signs = Counter[str]()
        for segment in segments:
            found, sequences = _back(segment, codec)
            if sum(map(len, sequences)) >= _LOWEST_MISREAD * sum(sign > "\x7f" for sign in segment):
                back[segment] = found
                signs.update(sequences)
        if signs.total() > most and signs.total() >= _FEWEST_SEQUENCES and len(signs) >= _FEWEST_KINDS:
            best, best_codec, most = back, codec, signs.total()
    if not best:
        return None
    return _SEGMENT.sub(lambda segment: best.get(segment[0], segment[0]), text), best_codec


def _back(text: str, codec: str) -> tuple[str, list[str]]:
    """The text with every run of letters read as UTF-8 whose bytes they are in that encoding, and these runs."""
    runs: list[str] = []
    parts: list[str] = []
    at = 0
    for run in _SEQUENCE[codec].finditer(text):
        try:
            letter = run[0].translate(_BYTES[codec]).encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:  # an overlong form or half of a pair
            continue
        parts += (text[at : run.start()], letter)
        runs.append(run[0])
        at = run.end()
    return "".join(parts) + text[at:], runs


def letters_of(codec: str) -> str:
    """The letters of the bytes 0 to 255 in an encoding; a byte without one is a control character, as browsers show."""
    letters = bytes(range(256)).decode(codec, "replace")
    return "".join(chr(at) if sign == "\ufffd" else sign for at, sign in enumerate(letters))


def _sequence(letters: str) -> regex.Pattern[str]:
    """What a letter of two, three or four bytes looks like when each byte is shown as a letter of its own."""
    two, three, four, after = letters[0xC2:0xE0], letters[0xE0:0xF0], letters[0xF0:0xF5], letters[0x80:0xC0]
    return regex.compile(f"[{two}][{after}]|[{three}][{after}]{{2}}|[{four}][{after}]{{3}}")


_BYTES = {codec: {ord(sign): at for at, sign in enumerate(letters_of(codec))} for codec in _MISREAD_AS}
_SEQUENCE = {codec: _sequence(letters_of(codec)) for codec in _MISREAD_AS}
