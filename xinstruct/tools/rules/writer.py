"""Writes the English instruction for a passage by rules, from what its page says of itself, or says why not."""

from collections.abc import Mapping
from typing import Any

import regex

from xinstruct.tools.rules import evidence, notes
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.rules.asking import Reply, all_named, asked, detailed, inner_headings
from xinstruct.tools.rules.handing import by_wish, from_notes, further
from xinstruct.tools.rules.page import Page

_SHORTEST_STEPS_KEPT = 3
_SHORTEST_STORY_KEPT = 300
_LONGEST_TITLE_BESIDE = 100
_LONGEST_SUBJECT = 45
# A heading of one or two words with a question mark is a figure of speech.
_FEWEST_WORDS_ASKING = 3
_NUMBER = regex.compile(r"\p{Nd}{2}")
_ASK_OF_KIND = {
    "Person": "portrait_person",
    "Place": "describe_place",
    "Book": "describe_work",
    "Product": "describe_product",
}


def write(fields: Mapping[str, Any]) -> Reply:
    """The reply to an instruct question: an instruction with its style and task, or the reason to skip."""
    page = Page(fields)
    allowed: list[str] = fields["tasks"]
    for attempt in (_question, _term, *by_wish(page, allowed), _whole):
        reply = attempt(page)
        if reply is not None and reply.get("task", allowed[0]) in allowed:
            trimmed = {} if page.passage == fields["passage"] else {"response": page.passage}
            answer = {**trimmed, **reply, "provisional": True}
            if reply.get("skip"):
                return answer
            return {**answer, "evidence": evidence.of(answer.get("response", page.passage), fields["label"])}
    return {"skip": page.no_title or "nothing on the page says what the passage is about", "provisional": True}


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
        return asked(page, "answer_question", "answer_question", asked_from, question=question)
    return asked(page, "answer_in_context", "answer_question", asked_from, question=question, title=page.title)


def _term(page: Page) -> Reply | None:
    """The term that the passage defines; often with the title, since terms mean different things elsewhere."""
    term = page.fields["term"]
    if not term or len(term) > 80:
        return None
    if topics.same(term, page.title) or not _may_stand_beside(page, share=0.6):
        return asked(page, "define_term", "define_term", "term", term=term)
    return asked(page, "define_in_context", "define_term", "term", term=term, title=page.title)


def _may_stand_beside(page: Page, share: float) -> bool:
    """Whether the title is named beside a question or term: where it is short and in the same script, not always."""
    title = page.title
    fits = title is not None and len(title) <= _LONGEST_TITLE_BESIDE and topics.script(title) == page.script
    return fits and page.draw.share("beside") < share


def _whole(page: Page) -> Reply | None:
    """The whole passage as the answer: by its heading if it stands under one, else by what kind of page it begins."""
    if page.kind in ("NewsArticle", "Event"):
        return from_notes(page) or further(page)
    if page.needs_notes:
        return further(page) or (_section(page) if page.heading else None)
    if page.heading:
        return _section(page)
    if not page.begins:
        return further(page)
    if page.no_title:
        return {"skip": page.no_title}
    if page.kind == "story" and page.length < _SHORTEST_STORY_KEPT:
        return {"skip": "too short for a story"}
    if page.parts > 1:
        return _beginning(page)
    ask, topic = _by_kind(page)
    if page.unplaced and ask == "explain_topic" and not _NUMBER.search(page.passage):
        # Nothing tells whether this is a text about its title or a tale of that name.
        ask = "write_text"
    named_by_title = ask in ("list_items", "write_article", "write_text", "explain_topic")
    task = "write_article" if ask == "write_text" else ask
    return detailed(page, asked(page, ask, task, "title" if named_by_title else page.kind_from, topic=topic))


def _beginning(page: Page) -> Reply:
    """The first of several passages of a text without headings, which must not be asked for as if it were all."""
    task = {"story": "tell_story", "BlogPosting": "write_blog"}.get(page.kind, "write_article")
    asked_from = "title" if task == "write_article" else page.kind_from
    return detailed(page, asked(page, "write_beginning", task, asked_from, topic=page.title))


def _section(page: Page) -> Reply | None:
    """A later part of a page, asked for by its heading within its page; of several passages under it, the first."""
    if page.part > 1:
        return further(page)
    heading = str(page.heading)
    if not 3 <= len(heading) <= topics.LONGEST_TOPIC_KEPT:
        return {"skip": "heading is too short or too long"}
    inner = inner_headings(page)
    if page.in_context:
        if inner:
            # A passage of several sections is asked for with all of them: whoever asks for one gets one.
            several = all_named([heading, *inner])
            ask = "write_sections" if page.parts == 1 else "write_sections_beginning"
            return asked(page, ask, "write_section", "heading", headings=several)
        ask = "write_section" if page.parts == 1 else "write_section_beginning"
        return detailed(page, asked(page, ask, "write_section", "heading"))
    reason = topics.unusable(heading, page.passage, page.fields["host"], page.fields["section"])
    if reason or topics.echo(heading, page.passage) < 0.5:
        return {"skip": reason.replace("title", "heading", 1) or "heading is not about the passage"}
    if inner:
        return asked(page, "explain_topics", "explain_topic", "heading", headings=all_named([heading, *inner]))
    ask = "explain_topic" if page.parts == 1 else "write_beginning"
    return detailed(page, asked(page, ask, "explain_topic", "heading", topic=heading))


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
