"""Takes addresses apart so that two ways of writing the same host or page are seen to be the same."""

import contextlib
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

_USUAL_PORTS = {"http": 80, "https": 443}
# What may stand in an address as it is; the rest is written in percent signs, always in the same way.
_SAFE = "/:@!$&'()*+,;=-._~"


def host_of(url: str | None) -> str | None:
    """The host of an address, lower case, without www., international names in their ASCII form; None without one."""
    try:
        return plain_host(urlsplit((url or "").strip()).hostname or "") or None
    except ValueError:  # an address that is none, such as http://[
        return None


def plain_host(name: str) -> str:
    """A host as host_of gives it: `WWW.Bücher.example.` becomes `xn--bcher-kva.example`."""
    name = name.strip().strip(".").lower()
    if not name.isascii():
        with contextlib.suppress(UnicodeError):  # no name that DNS could hold, yet some crawler wrote it
            name = name.encode("idna").decode("ascii")
    return name.removeprefix("www.")


def plain_url(url: str) -> str | None:
    """The address without what does not tell pages apart: scheme, www., usual port, fragment, percent signs' case, a
    slash at the end. None for what is no address.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = plain_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if not host:
        return None
    place = f"{host}:{port}" if port and port != _USUAL_PORTS.get(parts.scheme.lower()) else host
    path = quote(unquote(parts.path, errors="surrogateescape"), safe=_SAFE, errors="surrogateescape").rstrip("/")
    return f"{place}{path}?{parts.query}" if parts.query else f"{place}{path}"


class Hosts:
    """A set of hosts, each with all that stands under it: `example.org` holds `sw.example.org`, too."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(filter(None, map(plain_host, names)))

    def hold(self, url: str | None) -> bool:
        """Whether the address is on one of the hosts."""
        host = host_of(url)
        while host:
            if host in self.names:
                return True
            host = host.partition(".")[2]
        return False
