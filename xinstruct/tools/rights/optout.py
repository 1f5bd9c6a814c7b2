"""Keeps the pages of hosts out that asked not to be in any dataset: a list in a file, one host a line."""

from pathlib import Path

from xinstruct.tools.rights.hosts import Hosts, host_of


class OptOut:
    """A list of hosts and what stands under them. A line is a host or an address; `#` begins a comment.

    Raises FileNotFoundError, and ValueError for a line that is no host: a list that is read in part protects nobody.
    """

    def __init__(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        self._hosts = Hosts(_host(path, number, line) for number, line in enumerate(lines, start=1) if _told(line))

    @property
    def hosts(self) -> list[str]:
        """The hosts of the list, as `hosts.plain_host` writes them, sorted."""
        return sorted(self._hosts.names)

    def holds(self, url: str | None) -> bool:
        """Whether the address is on a host of the list."""
        return self._hosts.hold(url)


def _told(line: str) -> str:
    return line.partition("#")[0].strip()


def _host(path: Path, number: int, line: str) -> str:
    told = _told(line).removeprefix("*.").removeprefix(".")
    host = host_of(told if "://" in told else f"//{told}")
    if host is None or any(sign.isspace() or sign == "*" for sign in told):
        raise ValueError(f"{path}, line {number}: {told!r} is no host; write one host a line, such as example.org.")
    return host
