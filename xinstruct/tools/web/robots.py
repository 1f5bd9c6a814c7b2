"""Reads a host's robots.txt as RFC 9309 has it: which of its pages a crawler may fetch, and how slowly."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

LARGEST_FILE = 512_000  # bytes; what follows is not read
TOKEN = "xinstruct"
LINE = re.compile(r"\s*([A-Za-z-]+)\s*:\s*([^#]*)")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host asks of us. paths: patterns with whether they allow; delay: seconds between two requests, if said."""

    paths: tuple[tuple[str, bool], ...] = ()
    delay: float | None = None

    def allow(self, address: str) -> bool:
        """Whether the page may be fetched: the longest pattern that fits decides, and of two as long the one that
        allows.
        """
        split = urlsplit(address)
        path = unquote(split.path or "/") + (f"?{unquote(split.query)}" if split.query else "")
        fitting = [(len(pattern), allows) for pattern, allows in self.paths if fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


EVERYTHING = Rules()
NOTHING = Rules((("/", False),))


def parse(content: bytes) -> Rules:
    """The rules for us in a robots.txt: those of our own groups, or else those for all crawlers."""
    groups: dict[str, tuple[list[tuple[str, bool]], list[float]]] = {}
    agents: list[str] = []
    naming = False  # whether the line before named an agent, so that the next one joins its group
    for line in content[:LARGEST_FILE].decode("utf-8-sig", "replace").splitlines():
        found = LINE.match(line)
        if not found:
            continue
        name, value = found[1].lower(), found[2].strip()
        if name == "user-agent":
            agents = [*(agents if naming else []), value.lower().partition("/")[0].strip()]
            naming = True
            for agent in agents:
                groups.setdefault(agent, ([], []))
            continue
        if name in ("allow", "disallow", "crawl-delay"):
            naming = False
        for agent in agents:
            if name in ("allow", "disallow") and value:
                groups[agent][0].append((unquote(value), name == "allow"))
            elif name == "crawl-delay" and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
                groups[agent][1].append(float(value))
    paths, delays = groups.get(TOKEN) or groups.get("*") or ([], [])
    return Rules(tuple(paths), max(delays, default=None))


def fits(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says; `*` stands for anything, `$` at the end for the path's end.

    It takes time in proportion to the lengths, whatever a stranger writes.
    """
    anchored = pattern.endswith("$")
    first, *rest = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, piece in enumerate(rest, start=1):
        if anchored and number == len(rest):
            return path.endswith(piece) and len(path) - len(piece) >= at
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not anchored or at == len(path)
