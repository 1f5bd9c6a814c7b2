"""Learns at a glance whose pages a web archive holds and which robots.txt: of each record only the head is unpacked.

robots.txt stands anywhere in a crawl, before or after the pages that it speaks of. So an archive is gone through before
its pages are harvested, and that must cost next to nothing.
"""

import mmap
import re
import zlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray

from xinstruct.tools.rights.robots import ROBOTS_TXT, body_of, place_of, text_of
from xinstruct.tools.web.header_lines import decode
from xinstruct.tools.web.members import ARC_START, MAGIC, WARC_START
from xinstruct.tools.web.warc import Entry, entries

# Packed bytes that are taken for a record's head, at first and when they were too few, and what they may unpack to.
_HEADS = ((1 << 10, 1 << 12), (1 << 14, 1 << 16))
_LONGEST_END = 8  # ends of line behind a record
_HELD = 1 << 24  # bytes of the file that are kept in memory
_LARGEST = 1 << 21  # bytes of a record that holds a robots.txt
_PAGE_KINDS = frozenset((b"response", b"resource", b"conversion"))
_BLANK = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_KIND = re.compile(rb"^WARC-Type:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_URL = re.compile(rb"^WARC-Target-URI:[ \t]*<?([^\r\n>]+)", re.IGNORECASE | re.MULTILINE)
_TYPE = re.compile(rb"^Content-Type:[ \t]*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Survey:
    """What a stretch of archives holds. hosts: `mark_of` the places of all pages, ascending, each once, None where they
    are not known; robots: place and text of each robots.txt, in file order.
    """

    hosts: NDArray[np.uint64] | None
    robots: list[tuple[str, str]]


def mark_of(place: str) -> int:
    """A number for a place (see `robots.place_of`), the same on every machine: 64 bits."""
    return xxhash.xxh3_64_intdigest(place.encode("utf-8", "surrogatepass"))


def survey(stretches: Iterable[tuple[Path, int, int]]) -> Survey:
    """What stands in stretches of archives, shared out as `warc.entries` does. What cannot be read is left to harvest,
    which names it.
    """
    places: set[str] = set()
    robots: list[tuple[str, str]] = []
    for path, start, end in stretches:
        for url, body in _pages(path, start, end):
            place = place_of(url)
            if place is not None:
                places.add(place)
                if body is not None:
                    robots.append((place, text_of(body)))
    marks = np.fromiter(map(mark_of, places), np.uint64, len(places))
    return Survey(np.sort(marks), robots)


def _pages(path: Path, start: int, end: int) -> Iterator[tuple[str, bytes | None]]:
    """The address of each page, and the body where it is a robots.txt."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = yield from _members(data, start, end) if data[:3] == MAGIC else _records(data)
    except PermissionError:
        return
    if at is not None:
        yield from read_in_full(path, at, end)


def read_in_full(path: Path, start: int, end: int) -> Iterator[tuple[str, bytes | None]]:
    """The address of each page of a stretch, and the body where it is a robots.txt, from every record unpacked."""
    for entry in entries(path, start, end):
        if isinstance(entry, Entry) and entry.url and entry.kind.encode() in _PAGE_KINDS:
            asked = entry.held and ROBOTS_TXT.search(entry.url)
            yield entry.url, body_of(entry.block, entry.content_type) if asked else None


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a record. length: bytes of it and of its block; begin: where the block does; kind: of WARC."""

    kind: bytes
    url: bytes
    content_type: bytes
    begin: int
    length: int


# Addresses of pages, with the body of a robots.txt, and in the end where what is left must be read in full from.
_Glance = Generator[tuple[str, bytes | None], None, int | None]


def _members(data: mmap.mmap, start: int, end: int) -> _Glance:
    """Goes from gzip member to gzip member by their first bytes. Gives where it must be read in full from, None at the
    end: a member is sure to hold one record alone where the size that stands at its end is that of the record.
    """
    at, head = _next_head(data, start)
    held = 0
    while at < min(end, len(data)):
        held = _let_go(data, held, at)
        if head is None:
            return at
        after = _end_of(data, at, head)
        if after is None:
            return at
        if head.kind in _PAGE_KINDS and head.url:
            url = decode(head.url)
            asked = ROBOTS_TXT.search(url)
            yield url, _robots_txt(head, _unpacked(data[at:after], _LARGEST)) if asked else None
        at, head = (after, _head(data, after)) if after < len(data) else (after, None)
    return None


def _next_head(data: mmap.mmap, start: int) -> tuple[int, _Head | None]:
    at = data.find(MAGIC, start)
    while at >= 0:
        head = _head(data, at)
        if head is not None:
            return at, head
        at = data.find(MAGIC, at + 1)
    return len(data), None


def _end_of(data: mmap.mmap, at: int, head: _Head) -> int | None:
    """Where the member ends, None where that cannot be seen."""
    after = at
    while after < len(data):
        after = data.find(MAGIC, after + 1)
        after = len(data) if after < 0 else after
        size = int.from_bytes(data[after - 4 : after], "little")
        if 0 <= size - (head.length & 0xFFFFFFFF) <= _LONGEST_END:
            return after
        if after < len(data) and _head(data, after) is not None:
            return None
    return None


def _head(data: mmap.mmap, at: int) -> _Head | None:
    """The head of the record that a member begins with."""
    for packed, unpacked in _HEADS:
        head = _parsed(_unpacked(data[at : at + packed], unpacked))
        if head is not None:
            return head
    return None


def _unpacked(packed: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(packed, most)
    except zlib.error:
        return b""


def _parsed(text: bytes) -> _Head | None:
    """The head that a text begins with; None where none begins there or it is cut off."""
    arc = ARC_START.match(text)
    if arc:
        kind = b"warcinfo" if arc[1].startswith(b"filedesc:") else b"response"
        return _Head(kind, arc[1], arc[3].partition(b" ")[0], arc.end(), arc.end() + int(arc[4]))
    blank = _BLANK.search(text) if WARC_START.match(text) else None
    if blank is None:
        return None
    fields = text[: blank.start() + 2]
    length = _LENGTH.search(fields)
    if not length:
        return None
    told = [found[1].strip() if (found := field.search(fields)) else b"" for field in (_KIND, _URL, _TYPE)]
    return _Head(told[0].lower(), told[1], told[2], blank.end(), blank.end() + int(length[1]))


def _records(data: mmap.mmap) -> _Glance:
    """Goes from record to record of a plain archive by the lengths in their heads. Gives where it must be read in full
    from, None at the end.
    """
    at, head, held = 0, _head_at(data, 0), 0
    while at < len(data):
        held = _let_go(data, held, at)
        if head is None:
            return at
        after = at + head.length
        while data[after : after + 1] in (b"\r", b"\n"):
            after += 1
        following = _head_at(data, after)
        if following is None and after != len(data):
            return at  # its length is wrong
        if head.kind in _PAGE_KINDS and head.url:
            url = decode(head.url)
            asked = ROBOTS_TXT.search(url)
            yield url, _robots_txt(head, data[at : at + min(_LARGEST, head.length)]) if asked else None
        at, head = after, following
    return None


def _let_go(data: mmap.mmap, held: int, at: int) -> int:
    """From where on the file is in memory, once what lies far behind this byte is let go."""
    if at - held < _HELD:
        return held
    begin = at - at % mmap.ALLOCATIONGRANULARITY
    data.madvise(mmap.MADV_DONTNEED, held, begin - held)
    return begin


def _head_at(data: mmap.mmap, at: int) -> _Head | None:
    return _parsed(data[at : at + _HEADS[0][1]]) or _parsed(data[at : at + _HEADS[1][1]])


def _robots_txt(head: _Head, record: bytes) -> bytes | None:
    return body_of(record[head.begin : head.length], decode(head.content_type))
