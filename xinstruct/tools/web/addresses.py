"""Reads lists of web addresses: text files with one on each line, and the sitemaps in which sites name their pages."""

import asyncio
import html
import re
import zlib
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from xinstruct.tools.store import write_bytes
from xinstruct.tools.web import fetcher, guest
from xinstruct.tools.web.asking import HEALING, NoAnswer, NotServed
from xinstruct.tools.web.collected import Collected, not_fetched
from xinstruct.tools.web.guest import Guest, Manners, Unfetched, http_unpacked, written
from xinstruct.tools.web.members import MAGIC
from xinstruct.tools.web.signed import shown, shown_in, unsigned

LOCATION = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*(.*?)\s*(?:\]\]>)?\s*</loc>", re.IGNORECASE | re.DOTALL)
INDEX = re.compile(r"<sitemapindex[\s>]", re.IGNORECASE)
MOST_SITEMAPS = 1_000


def fetched(lists: Iterable[Path], collected: Collected) -> list[Path]:
    """The WARC files of all pages that files of addresses name, fetched where they were not yet.

    Raises NoAnswer when no server answers.
    """
    named: list[str] = []
    for path in lists:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        if _is_sitemap_index(text):
            raise NotServed(f"{path} is a list of sitemaps; give its address instead")
        named += listed(text)
    fetcher.fetch(named, collected, guest.MANNERS)
    return collected.close_file()


def fetched_of_sitemap(address: str, collected: Collected) -> list[Path]:
    """The WARC files of all pages that a sitemap names, or the sitemaps that it names.

    Which these are is asked once and noted beside the pages. Raises NotServed when there is no sitemap, and NoAnswer.
    """
    noted = collected.folder / f"{collected.name}.addresses"
    if not noted.exists():
        addresses = asyncio.run(_of_sitemaps(address, collected, guest.MANNERS))
        write_bytes(noted, "".join(f"{line}\n" for line in addresses).encode())
    fetcher.fetch(noted.read_text(encoding="utf-8").splitlines(), collected, guest.MANNERS)
    return collected.close_file()


def listed(text: str) -> list[str]:
    """The addresses of a sitemap, or of a text with one on each line; a line that begins with # is a remark."""
    if LOCATION.search(text):
        return [written(html.unescape(found)) for found in LOCATION.findall(text)]
    return [written(line) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _is_sitemap_index(text: str) -> bool:
    return INDEX.search(text[:10_000]) is not None


async def _of_sitemaps(first: str, collected: Collected, manners: Manners) -> list[str]:
    """The pages of a sitemap and of those that it names; one of these that is not got is noted as a page would be."""
    waiting, met, found = deque([first]), {first}, dict[str, None]()
    async with Guest(manners) as visitor:
        while waiting:
            address = waiting.popleft()
            try:
                text = await _sitemap(visitor, address)
            except Unfetched as error:
                if address != first:
                    collected.put([unsigned(address)], not_fetched(address, error.reason, error.detail))
                    continue
                sentence = f"{shown(first)} was not fetched: {error.reason}, {shown_in(error.detail)}"
                raise (NoAnswer(f"{sentence}.") if error.passing else NotServed(sentence)) from None
            if not _is_sitemap_index(text):
                found.update(dict.fromkeys(listed(text)))
                continue
            for inner in listed(text):
                if inner not in met and len(met) < MOST_SITEMAPS:
                    met.add(inner)
                    waiting.append(inner)
    if not found:
        raise NotServed(f"{shown(first)} names no page")
    return list(found)


async def _sitemap(visitor: Guest, address: str) -> str:
    """The text of a sitemap, which may be packed. Raises Unfetched."""
    answer = await visitor.followed(address)
    if answer.status != 200:
        passing = answer.status in HEALING
        raise Unfetched("no_answer", f"{answer.status} {answer.reason}", passing=passing)
    body = http_unpacked(answer)
    if body.startswith(MAGIC):
        try:
            unpacker = zlib.decompressobj(31)
            body = unpacker.decompress(body, guest.LARGEST_LIST)
        except zlib.error as error:
            raise Unfetched("no_answer", f"no sitemap: {error}") from None
        if unpacker.unconsumed_tail:
            raise Unfetched("too_large", f"more than {guest.LARGEST_LIST} bytes")
    return body.decode("utf-8-sig", "replace")
