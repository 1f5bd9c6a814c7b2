"""Builds the sample crawl, a WARC file like those of real web crawls, from the page files and site files beside it."""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markup import render
from page import HERE, Page, Site, read_page, read_sites, read_yaml

CRAWL = HERE / "sample.warc.gz"
BEGAN = datetime(2024, 5, 14, 8, 0, 0, tzinfo=UTC)
SECONDS_BETWEEN = 7
AGENT = "xinstruct-sample/1"
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)  # a PNG image of one pixel


@dataclass(frozen=True)
class Answer:
    """What a server answered to one request."""

    url: str
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    location: str = ""


def main() -> None:
    """Build the crawl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CRAWL, help="where to write (default: beside this script)")
    out = parser.parse_args().out
    answers = crawl()
    out.write_bytes(warc(answers))
    print(f"{out.name}: {len(answers)} answers, {out.stat().st_size:,} bytes")


def crawl() -> list[Answer]:
    """Every answer of the crawl in its order: robots.txt of each host, the pages, then the odd ones."""
    sites = read_sites()
    odd = read_yaml((HERE / "pages" / "odd" / "odd.yml").read_text("utf-8"), HERE / "pages" / "odd" / "odd.yml")
    pages = read_pages(sites)
    pages |= {page.slug: page for page in near_duplicates(odd, pages, sites)}
    answers = {page.slug: answer(page, list(pages.values()), odd) for page in pages.values()}
    mirrors = [replace(answers[mirror["of"]], url=mirror["url"]) for mirror in odd["mirrors"]]
    found = [*answers.values(), *mirrors, *broken_and_missing(odd)]
    return [*(robots(host) for host in sorted({urlsplit(one.url).netloc for one in found})), *found]


def robots(host: str) -> Answer:
    """The rules of a host for crawlers."""
    rules = f"User-agent: *\nDisallow: /admin/\nDisallow: /search\nSitemap: https://{host}/sitemap.xml\n"
    return Answer(f"https://{host}/robots.txt", rules.encode(), "text/plain")


def read_pages(sites: dict[str, Site]) -> dict[str, Page]:
    """All page files by slug, `<folder>/<name>`; raises ValueError where two have one address."""
    pages = [read_page(path, sites) for path in sorted((HERE / "pages").glob("*/*.md")) if path.name != "README.md"]
    by_url: dict[str, Page] = {}
    for page in pages:
        if page.url in by_url:
            raise ValueError(f"{page.slug} and {by_url[page.url].slug} have one address: {page.url}")
        by_url[page.url] = page
    return {page.slug: page for page in pages}


def near_duplicates(odd: dict[str, Any], pages: dict[str, Page], sites: dict[str, Site]) -> Iterator[Page]:
    """The pages that `odd.yml` derives from others by small edits."""
    for number, copy in enumerate(odd["near_duplicates"], 1):
        edits = {key: value for key, value in copy.items() if key != "of"}
        page = read_page(HERE / "pages" / f"{copy['of']}.md", sites, edits)
        if page.site == pages[copy["of"]].site:
            raise ValueError(f"odd.yml: the near-duplicate of {copy['of']} must stand on another site")
        yield replace(page, slug=f"odd/near-duplicate-{number}")


def answer(page: Page, pages: list[Page], odd: dict[str, Any]) -> Answer:
    """The page as its server sends it: in UTF-8, or in the legacy encoding that `odd.yml` gives it."""
    others = [one for one in pages if one.site == page.site and one.slug != page.slug][:4]
    html_lang = odd["html_lang"].get(page.site.slug)
    legacy = odd["encodings"].get(page.slug)
    if legacy is None:
        return Answer(page.url, render(page, others, html_lang, "utf-8").encode())
    charset = legacy["charset"]
    in_meta = legacy["declared_in"] == "meta"
    html = render(page, others, html_lang, charset if in_meta else None).encode(legacy["codec"], "xmlcharrefreplace")
    return Answer(page.url, html, "text/html" if in_meta else f"text/html; charset={charset}")


def broken_and_missing(odd: dict[str, Any]) -> Iterator[Answer]:
    """Pages kept as raw files, pages that are not there, a redirect and an image."""
    for raw in odd["raw"]:
        yield Answer(raw["url"], (HERE / "pages" / "odd" / raw["file"]).read_bytes())
    gone = b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><hr>nginx</body></html>\n"
    for url in odd["not_found"]:
        yield Answer(url, gone, "text/html", "404 Not Found")
    moved = odd["redirect"]
    yield Answer(moved["from"], b"", "text/html", "301 Moved Permanently", moved["to"])
    yield Answer(odd["image"], DOT, "image/png")


def warc(answers: list[Answer]) -> bytes:
    """The WARC file, one gzip member a record: warcinfo, then responses, every third with its request before it."""
    info = b"software: corpora/sample/build.py of xinstruct\r\nformat: WARC File Format 1.0\r\nrobots: obey\r\n"
    info_headers = {"WARC-Filename": CRAWL.name, "Content-Type": "application/warc-fields"}
    records = [record("warcinfo", "", BEGAN, info_headers, info)]
    for number, one in enumerate(answers, 1):
        at = BEGAN + timedelta(seconds=SECONDS_BETWEEN * number)
        if number % 3 == 0:
            host, _, path = one.url.removeprefix("https://").partition("/")
            request = (
                f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\nAccept: text/html,*/*;q=0.8\r\n\r\n"
            )
            asked = {
                "Content-Type": "application/http; msgtype=request",
                "WARC-Concurrent-To": record_id("response", one.url),
            }
            records.append(record("request", one.url, at, asked, request.encode()))
        digest = base64.b32encode(hashlib.sha1(one.body).digest()).decode()
        headers = {"Content-Type": "application/http; msgtype=response", "WARC-Payload-Digest": f"sha1:{digest}"}
        records.append(record("response", one.url, at, headers, http_message(one, at)))
    return b"".join(zipped(one) for one in records)


def http_message(one: Answer, at: datetime) -> bytes:
    """The HTTP message of an answer."""
    lines = [
        f"HTTP/1.1 {one.status}",
        "Server: nginx",
        f"Date: {at:%a, %d %b %Y %H:%M:%S} GMT",
        f"Content-Type: {one.content_type}",
        f"Content-Length: {len(one.body)}",
        *([f"Location: {one.location}"] if one.location else []),
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + one.body


def record(kind: str, url: str, at: datetime, headers: dict[str, str], block: bytes) -> bytes:
    """One WARC record."""
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: {record_id(kind, url)}",
        f"WARC-Date: {at:%Y-%m-%dT%H:%M:%SZ}",
    ]
    if url:
        lines.append(f"WARC-Target-URI: {url}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(block)}")
    return "\r\n".join([*lines, "", ""]).encode() + block + b"\r\n\r\n"


def record_id(kind: str, url: str) -> str:
    """The identifier of a record: the same for the same address on every build."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {url}')}>"


def zipped(data: bytes) -> bytes:
    """One gzip member without a time in it."""
    member = io.BytesIO()
    with gzip.GzipFile(fileobj=member, mode="wb", compresslevel=9, mtime=0, filename="") as file:
        file.write(data)
    return member.getvalue()


if __name__ == "__main__":
    main()
