"""Undoes what HTTP did to a page on its way: reads headers, joins chunks, unpacks bodies, tells HTML from the rest."""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pyarrow as pa

from xinstruct.tools.web.header_lines import parse_fields
from xinstruct.tools.web.record import LARGEST_PAGE

AT_ONCE = 1 << 20
BLOCK = 1 << 14
HIGHEST_RATIO = 50  # of an encoded body that outgrows LARGEST_PAGE: below this it is merely too large
SNIFFED = 1 << 13
LONGEST_HEADER = 1 << 18
STATUS_LINE = re.compile(rb"\s{0,8}HTTP/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)[^\n]*(?:\n|\Z)")
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:+-]+)", re.IGNORECASE)
MEDIA_TYPE = re.compile(r"[^;,\s]*")
HTML_TYPES = ("text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml")
UNSURE_TYPES = ("text/plain", "application/octet-stream", "application/xml", "text/xml", "unknown/unknown")
HTML_START = re.compile(rb"<(?:!doctype\s+html|(?:html|head|body|title|meta)[\s>])", re.IGNORECASE)
# PDF, PNG, GIF, JPEG, zip, gzip, RIFF, ELF, rar, bzip2, 7z, xz, zstd, ogg, ID3, WOFF, ICO, Flash: no pages, whatever
# is said.
BINARY_START = re.compile(
    rb"%PDF-|\x89PNG|GIF8[79]a|\xff\xd8\xff|PK\x03\x04|\x1f\x8b\x08|RIFF.{4}|\x7fELF|Rar!|BZh\d|7z\xbc\xaf|\xfd7zXZ|\x28\xb5\x2f\xfd"
    rb"|OggS|ID3|wOF[F2]|\x00\x00\x01\x00|[FCZ]WS[\x00-\x20]",
    re.DOTALL,
)


class EncodingError(Exception):
    """The body cannot be unpacked. reason: bad_encoding, too_large or decompression_bomb."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: status, headers with lower-case names, and the payload as it stands in the archive."""

    status: int
    headers: Mapping[str, str]
    payload: bytes


def read_response(block: bytes) -> Response | None:
    """The response in a record's block; None when its status line cannot be read. 100 Continue is passed over."""
    start = 0
    while line := STATUS_LINE.match(block, start):
        found = BLANK_LINE.search(block, line.end() - 2, start + LONGEST_HEADER)
        if found is None and len(block) > start + LONGEST_HEADER:
            return None
        end, payload = found.span() if found else (len(block), len(block))
        status = int(line[1])
        if status >= 200 or not STATUS_LINE.match(block, payload):
            return Response(status, parse_fields(block[line.end() : end]), block[payload:])
        start = payload
    return None


def media_type(content_type: str) -> str:
    """text/html of "Text/HTML; charset=utf-8"."""
    found = MEDIA_TYPE.match(content_type.strip())
    return found[0].lower() if found else ""


def charset_of(content_type: str) -> str | None:
    """utf-8 of "text/html; charset=utf-8"."""
    found = CHARSET.search(content_type)
    return found[1] if found else None


def may_be_html(content_type: str) -> bool:
    """Whether a body of this type is HTML or has to be looked at."""
    kind = media_type(content_type)
    return kind in HTML_TYPES or kind in UNSURE_TYPES or "/" not in kind


def is_html(content_type: str, body: bytes) -> bool:
    """Whether the body is HTML: its type says so and it is no known binary format, or it opens as HTML does."""
    if media_type(content_type) in HTML_TYPES:
        return BINARY_START.match(body) is None
    return may_be_html(content_type) and opens_as_html(body)


def opens_as_html(body: bytes) -> bool:
    """Whether the first tag, after comments and XML declarations, is one with which a page begins."""
    text = body[:SNIFFED]
    if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = text.decode("utf-16", "ignore").encode("ascii", "ignore")
    text = text.removeprefix(b"\xef\xbb\xbf").lstrip()
    while text.startswith((b"<!--", b"<?xml")):
        text = text.partition(b"-->" if text.startswith(b"<!--") else b"?>")[2].lstrip()
    return HTML_START.match(text) is not None


def unpack(response: Response) -> tuple[bytes, bool]:
    """The body with transfer- and content-encoding undone, and whether its chunks fitted. Raises EncodingError."""
    body, fitting = response.payload, True
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body, fitting = join_chunks(body)
    names = response.headers.get("content-encoding", "").lower().split(",")
    for name in reversed([n.strip() for n in names]):
        body = _decode(body, name)
    if len(body) > LARGEST_PAGE:
        raise EncodingError("too_large", f"{len(body)} bytes")
    return body, fitting


def join_chunks(payload: bytes) -> tuple[bytes, bool]:
    """The chunks of a transfer-encoded payload as one, and whether they fitted; where they do not, it stays as it is.

    Many crawlers join the chunks but leave the header as it was: what does not even begin with a chunk is not chunked.
    """
    body = bytearray()
    at = 0
    while size := CHUNK_SIZE.match(payload, at):
        length, begin = int(size[1], 16), size.end()
        if length == 0:
            return bytes(body), True
        body += payload[begin : begin + length]
        at = begin + length
        if payload.startswith(b"\r\n", at):
            at += 2
        elif payload.startswith(b"\n", at):
            at += 1
        else:
            break
    return bytes(body) + payload[at:], not at


def _decode(body: bytes, name: str) -> bytes:
    ways: list[Callable[[bytes], Iterator[bytes]]] = []  # for identity, none, utf-8 and other misunderstandings
    if name in ("gzip", "x-gzip") and body.startswith(
        b"\x1f\x8b"
    ):  # servers and crawlers leave the name on what is unpacked
        ways = [partial(_inflate, window=31)]
    elif name == "deflate":
        ways = [partial(_inflate, window=15), partial(_inflate, window=-15)]
    elif name == "br":
        ways = [partial(_unstream, codec="brotli")]
    elif name == "zstd" and body.startswith(b"\x28\xb5\x2f\xfd"):
        ways = [partial(_unstream, codec="zstd")]
    for way in ways:
        try:
            unpacked = _limited(way(body), len(body))
        except (zlib.error, OSError):
            continue
        if unpacked or not body:
            return unpacked
    if ways and not opens_as_html(body):
        raise EncodingError("bad_encoding", f"{name} body of {len(body)} bytes")
    return body


def _limited(parts: Iterator[bytes], packed: int) -> bytes:
    whole: list[bytes] = []
    size = 0
    for part in parts:
        whole.append(part)
        size += len(part)
        if size > LARGEST_PAGE:
            reason = "decompression_bomb" if size > HIGHEST_RATIO * packed else "too_large"
            raise EncodingError(reason, f"{packed} bytes unpack to more than {LARGEST_PAGE}")
    return b"".join(whole)


def _inflate(body: bytes, window: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    while body:
        yield inflater.decompress(body, AT_ONCE)
        body = inflater.unconsumed_tail
        if inflater.eof:
            return
    yield inflater.flush()


def _unstream(body: bytes, codec: Literal["brotli", "zstd"]) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.BufferReader(body), codec) as stream:
        try:
            while part := stream.read(BLOCK):
                yield part
        except OSError as error:
            if "runcated" not in str(error):  # a body that was cut off is taken as far as it goes, as with gzip
                raise
