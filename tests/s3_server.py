"""A bucket of S3 on this machine, in memory: what tests need of it, without any check of who asks."""

import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape


class S3Server:
    """objects: what lies there, by /bucket/key; puts: the keys in the order in which they came; down: requests that
    are to fail next.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.puts: list[str] = []
        self.down = 0
        server = self

        class Handler(_Handler):
            s3 = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """By which clients find it."""
        told = {"AWS_ACCESS_KEY_ID": "name", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
        return {**told, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._http.server_port}"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    s3: S3Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None: ...

    def do_PUT(self) -> None:
        self._answered(self._put)

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_HEAD(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._delete)

    def _answered(self, answer: Callable[[], tuple[int, bytes]]) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._body = _unchunked(body) if "aws-chunked" in self.headers.get("Content-Encoding", "") else body
        if self.s3.down:
            self.s3.down -= 1
            status, said = 503, b""
        else:
            status, said = answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("ETag", f'"{zlib.crc32(said):08x}"')
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path)

    def _put(self) -> tuple[int, bytes]:
        self.s3.objects[self._key] = self._body
        self.s3.puts.append(self._key)
        return 200, b""

    def _get(self) -> tuple[int, bytes]:
        if self._key.count("/") == 1 or self._key.endswith("/"):
            return 200, self._listed()
        found = self.s3.objects.get(self._key)
        return (404, b"") if found is None else (200, found)

    def _listed(self) -> bytes:
        query = {name: value[0] for name, value in parse_qs(urlsplit(self.path).query).items()}
        root = f"{self._key.rstrip('/')}/"
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        keys = sorted(key.removeprefix(root) for key in self.s3.objects if key.startswith(root + prefix))
        deeper = {key for key in keys if delimiter and delimiter in key.removeprefix(prefix)}
        folders = sorted({prefix + key.removeprefix(prefix).split(delimiter)[0] + delimiter for key in deeper})
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.s3.objects[root + key])}</Size><ETag>x</ETag>"
            "<LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
            if key not in deeper
        )
        entries += "".join(f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in folders)
        head = f"<KeyCount>{len(keys)}</KeyCount><IsTruncated>false</IsTruncated>"
        return f"<ListBucketResult>{head}{entries}</ListBucketResult>".encode()

    def _delete(self) -> tuple[int, bytes]:
        keys = [one.text or "" for one in ElementTree.fromstring(self._body).iter() if one.tag.endswith("Key")]
        for key in keys:
            self.s3.objects.pop(f"{self._key.rstrip('/')}/{key}", None)
        return 200, b"<DeleteResult></DeleteResult>"


def _unchunked(body: bytes) -> bytes:
    """The content of a body in the chunks of AWS, each headed by its size."""
    found = b""
    while body:
        head, _, body = body.partition(b"\r\n")
        size = int(head.split(b";")[0], 16)
        if not size:
            break
        found, body = found + body[:size], body[size + 2 :]
    return found
