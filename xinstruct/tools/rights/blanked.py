"""Takes single pages out of a web archive so that all other records stay where they are, byte for byte."""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_READ_AT_ONCE = 1 << 18
_HEAD = 1 << 14
_URL = re.compile(rb"^WARC-Target-URI:[ \t]*<?([^\r\n>]+)", re.IGNORECASE | re.MULTILINE)
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
_LONGEST_END = 8  # ends of line behind a record
_EMPTY_RECORD = b"WARC/1.0\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
_EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
_LAST_BLOCK = b"\x01\x00\x00\xff\xff"


def blanked(path: Path, copy: Path, gone: Callable[[str], bool]) -> int:
    """Writes a copy of a gzip web archive in which the records of some addresses are empty ones that take as much room.

    gone: whether the page at an address is to go. Gives how many records went, and writes no copy for 0. OSError as
    usual; ValueError when the file is no archive that has each record in a gzip member of its own.
    """
    spans = [(start, end) for start, end, url in _members(path) if url is not None and gone(url)]
    if not spans:
        return 0
    copy.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as source, copy.open("wb") as target:
        for start, end in spans:
            _copy(source, target, start - source.tell())
            target.write(empty_member(end - start))
            source.seek(end)
        _copy(source, target, None)
    return len(spans)


def empty_member(length: int) -> bytes:
    """A gzip member of just so many bytes that holds a record without content. ValueError when it is too short."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(_EMPTY_RECORD) + packer.flush(zlib.Z_FULL_FLUSH)
    end = struct.pack("<II", zlib.crc32(_EMPTY_RECORD), len(_EMPTY_RECORD))
    room = length - 10 - len(packed) - len(_LAST_BLOCK) - len(end)
    if room < 0:
        raise ValueError(f"{length} bytes cannot hold an empty record")
    # Blocks without content fill the room; a comment in the member's head what is left of it.
    blocks, left = divmod(room, len(_EMPTY_BLOCK))
    head = struct.pack("<4BIBB", 0x1F, 0x8B, 8, 0x10 if left else 0, 0, 2, 255)
    return head + (b" " * (left - 1) + b"\x00" if left else b"") + packed + _EMPTY_BLOCK * blocks + _LAST_BLOCK + end


def _members(path: Path) -> Iterator[tuple[int, int, str | None]]:
    """First byte, the byte after the last, and the address of the record of each gzip member."""
    with path.open("rb") as file:
        start, rest = 0, file.read(_READ_AT_ONCE)
        while rest:
            unpacker, head, packed, unpacked = zlib.decompressobj(31), b"", 0, 0
            while not unpacker.eof and rest:
                try:
                    block = unpacker.decompress(rest)
                except zlib.error as error:
                    raise ValueError(f"{path.name} is no gzip archive at byte {start}: {error}") from error
                head, unpacked = head + block[: max(0, _HEAD - len(head))], unpacked + len(block)
                packed += len(rest) - len(unpacker.unused_data)
                rest = unpacker.unused_data or file.read(_READ_AT_ONCE)
            yield start, start + packed, _url(head, unpacked, f"{path.name} at byte {start}")
            start += packed


def _url(head: bytes, size: int, where: str) -> str | None:
    """The address in a record's head. size: bytes of the member that it stands in, which must be all its own."""
    fields, blank, _ = head.partition(b"\r\n\r\n")
    length = _LENGTH.search(fields)
    if not (blank and length and fields.startswith(b"WARC/")):
        raise ValueError(f"{where} is no WARC record")
    if size > len(fields) + len(blank) + int(length[1]) + _LONGEST_END:
        raise ValueError(f"{where} has several records in one gzip member")
    url = _URL.search(fields)
    return url[1].decode("utf-8", "replace").strip() if url else None


def _copy(source: BinaryIO, target: BinaryIO, length: int | None) -> None:
    while length is None or length > 0:
        block = source.read(_READ_AT_ONCE if length is None else min(length, _READ_AT_ONCE))
        if not block:
            return
        target.write(block)
        length = None if length is None else length - len(block)
