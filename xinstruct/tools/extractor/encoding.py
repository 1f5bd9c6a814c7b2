"""Turns the bytes of a page into characters: by what the page says of its encoding, by what the bytes are, never
guessing silently.
"""

import codecs
from dataclasses import dataclass

import regex
from charset_normalizer import from_bytes

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
_SHOWN_TO_DETECTOR = 60_000
_HIGHEST_KEPT_LOSS = 0.01
# UTF-8 that was read as Windows-1252 and written again: the lead byte of a two- or three-byte letter, then a
# continuation byte.
_CONTINUATION = r"[\u0080-\u00bf‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_MOJIBAKE = regex.compile(rf"[ÂÃÄÅÐÑØÙ]{_CONTINUATION}|[àáâã][\u0080-\u00bf€‚„¤¥¦§¨]{_CONTINUATION}")
_LETTER = regex.compile(r"\p{L}")
_DAMAGE = regex.compile(r"[\uFFFD\p{Co}\u0080-\u009f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The characters of a page, the name of the encoding, and where that was learnt: bom, bytes, header, meta or
    detected.
    """

    text: str
    encoding: str
    learnt_from: str


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
    """The page's characters. What cannot be read becomes U+FFFD; `damage` says how much that is."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(body.decode(name, "replace").removeprefix("\ufeff"), name, "bom")
    meta = _META.search(body[:4096])
    declared = ((codec_of(header_charset), "header"), (codec_of(meta[1].decode("ascii")) if meta else None, "meta"))
    if not any(codec in _STATEFUL for codec, _ in declared):
        try:
            return Decoded(body.decode("utf-8"), "utf-8", "bytes")
        except UnicodeDecodeError:
            pass
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


def _detect(body: bytes) -> Decoded:
    utf8 = body.decode("utf-8", "replace")
    # A page with few bad bytes is UTF-8 with an accident in it, whatever a detector would make of it.
    if utf8.count("\ufffd") <= _HIGHEST_KEPT_LOSS * max(1, sum(character > "\x7f" for character in utf8)):
        return Decoded(utf8, "utf-8", "bytes")
    language = _LANG.search(body[:4096])
    usual = _USUAL.get(language[1].decode("ascii").lower()) if language else None
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
    character.
    """
    if not _DAMAGE.search(text) and not _MOJIBAKE.search(text):
        return None
    letters = len(_LETTER.findall(text)) or 1
    bad = _DAMAGE.findall(text)
    if len(bad) > max(2, _HIGHEST_KEPT_LOSS * letters):
        return "undecodable" if bad.count("\ufffd") * 2 >= len(bad) else "legacy_font"
    if len(_MOJIBAKE.findall(text)) > max(4, 2 * _HIGHEST_KEPT_LOSS * letters):
        return "mojibake"
    return None
