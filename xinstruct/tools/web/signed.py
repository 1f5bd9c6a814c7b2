"""Tells in the address of a source what names a file from what opens it: names, passwords, signatures, tokens.

A run keeps and shows only the former. What opens it stands in the recipe alone, and may be another one tomorrow.
"""

import hashlib
import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

CUT = "?…"  # what stands where a kept address was cut; no address holds this sign unquoted
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
_OPENING_PREFIXES = ("x-amz-", "x-goog-", "x-oss-", "q-sign-")
_OPENING = frozenset(
    ("token", "access_token", "auth_token", "id_token", "security-token", "sig", "signature", "q-signature", "hmac",
     "jwt", "hdnts", "hdnea", "password", "passwd", "pwd", "secret", "client_secret", "api_key", "api-key", "apikey")
)  # fmt: skip
# What stands beside a signature and is renewed with it; alone it may be part of the name.
_BESIDE = frozenset(
    ("expires", "exp", "policy", "hash-algorithm", "key-pair-id", "awsaccesskeyid", "ossaccesskeyid", "googleaccessid",
     "q-ak", "q-key-time", "q-header-list", "q-url-param-list", "token_path", "sv", "ss", "srt", "sr", "sp", "st", "se",
     "spr", "sip", "si", "ses", "saoid", "suoid", "scid", "sdd", "skoid", "sktid", "skt", "ske", "sks", "skv")
)  # fmt: skip


def split(address: str) -> SplitResult:
    """Its parts. ValueError, which tells nothing of it, where what stands before the path is no host and port."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError("what stands before its path is no host") from None
    return parts


def shown(address: str) -> str:
    """The address as people may see it: without a name and password, and without what follows the question mark.

    A path of this machine stays as it is.
    """
    if "://" not in address:
        return address
    try:
        parts = split(address)
    except ValueError:
        return f"{address.partition('://')[0]}://…"  # a password that is not quoted may stand anywhere in it
    return urlunsplit((parts.scheme, _host(parts), parts.path, "", ""))


def unsigned(address: str) -> str:
    """The address of a page without what only opens it; the rest of what follows its question mark names the page."""
    try:
        parts = split(address)
    except ValueError:
        return shown(address)
    fields = parts.query.split("&")
    names = [unquote(field.partition("=")[0]).lower() for field in fields]
    opening = [name in _OPENING or name.startswith(_OPENING_PREFIXES) for name in names]
    if not any(opening):
        return address if _host(parts) == parts.netloc else urlunsplit(parts._replace(netloc=_host(parts)))
    left = [f for f, name, opens in zip(fields, names, opening, strict=True) if not opens and name not in _BESIDE]
    return urlunsplit(parts._replace(netloc=_host(parts), query="&".join(left)))


def kept(address: str) -> str:
    """What is kept of a source's address: `shown`, with a mark where that is not all of it.

    The mark tells files apart that only differ behind the question mark, and stays when a signature is renewed.
    Paths, and addresses that hide nothing, stay as they are.
    """
    bare = shown(address)
    if bare == address or is_cut(address):
        return address
    naming = unsigned(address).partition("#")[0].partition("?")[2]
    return f"{bare}{CUT}{hashlib.blake2b(naming.encode(), digest_size=4).hexdigest() if naming else ''}"


def is_cut(address: str) -> bool:
    """Whether it is what `kept` left of an address that opened more."""
    return "://" in address and CUT in address


def shown_in(line: str) -> str:
    """A line for people in which every address is `shown`."""
    return _ADDRESS.sub(lambda found: shown(found[0]), line)


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
