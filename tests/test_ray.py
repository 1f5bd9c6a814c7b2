"""The same rows on Ray as on this machine, also when workers, nodes or the main process are killed on the way."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from benchmarks.kill import differing
from tests.conftest import ROOT, Call
from tests.fault_server import FaultServer
from tests.passages import write_profile
from tests.ray_cluster import Killer, RayCluster
from tests.test_engine import collected, complain, die_always, die_once, double
from xinstruct.engine import Engine, EngineError, ray_engine
from xinstruct.pipeline.plan import lock, lock_path
from xinstruct.recipe import RecipeError

pytest.importorskip("ray", reason="--engine ray needs the extra ray")
from xinstruct.engine import on_ray

pytestmark = [pytest.mark.ray, pytest.mark.slow]

# Both kinds of corpus-wide stages, and those that ask.
STAGES = [
    {"harvest": {"reserved": "drop"}},
    {"cluster": {"over": "response"}},
    "instruct",
    {"score": {"likelihood": False, "withhold": False, "lowest_kept": 0.4}},
    "rewrite",
    {"score": {"near": 3, "withhold": False}},
    {"cluster": {"over": "instruction"}},
    "diversify",
]


class Recorded:
    """A run in processes of this machine, and folders that have its replies and none of its rows."""

    def __init__(self, folder: Path, crawl: Path, server: FaultServer, xinstruct: Call) -> None:
        told = {"languages": "all", "sources": [{"warc": str(crawl)}], "stages": STAGES, "part_megabytes": 0.02}
        self.recipe, self.profile = folder / "recipe.yml", write_profile(folder, server.url)
        self.recipe.write_text(yaml.safe_dump(told))
        self.folder, self.whole, self._server = folder, folder / "whole", server
        ended = xinstruct("run", self.recipe, "--models", self.profile, "--out", self.whole, "--workers", "2")
        assert ended.returncode == 0, ended.stderr
        self.requests = self.asked()

    def asked(self) -> int:
        return int(self._server.report()["requests"])

    def blank(self, name: str) -> Path:
        """A folder like the run's, without what was made."""
        out = self.folder / name
        shutil.copytree(self.whole, out)
        for made in [*out.glob("[0-9]*_*"), out / "dataset"]:
            shutil.rmtree(made)
        return out

    def command(self, out: Path, *options: str) -> list[str]:
        run = [sys.executable, "-m", "xinstruct", "run", str(self.recipe), "--models", str(self.profile)]
        return [*run, "--out", str(out), "--engine", "ray", "--workers", "4", *options]

    def check(self, out: Path, xinstruct: Call) -> None:
        """Asserts that the rows, their order, the ledger and the published files are those of the local run."""
        assert differing(self.whole, out) == []
        ours, theirs = (xinstruct("status", one, "--json") for one in (out, self.whole))
        assert ours.returncode == 0
        assert json.loads(ours.stdout) == json.loads(theirs.stdout)
        files = sorted(path.relative_to(self.whole) for path in (self.whole / "dataset").rglob("*") if path.is_file())
        assert files == sorted(path.relative_to(out) for path in (out / "dataset").rglob("*") if path.is_file())
        assert [name for name in files if (out / name).read_bytes() != (self.whole / name).read_bytes()] == []
        assert self.asked() == self.requests
        assert not [path for path in (out / ".work").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def recorded(small_crawl: Path, tmp_path_factory: pytest.TempPathFactory, xinstruct: Call) -> Iterator[Recorded]:
    with FaultServer() as server:
        yield Recorded(tmp_path_factory.mktemp("recorded"), small_crawl, server, xinstruct)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """A head and three more nodes of one CPU each."""
    with RayCluster(4) as cluster:
        yield cluster


def environment(cluster: RayCluster) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "RAY_ADDRESS": cluster.address}


def started(command: list[str], cluster: RayCluster) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, env=environment(cluster), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: subprocess.Popen[str]) -> None:
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said


@pytest.fixture
def engine(cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    engine = ray_engine(2, None)
    yield engine
    engine.close()


def where(_: object) -> int:
    return os.getpid()


def test_tasks_give_results_raise_as_they_are_and_survive_their_workers(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted(asyncio.run(collected(engine, double, range(50)))) == [2 * n for n in range(50)]  # type: ignore[arg-type, type-var]
    with pytest.raises(ValueError, match="not 3") as caught:
        asyncio.run(collected(engine, complain, [3]))  # type: ignore[arg-type]
    assert type(caught.value) is ValueError
    assert asyncio.run(collected(engine, die_once, [str(tmp_path / "died")])) == ["alive"]  # type: ignore[arg-type]
    assert len(set(engine.everywhere(where, None))) == 4
    monkeypatch.setattr(on_ray, "_TRIES", 2)
    with pytest.raises(EngineError, match=r"died 2 times on the same work, .* fewer --workers"):
        asyncio.run(collected(engine, die_always, ["x"]))  # type: ignore[arg-type]


def test_a_node_that_does_not_see_what_all_must_see_is_named(
    cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    with lock(tmp_path):
        disk = on_ray.SharedDisk.of(lock_path(tmp_path), [tmp_path / "gone.warc.gz"])
        assert on_ray._do(double, 2, disk) == 4
    with lock(tmp_path):  # another run's folder, as far as this machine can see
        with pytest.raises(RecipeError, match=f"does not see {tmp_path} as this machine does.* or give --storage URL"):
            on_ray._do(double, 2, disk)
        engine = ray_engine(1, lock_path(tmp_path), frozenset([tmp_path / "gone.warc.gz"]))
        try:
            with pytest.raises(RecipeError, match=r"^The Ray node .* does not see .*gone\.warc\.gz as"):
                asyncio.run(collected(engine, double, [1]))  # type: ignore[arg-type]
        finally:
            engine.close()


def test_workers_that_are_killed_at_random_change_no_row(
    recorded: Recorded, cluster: RayCluster, xinstruct: Call
) -> None:
    out = recorded.blank("workers")
    with Killer(cluster, most=8, seed=3) as killer:
        ended(started(recorded.command(out), cluster))
    assert killer.killed >= 4
    recorded.check(out, xinstruct)


def test_a_node_that_is_lost_on_the_way_changes_no_row(
    recorded: Recorded, cluster: RayCluster, xinstruct: Call
) -> None:
    out = recorded.blank("node")
    process = started(recorded.command(out), cluster)
    wait_for(lambda: len(list((out / "1_harvest").glob("*.made.json"))) >= 2, process)
    cluster.lose_node()
    ended(process)
    cluster.add_node()
    recorded.check(out, xinstruct)


def test_a_run_that_is_killed_goes_on_on_the_cluster_which_stays(
    recorded: Recorded, cluster: RayCluster, xinstruct: Call
) -> None:
    out = recorded.blank("killed")
    process = started(recorded.command(out), cluster)
    wait_for(lambda: len(list((out / "3_instruct").glob("*.made.json"))) >= 2, process)
    process.kill()
    process.communicate()
    assert not (out / "dataset").exists()
    made = {path: path.stat().st_mtime_ns for path in out.glob("[13]_*/*.made.json")}
    ended(started(recorded.command(out), cluster))
    assert made == {path: path.stat().st_mtime_ns for path in made}
    recorded.check(out, xinstruct)


def test_machines_that_share_no_disk_exchange_files_through_a_storage(
    recorded: Recorded, cluster: RayCluster, tmp_path: Path, xinstruct: Call
) -> None:
    out = recorded.blank("storage")
    with Killer(cluster, most=3, seed=5) as killer:
        ended(started(recorded.command(out, "--storage", str(tmp_path / "storage")), cluster))
    assert killer.killed
    recorded.check(out, xinstruct)
    assert list((tmp_path / "storage").rglob("*")) == []


def wait_for(what: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
