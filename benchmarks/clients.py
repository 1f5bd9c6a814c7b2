"""Which HTTP library costs least per question: openai, httpx and aiohttp side by side against the stub server.

The stub answers like vLLM, 128 ms after each question, with 256 questions in flight: 2,000 a second at best. Prints
requests per second and CPU seconds per 1,000 requests of each, and of xinstruct's own client, and the ratio to the best
possible. By hand: `python -m benchmarks.clients [SECONDS]`.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import httpx
import openai

from tests.fault_server import MODEL, FaultServer
from xinstruct.candidate import Candidate
from xinstruct.profile import Profile
from xinstruct.question import Question
from xinstruct.recipe import checked
from xinstruct.stages import instruct
from xinstruct.tools.llm import open_models

_LATENCY, _IN_FLIGHT = 0.128, 256
_SCHEMA = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}, "style": {"enum": ["request", "chat", "search"]}},
    "required": ["instruction", "style"],
    "additionalProperties": False,
}
Ask = Callable[[int], Awaitable[str]]


def _passage(number: int) -> str:
    return f"{number} " + "Habari za asubuhi, karibu sana nyumbani kwetu. " * 40


def _body(number: int) -> dict[str, object]:
    """A question of the usual size: a long fixed text, then a passage of 2,000 bytes or so."""
    fixed, passage = "You write instructions. " * 200, _passage(number)
    messages = [{"role": "system", "content": fixed}, {"role": "user", "content": passage}]
    form = {"type": "json_schema", "json_schema": {"name": "Instruction", "strict": True, "schema": _SCHEMA}}
    return {"model": MODEL, "messages": messages, "response_format": form, "max_tokens": 500, "temperature": 0.7}


@asynccontextmanager
async def by_openai(url: str) -> AsyncIterator[Ask]:
    """OpenAI's own client."""
    limits = openai.DEFAULT_CONNECTION_LIMITS
    async with openai.DefaultAsyncHttpxClient(limits=limits, timeout=60) as http:
        client = openai.AsyncOpenAI(base_url=url, api_key="none", http_client=http, max_retries=0)

        async def ask(number: int) -> str:
            reply = await client.chat.completions.create(**_body(number))  # type: ignore[call-overload]
            return str(reply.choices[0].message.content)

        yield ask


@asynccontextmanager
async def by_httpx(url: str) -> AsyncIterator[Ask]:
    """httpx."""
    limits = httpx.Limits(max_connections=_IN_FLIGHT, max_keepalive_connections=_IN_FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=60) as http:

        async def ask(number: int) -> str:
            reply = await http.post(f"{url}/chat/completions", json=_body(number))
            return str(reply.json()["choices"][0]["message"]["content"])

        yield ask


@asynccontextmanager
async def by_aiohttp(url: str) -> AsyncIterator[Ask]:
    """aiohttp."""
    connector = aiohttp.TCPConnector(limit=_IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def ask(number: int) -> str:
            async with http.post(f"{url}/chat/completions", json=_body(number)) as reply:
                return str(json.loads(await reply.read())["choices"][0]["message"]["content"])

        yield ask


@asynccontextmanager
async def by_xinstruct(url: str) -> AsyncIterator[Ask]:
    """What the product does: a question of instruct rendered and asked, with everything that heals faults."""
    server = {"model": MODEL, "endpoints": [url], "concurrency": _IN_FLIGHT}
    role = {"server": "main", "sampling": {"temperature": 0.7, "max_tokens": 500}}
    profile = checked(Profile, {"servers": {"main": server}, "roles": {"writer": role, "judge": role}}, "the benchmark")
    settings = instruct.Settings()
    async with open_models(profile, {}) as models:

        async def ask(number: int) -> str:
            candidate = Candidate(id=str(number), language="swh_Latn", response=_passage(number))
            asked = Question("writer", "instruct", instruct.fields(candidate, settings), instruct.Instruction)
            return await models["writer"].answer(asked)

        yield ask


async def measure(name: str, url: str, seconds: float) -> tuple[float, float]:
    """Requests per second, and CPU seconds of this process per 1,000 requests, with 256 in flight."""
    done = 0
    async with _CLIENTS[name](url) as ask:
        await asyncio.gather(*(ask(-number) for number in range(_IN_FLIGHT)))
        began, cpu = time.perf_counter(), time.process_time()
        numbers = iter(range(10**9))

        async def one_after_another() -> None:
            nonlocal done
            while time.perf_counter() - began < seconds:
                await ask(next(numbers))
                done += 1

        await asyncio.gather(*(one_after_another() for _ in range(_IN_FLIGHT)))
        return done / (time.perf_counter() - began), (time.process_time() - cpu) / done * 1000


_CLIENTS = {"openai": by_openai, "httpx": by_httpx, "aiohttp": by_aiohttp, "xinstruct": by_xinstruct}


def main() -> None:
    """Prints one line per client."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    best = _IN_FLIGHT / _LATENCY
    for name in _CLIENTS:
        with FaultServer(latency=_LATENCY) as server:
            speed, cpu = asyncio.run(measure(name, server.url, seconds))
        print(f"{name:10} {speed:7.0f} requests/s  {speed / best:5.2f} of the best  {cpu:6.2f} CPU s per 1,000")


if __name__ == "__main__":
    main()
