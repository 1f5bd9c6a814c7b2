"""Lets the fetcher talk to public places of the internet alone, wherever a name or a redirect leads."""

import errno
import ipaddress
import socket
from typing import Any

import aiohttp

# Its cloud answers there every machine of its own, and nobody else.
SERVICES = frozenset({ipaddress.ip_address("168.63.129.16")})
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses, the last four bytes
REFUSED = "is no public address"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str, *, loopback: bool = False) -> bool:
    """Whether an IP address is one of the public internet; private, link-local and metadata addresses are not.

    loopback: whether this machine counts as public, for tests.
    """
    try:
        address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if loopback and address.is_loopback:
        return True
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in SERVICES


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def connector(*, loopback: bool = False) -> aiohttp.TCPConnector:
    """What opens connections, to public addresses alone: each is looked at when it is about to be opened, so that
    neither a name that changes its address nor a redirect leads elsewhere.
    """

    def opened(info: Any) -> socket.socket:
        if not is_public(info[4][0], loopback=loopback):
            raise OSError(errno.EACCES, f"{info[4][0]} {REFUSED}")
        return socket.socket(info[0], info[1], info[2])

    return aiohttp.TCPConnector(limit=0, happy_eyeballs_delay=None, socket_factory=opened, ttl_dns_cache=300)
