"""The cage: whatever a page does to its child, the parent hears of it by name and the next page is served."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from xinstruct.tools import cage as room
from xinstruct.tools.cage import GRACE, BrokenPage, Cage, CageDied

LIMIT = 1.0


@pytest.fixture
def cage() -> Iterator[Cage]:
    with Cage("tests.caged:misbehave", seconds=30) as made:
        yield made


@pytest.fixture
def hasty() -> Iterator[Cage]:
    with Cage("tests.caged:misbehave", seconds=LIMIT) as made:
        yield made


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def test_function_gets_bytes_and_fields_and_its_child_stays() -> None:
    with Cage("tests.caged:measure") as cage:
        first = cage.call(bytes(range(256)), title="Habari — 你好 \ud800", numbers=[1, None])
        assert (first["bytes"], first["last"], first["calls"]) == (256, "ff", 1)
        assert (first["title"], first["numbers"]) == ("Habari — 你好 \ud800", [1, None])
        for size in (0, 1, 70_000, 20_000_000):
            again = cage.call(b"x" * size)
            assert (again["bytes"], again["pid"]) == (size, first["pid"])


@pytest.mark.parametrize("how", ["sleep", "stuck"])
def test_slow_page_ends_by_the_childs_own_alarm(hasty: Cage, how: str) -> None:
    hasty.call(b"")
    begin = time.monotonic()
    with pytest.raises(CageDied) as died:
        hasty.call(b"", how=how)
    assert died.value.reason == "too_slow"
    assert LIMIT <= time.monotonic() - begin < LIMIT + GRACE
    assert hasty.call(b"")


def test_page_that_ignores_the_alarm_ends_by_the_parents_clock(hasty: Cage) -> None:
    pid = hasty.call(b"")["pid"]
    with pytest.raises(CageDied) as died:
        hasty.call(b"", how="deaf")
    assert died.value.reason == "too_slow"
    assert not alive(pid)
    assert hasty.call(b"")


@pytest.mark.parametrize(
    ("how", "reason", "detail"),
    [
        ("segfault", "crashed", "Segmentation fault"),
        ("leave", "crashed", "exit status 3"),
        ("memory", "too_much_memory", "2147483648"),
        ("kill", "too_much_memory", "killed twice"),
    ],
)
def test_death_is_named_and_the_next_call_works(cage: Cage, how: str, reason: str, detail: str) -> None:
    pid = cage.call(b"")["pid"]
    with pytest.raises(CageDied) as died:
        cage.call(b"x" * 1_000_000, how=how)
    assert died.value.reason == reason
    assert detail in died.value.detail
    assert cage.call(b"")["pid"] != pid
    assert not alive(pid)


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("raise", "ValueError: first line second line"),
        ("exit", "SystemExit: 3"),
        ("recurse", "RecursionError"),
        ("large", "a result of"),
        ("unknown argument", "TypeError"),
    ],
)
def test_page_on_which_the_function_raises_is_broken_and_the_child_stays(cage: Cage, how: str, text: str) -> None:
    pid = cage.call(b"")["pid"]
    with pytest.raises(BrokenPage, match=text) as broken:
        cage.call(b"", **({"colour": 1} if how == "unknown argument" else {"how": how}))
    assert "\n" not in str(broken.value)
    assert cage.call(b"")["pid"] == pid


def test_prints_of_libraries_do_not_reach_the_pipe(cage: Cage, capfd: pytest.CaptureFixture[str]) -> None:
    assert cage.call(b"", how="print") == cage.call(b"")
    assert capfd.readouterr().out == ""


def test_child_killed_from_outside_is_no_fault_of_the_page(cage: Cage, tmp_path: Path) -> None:
    os.kill(cage.call(b"")["pid"], signal.SIGKILL)
    pid = cage.call(b"")["pid"]
    assert cage.call(b"", how="kill once", note=str(tmp_path / "note"))["pid"] != pid


def test_function_that_is_not_there_is_a_defect_with_a_reason() -> None:
    for function in ("tests.caged:nothing", "tests.nowhere:nothing", "nothing"):
        with pytest.raises(RuntimeError, match=function):
            Cage(function).call(b"")


def test_close_ends_the_child() -> None:
    cage = Cage("tests.caged:measure")
    pid = cage.call(b"")["pid"]
    cage.close()
    assert not Path(f"/proc/{pid}").exists()
    cage.close()
    assert cage.call(b"")["calls"] == 1
    cage.close()


def test_interrupted_call_leaves_no_child_and_no_half_frame(cage: Cage) -> None:
    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    pid = cage.call(b"")["pid"]
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            cage.call(b"", how="sleep")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not alive(pid)
    assert cage.call(b"")["pid"] != pid


def test_ctrl_c_of_the_terminal_is_left_to_the_parent(cage: Cage) -> None:
    pid = cage.call(b"")["pid"]
    os.kill(pid, signal.SIGINT)
    assert cage.call(b"")["pid"] == pid


def test_cage_that_is_killed_while_it_starts_starts_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange, deaths = room._exchange, [1]

    def killing(child: subprocess.Popen[bytes], request: bytes, seconds: float) -> dict[str, Any]:
        if not request and deaths[0]:
            deaths[0] -= 1
            child.kill()
        return exchange(child, request, seconds)

    monkeypatch.setattr(room, "_exchange", killing)
    with Cage("tests.caged:measure") as cage:
        assert cage.call(b"xyz")["bytes"] == 3
    deaths[0] = 2
    with Cage("tests.caged:measure") as cage, pytest.raises(OSError, match="fewer --workers"):
        cage.call(b"xyz")


def test_cages_in_threads_do_not_disturb_each_other() -> None:
    sizes: list[int] = []

    def work(number: int) -> None:
        with Cage("tests.caged:measure") as cage:
            for size in range(number, 2000, 100):
                sizes.append(cage.call(b"x" * size)["bytes"] - size)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [0] * 60


@pytest.mark.parametrize("how", ["", "sleep", "stuck", "orphan"])
def test_child_ends_with_a_parent_that_was_killed(tmp_path: Path, how: str) -> None:
    note = tmp_path / "pid"
    code = (
        "import sys, time; from xinstruct.tools.cage import Cage; cage = Cage('tests.caged:misbehave', seconds=2);"
        "cage.call(b'', how=sys.argv[1], note=sys.argv[2]); time.sleep(600)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", code, how, str(note)], env=environment)
    deadline = time.monotonic() + 20
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int(note.read_text())
    assert alive(pid)
    time.sleep(0.1)
    parent.kill()
    parent.wait()
    assert gone_within(pid, 4.0 if how == "orphan" else 1.5)
