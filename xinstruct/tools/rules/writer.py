"""Writes the English instruction for a passage by rules, from what its page says of itself, or says why not."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from xinstruct.tools.rules import notes
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.rules.page import Page
from xinstruct.tools.rules.phrases import counted, detail, phrase
from xinstruct.tools.sentences import ends_sentence

Reply = dict[str, Any]
Ask = Callable[[Page], Reply | None]

_SHORTEST_STEPS_KEPT = 3
_SHORTEST_STORY_KEPT = 300
_SHORTEST_REST_KEPT = 200
_LONGEST_TITLE_BESIDE = 100
_LONGEST_SUBJECT = 45
# A heading of one or two words with a question mark is a figure of speech.
_FEWEST_WORDS_ASKING = 3
_ASK_OF_KIND = {
    "Person": "portrait_person",
    "Place": "describe_place",
    "Event": "announce_event",
    "Book": "describe_work",
    "Product": "describe_product",
}


def write(fields: Mapping[str, Any]) -> Reply:
    """The reply to an instruct question: an instruction with its style and task, or the reason to skip."""
    page = Page(fields)
    allowed: list[str] = fields["tasks"]
    for attempt in (_question, _term, *_by_wish(allowed), _whole):
        reply = attempt(page)
        if reply is not None and reply.get("task", allowed[0]) in allowed:
            trimmed = {} if page.passage == fields["passage"] else {"response": page.passage}
            return {**trimmed, **reply, "provisional": True}
    return {"skip": page.no_title or "nothing on the page says what the passage is about", "provisional": True}


def _by_wish(allowed: list[str]) -> tuple[Ask, ...]:
    """Which shapes to try before asking for the whole passage: those whose tasks come first."""
    parts: dict[str, Ask] = {
        "text_to_title": _title_of,
        "text_to_lead": _lead_of,
        "text_to_answer": _answer_in,
        "continue_text": _continued,
    }
    if allowed[0] in parts:
        return tuple(parts[task] for task in allowed if task in parts)
    return (_from_notes,) if allowed[0] in ("notes_to_text", "write_news") else ()


def _asked(page: Page, ask: str, task: str, asked_from: str, **slots: str | None) -> Reply:
    """The reply for an ask that the passage answers as it is, in the wished style."""
    style: str = page.fields["style"]
    asked = phrase(ask, style, page.slots(**slots), page.draw)
    return {"instruction": asked, "style": style, "task": task, "asked_from": asked_from}


def _handed(page: Page, ask: str, task: str, asked_from: str, **slots: str | None) -> Reply:
    """The same for an ask that hands a text over, which a search query cannot: then a request or a chat message."""
    wished: str = page.fields["style"]
    style = wished if wished != "search" else page.draw.one("style", ("request", "chat"))
    asked = phrase(ask, style, page.slots(**slots), page.draw)
    return {"instruction": asked, "style": style, "task": task, "asked_from": asked_from}


def _question(page: Page) -> Reply | None:
    """The page's own question, whose answer the passage is; with the title where the question alone says too little."""
    question, asked_from = page.fields["question"], "question"
    whole = page.parts == 1
    if (
        not question
        and whole
        and topics.asks(page.heading)
        and len(topics.stems(str(page.heading))) >= _FEWEST_WORDS_ASKING
    ):
        question, asked_from = page.heading, "heading"
    if not question and whole and not page.heading and page.begins and topics.asks(page.title) and not page.no_title:
        question, asked_from = page.title, "title"
    if not question or len(question) > 300 or "�" in question:
        return None
    if topics.same(question, page.title) or not _may_stand_beside(page, share=0.75):
        return _asked(page, "answer_question", "answer_question", asked_from, question=question)
    return _asked(page, "answer_in_context", "answer_question", asked_from, question=question, title=page.title)


def _term(page: Page) -> Reply | None:
    """The term that the passage defines; often with the title, since terms mean different things elsewhere."""
    term = page.fields["term"]
    if not term or len(term) > 80:
        return None
    if topics.same(term, page.title) or not _may_stand_beside(page, share=0.6):
        return _asked(page, "define_term", "define_term", "term", term=term)
    return _asked(page, "define_in_context", "define_term", "term", term=term, title=page.title)


def _may_stand_beside(page: Page, share: float) -> bool:
    """Whether the title is named beside a question or term: where it is short and in the same script, not always."""
    title = page.title
    fits = title is not None and len(title) <= _LONGEST_TITLE_BESIDE and topics.script(title) == page.script
    return fits and page.draw.share("beside") < share


def _title_of(page: Page) -> Reply | None:
    """A section of the passage handed over without its heading."""
    found = [
        (heading, body)
        for heading, body in notes.sections(page.passage, page.fields["headings"])
        if len(body) >= _SHORTEST_REST_KEPT
        and not topics.asks(heading)
        and not topics.unusable(heading, body, page.fields["host"])
        and topics.echo(heading, body) >= 0.5
    ]
    if not found:
        return None
    heading, body = found[page.draw.number("section") % len(found)]
    return {**_handed(page, "text_to_title", "text_to_title", "headings"), "response": heading, "handed": body}


def _lead_of(page: Page) -> Reply | None:
    """The beginning of the page handed over without its first paragraph."""
    first, _, rest = page.passage.partition("\n")
    if page.no_title or page.heading or not page.begins or not 60 <= len(first) <= 700 or not ends_sentence(first):
        return None
    if len(rest) < _SHORTEST_REST_KEPT:
        return None
    asked = _handed(page, "text_to_lead", "text_to_lead", "title", topic=page.title)
    return {**asked, "response": first, "handed": rest}


def _answer_in(page: Page) -> Reply | None:
    """The passage handed over with a question that stands in it over the paragraph that answers it."""
    lines = notes.paragraphs(page.passage)
    found = [
        (question, answer)
        for question, answer in itertools.pairwise(lines)
        if topics.asks(question)
        and any(topics.same(question, heading) for heading in page.fields["headings"])
        and len(question) <= 200
        and len(answer) >= 40
        and not topics.asks(answer)
    ]
    if not found or len(lines) < 4:
        return None
    question, answer = found[page.draw.number("question") % len(found)]
    asked = _handed(page, "text_to_answer", "text_to_answer", "headings", question=question)
    return {**asked, "response": answer, "handed": page.passage}


def _continued(page: Page) -> Reply | None:
    """The beginning of the passage handed over; not where going on would be inventing facts."""
    if not page.in_context or page.needs_notes or page.kind in ("Recipe", "HowTo", "FAQPage", "Product", "Event"):
        return None
    first = notes.opening(page.passage, page.fields["label"])
    rest = page.passage[len(first) :].strip()
    if not first or len(rest) < _SHORTEST_REST_KEPT:
        return None
    ask = "continue_text" if page.begins and not page.heading else "continue_part"
    asked = _handed(page, ask, "continue_text", "heading" if page.heading else "title")
    return {**asked, "response": rest, "handed": first}


def _from_notes(page: Page) -> Reply | None:
    """Notes from the page handed over, to be written out."""
    if not page.in_context:
        return None
    news = page.kind == "NewsArticle"
    whole = page.begins and not page.heading
    # What the page says of itself as a whole is told by its beginning; further parts have notes of their own.
    description, facts = (page.fields["description"], page.fields["facts"]) if whole else (None, [])
    found = notes.take(page.passage, page.fields["label"], page.fields["headings"], description, facts, news)
    if not found:
        return None
    task = "write_news" if news else "notes_to_text"
    one_of_several = page.parts > 1
    if page.heading and not topics.unusable(page.heading, page.passage, None):
        asked = _handed(page, "notes_to_section_part" if one_of_several else "notes_to_section", task, "heading")
    elif whole:
        ask = "notes_to_beginning" if one_of_several else task
        asked = _handed(page, ask, task, page.kind_from if news else "title", topic=page.title)
    else:
        asked = _handed(page, "write_news_part" if news else "notes_to_part", task, "passage")
    return {**asked, "notes": found}


def _whole(page: Page) -> Reply | None:
    """The whole passage as the answer: by its heading if it stands under one, else by what kind of page it begins."""
    if page.needs_notes:
        told = _from_notes(page)
        return told if told or page.kind == "NewsArticle" or not page.heading else _section(page)
    if page.heading:
        return _section(page)
    if not page.begins:
        return _further(page)
    if page.no_title:
        return {"skip": page.no_title}
    if page.kind == "story" and page.length < _SHORTEST_STORY_KEPT:
        return {"skip": "too short for a story"}
    if page.parts > 1:
        return _beginning(page)
    ask, topic = _by_kind(page)
    asked_from = "title" if ask in ("list_items", "write_article", "explain_topic") else page.kind_from
    return _detailed(page, _asked(page, ask, ask, asked_from, topic=topic))


def _further(page: Page) -> Reply | None:
    """A passage that goes on with what another began: its own first words or notes go along."""
    goes_on = page.draw.share("further on") < 0.4
    first, second = (_continued, _from_notes) if goes_on else (_from_notes, _continued)
    return first(page) or second(page)


def _beginning(page: Page) -> Reply:
    """The first of several passages of a text without headings, which must not be asked for as if it were all."""
    task = {"story": "tell_story", "BlogPosting": "write_blog"}.get(page.kind, "write_article")
    asked_from = "title" if task == "write_article" else page.kind_from
    return _detailed(page, _asked(page, "write_beginning", task, asked_from, topic=page.title))


def _section(page: Page) -> Reply | None:
    """A later part of a page, asked for by its heading within its page; of several passages under it, the first."""
    if page.part > 1:
        return _further(page)
    heading = str(page.heading)
    if not 3 <= len(heading) <= topics.LONGEST_TOPIC_KEPT:
        return {"skip": "heading is too short or too long"}
    if page.in_context:
        ask = "write_section" if page.parts == 1 else "write_section_beginning"
        return _detailed(page, _asked(page, ask, "write_section", "heading"))
    reason = topics.unusable(heading, page.passage, page.fields["host"], page.fields["section"])
    if reason or topics.echo(heading, page.passage) < 0.5:
        return {"skip": reason.replace("title", "heading", 1) or "heading is not about the passage"}
    ask = "explain_topic" if page.parts == 1 else "write_beginning"
    return _detailed(page, _asked(page, ask, "explain_topic", "heading", topic=heading))


def _by_kind(page: Page) -> tuple[str, str]:
    """The ask and its topic for the beginning of a page, by its kind, if the passage holds what the kind promises."""
    title = str(page.title)
    items = notes.items(page.passage)
    if page.kind == "Recipe":
        listed = page.holds("recipeIngredient") and page.holds("step")
        told = not page.fact("step") and len(items) >= 6 and page.length > 500
        return ("give_recipe" if listed or told else "explain_topic"), title
    if page.kind == "HowTo":
        steps = page.holds("step") if page.fact("step") else len(items) >= _SHORTEST_STEPS_KEPT
        return ("explain_steps" if steps else "give_advice"), title
    if page.kind in _ASK_OF_KIND:
        return _ASK_OF_KIND[page.kind], page.name
    if page.kind == "FAQPage" and sum(topics.asks(line) for line in notes.paragraphs(page.passage)) >= 2:
        return "write_faq", title
    if page.kind in ("BlogPosting", "story"):
        return ("write_blog" if page.kind == "BlogPosting" else "tell_story"), title
    if len(items) >= 5 and sum(map(len, items)) > 0.7 * len(page.passage):
        return "list_items", title
    # A title of few words names a subject; a longer one is a sentence about it, under which one writes.
    subject = len(title) * page.weight <= _LONGEST_SUBJECT and page.draw.share("subject") < 0.7
    return ("explain_topic" if subject else "write_article"), title


def _detailed(page: Page, reply: Reply) -> Reply:
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
    inner = [h for h in page.fields["headings"] if not topics.same(h, page.title)]
    headings = [heading for heading in inner if any(topics.same(heading, line) for line in lines[1:])]
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
