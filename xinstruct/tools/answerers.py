"""Who answers each role of a run."""

import json
from collections.abc import Iterable

from xinstruct.question import Question
from xinstruct.tools import rules
from xinstruct.tools.conversation import Answerer


class Rules:
    """Answers every role from the question's own fields, without a model."""

    name = f"{rules.NAME}@{rules.VERSION}"
    at_once = 64

    async def answer(self, question: Question) -> str:
        """The rules' reply as JSON text."""
        return json.dumps(rules.answer(question), ensure_ascii=False)


def by_rules(roles: Iterable[str]) -> dict[str, Answerer]:
    """The rules in every role."""
    answerer = Rules()
    return dict.fromkeys(roles, answerer)
