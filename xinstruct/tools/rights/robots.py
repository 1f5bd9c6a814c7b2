"""Reads from robots.txt whether the crawlers that gather text for training may take a page, or its use for training is
refused.

robots.txt stands anywhere in a crawl, before or after the pages, or in files of its own: all of them are read first.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from protego import Protego

from xinstruct.candidate import Skipped
from xinstruct.tools.rights.hosts import plain_host
from xinstruct.tools.web.header_lines import decode
from xinstruct.tools.web.http_body import HTML_TYPES, EncodingError, media_type, read_response, unpack
from xinstruct.tools.web.warc import entries

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
_ROBOTS = re.compile(r"^[a-z]+://[^/?#]+/robots\.txt(?:[?#]|$)", re.IGNORECASE)
_AGENT = re.compile(r"^[ \t]*user[- ]?agent\b", re.IGNORECASE)


def refuses_training(signal: str) -> bool | None:
    """What a signal such as `search=yes, ai-train=no` or `train-ai=n` says of training; None when it says nothing."""
    said = [match[1].lower().startswith("n") for match in _USE.finditer(signal)]
    return any(said) if said else None


class Robots:
    """What the robots.txt of many hosts say to some agents. agents: names as robots.txt has them; `*` is everybody."""

    def __init__(self, agents: Iterable[str] = TRAINING_AGENTS) -> None:
        self.agents = tuple(agents)
        self._bodies: dict[str, str] = {}
        self._parsed = functools.lru_cache(maxsize=_PARSED_AT_ONCE)(self._parse)

    def add(self, url: str, body: bytes | str) -> None:
        """Takes the robots.txt that was found at an address; of two of a host the later one counts."""
        place = _place(url)
        if place:
            text = decode(body[:_LONGEST]) if isinstance(body, bytes) else body[:_LONGEST]
            self._bodies[place] = text.removeprefix("\ufeff")
            self._parsed.cache_clear()

    def allows(self, url: str) -> bool | None:
        """Whether all of the agents may take the page, and its use for training is not refused; None for a host whose
        robots.txt is not known.
        """
        refusal = self.refusal(url)
        return None if refusal is None else not refusal

    def refusal(self, url: str) -> str | None:
        """What refuses the page, in words for `detail`; empty when nothing does, None when nobody knows."""
        place = _place(url)
        if place is None or place not in self._bodies:
            return None
        rules, signals = self._parsed(place)
        for agent in self.agents:
            if not signals.can_fetch(url, agent):
                return f"robots.txt: training refused to {agent}"
            if not rules.can_fetch(url, agent):
                return f"robots.txt: disallowed to {agent}"
        return ""

    def _parse(self, place: str) -> tuple[Protego, Protego]:
        body = self._bodies[place]
        return Protego.parse(body), Protego.parse(_signals(body))


def _place(url: str) -> str | None:
    """Host and port, without www.: what one robots.txt speaks for."""
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


def found_in(path: Path) -> Iterator[tuple[str, bytes]]:
    """Address and body of every robots.txt that a web archive (WARC or ARC) holds with status 200.

    What cannot be read is left to harvest, which names it. Raises FileNotFoundError.
    """
    for entry in entries(path, 0, path.stat().st_size):
        if isinstance(entry, Skipped) or entry.kind != "response" or not entry.held:
            continue
        if entry.url and _ROBOTS.search(entry.url):
            body = _body(entry.block, entry.content_type)
            if body is not None:
                yield entry.url, body


def _body(block: bytes, content_type: str) -> bytes | None:
    response = read_response(block)
    if response is None:  # an ARC record may be the bare file
        return block if media_type(content_type) == "text/plain" else None
    if response.status != 200 or media_type(response.headers.get("content-type", "")) in HTML_TYPES:
        return None
    try:
        return unpack(response)[0]
    except EncodingError:
        return None
