"""A stand-in for a model's server that misbehaves as it is told to: for tests of faults, and as the stub of benchmarks.

`FaultServer(...)` starts it in a process of its own. It answers every question with JSON that fits the schema asked for
and that the request alone decides, so that a run with faults can be held against one without. It reports what it was
asked. By hand: `python -m tests.fault_server '{"port": 8000, "rates": {"server_error": 0.05}}'`.
"""

import asyncio
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests import stub_answers

ROOT = Path(__file__).resolve().parent.parent
MODEL = "stub"


@dataclass
class Behaviour:
    """What the server does. Rates are shares of the requests, by the name of the fault (see `_FAULTS`)."""

    port: int = 0
    latency: float = 0.0
    slow: float = 2.0
    rates: dict[str, float] = field(default_factory=dict)
    seed: int = 0
    retry_after: float = 0.2
    dies_after: int | None = None
    killer: str | None = None
    engine_dies_first: bool = False
    hangs_after: int | None = None
    key: str | None = None
    models: list[str] = field(default_factory=lambda: [MODEL])
    max_model_len: int | None = 100_000
    tokenizes: bool = True
    weighs: bool = True
    takes_system: bool = True
    ignores_format: bool = False
    refuses: str | None = None
    judge: str = "sound"
    white_space: int = 65536
    between_white_space: float = 0.001


class Stub:
    """Decides what becomes of each request; knows what it was asked."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.does = behaviour
        self.asked: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.probes = self.counted = self.in_flight = self.most_in_flight = 0
        self.first = self.last = 0.0
        self.engine_dead = False

    def fault(self, body: bytes, digest: str) -> str:
        """The fault that hits this request, or an empty string. The same request may be luckier the next time."""
        if self.does.killer and self.does.killer.encode() in body:
            return "engine_death" if self.does.engine_dies_first else "death"
        questions = self.asked.total()
        if self.does.dies_after is not None and questions > self.does.dies_after:
            return "engine_death" if self.does.engine_dies_first else "death"
        if self.hangs():
            return "hang"
        told = f"{self.does.seed} {digest} {self.asked[digest]}".encode()
        at = int.from_bytes(hashlib.blake2b(told, digest_size=4).digest()) / 2**32
        for name, rate in self.does.rates.items():
            at -= rate
            if at < 0:
                return name
        return ""

    def hangs(self) -> bool:
        """Whether it has been asked as often as it takes to hang for good."""
        return self.does.hangs_after is not None and self.asked.total() > self.does.hangs_after

    def report(self) -> dict[str, Any]:
        """What it was asked: requests by hash of the body, faults and answers by name, seconds from first to last."""
        return {
            "asked": dict(self.asked),
            "requests": self.asked.total(),
            "given": dict(self.given),
            "probes": self.probes,
            "counted": self.counted,
            "most_in_flight": self.most_in_flight,
            "seconds": self.last - self.first,
        }


def completion(request: dict[str, Any], body: bytes, does: Behaviour) -> dict[str, Any]:
    """The body of a chat completion, as vLLM's looks; the request alone decides it."""
    prompt_tokens = len(body) // 4
    said, reason = "Y", "length"
    schema = (request.get("response_format") or {}).get("json_schema", {}).get("schema")
    if schema and request.get("max_tokens", 2) > 1:
        said, reason = stub_answers.said(request, does.judge), "stop"
        if does.ignores_format:
            said = f"<think>What {{is}} this?</think>Here you are:\n```json\n{said}\n```\nAnything else?"
    answer: dict[str, Any] = {
        "id": "chatcmpl-" + hashlib.blake2b(body, digest_size=8).hexdigest(),
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": reason}],
        "usage": {"prompt_tokens": prompt_tokens, "completion_tokens": len(said) // 4, "total_tokens": 0},
        "prompt_logprobs": None,
    }
    if does.weighs and request.get("prompt_logprobs") is not None:
        answer["prompt_logprobs"] = stub_answers.logprobs(request["messages"])
    return answer


class Connection(asyncio.Protocol):
    """One connection: reads requests, answers them or does them wrong."""

    def __init__(self, stub: Stub) -> None:
        self._stub, self._read = stub, bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._read[:end]).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self._read) < whole:
                return
            body = bytes(self._read[end + 4 : whole])
            del self._read[:whole]
            self._request(head[0].split(" ")[1], headers, body)

    def _request(self, path: str, headers: dict[str, str], body: bytes) -> None:
        stub, does = self._stub, self._stub.does
        if path.startswith("/admin/"):
            self._admin(path, body)
        elif path == "/health":
            self._send(503 if stub.engine_dead else 200, b"")
        elif does.key and headers.get("authorization") != f"Bearer {does.key}":
            self._json(401, {"error": {"message": f"Incorrect API key provided: {headers.get('authorization')}"}})
        elif path == "/v1/models":
            told = [{"id": model, "object": "model", "max_model_len": does.max_model_len} for model in does.models]
            self._json(200, {"object": "list", "data": told})
        elif path == "/tokenize" and does.tokenizes:
            stub.counted += 1
            size = sum(len(message["content"].encode()) for message in json.loads(body)["messages"])
            self._json(200, {"count": size // 4 + 8, "max_model_len": does.max_model_len})
        elif path == "/v1/chat/completions":
            self._chat(body)
        else:
            self._json(404, {"detail": "Not Found"})

    def _admin(self, path: str, body: bytes) -> None:
        does = self._stub.does
        if path == "/admin/heal":
            does.rates, does.dies_after, does.killer, does.hangs_after, does.refuses = {}, None, None, None, None
        if path == "/admin/do":
            for name, value in json.loads(body).items():
                setattr(does, name, value)
        self._json(200, self._stub.report())

    def _chat(self, body: bytes) -> None:
        stub, does = self._stub, self._stub.does
        request = json.loads(body)
        refusal = (500, _ENGINE_DEAD) if stub.engine_dead else _refusal(request, body, does)
        if refusal:
            self._json(*refusal)
            return
        # Who opens a conversation, or looks whether anyone is there, asks for a single token.
        if request.get("max_tokens") == 1 and not request.get("continue_final_message"):
            stub.probes += 1
            fault = "hang" if stub.hangs() else ""
        else:
            digest = hashlib.blake2b(body, digest_size=8).hexdigest()
            stub.asked[digest] += 1
            stub.first = stub.first or time.monotonic()
            fault = stub.fault(body, digest)
        stub.in_flight += 1
        stub.most_in_flight = max(stub.in_flight, stub.most_in_flight)
        wait = does.latency + (does.slow if fault == "slow" else 0)
        if wait:
            asyncio.get_running_loop().call_later(wait, self._answer, fault, request, body)
        else:
            self._answer(fault, request, body)

    def _answer(self, fault: str, request: dict[str, Any], body: bytes) -> None:
        self._stub.in_flight -= 1
        self._stub.given[fault or "answer"] += 1
        self._stub.last = time.monotonic()
        if self._stub.engine_dead:
            self._json(500, _ENGINE_DEAD)
        elif fault in _FAULTS:
            _FAULTS[fault](self)
        elif request.get("stream"):
            self._stream(completion(request, body, self._stub.does))
        else:
            self._json(200, completion(request, body, self._stub.does))

    def _stream(self, told: dict[str, Any]) -> None:
        """The same answer as server-sent events, as load generators want it: all that is said, the usage, the end."""
        choice = told["choices"][0]
        delta = {"index": 0, "delta": choice["message"], "finish_reason": choice["finish_reason"]}
        shared = {"id": told["id"], "object": "chat.completion.chunk", "created": 0, "model": told["model"]}
        chunks = ({**shared, "choices": [delta]}, {**shared, "choices": [], "usage": told["usage"]})
        events = [*(json.dumps(chunk, ensure_ascii=False) for chunk in chunks), "[DONE]"]
        self._send(200, "".join(f"data: {event}\n\n" for event in events).encode(), kind="text/event-stream")

    def _json(self, status: int, told: Any, more: str = "") -> None:
        self._send(status, json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"), more)

    def _send(self, status: int, body: bytes, more: str = "", kind: str = "application/json") -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
        self._transport.write(head.encode() + body)

    def too_many(self) -> None:
        """429 without a word on when to come again."""
        self._json(429, {"error": {"message": "Too many requests"}})

    def too_many_for_now(self) -> None:
        """429 with Retry-After."""
        after = f"retry-after: {self._stub.does.retry_after}\r\n"
        self._json(429, {"error": {"message": "Too many requests"}}, after)

    def truncated(self) -> None:
        """A body that ends before its announced length."""
        self._transport.write(
            b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"id": '
        )
        self._transport.close()

    def white_space(self, chunks: int = 0) -> None:
        """White space for ever, as a body and inside it."""
        if not chunks:
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
        if not self._transport.is_closing():
            self._transport.write(b" " * self._stub.does.white_space)
            asyncio.get_running_loop().call_later(self._stub.does.between_white_space, self.white_space, chunks + 1)

    def wrong_schema(self) -> None:
        """Sound JSON of the wrong shape."""
        message = {"role": "assistant", "content": '{"pets": ["cat"]}'}
        self._json(200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def html(self) -> None:
        """The page of a proxy, with status 200."""
        self._send(200, b"<html><body>Bad gateway</body></html>", kind="text/html")

    def engine_death(self) -> None:
        """What vLLM does when its engine dies: 500 for all, health 503, and a moment later it is gone."""
        self._stub.engine_dead = True
        self._json(500, _ENGINE_DEAD)
        asyncio.get_running_loop().call_later(0.5, os._exit, 1)

    def error(self, status: int) -> None:
        """An error of the server's own."""
        self._json(status, {"error": {"message": "It broke"}})

    def reset(self) -> None:
        """The connection is cut."""
        self._transport.abort()


_ENGINE_DEAD = {"error": {"message": "EngineCore encountered an issue. See stack trace for the root cause."}}
_FAULTS: dict[str, Callable[[Connection], None]] = {
    "too_many": Connection.too_many,
    "too_many_for_now": Connection.too_many_for_now,
    "server_error": lambda c: c.error(500),
    "unavailable": lambda c: c.error(503),
    "hang": lambda c: None,
    "reset": Connection.reset,
    "truncated": Connection.truncated,
    "wrong_schema": Connection.wrong_schema,
    "white_space": Connection.white_space,
    "html": Connection.html,
    "engine_death": Connection.engine_death,
    "death": lambda c: os._exit(1),
}


def _refusal(request: dict[str, Any], body: bytes, does: Behaviour) -> tuple[int, dict[str, Any]] | None:
    """What the server will not answer whoever asks, and how it says so."""
    if request["model"] not in does.models:
        return 404, {"error": {"message": f"The model `{request['model']}` does not exist."}}
    if not does.takes_system and request["messages"][0]["role"] == "system":
        return 400, {"error": {"message": "System role not supported"}}
    if not does.weighs and "prompt_logprobs" in request:
        return 400, {"error": {"message": "Unrecognized request argument supplied: prompt_logprobs"}}
    if does.refuses and does.refuses.encode() in body:
        return 400, {"error": {"message": "Your input was flagged."}}
    if does.max_model_len and len(body) // 4 > does.max_model_len:
        said = f"This model's maximum context length is {does.max_model_len} tokens. However, your prompt contains "
        return 400, {"error": {"message": f"{said}at least {len(body) // 4} input tokens."}}
    return None


class FaultServer:
    """The server in a process of its own, under `with`. url: its address, ending in /v1."""

    def __init__(self, **behaviour: Any) -> None:
        self.behaviour = Behaviour(**behaviour)
        self.behaviour.port = self.behaviour.port or free_port()
        self.root = f"http://127.0.0.1:{self.behaviour.port}"
        self.url = f"{self.root}/v1"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "FaultServer":
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it, or starts it again on the same port."""
        told = json.dumps(asdict(self.behaviour))
        self._process = subprocess.Popen([sys.executable, "-m", "tests.fault_server", told], cwd=ROOT)
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{self.root}/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the fault server did not start")

    def stop(self) -> None:
        """Ends it at once."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def alive(self) -> bool:
        """Whether its process runs and says that it is well."""
        try:
            urllib.request.urlopen(f"{self.root}/health", timeout=5).close()
        except OSError:
            return False
        return True

    def report(self) -> dict[str, Any]:
        """What it was asked since it was started: see Stub.report."""
        return self._admin("report")

    def heal(self) -> dict[str, Any]:
        """No more faults from now on; gives the report."""
        return self._admin("heal")

    def do(self, **behaviour: Any) -> dict[str, Any]:
        """Changes what it does, also after the next start; gives the report."""
        for name, value in behaviour.items():
            setattr(self.behaviour, name, value)
        return self._admin("do", json.dumps(behaviour).encode())

    def _admin(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.root}/admin/{path}", body, timeout=10) as told:
            found: dict[str, Any] = json.load(told)
            return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def serve(behaviour: Behaviour) -> None:
    """Serves until the process is ended."""
    stub = Stub(behaviour)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(stub), "127.0.0.1", behaviour.port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Behaviour(**json.loads(sys.argv[1]))))
