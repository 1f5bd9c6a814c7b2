"""Waits for a server that others run: it can be looked at, but not restarted."""

import asyncio
import time
from collections.abc import Callable

from xinstruct.tools.llm.wire import Endpoint, Wire

_BETWEEN_LOOKS = 2.0


class Patience:
    """The keeper of one endpoint that runs already. seconds: how long it is waited for; say: tells who waits."""

    def __init__(self, address: str, wire: Wire, seconds: float, say: Callable[[str], None]) -> None:
        self.endpoints = [address]
        self._wire, self._seconds, self._say = wire, seconds, say
        self._answered = True
        self._waiting: asyncio.Task[bool] | None = None

    def alive(self) -> bool:
        """Whether it answered when it was last looked at."""
        return self._answered

    async def restored(self) -> bool:
        """Whether it answers again before patience is over."""
        if self._waiting is None or self._waiting.done():
            self._waiting = asyncio.create_task(self._wait())
        return await asyncio.shield(self._waiting)

    async def _wait(self) -> bool:
        endpoint, began = Endpoint(self.endpoints[0], self), time.monotonic()
        self._answered = False
        while not await self._wire.works(endpoint):
            if time.monotonic() - began > self._seconds:
                return False
            if not self._answered:
                self._say(f"waiting for the server at {self.endpoints[0]}, {self._seconds:.0f} s at most")
                self._answered = True
            await asyncio.sleep(min(_BETWEEN_LOOKS, self._seconds))
        self._answered = True
        return True
