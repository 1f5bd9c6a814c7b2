"""Opens an input file wherever it lies, on this machine, behind http(s):// or in s3://."""

import functools
import hashlib
import importlib
import io
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, Protocol
from urllib.parse import unquote, urlsplit

from xinstruct.tools.web import asking
from xinstruct.tools.web.asking import Answer, NoAnswer, NotServed, Pause, ServerFault
from xinstruct.tools.web.record import LARGEST_PAGE
from xinstruct.tools.web.signed import is_cut, shown, shown_in, split

FIRST_STRETCH, LONGEST_STRETCH = 1 << 18, 1 << 23  # bytes asked for at once; more when one follows the other
KEYS = "needs a key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FSSPEC_S3_ANON=true when anyone may read it"
SCHEMES = ("http", "https", "s3")


class Stat(Protocol):
    """How large a file is."""

    @property
    def st_size(self) -> int:
        """Its bytes."""
        ...


class Place(Protocol):
    """A file that can be read, as far as readers care; a Path is one."""

    @property
    def name(self) -> str:
        """Its name without its folders."""
        ...

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """A file object that can be gone about in."""
        ...

    def stat(self) -> Stat:
        """How large it is."""
        ...


@dataclass(frozen=True)
class _Size:
    st_size: int


@dataclass(frozen=True)
class _Met:
    """What a server says of a file. size: None when it does not say; mark: changes when the content does; ranged: it
    serves stretches.
    """

    size: int | None
    mark: str
    ranged: bool


@dataclass(frozen=True)
class RemoteFile:
    """A file behind an address, read stretch by stretch. mark: its fingerprint when the run was planned.

    Reading raises NotServed and NoAnswer, and OSError when the file is another by now.
    """

    address: str
    mark: str | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return parts_of(self.address)[-1]

    @property
    def ranged(self) -> bool:
        """Whether its server serves stretches and tells its size; otherwise only a page can be read from there."""
        return _met(self.address).ranged

    def stat(self) -> Stat:
        """Its size, 0 when the server does not say."""
        return _Size(_met(self.address).size or 0)

    def fingerprint(self) -> str:
        """Thirty-two hexadecimal digits that change when the content does, by what its server says of it."""
        return _met(self.address).mark

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """A file to be read, which can be gone about in when the server serves stretches."""
        met = _met(self.address)
        if self.mark is not None and met.mark != self.mark:
            raise ServerFault(f"{shown(self.address)} has changed since the run was planned; give another --out.")
        if not met.ranged:
            return io.BytesIO(asking.whole(self.address, LARGEST_PAGE + 1, token_for(self.address)).body)
        return io.BufferedReader(_Stretches(self.address, met), 1 << 16)


def place(path: str, mark: str | None = None) -> Path | RemoteFile:
    """The file that a path or an address names. mark: what it was when the run was planned."""
    return RemoteFile(path, mark) if is_address(path) else Path(path)


def is_address(path: str) -> bool:
    """Whether it is an address rather than a path on this machine."""
    return "://" in path


def parts_of(address: str) -> tuple[str, ...]:
    """Host and folders and name of an address, without what may be secret in it."""
    split = urlsplit(address)
    return (split.hostname or "", *(unquote(p) for p in PurePosixPath(split.path).parts if p != "/"))


def found(address: str) -> list[str]:
    """The addresses that one with a `*` stands for, sorted; without one, itself. Raises NotServed and NoAnswer."""
    try:
        scheme, path = split(address).scheme, split(address).path
    except ValueError as error:
        raise NotServed(f"{shown(address)} is no address that can be asked ({error})") from None
    if scheme not in SCHEMES:
        raise NotServed(f"{shown(address)} begins with none of {', '.join(s + '://' for s in SCHEMES)}")
    if "*" not in path:
        return [address]
    names = _tried(address, lambda: _filesystem(scheme).glob(address))
    prefix = "s3://" if scheme == "s3" else ""
    return sorted(prefix + name for name in names if not name.endswith("/"))


def download(address: str, path: Path) -> None:
    """Puts all of what lies there into a file, whole or not at all. Raises NotServed and NoAnswer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")

    with beside.open("wb") as file:
        asking.copy(address, file, token_for(address))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def token_for(address: str) -> Mapping[str, str]:
    """The header that shows the Hub our token, for the Hub's own addresses alone."""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    token = os.environ.get("HF_TOKEN", "").strip()
    return {"Authorization": f"Bearer {token}"} if token and address.startswith(f"{hub.rstrip('/')}/") else {}


def forget() -> None:
    """Forget what servers said of their files: a plan asks anew."""
    _met.cache_clear()


@functools.lru_cache(maxsize=1 << 16)
def _met(address: str) -> _Met:
    if is_cut(address):
        raise NotServed(
            f"{shown(address)} opens only with what the recipe says of it: run that, with the same --out", 403
        )
    if urlsplit(address).scheme == "s3":
        info = _tried(address, lambda: _filesystem("s3").info(address))
        return _Met(int(info["size"]), _mark(info["size"], info.get("ETag") or info.get("LastModified")), True)
    answer = asking.stretch(address, 0, 1, token_for(address))
    told = _told(answer)
    if not told:  # nothing but the content itself tells
        told = hashlib.blake2b(asking.stretch(address, 0, 1 << 20, token_for(address)).body).hexdigest()
    return _Met(answer.size, _mark(answer.size, told), answer.ranged and answer.size is not None)


def _told(answer: Answer) -> str:
    """By what the server tells one content from another, if it does."""
    return answer.headers.get("etag") or answer.headers.get("last-modified") or ""


def _mark(size: int | None, told: object) -> str:
    # A server marks a tag as weak when it packs the answer on its way; the content is the same.
    return hashlib.blake2b(f"{size}\n{str(told).removeprefix('W/')}".encode(), digest_size=16).hexdigest()


class _Stretches(io.RawIOBase):
    """Reads a file stretch by stretch; the stretches grow while one follows the other."""

    def __init__(self, address: str, met: _Met) -> None:
        self._address, self._size, self._mark = address, met.size or 0, met.mark
        self._at = 0
        self._held, self._held_from = memoryview(b""), 0
        self._length = FIRST_STRETCH

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), self._size - self._at)
        if wanted <= 0:
            return 0
        begin = self._at - self._held_from
        if not 0 <= begin < len(self._held):
            self._fetch(wanted)
            begin = 0
        got = min(wanted, len(self._held) - begin)
        target[:got] = self._held[begin : begin + got]
        self._at += got
        return got

    def _fetch(self, wanted: int) -> None:
        follows = self._at == self._held_from + len(self._held)
        self._length = min(2 * self._length, LONGEST_STRETCH) if follows else FIRST_STRETCH
        end = min(self._size, self._at + max(wanted, self._length))
        data = self._stretch(self._at, end)
        if len(data) != end - self._at:
            raise NoAnswer(f"{shown(self._address)} ends sooner than its server said; type the same command again.")
        self._held, self._held_from = memoryview(data), self._at

    def _stretch(self, start: int, end: int) -> bytes:
        if urlsplit(self._address).scheme == "s3":
            return bytes(_tried(self._address, lambda: _filesystem("s3").cat_file(self._address, start=start, end=end)))
        answer = asking.stretch(self._address, start, end, token_for(self._address))
        told = _told(answer)
        if not answer.ranged or (told and _mark(answer.size, told) != self._mark):
            raise ServerFault(f"{shown(self._address)} has changed since the run was planned; give another --out.")
        return answer.body


def _filesystem(scheme: str) -> Any:
    try:
        options: dict[str, Any] = {"use_listings_cache": False}
        if scheme != "s3":
            options["client_kwargs"] = {"trust_env": True}
        return importlib.import_module("fsspec").filesystem(scheme, **options)
    except ImportError:
        raise NotServed("s3:// addresses need the package s3fs; type: pip install 'xinstruct[s3]'") from None


def _tried(address: str, verb: Callable[[], Any]) -> Any:
    """What the verb gives, at one of a few tries."""
    fault: BaseException | None = None
    for tries in range(1, asking.TRIES + 1):
        try:
            return verb()
        except NotServed:
            raise
        except FileNotFoundError:
            raise NotServed(f"there is no {shown(address)}") from None
        except PermissionError as error:
            raise NotServed(f"{shown(address)} may not be read ({_line(error)})", 403) from None
        except _faults(urlsplit(address).scheme) as error:
            fault = error
            if type(error).__name__ == "NoCredentialsError":
                raise NotServed(f"{shown(address)} {KEYS}", 403) from None
            if getattr(error, "status", 500) not in asking.HEALING:
                raise NotServed(
                    f"{shown(address)} is not served ({_line(error)})", getattr(error, "status", 400)
                ) from None
            if tries < asking.TRIES:
                time.sleep(Pause.seconds(tries, None))
    raise NoAnswer(
        f"{shown(address)} cannot be read ({_line(fault)}); "
        "what is made stays: type the same command again when the server is back."
    )


def _faults(scheme: str) -> tuple[type[Exception], ...]:
    """What a file system raises when the outside fails."""
    module, name = ("botocore.exceptions", "BotoCoreError") if scheme == "s3" else ("aiohttp", "ClientError")
    return OSError, getattr(importlib.import_module(module), name)


def _line(error: object) -> str:
    return shown_in(" ".join(str(error).split()))[:300] or type(error).__name__
