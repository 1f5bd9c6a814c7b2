"""Has a server make the vectors of instructions: vLLM with a pooling model, or what else speaks OpenAI's API."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xinstruct.profile import EMBEDDER, Profile
from xinstruct.question import TooLong
from xinstruct.tools.conversation import Unanswered
from xinstruct.tools.embedder.vectors import Vectors
from xinstruct.tools.llm.client import Call, Client
from xinstruct.tools.llm.faults import Refused
from xinstruct.tools.llm.opening import name_of
from xinstruct.tools.llm.patience import Patience
from xinstruct.tools.llm.wire import Wire
from xinstruct.tools.vllm.command import address
from xinstruct.tools.vllm.serving import serving

_PATH = "/embeddings"
_TEXTS_AT_ONCE = 32


@dataclass(frozen=True)
class Service:
    """The servers that answer a profile's role `embedder`. Holds no key, only the name of its variable."""

    profile: Profile

    @property
    def name(self) -> str:
        """What decides the vectors: the model's weights and what it is asked with; no path of a machine."""
        role = self.profile.roles[EMBEDDER]
        return name_of(self.profile.servers[role.server], role)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The model's vectors, shape (n, dimensions). Refused or ServerLost, both OSErrors, where it cannot be had."""
        return asyncio.run(self._asked(texts)) if texts else np.zeros((0, 1), np.float32)

    @asynccontextmanager
    async def running(self, logs: Path, say: Callable[[str], None]) -> AsyncIterator[None]:
        """The servers run while the block lasts; those that have endpoints run already. NotServing as `serving` has."""
        server = self.profile.servers[self.profile.roles[EMBEDDER].server]
        async with nullcontext() if server.endpoints else serving(self.profile, logs, say):
            yield

    async def _asked(self, texts: Sequence[str]) -> Vectors:
        role = self.profile.roles[EMBEDDER]
        server = self.profile.servers[role.server]
        host, port = address(server)
        places = server.endpoints or [f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"]
        wire = Wire(os.environ.get(server.key) if server.key else None, server.timeout)
        keepers = [Patience(place, wire, server.patience, _silent) for place in places]
        fields = {"model": role.adapter or server.model, **role.sampling}
        async with Client(role.server, keepers, wire, server.concurrency, server.key) as client:
            batches = [texts[at : at + _TEXTS_AT_ONCE] for at in range(0, len(texts), _TEXTS_AT_ONCE)]
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(_batch(client, fields, batch)) for batch in batches]
            except BaseExceptionGroup as several:
                raise several.exceptions[0] from None
        return np.concatenate([task.result() for task in tasks])


async def _batch(client: Client, fields: dict[str, Any], texts: Sequence[str]) -> Vectors:
    body = json.dumps({**fields, "input": list(texts), "encoding_format": "float"}).encode()
    try:
        return await client.ask(Call(body, lambda told: _read(told, len(texts)), _PATH))
    except TooLong:
        if len(texts) > 1:
            return np.concatenate([await _batch(client, fields, [text]) for text in texts])
        if len(texts[0]) < 2:
            raise Refused(f"The server {client.label} finds a text of one character too long to embed.") from None
        return await _batch(client, fields, [texts[0][: len(texts[0]) // 2]])
    except Unanswered as error:
        raise Refused(
            f"The server {client.label} gives no embeddings ({error.error}: {' '.join(error.raw.split())[:200]}); it "
            "must serve a pooling model: with vLLM, runner: pooling under serve: in the profile."
        ) from None


def _read(told: Any, count: int) -> Vectors:
    rows = sorted(told["data"], key=lambda row: row["index"])
    vectors = np.array([row["embedding"] for row in rows], np.float32)
    if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
        raise ValueError("no vectors of these texts")
    return vectors


def _silent(_: str) -> None: ...
