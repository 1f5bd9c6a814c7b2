"""The servers of one name: which is asked next, which is down, and who nurses it back."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from xinstruct.tools.llm.faults import Fault, ServerLost
from xinstruct.tools.llm.keeper import Keeper
from xinstruct.tools.llm.suspects import Fell, Suspects
from xinstruct.tools.llm.wire import Endpoint, Wire

Call = TypeVar("Call")

# Seconds that a dying process is given to close its door, and between looks whether all its requests have ended.
_TO_DIE, _TO_DRAIN = 0.1, 0.05


class Pool(Generic[Call]):
    """Endpoints under their keepers, and the requests that a server died with.

    alone: asks one such request again at one server; raises Fell when the server dies again.
    """

    def __init__(
        self, label: str, keepers: Sequence[Keeper], wire: Wire, alone: Callable[[Call, Endpoint], Awaitable[Any]]
    ) -> None:
        self._label, self._wire = label, wire
        self.endpoints = [Endpoint(at, keeper, nth) for keeper in keepers for nth, at in enumerate(keeper.endpoints)]
        self._suspects: Suspects[Call] = Suspects(alone, self._restored)
        self._turn = asyncio.Event()
        self._nurses: dict[Endpoint, asyncio.Task[None]] = {}
        self._looks: dict[Endpoint, asyncio.Task[bool]] = {}
        self._end: BaseException | None = None

    async def close(self) -> None:
        """Ends all nursing."""
        tasks: list[asyncio.Task[None] | asyncio.Task[bool]] = [*self._nurses.values(), *self._looks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def free(self) -> Endpoint:
        """The server with the fewest requests in flight, as soon as one is up. ServerLost when none will be."""
        while True:
            if self._end:
                raise self._end
            up = [endpoint for endpoint in self.endpoints if endpoint.up]
            if up:
                return min(up, key=lambda endpoint: endpoint.in_flight)
            self._turn.clear()
            await self._turn.wait()

    def answered(self, endpoint: Endpoint) -> None:
        """Notes that a server has answered a question: one that does so at times is not broken."""
        self._suspects.answered(endpoint)

    async def died(self, endpoint: Endpoint, fault: Fault, fallen: int, began: float) -> bool:
        """Whether the server died, or hangs, while it had a request that ended in this fault.

        fallen: how often it had fallen when the request began, at `began` (monotonic seconds).
        """
        if endpoint.fallen == fallen and not await self._gone(endpoint, fault, began):
            return False
        if endpoint.fallen == fallen:
            endpoint.fallen += 1
        return True

    async def _gone(self, endpoint: Endpoint, fault: Fault, began: float) -> bool:
        if fault.dead:
            return not await self._looked(endpoint, self._healthy)
        if fault.error == "timed_out" and endpoint.heard < began:
            return not await self._looked(endpoint, self._wire.works)
        return False

    async def _looked(self, endpoint: Endpoint, look: Callable[[Endpoint], Coroutine[Any, Any, bool]]) -> bool:
        """One look for all whose requests broke off together."""
        if endpoint not in self._looks:
            self._looks[endpoint] = asyncio.create_task(look(endpoint))
            self._looks[endpoint].add_done_callback(lambda _: self._looks.pop(endpoint))
        return await asyncio.shield(self._looks[endpoint])

    async def _healthy(self, endpoint: Endpoint) -> bool:
        await asyncio.sleep(_TO_DIE)
        return await self._wire.healthy(endpoint)

    def suspect(self, fell: Fell, call: Call) -> asyncio.Future[Any]:
        """The reply to come of a request that a server died with."""
        outcome = self._suspects.admit(fell.endpoint, call)
        self.nurse(fell.endpoint)
        return outcome

    def nurse(self, endpoint: Endpoint) -> None:
        """Takes a server that died out of turn, brings it back, and has those asked again that it died with."""
        if endpoint.lost:
            self._bury(endpoint)
        elif endpoint not in self._nurses:
            endpoint.up = False
            self._nurses[endpoint] = asyncio.create_task(self._nurse(endpoint))
            self._nurses[endpoint].add_done_callback(lambda nurse: self._nursed(endpoint, nurse))

    async def _nurse(self, endpoint: Endpoint) -> None:
        try:
            await self._restored(endpoint)
            while endpoint.in_flight:
                await asyncio.sleep(_TO_DRAIN)
            await self._suspects.isolate(endpoint)
            endpoint.up = True
        except OSError as lost:
            endpoint.lost = True
            if all(other.lost for other in self.endpoints):
                self._end = lost
            self._bury(endpoint)

    def _nursed(self, endpoint: Endpoint, nurse: asyncio.Task[None]) -> None:
        """Nobody waits for a nurse: what befell her must reach those who wait for the server."""
        del self._nurses[endpoint]
        if not nurse.cancelled() and (defect := nurse.exception()):
            self._end = defect
            for each in self.endpoints:
                self._suspects.give_up(each, defect)
        elif not endpoint.lost and self._suspects.left(endpoint):
            self.nurse(endpoint)
        self._turn.set()

    def _bury(self, endpoint: Endpoint) -> None:
        """Those that a server died with which is not coming back are asked at another, or never."""
        if self._end:
            self._suspects.give_up(endpoint, self._end)
        else:
            other = next(other for other in self.endpoints if not other.lost)
            self._suspects.hand_over(endpoint, other)
            self.nurse(other)

    async def _restored(self, endpoint: Endpoint) -> None:
        """Comes back when the server answers again. ServerLost when it will not."""
        if not await endpoint.keeper.restored():
            addresses = ", ".join(each.address for each in self.endpoints)
            raise ServerLost(
                f"The server {self._label} ({addresses}) does not answer. "
                "When it does, type the same command again: what is made stays."
            )
        endpoint.address = endpoint.keeper.endpoints[endpoint.nth]
        endpoint.heard = time.monotonic()
