"""Holds the sample crawl to what its README says: it can be built again, byte for byte, and its pages are sound."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml

SAMPLE = Path(__file__).resolve().parents[1] / "corpora" / "sample"
PAGES = sorted(path for path in (SAMPLE / "pages").glob("*/*.md") if path.name != "README.md")


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The crawl, built now, from another folder."""
    folder = tmp_path_factory.mktemp("crawl")
    out = folder / "again.warc.gz"
    subprocess.run([sys.executable, str(SAMPLE / "build.py"), "--out", str(out)], cwd=folder, check=True)
    return out.read_bytes()


def front_matter(path: Path) -> dict[str, Any]:
    fields = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])
    assert isinstance(fields, dict), path
    return fields


def records(crawl: bytes) -> list[tuple[dict[str, str], bytes]]:
    """The WARC records with their headers, each of which is a gzip member of its own."""
    found = []
    while crawl:
        member = zlib.decompressobj(wbits=31)
        head, _, block = member.decompress(crawl).partition(b"\r\n\r\n")
        assert member.eof
        crawl = member.unused_data
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        found.append((fields, block.removesuffix(b"\r\n\r\n")))
    return found


def test_building_gives_the_crawl_that_is_committed(rebuilt: bytes) -> None:
    committed = (SAMPLE / "sample.warc.gz").read_bytes()
    assert gzip.decompress(rebuilt) == gzip.decompress(committed)
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same records into other bytes
        assert rebuilt == committed


def test_building_twice_gives_the_same_bytes(rebuilt: bytes, tmp_path: Path) -> None:
    out = tmp_path / "twice.warc.gz"
    subprocess.run([sys.executable, str(SAMPLE / "build.py"), "--out", str(out)], check=True)
    assert out.read_bytes() == rebuilt


def test_every_record_is_as_long_as_it_says_and_has_an_identifier_of_its_own(rebuilt: bytes) -> None:
    found = records(rebuilt)
    assert all(len(block) == int(fields["Content-Length"]) for fields, block in found)
    assert len({fields["WARC-Record-ID"] for fields, _ in found}) == len(found)


def test_the_crawl_has_the_records_of_a_real_one(rebuilt: bytes) -> None:
    found = records(rebuilt)
    assert found[0][0]["WARC-Type"] == "warcinfo"
    assert {fields["WARC-Type"] for fields, _ in found} == {"warcinfo", "request", "response"}
    answers = [block.split(b"\r\n\r\n")[0].decode() for fields, block in found if fields["WARC-Type"] == "response"]
    assert sum(" 404 Not Found" in answer for answer in answers) == 2
    assert sum("\r\nLocation: " in answer for answer in answers) == 1
    assert sum("Content-Type: image/png" in answer for answer in answers) == 1


def test_every_page_file_names_a_site_that_exists() -> None:
    sites = {path.stem for path in (SAMPLE / "sites").glob("*.yml")}
    strays = {path.name: front_matter(path)["site"] for path in PAGES if front_matter(path)["site"] not in sites}
    assert strays == {}


def test_every_page_stands_in_the_folder_of_its_sites_language() -> None:
    languages = {
        path.stem: yaml.safe_load(path.read_text("utf-8"))["language"] for path in (SAMPLE / "sites").glob("*.yml")
    }
    placed = {path: languages[front_matter(path)["site"]] for path in PAGES if path.parent.name != "odd"}
    assert all(path.parent.name == language for path, language in placed.items())


def test_at_least_110_pages_in_at_least_14_languages() -> None:
    ordinary = [path for path in PAGES if path.parent.name != "odd"]
    assert len(ordinary) >= 110
    assert len({path.parent.name for path in ordinary}) >= 14


def test_every_host_is_one_that_nobody_can_own() -> None:
    hosts = [yaml.safe_load(path.read_text("utf-8"))["host"] for path in (SAMPLE / "sites").glob("*.yml")]
    assert all(host.endswith(".example") and host.isascii() for host in hosts)
    assert len(set(hosts)) == len(hosts)
