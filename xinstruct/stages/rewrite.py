"""Has the instructions of middling pairs repaired so that they fit the text; on request the text is trimmed, too."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from xinstruct.candidate import COLUMNS, Candidate, Kept, content_hash
from xinstruct.languages import shown
from xinstruct.question import Question, Talk, TooLong
from xinstruct.recipe import Strict
from xinstruct.tools import edits, guards
from xinstruct.tools.stretches import Passage

READS = ("response", "language", "instruction", "score_overall")
_CRITERIA = ("answers", "specific", "whole", "language", "natural")
USES = (
    *("context", "task", "style", "title", "heading", "headings", "question", "term"),
    *("score_reasons", *(f"score_rating_{criterion}" for criterion in _CRITERIA)),
)
WRITES = (
    *("instruction", "instruction_before", "evidence", "provisional", "score_before"),
    *("response", "response_before", "response_from", "content_hash", "headings"),
)
ASKS = ("writer",)
VERSION = 2
# Nothing is dropped: a pair that could not be repaired stays as it was, and the second score decides.
REASONS: dict[str, str] = {}

_LOWEST_SOUND_RATING = 4
_SCORES = tuple(c for c in COLUMNS if c.startswith("score_") and c not in ("score_before", "score_reasons"))

_LABEL = re.compile(r"^(?:the )?(?:(?:new|repaired|rewritten) )?instruction\s*:\s*", re.IGNORECASE)
_AROUND = ('""', "“”", "''", "``")

Edit = Literal["none", "delete", "bounded"]
_EDITING: dict[Edit, str] = {
    "none": "not allowed; the answer stays as it is",
    "delete": "allowed: whole sentences may be left out; every sentence that stays is copied letter for letter",
    "bounded": "allowed: single words may be mended or left out; numbers, names, quotations and line breaks stay",
}


class Settings(Strict):
    """Which pairs are repaired, and what may be done to their responses."""

    highest_rewritten: float = Field(
        default=0.85, ge=0, le=1, description="pairs whose overall score is this or more are good as they are"
    )
    lowest_rewritten: float = Field(
        default=0.4, ge=0, le=1, description="lowest overall score of a pair that a repair may still save"
    )
    edit: Edit = Field(
        default="none",
        description="what may be done to the response: none; delete, leave out whole sentences; bounded, small changes",
    )
    lowest_kept_similarity: float = Field(
        default=0.9, ge=0, le=1, description="bounded: lowest similarity of the edited text to the native one"
    )
    longest_edited: int = Field(
        default=3600,
        ge=1,
        description="longest response, in bytes of UTF-8, that may be edited: the writer has to repeat it",
    )
    longest_instruction_kept: int = Field(default=700, description="in characters, without the context")

    @model_validator(mode="after")
    def _some_are_between(self) -> "Settings":
        if self.lowest_rewritten >= self.highest_rewritten:
            raise ValueError("lowest_rewritten must lie below highest_rewritten, or no pair is ever rewritten")
        return self


class Rewriting(BaseModel):
    """The writer's reply: what is wrong, what the answer holds, and an instruction that fits it."""

    model_config = ConfigDict(extra="forbid")

    faults: str = Field(description="what is wrong with the instruction, in a few words")
    evidence: list[str] = Field(
        default=[], max_length=5, description="exact stretches of the answer that the new instruction asks for"
    )
    instruction: str | None = Field(
        default=None, description="the repaired instruction, in English; null when none is better"
    )

    @field_validator("instruction")
    @classmethod
    def _bare(cls, value: str | None) -> str | None:
        """Without the label or the quotation marks that a writer may put around all of it; null for such a word."""
        said = _LABEL.sub("", " ".join((value or "").split()))
        around, inside = said[:1] + said[-1:], said[1:-1]
        bare = inside if around in _AROUND and not set(inside) & set(around) else said
        return None if bare.strip(".-").casefold() in ("", "null", "none", "unchanged") else bare


class Editing(Rewriting):
    """The same where the answer may be edited."""

    response: str | None = Field(default=None, description="the whole edited answer; null when it stays as it is")


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """One question to the writer about a middling pair; every candidate is kept, changed or as it was."""
    score = candidate.score_overall
    if candidate.kind != "pair" or not candidate.instruction or score is None:
        return Kept(candidate)
    if not settings.lowest_rewritten <= score < settings.highest_rewritten:
        return Kept(candidate)
    edit = _edit(candidate, settings)
    schema = Rewriting if edit == "none" else Editing
    try:
        reply: Rewriting | None = yield Question("writer", "rewrite", fields(candidate, edit), schema)
    except TooLong:
        return Kept(candidate)
    return Kept(candidate if reply is None else _repaired(candidate, reply, edit, settings))


def fields(candidate: Candidate, edit: Edit) -> dict[str, object]:
    """All that the writer may use: the pair, what the page says of it, what the judge found, whether it may edit."""
    rated = {criterion: getattr(candidate, f"score_rating_{criterion}") for criterion in _CRITERIA}
    low = {name: value for name, value in rated.items() if value is not None and value < _LOWEST_SOUND_RATING}
    return {
        "language": shown(candidate.language),
        "title": candidate.title,
        "heading": candidate.heading,
        "task": candidate.task,
        "style": candidate.style,
        "reasons": candidate.score_reasons,
        "ratings": [f"{name} {value:g} of 5" for name, value in low.items()],
        "editing": _EDITING[edit],
        "instruction": candidate.instruction,
        "context": candidate.context,
        "passage": candidate.response,
    }


def _edit(candidate: Candidate, settings: Settings) -> Edit:
    """What may be done to this response. What is handed over along with an instruction was made for the whole answer,
    so there the answer stays; so does one that is too long to be repeated, and one that is not native any more."""
    fits = len(candidate.response.encode("utf-8", "surrogatepass")) <= settings.longest_edited
    return settings.edit if fits and candidate.context is None and candidate.response_from == "native" else "none"


def _repaired(candidate: Candidate, reply: Rewriting, edit: Edit, settings: Settings) -> Candidate:
    """The candidate with the new instruction and response, unscored; as it was where the reply changes nothing or
    does not hold."""
    instruction = reply.instruction or candidate.instruction or ""
    wished = reply.response if isinstance(reply, Editing) else None
    response = _edited(candidate, wished, edit, settings) if wished else candidate.response
    if (instruction, response) == (candidate.instruction, candidate.response):
        return candidate
    passage = Passage(response)
    spans = [passage.find(stretch) for stretch in reply.evidence]
    new = candidate.change(
        instruction=instruction,
        evidence=list(dict.fromkeys(response[start:end] for start, end in spans)),
        headings=[heading for heading in candidate.headings if heading in response],
        response=response,
    )
    if not spans or (-1, -1) in spans or fault_of(new, settings):
        return candidate
    if instruction != candidate.instruction:
        new = new.change(
            instruction_before=candidate.instruction_before or candidate.instruction,
            provisional=False,
        )
    if response != candidate.response:
        new = new.change(
            response_before=candidate.response,
            response_from="edited",
            content_hash=content_hash(response),
        )
    before = candidate.score_overall if candidate.score_before is None else candidate.score_before
    return new.change(
        **dict.fromkeys(_SCORES),
        score_reasons=[],
        score_before=before,
        trail=[*candidate.trail, "rewrite"],
    )


def _edited(candidate: Candidate, wished: str, edit: Edit, settings: Settings) -> str:
    """The edited response, or the native one where the edit is refused."""
    native = candidate.response
    shorter = edits.without_sentences(native, wished, candidate.language)
    if edit == "delete":
        return shorter or native
    fault, _ = edits.fault_of_change(native, wished, candidate.language, settings.lowest_kept_similarity)
    return native if fault else shorter or wished.strip()


def fault_of(new: Candidate, settings: Settings) -> str:
    """Why its instruction is refused, in snake case, by the checks of a first one; "" if it is not."""
    if len(new.instruction or "") > settings.longest_instruction_kept:
        return "instruction_too_long"
    reason, _ = guards.fault_of(new, "rewrite")
    return reason
