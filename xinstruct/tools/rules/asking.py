"""Puts an ask into words for a page: a phrasing in the wished style, and a sentence on what else the text holds."""

from typing import Any

from xinstruct.tools.rules import notes
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.rules.page import Page
from xinstruct.tools.rules.phrases import counted, detail, phrase

Reply = dict[str, Any]
_MOST_NAMED = 4
_LONGEST_NAMED = 80


def asked(page: Page, ask: str, task: str, asked_from: str, **slots: str | None) -> Reply:
    """The reply for an ask that the passage answers as it is, in the wished style."""
    style: str = page.fields["style"]
    said = phrase(ask, style, page.slots(**slots), page.draw)
    return {"instruction": said, "style": style, "task": task, "asked_from": asked_from}


def handed(page: Page, ask: str, task: str, asked_from: str, **slots: str | None) -> Reply:
    """The same for an ask that hands a text over, which a search query cannot: then a request or a chat message."""
    wished: str = page.fields["style"]
    style = wished if wished != "search" else page.draw.one("style", ("request", "chat"))
    said = phrase(ask, style, page.slots(**slots), page.draw)
    return {"instruction": said, "style": style, "task": task, "asked_from": asked_from}


def detailed(page: Page, reply: Reply) -> Reply:
    """The reply with a sentence on headings, keywords or paragraphs that the passage has, about half of the time."""
    if reply["style"] == "search" or page.draw.share("detail") < 0.4:
        return reply
    kinds = _details(page, reply["instruction"])
    if not kinds:
        return reply
    kind, slots = kinds[page.draw.number("which detail") % len(kinds)]
    return {**reply, "instruction": f"{reply['instruction']} {detail(kind, slots, page.draw)}"}


def _details(page: Page, instruction: str) -> list[tuple[str, dict[str, str]]]:
    """What can be said further of the passage: kinds of details.yml with their slots."""
    lines = notes.paragraphs(page.passage)
    headings = inner_headings(page)
    spoken = [
        keyword
        for keyword in page.fields["keywords"]
        if 3 <= len(keyword) <= 40
        and topics.echo(keyword, page.passage) == 1
        and keyword.casefold() not in instruction.casefold()
    ]
    found: list[tuple[str, dict[str, str]]] = []
    if 2 <= len(headings) <= 5 and max(map(len, headings)) <= 80:
        found.append(("headings", {"headings": topics.joined(headings)}))
    if spoken:
        found.append(("keywords" if len(spoken) > 1 else "keyword", {"keywords": topics.joined(spoken[:3])}))
    if not headings and len(lines) <= 6 and all(len(line) > 80 for line in lines):
        shown = counted(len(lines), "paragraph")
        found.append(("paragraphs", {"paragraphs": shown, "paragraphs_cap": shown.capitalize()}))
    return found


def inner_headings(page: Page) -> list[str]:
    """The headings of further sections that stand inside the passage."""
    lines = notes.paragraphs(page.passage)[1:]
    other = (h for h in page.fields["headings"] if not topics.same(h, page.title) and not topics.same(h, page.heading))
    return [heading for heading in other if any(topics.same(heading, line) for line in lines)]


def all_named(headings: list[str]) -> str:
    """Headings as an English list; of many, the first and how many more there are."""
    shown = [heading for heading in headings[:_MOST_NAMED] if len(heading) <= _LONGEST_NAMED]
    left = len(headings) - len(shown)
    if not left:
        return topics.joined(shown)
    more = counted(left, "further section")
    return f"{', '.join(topics.quoted(heading) for heading in shown)} and {more}" if shown else more
