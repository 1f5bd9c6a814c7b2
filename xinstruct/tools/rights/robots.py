"""Reads from robots.txt whether the crawlers that gather text for training may take a page, or its use for training is
refused.

robots.txt stands anywhere in a crawl, before or after the pages, or in files of its own: all of them are read first.
"""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from xinstruct.tools.rights.hosts import plain_host
from xinstruct.tools.web.header_lines import decode
from xinstruct.tools.web.http_body import HTML_TYPES, EncodingError, media_type, read_response, unpack

# Crawlers that gather text to train models on, and names by which publishers refuse just that use; then everybody.
TRAINING_AGENTS = (
    *("CCBot", "GPTBot", "Google-Extended", "ClaudeBot", "anthropic-ai", "Claude-Web", "Applebot-Extended"),
    *("meta-externalagent", "FacebookBot", "Bytespider", "Amazonbot", "cohere-training-data-crawler", "AI2Bot"),
    *("Diffbot", "omgili", "Omgilibot", "img2dataset", "PanguBot", "*"),
)
# Longer ones need not be read (RFC 9309).
_LONGEST = 512_000
_PARSED_AT_ONCE = 512
# Cloudflare's Content Signals, and the draft of the IETF's working group AIPREF, which may name a path.
_SIGNAL = re.compile(r"^[ \t]*content-(?:signals?|usage)[ \t]*:[ \t]*(?:(/\S*)[ \t]+)?(.*)$", re.IGNORECASE)
_USE = re.compile(r"(?<![\w-])(?:ai-train|train-(?:gen)?ai)\s*=\s*(no?|y(?:es)?)(?![\w-])", re.IGNORECASE)
_SIGNALS = re.compile(r"content-(?:signal|usage)", re.IGNORECASE)
ROBOTS_TXT = re.compile(r"^[a-z]+://[^/?#]+/robots\.txt(?:[?#]|$)", re.IGNORECASE)
_AGENT = re.compile(r"^[ \t]*user[- ]?agent\b", re.IGNORECASE)
# What ends the list of agents of a group.
_RULE = re.compile(r"(?!(?:site-?maps?|host)\s*:)(?:[^:]*:|(?:dis)?allow\b|crawl-delay\b)", re.IGNORECASE)


def refuses_training(signal: str) -> bool | None:
    """What a signal such as `search=yes, ai-train=no` or `train-ai=n` says of training; None when it says nothing."""
    said = [match[1].lower().startswith("n") for match in _USE.finditer(signal)]
    return any(said) if said else None


class Robots:
    """What the robots.txt of many hosts say to some agents.

    agents: names as robots.txt has them; `*` is everybody. find: gives the robots.txt of a place, see `place_of`; None
    where they are all added.
    """

    def __init__(
        self, agents: Iterable[str] = TRAINING_AGENTS, find: Callable[[str], str | None] | None = None
    ) -> None:
        self.agents = tuple(agents)
        self._bodies: dict[str, str] = {}
        self._find = find or self._bodies.get
        self._parsed = functools.lru_cache(maxsize=_PARSED_AT_ONCE)(self._parse)

    def add(self, url: str, body: bytes | str) -> None:
        """Takes the robots.txt that was found at an address; of two of a host the later one counts."""
        place = place_of(url)
        if place:
            self._bodies[place] = text_of(body)
            self._parsed.cache_clear()

    def allows(self, url: str) -> bool | None:
        """Whether all of the agents may take the page, and its use for training is not refused; None for a host whose
        robots.txt is not known.
        """
        refusal = self.refusal(url)
        return None if refusal is None else not refusal

    def refusal(self, url: str) -> str | None:
        """What refuses the page, in words for `detail`; empty when nothing does, None when nobody knows."""
        place = place_of(url)
        parsed = self._parsed(place) if place else None
        if parsed is None:
            return None
        for agent in parsed.agents:
            if parsed.signals is not None and not parsed.signals.can_fetch(url, agent):
                return f"robots.txt: training refused to {agent}"
            if not parsed.rules.can_fetch(url, agent):
                return f"robots.txt: disallowed to {agent}"
        return ""

    def _parse(self, place: str) -> "_Parsed | None":
        body = self._find(place)
        if body is None:
            return None
        body, agents = _concerning(body, self.agents)
        signals = Protego.parse(_signals(body)) if _SIGNALS.search(body) else None
        return _Parsed(Protego.parse(body), signals, agents)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A robots.txt as rules for agents; signals: the same for its signals, None without any."""

    rules: Protego
    signals: Protego | None
    agents: tuple[str, ...]


def _concerning(body: str, agents: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The groups of a robots.txt that speak to some of the agents, and of the agents one for each way in which they are
    spoken to. A stranger who names thousands of agents before thousands of rules would else take hours and gigabytes.
    """
    lines = [line.partition("#")[0].strip() for line in body.splitlines()]
    named = {_token(line) for line in lines if _AGENT.match(line)}
    # An agent obeys the group with the longest name that its own begins with.
    known = {agent: max(filter(agent.lower().startswith, named - {"*", ""}), key=len, default="*") for agent in agents}
    tokens = set(known.values()) - {""}
    kept: list[str] = []
    naming, meant, met = False, True, set[str]()
    for line in lines:
        if _AGENT.match(line):
            token = _token(line)
            met, meant = (met, meant) if naming else (set(), False)
            naming = True
            if token in tokens and token not in met:
                met.add(token)
                kept.append(f"User-agent: {token}")
                meant = True
        else:
            naming = naming and not _RULE.match(line)
            kept += [line] if meant else []
    # Of those who are spoken to alike the first is asked, and `*` before any other.
    first = {known[agent]: agent for agent in reversed(agents)} | ({"*": "*"} if "*" in agents else {})
    return "\n".join(kept), tuple(agent for agent in agents if agent in first.values())


def _token(line: str) -> str:
    told = _AGENT.sub("", line).strip(" \t:").lower()
    return told if told == "*" else told.replace("*", "")


def text_of(body: bytes | str) -> str:
    """A robots.txt as text, as far as it is read."""
    text = decode(body[:_LONGEST]) if isinstance(body, bytes) else body[:_LONGEST]
    return text.removeprefix("\ufeff")


def place_of(url: str) -> str | None:
    """Host and port, without www.: what one robots.txt speaks for. None for what is no address."""
    try:
        parts = urlsplit(url.strip())
        host, port = plain_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    return (host if port in (None, 80, 443) else f"{host}:{port}") or None


def _signals(body: str) -> str:
    """The signals as rules for the parser, which knows groups and which of several paths counts: refused is disallowed.

    A signal before the first group is for everybody.
    """
    lines = ["User-agent: *", "Crawl-delay: 1"]
    for line in body.splitlines():
        told = line.partition("#")[0]
        signal = _SIGNAL.match(told)
        if signal:
            refused = refuses_training(signal[2])
            # A line that is no rule keeps its place all the same: it ends the list of agents of its group.
            rule = "Crawl-delay: 1" if refused is None else f"{'Disallow' if refused else 'Allow'}: {signal[1] or '/'}"
            lines.append(rule)
        elif _AGENT.match(told):
            lines.append(told)
        elif ":" in told and not re.match(r"\s*(site-?maps?|host)\s*:", told, re.IGNORECASE):
            lines.append("Crawl-delay: 1")
    return "\n".join(lines)


def body_of(block: bytes, content_type: str) -> bytes | None:
    """The robots.txt in a response's block; None where there is none, such as a page that says that it is missing."""
    response = read_response(block)
    if response is None:  # an ARC record may be the bare file
        return block if media_type(content_type) == "text/plain" else None
    if response.status != 200 or media_type(response.headers.get("content-type", "")) in HTML_TYPES:
        return None
    try:
        return unpack(response)[0]
    except EncodingError:
        return None
