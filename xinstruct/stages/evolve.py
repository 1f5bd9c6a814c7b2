"""Grows further pairs beside each pair: its instruction changed as one of the Evols says, with an answer that fits."""

from collections.abc import Generator, Iterator
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from xinstruct.candidate import Candidate, Dropped, Kept
from xinstruct.question import Question, Talk, TooLong
from xinstruct.recipe import Strict
from xinstruct.tools import guards, plans
from xinstruct.tools.evols import checks, taxonomy
from xinstruct.tools.evols.families import native_text
from xinstruct.tools.evols.planning import planned
from xinstruct.tools.evols.taxonomy import AnswerFrom, Evol, Taxonomy
from xinstruct.tools.evolving import taken
from xinstruct.tools.evolving.asking import to_policy, to_writer
from xinstruct.tools.evolving.replies import Answer, Evolving
from xinstruct.tools.written import checks as written
from xinstruct.tools.written import lines

READS = ("response", "language", "instruction")
USES = (
    *("instruction_lang", "context", "task", "style", "response_from", "title", "url", "host", "page_type", "section"),
    *("heading", "headings", "part", "parts", "question", "term", "keywords", "facts"),
)
WRITES = (
    *("evol", "evol_prompt", "instruction", "instruction_before", "instruction_lang", "evidence", "context", "task"),
    *("style", "provisional", "response", "response_from", "response_before", "content_hash", "score_line_pass"),
)
ASKS = ("writer", "policy")
VERSION = 2
REASONS = {
    "no_model": "whoever was asked has no means to make this change, or to answer on its own",
    "nothing_to_change": "the writer says that the change cannot be made here; the detail says why",
    "no_instruction": "the writer neither changed the instruction nor said why not",
    "too_long_for_model": "with the prompt, the text does not fit into the model's context",
    "evidence_not_in_passage": "what the writer quotes as the ground of the answer is not in the text, asked twice",
    "instruction_too_long": "the instruction is longer than an instruction may be",
    "answer_too_short": "the answer is shorter than an answer may be",
    "answer_too_long": "the answer is longer than an answer may be",
    "echoes_instruction": "the answer repeats the instruction instead of answering it",
    "copies_passage": "the answer is little else than the native text, though it was to be written from it",
    "ungrounded_number": "the answer holds a number that is neither in the native text nor in the instruction",
    **checks.REASONS,
    **guards.REASONS,
    **written.REASONS,
}
_ENGLISH = "eng_Latn"
_TRIES = 2  # who replied what does not hold is asked once more
_LONGEST_REMARK = 100
_LONGEST_DETAIL = 200
# Whose answers may be evolved; what is evolved or translated already is not evolved again.
_FROM = ("native", "edited", "masked", "seed")


class Settings(Strict):
    """Which pairs are evolved and how; the Evols are planned by a hash of the pair's id, so that they come evenly."""

    per_row: int = Field(default=1, ge=1, le=20, description="how many Evols each pair is given")
    share: float = Field(default=1.0, ge=0, le=1, description="share of the pairs that are evolved at all")
    families: tuple[str, ...] | None = Field(
        default=None, description="task families whose Evols are taken, such as [hotpotqa, general]; all unless said"
    )
    taxonomy: str | Taxonomy | None = Field(
        default=None, description="a file with Evols of your own, relative to the recipe's own; ours unless said"
    )
    instruction_language: Literal["english", "response"] = Field(
        default="english", description="whether evolved instructions are in English or in the answer's language"
    )
    answers: tuple[AnswerFrom, ...] = Field(
        default=("native", "grounded", "policy"),
        min_length=1,
        description="whose answers are taken: native, the same text still answers; grounded, a model answers from that "
        "text; policy, a model answers on its own",
    )
    seed: int = Field(default=0, description="another number gives another plan")
    longest_instruction_kept: int = Field(default=1000, ge=1, description="in characters, without the context")
    shortest_answer_kept: int = Field(default=20, ge=1, description="of a model's answer, in characters as of English")
    longest_answer_kept: int = Field(default=8000, ge=1, description="the same of the longest")

    @field_validator("families")
    @classmethod
    def _some(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and not names:
            raise ValueError("name at least one family, or leave families out for all of them")
        return names

    @model_validator(mode="after")
    def _families_are_known(self) -> "Settings":
        if self.shortest_answer_kept > self.longest_answer_kept:
            raise ValueError("shortest_answer_kept must not lie above longest_answer_kept, or no answer is kept")
        if self.families and not isinstance(self.taxonomy, str):
            known = [family.name for family in self.evols.families]
            unknown = next((name for name in self.families if name not in known), None)
            if unknown:
                raise ValueError(f"the taxonomy has no family {unknown}; it has {', '.join(known)}")
        return self

    @property
    def evols(self) -> Taxonomy:
        """The Evols to choose from. TypeError while the taxonomy is a path that nobody has read."""
        if isinstance(self.taxonomy, str):
            raise TypeError(f"the taxonomy {self.taxonomy} has not been read: see with_taxonomy")
        return self.taxonomy or taxonomy.shipped()

    def with_taxonomy(self, read: Taxonomy) -> "Settings":
        """These settings with the taxonomy that a path named. ValidationError where it lacks one of `families`."""
        return Settings.model_validate({**dict(self), "taxonomy": read})


def asks(settings: Settings) -> tuple[str, ...]:
    """The roles that are asked under these settings: where native text alone may answer, no policy."""
    return ASKS if set(settings.answers) - {"native"} else ASKS[:1]


def sprouts(candidate: Candidate, settings: Settings) -> Iterator[Candidate]:
    """A copy of the pair for each Evol planned for it, with the old instruction and answer and without their scores.

    Nothing for other kinds, for pairs whose instruction cannot be changed, and for those that were grown themselves.
    """
    shares = {"grown": settings.share, "left": 1 - settings.share}
    if not _may_grow(candidate, settings) or plans.drawn(shares, f"{settings.seed}\nevolve\n{candidate.id}") == "left":
        return
    plan = (settings.evols, settings.families, settings.answers, settings.per_row, settings.seed)
    for family, evol in planned(candidate, *plan):
        path = f"{family}/{evol.name}"
        columns = {"evol": path, "evol_prompt": evol.ask, "instruction_before": candidate.instruction}
        yield candidate.sprout("evolve", f"{settings.seed} {path}", **columns, **taken.UNSCORED)


def _may_grow(candidate: Candidate, settings: Settings) -> bool:
    said = candidate.instruction_lang or _ENGLISH
    told = candidate.kind == "pair" and bool(candidate.instruction)
    own = candidate.parent_id is None and candidate.response_from in _FROM
    return told and own and said in (_ENGLISH, _wanted_language(candidate, settings))


def _wanted_language(candidate: Candidate, settings: Settings) -> str:
    """The label of the language in which the changed instruction is wanted."""
    return _ENGLISH if settings.instruction_language == "english" else candidate.language


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """Asks the writer for the changed instruction of a sprout, and the policy for an answer where the old one will not
    do; each once more where its reply does not hold. What became of the sprout.
    """
    evol = settings.evols.evol(candidate.evol or "")
    try:
        row = yield from _asked(candidate, evol, settings)
        if isinstance(row, Candidate) and evol.answer != "native":
            row = yield from _answered(row, native_text(candidate), evol, settings)
    except TooLong as error:
        return Dropped(candidate, "too_long_for_model", str(error))
    if isinstance(row, Dropped):
        return row
    return Kept(row.change(score_line_pass=lines.line_pass(row.response, row.language)))


_Turns = Generator[Question, Any, Candidate | Dropped]


def _asked(sprout: Candidate, evol: Evol, settings: Settings) -> _Turns:
    """The sprout with its changed instruction, or dropped."""
    wanted = _wanted_language(sprout, settings)
    asking = to_writer(sprout, evol, wanted)
    passage, fate = asking["passage"], Dropped(sprout, "no_instruction")
    for repeat in range(_TRIES):
        reply: Evolving | None = yield Question("writer", "evolve", asking, Evolving, repeat)
        if reply is None:
            return Dropped(sprout, "no_model", "nobody changes instructions")
        if reply.skip:
            return Dropped(sprout, "no_model" if reply.provisional else "nothing_to_change", reply.skip)
        asked, missing = taken.asked(sprout, reply, evol, wanted, passage)
        if not reply.evolved:
            reason, detail = "no_instruction", ""
        else:
            reason, detail = ("evidence_not_in_passage", missing) if missing else _fault(asked, sprout, evol, settings)
        if not reason:
            return asked
        fate = Dropped(asked, reason, detail[:_LONGEST_DETAIL])
        asking = asking | {"remark": _remark(reason, detail)}
    return fate


def _fault(asked: Candidate, sprout: Candidate, evol: Evol, settings: Settings) -> tuple[str, str]:
    """Why a changed instruction is refused, with what shows it; two empty strings when nothing is wrong with it."""
    before, after = asked.instruction_before or "", asked.instruction or ""
    language = asked.instruction_lang or _ENGLISH
    if len(after) > settings.longest_instruction_kept:
        return "instruction_too_long", f"{len(after)} characters"
    if evol.answer == "grounded" and not asked.context and plans.tells_news(asked):
        return "bare_news", f"nothing is handed over; the page is {asked.page_type or 'of a day'}"
    english, given = language == _ENGLISH, (before, asked.response, *taken.along(asked, language))
    reason, detail = guards.fault_of(asked, "evolve") if english else ("", "")
    if not reason:
        reason, detail = written.fault_of(after, language, given)
    # The guards know better whether a few words among native names are English, and who types leaves out the last mark.
    if reason and reason != "breaks_off" and not (english and reason == "wrong_language"):
        return reason, detail
    return checks.fault_of(before, after, evol, sprout, language)


def _answered(asked: Candidate, passage: str, evol: Evol, settings: Settings) -> _Turns:
    """The sprout with the policy's answer, or dropped. passage: the native text of the pair that it grew from."""
    prompt = "evolve.grounded" if evol.answer == "grounded" else "evolve.answer"
    asking, fate = to_policy(asked, passage if evol.answer == "grounded" else None), Dropped(asked, "no_model")
    for repeat in range(_TRIES):
        reply: Answer | None = yield Question("policy", prompt, asking, Answer, repeat)
        if reply is None:
            return Dropped(asked, "no_model", "nobody answers without a text of their own")
        row = taken.answered(asked, reply.answer.strip(), evol, passage)
        reason, detail = taken.fault_of_answer(
            row, passage, evol, settings.shortest_answer_kept, settings.longest_answer_kept
        )
        if not reason:
            return row
        fate = Dropped(row, reason, detail[:_LONGEST_DETAIL])
        asking = asking | {"remark": _remark(reason, detail)}
    return fate


def _remark(reason: str, detail: str) -> str:
    return f"it does not do. {REASONS[reason][:1].upper()}{REASONS[reason][1:]}. ({detail[:_LONGEST_REMARK] or '-'})"
