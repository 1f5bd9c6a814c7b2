"""Has several answers to a pair's instruction written and ranked: rows with a chosen and a rejected answer."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from xinstruct.candidate import COLUMNS, Candidate, Dropped, Kept, content_hash
from xinstruct.question import Talk, TooLong
from xinstruct.tools import plans
from xinstruct.tools.ranking import answers, gathering, judging
from xinstruct.tools.ranking.answers import Answer
from xinstruct.tools.ranking.asked_language import other_language
from xinstruct.tools.ranking.bounds import Bounds
from xinstruct.tools.ranking.gathering import NoModel, Part
from xinstruct.tools.ranking.plan import ENGLISH, planned
from xinstruct.tools.ranking.standing import Standing

__all__ = ["Standing"]  # the pipeline finds it here

READS = ("response", "language", "instruction")
USES = (
    *("instruction_lang", "instruction_before", "context", "response_from"),
    *("url", "container", "record_offset", "digest"),
)
WRITES = (
    *("kind", "parent_id", "answers", "response", "response_from", "content_hash", "evidence", "response_before"),
    *("score_agreement", "judge_runs", "score_line_pass", "score_reasons"),
)
ASKS = ("policy", "judge")
VERSION = 2
REASONS = {
    "asks_other_language": "the instruction asks for another language than that of the answers, so that it is none of "
    "these rows; the detail quotes it",
    "no_model": "whoever answers the role that the detail names has no means to: rules write and rank no answers",
    "too_long_for_model": "a question, with the answers in it, does not fit into the model's context",
    "too_few_answers": "fewer than two answers are sound; the detail says what is wrong with the others",
    "same_answers": "all answers say the same, nearly letter for letter",
    "wrong_language": "no answer is in the language asked for, or the best has lines in another",
    "judge_disagrees": "rankings of the answers, shown in other orders, agree too little",
    "negative_preferred": "the best is an answer in a wrong language, or one that was made worse on purpose",
    "lengths_differ": "no worse answer is about as long as the best one",
    "judge_not_trusted": "the judge goes by where an answer stands, or ranks as lots would",
    "repeated_pair": "another row asks the same and has the same chosen and rejected answers",
    "too_easy": "letters, signs and length alone tell the chosen answer from the rejected one too surely",
    "too_many_native": "the native text is the chosen answer, and other such pairs fill their share",
    "too_many_off_target": "the rejected answer is in a wrong language, and other such pairs fill their share",
}

# What was found of the pair is not true of the row, but for what was found of its instruction alone.
_SCORES = [column for column in COLUMNS if column.startswith("score_") and column != "score_round_trip"]
_UNSCORED: dict[str, Any] = {**dict.fromkeys(_SCORES), "score_reasons": []}
_FEWEST = 2
_LONGEST_SHOWN = 100


class Settings(Bounds):
    """Who answers and who ranks, and what is kept; shares are planned by a hash of the row's id."""

    share: float = Field(default=1, ge=0, le=1, description="share of the pairs whose answers are ranked")
    by: Literal["judge", "likelihood", "imbalance"] = Field(
        default="judge",
        description="who ranks: the judge; how likely the policy finds each answer after the English instruction; or "
        "none: what it answers in English, translated, is taken for better than what it answers directly",
    )
    answers: int = Field(default=4, ge=2, le=8, description="answers that the policies write")
    policies: list[Literal["policy", "policy2", "policy3"]] = Field(
        default=["policy"], min_length=1, description="roles that write them, in turns; the first also the worse ones"
    )
    native: float = Field(
        default=0.2, ge=0, le=1, description="share of rows whose native text stands among the answers (by: judge)"
    )
    off_target: float = Field(
        default=0.1, ge=0, le=1, description="share of rows that get an answer in English (by: judge)"
    )
    translationese: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="share of rows that get a word by word translation from English (by: judge)",
    )
    repeats: int = Field(
        default=2,
        ge=1,
        le=6,
        description="in how many orders the answers are shown to the judge; each is asked about with its reverse. With "
        "one, rankings by lot would pass for agreement in nearly half of the rows",
    )
    lowest_kept_agreement: float = Field(
        default=0.6, ge=0, le=1, description="lowest agreement of the rankings (Kendall's W) that is kept"
    )
    pivot: Literal["none", "english"] = Field(
        default="none", description="english: the judge also sees what each answer says in English"
    )
    longest_kept_ratio: float = Field(
        default=2, ge=1, description="how many times the characters of the other, as of English, chosen or rejected has"
    )

    @field_validator("policies")
    @classmethod
    def _each_once(cls, policies: list[str]) -> list[str]:
        if len(set(policies)) < len(policies):
            raise ValueError("names a policy twice; answers: says how many they write")
        return policies

    @model_validator(mode="after")
    def _negatives_are_shares(self) -> "Settings":
        if self.off_target + self.translationese > 1:
            raise ValueError("off_target and translationese are shares of the same rows: together at most 1")
        return self


def asks(settings: Settings) -> tuple[str, ...]:
    """The roles that are asked with these settings."""
    if settings.by == "imbalance":
        return (settings.policies[0],)
    return (*settings.policies, "judge") if settings.by == "judge" else tuple(settings.policies)


def sprouts(candidate: Candidate, settings: Settings) -> Iterator[Candidate]:
    """The row whose answers are ranked, of a share of the pairs with an instruction; without the pair's scores.

    By imbalance there is none in English, which is the language that is taken for the better one.
    """
    if candidate.kind != "pair" or not candidate.instruction:
        return
    if settings.by == "imbalance" and candidate.language == ENGLISH:
        return
    shares = {"in": settings.share, "": 1 - settings.share}
    if plans.drawn(shares, f"{settings.seed}\nrank share\n{candidate.id}"):
        yield candidate.sprout("rank", f"{settings.by} {settings.seed}", kind="preference", **_UNSCORED)


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """Answers from the policies, then their ranking, and what became of the row as far as that does not depend on other
    rows; `Standing` decides the rest. Candidates of other kinds pass.
    """
    if candidate.kind != "preference":
        return Kept(candidate)
    if words := other_language(candidate):
        return Dropped(candidate, "asks_other_language", words)
    try:
        found = yield from _gathered(candidate, settings)
        return found if isinstance(found, Dropped) else (yield from _ranked(candidate, settings, found))
    except TooLong as error:
        return Dropped(candidate, "too_long_for_model", str(error))
    except NoModel as error:
        return Dropped(candidate, "no_model", str(error))


def _gathered(candidate: Candidate, settings: Settings) -> Part[list[Answer] | Dropped]:
    """The answers that are ranked, of which at least one may be chosen; or how the row ends without."""
    if settings.by == "imbalance":
        gathered = yield from gathering.imbalanced(candidate, settings.policies[0])
        found = gathered.answers
    else:
        negatives = {"off_target": settings.off_target, "translationese": settings.translationese}
        plan = planned(candidate, settings.native, negatives, settings.seed)
        # To a model its own words are likelier than a person's, whatever they are worth: it only ranks its own.
        judged = settings.by == "judge"
        gathered = yield from gathering.written(candidate, settings.policies, settings.answers, judged and plan.native)
        found = gathered.answers
        if judged and plan.negative and any(answer.may_be_chosen for answer in found):
            worse = yield from gathering.worse(candidate, settings.policies[0], plan.negative)
            found = answers.apart([*found, *worse])
    if found and not any(answer.may_be_chosen for answer in found):
        return _dropped(candidate, found, "wrong_language", "no answer is in the language asked for")
    if len(found) < _FEWEST:
        reason = "too_few_answers" if gathered.faults else "same_answers"
        return _dropped(candidate, found, reason, answers.told(gathered.faults))
    return found


def _ranked(candidate: Candidate, settings: Settings, found: list[Answer]) -> Part[Kept | Dropped]:
    if settings.by == "imbalance":
        return _ended(candidate, settings, found, [1.0, 2.0])  # as they were gathered
    if settings.by == "likelihood":
        ranks = yield from judging.likeliest(candidate, found, settings.policies[0])
        return _ended(candidate, settings, found, ranks)
    pivot = settings.pivot == "english" and candidate.language != ENGLISH
    ranked = yield from judging.judged(candidate, found, settings.repeats, pivot, settings.seed)
    judged = candidate.change(
        score_agreement=ranked.agreement, judge_runs=ranked.runs, score_reasons=[ranked.positions]
    )
    return _ended(judged, settings, found, ranked.ranks)


def _ended(judged: Candidate, settings: Settings, found: Sequence[Answer], ranks: Sequence[float]) -> Kept | Dropped:
    """What becomes of a row whose answers have these ranks."""
    every = judged.change(answers=[answer.row(rank) for answer, rank in zip(found, ranks, strict=True)])
    w = judged.score_agreement
    if w is not None and w < settings.lowest_kept_agreement:
        return Dropped(every, "judge_disagrees", f"W {w:.2f}; {judged.score_reasons[0]}")
    chosen, rejected = answers.chosen_and_rejected(found, ranks, settings.longest_kept_ratio)
    best = found[chosen]
    if best.origin in (answers.OFF_TARGET, answers.TRANSLATIONESE):
        return Dropped(every, "negative_preferred", f"{best.origin}: {best.text[:_LONGEST_SHOWN]}")
    if not best.may_be_chosen:
        return Dropped(every, "wrong_language", f"a line of the best answer: {best.text[:_LONGEST_SHOWN]}")
    if rejected is None:
        tied = len(set(ranks)) == 1
        return Dropped(every, "judge_disagrees" if tied else "lengths_differ", "all ranks are equal" if tied else "")
    paired = every.change(answers=answers.rows(found, ranks, chosen, rejected), score_line_pass=best.line_pass)
    return Kept(paired if best.origin == answers.NATIVE else _in_words_of_policy(paired, best.text))


def _in_words_of_policy(paired: Candidate, text: str) -> Candidate:
    return paired.change(
        response=text, response_from="policy", content_hash=content_hash(text), response_before=None, evidence=[]
    )


def _dropped(candidate: Candidate, found: Sequence[Answer], reason: str, detail: str) -> Dropped:
    return Dropped(candidate.change(answers=[answer.row() for answer in found]), reason, detail)
