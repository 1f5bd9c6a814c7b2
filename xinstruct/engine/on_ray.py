"""Runs model-free work as tasks on Ray: on a cluster that is there, or on a Ray of this machine that ends with us."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from xinstruct.engine import ray_guardian
from xinstruct.engine.each import EngineError, Item, Result
from xinstruct.recipe import RecipeError

# A task that its worker or its node took with it is run again, after 1, 2, 4 and 8 seconds: a cluster needs a while to
# learn that a node is gone.
_TRIES = 5
_SECONDS_BETWEEN_LOOKS = 5.0
_LOOKS = 4
_LONGEST_ANSWER = 60.0
# Results are small and rows go by file: Ray need not set aside a third of the memory.
_OBJECT_STORE = 128 << 20


@dataclass(frozen=True)
class SharedDisk:
    """What every machine must see. lock: the locked file of the run's folder; said: what only this run wrote into it;
    read: files of the input, as strings, sorted.
    """

    lock: Path
    said: str
    read: tuple[str, ...]

    @classmethod
    def of(cls, lock: Path, read: Iterable[Path]) -> Self:
        """As it is now on this machine."""
        return cls(lock, lock.read_text(), tuple(sorted(map(str, read))))

    @property
    def is_here(self) -> bool:
        """Whether this machine sees the run's folder, and not another of the same name."""
        try:
            return self.lock.read_text() == self.said
        except OSError:
            return False


class RayEngine:
    """Tasks of one CPU each, as many at once as `workers`. disk: what machines must see, None where files are sent.

    Ray is started, or joined, with the first item.
    """

    def __init__(self, workers: int, disk: SharedDisk | None = None) -> None:
        self.workers = workers
        self._disk, self._free = disk, asyncio.Semaphore(workers)
        self._task: Any = None
        self._missed, self._lost = 0, False

    async def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> AsyncIterator[Result]:
        """See Engine. At most twice as many items as workers are waiting or under way, however long the list."""
        waiting = iter(items)
        under_way: set[asyncio.Task[Result]] = set()
        try:
            while True:
                while len(under_way) < 2 * self.workers and (item := next(waiting, None)) is not None:
                    self._connect()
                    under_way.add(asyncio.create_task(self._done(function, item)))
                if not under_way:
                    return
                done, _ = await asyncio.wait(
                    under_way, timeout=_SECONDS_BETWEEN_LOOKS, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    await self._look()
                for task in done:
                    under_way.remove(task)
                    yield task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _done(self, function: Callable[[Item], Result], item: Item) -> Result:
        """The function's result, at one of a few tries."""
        async with self._free:
            for tries in range(1, _TRIES + 1):
                reference = self._task.remote(function, item, self._disk)
                try:
                    result: Result = await asyncio.wrap_future(reference.future())
                    return result
                except RayTaskError as error:
                    raise error.cause from error
                except RayError as error:
                    lost = error
                except asyncio.CancelledError:
                    ray.cancel(reference, force=True)  # nobody waits for it: it must not write after our end
                    raise
                if tries < _TRIES:
                    await asyncio.sleep(2 ** (tries - 1))
        if isinstance(lost, (OutOfMemoryError, WorkerCrashedError)):
            raise EngineError(
                f"Workers died {_TRIES} times on the same work, most likely for want of memory: use fewer --workers."
            )
        raise EngineError(f"The {self._cluster()} failed {_TRIES} times on the same work ({_line(lost)}); {_AGAIN}")

    def everywhere(self, function: Callable[[Item], Result], item: Item) -> list[Result]:
        """See Engine."""
        if self._lost:
            raise EngineError(f"The {self._cluster()} is lost; {_AGAIN}")
        self._connect()
        return self._everywhere(function, item)

    def _everywhere(self, function: Callable[[Item], Result], item: Item) -> list[Result]:
        for tries in range(1, _TRIES + 1):
            try:
                results: list[Result] = ray.get(
                    [self._task.options(**on).remote(function, item, None) for on in _places()], timeout=_LONGEST_ANSWER
                )
                return results
            except RayTaskError as error:
                raise error.cause from error
            except RayError as error:
                lost = error
            if tries < _TRIES:
                time.sleep(2 ** (tries - 1))  # a node that is gone is known to be gone after a while
        raise EngineError(f"A node of the {self._cluster()} does not answer ({_line(lost)}); {_AGAIN}")

    def _connect(self) -> None:
        if self._task is not None:
            return
        _begin_ray(self.workers)
        self._task = ray.remote(num_cpus=1, max_retries=0)(_do)
        try:
            complaints = self._everywhere(_complaint, self._disk)
        except EngineError:
            raise
        except (RuntimeError, RayError) as error:  # as Ray tells of a module that a worker cannot import
            raise RecipeError(
                f"A node of the {self._cluster()} cannot run xinstruct: install the same one, and the same Python, on "
                f"all nodes ({_line(error)[:150]})."
            ) from error
        for complaint in filter(None, complaints):
            raise RecipeError(complaint)

    async def _look(self) -> None:
        """Raises EngineError when the cluster's head has not been reached several times in a row."""
        host, port = ray.get_runtime_context().gcs_address.rsplit(":", 1)
        try:
            async with asyncio.timeout(_SECONDS_BETWEEN_LOOKS):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.close()
            self._missed = 0
        except (OSError, TimeoutError) as error:
            self._missed += 1
            if self._missed >= _LOOKS:
                self._lost = True
                raise EngineError(f"The {self._cluster()} is lost; {_AGAIN}") from error

    @staticmethod
    def _cluster() -> str:
        return f"Ray cluster at {ray.get_runtime_context().gcs_address}"

    def close(self) -> None:
        """Ends our tasks, and the Ray that we started; a cluster that was there before stays."""
        if self._task is None:
            return
        self._task = None
        ray.shutdown()


_AGAIN = "when it is back, type the same command again: what is made stays."


def _begin_ray(workers: int) -> None:
    """Joins the cluster that Ray's own means name, or starts one here. EngineError when it cannot be reached."""
    # What the main process prints is what people read; Ray's own lines go to its files.
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    # Without these, Ray would ask a server of its makers, send the checkout to the workers under `uv run`, end this
    # process, instead of telling it, when the cluster's head is gone, and print what is told here in a sentence.
    for name, value in {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_IGNORE_UNHANDLED_ERRORS": "1",
        "RAY_gcs_rpc_server_reconnect_timeout_s": "86400",
    }.items():
        os.environ.setdefault(name, value)
    address = os.environ.get("RAY_ADDRESS", "")
    if address not in ("", "auto", "local"):
        _reach(address)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _guarded():
            try:
                ray.init(num_cpus=workers, include_dashboard=False, object_store_memory=_OBJECT_STORE, **quiet)
            except ValueError:  # a cluster is there: its CPUs are not ours to say
                ray.init(**quiet)
    except (ConnectionError, RuntimeError) as error:
        raise EngineError(f"Ray cannot be reached or started ({_line(error)}); {_AGAIN}") from error
    signal.signal(signal.SIGTERM, before)


@contextmanager
def _guarded() -> Iterator[None]:
    """Has a guardian for the Ray that is started in the block. It waits for the end of this process, which alone holds
    the other end of its pipe.
    """
    mark = secrets.token_hex(8)
    reading, _ = os.pipe()
    command = [sys.executable, "-I", ray_guardian.__file__, mark]
    subprocess.Popen(command, stdin=reading, start_new_session=True)
    os.close(reading)
    os.environ[ray_guardian.VARIABLE] = mark
    try:
        yield
    finally:
        del os.environ[ray_guardian.VARIABLE]


def _reach(address: str) -> None:
    """Tries whether anybody listens: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if "/" in host or not port.isdigit():
        raise RecipeError(f"RAY_ADDRESS={address}: give host:port of the cluster's head, such as 10.0.0.1:6379.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS_BETWEEN_LOOKS).close()
    except OSError as error:
        raise EngineError(f"Nobody answers at RAY_ADDRESS={address} ({_line(error)}); {_AGAIN}") from error


def _places() -> list[dict[str, Any]]:
    """Options for a task on each node that has CPUs, which it need not wait for."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    names = [node["NodeID"] for node in nodes if node["Alive"] and node["Resources"].get("CPU")]
    return [{"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(name, soft=False)} for name in names]


def _do(function: Callable[[Item], Result], item: Item, disk: SharedDisk | None) -> Result:
    """Runs in a worker of Ray. Nodes may join later: also these must see what all see."""
    if disk is not None and not disk.is_here:
        raise RecipeError(_unseen(str(disk.lock.parent)))
    return function(item)


def _complaint(disk: SharedDisk | None) -> str | None:
    """What this node does not see of what all must see, in a sentence."""
    if disk is None:
        return None
    if not disk.is_here:
        return _unseen(str(disk.lock.parent))
    missing = next((path for path in disk.read if not Path(path).exists()), None)
    return _unseen(missing) if missing else None


def _unseen(path: str) -> str:
    return (
        f"The Ray node {socket.gethostname()} does not see {path} as this machine does: put --out and the sources on a "
        "disk that all nodes share, under the same path, or give --storage URL."
    )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
