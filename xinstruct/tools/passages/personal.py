"""Finds personal data in a passage, such as e-mail addresses and telephone numbers, and puts placeholders over it.

What is uncertain is left: a year, a price, an ISBN or a version number that is masked spoils a sound text.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

import regex

from xinstruct.tools.passages.personal_numbers import id_numbers, luhn
from xinstruct.tools.passages.personal_phones import phones

# In this order: of two finds that overlap the earlier kind counts.
KINDS = ("e_mail", "iban", "card", "id_number", "ip", "phone")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_WIDE_SIGNS = str.maketrans("＠．－：＋", "@.-:+")
_FEWEST_DIGITS = 6
# Letters of scripts that put no blank between a word and an address are none of an address.
_SIGN = r"[\w--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]"
_MAIL = regex.compile(
    rf"(?<!{_SIGN}|[.+%/@-])(?:{_SIGN}|[+%])(?:(?:{_SIGN}|[.+%'-]){{0,62}}(?:{_SIGN}|[+%]))?"
    r"(?:@|\s?[\[({](?:at|AT|@)[\])}]\s?)"
    rf"(?:{_SIGN}(?:(?:{_SIGN}|-){{0,61}}{_SIGN})?(?:\.|\s?[\[({{](?:dot|DOT|\.)[\])}}]\s?)){{1,5}}"
    rf"[{_SIGN}--[\d_]]{{2,24}}(?!{_SIGN}|[@-])",
    regex.V1,
)
# image@2x.png is a file; the domains of RFC 2606 belong to nobody.
_NO_MAIL = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|css|js|html?|pdf|mp[34])$|@(?:[\w-]+\.)?(?:example\.(?:com|org|net)|"
    r"[\w.-]+\.(?:example|invalid))$",
    re.IGNORECASE,
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24,
    "XK": 20,
}  # fmt: skip
_CARD = re.compile(
    r"(?<![A-Za-z\d_.,/=+-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|3\d{3}([ -])\d{6}\2\d{4,5}|\d{14,19})"
    r"(?![A-Za-z\d_/=-]|[.,]\d)"
)
# Which first digits and lengths issuers use: Visa, Mastercard, American Express, Discover, JCB, Diners, Mir, UnionPay.
_ISSUED = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|220[0-4]\d{12}|62\d{14,17}"
)
_IP4 = re.compile(r"(?<![A-Za-z\d_.,/=+-])\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z\d_]|[.,]\d|-\d)")
_IP6 = re.compile(r"(?<![\w:.])[23][0-9a-fA-F]{3}:(?:[0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{0,4}(?![\w:])")
_NO_IP_BEFORE = re.compile(
    r"(?:\bv|versi\w*|verze|wersja|versión|версия|版本|バージョン|"
    r"build|release|firmware|OID|§|#)[\s.:]{0,2}$",
    re.IGNORECASE,
)
_IP_BEFORE = re.compile(r"\bIP\b[^\d]{0,20}$", re.IGNORECASE)
_FEWEST_IP_DIGITS = 8


def found(text: str, language: str) -> list[tuple[str, int, int]]:
    """What personal data a text holds: kind (of KINDS) and span [start, end) in code points, in the text's order.

    language: label of the text; it tells which countries' ways to write telephone numbers are looked for.
    """
    # Digits of every script as 0 to 9, character by character, so that spans stay.
    plain = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text).translate(_WIDE_SIGNS)
    taken: list[tuple[str, int, int]] = []
    if "@" in plain or "(at" in plain.lower() or "[at" in plain.lower() or "{at" in plain.lower():
        taken += [("e_mail", start, end) for start, end in _mails(plain)]
    if sum(map(plain.count, "0123456789")) < _FEWEST_DIGITS:
        return taken
    ways: dict[str, Callable[[], Iterator[tuple[int, int]]]] = {
        "iban": lambda: _ibans(plain),
        "card": lambda: _cards(plain),
        "id_number": lambda: id_numbers(plain),
        "ip": lambda: _addresses(plain),
        "phone": lambda: phones(plain, language),
    }
    for kind, way in ways.items():
        for start, end in way():
            if all(end <= begun or ended <= start for _, begun, ended in taken):
                taken.append((kind, start, end))
    return sorted(taken, key=lambda one: one[1])


def masked(text: str, found: Iterable[tuple[str, int, int]]) -> str:
    """The text with a placeholder such as <e-mail> or <id-number> for each of the finds of `found`."""
    pieces, at = [], 0
    for kind, start, end in sorted(found, key=lambda one: one[1]):
        pieces += [text[at:start], f"<{kind.replace('_', '-')}>"]
        at = end
    return "".join([*pieces, text[at:]])


def _mails(text: str) -> Iterator[tuple[int, int]]:
    for match in _MAIL.finditer(text):
        if not _NO_MAIL.search(match[0]):
            yield match.span()


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        whole = match[0]
        length = _IBAN_LENGTHS.get(whole[:2], 0)
        # A word in capitals behind the number looks like more of it.
        signs = [place for place, sign in enumerate(whole) if sign not in " \u00a0"][:length]
        number = "".join(whole[place] for place in signs)
        if (
            length
            and len(number) == length
            and int("".join(str(int(s, 36)) for s in number[4:] + number[:4])) % 97 == 1
        ):
            yield match.start(), match.start() + signs[-1] + 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _ISSUED.fullmatch(digits) and luhn(digits) and len(set(digits)) > 3:
            yield match.span()


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - 24) : match.start()]
            if _NO_IP_BEFORE.search(before) or not _is_public(match[0]):
                continue
            digits = sum(sign.isdigit() for sign in match[0])
            # Few digits and no word for it: the number of a section, or of a version.
            if pattern is _IP6 or digits >= _FEWEST_IP_DIGITS or _IP_BEFORE.search(before):
                yield match.span()


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
