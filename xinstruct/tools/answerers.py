"""Who answers each role of a run."""

import json
from collections.abc import Iterable

from xinstruct.question import Asked, Question, Weighing
from xinstruct.tools import rules
from xinstruct.tools.conversation import Answerer


class Rules:
    """Answers every role from the question's own fields, without a model."""

    name = f"{rules.NAME}@{rules.VERSION}"
    at_once = 64

    def takes(self, asked: Asked) -> bool:
        """Whether there are rules for it; they cannot weigh."""
        return isinstance(asked, Question) and asked.prompt in rules.ANSWERED

    async def answer(self, question: Question) -> str:
        """The rules' reply as JSON text."""
        return json.dumps(rules.answer(question), ensure_ascii=False)

    async def weigh(self, weighing: Weighing) -> str:
        """Never called: see takes."""
        raise NotImplementedError


def by_rules(roles: Iterable[str]) -> dict[str, Answerer]:
    """The rules in every role."""
    answerer = Rules()
    return dict.fromkeys(roles, answerer)
