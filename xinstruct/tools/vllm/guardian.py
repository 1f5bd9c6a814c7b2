"""Stands over one model server: when xinstruct ends, in whatever way, the server and all its processes end as well.

Run as a program of its own, without xinstruct: `python -I guardian.py COMMAND...`. It starts the command in a process
group of its own, and ends it when its standard input closes, which happens by itself when whoever holds the other end
is killed. Its exit status is the command's, or 128 + n where signal n ended that.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

_GRACE_SECONDS = 20.0
_LOOK_SECONDS = 0.25
_SET_PARENT_DEATH_SIGNAL, _SET_SUBREAPER = 1, 36  # numbers of Linux's prctl


class _Guarded:
    """A command with all that descends from it."""

    def __init__(self, command: list[str]) -> None:
        # What the server's processes leave behind becomes our child, also from sessions of its own (compile workers).
        ctypes.CDLL(None).prctl(_SET_SUBREAPER, 1)
        self.leader = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_the_guardian
        ).pid
        self.status: int | None = None
        self._told: set[int] = set()

    def some_left(self) -> bool:
        """Whether any process is left; buries those that ended and notes how the command itself did."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.leader:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code

    def end(self) -> None:
        """Asks all processes to end, and ends them after a grace."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # a stopped process hears nothing else
        until = time.monotonic() + _GRACE_SECONDS
        while self.some_left() and time.monotonic() < until:
            for pid in _children() - self._told - {self.leader}:
                self._told.add(pid)
                _kill(pid, signal.SIGTERM)
            time.sleep(0.05)
        until = time.monotonic() + _GRACE_SECONDS
        while self.some_left() and time.monotonic() < until:
            self._signal(signal.SIGKILL)
            for pid in _children():
                _kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.leader, number)
        except ProcessLookupError:
            return


def _end_with_the_guardian() -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in listed.read_text().split()} if listed.exists() else set()


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def main(command: list[str]) -> int:
    """Watches until the command ends, or until standard input closes. Gives the exit status."""
    told = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told = True

    signal.signal(signal.SIGTERM, hear)
    for number in (signal.SIGINT, signal.SIGHUP):  # meant for xinstruct, which then closes our standard input
        signal.signal(number, signal.SIG_IGN)
    guarded = _Guarded(command)
    while guarded.some_left() and guarded.status is None and not told:
        if select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
            break
    guarded.end()
    return 128 + signal.SIGTERM if guarded.status is None else guarded.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
