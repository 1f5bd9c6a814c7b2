"""What all tests share: the shared data, the project's own sample crawl, and a way to call the command line."""

import gzip
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pages beside the checkout, which is never part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data is not here: ../shared/data beside the checkout")
    return folder


@pytest.fixture(scope="session")
def sample(root: Path) -> Path:
    """The sample crawl that the project ships."""
    return root / "corpora" / "sample" / "sample.warc.gz"


@pytest.fixture(scope="session")
def small_crawl(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Swahili and Finnish records of the sample crawl: enough for a whole run in a few seconds."""
    path = tmp_path_factory.mktemp("crawl") / "small.warc.gz"
    path.write_bytes(records_in(sample, "swh_Latn", "fin_Latn"))
    return path


def records_in(crawl: Path, *languages: str) -> bytes:
    """The records of the sample crawl's sites in these languages, as they stand there."""
    sites = [yaml.safe_load(p.read_bytes()) for p in (ROOT / "corpora" / "sample" / "sites").glob("*.yml")]
    hosts = [site["host"].encode() for site in sites if site["language"] in languages]
    return b"".join(m for m in members(crawl) if any(host in gzip.decompress(m)[:600] for host in hosts))


def members(path: Path) -> Iterator[bytes]:
    """The gzip members of a file, each as it stands there."""
    rest = path.read_bytes()
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        unpacker.decompress(rest)
        yield rest[: len(rest) - len(unpacker.unused_data)]
        rest = unpacker.unused_data


@pytest.fixture
def s3_anew() -> Iterator[None]:
    """Nothing is known of an S3 server of another test, which fsspec would ask again."""
    s3fs = pytest.importorskip("s3fs", reason="s3:// needs the extra s3")
    s3fs.S3FileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def xinstruct() -> Call:
    """Calls the command line in a process of its own, as a user does."""

    def call(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **(options.pop("env", None) or {})}  # type: ignore[dict-item]
        command = [sys.executable, "-m", "xinstruct", *map(str, arguments)]
        told = {"timeout": 300, **options}
        return subprocess.run(command, capture_output=True, text=True, env=environment, **told)  # type: ignore[call-overload, no-any-return]

    return call
