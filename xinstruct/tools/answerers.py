"""Who answers each role of a run: the rules, or the models of a profile."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from xinstruct.profile import Profile, Usage
from xinstruct.question import Asked, Question, Weighing
from xinstruct.tools import rules
from xinstruct.tools.conversation import Answerer, Misfit, Unanswered


class Rules:
    """Answers every role from the question's own fields, without a model."""

    name = f"{rules.NAME}@{rules.VERSION}"
    at_once = 64

    async def takes(self, asked: Asked) -> bool:
        """Whether there are rules for it; they cannot weigh."""
        return isinstance(asked, Question) and asked.prompt in rules.ANSWERED

    async def answer(self, question: Question, again: Misfit | None = None) -> str:
        """The rules' reply as JSON text."""
        return json.dumps(rules.answer(question), ensure_ascii=False)

    async def weigh(self, weighing: Weighing) -> str:
        """Not their business: see takes."""
        raise Unanswered("rules_cannot_weigh")


def by_rules(roles: Iterable[str]) -> dict[str, Answerer]:
    """The rules in every role."""
    answerer = Rules()
    return dict.fromkeys(roles, answerer)


@dataclass(frozen=True)
class Answering:
    """Who answers each role. usage: what their models have read and written so far, by role; rules read nothing.

    ready: waits until all answer; without it they start at the first question.
    """

    answerers: Mapping[str, Answerer]
    usage: Callable[[], Mapping[str, Usage]]
    ready: Callable[[], Awaitable[object]]


async def _at_once() -> None: ...


@asynccontextmanager
async def answering(
    profile: Profile | None, roles: Iterable[str], logs: Path, say: Callable[[str], None]
) -> AsyncIterator[Answering]:
    """Who answers the roles while the block lasts: the models of the profile, or the rules without one.

    logs: folder for the logs of servers that are started; say: takes lines for people. RecipeError for a role that the
    profile does not have.
    """
    if profile is None:
        yield Answering(by_rules(roles), dict, _at_once)
        return
    # Who has no model need not wait for what talks to one.
    from xinstruct.tools.models import Models

    models = Models(profile, logs, say)
    try:
        yield Answering(models.answerers(roles), models.usage, models.ready)
    finally:
        await models.close()
