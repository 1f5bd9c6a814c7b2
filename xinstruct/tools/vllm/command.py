"""Turns what a profile says of a server into the command that starts vLLM, and the variables given to it."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from xinstruct.profile import Server, long_name
from xinstruct.recipe import RecipeError

_PROGRAM = "vllm.entrypoints.openai.api_server"
_ONLY_HERE = "127.0.0.1"
# Arguments that the profile has keys of its own for, or that would hide the model from those who ask for it.
_ELSEWHERE = {
    "model": "model: of the server",
    "revision": "revision: of the server",
    "port": "port: of the server",
    "served-model-name": "nothing: a model is asked for by its own name",
    "api-key": "key: of the server, which names the environment variable that holds it",
}


def command(name: str, server: Server) -> list[str]:
    """The command line. RecipeError for arguments that belong elsewhere in the profile."""
    for key in server.serve:
        if instead := _ELSEWHERE.get(long_name(key)):
            raise RecipeError(f"servers.{name}.serve: {key} does not belong there; use {instead}.")
    words = [sys.executable, "-m", _PROGRAM, "--model", server.model, "--port", str(server.port)]
    if server.revision:
        words += ["--revision", server.revision]
    defaults: dict[str, Any] = {"host": _ONLY_HERE, "disable-uvicorn-access-log": True}
    said = {long_name(key): value for key, value in server.serve.items()}
    for key, value in {**defaults, **said}.items():
        words += _words(key, value)
    return words


def environment(server: Server) -> dict[str, str]:
    """The variables of the server: ours, the profile's, and its key if one is named. RecipeError as in key_of."""
    chosen = {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_COLOR": "0", "PYTHONUNBUFFERED": "1"}
    key = {"VLLM_API_KEY": value} if (value := key_of(server)) else {}
    return {**chosen, **os.environ, **server.environment, **key}


def key_of(server: Server) -> str | None:
    """The key that a server of ours asks for; None where the profile names no variable that holds one.

    RecipeError where that variable is not set: the server would be open to everybody.
    """
    if not server.key:
        return None
    if value := os.environ.get(server.key):
        return value
    raise RecipeError(f"The environment variable {server.key}, which key: names, is not set: set it or remove key:.")


def address(server: Server) -> tuple[str, int]:
    """Host and port where this machine reaches the server."""
    host = str(server.serve.get("host", _ONLY_HERE))
    return _ONLY_HERE if host in {"0.0.0.0", "::", ""} else host, server.port


def _words(key: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    yield f"--no-{key}" if value is False else f"--{key}"
    if not isinstance(value, bool):
        for part in value if isinstance(value, list) else [value]:
            yield json.dumps(part) if isinstance(part, dict) else str(part)
