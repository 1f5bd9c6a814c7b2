"""Holds thousands of conversations at once: resumes each stage's generator with the replies to its questions."""

import asyncio
import functools
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.question import Asked, Question, Talk, TooLong, Weighing, Weight
from xinstruct.tools.replies import Replies, asked_key

# A reply that does not fit is asked for once more; then the candidate has failed.
_ATTEMPTS = 2
_LONGEST_WHY = 200
# What Unanswered is called when the server died of the question: that is remembered.
KILLED = "killed_the_server"
# Candidates whose conversation is under way, and those whose fate waits for an earlier one's, for each seat.
_TALKING_PER_SEAT, _WAITING_PER_SEAT = 2, 16


class Unanswered(Exception):
    """An answerer gave up on one question: error is a snake-case name, raw what it last received."""

    def __init__(self, error: str, raw: str = "", attempts: int = 1) -> None:
        super().__init__(error)
        self.error, self.raw, self.attempts = error, raw, attempts


class Cut(str):
    """A reply that ended where its limit of tokens is, not where its writer wanted."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """What was wrong with the first reply: why, in a few words; cut: it ended at its limit of tokens."""

    why: str
    cut: bool = False


class WouldAskAgain(Exception):
    """A reply is missing and may not be bought without being told so."""

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role


class Answerer(Protocol):
    """Whoever answers a role: a model behind a server, or the rules.

    name: the model with revision and sampling, part of every reply's key. at_once: questions it takes at the same time.
    `answer` and `weigh` raise Unanswered when they give up on a question, TooLong when it does not fit into the model's
    context, OSError when nobody is there to answer anything any more.
    """

    name: str
    at_once: int

    async def takes(self, asked: Asked) -> bool:
        """Whether it has the means to answer questions of this kind; if not, the talk is told None."""
        ...

    async def answer(self, question: Question, again: Misfit | None = None) -> str:
        """The raw reply, JSON text that should fit question.answer; a Cut where it was stopped at its limit.

        again: at the second attempt, what was wrong with the first reply; the same words would be answered the same.
        """
        ...

    async def weigh(self, weighing: Weighing) -> str:
        """A Weight as JSON text."""
        ...


@dataclass
class _Desk:
    answerer: Answerer
    seats: asyncio.Semaphore


class Conversation:
    """All conversing of a run: one event loop, a semaphore per answerer, a window over candidates.

    A candidate's fate is a function of the candidate and the replies alone; replies that were accepted once are served
    from the store.
    """

    def __init__(self, answerers: Mapping[str, Answerer], replies: Replies) -> None:
        self._replies = replies
        by_name = {a.name: _Desk(a, asyncio.Semaphore(a.at_once)) for a in answerers.values()}
        self._desks = {role: by_name[a.name] for role, a in answerers.items()}
        self._seats = max(a.at_once for a in answerers.values())
        self._being_asked: dict[tuple[str, str, int], asyncio.Future[None]] = {}
        self.asked = 0

    def name(self, role: str) -> str:
        """The name of who answers a role."""
        return self._desks[role].answerer.name

    async def outcomes(
        self,
        candidates: Iterable[Candidate],
        talk: Callable[[Candidate], Talk],
        may_ask: Callable[[str], bool] = lambda _: True,
    ) -> AsyncIterator[Kept | Dropped | Failed]:
        """What became of each candidate, in the order they came. may_ask(id): may new replies be bought for it?"""
        # A slow conversation holds up the order, not the server: behind it, others begin and end.
        talking = asyncio.Semaphore(_TALKING_PER_SEAT * self._seats)
        under_way: deque[asyncio.Task[Kept | Dropped | Failed]] = deque()
        try:
            for candidate in candidates:
                await talking.acquire()
                task = asyncio.create_task(self._hold(talk(candidate), candidate, may_ask(candidate.id)))
                task.add_done_callback(lambda _: talking.release())
                under_way.append(task)
                while under_way and (under_way[0].done() or len(under_way) >= _WAITING_PER_SEAT * self._seats):
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _hold(self, talk: Talk, candidate: Candidate, may_ask: bool) -> Kept | Dropped | Failed:
        resume: Callable[[], Asked | list[Asked]] = functools.partial(next, talk)
        try:
            while True:
                asked = resume()
                try:
                    resume = functools.partial(talk.send, await self._replies_to(asked, may_ask))
                except TooLong as error:
                    resume = functools.partial(talk.throw, error)
        except StopIteration as end:
            fate: Kept | Dropped | Failed = end.value
            return fate
        except Unanswered as gone:
            return Failed(candidate, gone.error, gone.attempts, gone.raw)
        except TooLong as error:
            return Failed(candidate, "too_long_for_model", 1, str(error))
        finally:
            talk.close()

    async def _replies_to(self, asked: Asked | list[Asked], may_ask: bool) -> Any:
        if isinstance(asked, list):
            return await _all_of([self._reply(one, may_ask) for one in asked])
        return await self._reply(asked, may_ask)

    async def _reply(self, asked: Asked, may_ask: bool) -> BaseModel | None:
        repeat = asked.repeat if isinstance(asked, Question) else 0
        key = asked_key(asked), self._desks[asked.role].answerer.name, repeat
        while (other := self._being_asked.get(key)) is not None:
            await asyncio.wait((other,))  # two candidates may come to the same question at the same time
        self._being_asked[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._kept_or_bought(asked, key, may_ask)
        finally:
            self._being_asked.pop(key).set_result(None)

    async def _kept_or_bought(self, asked: Asked, key: tuple[str, str, int], may_ask: bool) -> BaseModel | None:
        desk = self._desks[asked.role]
        answer = asked.answer if isinstance(asked, Question) else Weight
        stored = self._replies.accepted(*key)
        if stored is not None:
            return answer.model_validate_json(stored)
        verdict = self._replies.verdict(*key[:2])
        if verdict is not None:
            raise Unanswered(*verdict)
        if not await desk.answerer.takes(asked):
            return None
        if not may_ask:
            raise WouldAskAgain(asked.role)
        raw, again = "", None
        for _ in range(_ATTEMPTS):
            raw = await self._bought(desk, asked, key, again)
            try:
                reply = answer.model_validate_json(raw)
            except ValidationError as error:
                self._replies.keep(*key, raw, accepted=False)
                again = _misfit(raw, error)
            else:
                self._replies.keep(*key, raw, accepted=True)
                return reply
        raise Unanswered("reply_cut" if isinstance(raw, Cut) else "reply_misfit", raw, _ATTEMPTS)

    async def _bought(self, desk: _Desk, asked: Asked, key: tuple[str, str, int], again: Misfit | None) -> str:
        async with desk.seats:
            self.asked += 1
            try:
                if isinstance(asked, Question):
                    return await desk.answerer.answer(asked, again)
                return await desk.answerer.weigh(asked)
            except Unanswered as gone:
                if gone.error == KILLED:
                    self._replies.condemn(*key[:2], gone.error, gone.raw)
                raise


def _misfit(raw: str, error: ValidationError) -> Misfit:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    at = ".".join(map(str, first["loc"]))
    said = " ".join(f"{at}: {first['msg']}".removeprefix(": ").split())
    return Misfit(said[:_LONGEST_WHY], isinstance(raw, Cut))


async def _all_of(replies: list[Coroutine[Any, Any, BaseModel | None]]) -> list[BaseModel | None]:
    """All replies; when one cannot be had its error, but only after the others, which are bought and kept."""
    found = await asyncio.gather(*replies, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]
