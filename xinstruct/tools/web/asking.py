"""Asks a server for a file or a stretch of one, and asks again when the line or the server fails."""

import base64
import email.utils
import errno
import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from types import MappingProxyType
from typing import BinaryIO, TypeVar
from urllib.parse import quote, unquote, urlunsplit

from xinstruct import __version__
from xinstruct.tools.web.signed import shown, shown_in, split

AGENT = f"xinstruct/{__version__}"
SECONDS = 60.0  # without a byte
TRIES = 5
LONGEST_WAIT = 60.0  # seconds before another try, whatever the server asks for
HEALING = frozenset((408, 425, 429, 500, 502, 503, 504))
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
FAULTS = (OSError, http.client.HTTPException)
# What may stand in an address as it is; `%` is there already quoted.
SAFE = "/%:@!$&'()*+,;=~?"
NOTHING: Mapping[str, str] = MappingProxyType({})
Got = TypeVar("Got")


class ServerFault(OSError):
    """A server does not give what is asked for; the text is one sentence."""


class NotServed(ServerFault):
    """The server answers, and says that it has no such thing, or not for us. status: of HTTP."""

    def __init__(self, sentence: str, status: int = 404) -> None:
        super().__init__(sentence)
        self.status = status


class NoAnswer(ServerFault):
    """The server cannot be reached, breaks off or fails, again and again; a run goes on from there later."""


class Pause:
    """The wait before another try: a second at first, twice as long each time, or what the server asks for."""

    first = 1.0

    @classmethod
    def seconds(cls, tries: int, asked: str | None) -> float:
        """How long to wait after so many tries. asked: a Retry-After header, seconds or a date."""
        if asked and asked.strip().isdigit():
            return min(float(asked), LONGEST_WAIT)
        if asked and (when := _date(asked)):
            return min(max(0.0, (when - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
        return min(cls.first * 2.0 ** (tries - 1), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server gave. start: of the stretch; size: of the whole, None when it does not say; ranged: it cut one."""

    headers: Mapping[str, str]
    body: bytes
    size: int | None
    ranged: bool


def stretch(address: str, start: int, end: int, headers: Mapping[str, str] = NOTHING) -> Answer:
    """Bytes [start, end) of what lies there, or fewer where it ends; of a server that cuts none, its first bytes.

    headers: sent to this server alone, not where it redirects. Raises NotServed and NoAnswer.
    """
    asked = f"bytes={start}-{end - 1}"
    try:
        return _asked(address, {**headers, "Range": asked}, lambda response: _answer(response, end - start, asked))
    except NotServed as error:
        if error.status == 416:  # it is shorter
            return Answer({}, b"", start if start == 0 else None, True)
        raise


def whole(address: str, most: int, headers: Mapping[str, str] = NOTHING) -> Answer:
    """All of what lies there, or its first `most` bytes. Raises NotServed and NoAnswer."""
    return _asked(address, headers, lambda response: _answer(response, most, None))


def copy(address: str, file: BinaryIO, headers: Mapping[str, str] = NOTHING) -> None:
    """Writes all of what lies there into a file. Raises NotServed and NoAnswer."""

    def into_file(response: HTTPResponse) -> None:
        file.seek(0)
        file.truncate()
        shutil.copyfileobj(response, file, 1 << 20)
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and file.tell() != int(length):
            raise http.client.IncompleteRead(b"", int(length) - file.tell())

    _asked(address, headers, into_file)


def _asked(address: str, headers: Mapping[str, str], read: Callable[[HTTPResponse], Got]) -> Got:
    fault: object = None
    for tries in range(1, TRIES + 1):
        asked: str | None = None
        try:
            with urllib.request.urlopen(_request(address, headers), timeout=SECONDS) as response:
                return read(response)
        except urllib.error.HTTPError as error:
            if error.code not in HEALING:
                raise NotServed(
                    f"the server says {error.code} {error.reason} of {shown(address)}", error.code
                ) from None
            fault, asked = f"{error.code} {error.reason}", error.headers.get("Retry-After")
        except FAULTS as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):  # it is not the server's
                raise
            fault = getattr(error, "reason", None) or error
        except ValueError as error:
            raise NotServed(f"{shown(address)} is no address that can be asked ({error})") from None
        if tries < TRIES:
            time.sleep(Pause.seconds(tries, asked))
    why = shown_in(" ".join(str(fault).split())) or type(fault).__name__
    raise NoAnswer(
        f"{shown(address)} cannot be read ({why}, {TRIES} times); "
        "what is made stays: type the same command again when the server is back."
    )


def _request(address: str, headers: Mapping[str, str]) -> urllib.request.Request:
    parts = split(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it begins with neither http:// nor https://")
    named, _, host = parts.netloc.rpartition("@")
    clean = urlunsplit((parts.scheme, host, quote(parts.path, SAFE), quote(parts.query, SAFE), ""))
    request = urllib.request.Request(clean, headers={"User-Agent": AGENT, "Accept-Encoding": "identity"})
    if named:
        headers = {**headers, "Authorization": f"Basic {base64.b64encode(unquote(named).encode()).decode()}"}
    for name, value in headers.items():
        # A stretch is asked for wherever a redirect leads, a token is for this server alone.
        put = request.add_header if name == "Range" else request.add_unredirected_header
        put(name, value)
    return request


def _answer(response: HTTPResponse, most: int, asked: str | None) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = response.read(most)
    length = int(headers["content-length"]) if headers.get("content-length", "").isdigit() else None
    if length is not None and len(body) < min(most, length):
        raise http.client.IncompleteRead(body, min(most, length) - len(body))
    found = CONTENT_RANGE.match(headers.get("content-range", ""))
    if asked is None or response.status != 206 or not found:
        return Answer(headers, body, length, False)
    size = int(found[3]) if found[3] != "*" else None
    if asked.split("=")[1].split("-")[0] != found[1]:
        raise http.client.HTTPException(f"asked for {asked}, got {headers['content-range']}")
    if found[2] is not None and len(body) != int(found[2]) - int(found[1]) + 1:
        raise http.client.IncompleteRead(body)
    return Answer(headers, body, size, True)


def _date(text: str) -> datetime | None:
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
