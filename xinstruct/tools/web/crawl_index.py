"""Fetches from a big public crawl just the pages that its index says are in a wanted language, byte for byte."""

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from xinstruct.languages import macro
from xinstruct.tools.store import write_bytes
from xinstruct.tools.web import asking, http_body
from xinstruct.tools.web.asking import NotServed
from xinstruct.tools.web.collected import Collected, Refused, not_fetched
from xinstruct.tools.web.members import MAGIC, WINDOW, begins_record
from xinstruct.tools.web.record import LARGEST_PAGE
from xinstruct.tools.web.signed import shown

LARGEST_ANSWER = 1 << 28  # bytes of one page of the index
AT_ONCE = 4
INDEX, STORE = "https://index.commoncrawl.org", "https://data.commoncrawl.org"
FIELDS = "url,timestamp,status,mime,mime-detected,languages,digest,filename,offset,length"


@dataclass(frozen=True)
class Crawl:
    """Which pages of which crawl. index, store: addresses of the servers; languages: labels such as swh_Latn."""

    name: str
    pattern: str
    index: str
    store: str
    languages: frozenset[str]

    @property
    def codes(self) -> list[str]:
        """The codes by which the index may name the languages: their own and their macrolanguages'."""
        return sorted({code for label in self.languages for code in (label[:3], macro(label))})


@dataclass(frozen=True)
class Capture:
    """Where a page lies: bytes [offset, offset + length) of a file of the crawl."""

    url: str
    filename: str
    offset: int
    length: int

    @property
    def key(self) -> str:
        """What the journal knows it by."""
        return f"{self.filename} {self.offset}"


def fetched(crawl: Crawl, collected: Collected) -> list[Path]:
    """The WARC files of the pages that declare a wanted language, fetched where they were not yet.

    Which these are is asked once and noted beside them. Raises NotServed when there is no such crawl or no page, and
    NoAnswer.
    """
    noted = collected.folder / f"{collected.name}.captures"
    if not noted.exists():
        found = _captures(crawl)
        write_bytes(noted, "".join(f"{json.dumps(asdict(capture))}\n" for capture in found).encode())
    captures = (Capture(**json.loads(line)) for line in noted.read_text(encoding="utf-8").splitlines())
    _fetch(crawl.store, (capture for capture in captures if capture.key not in collected.done), collected)
    return collected.close_file()


def _captures(crawl: Crawl) -> list[Capture]:
    told = {"url": crawl.pattern, "output": "json"}
    base = f"{crawl.index.rstrip('/')}/{quote(crawl.name)}-index?"
    pages = _number_of_pages(base + urlencode({**told, "showNumPages": "true"}), crawl)
    wanted = re.compile(rf"(?:.*,)?(?:{'|'.join(crawl.codes)})(?:,|$)")
    filters = ["=status:200", f"~languages:(.*,)?({'|'.join(crawl.codes)})(,.*)?$"]
    found: dict[str, Capture] = {}
    for page in range(pages):
        query = [*told.items(), ("fl", FIELDS), ("page", page), *(("filter", f) for f in filters)]
        for row in _rows(base + urlencode(query)):
            if row.get("status") == "200" and wanted.match(str(row.get("languages", ""))) and _is_page(row):
                capture = _capture(row, shown(base))
                found.setdefault(capture.key, capture)
    if not found:
        raise NotServed(f"{crawl.name} has no page of {crawl.pattern} in {' '.join(crawl.codes)}")
    return list(found.values())


def _number_of_pages(address: str, crawl: Crawl) -> int:
    try:
        told = list(_rows(address))
    except NotServed as error:
        if error.status == 404:
            where = shown(crawl.index)
            raise NotServed(f"there is no crawl {crawl.name} at {where}, or no page of {crawl.pattern}") from None
        raise
    pages = told[0].get("pages") if told else None
    if not isinstance(pages, int):
        raise NotServed(f"{shown(address)} does not answer as an index of a crawl does", 200)
    return pages


def _rows(address: str) -> Iterator[Mapping[str, Any]]:
    """The rows of an answer of the index; none when it says that it has none."""
    try:
        body = asking.whole(address, LARGEST_ANSWER).body
    except NotServed as error:
        if error.status == 404 and "showNumPages" not in address:
            return
        raise
    for line in body.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise NotServed(f"{shown(address)} does not answer as an index of a crawl does", 200)
        yield row


def _is_page(row: Mapping[str, Any]) -> bool:
    return http_body.may_be_html(str(row.get("mime-detected") or row.get("mime") or ""))


def _capture(row: Mapping[str, Any], where: str) -> Capture:
    try:
        return Capture(str(row["url"]), str(row["filename"]), int(row["offset"]), int(row["length"]))
    except (KeyError, ValueError) as error:
        raise NotServed(f"{where} names a page without saying where it lies ({error!r})") from None


def _fetch(store: str, captures: Iterable[Capture], collected: Collected) -> None:
    """Puts the pages there in the order of the index, whatever comes first; a few are asked for at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way: list[tuple[Capture, Future[bytes]]] = []
        try:
            while True:
                new = islice(captures, 2 * AT_ONCE - len(under_way))
                under_way += [(capture, pool.submit(_member, store, capture, collected.refused)) for capture in new]
                if not under_way:
                    return
                capture, first = under_way.pop(0)
                collected.put([capture.key], first.result())
        finally:
            for _, future in under_way:
                future.cancel()


def _member(store: str, capture: Capture, refused: Callable[[str], Refused]) -> bytes:
    """The page's record as it lies in the crawl, or a record that says why it is not to be had. Raises NoAnswer."""
    if why := refused(capture.url):
        return not_fetched(capture.url, *why)
    if not 0 < capture.length <= LARGEST_PAGE:
        return not_fetched(capture.url, "too_large", f"{capture.length} bytes")
    address = f"{store.rstrip('/')}/{capture.filename.lstrip('/')}"
    try:
        answer = asking.stretch(address, capture.offset, capture.offset + capture.length)
    except NotServed as error:
        return not_fetched(capture.url, "not_served", str(error))
    if not answer.ranged or len(answer.body) != capture.length or not _is_record(answer.body):
        return not_fetched(capture.url, "not_served", f"no record at byte {capture.offset} of {capture.filename}")
    return answer.body


def _is_record(member: bytes) -> bool:
    """Whether the bytes are one gzip member, in which a record begins."""
    if not member.startswith(MAGIC):
        return False
    unpacker = zlib.decompressobj(31)
    try:
        opening = unpacker.decompress(member, WINDOW)
        rest = unpacker.unconsumed_tail
        while not unpacker.eof and rest:
            unpacker.decompress(rest, 1 << 20)
            rest = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return begins_record(opening) and unpacker.eof and not unpacker.unused_data
