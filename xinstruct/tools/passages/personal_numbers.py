"""Knows the numbers that states give persons, where they can be told by their own digits or their form."""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_ITALIAN_MONTHS = "ABCDEHLMPRST"
# Values of the characters at odd places of an Italian codice fiscale, for 0-9 and A-Z.
_ITALIAN_ODD = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
_VERHOEFF = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_SHIFTED = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip
_CENTURY_OF_PESEL = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}


def luhn(digits: str) -> bool:
    """Whether the last digit is the one that the others ask for, as on bank cards."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _sum(digits: str, weights: Iterable[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def _dated(yymmdd: str) -> bool:
    # Without a century only the 29th of February can go wrong, and 2000 had one.
    return _is_date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:6]))


def _brazil(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    first = _sum(digits[:9], (10, 9, 8, 7, 6, 5, 4, 3, 2)) * 10 % 11 % 10
    second = _sum(digits[:10], (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


def _finland(text: str) -> bool:
    day, month, year = text[:2], text[2:4], text[4:6]
    return _dated(year + month + day) and _HETU_LETTERS[int(text[:6] + text[7:10]) % 31] == text[10]


def _sweden(text: str) -> bool:
    digits = re.sub(r"\D", "", text)[-10:]
    return _dated(digits) and luhn(digits)


def _norway(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not _dated(digits[4:6] + digits[2:4] + digits[:2]):
        return False
    first, second = -_sum(digits[:9], map(int, "376189452")) % 11, -_sum(digits[:10], map(int, "5432765432")) % 11
    return digits[9:] == f"{first}{second}"


def _baltic(text: str) -> bool:
    first, second = _sum(text, map(int, "1234567891")) % 11, _sum(text, map(int, "3456789123")) % 11
    return _dated(text[1:7]) and int(text[10]) == (first if first < 10 else second % 10)


def _poland(text: str) -> bool:
    shift, month = divmod(int(text[2:4]), 20)
    dated = _is_date(_CENTURY_OF_PESEL[shift] + int(text[:2]), month, int(text[4:6]))
    return dated and _sum(text, map(int, "13791379131")) % 10 == 0


def _turkey(text: str) -> bool:
    odd, even = sum(map(int, text[:9:2])), sum(map(int, text[1:8:2]))
    return text[9:] == f"{(odd * 7 - even) % 10}{sum(map(int, text[:10])) % 10}"


def _italy(text: str) -> bool:
    if text[8] not in _ITALIAN_MONTHS or not 1 <= int(text[9:11]) % 40 <= 31:
        return False
    values = [int(sign, 36) for sign in text[:15]]
    total = sum(_ITALIAN_ODD[value] for value in values[::2])
    total += sum(value if value < 10 else value - 10 for value in values[1::2])
    return text[15] == chr(ord("A") + total % 26)


def _spain(text: str) -> bool:
    plain = re.sub(r"[.\s-]", "", text)
    number = str("XYZ".find(plain[0])) + plain[1:-1] if plain[0] in "XYZ" else plain[:-1]
    return plain[-1] == _DNI_LETTERS[int(number) % 23]


def _china(text: str) -> bool:
    weights = tuple(2**place % 11 for place in range(17, 0, -1))
    check = "10X98765432"[_sum(text[:17], weights) % 11]
    dated = 1880 <= int(text[6:10]) <= 2100 and _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    return dated and text[17] == check


def _india(text: str) -> bool:
    groups = text.split(text[4])
    if all(1800 <= int(group) <= 2100 for group in groups):
        return False  # three years
    check = 0
    for place, digit in enumerate(reversed("".join(groups))):
        check = int(_VERHOEFF[check][int(_SHIFTED[place % 8][int(digit)])])
    return check == 0


def _korea(text: str) -> bool:
    digits = text.replace("-", "")
    return _dated(digits) and (11 - _sum(digits[:12], map(int, "234567892345")) % 11) % 10 == int(digits[12])


def _south_africa(text: str) -> bool:
    return _dated(text) and luhn(text)


def _romania(text: str) -> bool:
    check = _sum(text[:12], map(int, "279146358279")) % 11
    return _dated(text[1:7]) and int(text[12]) == (1 if check == 10 else check)


def _france(text: str) -> bool:
    plain = re.sub(r"[ \u00a0\u202f]", "", text).replace("2A", "19").replace("2B", "18")
    return 97 - int(plain[:13]) % 97 == int(plain[13:])


def _belgium(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    born = (digits[:9], "2" + digits[:9])
    return _dated(digits) and any(97 - int(number) % 97 == int(digits[9:]) for number in born)


def _tanzania(text: str) -> bool:
    return _is_date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _egypt(text: str) -> bool:
    year = (1900 if text[0] == "2" else 2000) + int(text[1:3])
    return _is_date(year, int(text[3:5]), int(text[5:7])) and (1 <= int(text[7:9]) <= 35 or text[7:9] == "88")


def _rwanda(text: str) -> bool:
    return 1900 <= int(text[2:6]) <= 2100


def _indonesia(text: str) -> bool:
    day = int(text[6:8]) % 40  # forty more for women
    return 11 <= int(text[:2]) <= 96 and _dated(text[10:12] + text[8:10] + f"{day:02}")


def _malaysia(text: str) -> bool:
    return _dated(text) and text[7:9] != "00"


def _thailand(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return (11 - _sum(digits, range(13, 1, -1)) % 11) % 10 == int(digits[12])


class _Number(NamedTuple):
    """How a country writes its number, and whether the digits are one."""

    country: str
    written: re.Pattern[str]
    sound: Callable[[str], bool]


def _written(pattern: str) -> re.Pattern[str]:
    # Not a stretch of something longer, such as an account, a decimal number or an address.
    return re.compile(rf"(?<![A-Za-z\d_.,/=+-])(?:{pattern})(?![A-Za-z\d_/=-]|[.,]\d)")


_NUMBERS = (
    _Number("BR", _written(r"\d{3}\.\d{3}\.\d{3}-\d{2}"), _brazil),
    _Number("FI", _written(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]"), _finland),
    _Number("SE", _written(r"(?:19|20)?\d{6}[-+]\d{4}"), _sweden),
    _Number("NO", _written(r"\d{6} ?\d{5}"), _norway),
    _Number("EE, LT", _written(r"[1-6]\d{10}"), _baltic),
    _Number("PL", _written(r"\d{11}"), _poland),
    _Number("TR", _written(r"[1-9]\d{10}"), _turkey),
    _Number("IT", _written(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]"), _italy),
    _Number("ES", _written(r"(?:\d{8}|\d{1,2}\.\d{3}\.\d{3}|[XYZ]-?\d{7})-?[A-Z]"), _spain),
    _Number("CN", _written(r"[1-9]\d{16}[\dX]"), _china),
    _Number("IN", _written(r"[2-9]\d{3}([ -])\d{4}\1\d{4}"), _india),
    _Number("KR", _written(r"\d{6}-[1-8]\d{6}"), _korea),
    _Number("ZA", _written(r"\d{10}[01]\d{2}"), _south_africa),
    _Number("RO", _written(r"[1-8]\d{12}"), _romania),
    _Number("FR", _written(r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}"), _france),
    _Number("BE", _written(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"), _belgium),
    _Number("TZ", _written(r"(?:19|20)\d{6}-\d{5}-\d{5}-\d{2}"), _tanzania),
    _Number("EG", _written(r"[23]\d{13}"), _egypt),
    _Number("RW", _written(r"1 \d{4} [78] \d{7} \d \d{2}"), _rwanda),
    _Number("ID", _written(r"\d{16}"), _indonesia),
    _Number("MY", _written(r"\d{6}-\d{2}-\d{4}"), _malaysia),
    _Number("TH", _written(r"[1-8]-\d{4}-\d{5}-\d{2}-\d"), _thailand),
    _Number("PK", _written(r"[1-7]\d{4}-\d{7}-\d"), lambda _: True),
)


def id_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where a text, its digits written 0 to 9, has numbers of persons: spans [start, end) in code points.

    A number must be written as its country does, hold a date where it has one, and its check digits must fit where it
    has any.
    """
    for number in _NUMBERS:
        for match in number.written.finditer(text):
            if number.sound(match[0]):
                yield match.span()
