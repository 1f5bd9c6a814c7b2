"""Writes small web archives for the tests, sound ones and broken ones."""

import gzip
import io
import random
from pathlib import Path

PAGE = b"<!DOCTYPE html><html><head><title>%b</title></head><body><p>%b</p></body></html>"


def http(body: bytes, status: str = "200 OK", kind: str | None = "text/html; charset=utf-8", *lines: str) -> bytes:
    head = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind is not None else []), *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def warc(
    block: bytes,
    url: str | bytes = "http://example.org/",
    kind: str = "response",
    content_type: str = "application/http; msgtype=response",
    length: int | None = None,
) -> bytes:
    address = url if isinstance(url, bytes) else url.encode()
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Date: 2024-03-01T12:00:00Z\r\n".encode()
    head += b"WARC-Target-URI: " + address + b"\r\n"
    head += (
        f"Content-Type: {content_type}\r\nContent-Length: {len(block) if length is None else length}\r\n\r\n".encode()
    )
    return head + block + b"\r\n\r\n"


def arc(block: bytes, url: str = "http://example.org/", date: str = "20080430204826", kind: str = "text/html") -> bytes:
    return f"{url} 10.0.0.1 {date} {kind} {len(block)}\n".encode() + block + b"\n"


def page(name: str, size: int = 200, seed: int = 0) -> bytes:
    """A page of about `size` bytes that does not pack well, so that packed sizes vary with it."""
    letters = random.Random(f"{name} {seed}").choices(b"abcdefghijklmnopqrstuvwxyz     ", k=size)
    return PAGE % (name.encode(), bytes(letters))


def member(unpacked: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        file.write(unpacked)
    return packed.getvalue()


def crawl(count: int = 40) -> list[bytes]:
    """Records of a small crawl: pages of many sizes, and what else stands in one."""
    rng = random.Random(7)
    records = [warc(b"software: test", kind="warcinfo", content_type="application/warc-fields")]
    for number in range(count):
        url = f"http://site{number % 5}.example/{number}"
        records.append(warc(b"GET / HTTP/1.1\r\n\r\n", url, "request", "application/http; msgtype=request"))
        status = "404 Not Found" if number % 9 == 4 else "200 OK"
        records.append(warc(http(page(f"page {number}", rng.randint(10, 3000)), status), url))
    # The magic number of gzip stands in packed data too, where no record begins.
    records.insert(
        9, warc(http(rng.randbytes(3000) + b"\x1f\x8b\x08\x00" * 50, kind="application/gzip"), "http://a.example/x.gz")
    )
    return records


def write(path: Path, records: list[bytes], packed: bool = True) -> Path:
    path.write_bytes(b"".join(member(record) if packed else record for record in records))
    return path
