"""Kills runs that ask a model with SIGKILL, resumes them, and counts the questions that are asked again.

The model is the stub server, which knows by its body every request that it was ever asked. Prints the most and the mean
of the requests repeated per kill beside the number in flight, whether the rows are those of an undisturbed run, and
processes left. By hand: `python -m benchmarks.kill_asking --kills 30`.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import passages
from benchmarks.kill import differing, left_behind
from benchmarks.passages import ROOT
from tests.fault_server import MODEL, FaultServer

IN_FLIGHT = 32
_LATENCY = 0.05
_STAGES: list[Any] = [
    {"harvest": {"quality": False, "shortest_kept": 200}},
    "instruct",
    {"score": {"near": 5, "withhold": False}},
]
# The longest stretch of requests between a start and its kill, as a share of all: some kills come early, some late.
_LONGEST_STRETCH = 0.35


@dataclass(frozen=True)
class Sweep:
    """What a sweep found. repeated: requests asked again, per kill; requests: of the undisturbed run."""

    repeated: list[int]
    requests: int
    differing: list[str]
    left: int


def sweep(kills: int, folder: Path, seed: int = 0, count: int = 300) -> Sweep:
    """Compares an undisturbed run with one that is killed. folder: where to work, empty; count: passages."""
    passages.write(folder / "corpus.jsonl", count, length=400, seed=seed)
    told = {"languages": "all", "sources": [{"jsonl": "corpus.jsonl"}], "stages": _STAGES, "part_megabytes": 0.05}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    with FaultServer(latency=_LATENCY) as server:
        _profile(folder / "stub.yml", server.url)
        _finish(folder, folder / "whole")
        requests = int(server.report()["requests"])
    with FaultServer(latency=_LATENCY) as server:
        _profile(folder / "stub.yml", server.url)
        killing = _Killing(folder, server, random.Random(seed), requests)
        while killing.kills < kills:
            killing.once()
        killing.end()
    found = differing(folder / "whole", folder / "killed")
    return Sweep(killing.repeated, requests, found, killing.left)


class _Killing:
    """Runs into one folder that are killed one after the other. repeated: per kill, how many it cost."""

    def __init__(self, folder: Path, server: FaultServer, chance: random.Random, requests: int) -> None:
        self._folder, self._out, self._server = folder, folder / "killed", server
        self._chance, self._requests = chance, requests
        self._asked: Counter[str] = Counter()
        self._known: set[str] = set()
        self.repeated: list[int] = []
        self.kills = self.left = 0
        self._killed = False

    def once(self) -> None:
        """Starts the run and kills it after so many requests; one that was done before is begun anew."""
        stop_at = self._asked.total() + self._chance.randint(1, int(self._requests * _LONGEST_STRETCH))
        process = subprocess.Popen(
            _command(self._folder, self._out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=_environment(),
        )
        while process.poll() is None and self._server.report()["requests"] < stop_at:
            time.sleep(0.02)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        said = process.communicate()[1].decode()
        self._count()
        self.left += left_behind(process.pid)
        self._killed = process.returncode == -signal.SIGKILL
        self.kills += self._killed
        if not self._killed:
            if process.returncode:
                sys.exit(f"a run ended with status {process.returncode}: {said}")
            shutil.rmtree(self._out)
            self._known.clear()

    def end(self) -> None:
        """Lets the last run come to its end."""
        _finish(self._folder, self._out)
        self._count()

    def _count(self) -> None:
        now = Counter(self._server.report()["asked"])
        new = now - self._asked
        if self._killed:  # what the kill before this run cost
            self.repeated.append(sum(n for body, n in new.items() if body in self._known))
        self._asked, self._killed = now, False
        self._known |= new.keys()


def _finish(folder: Path, out: Path) -> None:
    subprocess.run(_command(folder, out), check=True, capture_output=True, env=_environment())


def _profile(path: Path, url: str) -> None:
    role = {"server": "main", "sampling": {"temperature": 0, "max_tokens": 800}}
    server = {"model": MODEL, "endpoints": [url], "concurrency": IN_FLIGHT}
    path.write_text(yaml.safe_dump({"servers": {"main": server}, "roles": {"writer": role, "judge": role}}))


def _command(folder: Path, out: Path) -> list[str]:
    run = [sys.executable, "-m", "xinstruct", "run", str(folder / "recipe.yml")]
    return [*run, "--models", str(folder / "stub.yml"), "--out", str(out)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def main() -> None:
    """Runs the sweep and prints what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(told.kills, Path(folder), told.seed)
    mean = sum(found.repeated) / len(found.repeated)
    print(f"kills {len(found.repeated)}, of runs of {found.requests} requests with {IN_FLIGHT} in flight")
    print(f"requests repeated per kill: at most {max(found.repeated)}, in the mean {mean:.1f}")
    print(f"part files that differ {len(found.differing)}, processes left {found.left}")
    if max(found.repeated) > IN_FLIGHT or found.differing or found.left:
        sys.exit(f"more repeated than in flight, or not the same: {found.differing}")


if __name__ == "__main__":
    main()
