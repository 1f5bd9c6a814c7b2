"""Takes the text of a page from its markup, roughly and fast, in stretches whose language can be told."""

import re

from xinstruct.tools.extractor.encoding import codec_of
from xinstruct.tools.web.record import Record

HEAD = 4096  # bytes in which a page says what it is

_LARGEST_SEARCHED = 1 << 20  # bytes in which scripts are looked for
_LARGEST_READ = 96 << 10  # bytes of markup without scripts from which text is taken
_SLICES = 6  # of a page that is larger
# Text between two tags. Shorter bits are marks, numbers and icons.
_BIT = re.compile(rb">\s*([^<>\s][^<]{2,})")
_CODE = re.compile(rb"<(/?)(script|style)", re.I)
_META = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.I)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NOT_BYTEWISE = ("utf-16", "utf-32", "utf_16", "utf_32", "iso2022", "hz", "utf_7", "utf-7")
_HIGHEST_LOSS = 0.02
_SHORTEST_STRETCH = 60  # characters; a shorter bit of text is put together with short ones next to it
_LONGEST_STRETCH = 300


def stretches(record: Record) -> list[str]:
    """The text of a record from top to bottom, of a large one from several places; none where it cannot be read.

    A stretch has up to 300 characters. Entities are left as they stand.
    """
    out: list[str] = []
    held: list[str] = []
    length = 0
    for line in _bits(record):
        bit = line.strip()
        if len(bit) >= _SHORTEST_STRETCH:
            if "{" not in bit:  # what is left of scripts
                places = range(0, len(bit) - _SHORTEST_STRETCH + 1, _LONGEST_STRETCH)
                out += [bit[at : at + _LONGEST_STRETCH] for at in places]
        elif len(bit) > 1:
            held.append(bit)
            length += len(bit)
            if length >= 2 * _SHORTEST_STRETCH:
                out.append(" ".join(held))
                held, length = [], 0
    return [*out, " ".join(held)] if held else out


def _bits(record: Record) -> list[str]:
    if record.is_text:
        return _slices(record.body).decode("utf-8", "ignore").split("\n")
    bits = _BIT.findall(_slices(_without_code(record.body)))
    return _decoded(b"\0".join(bits), record).replace("\n", " ").split("\0")


def _slices(body: bytes, largest: int = _LARGEST_READ) -> bytes:
    """The bytes, or as many from several places."""
    if len(body) <= largest:
        return body
    size = largest // _SLICES
    places = [(len(body) - size) * number // (_SLICES - 1) for number in range(_SLICES)]
    return b"\n".join(body[place : place + size] for place in places)


def _without_code(body: bytes) -> bytes:
    """The page without its scripts and styles, as far as they are well-formed."""
    body = _slices(body, _LARGEST_SEARCHED)
    kept: list[bytes] = []
    at, inside = 0, b""
    for tag in _CODE.finditer(body):
        if not inside and not tag[1]:
            kept.append(body[at : tag.start()])
            inside = tag[2].lower()
        elif tag[1] and tag[2].lower() == inside:
            at, inside = tag.start(), b""
    return b"".join(kept if inside else [*kept, body[at:]])


def _decoded(text: bytes, record: Record) -> str:
    """The text as UTF-8 if it is, else by what header and page say; empty where neither fits."""
    meta = _META.search(record.body[:HEAD])
    declared = (codec_of(record.charset), codec_of(meta[1].decode("ascii")) if meta else None)
    if record.body.startswith(_BYTE_ORDER_MARKS) or any(
        codec and codec.startswith(_NOT_BYTEWISE) for codec in declared
    ):
        return ""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for codec in declared:
        if codec:
            read = text.decode(codec, "replace")
            if read.count("\ufffd") <= _HIGHEST_LOSS * len(read):
                return read
    return ""
