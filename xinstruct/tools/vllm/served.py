"""A vLLM server of ours: started, waited for, watched, started again when it died or hangs, and ended."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from xinstruct.profile import Server, long_name
from xinstruct.recipe import RecipeError
from xinstruct.tools.vllm import address, needs
from xinstruct.tools.vllm.command import address as address_of
from xinstruct.tools.vllm.command import command, environment, key_of
from xinstruct.tools.vllm.diagnosis import NotServing, diagnosis, step
from xinstruct.tools.vllm.process import Process

_LOOK_SECONDS = 0.25
_TELL_SECONDS = 5.0
_WATCH_SECONDS = 15.0
_LAST_WORDS = 20_000  # characters of the log of a server that had worked, in which the reason of its death stands
_TOKEN_SECONDS = 30.0  # for one token, where nothing else was answered before
# A server that worked so long after a start is not in a loop of dying: the count of restarts begins anew.
_SETTLED_SECONDS = 3600.0


class Served:
    """Keeps one server of a profile (a Keeper). say: told, in plain lines, what becomes of it."""

    def __init__(self, name: str, server: Server, logs: Path, say: Callable[[str], None]) -> None:
        self._name, self._server, self._say = name, server, say
        self._log = logs / f"{name}.log"
        self._command = command(name, server)
        host, port = address_of(server)
        self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self.endpoints = [f"{self._url}/v1"]
        self._process: Process | None = None  # None while we use a server that ran already
        self._restarts, self._started = 0, 0.0
        self._restoring: asyncio.Task[bool] | None = None

    async def start(self) -> None:
        """Starts the server, or finds one of the same model at its port, and waits until it is healthy.

        NotServing when it cannot be, RecipeError when the profile is at fault, each with what to do.
        """
        if not address.is_free(*address_of(self._server)):
            await self._reuse()
            return
        await self._begin()

    async def end(self) -> None:
        """Ends the server if we started it, and waits until its processes are gone."""
        if self._restoring:
            self._restoring.cancel()
            await asyncio.gather(self._restoring, return_exceptions=True)
        if self._process and not await self._process.end():
            self._say(f"{self._name}: some of its processes cannot be ended; `nvidia-smi` and `ps` show them")

    def alive(self) -> bool:
        """Whether its processes run; one that hangs counts, and so does a server that we only found."""
        return self._process is None or self._process.status() is None

    async def restored(self) -> bool:
        """True when the server answers (again), after a restart if need be; False when it has died too often."""
        if self._restoring is None or self._restoring.done():
            self._restoring = asyncio.create_task(self._restore())
        return await asyncio.shield(self._restoring)

    def explained(self) -> None:
        """The last deaths were a question's fault: only what dies without one is given up in the end."""
        self._restarts = 0

    async def watch(self) -> None:
        """Restores the server whenever it is dead or hangs, for ever. NotServing when that is of no use any more."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if not (self.alive() and await self._answers(self._server.timeout)) and not await self.restored():
                raise NotServing(f"the server {self._name} died too often; its log {self._log} says why")

    async def _restore(self) -> bool:
        if self.alive() and await self._answers():
            return True
        if self._process is None:
            if await self._others_back():
                return True
            if not address.is_free(*address_of(self._server)):
                return False
        why, most = self._why(), self._server.restarts
        while self._may_restart():
            self._say(f"{self._name}: {why}; start {self._restarts} of at most {most} after a fault")
            try:
                await self._begin()
            except (NotServing, RecipeError) as error:
                why = str(error)
            else:
                return True
        self._say(f"{self._name}: {why}; given up after {most} restarts, its log is {self._log}")
        return False

    def _may_restart(self) -> bool:
        if self._started and time.monotonic() - self._started > _SETTLED_SECONDS:
            self._restarts = 0
        self._restarts += 1
        self._started = 0.0
        return self._restarts <= self._server.restarts

    def _why(self) -> str:
        if self._process is None:
            return "the server that ran already is gone"
        status = self._process.status()
        if status is None:
            return "the server does not answer"
        return f"the server died: {diagnosis(self._process.said()[-_LAST_WORDS:], status).sentence}"

    async def _begin(self) -> None:
        if self._process:
            await self._process.end()
        needs.check(self._name, self._server)
        self._say(f"{self._name}: starting vLLM with {self._server.model}; its log is {self._log}")
        self._process = Process(self._command, environment(self._server), self._log)
        await self._wait(self._process)
        self._started = time.monotonic()

    async def _wait(self, process: Process) -> None:
        began = told = grown = time.monotonic()
        size, last = 0, ""
        while not await address.is_healthy(self._url):
            now, said = time.monotonic(), process.said()
            if process.status() is not None:
                self._fail(process)
            if process.size() > size:
                size, grown = process.size(), now
            if now - grown > self._server.patience:
                await process.end()
                raise NotServing(
                    f"the server {self._name} started and then said nothing for {self._server.patience:.0f} s; "
                    f"the last it did was {step(said)}, see {self._log}"
                )
            if now - told >= (_TELL_SECONDS if step(said) != last else 3 * _TELL_SECONDS):
                told, last = now, step(said)
                self._say(f"{self._name}: {now - began:.0f} s, {last}")
            await asyncio.sleep(_LOOK_SECONDS)
        self._say(f"{self._name}: {self._server.model} answers at {self._url} after {time.monotonic() - began:.0f} s")

    def _fail(self, process: Process) -> None:
        found = diagnosis(process.said(), process.status())
        if found.mistake:
            raise RecipeError(f"servers.{self._name}: {found.sentence}; the whole log is {self._log}.")
        raise NotServing(f"the server {self._name} cannot start: {found.sentence}; the whole log is {self._log}")

    async def _reuse(self) -> None:
        found = await address.listener(self._url, key_of(self._server))
        if self._server.model in found.models and await address.is_healthy(self._url):
            self._say(f"{self._name}: {self._server.model} is served at {self._url} already; that server is used")
            return
        raise NotServing(
            f"the server {self._name} cannot start: port {self._server.port} is taken by {found.words()}; "
            "end that, or give the server another port: in the profile"
        )

    async def _answers(self, seconds: float = _TOKEN_SECONDS) -> bool:
        model, key = self._server.model, key_of(self._server)
        if not await address.is_healthy(self._url):
            return False
        # A pooling model makes vectors and writes nothing.
        pools = any(long_name(name) == "runner" and value == "pooling" for name, value in self._server.serve.items())
        return pools or await address.writes(self._url, model, key, seconds)

    async def _others_back(self) -> bool:
        """Waits for a server that is not ours: whoever started it may be starting it again."""
        patience = self._server.patience
        self._say(f"{self._name}: {self._url} does not answer, and is not ours; waiting {patience:.0f} s at most")
        until = time.monotonic() + patience
        while time.monotonic() < until:
            await asyncio.sleep(min(_TELL_SECONDS, patience))
            if await self._answers():
                return True
        self._say(f"{self._name}: {self._url} did not answer again")
        return False
