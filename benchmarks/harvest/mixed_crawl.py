"""Builds a crawl in which one page in twenty is in a wanted language, out of the pages of the shared one."""

import collections
import gzip
import itertools
import json
import random
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xinstruct.languages import macro

WANTED = ("swh_Latn", "som_Latn", "ben_Beng", "urd_Arab")  # written with blanks, and known to lid.176
ONE_IN = 20
# Their pages hold hidden copies in Swahili or Bengali, whatever language they are in: no filler for a crawl in which
# one page in twenty holds text in a wanted language.
WITH_COPIES = frozenset(f"html_storybooks_{country}" for country in ("kenya", "uganda", "bangladesh"))

Truth = dict[str, Any]


def build(data: Path, folder: Path, pages: int) -> dict[str, str]:
    """Writes the crawl; gives the gold text of its pages in a wanted language, by address."""
    folder.mkdir()
    with gzip.open(data / "crawl-shared.truth.jsonl.gz") as lines:
        truth = {row["url"]: row for row in map(json.loads, lines)}
    parts: dict[str, list[tuple[Truth, bytes]]] = {"wanted": [], "other": [], "copies": [], "no page": []}
    for member in members(data / "crawl-shared.warc.gz"):
        row = truth.get(address(member))
        if row:
            parts[kind_of(row)].append((row, member))
    chance = random.Random(0)
    chosen = [(n, *one) for n, one in enumerate(itertools.islice(itertools.cycle(parts["wanted"]), pages // ONE_IN))]
    rest = itertools.islice(itertools.cycle(parts["other"]), pages - len(chosen))
    chosen += [(n, *one) for n, one in enumerate(rest, len(chosen))]
    chosen += [(n, *one) for n, one in enumerate(parts["no page"] * (pages // len(truth)), len(chosen))]
    chance.shuffle(chosen)
    gold: dict[str, str] = {}
    with (folder / "crawl.warc.gz").open("wb") as file:
        for number, row, member in chosen:
            url = f"{row['url']}{'&' if '?' in row['url'] else '?'}copy={number}"
            if kind_of(row) == "wanted" and row.get("gold_text"):
                gold[url] = row["gold_text"]
            file.write(gzip.compress(renamed(member, row, url), 6))
    mixed = collections.Counter(kind_of(row) for _, row, _ in chosen)
    print(f"crawl: {dict(mixed)}, {(folder / 'crawl.warc.gz').stat().st_size / 1e6:.0f} MB, {len(gold)} with gold text")
    return gold


def kind_of(row: Truth) -> str:
    """wanted, other, copies (a page in another language with copies in a wanted one), or no page."""
    if row["kind"] == "raw-record":
        return "no page"
    codes = {label[:3] for label in WANTED} | {macro(label) for label in WANTED}
    if row.get("lang") in codes:
        return "wanted"
    return "copies" if row["source"] in WITH_COPIES else "other"


def members(path: Path) -> Iterator[bytes]:
    """The records of an archive with one gzip member for each, unpacked."""
    rest = path.read_bytes()
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        yield unpacker.decompress(rest)
        rest = unpacker.unused_data


def address(member: bytes) -> str:
    """The address in a record's header; empty where there is none."""
    found = re.search(rb"(?im)^WARC-Target-URI: *<?([^\r\n>]+)", member[:8192])
    return found[1].decode("utf-8", "replace") if found else ""


def renamed(member: bytes, row: Truth, url: str) -> bytes:
    """The record under another address, with the kind of payload that Common Crawl names, which spares datatrove the
    guessing.
    """
    head, _, block = member.partition(b"\r\n\r\n")
    head = re.sub(rb"(?im)^WARC-Target-URI:[^\r\n]*", b"WARC-Target-URI: " + url.encode(), head)
    kind = "text/html" if row["kind"] != "raw-record" else str(row.get("content_type") or "").split(";")[0]
    return head + b"\r\nWARC-Identified-Payload-Type: " + kind.encode() + b"\r\n\r\n" + block
