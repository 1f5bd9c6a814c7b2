"""What all tests share: the shared data, the project's own sample crawl, and a way to call the command line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

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


Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def xinstruct() -> Call:
    """Calls the command line in a process of its own, as a user does."""

    def call(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **(options.pop("env", None) or {})}  # type: ignore[dict-item]
        command = [sys.executable, "-m", "xinstruct", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, **options)  # type: ignore[call-overload, no-any-return]

    return call
