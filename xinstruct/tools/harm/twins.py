"""Looks at the languages under which a page says to exist: many speak for a machine, and some sets of them for nothing
else.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

_LINK = re.compile(rb"<link\b[^<>]{0,600}>")
_ATTRIBUTE = re.compile(r"""([a-z:_.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_LANGUAGE_CODE = re.compile(r"(?<![a-z0-9])[a-z]{2,3}(?:[-_][a-z]{2,4})?(?![a-z0-9])")
_FEWEST_TWINS = 5
_MANY_TWINS = 40
_MOST_BY_TWINS, _BY_SERVICE = 0.35, 0.8
# Languages that a service translates into, and for all of which at once no publisher has people.
_RARE = "co fy haw hmn sm ceb gd yi la ny sn st mi lb su"
# The others that Google translated into from 2016 to 2022; whoever has many besides has people.
_USUAL = (
    "af sq am ar hy az eu be bn bs bg ca zh hr cs da nl en eo et fi fr gl ka de el gu ht ha he iw hi hu is ig id in ga "
    "it ja jv jw kn kk km rw ko ku ky lo lv lt mk mg ms ml mt mr mn my ne no nb or ps fa pl pt pa ro ru sr sd si sk "
    "sl so es sw sv tl fil tg ta tt te th tr tk uk ur ug uz vi cy xh yo zu"
)
_OF_SERVICES = frozenset(_RARE.split())
_KNOWN = _OF_SERVICES | frozenset(_USUAL.split())
_FEWEST_OF_SERVICES = 12
_FEWEST_OF_A_SERVICE = 80
_MOST_OTHERS = 0.1  # of the languages


def attributes(tag: bytes) -> dict[str, str]:
    """The attributes of a tag in small letters."""
    told = _ATTRIBUTE.finditer(tag.decode("latin-1"))
    return {match[1]: html.unescape(match[2] or match[3] or match[4] or "").strip() for match in told}


def evidence(head: bytes, url: str | None) -> Iterator[tuple[float, str]]:
    """How much it speaks for a machine, 0 to 1, in how many languages the page says to exist, and under how many it has
    the same path; nothing where this page is named as the one for everybody, which mostly is the original.

    head: in small letters. Up to 0.35, as people may have translated it; 0.8 where the languages are a service's own.
    """
    if head.count(b"hreflang") < _FEWEST_TWINS:
        return
    told = (attributes(tag) for tag in _LINK.findall(head))
    links = {(link["href"].rstrip("/"), link["hreflang"]) for link in told if link.get("hreflang") and link.get("href")}
    languages = {name.partition("-")[0] for _, name in links} - {"x"}
    if ((url or "").lower().rstrip("/"), "x-default") in links or len(languages) < _FEWEST_TWINS:
        return
    paths = Counter(map(_without_code, {address for address, _ in links}))
    path, count = paths.most_common(1)[0]
    same = min(count, len(languages))
    share = min(1.0, (len(languages) + same) / 2 / _MANY_TWINS)
    most = _MOST_BY_TWINS
    if same >= _FEWEST_OF_A_SERVICE and _is_service(languages) and _is_translated((url or "").lower(), path):
        most = _BY_SERVICE
    yield most * share, f"hreflang: {len(languages)} languages, {same} of one path"


def _is_service(languages: set[str]) -> bool:
    """Whether languages are those of a translating service: hardly any others, and the ones that only it has."""
    others = len(languages - _KNOWN)
    return len(languages & _OF_SERVICES) >= _FEWEST_OF_SERVICES and others <= _MOST_OTHERS * len(languages)


def _is_translated(url: str, path: str) -> bool:
    """Whether an address stands under a language's code other than English, as the original mostly does not."""
    address = url.rstrip("/")
    first = _LANGUAGE_CODE.search(urlsplit(address).path) if _without_code(address) == path else None
    return first is not None and not first[0].startswith("en")


def _without_code(address: str) -> str:
    """An address with every piece that looks like a language's code blotted out."""
    return _LANGUAGE_CODE.sub("*", address.partition("://")[2])
