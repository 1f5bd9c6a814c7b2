"""Opens the models of a profile: finds out what each server is and can, before anything is asked in earnest."""

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from yarl import URL

from xinstruct.profile import Profile, Role, Server
from xinstruct.tools.conversation import Unanswered
from xinstruct.tools.llm.client import Call, Client
from xinstruct.tools.llm.faults import Denied, Refused
from xinstruct.tools.llm.keeper import Keeper
from xinstruct.tools.llm.model import Model, Ways, turns
from xinstruct.tools.llm.patience import Patience
from xinstruct.tools.llm.weights import fingerprint, unseen
from xinstruct.tools.llm.wire import Wire

# A model that loses itself writes until it is stopped.
_MOST_WRITTEN = 1500
_NO_ANSWER = "The server {} does not answer as a model's server does: {}."
_TRIAL = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
_FORM = {"type": "json_schema", "json_schema": {"name": "trial", "strict": True, "schema": _TRIAL}}


def _silent(_: str) -> None: ...


@asynccontextmanager
async def open_models(
    profile: Profile, keepers: Mapping[str, Keeper], say: Callable[[str], None] = _silent
) -> AsyncIterator[dict[str, Model]]:
    """The models of a profile by role, each tried with one token.

    keepers: of the servers that we started, by the server's name in the profile. say: is told when a server is waited
    for. Refused where a server will not answer what we ask, ServerLost where nobody is there; both are OSErrors.
    """
    async with AsyncExitStack() as stack:
        clients: dict[str, Client] = {}
        models: dict[str, Model] = {}
        for role_name, role in profile.roles.items():
            server = profile.servers[role.server]
            if role.server not in clients:
                client = _client(role.server, server, keepers, say)
                clients[role.server] = await stack.enter_async_context(client)
            models[role_name] = await _model(clients[role.server], server, role)
        yield models


def _client(label: str, server: Server, keepers: Mapping[str, Keeper], say: Callable[[str], None]) -> Client:
    wire = Wire(os.environ.get(server.key) if server.key else None, server.timeout)
    if label in keepers:
        who = [keepers[label]]
    else:
        who = [Patience(_sound(address), wire, server.patience, say) for address in server.endpoints]
    return Client(label, who, wire, server.concurrency, server.key)


def _sound(address: str) -> str:
    """The address. Refused where it is none."""
    try:
        host = URL(address).host
    except ValueError:
        host = None
    if not host:
        raise Refused(f"The endpoint {address} is no address such as http://localhost:8000/v1.")
    return address


async def _model(client: Client, server: Server, role: Role) -> Model:
    sampling = _sampling(role)
    listed = await _listed(client)
    called = role.adapter or _called(server.model, listed)
    if listed and called not in listed:
        raise Refused(f"The server {client.label} has no model {called}; it has: {', '.join(sorted(listed))}.")
    most = listed.get(called, {}).get("max_model_len")
    client.wire.probe = json.dumps(_trial(called, {}, True) | {"max_tokens": 1}).encode()
    weighs, takes_system = await _tried(client, called, sampling, server.likelihood)
    ways = Ways(called, most, weighs, takes_system, lengths=most is not None)
    return Model(name_of(server, role), client, sampling, server.concurrency, ways)


async def _listed(client: Client) -> dict[str, dict[str, Any]]:
    """The models that the server says it has, by name; empty where it does not say."""
    try:
        return await client.ask(Call(None, lambda told: {one["id"]: one for one in told["data"]}, "/models"))
    except Refused as refused:
        if refused.status in (404, 405):
            return {}
        raise
    except Unanswered as error:
        raise Refused(_NO_ANSWER.format(client.label, error.error)) from None


def _called(model: str, listed: Mapping[str, Mapping[str, Any]]) -> str:
    """What the server calls a model: its name, unless it was given another for the same weights."""
    return next((name for name, told in listed.items() if name != model and told.get("root") == model), model)


async def _tried(client: Client, model: str, sampling: Mapping[str, Any], likelihood: bool | None) -> tuple[bool, bool]:
    """Whether it gives log-probabilities of prompts, and whether it takes system messages. Refused where it balks."""
    said = ""
    for takes_system in (True, False):
        for weighs in (True, False) if likelihood is None else (False,):
            request = _trial(model, sampling, takes_system) | {"response_format": _FORM}
            body = json.dumps(request | ({"prompt_logprobs": 0} if weighs else {})).encode()
            try:
                found = await client.ask(Call(body, _has_logprobs))
            except Unanswered as error:
                if error.error != "refused":
                    raise Refused(_NO_ANSWER.format(client.label, error.error)) from None
                said = said or Denied(400, error.raw).said
            else:
                return (found if likelihood is None else likelihood), takes_system
    raise Refused(f"The server {client.label} does not take what it is asked with: {said}")


def _trial(model: str, sampling: Mapping[str, Any], takes_system: bool) -> dict[str, Any]:
    """A question whose answer is one token long."""
    limit = "max_completion_tokens" if "max_completion_tokens" in sampling else "max_tokens"
    return {"model": model, "messages": turns("Answer in JSON.", "Are you there?", takes_system), **sampling, limit: 1}


def _has_logprobs(told: Any) -> bool:
    return bool(told["choices"]) and isinstance(told.get("prompt_logprobs"), list)


def _sampling(role: Role) -> dict[str, Any]:
    limited = bool({"max_tokens", "max_completion_tokens"} & role.sampling.keys())
    return {**role.sampling, **({} if limited else {"max_tokens": _MOST_WRITTEN})}


def name_of(server: Server, role: Role) -> str:
    """What decides the model's replies: weights, adapter and sampling.

    What lies in folders goes by the files in them, and the name is published: it holds no path of a machine.
    """
    folder = Path(server.model)
    model = server.model
    if folder.is_dir():
        model = f"{folder.name}@{fingerprint(folder)}"
    elif folder.is_absolute():
        model = f"{folder.name}@{server.revision or unseen(folder)}"
    elif server.revision:
        model = f"{server.model}@{server.revision}"
    adapter = f"+{_adapter(server, role.adapter)}" if role.adapter else ""
    return f"{model}{adapter} {json.dumps(_sampling(role), sort_keys=True, separators=(',', ':'))}"


def _adapter(server: Server, name: str) -> str:
    folder = server.adapters.get(name)
    return f"{name}@{fingerprint(Path(folder))}" if folder and Path(folder).is_dir() else name
