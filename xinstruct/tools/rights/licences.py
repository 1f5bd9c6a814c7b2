"""Gives the licences that pages name their SPDX names, and tells which of them a recipe may take."""

import re

# Elements of the Creative Commons licences, in the order in which SPDX writes them.
_ELEMENTS = ("BY", "NC", "SA", "ND")
_SPDX_ORDER = ("BY", "NC", "ND", "SA")
_CC = re.compile(
    r"creativecommons\.org/(?:licen[sc]es/((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa))*)/(\d\.\d)(?:/(igo|[a-z]{2})(?=[/?#.]|$))?"
    r"|publicdomain/(zero|mark)/(\d\.\d)|licen[sc]es/(publicdomain)\b)",
    re.IGNORECASE,
)
_FREE_SOFTWARE = r"opensource\.org/licenses?/|spdx\.org/licenses/|choosealicense\.com/licenses/"
_ADDRESSES = (
    (r"opendatacommons\.org/licenses/by(?:/1-0)?(?:[/?#]|$)", "ODC-By-1.0"),
    (r"opendatacommons\.org/licenses/pddl(?:/1-0)?(?:[/?#]|$)", "PDDL-1.0"),
    (r"opendatacommons\.org/licenses/odbl(?:/1-0)?(?:[/?#]|$)", "ODbL-1.0"),
    (r"gnu\.org/(?:licenses/(?:old-licenses/)?fdl-|copyleft/fdl-?)(1\.[123])(?![\d])", "GFDL-{}-or-later"),
    (r"nationalarchives\.gov\.uk/doc/open-government-licence/version/([123])(?:[/?#]|$)", "OGL-UK-{}.0"),
    (r"etalab\.gouv\.fr/.*licence-ouverte.*2\.0", "etalab-2.0"),
    (rf"(?:{_FREE_SOFTWARE})mit(?:[/?#.]|$)", "MIT"),
    (rf"(?:{_FREE_SOFTWARE}|apache\.org/licenses/license-)(?:apache-)?2\.0(?:[/?#.]|$)", "Apache-2.0"),
    (rf"(?:{_FREE_SOFTWARE})(?:bsd-([23])-clause)(?:[/?#.]|$)", "BSD-{}-Clause"),
    (r"unlicense\.org|" rf"(?:{_FREE_SOFTWARE})unlicense(?:[/?#.]|$)", "Unlicense"),
)
# SPDX names that stand as they are, whatever their case.
_NAMES = {
    name.upper(): name
    for name in (
        *("CC0-1.0", "CC-PDM-1.0", "CC-PDDC", "PDDL-1.0", "ODC-By-1.0", "ODbL-1.0", "MIT", "Apache-2.0"),
        *("BSD-2-Clause", "BSD-3-Clause", "Unlicense", "etalab-2.0", "OGL-UK-1.0", "OGL-UK-2.0", "OGL-UK-3.0"),
        *(f"GFDL-1.{n}{end}" for n in (1, 2, 3) for end in ("", "-only", "-or-later")),
    )
}
# How deeds name the elements, by language; longer words that hold a shorter one come to the same element.
_WORDS = {
    "BY": r"attribution|namensnennung|reconocimiento|atribuci[oó]n|reconeixement|atribui[cç][aã]o|atribuição|"
    r"attribuzione|naamsvermelding|erkännande|navngivelse|navngiving|nimeä|uznanie autorstwa|uveďte (?:původ|autora)|"
    r"с указанием авторства|атрибуция|із зазначенням авторства|atıf|atribusi|ghi công|表示|署名|姓名標示|저작자\s?표시|"
    r"نَ?سب المُ?صنَّ?ف|ייחוס|αναφορά δημιουργού|nevezd meg|atribuire|imenovanje|umirajatud|autorile viitamine",
    "NC": r"non-?\s?commerciale?|nicht[- ]?kommerziell|keine kommerzielle nutzung|no\s?comercial|não\s?comercial|"
    r"nãocomercial|pas d.utilisation commerciale|niet-?commercieel|ickekommersiell|ikke-?kommersiell|"
    r"ikke-?kommerciel|eikaupallinen|użycie niekomercyjne|neužívejte (?:dílo )?komerčně|некоммерческая|некомерційна|"
    r"gayri\s?ticari|nonkomersial|phi thương mại|非営利|非商业性使用|非商業性|비영리|غير تجاري|לא מסחרי",
    "ND": r"no\s?-?deriv\w*|keine bearbeitung\w*|sin\s?(?:obra)?\s?derivad\w*|sem\s?deriva\w*|pas de modification|"
    r"non opere derivate|geenafgeleidewerken|geen afgeleide werken|ingabearbetningar|ei\s?muutoksia|"
    r"bez utworów zależnych|nezpracovávejte|без производных|без похідних|türetilemez|tanpaturunan|"
    r"改変禁止|禁止演绎|禁止改作|변경\s?금지|"
    r"منع الاشتقاق",
    "SA": r"share\s?-?alike|weitergabe unter gleichen bedingungen|compartir\s?igual|compartilha\s?igual|"
    r"partage dans les mêmes conditions|condividi allo stesso modo|gelijk\s?delen|dela\s?lika|del\s?på\s?samme\s?"
    r"(?:vilkår|måte)|jaa\s?samoin|na tych samych warunkach|zachovejte licenci|с сохранением условий|"
    r"на тех же условиях|поширення на тих самих умовах|aynı(?:[Ll]isansla|\s?lisansla)\s?paylaş|berbagi\s?serupa|"
    r"chia sẻ tương tự|継承|相同方式共享|相同方式分享|동일조건\s?변경\s?허락|الترخيص بالمثل|שיתוף זהה",
}
_SAID = {element: re.compile(words, re.IGNORECASE) for element, words in _WORDS.items()}
_SHORT = re.compile(
    r"\bcc[\s_-]*((?:by|nc|nd|sa)(?:[\s_-]+(?:by|nc|nd|sa))*)[\s_-]+v?(\d\.\d)(?:[\s_-]+(igo|[a-z]{2})\b)?",
    re.IGNORECASE,
)
_ZERO = re.compile(r"\bcc[\s_-]?(?:0|zero)(?:[\s_-]+v?1\.0)?\b", re.IGNORECASE)
_MARK = re.compile(r"public domain mark(?:\s+v?1\.0)?|\bcc[\s_-]?pdm\b", re.IGNORECASE)
_VERSION = re.compile(r"(?<![\d.])([1-4]\.[015])(?![\d.])")
_PORTS = {
    "germany": "DE", "deutschland": "DE", "austria": "AT", "österreich": "AT", "netherlands": "NL", "nederland": "NL",
    "united states": "US", "australia": "AU", "igo": "IGO",
}  # fmt: skip
# What else may stand in a name. Any other word could be an element in a language that is not above, such as one that
# forbids commercial use.
_CREATIVE_COMMONS = r"creative commons|クリエイティブ・?コモンズ|知识共享|創用\s?cc|المشاع الإبداعي|\bcc\b"
_BESIDE = re.compile(
    rf"{_CREATIVE_COMMONS}|licen\w+|li[zs]en\w+|лиценз\w+|ліценз\w+|ライセンス|许可协议|許可協議|授權條款|라이선스|الرخصة|"
    r"inter?na[ctz]i\w+|międzynarodowe|mezinárodní|kansainvälinen|uluslararası|международная|міжнародна|国际|國際|国際|دولي|"
    r"unported|generic|deutschland|germany|österreich|austria|nederland|netherlands|australia|united states|\bigo\b|"
    r"\b(?:the|an?|this|work|is|under|of|und|der|die|das|la|le|de|v|public)\b|[\W\d_]+",
    re.IGNORECASE,
)
_LONGEST = 500

OPEN = "open-only"
NON_COMMERCIAL = "non-commercial"
STATED = "stated"
# What a recipe may say, and what of it each word lets through. `pointers` and `all` ask nothing of a licence: the first
# lets no text out, the second takes the decision upon itself.
WANTED = {
    OPEN: "anyone may use, change and share it, at most with credit and under the same terms",
    NON_COMMERCIAL: "the same, or the same for non-commercial use",
    STATED: "the page names some licence that is known",
    "pointers": "everything, since only addresses go out",
    "all": "everything",
}


def normal(licence: str) -> str | None:
    """The SPDX name with version of a licence as pages give it: the address of a deed in whatever language, or a name.

    None for what is unknown, names no version, or says two things.

    Creative Commons licences that were carried over to a country have names that follow SPDX, CC-BY-3.0-DE, also where
    its list has no such entry, as for CC-BY-3.0-ES.
    """
    text = " ".join(licence.split())[:_LONGEST]
    named = {name for name in (_by_address(text), *_cc_addresses(text)) if name}
    if len(named) == 1:
        return named.pop()
    if named:
        return None
    return _NAMES.get(text.upper()) or _by_name(text)


def may(licence: str | None, wanted: str) -> bool:
    """Whether a licence is good enough for a word of a recipe's `rights:`, see WANTED. KeyError for another word."""
    if wanted not in WANTED:
        raise KeyError(wanted)
    if wanted in ("pointers", "all"):
        return True
    name = (normal(licence) if licence else None) or _versionless(licence or "")
    if name is None:
        return False
    if wanted == STATED:
        return True
    elements = set(name.split("-")) if name.startswith("CC-") else set()
    return "ND" not in elements and ("NC" not in elements or wanted == NON_COMMERCIAL)


def _cc_addresses(text: str) -> list[str]:
    return [_named(match) for match in _CC.finditer(text)]


def _named(match: re.Match[str]) -> str:
    elements, version, port, waiver, waiver_version, dedication = match.groups()
    if dedication:
        return "CC-PDDC"
    if waiver:
        return f"CC0-{waiver_version}" if waiver.lower() == "zero" else f"CC-PDM-{waiver_version}"
    return _cc_name(elements.upper().split("-"), version, port)


def _cc_name(elements: list[str], version: str | None, port: str | None = None) -> str:
    # The deeds of version 1.0 say by-nd-nc, and some pages sa-by.
    ordered = [element for element in _SPDX_ORDER if element in elements]
    return "-".join(filter(None, ("CC", *ordered, version, port.upper() if port else None)))


def _by_address(text: str) -> str | None:
    for pattern, name in _ADDRESSES:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            return name.format(*match.groups())
    return None


def _by_name(text: str) -> str | None:
    short = {_cc_name(re.split(r"[\s_-]+", m[1].upper()), m[2], m[3]) for m in _SHORT.finditer(text)}
    if len(short) == 1:
        return short.pop()
    if not short and _ZERO.search(text):
        return "CC0-1.0"
    if not short and _MARK.search(text):
        return "CC-PDM-1.0"
    versions = set(_VERSION.findall(text))
    elements = _said(text)
    if short or len(versions) != 1 or not elements:
        return None
    low = text.lower()
    port = next((code for name, code in _PORTS.items() if re.search(rf"\b{name}\b", low)), None)
    return _cc_name(elements, versions.pop(), port)


def _said(text: str) -> list[str]:
    """The elements that a licence spelt out in words has; none where it is not one of Creative Commons', or where a
    word of it is not understood.
    """
    if not re.search(_CREATIVE_COMMONS, text, re.IGNORECASE):
        return []
    left = text
    for words in _SAID.values():
        left = words.sub(" ", left)
    return [] if _BESIDE.sub("", left) else [element for element in _ELEMENTS if _SAID[element].search(text)]


def _versionless(text: str) -> str | None:
    """A Creative Commons licence without a version, CC-BY-SA: no SPDX name, but enough to know what it allows."""
    address = re.search(r"creativecommons\.org/licen[sc]es/((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa))*)/?$", text, re.I)
    short = re.fullmatch(r"cc[\s_-]*((?:by|nc|nd|sa)(?:[\s_-]+(?:by|nc|nd|sa))*)", text.strip(), re.I)
    match = address or short
    return _cc_name(re.split(r"[\s_-]+", match[1].upper()), None) if match else None
