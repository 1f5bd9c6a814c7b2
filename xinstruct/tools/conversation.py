"""Holds thousands of conversations at once: resumes each stage's generator with the replies to its questions."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.question import Question, Talk
from xinstruct.tools.replies import Replies, question_key

# A reply that does not fit is asked for once more; then the candidate has failed.
_ATTEMPTS = 2


class Unanswered(Exception):
    """An answerer gave up on one question: error is a snake-case name, raw what it last received."""

    def __init__(self, error: str, raw: str = "") -> None:
        super().__init__(error)
        self.error, self.raw = error, raw


class WouldAskAgain(Exception):
    """A reply is missing and may not be bought without being told so."""

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role


class Answerer(Protocol):
    """Whoever answers a role: a model behind a server, or the rules.

    name: the model with revision and sampling, part of every reply's key. at_once: questions it takes at the same time.
    """

    name: str
    at_once: int

    async def answer(self, question: Question) -> str:
        """The raw reply, JSON text; Unanswered when it gives up."""
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
        self._window = 4 * max(a.at_once for a in answerers.values())
        self.asked = 0

    def name(self, role: str) -> str:
        """The name of who answers a role."""
        return self._desks[role].answerer.name

    async def outcomes(
        self,
        candidates: Iterable[Candidate],
        talk: Callable[[Candidate, Any], Talk],
        settings: Any,
        may_ask: Callable[[str], bool],
    ) -> AsyncIterator[Kept | Dropped | Failed]:
        """What became of each candidate, in the order they came. may_ask(id): may new replies be bought for it?"""
        under_way: deque[asyncio.Task[Kept | Dropped | Failed]] = deque()
        try:
            for candidate in candidates:
                under_way.append(
                    asyncio.create_task(self._hold(talk(candidate, settings), candidate, may_ask(candidate.id)))
                )
                if len(under_way) >= self._window:
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _hold(self, talk: Talk, candidate: Candidate, may_ask: bool) -> Kept | Dropped | Failed:
        reply: Any = None
        try:
            while True:
                asked = talk.send(reply)
                if isinstance(asked, Question):
                    reply = await self._reply(asked, may_ask)
                else:
                    reply = list(await asyncio.gather(*(self._reply(question, may_ask) for question in asked)))
        except StopIteration as end:
            fate: Kept | Dropped | Failed = end.value
            return fate
        except Unanswered as gone:
            return Failed(candidate, gone.error, _ATTEMPTS, gone.raw)
        finally:
            talk.close()

    async def _reply(self, question: Question, may_ask: bool) -> BaseModel:
        desk, key = self._desks[question.role], question_key(question)
        model = desk.answerer.name
        stored = self._replies.accepted(key, model, question.repeat)
        if stored is not None:
            return question.answer.model_validate_json(stored)
        if not may_ask:
            raise WouldAskAgain(question.role)
        raw = ""
        for _ in range(_ATTEMPTS):
            async with desk.seats:
                self.asked += 1
                raw = await desk.answerer.answer(question)
            try:
                reply = question.answer.model_validate_json(raw)
            except ValidationError:
                self._replies.keep(key, model, question.repeat, raw, accepted=False)
            else:
                self._replies.keep(key, model, question.repeat, raw, accepted=True)
                return reply
        raise Unanswered("reply_misfit", raw)
