"""A Ray cluster of several nodes on this machine, and ways to take workers and nodes from it."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.conftest import ROOT

# Ray's own processes inherit it, and so does all that they start.
_MARK = "XINSTRUCT_TEST_CLUSTER"


class RayCluster:
    """A head and further nodes of one CPU each; ends with the block. address: as RAY_ADDRESS takes it."""

    def __init__(self, nodes: int) -> None:
        self._nodes, self._cluster = nodes, None

    def __enter__(self) -> Self:
        from ray.cluster_utils import Cluster

        self._mark = f"{os.getpid()}-{random.getrandbits(32)}"
        told = {_MARK: self._mark, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0"}
        with _environment(told):
            self._cluster: Any = Cluster(initialize_head=True, head_node_args={"include_dashboard": False})
            for _ in range(self._nodes - 1):
                self.add_node()
        return self

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def add_node(self) -> None:
        with _environment({_MARK: self._mark, "PYTHONPATH": str(ROOT)}):
            self._cluster.add_node()

    def lose_node(self) -> None:
        """Kills a node that is not the head, with all that runs on it."""
        self._cluster.remove_node(max(self._cluster.worker_nodes, key=lambda node: node.unique_id), False)

    def end(self) -> None:
        """Kills the whole cluster."""
        if self._cluster.head_node is not None:
            self._cluster.shutdown()

    def busy(self) -> list[int]:
        """The workers that have a task just now."""
        return [one for one in marked(_MARK, self._mark) if _title(one).startswith("ray::_do")]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


class Killer:
    """While its block lasts, kills a worker that has a task, again and again, at random moments. killed: how many."""

    def __init__(self, cluster: RayCluster, most: int, seed: int) -> None:
        self._cluster, self._most, self._chance = cluster, most, random.Random(seed)
        self._ended, self._thread = threading.Event(), threading.Thread(target=self._kill)
        self.killed = 0

    def _kill(self) -> None:
        while self.killed < self._most and not self._ended.wait(self._chance.uniform(0.1, 1.0)):
            if busy := self._cluster.busy():
                with suppress(ProcessLookupError):  # it ended meanwhile
                    os.kill(self._chance.choice(busy), signal.SIGKILL)
                    self.killed += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()


def marked(name: str, value: str) -> Iterator[int]:
    """Living processes in whose environment a name has this value."""
    told = f"{name}={value}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended, or is another user's
            if told in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _title(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    return ""


@contextmanager
def _environment(told: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(told)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
