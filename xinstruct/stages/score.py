"""Has each pair judged, writes the marks into columns, and drops the pairs whose marks are too low."""

import math
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from xinstruct.candidate import Candidate, Dropped, Kept
from xinstruct.languages import UnknownLanguage, english_name
from xinstruct.question import Question, Talk
from xinstruct.recipe import Strict

MARKS = ("start", "end", "satisfiable", "specific", "purity", "length", "clean")
READS = ("response", "language", "instruction")
USES = ("context", "task", "style", "title", "host", "lid_purity")
WRITES = (*(f"score_{mark}" for mark in MARKS), "score_overall", "score_reasons")
ASKS = ("judge",)
VERSION = 2
REASONS = {
    "starts_mid_thought": "the response begins with what only makes sense after something else",
    "ends_mid_sentence": "the response breaks off, or announces what does not come",
    "not_satisfiable": "the response does not hold what the instruction asks for",
    "too_generic": "the instruction would fit almost any text",
    "impure_language": "too much of the response is in other languages or scripts",
    "length_misfit": "the response is much shorter or longer than the task makes one expect",
    "boilerplate": "menus, notices, links or markup stand in the response",
    "low_score": "no single mark is too low, but all together are",
}
_REASON_OF = dict(zip(MARKS, REASONS, strict=False))
# Six good marks do not make up for a bad one: the overall score is a geometric mean, where a mark of 0 counts as this.
_LOWEST_COUNTED = 0.05


class Settings(Strict):
    """Marks below which a pair is dropped; 0 keeps all. The judge does not see them: a change asks nothing again."""

    lowest_kept: float = Field(
        default=0.8, ge=0, le=1, description="lowest overall score that is kept, a geometric mean of the marks"
    )
    lowest_kept_start: float = Field(default=0.5, ge=0, le=1, description="lowest mark kept for a self-contained start")
    lowest_kept_end: float = Field(default=0.5, ge=0, le=1, description="lowest mark kept for a whole end")
    lowest_kept_satisfiable: float = Field(
        default=0.5, ge=0, le=1, description="lowest mark kept for holding what is asked"
    )
    lowest_kept_specific: float = Field(
        default=0.5, ge=0, le=1, description="lowest mark kept for an instruction that fits this text"
    )
    lowest_kept_purity: float = Field(
        default=0.7, ge=0, le=1, description="lowest mark kept for the purity of the language"
    )
    lowest_kept_length: float = Field(default=0.5, ge=0, le=1, description="lowest mark kept for a fitting length")
    lowest_kept_clean: float = Field(
        default=0.6, ge=0, le=1, description="lowest mark kept for text without page furniture"
    )


class Marks(BaseModel):
    """The judge's reply: seven marks of 0 to 1, and a reason for each that is under 1."""

    model_config = ConfigDict(extra="forbid")

    start: float = Field(ge=0, le=1, description="1 when the answer begins as an answer can")
    end: float = Field(ge=0, le=1, description="1 when it ends with a finished sentence or item")
    satisfiable: float = Field(ge=0, le=1, description="how far it holds what the instruction asks for")
    specific: float = Field(ge=0, le=1, description="how well the instruction picks out this answer")
    purity: float = Field(ge=0, le=1, description="how pure its language is")
    length: float = Field(ge=0, le=1, description="how well its length fits the task")
    clean: float = Field(ge=0, le=1, description="1 when nothing of the page around it is left in it")
    reasons: list[str] = Field(default=[], max_length=20, description="why points were taken: mark, colon, a few words")


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """One question to the judge about a pair, and what became of it; candidates of other kinds pass."""
    if candidate.kind != "pair":
        return Kept(candidate)
    marks: Marks = yield Question("judge", "score", fields(candidate), Marks)
    given: dict[str, float] = {mark: getattr(marks, mark) for mark in MARKS}
    scored = candidate.change(
        **{f"score_{mark}": value for mark, value in given.items()},
        score_overall=overall(given.values()),
        score_reasons=marks.reasons,
        trail=[*candidate.trail, "score"],
    )
    for mark, value in given.items():
        if value < getattr(settings, f"lowest_kept_{mark}"):
            return Dropped(scored, _REASON_OF[mark], _said(mark, value, marks))
    if (scored.score_overall or 0.0) < settings.lowest_kept:
        return Dropped(scored, "low_score", f"{scored.score_overall:.2f}")
    return Kept(scored)


def fields(candidate: Candidate) -> dict[str, object]:
    """All that the judge may use. The page's own measure of purity is for the rules; a model judges by reading."""
    return {
        "language": _english_name(candidate.language),
        "label": candidate.language,
        "title": candidate.title,
        "host": candidate.host,
        "task": candidate.task,
        "style": candidate.style,
        "lid_purity": candidate.lid_purity,
        "instruction": candidate.instruction,
        "context": candidate.context,
        "passage": candidate.response,
    }


def overall(marks: Iterable[float]) -> float:
    """The geometric mean of the marks, 0.05 to 1."""
    logs = [math.log(max(mark, _LOWEST_COUNTED)) for mark in marks]
    return round(math.exp(sum(logs) / len(logs)), 4)


def _said(mark: str, value: float, marks: Marks) -> str:
    """The judge's reason for a mark, or the mark itself where it gave none."""
    return next((reason for reason in marks.reasons if reason.startswith(mark)), f"{mark}: {value:.2f}")


def _english_name(label: str) -> str:
    try:
        return english_name(label)
    except UnknownLanguage:
        return label
