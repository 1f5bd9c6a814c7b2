"""The archive of the memory benchmark: as large as asked, its records whole, no page twice under one address."""

from pathlib import Path

import pytest

from benchmarks.harvest_memory import write
from xinstruct.candidate import Skipped
from xinstruct.tools.web import reader


@pytest.mark.parametrize("name", ["crawl.warc", "crawl.warc.gz"])
def test_the_archive_holds_the_crawl_again_and_again_under_new_addresses(
    name: str, sample: Path, tmp_path: Path
) -> None:
    size = 1_500_000 if name.endswith(".gz") else 9_000_000
    written = write(tmp_path / name, sample, size)
    assert size <= (tmp_path / name).stat().st_size < 1.1 * size
    (piece,) = reader.split(tmp_path / name, "warc", name, 1 << 40, None, None)
    found = list(reader.records(piece))
    assert len(found) == written
    assert not {one.reason for one in found if isinstance(one, Skipped)} & {"bad_length", "bad_header", "bad_member"}
    urls = [one.url for one in found if not isinstance(one, Skipped)]
    (once,) = reader.split(sample, "warc", name, 1 << 40, None, None)
    pages = sum(not isinstance(one, Skipped) for one in reader.records(once))
    assert len(set(urls)) == len(urls) > 2 * pages
