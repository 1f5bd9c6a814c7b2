"""Sees whether what a translation must not change is still there: numbers, native names in quotation marks,
placeholders, code, addresses.
"""

import unicodedata
from collections.abc import Iterator
from decimal import Decimal

import regex

from xinstruct.tools.guards import LINK
from xinstruct.tools.quotation_marks import QUOTED

_MAIL = regex.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[^\W\d_]{2,24}")
_CODE = regex.compile(r"(?s)```.+?```|`[^`\n]+`")
_PLACEHOLDER = regex.compile(
    r"\{\{?[\p{L}_][\p{L}\p{N}_ .-]{0,40}\}?\}|<[/!]?[A-Za-z][^<>\n]{0,40}>|%\([A-Za-z_]+\)[sdf]|(?<!\w)%[sdf]\b"
    r"|\$[A-Z_]{2,30}\b|\[[A-Z][A-Z_ ]{1,40}\]"
)
# Thousands may be parted by a comma, a full stop, an apostrophe or a blank; a blank parts other numbers, too.
_NUMBER = regex.compile(
    r"(?<!\p{Nd})\p{Nd}{1,3}(?:[ \u00a0\u202f]\p{Nd}{3})+(?!\p{Nd})|\p{Nd}+(?:[.,:/'’٫٬\u2009]\p{Nd}+)*"
)
_DIGITS = regex.compile(r"\p{Nd}+")
_FOREIGN = regex.compile(r"[\p{L}--[A-Za-z]]", regex.V1)
_LETTER = regex.compile(r"\p{L}")
# Where figures are grouped by ten thousands: 3.5万 is 35,000, 1억 2000만 is 120,000,000.
_MYRIADS = {"万": 4, "萬": 4, "만": 4, "亿": 8, "億": 8, "억": 8}
_IN_MYRIADS = regex.compile(
    r"(?:(\p{Nd}{1,9}(?:,\p{Nd}{3})*(?:\.\p{Nd}{1,4})?)\s?([万萬만亿億억])\s?){1,3}(\p{Nd}{1,4}(?!\p{Nd}))?"
)
_ENGLISH_NUMBER = regex.compile(r"[0-9]{1,3}(?:,[0-9]{3}){0,4}(?:\.[0-9]{1,4})?|[0-9]{1,12}")
_IN_THOUSANDS = regex.compile(r"\s?(thousand|million|billion)\b")
_THOUSANDS = {"thousand": 3, "million": 6, "billion": 9}
_ORDINAL = regex.compile(r"(?:st|nd|rd|th|'?s)\b")
_CENTURY = regex.compile(r"(?:st|nd|rd|th)[ -]centur")
_FIGURES = regex.compile(r"\p{Nd}|\b[IVXL]{2,}")
_AFTERNOON = regex.compile(r"\s?p\.?m\b")
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_HIGHEST_ROMAN = 39


def untouchable(text: str, page: str) -> list[str]:
    """The stretches of an English text that a translation has to hold letter for letter, in order, each once.

    page: the native text that it asks for, and what the page says of it. What stands in quotation marks stays where it
    is native: it stands on the page, or has letters that English lacks. Other quotations may be translated.
    """
    code = [match[0] for match in _CODE.finditer(text)]
    bare = _CODE.sub(" ", text)
    links = [match[0].rstrip(".,;:!?") for pattern in (LINK, _MAIL) for match in pattern.finditer(bare)]
    places = [match[0] for match in _PLACEHOLDER.finditer(LINK.sub(" ", bare))]
    return list(dict.fromkeys([*code, *links, *places, *_native_names(bare, page)]))


def lost(text: str, translation: str, page: str) -> str:
    """The first stretch of an English text that its translation has to hold, and does not; "" where nothing is lost.

    Numbers of one digit, such as 4, 4.00, 1/2 or 1:00, may become words or hours of another clock, and 14th or 70s
    words where the translation has no figures. Longer ones may be written in other digits, otherwise parted, by ten
    thousands, as Roman numerals up to 39, as hours of the afternoon (17:30 for 5:30 pm), as a decade (the 20s for the
    1920s) or by the hundreds that a century begins with (1800 for the 19th). page: as in `untouchable`.
    """
    held = unicodedata.normalize("NFC", translation)
    stretches = (one for one in untouchable(text, page) if unicodedata.normalize("NFC", one) not in held)
    return next(stretches, "") or next(_lost_numbers(text, translation), "")


def unquoted(text: str) -> str:
    """The text without what stands in quotation marks, code, placeholders and addresses, which are in any script."""
    for pattern in (_CODE, LINK, _MAIL, _PLACEHOLDER, QUOTED):
        text = pattern.sub(" ", text)
    return text


def _native_names(text: str, page: str) -> list[str]:
    inside, held = (match[0][1:-1].strip() for match in QUOTED.finditer(text)), page.casefold()
    return [name for name in inside if _LETTER.search(name) and (_FOREIGN.search(name) or name.casefold() in held)]


def _lost_numbers(text: str, translation: str) -> Iterator[str]:
    held = {digits for number in _NUMBER.findall(translation) for digits in (_plain(number), *_runs(number))}
    held.update(str(_summed(match)) for match in _IN_MYRIADS.finditer(translation))
    for match in _NUMBER.finditer(text):
        plain, runs = _plain(match[0]), [run for run in _runs(match[0]) if run.strip("0")]
        if len("".join(runs)) < 2 or ("/" in match[0] and max(map(len, runs)) == 1) or all(run in held for run in runs):
            continue
        behind = text[match.end() : match.end() + 12]
        in_words = _ORDINAL.match(behind) and not _FIGURES.search(translation)
        in_roman = len(plain) == 2 and int(plain) <= _HIGHEST_ROMAN and _roman(int(plain)) in translation
        if not (in_words or in_roman) and held.isdisjoint((plain, *_otherwise(match[0], plain, behind))):
            yield match[0]


def _otherwise(number: str, plain: str, behind: str) -> Iterator[str]:
    """Other figures that mean the same as an English number. behind: what stands behind it."""
    thousands = _IN_THOUSANDS.match(behind)
    if thousands and _ENGLISH_NUMBER.fullmatch(number):
        yield str(int(Decimal(number.replace(",", "")).scaleb(_THOUSANDS[thousands[1]])))
    if behind.startswith("s") and len(plain) == len("1920"):
        yield plain[2:]
    if _CENTURY.match(behind) and len(plain) == 2:
        yield str(100 * (int(plain) - 1))
    if _AFTERNOON.match(behind) and len(plain) <= len("1130"):
        hour, *minutes = _runs(number)
        yield "".join((str(int(hour) + 12), *minutes))


def _summed(match: "regex.Match[str]") -> int:
    """What a number in ten thousands comes to."""
    parts = zip(match.captures(1), match.captures(2), strict=True)
    told = sum((Decimal(number.replace(",", "")).scaleb(_MYRIADS[sign]) for number, sign in parts), Decimal(0))
    return int(told) + int(match[3] or 0)


def _runs(number: str) -> list[str]:
    return [_plain(run) for run in _DIGITS.findall(number)]


def _plain(number: str) -> str:
    """The digits of a number, of whatever script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(sign)) for sign in number if sign.isdecimal())


def _roman(number: int) -> str:
    said = ""
    for value, sign in _ROMAN:
        said += sign * (number // value)
        number %= value
    return said
