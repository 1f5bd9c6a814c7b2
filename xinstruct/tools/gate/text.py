"""Takes the text of a page from its markup, roughly and fast, in stretches whose language can be told."""

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from regex import Pattern

from xinstruct.tools.extractor.encoding import codec_of
from xinstruct.tools.web.record import Record

HEAD = 4096  # bytes in which a page says what it is

_MOST_CODE = 50_000  # tags of scripts and styles that are looked for in a page
_LARGEST_READ = 1 << 20  # bytes of markup from which all text is taken, of more than that the long bits and slices
_SLICES = 16
# Text between two tags, and past links and emphasis within a paragraph. Shorter bits are marks, numbers and icons.
# The pattern never goes back, which makes it faster than a plainer one.
_WITHIN = rb"(?:</?+(?>[abi]|em|strong|span|font)\b[^<>]*+>\s*+[^<\s][^<]*+)*+"
_BIT = re.compile(rb">\s*+([^<>\s][^<]{2,}+" + _WITHIN + rb")")
_LONG_BIT = re.compile(rb">\s*+([^<>\s][^<]{30,}+" + _WITHIN + rb")")
_TAG = re.compile(r"<[^>]*>")
_CODE = re.compile(rb"<(/?)(script|style)", re.I)
_META = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.I)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NOT_BYTEWISE = ("utf-16", "utf-32", "utf_16", "utf_32", "iso2022", "hz", "utf_7", "utf-7")
_HIGHEST_LOSS = 0.02
_SHORTEST_STRETCH = 60  # characters; a shorter bit of text is put together with short ones next to it
_SHORTEST_PARAGRAPH = 120  # characters; links and headlines are hardly ever as long
_LONGEST_STRETCH = 300
_SHARES = (4, 3, 3)  # of ten stretches, for each kind; what one leaves goes to the longer ones first


class Stretches(NamedTuple):
    """The text of a page in stretches of up to 300 characters, by the length of the bits that they are taken from:
    paragraphs of prose, single lines, and scraps such as links that are put together. Each from top to bottom.
    """

    paragraphs: Sequence[str]
    lines: Sequence[str]
    scraps: Sequence[str]

    def with_letters(self, pattern: Pattern[str], is_latin: bool) -> "Stretches":
        """Those in which the pattern is found; is_latin: it finds what is in ASCII, which is spared the search."""
        return Stretches(
            *([text for text in kind if (is_latin and text.isascii()) or pattern.search(text)] for kind in self)
        )

    def length(self) -> int:
        """Characters of all together."""
        return sum(len(stretch) for kind in self for stretch in kind)

    def spread(self, count: int) -> list[str]:
        """As many stretches, of each kind some the same distance apart, or all where there are no more. However many of
        one kind there are, the others have their share: an article may stand under a menu of any length.
        """
        shares = [min(len(kind), count * part // 10) for kind, part in zip(self, _SHARES, strict=True)]
        for number, kind in enumerate(self):
            shares[number] += min(len(kind) - shares[number], count - sum(shares))
        return [stretch for kind, share in zip(self, shares, strict=True) for stretch in _spread(kind, share)]


def stretches(record: Record) -> Stretches:
    """The text of a record; none where it cannot be read. Entities are left as they stand."""
    paragraphs: list[str] = []
    lines: list[str] = []
    scraps: list[str] = []
    held: list[str] = []
    length = 0
    for line in _bits(record):
        bit = line.strip()
        size = len(bit)
        if size >= _SHORTEST_STRETCH:
            if "{" not in bit:  # what is left of scripts
                kind = paragraphs if size >= _SHORTEST_PARAGRAPH else lines
                kind += [
                    bit[at : at + _LONGEST_STRETCH] for at in range(0, size - _SHORTEST_STRETCH + 1, _LONGEST_STRETCH)
                ]
        elif size > 1:
            held.append(bit)
            length += size
            if length >= 2 * _SHORTEST_STRETCH:
                scraps.append(" ".join(held))
                held, length = [], 0
    if held:
        scraps.append(" ".join(held))
    return Stretches(paragraphs, lines, scraps)


def _spread(text: Sequence[str], count: int) -> Sequence[str]:
    if len(text) <= count:
        return text
    return [text[(2 * number + 1) * len(text) // (2 * count)] for number in range(count)]


def _bits(record: Record) -> list[str]:
    if record.is_text:
        return record.body.decode("utf-8", "ignore").split("\n")
    markup = _without_code(record.body)
    if len(markup) <= _LARGEST_READ:
        bits = _BIT.findall(markup)
    else:
        bits = [bit for part in _slices(markup) for bit in _BIT.findall(part)] + _LONG_BIT.findall(markup)
    text = _decoded(b"\0".join(bits), record).replace("\n", " ")
    return _TAG.sub("", text).split("\0")


def _slices(markup: bytes) -> Iterator[bytes]:
    """Some of a large page, from places the same distance apart; each ends before a tag, lest it cut a letter."""
    size = _LARGEST_READ // _SLICES
    for number in range(_SLICES):
        place = (len(markup) - size) * number // (_SLICES - 1)
        yield markup[place : max(place, markup.rfind(b"<", place, place + size))]


def _without_code(body: bytes) -> bytes:
    """The page without its scripts and styles, as far as they are well-formed."""
    kept: list[bytes] = []
    at, inside = 0, b""
    for tag in itertools.islice(_CODE.finditer(body), _MOST_CODE):
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
