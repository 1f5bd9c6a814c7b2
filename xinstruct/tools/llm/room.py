"""Sees to it that no prompt is sent that does not fit into the model's context, in the model's own tokens."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from xinstruct.question import TooLong
from xinstruct.tools.conversation import Unanswered
from xinstruct.tools.llm.client import Call, Client
from xinstruct.tools.llm.faults import Refused

# What a chat template may set around a message when it is not empty.
_SLACK = 16
# Fields of a request that change how the chat is set.
TEMPLATE = ("chat_template", "chat_template_kwargs")

Messages = list[dict[str, str]]


class Room:
    """The context of one model. most: its tokens, None where unknown: then the server alone can tell.

    model: as the server calls it. told: fields of every request that change the prompt (chat_template_kwargs).
    """

    def __init__(self, client: Client, model: str, most: int | None, told: dict[str, Any]) -> None:
        self._client, self._model, self._most = client, model, most
        self._told: dict[str, Any] = {name: told[name] for name in TEMPLATE if name in told}
        self._fixed: dict[str, int] = {}
        self._counts, self._counting = True, asyncio.Lock()

    async def check(
        self, prompt: str, fixed: Callable[[], Messages], whole: Callable[[], Messages], more: int, written: int
    ) -> None:
        """TooLong where the whole, with what is to be written (tokens), has no room. No call where that is plain.

        fixed: the prompt's messages without what strangers wrote, counted once. more: bytes that these wrote; no token
        is shorter than a byte.
        """
        if not self._most or not self._counts:
            return
        if prompt not in self._fixed:
            async with self._counting:
                if prompt not in self._fixed:
                    self._fixed[prompt] = await self._count(fixed())
        if self._fixed[prompt] + more + _SLACK + written <= self._most:
            return
        tokens = await self._count(whole())
        if tokens + written > self._most:
            raise TooLong(tokens + written, self._most)

    async def _count(self, messages: Messages) -> int:
        """Tokens of a chat; 0 where the server cannot count."""
        ask: dict[str, Any] = {"model": self._model, "messages": messages, **self._told}
        if messages[-1]["role"] == "assistant":
            ask |= {"add_generation_prompt": False, "continue_final_message": True}
        body = json.dumps(ask, ensure_ascii=False).encode()
        try:
            return await self._client.ask(Call(body, lambda told: int(told["count"]), "/tokenize"))
        except Refused:
            self._counts = False
        except Unanswered as error:
            if error.error != "refused":
                raise
            self._counts = False
        return 0
