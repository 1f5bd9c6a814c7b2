"""Turns the bytes of a page into characters: by what the bytes are, by what the page says of its encoding, and by
whether the letters that come out stand side by side in some language.
"""

import codecs
import re
from dataclasses import dataclass, replace

import regex

from xinstruct.tools.extractor.mojibake import is_mojibake, mended
from xinstruct.tools.extractor.readings import CODECS, RARE, sample, weigh
from xinstruct.tools.extractor.rereadings import reread
from xinstruct.tools.lid.letters import letters

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
_HIGHEST_KEPT_LOSS = 0.01
_MARKUP = regex.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>|&#?\w+;", regex.I | regex.S)
_FOREIGN = regex.compile(r"[\u00c0-\u00ff]")
_HIGHEST_KEPT_FOREIGN = 0.5  # of the letters; no spelling in Latin letters has so many beyond ASCII
_FEWEST_FOREIGN = 40
_READ_AT_ALL = 200_000
# What is taken off the bits that a reading costs: a share of them, for the letters of some languages are not known, and
# some more, which count where there are few letters.
_DECLARED = (0.85, 15.0)
_EXPECTED = (0.9, 8.0)
_UNDECLARED = (1.0, 0.0)
_UNEXPECTED = (1.0, -25.0)
_SAID_OF_ALL = ("cp1252", "utf-8")  # servers say so of every page
# Replacement marks, letters of private use, control characters; as ranges, which are found sooner than by name.
_BEYOND = regex.compile(r"[^\x00-\x7f]+")
_DAMAGE = re.compile(r"[\uFFFD\uE000-\uF8FF\u0080-\u009F\U000F0000-\U0010FFFF]")

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
    """The page's characters, mended where they were misread before. What cannot be read becomes U+FFFD, and so does
    all beyond ASCII of a page that is a text in no encoding; `damage` says how much that is.
    """
    meta = _META.search(body[:4096])
    declared = ((codec_of(header_charset), "header"), (codec_of(meta[1].decode("ascii")) if meta else None, "meta"))
    unicode = _by_bytes(body, declared)
    found = unicode or _by_letters(body, declared)
    text, misread_as = mended(found.text)
    if unicode and misread_as is None:  # others were told by their letters already
        text, misread_as = reread(text)
    return replace(found, text=text, misread_as=misread_as)


def _by_bytes(body: bytes, declared: _Declared) -> Decoded | None:
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(body.decode(name, "replace").removeprefix("\ufeff"), name, "bom")
    shifted = ((name, "bytes") for name in ("iso2022_jp", "iso2022_kr") if b"\x1b$" in body)
    for codec, source in (*declared, *shifted):
        if codec and _is_wide(codec) and (codec in _STATEFUL or b"\0" in body[:200]):
            text = body.decode(codec, "replace")
            if "\ufffd" not in text:
                return Decoded(text, codec, source)
    try:
        return Decoded(body.decode("utf-8"), "utf-8", "bytes")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    # A page with few bad bytes is UTF-8 with an accident in it, whatever it says of itself.
    if lost <= _HIGHEST_KEPT_LOSS * sum(character > "\x7f" for character in text):
        return Decoded(text, "utf-8", "bytes")
    return None


def _by_letters(body: bytes, declared: _Declared) -> Decoded:
    """The page in the encoding in which its letters are most likely some language's."""
    words = sample(body)
    named = {codec: source for codec, source in reversed(declared) if codec and not _is_wide(codec)}
    usual = _usual(body)
    best, least = None, 0.0
    for codec in dict.fromkeys((*named, *([usual] if usual else []), "utf-8", *CODECS)):
        reading = weigh(words, codec)
        if reading is None:
            continue
        share, less = _DECLARED if codec in named and codec not in _SAID_OF_ALL else _UNDECLARED
        if codec in (usual, "cp1252"):
            share, less = min((share, less), _EXPECTED)
        if codec in RARE and codec not in named:
            share, less = _UNEXPECTED
        bits = share * reading.bits - less
        if best is None or bits < least:
            best, least = reading, bits
    if best is None or not best.likely:
        return Decoded(body.decode("ascii", "replace"), "ascii", "detected")
    return Decoded(body.decode(best.codec, "replace"), best.codec, named.get(best.codec, "detected"))


def _is_wide(codec: str) -> bool:
    return codec in _STATEFUL or codec.startswith(("utf-16", "utf-32"))


def _usual(body: bytes) -> str | None:
    language = _LANG.search(body[:4096])
    return _USUAL.get(language[1].decode("ascii").lower()) if language else None


def damage(text: str) -> str | None:
    """What is visibly wrong with a text: undecodable, mojibake or legacy_font; None when it looks sound.

    A text is sound while at most one in a hundred of its letters is a replacement mark, a private-use or a control
    character, and half are plain. `fonts` tells further texts that need a font of their own.
    """
    if text.isascii():
        return None
    bad = _DAMAGE.findall("".join(_BEYOND.findall(text)))
    if len(bad) > 2 and len(bad) > _HIGHEST_KEPT_LOSS * letters(text):
        return "undecodable" if bad.count("\ufffd") * 2 >= len(bad) else "legacy_font"
    if is_mojibake(text):
        return "mojibake"
    return "legacy_font" if _is_foreign(text) else None


def _is_foreign(text: str) -> bool:
    """Whether letters that only accents tell from ASCII make up the most of a page, as where Cyrillic was taken for
    Latin-1.
    """
    if len(_FOREIGN.findall(text, endpos=_READ_AT_ALL)) < _FEWEST_FOREIGN:
        return False
    shown = _MARKUP.sub(" ", text[:_READ_AT_ALL])
    foreign = len(_FOREIGN.findall(shown))
    return foreign >= _FEWEST_FOREIGN and foreign > _HIGHEST_KEPT_FOREIGN * letters(shown)
