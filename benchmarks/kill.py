"""Kills runs with SIGKILL at random moments, resumes them, and compares what they made with an undisturbed run.

Prints the kills, the replies that were bought twice, rows that differ and children left (both must be none).
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from xinstruct.tools import store

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "corpora" / "demo.yml"
# About six parts of the sample crawl, so that a kill can come between, before and inside parts.
PART_MEGABYTES = 0.1


@dataclass(frozen=True)
class Sweep:
    """What a sweep found. replies: bought in all, and undisturbed; left: children that outlived their parent."""

    kills: int
    differing: list[str]
    replies: int
    replies_undisturbed: int
    left: int


def sweep(kills: int, folder: Path, seed: int = 0, recipe: Path = DEMO) -> Sweep:
    """Compares an undisturbed run with one that is killed `kills` times. folder: where to work, empty."""
    told = yaml.safe_load(recipe.read_text())
    told["part_megabytes"] = PART_MEGABYTES
    for source in told["sources"]:
        source["warc"] = str(recipe.parent / source["warc"])
    own = folder / "recipe.yml"
    own.write_text(yaml.safe_dump(told))
    began = time.monotonic()
    subprocess.run(_command(own, folder / "whole"), check=True, capture_output=True, env=_environment())
    seconds = time.monotonic() - began
    chance, killed, left = random.Random(seed), 0, 0
    while killed < kills:
        # A run that ends before its moment comes starts again from nothing, so that every kill hits work.
        process = subprocess.Popen(
            _command(own, folder / "killed"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(),
        )
        try:
            process.wait(chance.uniform(0.3, seconds))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            left += left_behind(process.pid)
        else:
            if killed < kills:
                shutil.rmtree(folder / "killed")
    subprocess.run(_command(own, folder / "killed"), check=True, capture_output=True, env=_environment())
    whole, resumed = folder / "whole", folder / "killed"
    return Sweep(killed, differing(whole, resumed), _replies(resumed), _replies(whole), left)


def differing(one: Path, other: Path) -> list[str]:
    """The part files of a run whose rows, or their order, are not the same in another."""
    names = {str(path.relative_to(out)) for out in (one, other) for path in out.glob("[0-9]*_*/*.parquet")}
    return sorted(name for name in names if _rows(one / name) != _rows(other / name))


def _rows(path: Path) -> list[dict[str, object]] | None:
    return list(store.rows_of(path)) if path.exists() else None


def _replies(out: Path) -> int:
    with sqlite3.connect(out / "replies.sqlite") as base:
        return int(base.execute("SELECT COUNT(*) FROM replies").fetchone()[0])


def left_behind(session: int, seconds: float = 20) -> int:
    """How many processes of a session are still there after so many seconds; at once 0 when none is."""
    deadline = time.monotonic() + seconds
    while (left := _members(session)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return len(left)


def _members(session: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if not line.split()[1].startswith("Z")]


def _command(recipe: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "xinstruct", "run", str(recipe), "--out", str(out)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def main() -> None:
    """Runs the sweeps and prints what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(arguments.kills, Path(folder), arguments.seed)
    again = found.replies - found.replies_undisturbed
    print(f"kills {found.kills}, part files that differ {len(found.differing)}, children left {found.left}")
    print(f"replies {found.replies_undisturbed} undisturbed, {found.replies} with kills: {again} more")
    if found.differing or found.left:
        sys.exit(f"not the same: {found.differing}")


if __name__ == "__main__":
    main()
