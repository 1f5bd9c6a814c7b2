"""Keeps the list of hosts and pages that a run was asked to forget, so that a later run does not take them in again."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from xinstruct.candidate import Candidate, content_hash
from xinstruct.tools.rights.hosts import Hosts, plain_host, plain_url
from xinstruct.tools.store import write_bytes

FILE = "forgotten.yml"
REASON = "forgotten"
_HEAD = (
    "# Whose pages this run was asked to forget: hosts, with all that stands under them, and single addresses.\n"
    "# A run in this folder leaves them out. `xinstruct forget` adds to the list.\n"
)


class Forgotten:
    """Hosts and addresses to be forgotten. Addresses are compared without scheme, www., fragment and last slash."""

    def __init__(self, hosts: Iterable[str] = (), urls: Iterable[str] = ()) -> None:
        self.hosts = tuple(sorted({plain_host(host) for host in hosts} - {""}))
        self.urls = tuple(sorted(set(urls)))
        self._hosts = Hosts(self.hosts)
        self._pages = frozenset(map(plain_url, self.urls)) - {None}

    def __bool__(self) -> bool:
        return bool(self.hosts or self._pages)

    def holds(self, url: str | None) -> bool:
        """Whether the page at this address is to be forgotten; a text without address never is."""
        return bool(url) and (self._hosts.hold(url) or (bool(self._pages) and plain_url(url or "") in self._pages))

    def joined(self, other: "Forgotten") -> "Forgotten":
        """What either of them holds."""
        return Forgotten(self.hosts + other.hosts, self.urls + other.urls)

    def write(self, out: Path) -> None:
        """Writes the list into a run's folder, whole or not at all. OSError when the disk fails."""
        told = yaml.safe_dump({"hosts": list(self.hosts), "urls": list(self.urls)}, allow_unicode=True)
        write_bytes(out / FILE, (_HEAD + told).encode())


def forgotten_in(out: Path) -> Forgotten:
    """The list of a run's folder; an empty one where nothing was asked. ValueError for a list that cannot be read:
    to go on without it would take in again what was to be forgotten.
    """
    path = out / FILE
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Forgotten()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())}.") from error
    if not isinstance(told, dict) or not all(_is_names(told.get(key)) for key in ("hosts", "urls")):
        raise ValueError(f"{path} must hold two lists of names, hosts and urls.")
    return Forgotten(told["hosts"], told["urls"])


def without_text(candidate: Candidate) -> Candidate:
    """The row that stays in harvest: it says that there was something, and where, but not what."""
    kept = ("id", "kind", "language", "url", "host", "crawled_at", "container", "record_offset", "digest")
    known = {name: getattr(candidate, name) for name in kept}
    return Candidate(**known, content_hash=content_hash(""), trail=["harvest"])


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
