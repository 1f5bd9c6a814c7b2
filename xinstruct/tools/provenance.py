"""Tells from a page's address what kind of source it is (a religious site, Wikipedia and its copies, or neither), and
to whose domain its host belongs.
"""

import functools
import re
from typing import Any

import tld

from xinstruct.tables import shipped
from xinstruct.tools.rights.hosts import Hosts, host_of

RELIGIOUS, WIKIPEDIA = "religious", "wikipedia"
KINDS = (RELIGIOUS, WIKIPEDIA)


def kind_of_source(url: str | None) -> str | None:
    """One of KINDS, by what corpora/hosts.yml lists; None for all other pages, and for texts without an address."""
    host = host_of(url)
    if url is None or host is None:
        return None
    by_host = _kind_of_host(host)
    return by_host or next((kind.name for kind in _kinds() if kind.addresses and kind.addresses.search(url)), None)


@functools.lru_cache(maxsize=1 << 14)
def domain_of(host: str) -> str:
    """The domain that somebody registered, above all hosts that are theirs: gazeti.example.co.tz -> example.co.tz.

    By the Public Suffix List: sites under a hosting service such as blogspot.com have domains of their own. The host
    itself where the list knows nothing of it.
    """
    return tld.get_fld(f"http://{host}", fail_silently=True, search_private=True) or host


class _Kind:
    def __init__(self, name: str, told: dict[str, Any]) -> None:
        self.name = name
        self.hosts = Hosts(told["hosts"])
        self.names, self.addresses = _any_of(told.get("names")), _any_of(told.get("addresses"))

    def holds(self, host: str) -> bool:
        return self.hosts.hold(f"//{host}") or bool(self.names and self.names.search(host))


@functools.lru_cache(maxsize=1 << 14)
def _kind_of_host(host: str) -> str | None:
    return next((kind.name for kind in _kinds() if kind.holds(host)), None)


@functools.cache
def _kinds() -> tuple[_Kind, ...]:
    told = shipped("corpora", "hosts.yml")
    return tuple(_Kind(kind, told[kind]) for kind in KINDS)


def _any_of(patterns: list[str] | None) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE) if patterns else None
