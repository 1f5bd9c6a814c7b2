"""Runs model-free work in processes on this machine that never outlive the main one."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any

from xinstruct.engine.each import EngineError, Item, Result


def _context() -> Any:
    """Workers are forked from a process that has imported what they need and done nothing else."""
    context = multiprocessing.get_context("forkserver")
    # pandas, because pyarrow imports it with the first array that it makes
    context.set_forkserver_preload(["xinstruct.pipeline.part", "pandas"])
    return context


class LocalEngine:
    """Processes on this machine. When a worker dies, its items are run once more; then it is an EngineError."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        # The write end stays in this process alone: when the process ends, however it ends, its children read the end
        # of the pipe.
        self._child_end, self._parent_end = _context().Pipe(duplex=False)
        self._pool: ProcessPoolExecutor | None = None

    async def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> AsyncIterator[Result]:
        """See Engine. At most twice as many items as workers are under way, so that a long list costs no memory."""
        waiting = iter(items)
        under_way: dict[asyncio.Future[Result], tuple[Item, int]] = {}
        try:
            while True:
                while len(under_way) < 2 * self.workers and (item := next(waiting, None)) is not None:
                    under_way[self._submit(function, item)] = (item, 1)
                if not under_way:
                    return
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for future in done:
                    item, tries = under_way.pop(future)
                    if not isinstance(future.exception(), BrokenProcessPool):
                        yield future.result()
                    elif tries == 1:
                        under_way[self._submit(function, item)] = (item, 2)
                    else:
                        raise EngineError(
                            "Workers died twice on the same work, most likely for want of memory: use fewer --workers."
                        )
        finally:
            for future in under_way:
                future.cancel()

    def everywhere(self, function: Callable[[Item], Result], item: Item) -> list[Result]:
        """See Engine: here is the only place."""
        return [function(item)]

    def _submit(self, function: Callable[[Item], Result], item: Item) -> asyncio.Future[Result]:
        if self._pool is None:
            self._pool = self._new_pool()
        try:
            return asyncio.wrap_future(self._pool.submit(function, item))
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._pool = self._new_pool()
            return asyncio.wrap_future(self._pool.submit(function, item))

    def _new_pool(self) -> ProcessPoolExecutor:
        context = _context()
        return ProcessPoolExecutor(
            self.workers, mp_context=context, initializer=_begin_worker, initargs=(self._child_end,)
        )

    def close(self) -> None:
        """Ends all workers at once, also in the middle of their work: nothing of theirs is lost that was committed."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.kill()
                process.join()
        self._parent_end.close()
        self._child_end.close()


def _begin_worker(pipe: Connection) -> None:
    # Ctrl-C reaches the whole process group; the parent alone decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()


def _end_with_parent(pipe: Connection) -> None:
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(0)
