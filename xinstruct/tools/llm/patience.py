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

    def alive(self) -> bool:
        """Whether it answered when it was last looked at."""
        return self._answered

    def explained(self) -> None:
        """Nothing is counted here."""

    async def restored(self) -> bool:
        """Whether it answers again before patience is over."""
        endpoint, began = Endpoint(self.endpoints[0], self), time.monotonic()
        told = False
        while not (answered := await self._wire.works(endpoint)) and time.monotonic() - began < self._seconds:
            if not told:
                self._say(f"waiting for the server at {self.endpoints[0]}, {self._seconds:.0f} s at most")
            told = True
            await asyncio.sleep(min(_BETWEEN_LOOKS, self._seconds))
        self._answered = answered
        return answered
