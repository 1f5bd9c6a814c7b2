"""The engine: results come back, worker deaths are survived or named, and no child outlives its parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from xinstruct.engine import EngineError, LocalEngine


def double(number: int) -> int:
    return 2 * number


def complain(number: int) -> int:
    raise ValueError(f"not {number}")


def die_once(marker: str) -> str:
    path = Path(marker)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def die_always(marker: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return marker


def sleep(seconds: int) -> int:
    time.sleep(seconds)
    return seconds


async def collected(engine: LocalEngine, function: object, items: object) -> list[object]:
    return [result async for result in engine.each(function, items)]  # type: ignore[arg-type, type-var]


def test_each_gives_every_result_once() -> None:
    engine = LocalEngine(2)
    try:
        assert sorted(asyncio.run(collected(engine, double, range(50)))) == [2 * n for n in range(50)]  # type: ignore[type-var]
        with pytest.raises(ValueError, match="not 3"):
            asyncio.run(collected(engine, complain, [3]))
    finally:
        engine.close()


def test_work_of_a_killed_worker_is_done_by_another(tmp_path: Path) -> None:
    engine = LocalEngine(1)
    try:
        assert asyncio.run(collected(engine, die_once, [str(tmp_path / "died")])) == ["alive"]
        with pytest.raises(EngineError, match="fewer --workers"):
            asyncio.run(collected(engine, die_always, ["x"]))
    finally:
        engine.close()


def test_close_ends_workers_in_the_middle_of_their_work() -> None:
    async def begin_and_leave(engine: LocalEngine) -> None:
        task = asyncio.create_task(collected(engine, sleep, [60, 60]))
        await asyncio.sleep(1.5)
        task.cancel()
        engine.close()

    began = time.monotonic()
    asyncio.run(begin_and_leave(LocalEngine(2)))
    assert time.monotonic() - began < 20


PARENT = """
import asyncio, sys
sys.path.insert(0, {root!r})
from tests.test_engine import collected, sleep
from xinstruct.engine import LocalEngine
if __name__ == "__main__":
    asyncio.run(collected(LocalEngine(2), sleep, [60, 60]))
"""


def test_no_worker_outlives_a_killed_parent(tmp_path: Path, root: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(root=str(root)))
    parent = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 30
    # Two workers, the process that they are forked from, and the one that frees what they share.
    while len(children := _descendants(parent.pid)) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(children) >= 4
    time.sleep(1)
    parent.kill()
    parent.wait()
    while any(map(_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(_alive, children))


def _descendants(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [one for word in found.split() for one in (int(word), *_descendants(int(word)))]


def _alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")
