"""A role's answerer: a model with its sampling, behind the servers of one name."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from xinstruct.profile import Usage
from xinstruct.question import Asked, Question, TooLong, Weighing
from xinstruct.tools.conversation import Cut, Misfit
from xinstruct.tools.llm import likelihood, render
from xinstruct.tools.llm.client import Call, Client
from xinstruct.tools.llm.form import Form
from xinstruct.tools.llm.room import TEMPLATE, Messages, Room
from xinstruct.tools.llm.schema import schema

Told = TypeVar("Told")

# Bytes of an answer that was written, with everything around it.
_LARGEST_ANSWER = 2**20
_LIMITS = ("max_tokens", "max_completion_tokens")
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)


@dataclass(frozen=True)
class Ways:
    """What was found out about the servers' ways when they were first asked.

    model: what they call it. most: tokens of its context, None where they do not tell. weighs: log-probabilities of the
    prompt can be had. takes_system: system messages are taken. lengths: schemas may bound the length of strings.
    """

    model: str
    most: int | None
    weighs: bool
    takes_system: bool
    lengths: bool


class Model:
    """What answers a role. name: model, revision and sampling; at_once: questions it takes at the same time."""

    def __init__(self, name: str, client: Client, sampling: Mapping[str, Any], at_once: int, ways: Ways) -> None:
        self.name, self.at_once, self.usage = name, at_once, Usage()
        self._client, self._sampling, self._ways = client, dict(sampling), ways
        self._written = next((int(sampling[limit]) for limit in _LIMITS if limit in sampling), 0)
        self._forms: dict[tuple[str, type[BaseModel] | None], Form] = {}
        self._room = Room(client, ways.model, ways.most, self._sampling)

    def takes(self, asked: Asked) -> bool:
        """Whether it can: not every server gives the log-probabilities that weighing takes."""
        return isinstance(asked, Question) or self._ways.weighs

    async def answer(self, question: Question, again: Misfit | None = None) -> str:
        """The raw reply: JSON, freed of what some servers set around it; see Answerer."""
        prompt, answer = question.prompt, question.answer
        filled = render.filled(prompt, question.fields)
        if again is not None:
            return await self._again(prompt, answer, filled + _remark(again), again.cut)
        await self._check(prompt, lambda: self._turns(prompt, filled), len(filled.encode()), self._written)
        if (prompt, answer) not in self._forms:
            self._forms[prompt, answer] = Form(lambda filled, _: self._request(prompt, answer, filled))
        call = Call(self._forms[prompt, answer].filled(filled), _content, largest=_LARGEST_ANSWER)
        return await self._ask(call)

    async def _again(self, prompt: str, answer: type[BaseModel], filled: str, was_cut: bool) -> str:
        """The reply to a question that names what was wrong; where that was the length, with room for twice as much."""
        written = self._written
        if was_cut:
            try:
                return await self._limited(prompt, answer, filled, 2 * written)
            except TooLong as error:
                written = max(written, 2 * written - max(0, error.tokens - error.room))
        return await self._limited(prompt, answer, filled, written)

    async def _limited(self, prompt: str, answer: type[BaseModel], filled: str, written: int) -> str:
        await self._check(prompt, lambda: self._turns(prompt, filled), len(filled.encode()), written)
        limits = {limit: written for limit in _LIMITS if limit in self._sampling}
        body = json.dumps(self._request(prompt, answer, filled) | limits, ensure_ascii=False).encode()
        return await self._ask(Call(body, _content, largest=_LARGEST_ANSWER))

    async def weigh(self, weighing: Weighing) -> str:
        """A Weight as JSON: the prompt is read, and one token written that nobody looks at."""
        prompt = weighing.prompt
        filled, text = render.filled(prompt, weighing.fields), render.harmless(weighing.text).strip()
        more = len(filled.encode()) + len(text.encode())
        await self._check(prompt, lambda: self._followed(prompt, filled, text), more, 1)
        if (prompt, None) not in self._forms:
            self._forms[prompt, None] = Form(lambda filled, text: self._reading(prompt, filled, text))
        told = await self._ask(Call(self._forms[prompt, None].filled(filled, text), _prompt_logprobs))
        return likelihood.weight(text, told, weighing.masked).model_dump_json()

    async def _check(self, prompt: str, whole: Callable[[], Messages], more: int, written: int) -> None:
        await self._room.check(prompt, lambda: self._turns(prompt, ""), whole, more, written)

    def _request(self, prompt: str, answer: type[BaseModel], filled: str) -> dict[str, Any]:
        form = {"name": answer.__name__, "strict": True, "schema": schema(answer, self._ways.lengths)}
        return {
            "model": self._ways.model,
            "messages": self._turns(prompt, filled),
            **self._sampling,
            "response_format": {"type": "json_schema", "json_schema": form},
        }

    def _reading(self, prompt: str, filled: str, text: str) -> dict[str, Any]:
        return {
            "model": self._ways.model,
            "messages": self._followed(prompt, filled, text),
            **{name: self._sampling[name] for name in TEMPLATE if name in self._sampling},
            "add_generation_prompt": False,
            "continue_final_message": True,
            "max_tokens": 1,
            "temperature": 0,
            "prompt_logprobs": 0,
        }

    async def _ask(self, call: Call[tuple[Told, dict[str, Any]]]) -> Told:
        began = time.monotonic()
        reply, usage = await self._client.ask(call)
        self.usage.requests += 1
        self.usage.read += int(usage.get("prompt_tokens") or 0)
        self.usage.written += int(usage.get("completion_tokens") or 0)
        self.usage.seconds += time.monotonic() - began
        return reply

    def _turns(self, prompt: str, filled: str) -> Messages:
        return turns(render.fixed(prompt), filled, self._ways.takes_system)

    def _followed(self, prompt: str, filled: str, text: str) -> Messages:
        return [*self._turns(prompt, filled), {"role": "assistant", "content": text}]


def _remark(again: Misfit) -> str:
    why = "it was too long and broke off" if again.cut else render.harmless(again.why)
    return f"\n\nYour last reply did not fit the form: {why}. Reply with one JSON object that fits."


def turns(fixed: str, filled: str, takes_system: bool) -> Messages:
    """The messages of a question; the fixed text goes first whichever way the model takes it."""
    if fixed and takes_system:
        return [{"role": "system", "content": fixed}, {"role": "user", "content": filled}]
    return [{"role": "user", "content": f"{fixed}\n\n{filled}".strip()}]


def unwrapped(said: str) -> str:
    """The JSON object in what was said: without thoughts, fences and words around it; all of it where there is none."""
    said = said.strip()
    if said.startswith("{") and said.endswith("}"):
        return said
    bare = _THOUGHTS.sub("", said)
    start, end = bare.find("{"), bare.rfind("}")
    return bare[start : end + 1] if 0 <= start < end else said


def _content(told: Any) -> tuple[str, dict[str, Any]]:
    choice = told["choices"][0]
    said = unwrapped(str(choice["message"]["content"] or ""))
    return Cut(said) if choice.get("finish_reason") == "length" else said, told.get("usage") or {}


def _prompt_logprobs(told: Any) -> tuple[list[Any], dict[str, Any]]:
    if not isinstance(told["prompt_logprobs"], list):
        raise TypeError
    return told["prompt_logprobs"], told.get("usage") or {}
