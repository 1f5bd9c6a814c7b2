"""Ends a Ray that this machine's main process started, when that process is gone, however it ended.

Run as a program of its own, without xinstruct: `python -I ray_guardian.py MARK`, with a pipe as standard input whose
other end only the main process has. Ray's own processes look after each other, but some take a minute to notice.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

VARIABLE = "XINSTRUCT_RAY"  # holds the mark in the environment of all that belongs to the Ray
_LONGEST = 10.0
_BETWEEN_LOOKS = 0.1


def main(mark: str) -> None:
    """Waits for the end of the pipe, and then ends all processes that bear the mark."""
    while os.read(0, 4096):
        pass
    deadline = time.monotonic() + _LONGEST
    while (left := list(marked(mark))) and time.monotonic() < deadline:
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_BETWEEN_LOOKS)


def marked(mark: str) -> Iterator[int]:
    """Living processes of ours that bear the mark."""
    told = f"{VARIABLE}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended, or is another user's
            if told in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


if __name__ == "__main__":
    main(sys.argv[1])
