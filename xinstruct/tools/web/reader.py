"""Reads pages and texts from the files of a source: web archives, saved HTML, JSON lines and Parquet tables."""

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from xinstruct.candidate import Skipped
from xinstruct.tools.web import http_body, tables
from xinstruct.tools.web.asking import ServerFault
from xinstruct.tools.web.header_lines import decode
from xinstruct.tools.web.members import MAGIC
from xinstruct.tools.web.record import LARGEST_PAGE, NOT_FETCHED, Piece, Record, digest_of
from xinstruct.tools.web.remote import Place, RemoteFile, place
from xinstruct.tools.web.signed import shown
from xinstruct.tools.web.warc import Entry, entries

__all__ = ["Piece", "Record", "fingerprint", "read_record", "records", "split"]

HTML_SUFFIXES = (".html", ".htm", ".xhtml")
NAMED_TYPES = ("warcinfo", "request", "metadata", "revisit", "continuation")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(\S+)", re.IGNORECASE)
EMPTY: Mapping[str, str] = MappingProxyType({})
NOT_FETCHED_LINE = re.compile(rb"not-fetched: ([a-z_]+)\r\ndetail: ([^\r\n]*)")
TAG = re.compile(rb"<[A-Za-z!/?]")


def records(piece: Piece) -> Iterator[Record | Skipped]:
    """The pages of a piece in file order, and by name whatever else or broken was met there (`record.REASONS`), with
    the file's name in its detail.

    A page is an HTML response with status 200, an HTML resource, the text of a WET, a saved page or a row of a table.
    What can be read of a damaged record comes right after the Skipped that names the loss. Raises FileNotFoundError,
    and ServerFault.
    """
    for found in _found(piece):
        yield _placed(found, piece) if isinstance(found, Skipped) else found


def _placed(loss: Skipped, piece: Piece) -> Skipped:
    if piece.container.rpartition("/")[2] in loss.detail:
        return loss
    return Skipped(loss.reason, f"{piece.container}: {loss.detail}" if loss.detail else piece.container)


def _found(piece: Piece) -> Iterator[Record | Skipped]:
    path = place(piece.path, piece.mark)
    if isinstance(path, RemoteFile) and piece.kind != "html" and not path.ranged:
        raise ServerFault(f"{shown(piece.path)} is no longer served in stretches; give another --out.")
    fault = _fault(path)
    if fault:
        yield fault
    elif piece.kind == "warc":
        for entry in entries(path, piece.start, piece.end):
            if isinstance(entry, Skipped):
                yield entry
            else:
                yield from _page(entry, piece)
    elif piece.kind == "html":
        yield _saved_page(path, piece)
    elif piece.kind == "jsonl":
        yield from tables.json_lines(piece)
    elif piece.kind == "parquet":
        yield from tables.parquet_rows(piece)
    else:
        raise ValueError(f"no such kind of source: {piece.kind}")


def read_record(path: Path, offset: int, digest: str = "", kind: str = "warc") -> Record | Skipped:
    """The page at an offset, as a row's `record_offset` has it; or what stands there instead if that is no page.

    digest: picks one where several records share a gzip member. Raises FileNotFoundError.
    """
    start, end = (offset, offset + 1) if kind in ("warc", "jsonl") else (0, sys.maxsize)
    first: Skipped | None = None
    for found in records(Piece(kind, str(path), path.name, start, end)):
        if isinstance(found, Skipped):
            first = first or found
        elif found.offset == offset and digest in ("", found.digest):
            return found
    return first or Skipped("unknown_format", f"no record begins at {offset}")


def split(
    path: Path | RemoteFile, kind: str, container: str, size: int, language: str | None, licence: str | None
) -> Iterator[Piece]:
    """Pieces of about `size` bytes that together hold every record of the file once. html: also every page in a folder.

    What cannot be shared out is one piece: plain archives, packed JSON lines, single pages. Raises FileNotFoundError.
    """
    if kind == "html" and isinstance(path, Path) and path.is_dir():
        for page in sorted(p for p in path.rglob("*") if p.suffix.lower() in HTML_SUFFIXES and p.is_file()):
            inner = f"{container}/{page.relative_to(path).as_posix()}"
            yield from split(page, kind, inner, size, language, licence)
        return
    spans = [(0, 0)] if _fault(path) else _spans(path, kind, size)
    for start, end in spans:
        if isinstance(path, Path):
            yield Piece(kind, str(path.absolute()), container, start, end, language, licence)
        else:
            yield Piece(kind, path.address, container, start, end, language, licence, path.fingerprint())


def _spans(path: Place, kind: str, size: int) -> list[tuple[int, int]]:
    length = path.stat().st_size
    if kind == "parquet":
        return tables.row_groups(path, size)
    shared = (kind == "warc" and _opens_with(path, MAGIC)) or (kind == "jsonl" and not tables.packing(path))
    count = max(1, round(length / size)) if shared else 1
    return [(length * i // count, length * (i + 1) // count) for i in range(count)]


def fingerprint(path: Path | RemoteFile) -> str:
    """Thirty-two hexadecimal digits that change when the content does; a folder's is that of its files.

    Big files are sampled: size, first and last megabyte, and sixteen blocks between; of a file behind an address its
    server tells. Raises FileNotFoundError.
    """
    if isinstance(path, RemoteFile):
        return path.fingerprint()
    state = hashlib.blake2b(digest_size=16)
    if path.is_dir():
        for inner in sorted(p for p in path.rglob("*") if p.is_file()):
            line = f"{inner.relative_to(path).as_posix()}\n{fingerprint(inner)}\n"
            state.update(line.encode("utf-8", "surrogateescape"))
        return state.hexdigest()
    length = path.stat().st_size
    state.update(f"{length}\n".encode())
    between = [(length * i // 17, 1 << 12) for i in range(1, 17)]
    with path.open("rb") as file:
        for place, size in [(0, 1 << 20), *between, (max(0, length - (1 << 20)), 1 << 20)]:
            file.seek(place)
            state.update(file.read(size))
    return state.hexdigest()


def _fault(path: Place) -> Skipped | None:
    """Why nothing can be read from the file at all."""
    try:
        with path.open("rb") as file:
            if isinstance(path, Path) and not path.is_file():
                return Skipped("not_a_file", path.name)
            return None if file.read(1) else Skipped("empty_file", path.name)
    except IsADirectoryError:
        return Skipped("not_a_file", f"{path.name} is a folder")
    except PermissionError:
        return Skipped("no_permission", path.name)


def _opens_with(path: Place, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _page(entry: Entry, piece: Piece) -> Iterator[Record | Skipped]:
    """What an archive's record gives: a page, why it is none, or a flaw and the page."""
    unfetched = NOT_FETCHED_LINE.match(entry.block) if entry.kind == "metadata" else None
    if unfetched and unfetched[1].decode() in NOT_FETCHED:
        yield Skipped(unfetched[1].decode(), f"{entry.url}: {decode(unfetched[2])}"[:300])
    elif entry.kind in NAMED_TYPES:
        yield Skipped(entry.kind)
    elif entry.kind not in ("response", "resource", "conversion"):
        yield Skipped("other_record", entry.kind[:80])
    elif http_body.STATUS_LINE.match(entry.block):
        yield from _response(entry, piece)
    elif entry.block.lstrip()[:5] == b"HTTP/":
        yield Skipped("bad_http", f"at byte {entry.offset}")
    else:
        yield _bare(entry, piece)


def _bare(entry: Entry, piece: Piece) -> Record | Skipped:
    """The page of a record without HTTP: the text of a WET, an HTML resource."""
    kind = http_body.media_type(entry.content_type)
    is_text = entry.kind == "conversion" and kind in ("text/plain", "")
    if entry.kind == "response" and kind not in http_body.HTML_TYPES:
        return Skipped("not_http", entry.content_type[:80])
    if not is_text and not http_body.is_html(entry.content_type, entry.block):
        return Skipped("not_html", entry.content_type[:80])
    if entry.length > LARGEST_PAGE:
        return Skipped("too_large", f"{entry.length} bytes at byte {entry.offset}")
    charset = http_body.charset_of(entry.content_type)
    return _record(entry, piece, entry.block, entry.block, charset=charset, is_text=is_text)


def _response(entry: Entry, piece: Piece) -> Iterator[Record | Skipped]:
    response = http_body.read_response(entry.block)
    if response is None:
        yield Skipped("bad_http", f"at byte {entry.offset}")
        return
    content_type = response.headers.get("content-type", "")
    if response.status != 200:
        yield Skipped(f"status_{response.status}")
    elif _is_robots_txt(entry.url) and http_body.media_type(content_type) not in http_body.HTML_TYPES:
        yield Skipped("robots_txt")
    elif not http_body.may_be_html(content_type):
        yield Skipped("not_html", content_type[:80])
    elif not entry.held:
        yield Skipped("too_large", f"{entry.length} bytes at byte {entry.offset}")
    else:
        try:
            body, fitting = http_body.unpack(response)
        except http_body.EncodingError as error:
            yield Skipped(error.reason, f"{error.detail}, at byte {entry.offset}")
            return
        if not http_body.is_html(content_type, body):
            yield Skipped("not_html", content_type[:80])
            return
        if not fitting:
            yield Skipped("wrong_chunks", f"at byte {entry.offset}")
        charset = http_body.charset_of(content_type)
        yield _record(entry, piece, response.payload, body, charset=charset, headers=response.headers)


def _record(
    entry: Entry,
    piece: Piece,
    payload: bytes,
    body: bytes,
    charset: str | None = None,
    headers: Mapping[str, str] = EMPTY,
    is_text: bool = False,
) -> Record:
    return Record(
        container=piece.container,
        offset=entry.offset,
        url=entry.url,
        crawled_at=iso_date(entry.date),
        digest=digest_of(payload),
        body=body,
        is_text=is_text,
        charset=charset,
        headers=headers,
        language=piece.language,
        licence=piece.licence,
    )


def _saved_page(path: Place, piece: Piece) -> Record | Skipped:
    """A page in a file of its own; its address is what the browser noted when saving, else where it lies on the web,
    else file: and the container.
    """
    with path.open("rb") as file:
        body = file.read(LARGEST_PAGE + 1)
    if len(body) > LARGEST_PAGE:
        return Skipped("too_large", piece.container)
    if not http_body.is_html("text/html", body) or not (TAG.search(body) or http_body.opens_as_html(body)):
        return Skipped("not_html", piece.container)
    saved_from = SAVED_FROM.search(body[:4096])
    here = shown(piece.path) if piece.path.startswith(("http://", "https://")) else f"file:{piece.container}"
    return Record(
        container=piece.container,
        offset=0,
        url=decode(saved_from[1]) if saved_from else here,
        crawled_at=None,
        digest=digest_of(body),
        body=body,
        language=piece.language,
        licence=piece.licence,
    )


def iso_date(date: str | None) -> str | None:
    """The date as ISO 8601: as it is, or made of the 14 digits of ARC; None when it is neither."""
    if date and re.fullmatch(r"\d{14}", date):
        return f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:]}Z"
    return date if date and ISO_DATE.fullmatch(date) else None


def _is_robots_txt(url: str | None) -> bool:
    try:
        return url is not None and "/robots.txt" in url and urlsplit(url).path == "/robots.txt"
    except ValueError:  # such as http://[ without its bracket
        return False
