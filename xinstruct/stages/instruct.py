"""Has the English instruction written that each passage answers, and refuses those that the passage cannot carry."""

import re
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from xinstruct.candidate import Candidate, Dropped, Kept, content_hash
from xinstruct.languages import shown
from xinstruct.question import Question, Talk, TooLong
from xinstruct.recipe import Strict
from xinstruct.tools import guards, plans
from xinstruct.tools.plans import Band, NotesTask, PartTask, PassageTask, Shape, Style
from xinstruct.tools.stretches import Passage
from xinstruct.tools.written.blanks import is_blank, items

READS = ("response", "language")
USES = (
    "title", "url", "host", "page_type", "heading", "headings", "part", "parts", "question", "term", "section",
    "keywords", "description", "facts", "container",
)  # fmt: skip
WRITES = ("instruction", "instruction_lang", "evidence", "context", "task", "style", "asked_from", "provisional")
ASKS = ("writer",)
VERSION = 6
REASONS = {
    "nothing_to_ask": "neither the page nor the passage supports a faithful instruction; the detail says why",
    "no_instruction": "the writer neither asked nor skipped",
    "too_long_for_model": "with the prompt, the passage does not fit into the writer's context",
    "not_in_passage": "the stretch that should answer, or be handed over, is not in the passage, asked twice",
    "evidence_not_in_passage": "what the writer quotes as the answer is not in it, asked twice",
    "notes_missing": "the task needs notes and has too few",
    "instruction_too_long": "the instruction is longer than an instruction may be",
    **guards.REASONS,
}

# A passage that begins further on than this, behind the length of the title, does not open its page.
_LATEST_BEGINNING = 300
_FEWEST_NOTES_KEPT = 3
# What a model may say that it went by; the rest is its own words, which would reach the card.
_ASKED_FROM = ("passage", "title", "heading", "question", "term", "page_type")
_TRIES = 2  # a writer that quoted what is not there is asked once more
_LONGEST_EVIDENCE_OF_ITSELF = 200
# Files that hold pages; in others, such as tables, a row is all there is.
_PAGES = re.compile(r"\.(?:w?arc|wet|wat|x?html?)(?:\.gz)?$", re.IGNORECASE)
# What a writer puts before a value, and means nothing by.
_LABEL = re.compile(r"^\W*(?:(?:the )?(?:english )?instruction|query|prompt)[*_]*:[*_\s]*", re.IGNORECASE)


class Settings(Strict):
    """What is asked for; the shares are planned by a hash of the candidate's id, so that they hold without counting."""

    styles: dict[Style, float] = Field(
        default={"request": 0.45, "chat": 0.35, "search": 0.2},
        description="share of each style that is wished; the text may not allow it",
    )
    lengths: dict[Band, float] = Field(
        default={"20-200": 0.1, "200-600": 0.2, "600-1500": 0.3, "longer": 0.4},
        description="share of each length of answers that is wished, in characters as of English; where the passage is "
        "longer, tasks that a stretch of it answers are tried first; where it is not, all of it answers",
    )
    shapes: dict[Shape, float] = Field(
        default={"passage": 0.8, "notes": 0.2},
        description="of passages that answer as a whole: share for which nothing, or notes, are handed over first",
    )
    seed: int = Field(default=0, description="another number gives another plan")
    longest_instruction_kept: int = Field(default=700, description="in characters, without the context")

    @field_validator("styles", "lengths", "shapes")
    @classmethod
    def _shares_are_shares(cls, shares: dict[str, float]) -> dict[str, float]:
        if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
            raise ValueError("needs shares of at least 0 that do not all vanish")
        return shares


class Instruction(BaseModel):
    """The writer's reply: an instruction, or the reason why the passage supports none. In the order of thinking."""

    model_config = ConfigDict(extra="forbid")

    skip: str | None = Field(default=None, description="why no faithful instruction can be asked, or null")
    evidence: list[str] = Field(
        default=[], max_length=5, description="1 to 5 short stretches, copied from the passage, that will be the answer"
    )
    task: PassageTask | NotesTask | PartTask | None = None
    style: Style | None = None
    notes: list[str] = Field(
        default=[], max_length=12, description="notes that are handed over, in the language of the passage"
    )
    handed: str | None = Field(
        default=None, description="the exact stretch of the passage to hand over, when it is not all the rest"
    )
    response: str | None = Field(
        default=None, description="the exact stretch of the passage that answers, when it is not the whole"
    )
    instruction: str | None = Field(default=None, description="the instruction, in English")
    asked_from: str = Field(default="passage", description="what on the page the instruction rests on")
    # Not in the schema that a model is shown: it has no say in this.
    provisional: SkipJsonSchema[bool] = Field(default=False, description="true when rules wrote the instruction")

    @field_validator("skip", "handed", "response", "instruction", mode="before")
    @classmethod
    def _nothing_is_null(cls, value: Any) -> Any:
        return None if is_blank(value) else value

    @field_validator("notes", "evidence", mode="before")
    @classmethod
    def _lines_are_items(cls, value: Any) -> Any:
        return items(value)

    @field_validator("instruction")
    @classmethod
    def _bare(cls, value: str | None) -> str | None:
        """Without a label before it, and without quotation marks around it."""
        said = _LABEL.sub("", " ".join(value.split())) if value else ""
        wrapped = len(said) > 2 and (said[0], said[-1]) in (('"', '"'), ("“", "”"), ("'", "'"), ("`", "`"))
        inner = said[1:-1] if wrapped else said
        return (inner if not any(mark in inner for mark in '"“”`') or not wrapped else said) or None


class _Quoted(NamedTuple):
    """What of the passage the reply quotes, found in it: spans in code points."""

    start: int
    end: int
    handed: str | None
    evidence: list[str]


class _Misquoted(NamedTuple):
    """What the reply quotes and the passage does not hold."""

    reason: str
    words: str


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """A question to the writer about a pair, asked again where the reply quotes what is not there; what became of it.

    Candidates of other kinds pass, and those that came with their instruction.
    """
    if candidate.kind != "pair":
        return Kept(candidate)
    if candidate.response_from == "seed" and candidate.instruction:
        return Kept(candidate.change(asked_from="seed", trail=[*candidate.trail, "instruct"]))
    passage, asking = Passage(candidate.response), fields(candidate, settings)
    missed = _Misquoted("evidence_not_in_passage", "")
    for repeat in range(_TRIES):
        try:
            reply: Instruction = yield Question("writer", "instruct", asking, Instruction, repeat)
        except TooLong as error:
            return Dropped(candidate, "too_long_for_model", str(error))
        if reply.skip or not reply.instruction:
            return Dropped(candidate, "nothing_to_ask" if reply.skip else "no_instruction", reply.skip or "")
        quoted = _quoted(passage, candidate.response, reply)
        if isinstance(quoted, _Quoted):
            asked = _asked(candidate, reply, quoted, str(asking["style"]))
            reason, detail = _fault(asked, reply, settings)
            return Dropped(asked, reason, detail) if reason else Kept(asked)
        missed = quoted
        asking = asking | {"remark": f"you quoted what is not in the passage letter for letter: {missed.words[:100]}"}
    return Dropped(candidate, missed.reason, missed.words[:200])


def fields(candidate: Candidate, settings: Settings) -> dict[str, object]:
    """All that the writer may use: what the page says of the passage; the wished style, length and tasks."""
    wished = plans.wished_stretch(candidate, settings.lengths, settings.seed)
    return {
        "language": shown(candidate.language),
        "label": candidate.language,
        "title": candidate.title,
        "host": candidate.host,
        "address": plans.address(candidate.url),
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
        "style": plans.drawn(settings.styles, f"{settings.seed}\nstyle\n{candidate.id}"),
        "wished_length": f"a stretch of {wished[1]:,} to {wished[2]:,} characters" if wished else "the whole passage",
        "shortest_wished": wished[1] if wished else None,
        "longest_wished": wished[2] if wished else None,
        "tasks": plans.tasks(candidate, wished[0] if wished else None, settings.shapes, settings.seed),
        "remark": "-",
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


def _quoted(passage: Passage, text: str, reply: Instruction) -> _Quoted | _Misquoted:
    """What the reply quotes, as it stands in the passage, or the first quotation that does not stand there."""
    start, end = (0, len(text)) if reply.response is None else passage.find(reply.response)
    if start < 0 or (reply.response is None and reply.task in plans.PART_TASKS):
        return _Misquoted("not_in_passage", reply.response or "no stretch that answers")
    handed = None
    if reply.handed and reply.task in plans.PART_TASKS:
        handed_from, handed_to = passage.find(reply.handed)
        if handed_from < 0:
            return _Misquoted("not_in_passage", reply.handed)
        # Whoever is handed the answer along with the rest need not find it: then all the rest is handed over.
        holds = handed_from <= start and end <= handed_to
        handed = None if holds and reply.task != "text_to_answer" else text[handed_from:handed_to].strip()
    spans = {words: passage.find(words) for words in reply.evidence}
    missing = next((words for words, (at, _) in spans.items() if at < 0), None)
    if missing is not None or not spans:
        return _Misquoted("evidence_not_in_passage", missing or "no evidence")
    inside = [text[at:to] for at, to in spans.values() if start <= at and to <= end]
    if not inside and reply.task in plans.PART_TASKS and end - start <= _LONGEST_EVIDENCE_OF_ITSELF:
        inside = [text[start:end]]
    if not inside:
        return _Misquoted("evidence_not_in_passage", f"outside the answer: {next(iter(spans))}")
    return _Quoted(start, end, handed, list(dict.fromkeys(inside)))


def _asked(candidate: Candidate, reply: Instruction, quoted: _Quoted, wished_style: str) -> Candidate:
    """The candidate with its instruction, its response trimmed to the stretch that answers."""
    response = candidate.response[quoted.start : quoted.end]
    return candidate.change(
        instruction=reply.instruction,
        instruction_lang="eng_Latn",
        evidence=quoted.evidence,
        context=_context(candidate.response, quoted, reply),
        task=reply.task,
        style=reply.style or wished_style,
        asked_from=reply.asked_from if reply.provisional or reply.asked_from in _ASKED_FROM else "passage",
        provisional=reply.provisional,
        response=response,
        content_hash=candidate.content_hash if response == candidate.response else content_hash(response),
        span_start=candidate.span_start + quoted.start,
        span_end=candidate.span_start + quoted.end,
        trail=[*candidate.trail, "instruct"],
    )


def _context(passage: str, quoted: _Quoted, reply: Instruction) -> str | None:
    """What is handed over along with the instruction: notes, the passage, or what of the passage is not the answer."""
    if reply.task in plans.NOTES_TASKS:
        return "\n".join(f"- {' '.join(note.split())}" for note in reply.notes) or None
    if reply.task not in plans.PART_TASKS:
        return None
    before, behind = passage[: quoted.start].strip(), passage[quoted.end :].strip()
    if quoted.handed:
        return quoted.handed
    if reply.task == "text_to_answer":
        return passage
    if reply.task == "continue_text":
        return before or None
    return "\n".join(filter(None, (before, behind))) or None


def _fault(asked: Candidate, reply: Instruction, settings: Settings) -> tuple[str, str]:
    """Why the instruction is refused, with what shows it; two empty strings when nothing is wrong with it."""
    instruction = asked.instruction or ""
    if len(instruction) > settings.longest_instruction_kept:
        return "instruction_too_long", f"{len(instruction)} characters"
    if reply.task in plans.NOTES_TASKS and len(reply.notes) < _FEWEST_NOTES_KEPT:
        return "notes_missing", f"{len(reply.notes)} notes"
    if not asked.context and plans.tells_news(asked):
        return "bare_news", f"nothing is handed over; the page is {asked.page_type or 'of a day'}"
    return guards.fault_of(asked, "instruct")
