"""Asks the servers of one name: evenly, again where that may help, and past the death of a server."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from xinstruct.tools.conversation import Unanswered
from xinstruct.tools.llm.faults import Denied, Fault, Refused
from xinstruct.tools.llm.keeper import Keeper
from xinstruct.tools.llm.pool import Pool
from xinstruct.tools.llm.suspects import Fell
from xinstruct.tools.llm.wire import LARGEST, Endpoint, Wire

Reply = TypeVar("Reply")

CHAT = "/chat/completions"
_MOST_TRIES = 8
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED_FOR = 0.5, 30.0, 600.0


@dataclass(frozen=True, eq=False, slots=True)
class Call(Generic[Reply]):
    """One request: body in JSON, and how its reply is read; a reply that cannot be read so is a broken one.

    Without a body it is a GET. largest: bytes of a reply that is still taken for one.
    """

    body: bytes | None
    read: Callable[[Any], Reply]
    path: str = CHAT
    largest: int = LARGEST


def full_jitter(tries: int) -> float:
    """Seconds to wait after so many tries: anything up to twice as long as before, so that nobody keeps step."""
    return random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**tries))


class Client:
    """The servers of one name in a profile, asked by all the roles that they answer; under `async with`.

    key_name: the environment variable of the key, for what is said when the key is refused.
    """

    def __init__(
        self,
        label: str,
        keepers: Sequence[Keeper],
        wire: Wire,
        concurrency: int,
        key_name: str | None = None,
    ) -> None:
        self.label, self.wire, self._key_name = label, wire, key_name
        self.pool: Pool[Call[Any]] = Pool(label, keepers, wire, self._tried)
        self._seats = asyncio.Semaphore(concurrency)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.pool.close()
        await self.wire.close()

    async def ask(self, call: Call[Reply]) -> Reply:
        """The reply. Unanswered when it is given up, TooLong when it does not fit; Refused or ServerLost for all."""
        try:
            return await self._tried(call)
        except Fell as fell:
            reply: Reply = await self.pool.suspect(fell, call)
            return reply

    async def _tried(self, call: Call[Reply], alone: Endpoint | None = None) -> Reply:
        """Tries until it is answered or given up; tries that a dead server spoilt do not count.

        alone: the server to ask, past all others. Fell when a server died while it had the request.
        """
        tries = 0
        while True:
            try:
                return await self._try(call, alone)
            except Fell as fell:
                if alone or fell.reached:
                    raise
                self.pool.nurse(fell.endpoint)
            except Fault as fault:
                tries += 1
                if tries == _MOST_TRIES:
                    raise Unanswered(fault.error, fault.raw, tries) from None
                await asyncio.sleep(full_jitter(tries) if fault.wait is None else _when_told(fault.wait))

    async def _try(self, call: Call[Reply], alone: Endpoint | None) -> Reply:
        async with contextlib.nullcontext() if alone else self._seats:
            endpoint = alone or await self.pool.free()
            fallen, began = endpoint.fallen, time.monotonic()
            endpoint.in_flight += 1
            try:
                reply = await self._once(call, endpoint)
                if call.path == CHAT:
                    self.pool.answered(endpoint)
                return reply
            except Fault as caught:
                fault = caught
            finally:
                endpoint.in_flight -= 1
        if await self.pool.died(endpoint, fault, fallen, began):
            raise Fell(endpoint, fault.raw, fault.reached)
        raise fault

    async def _once(self, call: Call[Reply], endpoint: Endpoint) -> Reply:
        try:
            raw = await self.wire.send(endpoint, call.path, call.body, call.largest)
        except Denied as denied:
            raise denied.of_this_question() or Refused(self._why(denied, endpoint), denied.status) from None
        try:
            return call.read(json.loads(raw))
        except (ValueError, LookupError, TypeError, RecursionError):
            raise Fault("broken_reply", self.wire.shown(raw)) from None

    def _why(self, denied: Denied, endpoint: Endpoint) -> str:
        """One sentence on a denial that would meet every question. What the server says of keys is not repeated."""
        if denied.status not in (401, 403):
            hint = ""
            if denied.status == 404 and not endpoint.address.rstrip("/").endswith("/v1"):
                hint = " Most servers answer at an address that ends in /v1."
            return f"The server at {endpoint.address} refuses all questions ({denied.status}: {denied.said}).{hint}"
        if not self._key_name:
            return (
                f"The server at {endpoint.address} wants a key: name its environment variable by key: in the profile."
            )
        return (
            f"The server at {endpoint.address} does not take the key ({denied.status}): "
            f"put the right one into the environment variable {self._key_name}."
        )


def _when_told(seconds: float) -> float:
    """As long as the server says, and a little more, so that not all come back at once."""
    return min(seconds, _LONGEST_ASKED_FOR) * random.uniform(1, 1.25)
