"""Turns the bytes of a page into characters: by what the page says of its encoding, by what the bytes are, never
guessing silently.
"""

import codecs
from dataclasses import dataclass, replace

import regex
from charset_normalizer import from_bytes

from xinstruct.tools.extractor.identity import identified
from xinstruct.tools.extractor.mojibake import is_mojibake, mended

# The web's own reading of old names: a page that says Latin-1 means Windows-1252, one that says GB2312 means GB18030,
# and so on.
_MEANT = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "latin-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874",
    "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949",
    "big5": "big5hkscs",
}  # fmt: skip
_UNKNOWN_TO_PYTHON = {
    "x-sjis": "cp932", "windows-874": "cp874", "ks_c_5601-1987": "cp949", "x-gbk": "gb18030",
    "x-user-defined": "cp1252",
}  # fmt: skip
# What a page in these languages is most likely written in when it is not UTF-8 and does not say.
_USUAL = {
    **dict.fromkeys(("de", "fr", "es", "it", "pt", "nl", "sv", "da"), "cp1252"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl", "sq"), "cp1250"),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk", "sr", "kk", "mn"), "cp1251"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    "el": "cp1253", "he": "cp1255", "vi": "cp1258", "th": "cp874", "ja": "cp932", "ko": "cp949", "zh": "gb18030",
}  # fmt: skip
# Eight bits to a letter, and servers that call every page Latin-1.
_OFTEN_UNDECLARED = ("cp1251", "cp1256", "cp1253", "cp1255", "cp874", "koi8_r")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = regex.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", regex.I)
_LANG = regex.compile(rb"""<html[^>]{0,300}?\blang\s*=\s*["']?([A-Za-z]{2})\b""", regex.I)
_STATEFUL = {"iso2022_jp", "iso2022_kr", "hz", "utf_7"}
_SHOWN_TO_DETECTOR = 60_000
_HIGHEST_KEPT_LOSS = 0.01
_LETTER = regex.compile(r"\p{L}")
_MARKUP = regex.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>|&#?\w+;", regex.I | regex.S)
_FOREIGN = regex.compile(r"[\u00c0-\u00ff]")
_HIGHEST_KEPT_FOREIGN = 0.5  # of the letters; no spelling in Latin letters has so many beyond ASCII
_FEWEST_FOREIGN = 40
_READ_AT_ALL = 200_000
_LOWEST_SURE = 0.8  # score of the identifier
# Replacement marks, letters of private use, control characters; as ranges, which are found sooner than by name.
_DAMAGE = regex.compile(r"[\uFFFD\uE000-\uF8FF\u0080-\u009F\U000F0000-\U0010FFFF]")

_Declared = tuple[tuple[str | None, str], ...]  # codecs, and where each is named


@dataclass(frozen=True, slots=True)
class Decoded:
    """The characters of a page, the name of the encoding, and where that was learnt: bom, bytes, header, meta or
    detected. misread_as: as what the text had been misread before it was saved, and is mended from; None if it was not.
    """

    text: str
    encoding: str
    learnt_from: str
    misread_as: str | None = None


def codec_of(label: str | None) -> str | None:
    """The Python codec that a declared name means on the web; None when nobody knows it."""
    name = (label or "").strip().strip("\"'").lower()
    if not name:
        return None
    try:
        found = codecs.lookup(_UNKNOWN_TO_PYTHON.get(name, name))
    except LookupError:
        return None
    # base64, rot13 and their like are codecs for Python, but no encodings of text
    return _MEANT.get(found.name, found.name) if found._is_text_encoding else None


def decode(body: bytes, header_charset: str | None = None) -> Decoded:
    """The page's characters, mended where they were misread before. What cannot be read becomes U+FFFD; `damage` says
    how much that is.
    """
    meta = _META.search(body[:4096])
    declared = ((codec_of(header_charset), "header"), (codec_of(meta[1].decode("ascii")) if meta else None, "meta"))
    found = _by_bytes(body, declared) or _by_name(body, declared)
    if found.encoding.startswith("cp125") and _is_foreign(found.text):
        found = _other(body, [codec for codec, _ in declared]) or found
    text, misread_as = mended(found.text)
    return replace(found, text=text, misread_as=misread_as)


def _by_bytes(body: bytes, declared: _Declared) -> Decoded | None:
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(body.decode(name, "replace").removeprefix("\ufeff"), name, "bom")
    if any(codec in _STATEFUL for codec, _ in declared):
        return None
    try:
        return Decoded(body.decode("utf-8"), "utf-8", "bytes")
    except UnicodeDecodeError:
        return None


def _by_name(body: bytes, declared: _Declared) -> Decoded:
    lossy: list[Decoded] = []
    for codec, source in declared:
        if codec is None or (codec.startswith("utf-16") and b"\0" not in body[:200]):
            continue
        decoded = Decoded(body.decode(codec, "replace"), codec, source)
        if "\ufffd" not in decoded.text:
            return decoded
        lossy.append(decoded)
    lossy.append(_detect(body))
    return min(lossy, key=lambda decoded: decoded.text.count("\ufffd"))


def _is_foreign(text: str) -> bool:
    """Whether letters that only accents tell from ASCII make up the most of a page, as where Cyrillic was taken for
    Latin-1.
    """
    if len(_FOREIGN.findall(text, endpos=_READ_AT_ALL)) < _FEWEST_FOREIGN:
        return False
    shown = _MARKUP.sub(" ", text[:_READ_AT_ALL])
    foreign = len(_FOREIGN.findall(shown))
    return foreign >= _FEWEST_FOREIGN and foreign > _HIGHEST_KEPT_FOREIGN * len(_LETTER.findall(shown))


def _other(body: bytes, declared: list[str | None]) -> Decoded | None:
    """The page in the first encoding in which it surely is in a language: a name that it also gives, the usual one of
    its language, or one that the bytes look like; None where there is none.
    """
    best = from_bytes(body[:_SHOWN_TO_DETECTOR]).best()
    for codec in (*declared, _usual(body), codec_of(best.encoding) if best else None, *_OFTEN_UNDECLARED):
        text = body.decode(codec, "replace") if codec and codec not in _STATEFUL else ""
        shown = _MARKUP.sub(" ", text[:_READ_AT_ALL])[:_SHOWN_TO_DETECTOR]
        if text.count("\ufffd") > _HIGHEST_KEPT_LOSS * len(shown) or _is_foreign(text):
            continue
        if codec and text and identified([shown])[0].score >= _LOWEST_SURE:
            return Decoded(text, codec, "detected")
    return None


def _usual(body: bytes) -> str | None:
    language = _LANG.search(body[:4096])
    return _USUAL.get(language[1].decode("ascii").lower()) if language else None


def _detect(body: bytes) -> Decoded:
    utf8 = body.decode("utf-8", "replace")
    # A page with few bad bytes is UTF-8 with an accident in it, whatever a detector would make of it.
    if utf8.count("\ufffd") <= _HIGHEST_KEPT_LOSS * max(1, sum(character > "\x7f" for character in utf8)):
        return Decoded(utf8, "utf-8", "bytes")
    usual = _usual(body)
    if usual and "\ufffd" not in (text := body.decode(usual, "replace")):
        return Decoded(text, usual, "detected")
    best = from_bytes(body[:_SHOWN_TO_DETECTOR]).best()
    if best is None:
        return Decoded(utf8, "utf-8", "bytes")
    codec = codec_of(best.encoding) or "utf-8"
    return Decoded(body.decode(codec, "replace"), codec, "detected")


def damage(text: str) -> str | None:
    """What is visibly wrong with a text: undecodable, mojibake or legacy_font; None when it looks sound.

    A text is sound while at most one in a hundred of its letters is a replacement mark, a private-use or a control
    character, and half are plain. `fonts` tells further texts that need a font of their own.
    """
    bad = _DAMAGE.findall(text)
    if len(bad) > max(2, _HIGHEST_KEPT_LOSS * len(_LETTER.findall(text))):
        return "undecodable" if bad.count("\ufffd") * 2 >= len(bad) else "legacy_font"
    if is_mojibake(text):
        return "mojibake"
    return "legacy_font" if _is_foreign(text) else None
