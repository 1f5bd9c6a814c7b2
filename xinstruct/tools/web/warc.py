"""Walks through the records of a web archive (WARC, ARC, WET or WAT) and names every stretch that cannot be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from xinstruct.candidate import Skipped
from xinstruct.tools.web.header_lines import decode, parse_fields
from xinstruct.tools.web.http_body import LONGEST_HEADER
from xinstruct.tools.web.members import ARC_START, WARC_START, WINDOW, Unpacked, begins_record, next_start
from xinstruct.tools.web.record import LARGEST_PAGE
from xinstruct.tools.web.remote import Place

LARGEST_BLOCK = LARGEST_PAGE + LONGEST_HEADER
SEARCHED_AT_ONCE = 4 * WINDOW
LONGEST_START = 9000  # bytes that the pattern of a record's beginning can match
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
RECORD_ON_NEW_LINE = re.compile(rb"(?<=\n)(?:" + WARC_START.pattern + rb"|" + ARC_START.pattern + rb")")
READABLE_IN_PART = ("truncated_gzip", "truncated_record", "bad_length")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of an archive as it stands there.

    offset: byte of its gzip member, or its own in a plain file. kind: WARC-Type; an ARC record is a response. date:
    as in the record. length: bytes of the block as the header has it. closing: ends of line that must stand behind
    the block. block: what follows the header, or only its first LONGEST_HEADER bytes when it is longer than
    LARGEST_BLOCK (then `held` is False).
    """

    offset: int
    kind: str
    url: str | None
    date: str | None
    content_type: str
    length: int
    closing: int = 2
    block: bytes = b""
    held: bool = True


def entries(path: Place, start: int, end: int) -> Iterator[Entry | Skipped]:
    """The records that begin in bytes [start, end) of an archive, and by name what could not be read there.

    A record of a gzip archive begins where its member does. A stretch ends where the next one would begin, so
    neighbouring stretches share out the file, its broken members included. A plain file is walked from its first
    byte, unless a record begins at `start`. What is left of a record that was cut off comes after the Skipped that
    names the loss.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        gzipped = not begins_record(file.read(WINDOW)) and next_start(file, 0, size) is not None
        first = next_start(file, start, end if start else size) if gzipped else _plain_start(file, start)
    if gzipped and first and not start:
        yield Skipped("bad_member", f"{first} bytes before the first record")
    if first is not None and first < end:
        with Unpacked(path, first, gzipped) as archive:
            yield from _walk(archive, path.name, start, end)


def _plain_start(file: BinaryIO, start: int) -> int:
    """`start` when a record begins there, else the file's first byte: only from there are the records sure."""
    file.seek(max(0, start - 1))
    around = file.read(WINDOW)
    return start if around[:1] == b"\n" and begins_record(around[1:]) else 0


def _walk(archive: Unpacked, name: str, start: int, end: int) -> Iterator[Entry | Skipped]:
    met = False
    while True:
        archive.skip_blank_lines()
        ahead = archive.ahead(WINDOW)
        if not ahead and archive.broken is None:
            if not met and not start:
                yield Skipped("unknown_format", f"there is no WARC or ARC record in {name}")
            return
        if not ahead:
            yield Skipped(str(archive.broken), f"member at byte {archive.broken_offset}")
            archive.resume()
            continue
        offset = archive.offset
        if offset >= end and (not archive.gzipped or (archive.member_at(0) and archive.starts_piece(offset))):
            return
        if begins_record(ahead):
            met = True
            found = _read(archive, offset)
        else:
            lost = _go_to_next(archive)[0]
            if not met and not archive.ahead(1) and archive.broken is None:
                continue  # to the end, where all of the file is named as one
            found = [Skipped("bad_header", f"{lost} bytes at byte {offset} are no record")]
        if offset >= start:
            yield from found


def _read(archive: Unpacked, offset: int) -> list[Entry | Skipped]:
    """The record here, and the loss if it is damaged; the archive stands behind it afterwards."""
    entry = _read_header(archive, offset)
    if isinstance(entry, Skipped):
        _go_to_next(archive)
        if archive.broken == entry.reason:
            archive.resume()
        return [entry]
    entry, got, end = _take_block(archive, entry)
    after = archive.ahead(WINDOW)
    reason = _damage(archive, entry, got, end, after)
    if reason is None:
        return [entry]
    block = entry.block
    cut = (
        RECORD_ON_NEW_LINE.search(block + after)
        if entry.held and reason in ("bad_length", "truncated_record")
        else None
    )
    if cut and cut.start() < got:  # the length is too long: the next record begins inside
        archive.back(block[cut.start() :])
        block, reason = block[: cut.start()], "bad_length"
    elif not entry.held and not archive.gzipped:
        archive.go_to(archive.offset - got)
    if reason != archive.broken and not begins_record(archive.ahead(WINDOW)):
        # The length is too short: between records there is nothing, so what stands before the next one belongs to
        # this one.
        block += _go_to_next(archive, LARGEST_BLOCK - got)[1]
    if archive.breaks_before(archive.position):
        reason = str(archive.broken)
        archive.resume()
    if not entry.held:  # it is too large for a page anyway, which says enough
        return [entry]
    loss = Skipped(reason, f"record at byte {offset}: {len(block)} bytes, {entry.length} by its header")
    page = replace(entry, block=block.rstrip(b"\r\n") if reason == "bad_length" else block)
    return [loss, page] if reason in READABLE_IN_PART else [loss]


def _take_block(archive: Unpacked, entry: Entry) -> tuple[Entry, int, int]:
    """The entry with its block, how many bytes of it there were, and the position at which they end."""
    if entry.length <= LARGEST_BLOCK:
        block = archive.take(entry.length)
        return replace(entry, block=block), len(block), archive.position
    head = archive.take(LONGEST_HEADER)
    got = len(head) + (archive.skip(entry.length - len(head)) if len(head) == LONGEST_HEADER else 0)
    return replace(entry, block=head, held=False), got, archive.position


def _damage(archive: Unpacked, entry: Entry, got: int, end: int, after: bytes) -> str | None:
    """What is wrong with a block of which `got` bytes were there, up to position `end`; `after` are those behind it."""
    if archive.breaks_before(end):
        return archive.broken
    if got < entry.length:
        return "bad_length" if after else "truncated_record"
    blank = len(after) - len(after.lstrip(b"\r\n"))
    closed = blank == len(after) or after[:blank].count(b"\n") >= entry.closing
    return None if closed or archive.member_at(blank) or begins_record(after) else "bad_length"


def _go_to_next(archive: Unpacked, room: int = 0) -> tuple[int, bytes]:
    """Go on to where the next record seems to begin; how many bytes were passed over, and the first `room` of them."""
    lost, kept = 0, []
    while ahead := archive.ahead(SEARCHED_AT_ONCE):
        found = RECORD_ON_NEW_LINE.search(ahead)
        last = len(ahead) < SEARCHED_AT_ONCE
        # What is left for the next round holds a beginning that was cut by the window, and the end of line before it.
        wanted = found.start() if found else len(ahead) if last else len(ahead) - LONGEST_START - 1
        gone = archive.skip(wanted)
        kept.append(ahead[: max(0, min(gone, room - lost))])
        lost += gone
        if found or last or gone < wanted:
            break
    return lost, b"".join(kept)


def _read_header(archive: Unpacked, offset: int) -> Entry | Skipped:
    ahead = archive.ahead(WINDOW)
    blank = len(ahead) - len(ahead.lstrip(b"\r\n"))
    arc = ARC_START.match(ahead, blank)
    if arc:
        archive.skip(arc.end())
        address, date, content_type, size = (decode(group) for group in arc.groups())
        kind = "warcinfo" if address.startswith("filedesc:") else "response"
        return Entry(offset, kind, address, date, content_type.split(" ")[0], int(size), closing=1)
    archive.skip(blank)
    room = 1 << 12
    while (found := BLANK_LINE.search(ahead := archive.ahead(room))) is None and len(ahead) == room < LONGEST_HEADER:
        room *= 4
    if found is None:
        archive.skip(1)  # so that it is not taken for a record again
        reason = "bad_header" if len(ahead) == room else archive.broken or "truncated_record"
        return Skipped(reason, f"header without an end at byte {offset}")
    archive.skip(found.end())
    fields = parse_fields(ahead[: found.start()].partition(b"\n")[2])
    length = fields.get("content-length", "").split(",")[0]
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        return Skipped("bad_header", f"no Content-Length at byte {offset}")
    url = fields.get("warc-target-uri")
    if url and url.startswith("<") and url.endswith(">"):  # wget wrote it so, after the letter of WARC 1.0
        url = url[1:-1]
    kind = fields.get("warc-type", "").lower()
    return Entry(offset, kind, url, fields.get("warc-date"), fields.get("content-type", ""), int(length))
