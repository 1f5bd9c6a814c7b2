"""Runs a program with all its processes and tells the time that it took and the memory that they held together."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICK, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
BETWEEN_LOOKS = 0.1
CORES = 2


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock and of the processor (of all processes, with the program's start); most bytes of resident
    memory that all processes held at one time, shared pages counted for each.
    """

    clock: float
    processor: float
    memory: int


def measured(command: list[str], environment: dict[str, str]) -> Measured | None:
    """Runs the command on two cores; None, with what it complained of, when it fails."""
    began, memory = time.monotonic(), 0
    used: dict[int, float] = {}
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=_on_two_cores,
        )
        while process.poll() is None:
            looks = _looked_at(process.pid)
            used.update((pid, seconds) for pid, (seconds, _) in looks.items())
            memory = max(memory, sum(size for _, size in looks.values()))
            time.sleep(BETWEEN_LOOKS)
        clock = time.monotonic() - began
        if process.returncode:
            said.seek(0)
            print(f"{' '.join(command)} ended with status {process.returncode}: {said.read()[-1500:]}", file=sys.stderr)
            return None
    return Measured(clock, sum(used.values()), memory)


def _on_two_cores() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def _looked_at(session: int) -> dict[int, tuple[float, int]]:
    # Processor seconds and resident bytes of each process of the session.
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # ended in between
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                found[int(folder.name)] = (int(fields[11]) + int(fields[12])) / TICK, int(fields[21]) * PAGE
    return found
