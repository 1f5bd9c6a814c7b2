"""Carries one request to one server and its reply back, and gives every way in which that can fail a name."""

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from xinstruct.tools.llm import faults
from xinstruct.tools.llm.faults import Fault
from xinstruct.tools.llm.keeper import Keeper

# Log-probabilities of a prompt of 100,000 tokens stay under this; a body that never ends does not.
LARGEST = 16 * 2**20
_TO_CONNECT, _TO_LOOK, _FOR_ONE_TOKEN = 10.0, 5.0, 30.0
# Shorter than vLLM's own 5 s, so that no request goes out on a connection that is just being closed.
_KEPT_OPEN = 4.0


@dataclass(eq=False)
class Endpoint:
    """One server: where it is, how busy it is, and whether it is up.

    fallen: how often it died. heard: when it last answered, monotonic seconds.
    """

    address: str
    keeper: Keeper
    nth: int = 0
    in_flight: int = 0
    up: bool = True
    lost: bool = False
    fallen: int = 0
    heard: float = field(default_factory=time.monotonic)

    def url(self, path: str) -> URL:
        """Of a path such as /chat/completions; what vLLM has beside the API (/health, /tokenize) stands at the root."""
        return _url(self.address, path)


@functools.cache
def _url(address: str, path: str) -> URL:
    address = address.rstrip("/")
    return URL((address.removesuffix("/v1") if path in ("/health", "/tokenize") else address) + path)


class Wire:
    """The connections to the servers of one name. The key goes into a header and nowhere else."""

    def __init__(self, key: str | None, timeout: float) -> None:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._key = key
        self._limit = aiohttp.ClientTimeout(total=timeout, sock_connect=_TO_CONNECT)
        # A request of one token, by which a server that hangs is told from one that is busy.
        self.probe = b""
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT_OPEN),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
        )

    async def close(self) -> None:
        """Closes all connections."""
        await self._http.close()

    async def send(self, endpoint: Endpoint, path: str, body: bytes | None, largest: int = LARGEST) -> bytes:
        """The body of the reply, of that many bytes at most. Fault where another try may help, Denied where not."""
        method = "GET" if body is None else "POST"
        status, headers, raw = await self._carry(endpoint, method, path, body, self._limit, largest)
        endpoint.heard = time.monotonic()
        if status != 200:
            raise faults.of_status(status, headers, self.shown(raw))
        return raw

    async def healthy(self, endpoint: Endpoint) -> bool:
        """Whether the server says that it is well; one that knows no such question is taken to be."""
        return await self._answers(endpoint, "GET", "/health", None, _TO_LOOK)

    async def works(self, endpoint: Endpoint) -> bool:
        """Whether it writes one token in good time; before it is known what to ask for, whether it is healthy."""
        if not self.probe:
            return await self.healthy(endpoint)
        return await self._answers(endpoint, "POST", "/chat/completions", self.probe, _FOR_ONE_TOKEN)

    def shown(self, raw: bytes | bytearray) -> str:
        """The beginning of a body as text, without the key, which a server may repeat."""
        text = bytes(raw[: 2 * faults.LONGEST_RAW]).decode("utf-8", "replace")
        return (text.replace(self._key, "***") if self._key else text)[: faults.LONGEST_RAW]

    async def _answers(self, endpoint: Endpoint, method: str, path: str, body: bytes | None, seconds: float) -> bool:
        limit = aiohttp.ClientTimeout(total=seconds, sock_connect=seconds)
        try:
            status, _, _ = await self._carry(endpoint, method, path, body, limit, LARGEST)
        except Fault:
            return False
        return status < 500

    async def _carry(
        self, endpoint: Endpoint, method: str, path: str, body: bytes | None, limit: aiohttp.ClientTimeout, largest: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        raw = bytearray()
        try:
            async with self._http.request(
                method, endpoint.url(path), data=body, allow_redirects=False, timeout=limit
            ) as reply:
                async for chunk in reply.content.iter_any():
                    raw += chunk
                    if len(raw) > largest:
                        raise Fault("broken_reply", self.shown(raw))
                return reply.status, reply.headers, bytes(raw)
        except aiohttp.ClientConnectorError as error:
            raise Fault("connection_lost", str(error), dead=True, reached=False) from None
        except aiohttp.ConnectionTimeoutError:
            raise Fault("connection_lost", "no connection", dead=True, reached=False) from None
        except TimeoutError:
            raise Fault("timed_out", self.shown(raw)) from None
        except aiohttp.ClientPayloadError as error:
            raise Fault("broken_reply", self.shown(raw) or str(error), dead=True) from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientResponseError) as error:
            raise Fault("connection_lost", str(error), dead=True) from None
