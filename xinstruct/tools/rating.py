"""What a judge and the rules say of a pair, and the scores that come of it."""

import math
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, field_validator

from xinstruct.candidate import Candidate
from xinstruct.tools.rules.judge import judge

MARKS = ("start", "end", "satisfiable", "specific", "purity", "length", "clean")
CRITERIA = ("answers", "specific", "whole", "language", "natural")
# Six good marks do not make up for a bad one: the overall score is a geometric mean, where a mark of 0 counts as this.
_LOWEST_COUNTED = 0.05
# A rating under this is told of among the reasons.
_GOOD = 4
_LONGEST_EVIDENCE = 120


class Rated(BaseModel):
    """What the judge says by one criterion: first what shows it, then the number."""

    model_config = ConfigDict(extra="forbid")

    evidence: str = Field(max_length=_LONGEST_EVIDENCE, description="a short quotation that shows it")
    rating: int = Field(ge=1, le=5, description="1 worst, 5 best")

    @field_validator("evidence", mode="before")
    @classmethod
    def _cut(cls, evidence: object) -> object:
        return evidence[:_LONGEST_EVIDENCE] if isinstance(evidence, str) else evidence


class Rating(BaseModel):
    """The judge's reply about a pair."""

    model_config = ConfigDict(extra="forbid")

    answers: Rated = Field(description="whether the answer holds all that is asked for")
    specific: Rated = Field(description="whether the instruction picks out this answer")
    whole: Rated = Field(description="whether the answer begins and ends as an answer can")
    language: Rated = Field(description="whether the answer is sound text in its language")
    natural: Rated = Field(description="whether a person could have asked just this")


class Choice(BaseModel):
    """The judge's reply to the question which of several passages is meant."""

    model_config = ConfigDict(extra="forbid")

    choice: int = Field(description="number of the passage")


def marked(candidate: Candidate) -> Candidate:
    """The pair with the marks of the rules, the overall score that comes of them alone, and why points were taken.

    The marks ask whether a stretch of a page can stand as an answer. One that somebody wrote as an answer, and be it a
    single word, has none: nothing is held against it but what the judge says.
    """
    if candidate.response_from == "seed":
        unmarked: dict[str, None] = {f"score_{mark}": None for mark in MARKS}
        return candidate.change(**unmarked, score_overall=1.0, score_reasons=[])
    marks = judge(fields(candidate))
    given = {f"score_{mark}": float(marks[mark]) for mark in MARKS}
    return candidate.change(**given, score_overall=overall(given.values()), score_reasons=marks["reasons"])


def rated(candidate: Candidate, rating: Rating | None) -> Candidate:
    """The marked pair with the judge's ratings, and an overall score in which they weigh as much as all marks."""
    if rating is None:
        return candidate
    given = {criterion: getattr(rating, criterion) for criterion in CRITERIA}
    mean = round(sum(one.rating for one in given.values()) / len(given), 4)
    low = [_said(criterion, one) for criterion, one in given.items() if one.rating < _GOOD]
    return candidate.change(
        **{f"score_rating_{criterion}": float(one.rating) for criterion, one in given.items()},
        score_rating=mean,
        score_overall=overall((candidate.score_overall or 0.0, (mean - 1) / 4)),
        score_reasons=[*candidate.score_reasons, *low],
    )


def fields(candidate: Candidate) -> dict[str, object]:
    """All that the rules may use for their marks."""
    return {
        "label": candidate.language,
        "task": candidate.task,
        "lid_purity": candidate.lid_purity,
        "instruction": candidate.instruction,
        "context": candidate.context,
        "passage": candidate.response,
    }


def overall(marks: Iterable[float]) -> float:
    """The geometric mean of the marks, 0.05 to 1."""
    logs = [math.log(max(mark, _LOWEST_COUNTED)) for mark in marks]
    return round(math.exp(sum(logs) / len(logs)), 4)


def _said(criterion: str, one: Rated) -> str:
    return f"{criterion} {one.rating} of 5: {' '.join(one.evidence.split())}"
