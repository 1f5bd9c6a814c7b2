"""Reading: web archives, saved pages, JSON lines and Parquet, sound and broken, whole and in pieces."""

import gzip
import json
import os
import random
import subprocess
import sys
import textwrap
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.archives import arc, crawl, http, member, page, warc, write
from xinstruct.candidate import Skipped
from xinstruct.tools.web.reader import Piece, Record, fingerprint, read_record, records, split
from xinstruct.tools.web.record import LARGEST_PAGE, digest_of, is_reason

EVERYTHING = 1 << 40


def read(path: Path, kind: str = "warc", start: int = 0, end: int = EVERYTHING) -> list[Record | Skipped]:
    found = list(records(Piece(kind, str(path), path.name, start, end)))
    assert all(is_reason(skipped.reason) for skipped in found if isinstance(skipped, Skipped))
    return found


def pages(found: list[Record | Skipped]) -> list[Record]:
    return [record for record in found if isinstance(record, Record)]


def reasons(found: list[Record | Skipped]) -> Counter[str]:
    return Counter(skipped.reason for skipped in found if isinstance(skipped, Skipped))


def only(path: Path, kind: str = "warc") -> Record | Skipped:
    found = read(path, kind)
    assert len(found) == 1
    return found[0]


def body_of(path: Path) -> bytes:
    record = only(path)
    assert isinstance(record, Record)
    return record.body


# --- what is a page


def test_html_response_with_status_200_is_a_page(tmp_path: Path) -> None:
    block = http(page("one"), "200 OK", "text/html; charset=windows-1252", "X-Served-By: a", "X-Served-By: b")
    record = only(write(tmp_path / "a.warc.gz", [warc(block, "http://example.org/one")]))
    assert record == Record(
        container="a.warc.gz",
        offset=0,
        url="http://example.org/one",
        crawled_at="2024-03-01T12:00:00Z",
        digest=digest_of(page("one")),
        body=page("one"),
        charset="windows-1252",
        headers={"content-type": "text/html; charset=windows-1252", "x-served-by": "a, b"},
    )


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (warc(http(page("x"), "404 Not Found")), "status_404"),
        (warc(http(page("x"), "206 Partial Content")), "status_206"),
        (warc(http(b"\x89PNG\r\n", kind="image/png")), "not_html"),
        (warc(http(b"%PDF-1.4 ...", kind="text/html")), "not_html"),
        (warc(http(b"words and words", kind="text/plain")), "not_html"),
        (warc(http(b"words and words", kind=None)), "not_html"),
        (warc(http(b"User-agent: *", kind="text/plain"), "http://example.org/robots.txt"), "robots_txt"),
        (warc(b"HTTP/1.1 OK\r\n\r\n<html>"), "bad_http"),
        (warc(b"20240301\nexample.org. A 10.0.0.1", "dns:example.org", content_type="text/dns"), "not_http"),
        (warc(b"GET /", kind="request"), "request"),
        (warc(b"{}", kind="metadata", content_type="application/json"), "metadata"),
        (warc(http(b""), kind="revisit"), "revisit"),
        (warc(b"", kind="warcinfo"), "warcinfo"),
        (warc(b"", kind="continuation"), "continuation"),
        (warc(b"", kind="screenshot"), "other_record"),
        (warc(b"\x89PNG", kind="resource", content_type="image/png"), "not_html"),
    ],
)
def test_what_is_no_page_is_named(tmp_path: Path, record: bytes, reason: str) -> None:
    assert reasons(read(write(tmp_path / "a.warc.gz", [record]))) == {reason: 1}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/octet-stream", "", None, "unknown", "application/xhtml+xml"]
)
@pytest.mark.parametrize("opening", [b"", b"\xef\xbb\xbf \n", b"<?xml version='1.0'?>\n<!-- a <p> --> "])
def test_html_is_known_by_its_beginning_when_its_type_is_unsure(
    tmp_path: Path, kind: str | None, opening: bytes
) -> None:
    body = opening + page("one")
    assert body_of(write(tmp_path / "a.warc.gz", [warc(http(body, "200 OK", kind))])) == body


def test_html_resource_and_text_conversion_are_pages(tmp_path: Path) -> None:
    resource = warc(page("saved"), kind="resource", content_type="text/html; charset=utf-8")
    text = warc(b"Habari za leo.", kind="conversion", content_type="text/plain")
    found = pages(read(write(tmp_path / "a.warc.gz", [resource, text])))
    assert [(r.is_text, r.charset) for r in found] == [(False, "utf-8"), (True, None)]
    assert found[1].body == b"Habari za leo."


def test_interim_answer_is_passed_over(tmp_path: Path) -> None:
    block = b"HTTP/1.1 100 Continue\r\n\r\n" + http(page("one"))
    assert body_of(write(tmp_path / "a.warc.gz", [warc(block)])) == page("one")


def test_hostile_headers_cost_no_time(tmp_path: Path) -> None:
    many = b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 40_000 + b"Content-Type: text/html\r\n\r\n" + page("one")
    endless = b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 1_000_000
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000 + http(page("two"))
    nibbles = http(b"1\r\n<\r\n" * 1_000_000 + b"0\r\n\r\n", "200 OK", "text/html", "Transfer-Encoding: chunked")
    begin = time.monotonic()
    found = read(write(tmp_path / "a.warc.gz", [warc(block) for block in (many, endless, interim, nibbles)]))
    assert time.monotonic() - begin < 10
    assert [r.body[:20] for r in pages(found)] == [page("one")[:20], page("two")[:20], b"<" * 20]
    assert reasons(found) == {"bad_http": 1}


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("<http://example.org/wget>", "http://example.org/wget"),
        ("http://example.org/with two spaces", "http://example.org/with two spaces"),
        ("http://example.org/ä?q=ö", "http://example.org/ä?q=ö"),
        (b"http://example.org/\xe4", "http://example.org/ä"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_url_is_as_in_the_record(tmp_path: Path, written: str | bytes, url: str) -> None:
    record = only(write(tmp_path / "a.warc.gz", [warc(http(page("x")), written)]))
    assert isinstance(record, Record)
    assert record.url == url


# --- transfer- and content-encoding


def chunked(body: bytes, size: int = 50) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


ENCODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": lambda body: pa.Codec("brotli").compress(body).to_pybytes(),
    "zstd": lambda body: pa.Codec("zstd").compress(body).to_pybytes(),
    "deflate, gzip": lambda body: gzip.compress(zlib.compress(body)),
    "identity": bytes,
    "utf-8": bytes,
}


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_encodings_are_undone(tmp_path: Path, name: str, in_chunks: bool) -> None:
    payload = ENCODINGS[name](page("one"))
    lines = [f"Content-Encoding: {name}"]
    if in_chunks:
        payload = chunked(payload)
        lines.append("Transfer-Encoding: Chunked")
    record = only(write(tmp_path / "a.warc.gz", [warc(http(payload, "200 OK", "text/html", *lines))]))
    assert isinstance(record, Record)
    assert record.body == page("one")
    assert record.digest == digest_of(payload)


def test_headers_of_what_the_crawler_undid_already_do_no_harm(tmp_path: Path) -> None:
    for name in ("gzip", "deflate", "br", "zstd"):
        lines = [f"Content-Encoding: {name}", "Transfer-Encoding: chunked"]
        block = http(page("one"), "200 OK", "text/html", *lines)
        assert body_of(write(tmp_path / "a.warc.gz", [warc(block)])) == page("one")


def test_wrong_chunks_are_counted_and_the_page_is_read(tmp_path: Path) -> None:
    payload = chunked(page("one")).replace(b"\r\n32;", b"\r\nzz;", 1)
    found = read(
        write(tmp_path / "a.warc.gz", [warc(http(payload, "200 OK", "text/html", "Transfer-Encoding: chunked"))])
    )
    assert reasons(found) == {"wrong_chunks": 1}
    assert pages(found)[0].body.startswith(page("one")[:50])
    assert page("one")[-20:] in pages(found)[0].body


def test_body_that_was_cut_off_gives_what_there_is(tmp_path: Path) -> None:
    whole = page("one", 400_000)  # zstd and brotli work in blocks; what is left of one of theirs is lost
    for name in ("gzip", "deflate", "br", "zstd"):
        payload = ENCODINGS[name](whole)
        block = http(payload[: len(payload) * 2 // 3], "200 OK", "text/html", f"Content-Encoding: {name}")
        body = body_of(write(tmp_path / "a.warc.gz", [warc(block)]))
        assert whole.startswith(body)
        assert len(body) > 10_000


def test_broken_encoding_is_named(tmp_path: Path) -> None:
    payload = bytearray(gzip.compress(page("one", 5000)))
    payload[1000:1100] = bytes(100)
    block = http(bytes(payload), "200 OK", "text/html", "Content-Encoding: gzip")
    assert reasons(read(write(tmp_path / "a.warc.gz", [warc(block)]))) == {"bad_encoding": 1}


# --- kinds of archive


def test_arc_is_read_packed_and_plain(tmp_path: Path) -> None:
    about = b"1 1 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n"
    first = f"filedesc://a.arc 0.0.0.0 20080430204825 text/plain {len(about)}\n".encode() + about + b"\n"
    made = [
        first,
        arc(b"20080430\nexample.org A 10.0.0.1", "dns:example.org", kind="text/dns"),
        arc(http(page("one")), "http://example.org/a page"),
        arc(http(page("two")), date="null"),
    ]
    for packed in (True, False):
        found = read(write(tmp_path / "a.arc", made, packed))
        assert reasons(found) == {"warcinfo": 1, "not_http": 1}
        assert [(r.url, r.crawled_at, r.body) for r in pages(found)] == [
            ("http://example.org/a page", "2008-04-30T20:48:26Z", page("one")),
            ("http://example.org/", None, page("two")),
        ]


@pytest.mark.parametrize("packed", [True, False])
def test_every_record_is_found_again_by_its_offset(tmp_path: Path, packed: bool) -> None:
    path = write(tmp_path / "a.warc", crawl(), packed)
    for record in pages(read(path)):
        again = read_record(path, record.offset)
        assert isinstance(again, Record)
        assert (again.url, again.body) == (record.url, record.body)
    assert isinstance(read_record(path, 3), Skipped)


def test_records_of_one_gzip_member_are_told_apart_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(member(b"".join(crawl())))
    found = pages(read(path))
    assert {record.offset for record in found} == {0}
    assert [r.body for r in found] == [r.body for r in pages(read(write(tmp_path / "b.warc.gz", crawl())))]
    again = read_record(path, 0, found[5].digest)
    assert isinstance(again, Record)
    assert again.body == found[5].body


def test_record_may_run_across_gzip_members(tmp_path: Path) -> None:
    unpacked = b"".join(crawl())
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(member(unpacked[i : i + 777]) for i in range(0, len(unpacked), 777)))
    assert [r.body for r in pages(read(path))] == [r.body for r in pages(read(write(tmp_path / "b.warc.gz", crawl())))]


def test_zeros_between_members_are_padding(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(member(record) + bytes(100) for record in crawl()))
    assert read(path)[-1] == read(path)[-1]
    assert not set(reasons(read(path))) & {"bad_member", "bad_header", "truncated_gzip"}


# --- damage


def test_bad_member_costs_itself_only(tmp_path: Path) -> None:
    members = [member(warc(http(page(str(n), 2000)), f"http://example.org/{n}")) for n in range(5)]
    for at in (12, 300, len(members[2]) - 6):  # in the packed data, and in the checksum
        broken = bytearray(members[2])
        broken[at] ^= 0x55
        path = tmp_path / "a.warc.gz"
        path.write_bytes(b"".join([*members[:2], bytes(broken), *members[3:]]))
        found = read(path)
        assert [r.url for r in pages(found)] == [f"http://example.org/{n}" for n in (0, 1, 3, 4)]
        assert sum(reasons(found).values()) == 1
        assert set(reasons(found)) <= {"bad_member"}


def test_member_with_broken_beginning_is_counted_wherever_it_stands(tmp_path: Path) -> None:
    members = [member(warc(http(page(str(n))), f"http://example.org/{n}")) for n in range(4)]
    for place in range(4):
        broken = [m if n != place else b"\0\1\2" + m[3:] for n, m in enumerate(members)]
        path = tmp_path / "a.warc.gz"
        path.write_bytes(b"".join(broken))
        found = read(path)
        assert [r.url for r in pages(found)] == [f"http://example.org/{n}" for n in range(4) if n != place]
        assert reasons(found) == {"bad_member": 1}


def test_truncated_file_gives_what_is_left_and_says_so(tmp_path: Path) -> None:
    records_ = [warc(http(page(str(n), 5000)), f"http://example.org/{n}") for n in range(3)]
    for packed, reason in ((True, "truncated_gzip"), (False, "truncated_record")):
        path = write(tmp_path / "a.warc", records_, packed)
        path.write_bytes(path.read_bytes()[:-1500])
        found = read(path)
        assert reasons(found) == {reason: 1}
        assert isinstance(found[2], Skipped)
        assert [r.url for r in pages(found)] == [f"http://example.org/{n}" for n in range(3)]
        last = pages(found)[2].body
        assert 2000 < len(last) < 5000
        assert page("2", 5000).startswith(last)


def test_file_cut_in_a_header_is_counted(tmp_path: Path) -> None:
    first, second = (warc(http(page(str(n))), f"http://example.org/{n}") for n in range(2))
    for name, content in (("a.warc", first + second[:60]), ("a.warc.gz", member(first) + member(second)[:40])):
        (tmp_path / name).write_bytes(content)
        found = read(tmp_path / name)
        assert len(pages(found)) == 1
        assert sum(reasons(found).values()) == 1


def test_record_with_bad_header_costs_itself_only(tmp_path: Path) -> None:
    for broken in (
        warc(http(page("x"))).replace(b"WARC/1.0", b"WARK/1.0"),
        warc(http(page("x"))).replace(b"Content-Length", b"Content-Width"),
        b"noise " * 5000 + b"\r\n\r\n",
    ):
        made = [warc(http(page("one")), "http://one/"), broken, warc(http(page("two")), "http://two/")]
        for packed in (True, False):
            found = read(write(tmp_path / "a.warc", made, packed))
            assert [(r.url, r.body) for r in pages(found)] == [
                ("http://one/", page("one")),
                ("http://two/", page("two")),
            ]
            assert reasons(found) in ({"bad_header": 1}, {"bad_member": 1})


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("change", [-60, -1, 1, 7, 500, 10**7, 10**12])
def test_wrong_length_harms_no_other_record(tmp_path: Path, packed: bool, change: int) -> None:
    block = http(page("one"))
    made = [
        warc(block, "http://one/", length=len(block) + change),
        *(warc(http(page(name)), f"http://{name}/") for name in ("two", "three")),
    ]
    found = read(write(tmp_path / "a.warc", made, packed))
    assert {(r.url, r.body) for r in pages(found)} >= {(f"http://{name}/", page(name)) for name in ("two", "three")}
    assert sum(reasons(found).values()) == 1 - (change == 1 and not reasons(found))
    if change < 10**7:
        assert pages(found)[0].body.rstrip() == page("one")


def test_wrong_length_in_one_big_member_harms_no_other_record(tmp_path: Path) -> None:
    block = http(page("one"))
    made = [warc(block, "http://one/", length=len(block) + 90), warc(http(page("two")), "http://two/")]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(member(b"".join(made)))
    found = read(path)
    assert [(r.url, r.body) for r in pages(found)] == [("http://one/", page("one")), ("http://two/", page("two"))]
    assert reasons(found) == {"bad_length": 1}


def test_what_is_no_archive_gets_one_clear_name(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(200_000)
    for content, reason in (
        (b"", "empty_file"),
        (noise, "unknown_format"),
        (gzip.compress(noise), "unknown_format"),
        (b"\x1f\x8b\x08\x00" + noise, "unknown_format"),
        (b"just some words\n" * 1000, "unknown_format"),
        (b"\n", "unknown_format"),
    ):
        path = tmp_path / "noise.warc.gz"
        path.write_bytes(content)
        assert reasons(read(path)) == {reason: 1}
    (tmp_path / "folder.warc.gz").mkdir()
    assert reasons(read(tmp_path / "folder.warc.gz")) == {"not_a_file": 1}
    assert [asdict(p)["end"] for p in split(tmp_path / "folder.warc.gz", "warc", "f", 100, None, None)] == [0]
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing.warc.gz")
    with pytest.raises(FileNotFoundError):
        list(split(tmp_path / "missing.warc.gz", "warc", "m", 100, None, None))


def test_file_without_permission_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", crawl())
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read everything
    try:
        assert set(reasons(read(path))) == {"no_permission"}
    finally:
        os.seteuid(user)


# --- pieces


def damaged_crawl(path: Path) -> Path:
    members = [member(record) for record in crawl()]
    members[20] = members[20][:40] + bytes(20) + members[20][60:]
    members[33] = b"\xff\xff" + members[33][2:]
    two = crawl()[40] + crawl()[41]  # one member with two records, and a record across two members
    members[40:42] = [member(two)]
    cut = crawl()[60]
    members[60:61] = [member(cut[:300]), member(cut[300:])]
    members[70] += b"\0" * 31
    path.write_bytes(b"".join(members) + b"what is this")
    return path


def in_pieces(path: Path, cuts: list[int]) -> list[Record | Skipped]:
    bounds = [0, *sorted(cuts), path.stat().st_size]
    found: list[Record | Skipped] = []
    for start, end in pairwise(bounds):
        found += read(path, "warc", start, end) if start < end else []
    return found


def test_pieces_share_out_a_damaged_archive_whatever_the_boundaries(tmp_path: Path) -> None:
    path = damaged_crawl(tmp_path / "a.warc.gz")
    size, whole = path.stat().st_size, read(path)
    assert reasons(whole)["bad_member"] == 3
    assert len(pages(whole)) > 30
    rng = random.Random(5)
    for _ in range(150):
        assert in_pieces(path, [rng.randrange(size) for _ in range(rng.randint(1, 12))]) == whole
    starts = {record.offset + shift for record in pages(whole) for shift in (-1, 0, 1)} - {-1, 0}
    for cut in sorted(starts):
        assert in_pieces(path, [cut]) == whole


def test_split_gives_pieces_that_hold_everything_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc.gz", crawl(100))
    pieces = list(split(path, "warc", "crawl/a.warc.gz", 20_000, "swh_Latn", "CC-BY-4.0"))
    assert len(pieces) == round(path.stat().st_size / 20_000) > 3
    found = [record for piece in pieces for record in records(Piece(**json.loads(json.dumps(asdict(piece)))))]
    assert [r.body for r in pages(found)] == [r.body for r in pages(read(path))]
    assert {(r.container, r.language, r.licence) for r in pages(found)} == {
        ("crawl/a.warc.gz", "swh_Latn", "CC-BY-4.0")
    }
    plain = write(tmp_path / "a.warc", crawl(100), packed=False)
    assert len(list(split(plain, "warc", "a.warc", 20_000, None, None))) == 1


def test_plain_archive_read_in_pieces_is_shared_out_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.warc", crawl(10), packed=False)
    whole = read(path)
    rng = random.Random(2)
    for _ in range(20):
        assert in_pieces(path, [rng.randrange(path.stat().st_size) for _ in range(3)]) == whole


# --- size and memory


def peak_of(code: str, *arguments: str | Path) -> tuple[str, int]:
    """What the code prints, and the most memory in MB that its process took."""
    tail = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    script = "from xinstruct.tools.web.reader import *\n" + textwrap.dedent(code) + tail
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    *printed, peak = done.stdout.split()
    return " ".join(printed), int(peak)


COUNT = """
import collections, sys
found = collections.Counter()
for r in records(Piece("warc", sys.argv[1], "c", 0, 1 << 40)):
    found["page" if isinstance(r, Record) else r.reason] += 1
print(*sorted(f"{name}={n}" for name, n in found.items()))
"""


def packed_zeros(path: Path, head: bytes, megabytes: int, tail: bytes) -> None:
    with path.open("wb") as file:
        packer = zlib.compressobj(1, wbits=31)
        file.write(packer.compress(head))
        for _ in range(megabytes):
            file.write(packer.compress(b" " * 1_000_000))
        file.write(packer.compress(tail) + packer.flush())


@pytest.mark.slow
def test_page_of_300_megabytes_is_skipped_without_memory(tmp_path: Path) -> None:
    block = http(b"<html><body>")
    huge = warc(block, "http://huge/", length=len(block) + 300_000_000)[:-4]
    path = tmp_path / "a.warc.gz"
    packed_zeros(path, huge, 300, b"\r\n\r\n")
    with path.open("ab") as file:
        file.write(member(warc(http(page("after")))))
    _, usual = peak_of(COUNT, write(tmp_path / "b.warc.gz", crawl()))
    printed, peak = peak_of(COUNT, path)
    assert printed == "page=1 too_large=1"
    assert peak < usual + 15
    plain = tmp_path / "a.warc"
    with plain.open("wb") as file:
        file.write(huge)
        for _ in range(300):
            file.write(b" " * 1_000_000)
        file.write(b"\r\n\r\n" + warc(http(page("after"))))
    printed, peak = peak_of(COUNT, plain)
    assert printed == "page=1 too_large=1"
    assert peak < usual + 15


@pytest.mark.slow
def test_decompression_bombs_are_named_without_memory(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(300)) + packer.flush()
    inner = warc(http(bomb, "200 OK", "text/html", "Content-Encoding: gzip"))
    path = tmp_path / "a.warc.gz"
    packed_zeros(path, warc(http(page("x")))[:-4], 280, b"")  # a member that goes on and on behind its record
    with path.open("ab") as file:
        file.write(member(inner) + member(warc(http(page("after")))))
    printed, peak = peak_of(COUNT, path)
    assert printed == "decompression_bomb=2 page=1"
    _, usual = peak_of(COUNT, write(tmp_path / "b.warc.gz", crawl()))
    assert peak < usual + 4 * LARGEST_PAGE // 1_000_000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    few, many = tmp_path / "few.warc.gz", tmp_path / "many.warc.gz"
    unit = b"".join(member(record) for record in crawl(100))
    few.write_bytes(unit)
    many.write_bytes(unit * 50)
    assert peak_of(COUNT, many)[1] < peak_of(COUNT, few)[1] + 8


# --- saved pages


def test_saved_pages_of_a_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.html").write_bytes(page("b"))
    (folder / "inner" / "a.HTM").write_bytes(b"<!-- saved from url=(0022)http://example.org/a -->" + page("a"))
    (folder / "c.html").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (folder / "d.html").write_bytes(b"no tag is in these words")
    (folder / "e.html").write_bytes(b"")
    (folder / "f.html").write_bytes(b"<html>" + bytes(LARGEST_PAGE))
    (folder / "notes.txt").write_text("not asked for")
    pieces = list(split(folder, "html", "site", 100, "fin_Latn", None))
    found = [record for piece in pieces for record in records(piece)]
    assert [(r.url, r.container, r.language) for r in pages(found)] == [
        ("file:site/b.html", "site/b.html", "fin_Latn"),
        ("http://example.org/a", "site/inner/a.HTM", "fin_Latn"),
    ]
    assert reasons(found) == {"not_html": 2, "empty_file": 1, "too_large": 1}


# --- rows


ROWS = [
    {"text": "Habari za asubuhi.", "url": "http://example.org/1", "title": "Salamu", "language": "sw", "id": 7},
    {"text": "Terveisiä Turusta.\nJa Oulusta.", "language": "fin_Latn", "licence": "CC0-1.0"},
    {"text": "我们走吧。", "language": "zh-Hans", "license": "CC-BY-4.0", "date": "2024-01-01"},
    {"text": "Tell me.", "language": "Klingon"},
    {"text": "Сәлем!", "language": "kaz", "language_script": "Cyrl"},
]
READ = [
    ("Habari za asubuhi.", "http://example.org/1", "Salamu", "swh_Latn", None, "7"),
    ("Terveisiä Turusta.\nJa Oulusta.", None, None, "fin_Latn", "CC0-1.0", None),
    ("我们走吧。", None, None, "cmn_Hans", "CC-BY-4.0", None),
    ("Tell me.", None, None, None, None, None),
    ("Сәлем!", None, None, "kaz_Cyrl", None, None),
]


def shown(
    found: list[Record | Skipped],
) -> list[tuple[str, str | None, str | None, str | None, str | None, str | None]]:
    return [(r.body.decode(), r.url, r.title, r.language, r.licence, r.id) for r in pages(found)]


def lines(rows: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=number % 2 == 0).encode() + b"\n" for number, row in enumerate(rows))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda text: pa.Codec("zstd").compress(text).to_pybytes()])
def test_json_lines_are_read_plain_and_packed(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(pack(lines(ROWS)))  # type: ignore[operator]
    found = read(path, "jsonl")
    assert shown(found) == READ
    assert all(r.whole and r.is_text and r.digest == digest_of(r.body) for r in pages(found))
    again = [read_record(path, r.offset, kind="jsonl") for r in pages(found)]
    assert shown(again) == READ


def test_bad_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    deep = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    bad = [b"{", b"[1]", b'{"text": 3}', b"{}", b'{"text": " "}', b"\xff\xfe", b"", b" ", deep]
    path.write_bytes(
        b"\xef\xbb\xbf" + lines(ROWS[:1]) + b"\n".join(bad) + b'\r\n{"text": "lone \\ud800 half", "title": "\\udfff"}'
    )
    found = read(path, "jsonl")
    assert [(r.body.decode(), r.title) for r in pages(found)] == [
        ("Habari za asubuhi.", "Salamu"),
        ("lone \ufffd half", "\ufffd"),
    ]
    assert reasons(found) == {"bad_json_line": 4, "no_text": 3}


def test_pieces_share_out_json_lines_whatever_the_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(ROWS) + b"{bad\n\n" + lines(ROWS))
    whole, size = read(path, "jsonl"), path.stat().st_size
    for cut in range(1, size):
        assert read(path, "jsonl", 0, cut) + read(path, "jsonl", cut, size) == whole
    pieces = list(split(path, "jsonl", "rows.jsonl", 60, None, None))
    assert len(pieces) > 5
    assert [r for piece in pieces for r in records(piece)] == whole


@pytest.mark.slow
def test_huge_line_is_skipped_without_memory(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "')
        for _ in range(200):
            file.write(b"a" * 1_000_000)
        file.write(b'"}\n' + lines(ROWS[:1]))
    code = COUNT.replace('"warc"', '"jsonl"')
    printed, peak = peak_of(code, path)
    assert printed == "page=1 too_large=1"
    path.write_bytes(lines(ROWS))
    assert peak < peak_of(code, path)[1] + 100


def test_truncated_packed_lines_give_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    rows = [{"text": page(str(n), 2000).decode()} for n in range(200)]
    path.write_bytes(gzip.compress(lines(rows))[:-100_000])
    found = read(path, "jsonl")
    assert reasons(found) == {"truncated_gzip": 1}
    assert 80 < len(pages(found)) < 200


def test_parquet_rows_are_read_and_shared_out_by_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = [row | {"text": f"{row['text']} {n}", "id": str(row.get("id"))} for n in range(40) for row in ROWS]
    pq.write_table(
        pa.Table.from_pylist(rows, pa.schema([(k, pa.string()) for k in ("text", "url", "language", "id")])),
        path,
        row_group_size=30,
    )
    pieces = list(split(path, "parquet", "rows.parquet", 1000, None, None))
    assert len(pieces) > 2
    found = [record for piece in pieces for record in records(piece)]
    assert [r.body.decode() for r in pages(found)] == [row["text"] for row in rows]
    assert [r.offset for r in pages(found)] == list(range(200))
    assert pages(found)[0].language == "swh_Latn"
    again = read_record(path, 133, kind="parquet")
    assert isinstance(again, Record)
    assert again.body.decode() == rows[133]["text"]


def test_table_without_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"content": ["a"]}), path)
    assert reasons([r for p in split(path, "parquet", "r", 100, None, None) for r in records(p)]) == {
        "unknown_format": 1
    }
    path.write_bytes(b"PAR1 and noise")
    assert reasons([r for p in split(path, "parquet", "r", 100, None, None) for r in records(p)]) == {
        "unknown_format": 1
    }
    pq.write_table(pa.table({"text": [None, "yes", 3 * " "]}), path)
    assert reasons([r for p in split(path, "parquet", "r", 100, None, None) for r in records(p)]) == {"no_text": 2}


# --- fingerprint


def test_fingerprint_changes_with_the_content_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    content = random.Random(1).randbytes(5_000_000)
    path.write_bytes(content)
    before = fingerprint(path)
    os.utime(path, (1, 1))
    assert fingerprint(path) == before
    for changed in (content + b"x", content[:-1], b"x" + content[1:], content[:-1] + b"\0"):
        path.write_bytes(changed)
        assert fingerprint(path) != before
    folder = fingerprint(tmp_path)
    (tmp_path / "b").write_bytes(b"")
    assert fingerprint(tmp_path) != folder


# --- real archives


def sample_counts() -> Iterator[tuple[str, int, dict[str, int]]]:
    """File, pages, and the losses that must be named, in real archives of other projects' tests."""
    yield "aut__badexample.arc.gz", 2, {"bad_length": 2, "truncated_record": 1}
    yield "aut__example.warc.gz", 94, {}
    yield "aut__issue-493.warc", 4, {}
    yield "cc_net__sample.warc.txt", 3, {"bad_length": 4}
    yield "chatnoir-resiliparse__clipped.warc.gz", 1, {"truncated_gzip": 1}
    yield "chatnoir-resiliparse__clueweb-quirk.warc.gz", 29, {}
    yield "chatnoir-resiliparse__warcfile.warc.gz", 16, {}
    yield "warcio__example-bad-non-chunked.warc.gz", 1, {}
    yield "warcio__example-iana.org-chunked.warc", 1, {}
    yield "warcio__example-trunc.warc", 1, {"bad_length": 1}
    yield "warcio__example-wrong-chunks.warc.gz", 1, {}
    yield "warcio__example.arc.gz", 1, {}
    yield "whirlwind-python__whirlwind.warc.wat.gz", 0, {}
    yield "whirlwind-python__whirlwind.warc.wet.gz", 1, {}


@pytest.mark.parametrize(("name", "count", "losses"), list(sample_counts()))
def test_real_archives_give_their_pages_and_losses(
    shared_data: Path, name: str, count: int, losses: dict[str, int]
) -> None:
    found = read(shared_data / "warc_samples" / name)
    assert len(pages(found)) == count
    named = (
        "bad_length",
        "truncated_record",
        "truncated_gzip",
        "bad_member",
        "bad_header",
        "unknown_format",
        "wrong_chunks",
    )
    assert {reason: n for reason, n in reasons(found).items() if reason in named} == losses


def test_the_same_pages_are_found_as_by_warcio(shared_data: Path) -> None:
    iterator = pytest.importorskip("warcio.archiveiterator")
    for path in (shared_data / "crawl" / "crawl-shared.warc.gz", shared_data / "warc_samples" / "aut__example.warc.gz"):
        expected = []
        with path.open("rb") as file:
            for record in iterator.ArchiveIterator(file):
                http_headers = record.http_headers
                if record.rec_type != "response" or not http_headers or http_headers.get_statuscode() != "200":
                    continue
                if "html" in (http_headers.get_header("Content-Type") or ""):
                    names = ("WARC-Target-URI", "WARC-Payload-Digest")
                    expected.append((*map(record.rec_headers.get_header, names), record.content_stream().read()))
        assert [(r.url, r.digest, r.body) for r in pages(read(path))] == expected
