"""Holds runs on Ray, four workers on as many nodes of this machine, against a run in its own processes.

`python -m benchmarks.ray [--rows 600] [--kills 8]` makes a recipe with recorded replies locally, on Ray, on Ray while
busy workers are killed at random moments, on Ray while a node is removed, and locally again. Prints for each whether
rows, their order, the ledger and the published files are those of the run whose replies were recorded, how many
questions were asked again, what was killed, and the times.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import passages
from benchmarks.kill import differing
from benchmarks.passages import ROOT
from tests.fault_server import FaultServer
from tests.passages import write_profile
from tests.ray_cluster import Killer, RayCluster

WORKERS = 4
# Both kinds of corpus-wide stages, and those that ask.
_STAGES: list[Any] = [
    {"harvest": {"quality": False, "shortest_kept": 200}},
    {"cluster": {"over": "response"}},
    "instruct",
    {"score": {"likelihood": False, "withhold": False, "lowest_kept": 0.4}},
    "rewrite",
    {"score": {"near": 3, "withhold": False}},
    {"cluster": {"over": "instruction"}},
    "diversify",
]
_PARTS = 16
_COPIED = 10  # one row in so many stands there twice
# Takes something from a run in a folder while it lasts; what was taken, in words.
Taken = Callable[[Path, subprocess.Popen[str]], str]


@dataclass(frozen=True)
class Same:
    """Whether a run made what another made. asked: how many questions more it put to the models."""

    rows: bool
    ledger: bool
    files: bool
    asked: int

    @property
    def all(self) -> bool:
        """Whether nothing differs."""
        return self.rows and self.ledger and self.files and not self.asked

    def __str__(self) -> str:
        told = {"rows and order": self.rows, "ledger": self.ledger, "published files": self.files}
        said = ", ".join(f"{what} {'equal' if same else 'DIFFER'}" for what, same in told.items())
        return f"{said}, {self.asked} questions asked again"


class Recorded:
    """A run whose replies are recorded, and runs in folders that have these replies and none of its rows."""

    def __init__(self, folder: Path, rows: int, server: FaultServer) -> None:
        self._folder, self._server = folder, server
        size = _write_rows(folder / "corpus.jsonl", rows)
        told = {"languages": "all", "sources": [{"jsonl": "corpus.jsonl"}], "stages": _STAGES}
        (folder / "recipe.yml").write_text(yaml.safe_dump({**told, "part_megabytes": size / _PARTS / 1e6}))
        self._profile = write_profile(folder, server.url)
        self._whole = folder / "whole"
        _end(self.start(self._whole, "--workers", "2"))
        self._requests = self._asked()

    def blank(self, name: str) -> Path:
        """A folder with the replies, in which nothing is made."""
        out = self._folder / name
        shutil.copytree(self._whole, out)
        for made in [*out.glob("[0-9]*_*"), out / "dataset"]:
            shutil.rmtree(made)
        return out

    def start(self, out: Path, *options: str, ray: str | None = None) -> subprocess.Popen[str]:
        """Starts a run in a folder. ray: the address of the cluster."""
        run = [sys.executable, "-m", "xinstruct", "run", str(self._folder / "recipe.yml")]
        run += ["--models", str(self._profile), "--out", str(out), *options]
        told = {**os.environ, "PYTHONPATH": str(ROOT)} | ({"RAY_ADDRESS": ray} if ray else {})
        return subprocess.Popen(run, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def same(self, out: Path) -> Same:
        """What was made there beside what was made first."""
        files = _published(self._whole) == _published(out)
        ledger = _status(self._whole) == _status(out)
        return Same(not differing(self._whole, out), ledger, files, self._asked() - self._requests)

    def _asked(self) -> int:
        return int(self._server.report()["requests"])


def _write_rows(path: Path, rows: int) -> int:
    """Writes the rows, some of them twice; gives the file's bytes."""
    passages.write(path, rows, length=400)
    again = path.read_text(encoding="utf-8").splitlines()[::_COPIED]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(
            json.dumps(json.loads(line) | {"url": f"https://again.example/{line[:8]}"}) + "\n" for line in again
        )
    return path.stat().st_size


def _published(out: Path) -> dict[str, bytes]:
    files = (path for path in (out / "dataset").rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def _status(out: Path) -> dict[str, Any]:
    told = subprocess.run([sys.executable, "-m", "xinstruct", "status", str(out), "--json"], capture_output=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def _end(process: subprocess.Popen[str]) -> None:
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(f"a run ended with status {process.returncode}: {said}")


def _node_lost(cluster: RayCluster, out: Path, process: subprocess.Popen[str]) -> int:
    """Removes a node when two parts are harvested; 0 if the run ended before."""
    while process.poll() is None:
        if len(list((out / "1_harvest").glob("*.made.json"))) >= 2:
            cluster.lose_node()
            return 1
        time.sleep(0.05)
    return 0


def measure(folder: Path, rows: int, kills: int) -> bool:
    """Makes the runs in an empty folder and prints a line on each; whether all made the same."""
    with FaultServer() as server, RayCluster(WORKERS) as cluster:
        recorded = Recorded(folder, rows, server)
        seconds: list[float] = []
        good: list[bool] = []

        def timed(title: str, taken: Taken = lambda *_: "", ray: str | None = cluster.address) -> None:
            out = recorded.blank(str(len(seconds)))
            options = ("--engine", "ray", "--workers", str(WORKERS)) if ray else ("--workers", "2")
            began = time.monotonic()
            process = recorded.start(out, *options, ray=ray)
            lost = taken(out, process)
            _end(process)
            seconds.append(time.monotonic() - began)
            found = recorded.same(out)
            good.append(found.all)
            print(f"{title:20} {seconds[-1]:6.1f} s  {found}{lost}", flush=True)

        def killing(_: Path, process: subprocess.Popen[str]) -> str:
            with Killer(cluster, kills, seed=1) as killer:
                process.wait()
            return f"; {killer.killed} workers killed"

        def losing(out: Path, process: subprocess.Popen[str]) -> str:
            return f"; {_node_lost(cluster, out, process)} node removed"

        timed("local, 2 processes", ray=None)
        timed("Ray, 4 workers")
        timed("Ray, workers killed", killing)
        timed("Ray, a node removed", losing)
        timed("local, once more", ray=None)
    first, *on_ray, last = seconds
    ratios = ", ".join(f"{one / ((first + last) / 2):.2f}" for one in on_ray)
    print(f"times on Ray to the mean of the local ones: {ratios}")
    return all(good)


def main() -> int:
    """Prints the figures; 2 with one sentence where Ray is absent, 1 where anything differs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=600)
    options.add_argument("--kills", type=int, default=8)
    told = options.parse_args()
    if importlib.util.find_spec("ray") is None:
        print("no Ray to measure; type: pip install 'xinstruct[ray]'.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        return 0 if measure(Path(folder), told.rows, told.kills) else 1


if __name__ == "__main__":
    sys.exit(main())
