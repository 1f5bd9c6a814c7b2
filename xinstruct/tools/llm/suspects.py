"""Finds out which of the requests that a server died with it died of, and has the others answered."""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from xinstruct.question import TooLong
from xinstruct.tools.conversation import KILLED, Unanswered
from xinstruct.tools.llm.wire import Endpoint

Call = TypeVar("Call")

# A server that dies of every few questions is itself at fault: so many it answered since the last that killed it.
_FEWEST_ANSWERED = 8


class Fell(Exception):
    """The server died while it had this request. reached: the server had got it; raw: what came back."""

    def __init__(self, endpoint: Endpoint, raw: str, reached: bool) -> None:
        super().__init__(endpoint.address)
        self.endpoint, self.raw, self.reached = endpoint, raw, reached


class _Suspect(Generic[Call]):
    def __init__(self, call: Call) -> None:
        self.call = call
        self.outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()


class Suspects(Generic[Call]):
    """The requests that were in flight when a server died, by server.

    alone: asks one of them at that server; raises Fell. restored: comes back when the server answers again.
    """

    def __init__(
        self, alone: Callable[[Call, Endpoint], Awaitable[Any]], restored: Callable[[Endpoint], Awaitable[None]]
    ) -> None:
        self._alone, self._restored = alone, restored
        self._waiting: dict[Endpoint, list[_Suspect[Call]]] = {}
        self._answered: Counter[Endpoint] = Counter()

    def admit(self, endpoint: Endpoint, call: Call) -> asyncio.Future[Any]:
        """The reply to come: found by `isolate`."""
        suspect = _Suspect(call)
        self._waiting.setdefault(endpoint, []).append(suspect)
        return suspect.outcome

    def answered(self, endpoint: Endpoint) -> None:
        """Notes that this server has answered a question."""
        self._answered[endpoint] += 1

    def give_up(self, endpoint: Endpoint, error: BaseException) -> None:
        """Ends the waiting of all that are left at this server."""
        for suspect in self.left(endpoint):
            suspect.outcome.set_exception(error)

    def hand_over(self, endpoint: Endpoint, other: Endpoint) -> None:
        """All that are left at this server wait for another one."""
        left = self.left(endpoint)
        self._waiting[endpoint] = []
        self._waiting.setdefault(other, []).extend(left)

    async def isolate(self, endpoint: Endpoint) -> None:
        """Asks all again in groups, and those of a group with which the server dies again one by one.

        With n suspects a killer costs about twice the square root of n rounds and two more deaths.
        """
        while left := self.left(endpoint):
            size = math.ceil(math.sqrt(len(left)))
            for start in range(0, len(left), size):
                group = left[start : start + size]
                if len(group) > 1 and not any(await asyncio.gather(*(self._ask(one, endpoint) for one in group))):
                    continue
                if len(group) > 1:
                    await self._restored(endpoint)
                for one in group:
                    await self._by_itself(one, endpoint)

    def left(self, endpoint: Endpoint) -> list[_Suspect[Call]]:
        """Those of a server whose outcome is open."""
        left = [suspect for suspect in self._waiting.get(endpoint, ()) if not suspect.outcome.done()]
        self._waiting[endpoint] = left
        return list(left)

    async def _by_itself(self, suspect: _Suspect[Call], endpoint: Endpoint) -> None:
        while not suspect.outcome.done() and (fell := await self._ask(suspect, endpoint)):
            if fell.reached and not suspect.outcome.done():
                suspect.outcome.set_exception(Unanswered(KILLED, fell.raw, 2))
                if self._answered.pop(endpoint, 0) >= _FEWEST_ANSWERED:
                    endpoint.keeper.explained()
            await self._restored(endpoint)

    async def _ask(self, suspect: _Suspect[Call], endpoint: Endpoint) -> Fell | None:
        """Has it answered, or given up; Fell when the server died instead."""
        try:
            reply = await self._alone(suspect.call, endpoint)
        except Fell as fell:
            return fell
        except (Unanswered, TooLong, OSError) as error:
            if not suspect.outcome.done():
                suspect.outcome.set_exception(error)
        else:
            if not suspect.outcome.done():
                suspect.outcome.set_result(reply)
        return None
