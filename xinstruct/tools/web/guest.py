"""A polite guest of web servers: asks robots.txt, waits between requests to a host, takes no for no."""

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

import aiohttp

from xinstruct.tools.web import http_body, public_net, robots
from xinstruct.tools.web.asking import AGENT, HEALING, Pause
from xinstruct.tools.web.collected import member
from xinstruct.tools.web.record import LARGEST_PAGE
from xinstruct.tools.web.signed import split, unsigned

LONGEST_ADDRESS = 8000
LARGEST_LIST = 52_428_800  # bytes of a sitemap, as sitemaps.org has it
REDIRECTS = frozenset((301, 302, 303, 307, 308))
ACCEPT = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1", "Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Manners:
    """How it behaves. loopback: whether pages of this machine may be fetched, for tests; a recipe cannot say so."""

    seconds_between: float = 1.0  # two requests to one host, unless it asks for more
    longest_delay_kept: float = 120.0  # a host that asks for more is left alone
    hosts_at_once: int = 32
    seconds: float = 60.0  # for one page
    silent_seconds: float = 20.0
    most_redirects: int = 5
    tries: int = 4
    silent_pages: int = 3  # in a row, and the host is given up
    loopback: bool = False


MANNERS = Manners()


class Unfetched(Exception):
    """A page that was not got. passing: whether it may be there another time."""

    def __init__(self, reason: str, detail: str, *, passing: bool = False) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.passing = reason, detail, passing


@dataclass(frozen=True)
class Wanted:
    """What is fetched. html: whether only pages; largest: bytes that are taken; cut: whether the rest is left."""

    html: bool
    largest: int
    cut: bool = False


PAGE = Wanted(html=True, largest=LARGEST_PAGE)
LIST = Wanted(html=False, largest=LARGEST_LIST)
ROBOTS = Wanted(html=False, largest=robots.LARGEST_FILE, cut=True)


@dataclass(frozen=True)
class Response:
    """What a server gave: status, headers as they came, and the body as it came, still packed."""

    address: str
    status: int
    reason: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    asked: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str:
        """The first header of this name, empty without one."""
        return next((v.decode("latin-1") for n, v in self.headers if n.lower() == name.lower().encode()), "")

    def members(self) -> bytes:
        """The response and its request as WARC records, without what only opened the address."""
        lines = [f"HTTP/1.1 {self.status} {self.reason}".encode()]
        for name, value in self.headers:
            # The chunks were joined on the way: the header that tells of them would be wrong.
            joined = name.lower() == b"transfer-encoding"
            lines.append((b"X-Crawler-" + name if joined else name) + b": " + value)
        block = b"\r\n".join(lines) + b"\r\n\r\n" + self.body
        url = unsigned(self.address)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        said = "".join(f"{name}: {value}\r\n" for name, value in self.asked if name.lower() != "authorization")
        request = f"GET {target} HTTP/1.1\r\n{said}\r\n".encode()
        http = "application/http; msgtype="
        answer = member("response", url, block, f"{http}response", self.body)
        return answer + member("request", url, request, f"{http}request")


@dataclass
class _Host:
    """What is known of a host. free_at: when it may be asked again; silent: pages in a row that it did not answer."""

    address: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    rules: robots.Rules | None = None
    silent: int = 0


class Guest:
    """A guest of many hosts at once, of each with one request at a time. Use it as an async context."""

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self._hosts: dict[str, _Host] = {}
        self._robots_met: list[Response] = []

    async def __aenter__(self) -> "Guest":
        patience = aiohttp.ClientTimeout(
            total=self.manners.seconds, sock_connect=self.manners.silent_seconds, sock_read=self.manners.silent_seconds
        )
        self._session = aiohttp.ClientSession(
            connector=public_net.connector(loopback=self.manners.loopback),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": AGENT, **ACCEPT},
            timeout=patience,
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def page(self, address: str, wanted: Wanted = PAGE) -> Response:
        """What lies at an address, a redirect too. Raises Unfetched."""
        host = self._host(address)
        rules = await self._rules(host)
        if not rules.allow(address):
            raise Unfetched("robots_forbid", f"robots.txt of {host.address}")
        if (rules.delay or 0) > self.manners.longest_delay_kept:
            raise Unfetched("robots_forbid", f"one request in {rules.delay} s")
        async with host.lock:
            return await self._tried(host, address, wanted)

    async def followed(self, address: str) -> Response:
        """What lies at the address of a list, or where it leads. Raises Unfetched."""
        for _ in range(self.manners.most_redirects + 1):
            answer = await self.page(address, LIST)
            if answer.status not in REDIRECTS or not answer.header("Location"):
                return answer
            address = written(urljoin(address, answer.header("Location")))
        raise Unfetched("too_many_redirects", f"to {address}")

    def robots_met(self) -> list[Response]:
        """The robots.txt that were read since this was asked before."""
        met, self._robots_met = self._robots_met, []
        return met

    def _host(self, address: str) -> _Host:
        try:
            parts = split(address)
        except ValueError as error:
            raise Unfetched("bad_address", str(error)) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unfetched("bad_address", "neither http:// nor https://")
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        key = f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port else "")
        return self._hosts.setdefault(key, _Host(key))

    async def _rules(self, host: _Host) -> robots.Rules:
        async with host.lock:
            if host.rules is None:
                host.rules = await self._read_rules(host)
            return host.rules

    async def _read_rules(self, host: _Host) -> robots.Rules:
        """The rules of its robots.txt; all is allowed where it has none, nothing where its server is out of order."""
        address = f"{host.address}/robots.txt"
        for _ in range(self.manners.most_redirects + 1):
            self._host(address)
            answer = await self._tried(host, address, ROBOTS)
            if answer.status in HEALING or answer.status >= 500:
                host.silent = self.manners.silent_pages  # it cannot be known what it allows
                raise Unfetched("no_answer", f"robots.txt: {answer.status} {answer.reason}", passing=True)
            if answer.status == 200:
                self._robots_met.append(answer)
            if answer.status not in REDIRECTS or not answer.header("Location"):
                return robots.parse(http_unpacked(answer)) if 200 <= answer.status < 300 else robots.EVERYTHING
            address = urljoin(address, answer.header("Location"))
        return robots.EVERYTHING

    async def _tried(self, host: _Host, address: str, wanted: Wanted) -> Response:
        """One of a few tries; the last answer of a server that is out of order, Unfetched of one that gives none."""
        fault = ""
        answer: Response | None = None
        for tries in range(1, self.manners.tries + 1):
            if host.silent >= self.manners.silent_pages:
                raise Unfetched("no_answer", f"{host.address} gives no answer", passing=True)
            await asyncio.sleep(max(0.0, host.free_at - time.monotonic()))
            asked: str | None = None
            try:
                answer = await self._once(address, wanted)
                host.silent = 0
                if answer.status not in HEALING:
                    return answer
                asked = answer.header("Retry-After") or None
            except (aiohttp.ClientError, OSError) as error:
                fault = " ".join(str(error).split()) or type(error).__name__
                if public_net.REFUSED in fault:
                    raise Unfetched("private_address", fault) from None
                if isinstance(error, aiohttp.InvalidURL):
                    raise Unfetched("bad_address", fault) from None
            finally:
                between = self.manners.seconds_between
                asked_for = (host.rules.delay or 0.0) if host.rules else 0.0
                host.free_at = time.monotonic() + max(between, asked_for)
            if tries < self.manners.tries:
                host.free_at = max(host.free_at, time.monotonic() + Pause.seconds(tries, asked))
        if answer is not None:
            return answer
        host.silent += 1
        raise Unfetched("no_answer", fault, passing=True)

    async def _once(self, address: str, wanted: Wanted) -> Response:
        async with self._session.get(address, allow_redirects=False) as answer:
            kind = answer.headers.get("Content-Type", "")
            if answer.status == 200 and wanted.html and not http_body.may_be_html(kind):
                raise Unfetched("not_html", kind)
            if (answer.content_length or 0) > wanted.largest and not wanted.cut:
                raise Unfetched("too_large", f"{answer.content_length} bytes")
            body = bytearray()
            async for block in answer.content.iter_chunked(1 << 16):
                body += block
                if len(body) > wanted.largest:
                    if wanted.cut:
                        break
                    raise Unfetched("too_large", f"more than {wanted.largest} bytes")
            asked = tuple(answer.request_info.headers.items())
            return Response(address, answer.status, answer.reason or "", answer.raw_headers, bytes(body), asked)


def http_unpacked(answer: Response) -> bytes:
    """The body as it was before the server packed it; as it came where that cannot be undone."""
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
    named.pop("transfer-encoding", None)
    try:
        return http_body.unpack(http_body.Response(answer.status, named, answer.body))[0]
    except http_body.EncodingError:
        return answer.body


def written(address: str) -> str:
    """An address as it is asked for and noted: without what follows `#`, a line of signs that can be seen."""
    seen = "".join(sign if sign.isprintable() and sign != " " else quote(sign) for sign in address.strip())
    return seen.partition("#")[0][:LONGEST_ADDRESS]
