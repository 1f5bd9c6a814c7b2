"""Shows that memory does not grow with the input: runs the whole line on 10 and on 100 million characters.

Prints the largest process and the sum of all processes at its peak for each size, and the ratio: resident anonymous
memory in MiB, without the pages of mapped files, which are the system's cache and go when they are needed elsewhere.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from benchmarks import passages
from xinstruct.commands.run import DEFAULT_STAGES

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Runs both sizes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, nargs="+", default=[10_000_000, 100_000_000])
    arguments = parser.parse_args()
    peaks = []
    for characters in arguments.characters:
        with tempfile.TemporaryDirectory() as folder:
            largest, together, seconds = measure(Path(folder), characters)
        peaks.append((largest, together))
        print(
            f"{characters:>12,} characters: largest process {largest:.0f} MiB, "
            f"together {together:.0f} MiB, {seconds:.0f} s"
        )
    print(f"ratio: largest process {peaks[-1][0] / peaks[0][0]:.2f}, together {peaks[-1][1] / peaks[0][1]:.2f}")


def measure(folder: Path, characters: int) -> tuple[float, float, float]:
    """Peak memory of the largest process and of all together in MiB, and the seconds that the run took."""
    recipe = folder / "recipe.yml"
    passages.write_characters(folder / "corpus.jsonl", characters)
    told = {"languages": "all", "sources": [{"jsonl": "corpus.jsonl"}], "stages": DEFAULT_STAGES}
    recipe.write_text(yaml.safe_dump(told))
    return run_of(recipe, folder / "out")


def run_of(recipe: Path, out: Path) -> tuple[float, float, float]:
    """Runs a recipe; the largest process and all together at their peak in MiB, and the seconds that it took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "xinstruct", "run", str(recipe), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    largest = together = 0.0
    while process.poll() is None:
        sizes = list(resident(process.pid))
        largest, together = max(largest, *sizes, 0.0), max(together, sum(sizes))
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"the run ended with status {process.returncode}")
    return largest, together, time.monotonic() - began


def resident(session: int) -> Iterator[float]:
    """Anonymous memory in MiB of each process of a session, its leader first."""
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True).stdout
    for pid in listed.split():
        with suppress(FileNotFoundError, ProcessLookupError):  # ended in between
            status = Path(f"/proc/{pid}/status").read_text()
            yield sum(int(kib) for kib in re.findall(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)) / 1024


if __name__ == "__main__":
    main()
