"""Shows that the process which asks does not grow with the candidates: instruct and score of 1,000, 10,000, 100,000.

The model is the stub server, which answers at once. Prints for each size the most memory that the main process and all
processes together had (resident and anonymous, in MiB) while the stages that ask were made, and the ratio of the last
size to the first. By hand: `python -m benchmarks.client_memory 1000 10000`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks import passages
from benchmarks.memory import resident
from benchmarks.passages import ROOT
from tests.fault_server import MODEL, FaultServer

_SIZES = (1_000, 10_000, 100_000)
_LENGTH = 300
# Four parts are asked about at once: so small that the fewest candidates fill four.
_PART_MEGABYTES = 0.2
_HARVEST: dict[str, Any] = {"harvest": {"quality": False, "shortest_kept": 200}}
# Few near passages: what they cost is the worker's memory and time, not the client's. Likelihood would be six more
# requests of the same kind for each candidate.
_ASKED: list[Any] = [_HARVEST, "instruct", {"score": {"near": 5, "likelihood": False, "withhold": False}}]


def measure(folder: Path, count: int) -> tuple[float, float, float]:
    """Peak memory of the main process and of all together in MiB, and the seconds that the asking stages took."""
    passages.write(folder / "corpus.jsonl", count, length=_LENGTH)
    for name, stages in (("harvest", [_HARVEST]), ("asked", _ASKED)):
        told = {
            "languages": "all",
            "sources": [{"jsonl": "corpus.jsonl"}],
            "stages": stages,
            "part_megabytes": _PART_MEGABYTES,
        }
        (folder / f"{name}.yml").write_text(yaml.safe_dump(told))
    # Harvested by itself: this is about what asks.
    subprocess.run(_command(folder, "harvest"), check=True, capture_output=True, env=_environment())
    with FaultServer() as server:
        role = {"server": "main", "sampling": {"temperature": 0, "max_tokens": 800}}
        main = {"model": MODEL, "endpoints": [server.url], "concurrency": 64}
        profile = {"servers": {"main": main}, "roles": {"writer": role, "judge": role}}
        (folder / "stub.yml").write_text(yaml.safe_dump(profile))
        began = time.monotonic()
        process = subprocess.Popen(
            [*_command(folder, "asked"), "--models", str(folder / "stub.yml")],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(),
        )
        largest = together = 0.0
        while process.poll() is None:
            sizes = list(resident(process.pid))
            largest, together = max(largest, *sizes[:1], 0.0), max(together, sum(sizes))
            time.sleep(0.1)
    if process.returncode:
        sys.exit(f"the run ended with status {process.returncode}")
    return largest, together, time.monotonic() - began


def _command(folder: Path, recipe: str) -> list[str]:
    run = [sys.executable, "-m", "xinstruct", "run", str(folder / f"{recipe}.yml")]
    return [*run, "--out", str(folder / "out")]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def main() -> None:
    """Runs all sizes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="*", default=_SIZES, help="numbers of candidates")
    peaks = []
    for count in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory() as folder:
            largest, together, seconds = measure(Path(folder), count)
        peaks.append((largest, together))
        print(
            f"{count:>9,} candidates: main process {largest:.0f} MiB, all together {together:.0f} MiB, {seconds:.0f} s",
            flush=True,
        )
    print(f"ratio: main process {peaks[-1][0] / peaks[0][0]:.2f}, all together {peaks[-1][1] / peaks[0][1]:.2f}")


if __name__ == "__main__":
    main()
