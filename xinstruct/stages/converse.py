"""Lets conversations grow from pairs: a user asks on by planned dialogue Evols, and a policy answers each turn."""

import difflib
from collections.abc import Generator, Iterator
from typing import Any, Literal, NamedTuple

from pydantic import Field, field_validator

from xinstruct.candidate import COLUMNS, Candidate, Dropped, Kept
from xinstruct.languages import shown
from xinstruct.question import Asked, Question, Talk, TooLong
from xinstruct.recipe import Strict
from xinstruct.tools.dialogue import plan, replying, saying
from xinstruct.tools.dialogue.acts import RESTS_ON, acts
from xinstruct.tools.dialogue.coherence import FollowedUp
from xinstruct.tools.dialogue.dividing import divided
from xinstruct.tools.dialogue.replies import Answered, FollowUp
from xinstruct.tools.dialogue.turns import Turn, answered, asked, numbered, said_by
from xinstruct.tools.passages.lengths import english_characters
from xinstruct.tools.plans import drawn
from xinstruct.tools.written import lines

READS = ("response", "language", "instruction")
USES = ("context", "instruction_lang", "instruction_before", "response_from", "asked_from", "provisional")
WRITES = ("kind", "turns", "response_from", "provisional", "parent_id", "score_line_pass", "score_reasons")
ASKS = ("writer", "policy")
VERSION = 2
REASONS = {
    **saying.REASONS,
    **replying.REASONS,
    "no_model": "rules cannot write the follow-up, or answer it",
    "nothing_to_ask": "the writer finds no such follow-up in this conversation; the detail says why",
    "outgrew_context": "with the prompt, the conversation no longer fits into the context of who is asked",
}

_ENGLISH = "eng_Latn"
_TRIES = 2  # a writer whose follow-up does not hold is asked once more
_OF_THE_PAGE = ("native", "edited", "masked")
_SCORES = tuple(c for c in COLUMNS if c.startswith("score_") and c != "score_reasons")


class Settings(Strict):
    """Which pairs become conversations, how long these are, and which dialogue Evols they are made of."""

    share: float = Field(default=1, ge=0, le=1, description="share of the pairs from which a conversation grows")
    turns: dict[int, float] = Field(
        default={2: 0.3, 3: 0.3, 4: 0.2, 5: 0.1, 6: 0.1},
        description="share of each number of exchanges, 2 to 6, the pair's own among them",
    )
    evols: dict[str, float] | None = Field(
        default=None,
        description="weights of the dialogue Evols; those not named do not occur; without it all are alike",
    )
    instruction_language: Literal["english", "response"] = Field(
        default="english",
        description="language of the follow-ups; where the instruction stands in the response's own, they do, too",
    )
    first_turn: Literal["opening", "whole"] = Field(
        default="opening",
        description="opening: where the user is to ask to go on, the native text is given in stretches; whole: never",
    )
    shortest_stretch_kept: int = Field(
        default=300, ge=1, description="shortest stretch of a native text that is divided, in characters as of English"
    )
    fewest_kept: int = Field(
        default=2,
        ge=2,
        le=6,
        description="exchanges; a conversation that goes wrong ends before the fault if so many stand",
    )
    longest_turn_kept: int = Field(
        default=6000, ge=1, description="in characters as of English; native text may be longer"
    )
    highest_kept_likeness: float = Field(
        default=0.7, ge=0, le=1, description="of two questions or two answers of a conversation"
    )
    seed: int = Field(default=0, description="another number gives another plan")

    @field_validator("turns")
    @classmethod
    def _lengths_are_lengths(cls, turns: dict[int, float]) -> dict[int, float]:
        if not turns or not all(2 <= number <= 6 for number in turns):
            raise ValueError("needs shares of 2 to 6 exchanges")
        return _shares(turns)

    @field_validator("evols")
    @classmethod
    def _evols_are_known(cls, evols: dict[str, float] | None) -> dict[str, float] | None:
        for name in evols or ():
            if name not in acts():
                near = difflib.get_close_matches(name, acts(), n=1)
                raise ValueError(f"there is no dialogue Evol {name}" + (f"; did you mean {near[0]}?" if near else ""))
        if evols is None:
            return None
        if not any(weight and acts()[name].earlier == 1 for name, weight in _shares(evols).items()):
            raise ValueError("none of these can stand in the first follow-up, so that no conversation would begin")
        return evols


def _shares(shares: dict[Any, float]) -> dict[Any, float]:
    if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
        raise ValueError("needs shares of at least 0 that do not all vanish")
    return shares


class Fault(NamedTuple):
    """Why a conversation goes no further: one of REASONS, and what shows it."""

    reason: str
    detail: str


class _Planned(NamedTuple):
    """The dialogue Evols of the follow-ups, and the native text as it is given: whole, or in stretches."""

    evols: list[str]
    stretches: list[str]


def sprouts(candidate: Candidate, settings: Settings) -> Iterator[Candidate]:
    """The conversation that is to grow from a pair, as far as it stands: its first exchange. None for other kinds, for
    pairs beyond the share, where no planned follow-up is possible, and for instructions in a third language.
    """
    if candidate.kind != "pair" or not candidate.instruction or not _language(candidate, settings):
        return
    shares = {"in": settings.share, "out": 1 - settings.share}
    if drawn(shares, f"{settings.seed}\nconverse\n{candidate.id}") == "out":
        return
    planned = _planned(candidate, candidate.id, settings)
    if not planned.evols:
        return
    handed = "\n\n".join(filter(None, (candidate.instruction.strip(), (candidate.context or "").strip())))
    own = candidate.asked_from == "seed" and candidate.instruction_before is None
    asker = "rules" if candidate.provisional else "seed" if own else "writer"
    first = asked(handed, candidate.instruction_lang or _ENGLISH, asker)
    native = answered(planned.stretches[0], candidate.language, candidate.response_from)
    columns: dict[str, Any] = {**dict.fromkeys(_SCORES), "score_reasons": [], "turns": [first, native]}
    yield candidate.sprout("converse", str(settings.seed), kind="conversation", **columns)


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """A question to the writer and one to the policy for each planned follow-up; the conversation as far as it holds.

    Where something is wrong with an exchange the conversation ends before it, or is dropped if too few stand.
    """
    planned, turns = _planned(candidate, candidate.parent_id or "", settings), list(candidate.turns)
    fault, rules = Fault("", ""), candidate.provisional
    stretches = iter(planned.stretches[1:])
    for evol in planned.evols:
        native = next(stretches) if acts()[evol].answer == "native" else None
        exchange = yield from _exchange(candidate, evol, turns, native, settings)
        if isinstance(exchange, Fault):
            fault = Fault(exchange.reason, f"turn {len(turns) + 1}, {evol}: {exchange.detail}".strip(" :"))
            break
        turns += exchange
        rules = rules or exchange[0]["words_from"] == "rules"
    if fault.reason and len(turns) < 2 * settings.fewest_kept:
        return Dropped(candidate.change(turns=turns), *fault)
    whose = {turn["words_from"] for turn in turns if turn["role"] == "assistant"}
    said = said_by("assistant", turns)
    return Kept(
        candidate.change(
            turns=turns,
            response_from=whose.pop() if len(whose) == 1 else "mixed",
            provisional=rules,
            score_line_pass=min(lines.line_pass(text, candidate.language) for text in said),
            score_reasons=[f"ended early: {fault.reason}: {fault.detail}"] if fault.reason else [],
        )
    )


def _planned(candidate: Candidate, key: str, settings: Settings) -> _Planned:
    """The plan for a pair. key: its id, by which the plan is drawn."""
    weights = dict.fromkeys(acts(), 1.0) if settings.evols is None else settings.evols
    text, language = candidate.response, candidate.language
    shortest = round(settings.shortest_stretch_kept / english_characters(language))
    goes_on = any(weight and acts()[name].answer == "native" for name, weight in weights.items())
    parts = [text]
    if goes_on and settings.first_turn == "opening" and candidate.response_from in _OF_THE_PAGE:
        parts = divided(text, language, max(settings.turns), shortest)
    evols = plan.planned(key, settings.turns, weights, len(parts), settings.seed)
    wanted = 1 + plan.going_on(evols)
    stretches = [text] if wanted == 1 else divided(text, language, wanted, shortest)
    # What goes on comes first. Fewer stretches may have fewer places to cut than more of them have.
    return _Planned(evols[wanted - len(stretches) :], stretches)


def _language(candidate: Candidate, settings: Settings) -> str:
    """The language of the follow-ups; "" where the instruction is neither English nor in the response's language."""
    stands = candidate.instruction_lang or _ENGLISH
    if stands not in (_ENGLISH, candidate.language):
        return ""
    return candidate.language if settings.instruction_language == "response" else stands


def _exchange(
    candidate: Candidate, evol: str, turns: list[Turn], native: str | None, settings: Settings
) -> Generator[Asked, Any, list[Turn] | Fault]:
    """The user's next turn and its answer, or why there is none. native: the stretch that answers, if one does."""
    act, language = acts()[evol], candidate.language
    reply = yield from _follow_up(candidate, evol, turns, settings)
    if isinstance(reply, Fault):
        return reply
    said = _said(reply)
    words_from = "rules" if reply.provisional else "writer"
    question = asked(said.text, _language(candidate, settings), words_from, evol)
    if native is not None:
        return [question, answered(native, language, candidate.response_from)]
    asking = {
        "language": shown(language),
        "answered": act.answered,
        "conversation": numbered(turns),
        "follow_up": said.text,
    }
    try:
        got: Answered | None = yield Question("policy", "converse.answer", asking, Answered)
    except TooLong as error:
        return Fault("outgrew_context", str(error))
    if got is None:
        return Fault("no_model", "nobody answers")
    answer, likeness = got.answer.strip(), settings.highest_kept_likeness
    fault = Fault(*replying.fault_of(answer, act, said, turns, longest=settings.longest_turn_kept, likeness=likeness))
    return fault if fault.reason else [question, answered(answer, language, "policy")]


def _follow_up(
    candidate: Candidate, evol: str, turns: list[Turn], settings: Settings
) -> Generator[Asked, Any, FollowUp | Fault]:
    """The writer's reply that holds, asked for again once; or what is wrong with it."""
    act, language = acts()[evol], _language(candidate, settings)
    asking = _fields(candidate, evol, turns, language)
    fault = Fault("", "")
    for repeat in range(_TRIES):
        try:
            reply: FollowUp | None = yield Question("writer", "converse", asking, FollowUp, repeat)
        except TooLong as error:
            return Fault("outgrew_context", str(error))
        if reply is None:
            return Fault("no_model", "nobody writes")
        if reply.skip or not reply.follow_up:
            reason = "no_model" if reply.provisional else "nothing_to_ask"
            return Fault(reason, reply.skip or "the writer neither asked nor skipped")
        longest, likeness = settings.longest_turn_kept, settings.highest_kept_likeness
        found = saying.fault_of(
            _said(reply), act, turns, language, longest=longest, likeness=likeness, prompt="converse"
        )
        fault = Fault(*found)
        if not fault.reason:
            return reply
        asking = asking | {"remark": f"{saying.REASONS[fault.reason]}: {fault.detail}"}
    return fault


def _fields(candidate: Candidate, evol: str, turns: list[Turn], language: str) -> dict[str, object]:
    act = acts()[evol]
    return {
        "evol": evol,
        "label": language,
        "language": shown(candidate.language),
        "turn_language": shown(language),
        "number": len(turns) + 1,
        "rests_on": RESTS_ON[act.rests_on],
        "ask": act.ask,
        "remark": "-",
        "conversation": numbered(turns),
    }


def _said(reply: FollowUp) -> FollowedUp:
    return FollowedUp((reply.follow_up or "").strip(), reply.depends_on, reply.quotes, reply.about)
