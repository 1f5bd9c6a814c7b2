"""Unpacks a web archive member by member, so that a broken member costs itself and not the rest of the file."""

import re
from types import TracebackType
from typing import BinaryIO

from zlib_ng import zlib_ng

from xinstruct.tools.web.remote import Place

BLOCK = 1 << 16
UNPACKED_AT_ONCE = 1 << 20
MAGIC = b"\x1f\x8b\x08"
WINDOW = 1 << 14  # unpacked bytes in which the beginning of a record is recognised
# A record opens with its version (WARC), or with address, IP, date, type and length on one line (ARC).
WARC_START = re.compile(rb"WARC/\d+\.\d+[ \t]*\r?\n[!-9;-~]+[ \t]*:")
ARC_START = re.compile(
    rb"([A-Za-z][A-Za-z0-9+.-]{0,30}:[^\r\n]{0,8192}?) (?:[0-9A-Fa-f.:]{2,45}|-|null) (\d{8,17}|-|null)"
    rb" ([^\r\n]{1,300}) (\d{1,18})\r?\n"
)
LARGEST_UNCHECKED = (
    1 << 28
)  # a member that unpacks to more bytes than this is a bomb when its ratio is higher than the next number
HIGHEST_RATIO = 200
_PackedWrong: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # which its stub calls an instance


def begins_record(unpacked: bytes) -> bool:
    """Whether a WARC or ARC record begins here, blank lines aside."""
    text = unpacked.lstrip(b"\r\n")
    return bool(WARC_START.match(text) or ARC_START.match(text))


def member_begins_record(file: BinaryIO, offset: int) -> bool:
    """Whether a gzip member stands at this byte of the file and a record begins in its first bytes."""
    file.seek(offset)
    packed = file.read(BLOCK)
    if not packed.startswith(MAGIC) or len(packed) < 4 or packed[3] & 0xE0:
        return False
    try:
        return begins_record(zlib_ng.decompressobj(31).decompress(packed, WINDOW))
    except _PackedWrong:
        return False


def next_start(file: BinaryIO, start: int, end: int) -> int | None:
    """Offset in [start, end) of the first gzip member in which a record begins; None where there is none.

    A gzip archive that is kept inside a page looks the same, so a search that begins in the middle of one finds its
    records too. The three bytes of the magic number stand in packed data by chance too, once in 16 MB; that a
    record's first line comes out of them does not happen by chance.
    """
    at = start
    while at < end:
        file.seek(at)
        block = file.read(BLOCK)
        found = block.find(MAGIC)
        while found >= 0 and at + found < end:
            if member_begins_record(file, at + found):
                return at + found
            found = block.find(MAGIC, found + 1)
        if len(block) < len(MAGIC):
            return None
        at += len(block) - len(MAGIC) + 1
    return None


class Unpacked:
    """The unpacked bytes of an archive, gzip or plain, from some byte of the file on.

    Bytes come up short where they end. Then `broken` says why: truncated_gzip, bad_member or decompression_bomb, or
    None at the proper end of the file; `resume` goes on behind a break.
    """

    def __init__(self, path: Place, start: int, gzipped: bool) -> None:
        self.size = path.stat().st_size
        self.gzipped = gzipped
        self.broken: str | None = None
        self.broken_offset = 0
        self._file = path.open("rb")
        self.go_to(start)

    def __enter__(self) -> "Unpacked":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def go_to(self, offset: int) -> None:
        """Go on at this byte of the file, where a gzip file has a member; positions count anew from there."""
        self._file.seek(offset)
        self._begin = offset
        self._buffer = bytearray()
        self._at = 0  # the next byte's place in the buffer
        self._passed = 0  # unpacked bytes that have left the buffer
        self._packed = b""
        self._packed_offset = offset
        self._inflater: zlib_ng._Decompress | None = None
        self._unpacked_of_member = 0
        self._members: list[
            tuple[int, int]
        ] = []  # (first unpacked byte, offset in the file) of the members now in the buffer

    @property
    def position(self) -> int:
        """Unpacked bytes since the last start."""
        return self._passed + self._at

    @property
    def offset(self) -> int:
        """Where the next byte comes from: offset of its gzip member, or its own in a plain file. Look ahead first."""
        if not self.gzipped:
            return self._begin + self.position
        while len(self._members) > 1 and self._members[1][0] <= self.position:
            self._members.pop(0)
        return self._members[0][1] if self._members else self._begin

    def member_at(self, distance: int) -> bool:
        """Whether a gzip member begins so many bytes on. Look ahead first."""
        return self.gzipped and any(begin == self.position + distance for begin, _ in self._members)

    def ahead(self, length: int) -> bytes:
        """The next bytes, up to `length`, without going on."""
        while len(self._buffer) - self._at < length and self._more():
            pass
        return bytes(self._buffer[self._at : self._at + length])

    def take(self, length: int) -> bytes:
        """The next bytes, up to `length`, small enough to hold; a member in which a record begins stops it."""
        reach = self._reach(length)
        taken = bytes(self._buffer[self._at : self._at + reach])
        self._go(reach)
        return taken

    def skip(self, length: int) -> int:
        """Go on by `length` bytes without holding them; how many there were. It stops where `take` does."""
        if not self.gzipped and length > len(self._buffer) - self._at:
            length = min(length, max(0, self.size - self.offset))
            self.go_to(self.offset + length)
            return length
        left = length
        while left:
            wanted = min(left, UNPACKED_AT_ONCE)
            reach = self._reach(wanted)
            self._go(reach)
            left -= reach
            if reach < wanted:
                break
        return length - left

    def skip_blank_lines(self) -> None:
        """Go on to the next byte that is not an end of line."""
        while (ahead := self.ahead(64)) and ahead[0] in b"\r\n":
            self._go(len(ahead) - len(ahead.lstrip(b"\r\n")))

    def back(self, data: bytes) -> None:
        """Put bytes that were just taken back."""
        self._buffer[: self._at] = data
        self._passed += self._at - len(data)
        self._at = 0

    def breaks_before(self, position: int) -> bool:
        """Whether the bytes are broken, in a member that holds bytes before this position."""
        return self.broken is not None and bool(self._members) and self._members[-1][0] < position

    def resume(self) -> bool:
        """Go on at the next member behind the break in which a record begins; False when there is none."""
        self.broken = None
        found = next_start(self._file, self.broken_offset + 1, self.size)
        self.go_to(self.size if found is None else found)
        return found is not None

    def starts_piece(self, offset: int) -> bool:
        """Whether a stretch of the file could begin at this byte: a member stands there and a record begins in it."""
        found = member_begins_record(self._file, offset)
        self._file.seek(self._packed_offset + len(self._packed))
        return found

    def _reach(self, length: int) -> int:
        """How many of the next `length` bytes there are before the end, or before a member in which a record begins."""
        for begin, _ in self._members:
            near = begin - self.position
            if 0 < near < length and begins_record(self.ahead(near + WINDOW)[near:]):
                return near
        while len(self._buffer) - self._at < length:
            between = self.gzipped and self._inflater is None and self._packed_offset > self._begin
            if (between and self.starts_piece(self._packed_offset)) or not self._more():
                break
            del self._members[:-1]  # the rest have begun before the end of what is reached for, and were looked at
        return min(length, len(self._buffer) - self._at)

    def _go(self, length: int) -> None:
        self._at += length
        if self._at >= UNPACKED_AT_ONCE or self._at == len(self._buffer):
            del self._buffer[: self._at]
            self._passed += self._at
            self._at = 0

    def _more(self) -> bool:
        """Unpack some more; False where the bytes end or break."""
        if self.broken:
            return False
        if not self._packed:
            self._packed = self._file.read(BLOCK)
        if not self._packed:
            if self._inflater is not None:
                self._break("truncated_gzip")
            return False
        if not self.gzipped:
            self._buffer += self._packed
            self._packed_offset += len(self._packed)
            self._packed = b""
            return True
        if self._inflater is None:
            if self._packed[0] == 0:  # some writers pad with zeros between members
                rest = self._packed.lstrip(b"\0")
                self._packed_offset += len(self._packed) - len(rest)
                self._packed = rest
                return True
            self._open_member()
        return self._inflate()

    def _open_member(self) -> None:
        self._inflater = zlib_ng.decompressobj(31)
        self._unpacked_of_member = 0
        begin = self._passed + len(self._buffer)
        while len(self._members) > 1 and self._members[1][0] <= self.position:
            self._members.pop(0)
        if self._members and self._members[-1][0] == begin:
            self._members.pop()  # it was empty
        self._members.append((begin, self._packed_offset))

    def _inflate(self) -> bool:
        assert self._inflater is not None
        try:
            unpacked = self._inflater.decompress(self._packed, UNPACKED_AT_ONCE)
        except _PackedWrong:
            self._break("bad_member")
            return False
        rest = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
        self._packed_offset += len(self._packed) - len(rest)
        self._packed = rest
        self._buffer += unpacked
        self._unpacked_of_member += len(unpacked)
        if self._inflater.eof:
            self._inflater = None
        elif self._unpacked_of_member > LARGEST_UNCHECKED:
            packed = self._packed_offset - self._members[-1][1]
            if self._unpacked_of_member > HIGHEST_RATIO * packed:
                self._break("decompression_bomb")
                return False
        return True

    def _break(self, reason: str) -> None:
        self.broken = reason
        self.broken_offset = self._members[-1][1]
