"""Sees whether a page's own headers or tags reserve it from text and data mining or from the training of models.

What counts, by the conventions that are published: TDMRep (W3C Community Group) `tdm-reservation: 1`; `noai` in
`X-Robots-Tag` or a robots meta tag (DeviantArt's convention, which others took over); Cloudflare's Content Signals
`ai-train=no` and the IETF draft `Content-Usage: train-ai=n`. What does not: `noimageai`, which speaks of images;
`noindex`, `none`, `noarchive` and `nosnippet`, which speak of what search engines show.
"""

import html
import re
from collections.abc import Iterator

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.rights.robots import TRAINING_AGENTS, refuses_training
from xinstruct.tools.web.record import Record

REASON = "reserved"
# The head's end is not looked for in all of a page: tags of this kind stand near its beginning.
_SEARCHED = 1 << 17
_META = re.compile(rb"<meta\b[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z:_-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_NOT_SEEN = re.compile(rb"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
_BODY = re.compile(rb"<body[\s>]", re.IGNORECASE)
_WORTH_A_LOOK = re.compile(rb"tdm-reservation|noai|content-usage|content-signal", re.IGNORECASE)
_AGENTS = frozenset(agent.lower() for agent in TRAINING_AGENTS) - {"*"}
_NAMES = _AGENTS | {"robots", "x-robots-tag"}


def reservation(record: Record, page: Page | None) -> tuple[str, str] | None:
    """`reserved` and what says so, where the publisher reserves mining or training for this page; None otherwise.

    page: what was extracted of it; it carries none of these tags, so they are read from the record's own head.
    """
    for name, value in record.headers.items():
        if _reserves(name, value):
            return REASON, f"header {name}: {value[:100]}"
    if record.is_text:
        return None
    for name, value in _metas(record.body):
        if _reserves("x-robots-tag" if name in _NAMES else name, value):
            return REASON, f"meta {name}: {value[:100]}"
    return None


def _reserves(name: str, value: str) -> bool:
    if name == "tdm-reservation":
        return any(one.strip() == "1" for one in value.split(","))
    if name in ("content-usage", "content-signal", "content-signals"):
        return refuses_training(value) is True
    return name == "x-robots-tag" and "noai" in _directives(value)


def _directives(value: str) -> Iterator[str]:
    """The words of a robots header that are for everybody or for a training crawler: `gptbot: noai` is one of these."""
    meant = True
    for part in value.lower().split(","):
        agent, colon, rest = part.partition(":")
        if colon and agent.strip() not in (
            "unavailable_after",
            "max-snippet",
            "max-image-preview",
            "max-video-preview",
        ):
            meant, part = agent.strip() in _AGENTS, rest
        if meant:
            yield part.strip()


def _metas(body: bytes) -> Iterator[tuple[str, str]]:
    """Name (or http-equiv) in lower case and content of the meta tags in the head of a page."""
    head = body[:_SEARCHED]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    if not _WORTH_A_LOOK.search(head):
        return
    head = _NOT_SEEN.sub(b" ", head)
    end = _BODY.search(head)
    for tag in _META.findall(head[: end.start()] if end else head):
        told = {
            match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "").strip()
            for match in _ATTRIBUTE.finditer(tag.decode("latin-1"))
        }
        name = told.get("name") or told.get("http-equiv")
        if name and "content" in told:
            yield name.lower(), told["content"]
