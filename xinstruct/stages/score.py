"""Has each pair judged, held against near pairs and marked by rules, and drops those that are low in their language."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from pydantic import Field

from xinstruct.candidate import Candidate, Dropped, Kept
from xinstruct.languages import shown
from xinstruct.question import Asked, Question, Talk, TooLong, Weight
from xinstruct.tools import neighbourhood, rivals
from xinstruct.tools.controls import controls
from xinstruct.tools.floors import Floors
from xinstruct.tools.near import Neighbour, head
from xinstruct.tools.neighbourhood import neighbours
from xinstruct.tools.rating import CRITERIA, MARKS, Choice, Rating, marked, rated
from xinstruct.tools.standing import Standing, Tried
from xinstruct.tools.toolbox import Toolbox

__all__ = ["Standing", "neighbours"]  # the pipeline finds them here

READS = ("response", "language", "instruction")
USES = ("context", "task", "style", "title", "heading", "headings", "host", "evidence", "lid_purity", "provisional")
WRITES = (
    *(f"score_{mark}" for mark in MARKS),
    "score_rating",
    *(f"score_rating_{criterion}" for criterion in CRITERIA),
    "score_likelihood",
    "score_likelihood_near",
    "score_retrieval",
    "score_overall",
    "score_reasons",
)
ASKS = ("judge",)
VERSION = 4
REASONS = {
    "starts_mid_thought": "the response begins with what only makes sense after something else",
    "ends_mid_sentence": "the response breaks off, or announces what does not come",
    "not_satisfiable": "the response does not hold what the instruction asks for",
    "too_generic": "the instruction would fit almost any text",
    "impure_language": "too much of the response is in other languages or scripts",
    "length_misfit": "the response is much shorter or longer than the task makes one expect",
    "boilerplate": "menus, notices, links or markup stand in the response",
    "rated_low": "the judge rates the pair too low by one of its criteria; the detail says which and why",
    "too_long_for_model": "with the question, the pair does not fit into the judge's context",
    "low_score": "no single mark is too low, but all together are, for a pair of this language",
    "unlikely": "the response is no likelier after its own instruction than after those of near passages",
    "judge_not_trusted": "the judge could not tell good pairs from wrong ones in this language",
    "writer_not_trusted": "the writer's instructions cannot be used in this language",
}
_REASON_OF = dict(zip(MARKS, REASONS, strict=False))
# Stages that give a pair an instruction, which is then judged.
_WRITTEN = ("instruct", "rewrite")


class Settings(Floors):
    """What is asked, and what is kept; 0 keeps all. A floor that is raised or lowered has no answer bought again, but
    for pairs that the rules kept from the judge.
    """

    likelihood: bool = Field(
        default=True, description="ask how likely the text is after its instruction, where the server can tell"
    )
    retrieval: bool = Field(default=True, description="ask which of several near passages the instruction means")
    near: int = Field(default=50, ge=3, description="passages of that choice, its own among them")
    controls: int = Field(
        default=24, ge=1, description="pairs of each language that are made wrong on purpose, to try the judge on"
    )
    lowest_kept_rating: int = Field(default=2, ge=1, le=5, description="lowest rating, 1 to 5, kept by each criterion")
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


def spread(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, part: str
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Sends each pair to the bucket of its language, where it meets others."""
    asked = settings.likelihood or settings.retrieval
    placed = (
        (position, candidate, asked and not candidate.context and not _is_scored(candidate))
        for position, candidate in enumerate(candidates)
        if candidate.kind == "pair" and candidate.instruction
    )
    return neighbourhood.sent(placed, part, tools.buckets, len(tools.languages))


def gather(
    bucket: Iterable[pa.RecordBatch], settings: Settings, tools: Toolbox
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Finds the neighbours of each pair that is to be held against them, in rows per part; and draws the pairs of the
    trial, in rows under the key "trial". `neighbours` reads a row.
    """
    count = settings.near - 1 if settings.retrieval else rivals.MOST_RIVALS
    return neighbourhood.found(bucket, count, settings.controls)


def trial(rows: Iterable[pa.RecordBatch], settings: Settings) -> list[Tried]:
    """What the judge is tried on: the drawn pairs of each language, taken for good, and then the controls.

    Pairs that the rules refuse are left out: the judge will not be asked about them.
    """
    drawn = neighbourhood.pairs(rows, settings.controls)
    pairs = [pair for pair in drawn if not _refused(marked(pair.candidate), settings)]
    true = [Tried(pair.candidate, None, min(settings.near, len(pair.near) + 1)) for pair in pairs]
    return [*true, *(Tried(control.candidate, control) for control in controls(pairs))]


def try_on(candidate: Candidate, settings: Settings) -> Talk:
    """The question of the rating alone, and the scores; nothing is dropped."""
    rating: Rating | None = yield _rating(candidate)
    return Kept(_through(rated(marked(candidate), rating)))


def talk(candidate: Candidate, settings: Settings, near: Sequence[Neighbour] = ()) -> Talk:
    """All questions to the judge about a pair, and what became of it as far as that does not depend on other pairs.

    Candidates of other kinds pass, and those with scores of their present instruction; what the rules refuse is not
    asked about. `Standing` decides the rest.
    """
    if candidate.kind != "pair":
        return Kept(candidate)
    if _is_scored(candidate):
        return _verdict(candidate, settings)
    scored = _through(marked(candidate))
    refused = _refused(scored, settings)
    if refused:
        return refused
    try:
        rating: Rating | None = yield _rating(candidate)
    except TooLong as error:
        # Without the step in its trail: a pair that was never rated must not pass for a scored one later.
        return Dropped(marked(candidate), "too_long_for_model", str(error))
    scored = rated(scored, rating)
    if settings.likelihood:
        scored = yield from _weighed(scored, near)
    if settings.retrieval and not candidate.context:
        scored = yield from _picked(scored, near[: settings.near - 1])
    return _verdict(scored, settings)


def _rating(candidate: Candidate) -> Question:
    """The judge sees what the tuned model will see, so that no title tells it what the text does not."""
    told = {
        "language": shown(candidate.language),
        "instruction": candidate.instruction,
        "context": candidate.context or "(nothing)",
        "passage": candidate.response,
    }
    return Question("judge", "score", told, Rating)


def _through(candidate: Candidate) -> Candidate:
    return candidate.change(trail=[*candidate.trail, "score"])


def _weighed(candidate: Candidate, near: Sequence[Neighbour]) -> Generator[Asked | list[Asked], Any, Candidate]:
    """The candidate with its likelihood. With notes or a text handed over, an instruction need not name its subject:
    it is then weighed against none, with the same handed over, and not against others.
    """
    instruction = candidate.instruction or ""
    others = [] if candidate.context else rivals.rivals(near, instruction)
    language = shown(candidate.language)
    try:
        weights: list[Weight | None] = yield [
            *rivals.weighings(instruction, candidate.response, language, candidate.context, others)
        ]
    except TooLong:
        return candidate
    own, against_near = rivals.gains(weights)
    return candidate.change(score_likelihood=own, score_likelihood_near=against_near)


def _picked(candidate: Candidate, near: Sequence[Neighbour]) -> Generator[Asked | list[Asked], Any, Candidate]:
    """The candidate with whether the judge finds its passage by the instruction, among as many as fit."""
    own = head(candidate.response, candidate.language)
    near = rivals.told_apart(own, near)
    language = shown(candidate.language)
    while len(near) >= rivals.FEWEST_OTHERS:
        told, right = rivals.choice(candidate.instruction or "", language, (candidate.id, own), near)
        try:
            choice: Choice | None = yield Question("judge", "score.retrieval", told, Choice)
        except TooLong:
            near = near[: len(near) // 2]
        else:
            return candidate.change(score_retrieval=None if choice is None else float(choice.choice == right))
    return candidate


def _verdict(scored: Candidate, settings: Settings) -> Kept | Dropped:
    refused = _refused(scored, settings)
    if refused:
        return refused
    for criterion in CRITERIA:
        rating = getattr(scored, f"score_rating_{criterion}")
        if rating is not None and rating < settings.lowest_kept_rating:
            return Dropped(scored, "rated_low", _reason(scored, f"{criterion} {rating:.0f}"))
    return Kept(scored)


def _refused(scored: Candidate, settings: Settings) -> Dropped | None:
    for mark in MARKS:
        value = getattr(scored, f"score_{mark}")
        if value is not None and value < getattr(settings, f"lowest_kept_{mark}"):
            return Dropped(scored, _REASON_OF[mark], _reason(scored, f"{mark}:") or f"{mark}: {value:.2f}")
    return None


def _reason(scored: Candidate, beginning: str) -> str:
    return next((reason for reason in scored.score_reasons if reason.startswith(beginning)), "")


def _is_scored(candidate: Candidate) -> bool:
    """Whether the scores are those of the present instruction."""
    steps = [step for step in candidate.trail if step == "score" or step in _WRITTEN]
    return steps[-1:] == ["score"]
