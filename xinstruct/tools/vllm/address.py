"""Finds out who listens at an address: nobody, a server of the wanted model, or something else."""

import json
import socket
from dataclasses import dataclass

import aiohttp

_LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens. models: the names and the folders that it serves; empty where it is no model server."""

    models: frozenset[str]

    def words(self) -> str:
        """What a person is told of it."""
        return f"a server of {', '.join(sorted(self.models))}" if self.models else "a program that is no model server"


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


async def listener(url: str, key: str | None) -> Listener:
    """Who listens at http://host:port, as far as it says."""
    content = await _json(f"{url}/v1/models", key, None, _LOOK_SECONDS)
    listed = content.get("data") if isinstance(content, dict) else None
    models = [model for model in listed or [] if isinstance(model, dict)]
    return Listener(frozenset(str(m[name]) for m in models for name in ("id", "root") if m.get(name)))


async def is_healthy(url: str) -> bool:
    """Whether the server says that it is well; one whose engine is stuck may say so too."""
    try:
        async with _session(_LOOK_SECONDS) as session, session.get(f"{url}/health") as reply:
            return reply.status == 200
    except (TimeoutError, aiohttp.ClientError, OSError):
        return False


async def writes(url: str, model: str, key: str | None, seconds: float) -> bool:
    """Whether the server still writes: it is asked for one token, to be had within so many seconds."""
    asked = {"model": model, "prompt": "a", "max_tokens": 1}
    return isinstance(await _json(f"{url}/v1/completions", key, asked, seconds), dict)


async def _json(url: str, key: str | None, body: dict[str, object] | None, seconds: float) -> object:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with _session(seconds) as session:
            asked = session.post(url, json=body, headers=headers) if body else session.get(url, headers=headers)
            async with asked as reply:
                return json.loads(await reply.read()) if reply.status == 200 else None
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        return None


def _session(seconds: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds))
