"""A small web on this machine for tests of sources: files in stretches, listings, redirects, faults on order."""

import hashlib
import re
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import unquote, urlsplit


@dataclass
class Page:
    """What lies at a path. ranged: whether stretches are served; sized: whether its length is told."""

    body: bytes
    kind: str = "application/octet-stream"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranged: bool = True
    sized: bool = True
    tagged: bool = True


@dataclass(frozen=True)
class Asked:
    """One request. at: seconds; path: with its query; stretch: the Range header."""

    at: float
    method: str
    path: str
    stretch: str | None
    headers: dict[str, str]


# A fault is `reset`, `truncate`, `stall`, or a status with the headers that go with it.
Fault = str | tuple[int, dict[str, str]]


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of who hung up: it would stand among what a test reads of the program."""


class WebServer:
    """Serves `pages` by path; `answer` is asked first. faults: by path, one for each of its next requests."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.asked: list[Asked] = []
        self.answer: Callable[[str], Page | None] = lambda _: None
        self.stop = threading.Event()
        web = self

        class Handler(_Handler):
            server_of = web

        self._server = _Listening(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()

    def put(self, path: str, body: bytes | str, kind: str = "application/octet-stream", **told: object) -> str:
        """Puts a page at a path and gives its address."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(content, kind, **told)  # type: ignore[arg-type]
        return self.address + path

    def redirect(self, path: str, to: str, status: int = 302) -> str:
        """Makes a path lead elsewhere and gives its address."""
        return self.put(path, b"", status=status, headers={"Location": to})

    def count(self, path: str) -> int:
        """How often a path was asked for, whatever its query."""
        return sum(urlsplit(asked.path).path == path for asked in self.asked)

    def found(self, path: str) -> Page:
        """What lies at a path; a path that ends in a slash lists what lies under it."""
        made = self.answer(path)
        if made is not None:
            return made
        plain = unquote(urlsplit(path).path)
        if plain in self.pages:
            return self.pages[plain]
        under = sorted({re.match(r"[^/]*/?", p[len(plain) :])[0] for p in self.pages if p.startswith(plain)})  # type: ignore[index]
        if plain.endswith("/") and under:
            links = "".join(f'<a href="{name}">{name}</a>' for name in under)
            return Page(f"<html><body>{links}</body></html>".encode(), "text/html")
        return Page(b"nothing here", "text/plain", 404)


class _Handler(BaseHTTPRequestHandler):
    server_of: WebServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(with_body=True)

    def do_HEAD(self) -> None:
        self._serve(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self, *, with_body: bool) -> None:
        web = self.server_of
        asked = self.headers.get("Range")
        headers = {name.lower(): value for name, value in self.headers.items()}
        web.asked.append(Asked(time.monotonic(), self.command, self.path, asked, headers))
        faults = web.faults.get(urlsplit(self.path).path)
        fault = faults.pop(0) if faults else None
        if isinstance(fault, tuple):
            self._send(fault[0], {"Content-Length": "0", **fault[1]}, b"")
        elif fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif fault == "stall":
            web.stop.wait(30)
            self.close_connection = True
        else:
            self._page(web.found(self.path), asked, with_body=with_body, cut=fault == "truncate")

    def _page(self, page: Page, asked: str | None, *, with_body: bool, cut: bool) -> None:
        status, headers, body = page.status, {"Content-Type": page.kind, **page.headers}, page.body
        if page.tagged:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
        if wanted and page.ranged and status == 200:
            start, end = int(wanted[1]), min(int(wanted[2] or len(body)) + 1, len(body))
            if start >= len(body):
                self._send(416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"}, b"")
                return
            status, headers["Content-Range"] = 206, f"bytes {start}-{end - 1}/{len(body)}"
            body = body[start:end]
        if page.ranged:
            headers["Accept-Ranges"] = "bytes"
        if page.sized:
            headers["Content-Length"] = str(len(body))
        else:
            headers["Connection"] = "close"
        self.close_connection = cut or not page.sized
        self._send(status, headers, b"" if not with_body else body[: len(body) // 2] if cut else body)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # whoever asked has enough
