"""Has the English instruction written that each passage answers, and refuses those that the passage cannot carry."""

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, TypeVar, get_args
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from xinstruct.candidate import Candidate, Dropped, Kept, content_hash
from xinstruct.languages import UnknownLanguage, english_name
from xinstruct.question import Question, Talk
from xinstruct.recipe import Strict
from xinstruct.tools import guards

READS = ("response", "language")
USES = (
    "title",
    "url",
    "host",
    "page_type",
    "heading",
    "headings",
    "part",
    "parts",
    "question",
    "term",
    "section",
    "keywords",
    "description",
    "facts",
    "container",
)
WRITES = ("instruction", "instruction_lang", "context", "task", "style", "asked_from", "provisional")
ASKS = ("writer",)
VERSION = 3
REASONS = {
    "nothing_to_ask": "neither the page nor the passage supports a faithful instruction; the detail says why",
    "no_instruction": "the writer neither asked nor skipped",
    "not_in_passage": "the stretch that should answer, or be handed over, is not in the passage",
    "notes_missing": "the task needs notes and has too few",
    "instruction_too_long": "the instruction is longer than an instruction may be",
    "leaked_prompt": "it carries placeholders, chat tokens, parts of the prompt, or links that are not in the passage",
    "not_english": "it is not English outside its quotation marks",
    "points_at_missing_text": "it speaks of a text that is not handed over",
    "asks_the_impossible": "it asks for what no text can give: a translation, a link, a picture, a summary of nothing",
    "gives_the_answer_away": "the answer, or much of it, stands in the instruction",
}

Style = Literal["request", "chat", "search"]
Shape = Literal["passage", "notes", "part"]
# The whole passage answers.
PassageTask = Literal[
    "answer_question", "define_term", "give_recipe", "explain_steps", "give_advice", "announce_event",
    "portrait_person", "describe_place", "describe_work", "describe_product", "tell_story", "write_blog",
    "write_section", "write_article", "explain_topic", "list_items", "write_faq",
]  # fmt: skip
# Notes are handed over along with the instruction; the whole passage answers.
NotesTask = Literal["notes_to_text", "write_news"]
# A part of the passage is handed over, or all of it; a stretch of the passage answers.
PartTask = Literal["text_to_title", "text_to_lead", "text_to_answer", "continue_text"]
_TASKS: dict[Shape, tuple[str, ...]] = {
    "passage": get_args(PassageTask),
    "notes": get_args(NotesTask),
    "part": get_args(PartTask),
}

Name = TypeVar("Name", bound=str)

# A passage that begins further on than this, behind the length of the title, does not open its page.
_LATEST_BEGINNING = 300
_FEWEST_NOTES_KEPT = 3
# Files that hold pages; in others, such as tables, a row is all there is.
_PAGES = re.compile(r"\.(?:w?arc|wet|wat|x?html?)(?:\.gz)?$", re.IGNORECASE)


class Settings(Strict):
    """What is asked for; the shares are planned by a hash of the candidate's id, so that they hold without counting."""

    styles: dict[Style, float] = Field(
        default={"request": 0.45, "chat": 0.35, "search": 0.2},
        description="share of each style that is wished; the text may not allow it",
    )
    shapes: dict[Shape, float] = Field(
        default={"passage": 0.75, "notes": 0.13, "part": 0.12},
        description="share of each shape that is tried first: the passage answers, notes to text, a part of it answers",
    )
    seed: int = Field(default=0, description="another number gives another plan")
    longest_instruction_kept: int = Field(default=700, description="in characters, without the context")

    @field_validator("styles", "shapes")
    @classmethod
    def _shares_are_shares(cls, shares: dict[str, float]) -> dict[str, float]:
        if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
            raise ValueError("needs shares of at least 0 that do not all vanish")
        return shares


class Instruction(BaseModel):
    """The writer's reply: an instruction, or the reason why the passage supports none."""

    model_config = ConfigDict(extra="forbid")

    skip: str | None = Field(default=None, description="why no faithful instruction can be asked")
    instruction: str | None = Field(default=None, description="the instruction, in English")
    style: Style | None = None
    task: PassageTask | NotesTask | PartTask | None = None
    notes: list[str] = Field(
        default=[], max_length=12, description="notes that are handed over, in the language of the passage"
    )
    response: str | None = Field(
        default=None, description="the exact stretch of the passage that answers, when it is not the whole"
    )
    handed: str | None = Field(
        default=None, description="the exact stretch of the passage to hand over, when it is not all the rest"
    )
    asked_from: str = Field(default="passage", description="what on the page the instruction rests on")
    provisional: bool = Field(default=False, description="true when rules wrote the instruction")


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """One question to the writer about a pair, and what became of it; candidates of other kinds pass."""
    if candidate.kind != "pair":
        return Kept(candidate)
    reply: Instruction = yield Question("writer", "instruct", fields(candidate, settings), Instruction)
    if reply.skip or not reply.instruction:
        return Dropped(candidate, "nothing_to_ask" if reply.skip else "no_instruction", reply.skip or "")
    start, end = _span(candidate.response, reply)
    if start < 0 or (reply.handed and reply.handed not in candidate.response):
        return Dropped(candidate, "not_in_passage", str(reply.response if start < 0 else reply.handed)[:200])
    response = candidate.response[start:end]
    asked = candidate.change(
        instruction=" ".join(reply.instruction.split()),
        instruction_lang="eng_Latn",
        context=_context(candidate.response, start, end, reply),
        task=reply.task,
        style=reply.style,
        asked_from=reply.asked_from,
        provisional=reply.provisional,
        response=response,
        content_hash=candidate.content_hash if response == candidate.response else content_hash(response),
        span_start=candidate.span_start + start,
        span_end=candidate.span_start + end,
        trail=[*candidate.trail, "instruct"],
    )
    reason, detail = _fault(asked, reply, settings)
    return Dropped(asked, reason, detail) if reason else Kept(asked)


def fields(candidate: Candidate, settings: Settings) -> dict[str, object]:
    """All that the writer may use: what the page says of the passage, the wished style, the wished tasks first."""
    return {
        "language": _english_name(candidate.language),
        "label": candidate.language,
        "title": candidate.title,
        "host": candidate.host,
        "address": _address(candidate.url),
        "page_type": candidate.page_type,
        "section": candidate.section,
        "description": candidate.description,
        "keywords": candidate.keywords,
        "facts": candidate.facts,
        "heading": candidate.heading,
        "headings": candidate.headings,
        "question": candidate.question,
        "term": candidate.term,
        "part": candidate.part,
        "parts": candidate.parts,
        "position": _position(candidate),
        "style": _drawn(settings.styles, f"{settings.seed}\nstyle\n{candidate.id}"),
        "tasks": _tasks(candidate.id, settings),
        "passage": candidate.response,
    }


def _position(candidate: Candidate) -> str:
    """Where in its page the passage stands: beginning, further on, or unknown.

    A row of a table has no page around it: it may be any paragraph of what its title names. Short passages, as of
    Chinese, may stand near the head of a page and be second.
    """
    if candidate.part > 1 or candidate.span_start > _LATEST_BEGINNING + len(candidate.title or ""):
        return "further on"
    structured = (candidate.heading, candidate.headings, candidate.page_type, candidate.section, candidate.facts)
    if candidate.container and not _PAGES.search(candidate.container) and not any(structured):
        return "unknown"
    return "beginning"


def _tasks(candidate_id: str, settings: Settings) -> list[str]:
    """Every task, those of the wished shape first; tasks on a part of the text take turns in coming first."""
    wished = _drawn(settings.shapes, f"{settings.seed}\nshape\n{candidate_id}")
    parts = sorted(_TASKS["part"], key=lambda task: _hash(f"{settings.seed}\n{task}\n{candidate_id}"))
    by_shape: dict[Shape, list[str]] = {
        "passage": list(_TASKS["passage"]),
        "notes": list(_TASKS["notes"]),
        "part": parts,
    }
    return [task for shape in sorted(by_shape, key=lambda shape: shape != wished) for task in by_shape[shape]]


def _hash(key: str) -> float:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) / 2**64


def _drawn(shares: Mapping[Name, float], key: str) -> Name:
    """One of the names, each as often as its share says, decided by the key."""
    at = _hash(key) * sum(shares.values())
    for name, share in shares.items():
        at -= share
        if at < 0:
            return name
    return max(shares, key=lambda name: shares[name])


def _english_name(label: str) -> str:
    try:
        return english_name(label)
    except UnknownLanguage:
        return label


def _address(url: str | None) -> str:
    """Host and path, where sites often say in English what a page is."""
    try:
        parts = urlsplit(url or "")
    except ValueError:  # an address that is none, such as http://[
        return ""
    return unquote(f"{parts.netloc}{parts.path}")


def _span(passage: str, reply: Instruction) -> tuple[int, int]:
    """Where in the passage the answer stands; -1, -1 where the reply names a stretch that is not there."""
    if reply.response is None:
        return (-1, -1) if reply.task in _TASKS["part"] else (0, len(passage))
    stretch = reply.response.strip()
    start = passage.find(stretch) if stretch else -1
    return (start, start + len(stretch)) if start >= 0 else (-1, -1)


def _context(passage: str, start: int, end: int, reply: Instruction) -> str | None:
    """What is handed over along with the instruction: notes, the passage, or what of the passage is not the answer."""
    if reply.task in _TASKS["notes"]:
        return "\n".join(f"- {' '.join(note.split())}" for note in reply.notes)
    if reply.handed and reply.task in _TASKS["part"]:
        return reply.handed.strip()
    if reply.task == "text_to_answer":
        return passage
    if reply.task == "continue_text":
        return passage[:start].strip()
    if reply.task in _TASKS["part"]:
        return "\n".join(part for part in (passage[:start].strip(), passage[end:].strip()) if part)
    return None


def _fault(asked: Candidate, reply: Instruction, settings: Settings) -> tuple[str, str]:
    """Why the instruction is refused, with what shows it; two empty strings when nothing is wrong with it."""
    instruction = asked.instruction or ""
    if len(instruction) > settings.longest_instruction_kept:
        return "instruction_too_long", f"{len(instruction)} characters"
    if reply.task in _TASKS["notes"] and len(reply.notes) < _FEWEST_NOTES_KEPT:
        return "notes_missing", f"{len(reply.notes)} notes"
    stretch = asked.response if reply.task in _TASKS["part"] else ""
    own = "\n".join(filter(None, (asked.title, asked.heading, *asked.headings, asked.question, asked.term)))
    bare = reply.style == "chat"
    return guards.fault(instruction, asked.response, stretch, handed=bool(asked.context), bare=bare, own=own)
