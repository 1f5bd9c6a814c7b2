"""Asks that only a stretch of the passage answers, or that hand text over: notes, the rest of it, a question on it."""

import copy
import functools
import itertools
from collections.abc import Callable

from xinstruct.tools import plans
from xinstruct.tools.rules import notes
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.rules.asking import Reply, asked, handed
from xinstruct.tools.rules.page import Page
from xinstruct.tools.sentences import ends_sentence

Ask = Callable[[Page], Reply | None]
Fits = Callable[[str], bool]

_SHORTEST_REST_KEPT = 200
# Kinds of pages where going on would be inventing facts.
_NOT_CONTINUED = ("Recipe", "HowTo", "FAQPage", "Product", "Event")


def by_wish(page: Page, allowed: list[str]) -> tuple[Ask, ...]:
    """Which asks to try before asking for the whole passage: those for a stretch of the wished length, or notes."""
    shortest: int | None = page.fields["shortest_wished"]
    longest: int | None = page.fields["longest_wished"]
    if shortest is None or longest is None:
        return (from_notes,) if allowed[0] in plans.NOTES_TASKS else ()

    def fits(text: str) -> bool:
        return shortest <= len(text) <= longest

    return tuple(functools.partial(_STRETCH_ASKS[task], fits=fits) for task in allowed if task in _STRETCH_ASKS)


def _any(text: str) -> bool:
    return True


def further(page: Page) -> Reply | None:
    """A passage that cannot be asked for bare, by tasks on its own text; by notes where none of those fits.

    Notes come first only where they are wished, so that not every later passage is written from notes.
    """
    order = sorted((_title_of, _answer_in), key=lambda ask: page.draw.number(ask.__name__))
    asks: tuple[Ask, ...] = (_lead_of, *order, _continued) if page.needs_notes else (_continued, *order)
    if page.draw.share("further on") < 0.25:
        asks = (*order, *asks)
    return next((reply for ask in (*asks, from_notes) if (reply := ask(page)) is not None), None)


def _title_of(page: Page, fits: Fits = _any) -> Reply | None:
    """A section of the passage handed over without its heading."""
    found = [
        (heading, body)
        for heading, body in notes.sections(page.passage, page.fields["headings"])
        if len(body) >= _SHORTEST_REST_KEPT
        and fits(heading)
        and not topics.asks(heading)
        and not topics.unusable(heading, body, page.fields["host"])
        and topics.echo(heading, body) >= 0.5
    ]
    if not found:
        return None
    heading, body = found[page.draw.number("section") % len(found)]
    return {**handed(page, "text_to_title", "text_to_title", "headings"), "response": heading, "handed": body}


def _lead_of(page: Page, fits: Fits = _any) -> Reply | None:
    """The beginning of the page handed over without its first paragraph."""
    first, _, rest = page.passage.partition("\n")
    if page.no_title or page.heading or not page.begins or not 60 <= len(first) <= 700 or not ends_sentence(first):
        return None
    if len(rest) < _SHORTEST_REST_KEPT or not fits(first):
        return None
    reply = handed(page, "text_to_lead", "text_to_lead", "title", topic=page.title)
    return {**reply, "response": first, "handed": rest}


def _answer_in(page: Page, fits: Fits = _any) -> Reply | None:
    """The passage handed over with a question that stands in it over the paragraph that answers it."""
    lines = notes.paragraphs(page.passage)
    found = [
        (question, answer)
        for question, answer in itertools.pairwise(lines)
        if topics.asks(question)
        and any(topics.same(question, heading) for heading in page.fields["headings"])
        and len(question) <= 200
        and len(answer) >= 40
        and fits(answer)
        and not topics.asks(answer)
    ]
    if not found or len(lines) < 4:
        return None
    question, answer = found[page.draw.number("question") % len(found)]
    reply = handed(page, "text_to_answer", "text_to_answer", "headings", question=question)
    return {**reply, "response": answer, "handed": page.passage}


def _section_in(page: Page, fits: Fits = _any) -> Reply | None:
    """A section of the passage, asked for by its heading within its page."""
    if not page.in_context or page.needs_notes:
        return None
    found = [
        (heading, body)
        for heading, body in notes.sections(page.passage, page.fields["headings"])
        if fits(body)
        and ends_sentence(body.rstrip())
        and not topics.unusable(heading, body, page.fields["host"], page.fields["section"])
    ]
    if not found:
        return None
    heading, body = found[page.draw.number("section") % len(found)]
    section = copy.copy(page)
    section.length = len(body) * page.weight
    return {**asked(section, "write_section", "write_section", "headings", heading=heading), "response": body.strip()}


def _continued(page: Page, fits: Fits = _any) -> Reply | None:
    """The beginning of the passage handed over; not where going on would be inventing facts."""
    if not page.in_context or page.needs_notes or page.kind in _NOT_CONTINUED:
        return None
    first = notes.opening(page.passage, page.fields["label"])
    rest = _fitting(page.passage[len(first) :].strip(), fits)
    if not first or len(rest) < _SHORTEST_REST_KEPT:
        return None
    ask = "continue_text" if page.begins and not page.heading else "continue_part"
    reply = handed(page, ask, "continue_text", "heading" if page.heading else "title")
    return {**reply, "response": rest, "handed": first}


def _fitting(text: str, fits: Fits) -> str:
    """The text, or as many of its first lines as fit and end with a sentence; "" where none do."""
    if fits(text):
        return text
    lines = text.split("\n")
    beginnings = ("\n".join(lines[:count]).rstrip() for count in range(len(lines) - 1, 0, -1))
    return next((start for start in beginnings if fits(start) and ends_sentence(start)), "")


def from_notes(page: Page) -> Reply | None:
    """Notes from the page handed over, to be written out."""
    if not page.in_context:
        return None
    news, event = page.kind == "NewsArticle", page.kind == "Event"
    whole = page.begins and not page.heading
    # What the page says of itself as a whole is told by its beginning; further parts have notes of their own.
    description, facts = (page.fields["description"], page.fields["facts"]) if whole else (None, [])
    found = notes.take(page.passage, page.fields["label"], page.fields["headings"], description, facts, news)
    if not found:
        return None
    task = "write_news" if news else "announce_event" if event else "notes_to_text"
    one_of_several = page.parts > 1
    if page.heading and not topics.unusable(page.heading, page.passage, None):
        reply = handed(page, "notes_to_section_part" if one_of_several else "notes_to_section", task, "heading")
    elif whole:
        ask = "notes_to_beginning" if one_of_several else task
        reply = handed(page, ask, task, page.kind_from if news or event else "title", topic=page.title)
    else:
        reply = handed(page, "write_news_part" if news else "notes_to_part", task, "passage")
    return {**reply, "notes": found}


_STRETCH_ASKS: dict[str, Callable[..., Reply | None]] = {
    "text_to_title": _title_of,
    "text_to_lead": _lead_of,
    "text_to_answer": _answer_in,
    "write_section": _section_in,
    "continue_text": _continued,
}
