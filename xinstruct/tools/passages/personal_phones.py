"""Finds telephone numbers in a text: international ones, and those written as is usual where its language is spoken."""

import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher

# Where a language is spoken: countries whose way to write a number is taken for one.
_REGIONS = {
    "afr": "ZA NA", "aka": "GH", "als": "AL XK", "amh": "ET", "apc": "LB SY JO PS", "arb": "EG SA AE MA DZ IQ",
    "ars": "SA", "ary": "MA", "arz": "EG", "azj": "AZ", "bel": "BY", "ben": "BD IN", "bos": "BA", "bul": "BG",
    "cat": "ES", "ceb": "PH", "ces": "CZ", "ckb": "IQ", "cmn": "CN TW HK", "cym": "GB", "dan": "DK", "deu": "DE AT CH",
    "ekk": "EE", "ell": "GR CY", "eng": "US GB IN AU CA NG ZA KE", "eus": "ES", "fil": "PH", "fin": "FI",
    "fra": "FR BE CH CA SN CI CM", "gle": "IE", "glg": "ES", "guj": "IN", "hat": "HT", "hau": "NG NE", "heb": "IL",
    "hin": "IN", "hrv": "HR", "hun": "HU", "hye": "AM", "ibo": "NG", "ind": "ID", "isl": "IS", "ita": "IT CH",
    "jpn": "JP", "kan": "IN", "kat": "GE", "kaz": "KZ", "khk": "MN", "khm": "KH", "kin": "RW", "kir": "KG", "kor": "KR",
    "lao": "LA", "lit": "LT", "lug": "UG", "lvs": "LV", "mal": "IN", "mar": "IN", "mkd": "MK", "mlt": "MT", "mya": "MM",
    "nld": "NL BE", "nno": "NO", "nob": "NO", "npi": "NP", "nya": "MW ZM", "orm": "ET", "ory": "IN", "pan": "IN PK",
    "pbt": "AF", "pes": "IR", "plt": "MG", "pol": "PL", "por": "BR PT AO MZ", "prs": "AF", "ron": "RO MD",
    "rus": "RU BY KZ", "sin": "LK", "slk": "SK", "slv": "SI", "sna": "ZW", "snd": "PK", "som": "SO", "sot": "LS ZA",
    "spa": "ES MX AR CO PE CL", "srp": "RS", "swe": "SE FI", "swh": "TZ KE UG", "tam": "IN LK", "tat": "RU",
    "tel": "IN", "tgk": "TJ", "tha": "TH", "tir": "ER ET", "tsn": "BW ZA", "tuk": "TM", "tur": "TR", "ukr": "UA",
    "urd": "PK IN", "uzn": "UZ", "vie": "VN", "wol": "SN", "xho": "ZA", "yor": "NG", "yue": "HK", "zsm": "MY SG",
    "zul": "ZA",
}  # fmt: skip
_NUMBER = r"(?:\( ?)?\d(?:[ \u00a0\u2009\u202f.()/\u2010-\u2013-]{0,2}\d){6,12}"
# Words before which a number can hardly be anything else; of those that are also other words, only the abbreviation.
_WORD = (
    r"(?:\b(?:tele?(?:ph|f)\w{0,8}|téléphone|teléfono|tél|tel|tlf|telp|telpon|telepon|phone|"
    r"mobile|móvil|mobil|mob|handy|cell|whatsapp|sms|fax|faks|simu|nambari ya simu|puh|puhelin|gsm|kontakt|celular|"
    r"telemóvel|komórka|đt|sđt|điện thoại|hotline|waya|foonu|ucingo|inombolo|тел|телефон|моб|факс|τηλ|τηλέφωνο|κιν|"
    r"טלפון|טל|נייד|هاتف|تلفون|جوال|موبايل|تلفن|موبایل|فون|فیکس|ስልክ|फ़ोन|फोन|मोबाइल|सम्पर्क|ফোন|মোবাইল|হেল্পলাইন|"
    r"தொலைபேசி|ఫోన్|മൊബൈൽ|ഫോൺ|ფ|ტელ|հեռ|โทร|โทรศัพท์|ໂທ|ទូរស័ព្ទ|ဖုန်း)|電話|电话|手机|手機|传真|傳真|携帯|전화|휴대폰|팩스)"
)
_BESIDE_WORD = r"[ \u00a0]*(?:(?:no|nr|nº|n°|number|numero|numéro|#)\b)?[ \u00a0.:：/-]{0,4}"
_TOLD = re.compile(rf"{_WORD}{_BESIDE_WORD}({_NUMBER})(?![A-Za-z\d]|[.,-]\d)", re.IGNORECASE)
_MAY_BE = re.compile(rf"\+?{_NUMBER}")
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}(?!\d|[./-]\d)|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2}(?!\d|[./-]\d)")
_HOURS = re.compile(r"\(?\d{1,2}[.:]\d\d ?[-\u2010-\u2013] ?\d{1,2}[.:]\d\d(?![\d.-])")
_YEARS = re.compile(r"(?:(?:1[5-9]|20)\d\d\D{1,3})+(?:1[5-9]|20)\d\d")
# Behind these stands an amount, a share or a measure; before those of the second an amount, a number of books, a place.
_AMOUNT_AFTER = re.compile(r"\s?(?:[%‰€$£¥₹₦₽₺₩₪]|(?:EUR|USD|TZS|KES|kg|km|m²|m2|ha)\b|[.,]\d)")
_OTHER_BEFORE = re.compile(
    r"(?:ISBN|ISSN|DOI|EAN|[€$£¥₹₦₽₺₩₪№#=/]|\b(?:EUR|USD|TSh|KSh|Rs|id))[\s:.-]{0,3}$", re.IGNORECASE
)


def phones(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Where a text, its digits written 0 to 9, has telephone numbers: spans [start, end) in code points.

    A number counts when it begins with + and a country's code and is one of that country, when a word such as
    `tel.` stands before it, or when it is written with the leading 0 or bracket of a country where the language is
    spoken, in the groups that are usual there.
    """
    if not any(len(re.sub(r"\D", "", match[0])) >= 7 for match in _MAY_BE.finditer(text)):
        return
    for match in _TOLD.finditer(text):
        if not (_is_time(match[1]) or _YEARS.match(match[1]) or _AMOUNT_AFTER.match(text, match.end())):
            yield match.span(1)
    # Any region does for numbers that begin with +.
    for found in PhoneNumberMatcher(text, "ZZ", Leniency.VALID):
        if found.raw_string.startswith(("+", "＋")):
            yield found.start, found.end
    for region in _REGIONS.get(language[:3], "").split():
        for found in PhoneNumberMatcher(text, region, Leniency.STRICT_GROUPING):
            if found.raw_string.startswith(("0", "(")) and _stands_alone(text, found.start, found.end):
                yield found.start, found.end


def _stands_alone(text: str, start: int, end: int) -> bool:
    number = text[start:end]
    # Seven digits in a row may be anything; groups are what shows a number.
    grouped = re.search(r"\d\D+\d", number) or len(number) >= 9
    other = _OTHER_BEFORE.search(text[max(0, start - 12) : start]) or _AMOUNT_AFTER.match(text, end)
    return bool(grouped) and not other and not _is_time(number)


def _is_time(number: str) -> bool:
    """Whether it is a date, or opening hours."""
    return bool(_DATE.match(number) or _HOURS.match(number))
