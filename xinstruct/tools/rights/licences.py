"""Gives the licences that pages name their SPDX names, and tells which are open and which a recipe accepts."""

import re
from collections.abc import Sequence

# Elements of the Creative Commons licences, in the order in which SPDX writes them.
_ELEMENTS = ("BY", "NC", "SA", "ND")
_SPDX_ORDER = ("BY", "NC", "ND", "SA")
# An address stands at the beginning of what it stands in, or behind a blank, a bracket or a letter of another script:
# not in the query of another address.
_ADDRESS = r"(?<![^\s\"'(<>\u0080-\U0010ffff])(?:https?:)?(?://)?(?:www\.)?"
_CC = re.compile(
    rf"{_ADDRESS}creativecommons\.org/(?:licen[sc]es/((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa))*)/(\d\.\d)"
    r"(?:/(igo|[a-z]{2})(?=[/?#.]|$))?"
    r"|publicdomain/(zero|mark)/(\d\.\d)|licen[sc]es/(publicdomain)\b)",
    re.IGNORECASE,
)
_FREE_SOFTWARE = r"(?:opensource\.org/licenses?/|spdx\.org/licenses/|choosealicense\.com/licenses/)"
_END = r"(?:[/?#.]|$)"
_ADDRESSES = tuple(
    (re.compile(_ADDRESS + pattern, re.IGNORECASE), name)
    for pattern, name in (
        (rf"opendatacommons\.org/licenses/by{_END}", "ODC-By-1.0"),
        (rf"opendatacommons\.org/licenses/pddl{_END}", "PDDL-1.0"),
        (rf"opendatacommons\.org/licenses/odbl{_END}", "ODbL-1.0"),
        (r"gnu\.org/(?:licenses/(?:old-licenses/)?|copyleft/)fdl-?(1\.[123])(?!\d)", "GFDL-{}-or-later"),
        (r"gnu\.org/(?:licenses|copyleft)/fdl(?!-?1\.)(?:[-.#].*)?$", "GFDL"),
        (rf"nationalarchives\.gov\.uk/doc/open-government-licence/version/([123]){_END}", "OGL-UK-{}.0"),
        (rf"nationalarchives\.gov\.uk/doc/open-government-licence(?!/version/[123]){_END}", "OGL-UK"),
        (r"etalab\.gouv\.fr/.*licence-ouverte.*2\.0", "etalab-2.0"),
        (rf"etalab\.gouv\.fr/licence-ouverte-open-licence(?!.*2\.0){_END}", "etalab"),
        (rf"{_FREE_SOFTWARE}mit{_END}", "MIT"),
        (rf"(?:{_FREE_SOFTWARE}|apache\.org/licenses/license-)(?:apache-)?2\.0{_END}", "Apache-2.0"),
        (rf"{_FREE_SOFTWARE}bsd-([23])-clause{_END}", "BSD-{}-Clause"),
        (rf"(?:unlicense\.org|{_FREE_SOFTWARE}unlicense){_END}", "Unlicense"),
    )
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
_FORBIDS = re.compile(rf"{_WORDS['NC']}|{_WORDS['ND']}|\b(?:nc|nd)\b", re.IGNORECASE)
_SHORT = re.compile(
    r"\bcc[\s_-]*((?:by|nc|nd|sa)(?:[\s_-]+(?:by|nc|nd|sa))*)[\s_-]+v?(\d\.\d)(?:[\s_-]+(igo|(?!nc|nd|sa)[a-z]{2})\b)?",
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
    r"unported|generic|universal|deutschland|germany|österreich|austria|nederland|netherlands|australia|"
    r"united states|\bigo\b|"
    r"\b(?:the|an?|this|work|is|under|of|und|der|die|das|la|le|de|v|public)\b|[\W\d_]+",
    re.IGNORECASE,
)
_LONGEST = 500

# Names without a version, as they may stand with blanks for hyphens: what the licence allows is known all the same.
_FAMILIES = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"CC-?0", "CC0"),
        (r"CC-?PDM(-1\.0)?", "CC-PDM"),
        (r"(CC-)?PUBLIC-?DOMAIN(-MARK)?(-1\.0)?|PD", "PD"),
        (r"PDDL", "PDDL"),
        (r"ODC-?BY(-1\.0)?", "ODC-By"),
        (r"ODBL", "ODbL"),
        (r"GFDL(-ONLY|-OR-LATER)?", "GFDL"),
        (r"OGL(-UK)?", "OGL-UK"),
        (r"ETALAB", "etalab"),
        (r"APACHE", "Apache"),
    )
)
_CC_FAMILY = re.compile(
    r"cc-?((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa))*)(?:-[1-4](?:\.\d)?)?(?:-(?!nc|nd|sa)[a-z]{2,3})?", re.IGNORECASE
)
_CC_FAMILY_ADDRESS = re.compile(
    rf"{_ADDRESS}creativecommons\.org/licen[sc]es/((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa))*)/?", re.IGNORECASE
)
_VERSIONED = re.compile(r"(.+?)-(\d\.\d)(?:-(.+))?")

ALL, OPEN = "all", "open"
# Open as the Open Definition has it: anyone may use, change and share, at most with credit and under the same terms.
# So nothing with NC (non-commercial) or ND (no derivatives).
_OPEN = frozenset(
    (
        *("CC0", "CC-BY", "CC-BY-SA", "CC-PDM", "CC-PDDC", "PD", "PDDL", "ODC-By", "ODbL", "GFDL", "OGL-UK", "etalab"),
        *("MIT", "Apache", "BSD-2-Clause", "BSD-3-Clause", "Unlicense"),
    )
)
OPEN_LICENCES = (
    "CC0, CC BY, CC BY-SA (any version), Public Domain Mark, PDDL, ODC-By, ODbL, GFDL, Open Government Licence (UK), "
    "Licence Ouverte (Etalab), MIT, Apache-2.0, BSD, Unlicense"
)


def normal(licence: str) -> str | None:
    """The SPDX name with version of a licence as pages give it: the address of a deed in whatever language, or a name.

    None for what is unknown, names no version, or says two things.

    Creative Commons licences that were carried over to a country have names that follow SPDX, CC-BY-3.0-DE, also where
    its list has no such entry, as for CC-BY-3.0-ES.
    """
    name = known(licence)
    return name if name is not None and (name.upper() in _NAMES or _VERSIONED.fullmatch(name)) else None


def known(licence: str | None) -> str | None:
    """The name of a licence as `normal` gives it, or without a version where none is said: CC-BY-SA, GFDL, PD (public
    domain). None for what is unknown or says two things.
    """
    text = " ".join((licence or "").split())[:_LONGEST]
    named = {*_by_address(text), *_cc_addresses(text)}
    if len(named) == 1:
        beside = re.sub(r"\S+\.\S+/\S*", " ", text)  # what is said in words beside the address
        return None if _FORBIDS.search(beside) else named.pop()
    if named:
        return None
    plain = re.sub(r"[\s_]+", "-", text)
    return _NAMES.get(plain.upper()) or _by_name(text) or _family(text, plain)


def is_open(licence: str | None) -> bool:
    """Whether a licence is one of OPEN_LICENCES. Unknown is not open."""
    name = known(licence)
    return name is not None and _stem(name) in _OPEN


def may(licence: str | None, accepted: Sequence[str]) -> bool:
    """Whether a licence is among those accepted: names as `known` gives them, or the words `open` and `all`.

    A name without a version stands for every version, one with a version for its ports to countries, too.
    """
    if ALL in accepted:
        return True
    name = known(licence)
    if name is None:
        return False
    return (OPEN in accepted and _stem(name) in _OPEN) or any(
        one in (name, _stem(name)) or (name.startswith(f"{one}-") and _VERSIONED.fullmatch(one)) for one in accepted
    )


def _stem(name: str) -> str:
    """The name without its version and what follows it."""
    found = _VERSIONED.fullmatch(name)
    return found[1] if found else name


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


def _by_address(text: str) -> list[str]:
    found = ((pattern.search(text), name) for pattern, name in _ADDRESSES)
    return [name.format(*match.groups()) for match, name in found if match]


def _by_name(text: str) -> str | None:
    short = {_cc_name(re.split(r"[\s_-]+", m[1].upper()), m[2], m[3]) for m in _SHORT.finditer(text)}
    if len(short) == 1:
        return short.pop() if _is_all(_SHORT, text) else None
    if not short and _is_all(_ZERO, text):
        return "CC0-1.0"
    if not short and _is_all(_MARK, text):
        return "CC-PDM-1.0"
    versions = set(_VERSION.findall(text))
    elements = _said(text)
    if short or len(versions) != 1 or not elements:
        return None
    low = text.lower()
    port = next((code for name, code in _PORTS.items() if re.search(rf"\b{name}\b", low)), None)
    return _cc_name(elements, versions.pop(), port)


def _is_all(name: re.Pattern[str], text: str) -> bool:
    """Whether the name stands in the text, and nothing beside it that could take something back."""
    rest, found = name.subn(" ", text)
    return bool(found) and not _BESIDE.sub("", rest)


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


def _family(text: str, plain: str) -> str | None:
    match = _CC_FAMILY.fullmatch(plain) or _CC_FAMILY_ADDRESS.fullmatch(text)
    if match:
        return _cc_name(match[1].upper().split("-"), None)
    return next((name for pattern, name in _FAMILIES if pattern.fullmatch(plain)), None)
