"""A Ray that we started never outlives us, and one that cannot be used is told in a sentence."""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from benchmarks.kill import differing
from tests.conftest import ROOT, Call
from tests.ray_cluster import marked
from xinstruct.commands import status_of

pytest.importorskip("ray", reason="--engine ray needs the extra ray")

pytestmark = [pytest.mark.ray, pytest.mark.slow]


@pytest.fixture(autouse=True)
def own_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster that somebody left on this machine; workers find the tests."""
    monkeypatch.setenv("RAY_ADDRESS", "local")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_ray_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["run", str(ROOT / "corpora" / "demo.yml"), "--out", str(tmp_path / "out")]
    assert status_of([*run, "--storage", "file:///tmp"]) == 2
    assert "--storage goes with --engine ray." in capsys.readouterr().err
    run += ["--engine", "ray"]
    assert status_of([*run, "--storage", "nowhere://x/y"]) == 2
    assert "--storage nowhere://x/y: Protocol not known" in capsys.readouterr().err
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    assert status_of(run) == 5
    assert "Nobody answers at RAY_ADDRESS=127.0.0.1:9" in capsys.readouterr().err
    monkeypatch.setenv("RAY_ADDRESS", "ray://127.0.0.1:10001")
    assert status_of(run) == 2
    assert "give host:port of the cluster's head" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "xinstruct.engine.on_ray", None)
    assert status_of(run) == 2
    assert "pip install 'xinstruct[ray]'" in capsys.readouterr().err


def test_a_ray_of_our_own_ends_with_a_run_that_is_killed_or_interrupted(
    small_crawl: Path, tmp_path: Path, xinstruct: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = secrets.token_hex(8)
    monkeypatch.setenv("XINSTRUCT_TEST_RUN", mark)
    recipe, out = tmp_path / "recipe.yml", tmp_path / "out"
    told = {"languages": "all", "sources": [{"warc": str(small_crawl)}], "stages": ["harvest", "instruct"]}
    recipe.write_text(yaml.safe_dump({**told, "part_megabytes": 0.008}))
    command = [sys.executable, "-m", "xinstruct", "run", str(recipe), "--out", str(out)]
    command += ["--engine", "ray", "--workers", "1"]

    def made() -> int:
        return len(list((out / "1_harvest").glob("*.made.json")))

    def until_it_made_one() -> subprocess.Popen[str]:
        before, deadline = made(), time.monotonic() + 90
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        while made() == before:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    def is_gone() -> bool:
        deadline = time.monotonic() + 30
        while (left := list(marked("XINSTRUCT_TEST_RUN", mark))) and time.monotonic() < deadline:
            time.sleep(0.2)
        return all(one == os.getpid() for one in left)

    killed = until_it_made_one()
    assert len(list(marked("XINSTRUCT_TEST_RUN", mark))) > 4
    killed.kill()
    killed.communicate()
    assert is_gone()
    interrupted = until_it_made_one()
    interrupted.send_signal(signal.SIGINT)
    assert "Interrupted" in interrupted.communicate(timeout=60)[1]
    assert interrupted.returncode == 130
    assert is_gone()
    whole = tmp_path / "whole"
    for folder in (out, whole):  # what Ray began, processes of this machine end
        assert xinstruct("run", recipe, "--out", folder, "--workers", "2").returncode == 0
    assert differing(whole, out) == []
