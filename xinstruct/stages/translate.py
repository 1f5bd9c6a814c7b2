"""Has English instructions translated into further languages, checks them by the way back, and keeps the answers."""

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

import regex
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.languages import shown
from xinstruct.question import Question, Talk, TooLong
from xinstruct.recipe import Strict
from xinstruct.tools.lid.identifier import script_of
from xinstruct.tools.sentences import ends_sentence
from xinstruct.tools.translating import keeping, matrix
from xinstruct.tools.translating.chrf import chrf
from xinstruct.tools.written import checks, lines

READS = ("response", "language", "instruction")
USES = ("context", "title", "heading", "headings", "question", "term", "evol", "response_from")
WRITES = ("instruction", "instruction_lang", "instruction_before", "directive", "score_round_trip")
ASKS = ("translator",)
VERSION = 2
REASONS = {
    "no_model_for_pair": "who answers as translator does not know one of the two languages; the rules know none",
    "untranslated": "the translation is the English instruction again, or is English, asked twice",
    "lost_on_the_way": "a number, a native name, a placeholder, code or an address is missing from it, asked twice",
    "round_trip_low": "translated back, it says something else, asked twice",
    "directive_lost": "the sentence that says in which language to answer does not name that language any more",
    "too_long_for_model": "with the prompt, the instruction does not fit into the translator's context",
    **checks.REASONS,
}

_TRIES = 2
_TWICE = ", asked twice"
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_SHORTEST_NAME = 3
# A script's forms and parts that a short text may be told as.
_AS_WRITTEN = {"Hant": ("Hans",), "Jpan": ("Hans", "Hant"), "Hang": ("Hans", "Hant")}


class Settings(Strict):
    """Into which languages, for how many rows, and how much of the meaning has to come back."""

    into: list[str] = Field(
        default=[matrix.RESPONSE],
        min_length=1,
        description="languages to translate instructions into; `response` is each response's own language",
    )
    matrix: dict[str, list[str]] | None = Field(
        default=None,
        description="instead of into: the language of the response, or `*` for all others, and the languages of "
        "instructions to it; such as {swh_Latn: [response, fra_Latn], '*': [response]}",
    )
    per_row: int = Field(default=1, ge=1, description="into how many of its languages a row is translated")
    share: float = Field(default=1, ge=0, le=1, description="share of the rows that are translated")
    lowest_kept_round_trip: float = Field(
        default=0.4, ge=0, le=1, description="lowest chrF of the translation back against the English instruction"
    )
    seed: int = Field(default=0, description="another number draws other languages")

    @field_validator("into")
    @classmethod
    def _labels(cls, names: list[str]) -> list[str]:
        return matrix.targets(names)

    @field_validator("matrix")
    @classmethod
    def _rows(cls, named: dict[str, list[str]] | None) -> dict[str, list[str]] | None:
        return None if named is None else matrix.rows(named)

    @model_validator(mode="after")
    def _one_of_both(self) -> "Settings":
        if self.matrix is not None and "into" in self.model_fields_set:
            raise ValueError("say either into: or matrix:, not both")
        return self


class Translation(BaseModel):
    """The translator's reply."""

    model_config = ConfigDict(extra="forbid")

    translation: str = Field(description="the translation and nothing else")


class Back(BaseModel):
    """Its reply on the way back."""

    model_config = ConfigDict(extra="forbid")

    back: str = Field(description="the English translation and nothing else")


class _Both(NamedTuple):
    """A translation that came back well: its text, and how like the original the way back is."""

    text: str
    alike: float


class _Fault(NamedTuple):
    reason: str
    detail: str


class _Asked(NamedTuple):
    """What is translated: an English text, into which language, and what of it has to survive.

    page: the native text and what its page says; named: words of which one has to come back, if any are told;
    lowest: chrF that has to be reached on the way back.
    """

    text: str
    into: str
    page: str
    named: tuple[str, ...]
    lowest: float


_Way = Generator[Question, Any, _Both | _Fault]


def sprouts(candidate: Candidate, settings: Settings) -> Iterator[Candidate]:
    """For each language drawn for a pair with an English instruction, a pair whose instruction is still to be written;
    nothing for others.
    """
    if candidate.kind != "pair" or not candidate.instruction or candidate.instruction_lang != matrix.ENGLISH:
        return
    among = matrix.wished(settings.matrix or {matrix.ANY: settings.into}, candidate.language)
    for into in matrix.drawn(among, candidate.id, settings.per_row, settings.share, settings.seed):
        yield candidate.sprout(
            "translate",
            f"{settings.seed}/{into}",
            instruction=None,
            instruction_lang=into,
            instruction_before=candidate.instruction,
            directive=None,
        )


def talk(candidate: Candidate, settings: Settings) -> Talk:
    """Asks for the translation and for its way back; where the answer is in a third language, also for the sentence
    that says so. The sprout with its instruction, or why there is none.
    """
    try:
        return (yield from _translated(candidate, settings))
    except TooLong as error:
        return Dropped(candidate, "too_long_for_model", str(error))


def _translated(candidate: Candidate, settings: Settings) -> Generator[Question, Any, Kept | Dropped | Failed]:
    into, lowest = candidate.instruction_lang or "", settings.lowest_kept_round_trip
    told = yield from _both_ways(_Asked(candidate.instruction_before or "", into, _page(candidate), (), lowest))
    if isinstance(told, _Fault):
        return Dropped(candidate, *told)
    directive = None
    if into != candidate.language:
        name = shown(candidate.language)
        said = yield from _both_ways(_Asked(f"Answer in {name}.", into, "", _words(name), 0))
        if isinstance(said, _Fault):
            return Dropped(candidate, said.reason, f"of the directive: {said.detail}")
        directive = said.text
    return Kept(candidate.change(instruction=told.text, directive=directive, score_round_trip=round(told.alike, 4)))


def _both_ways(asked: _Asked) -> _Way:
    """A text there and back, twice at most; the second time the translator is told what was wrong."""
    fault = _Fault("no_model_for_pair", f"{matrix.ENGLISH} to {asked.into}")
    for repeat in range(_TRIES):
        remark = f"{REASONS[fault.reason].removesuffix(_TWICE)}: {fault.detail}" if repeat else "-"
        reply: Translation | None = yield Question(
            "translator", "translate", _there(asked, remark), Translation, repeat
        )
        if reply is None:
            return fault
        said = reply.translation.strip()
        found = _fault_of(said, asked)
        if not found:
            back: Back | None = yield Question("translator", "translate.back", _back(said, asked), Back, repeat)
            if back is None:
                return _Fault("no_model_for_pair", f"{asked.into} to {matrix.ENGLISH}")
            alike = chrf(back.back, asked.text)
            found = _fault_on_return(back.back, alike, asked)
            if not found:
                return _Both(said, alike)
        fault = found
    return fault


def _there(asked: _Asked, remark: str) -> dict[str, object]:
    return {
        "source": shown(matrix.ENGLISH),
        "source_label": matrix.ENGLISH,
        "language": shown(asked.into),
        "label": asked.into,
        "kept": keeping.untouchable(asked.text, asked.page) or "-",
        "remark": remark,
        "text": asked.text,
    }


def _back(said: str, asked: _Asked) -> dict[str, object]:
    return {
        "source": shown(asked.into),
        "source_label": asked.into,
        "language": shown(matrix.ENGLISH),
        "label": matrix.ENGLISH,
        "text": said,
    }


def _page(candidate: Candidate) -> str:
    """What native names may come from: the response, what is handed over with it, and what its page says of it."""
    own = (candidate.title, candidate.heading, *candidate.headings, candidate.question, candidate.term)
    return "\n".join(filter(None, (candidate.response, candidate.context, *own)))


def _words(name: str) -> tuple[str, ...]:
    """The words of a language's English name by which it is known again, in lower case: of what is in parentheses none,
    which says the script."""
    words = name.partition(" (")[0].casefold().split()
    return tuple(word for word in words if len(word) >= _SHORTEST_NAME)


def _fault_of(said: str, asked: _Asked) -> _Fault | None:
    """What is wrong with a translation by itself."""
    words = set(_WORD.findall(said.casefold()))
    if words and words <= set(_WORD.findall(asked.text.casefold())):  # in another order, too
        return _Fault("untranslated", said[:200])
    reason, detail = checks.fault_of(said, asked.into, (asked.text, asked.page))
    if reason and _had_before(reason, asked.text):
        label = lines.language_of_all(said, asked.into)
        reason, detail = ("wrong_language", label) if label else ("", "")
    if not reason and (script := _wrong_script(said, asked)):
        reason, detail = "wrong_language", f"letters of {script}"
    if reason == "wrong_language" and detail.startswith(matrix.ENGLISH):
        reason = "untranslated"
    if reason:
        return _Fault(reason, detail)
    gone = keeping.lost(asked.text, said, asked.page)
    return _Fault("lost_on_the_way", gone[:200]) if gone else None


def _had_before(reason: str, text: str) -> bool:
    """Whether the English text has the fault itself, or ends without a mark, as queries and titles do."""
    if reason == "breaks_off":
        return not ends_sentence(text)
    return checks.fault_of(text, matrix.ENGLISH)[0] == reason


def _fault_on_return(back: str, alike: float, asked: _Asked) -> _Fault | None:
    """What is wrong with it by what came back."""
    if alike < asked.lowest:
        return _Fault("round_trip_low", f"chrF {alike:.2f}: {back[:160]}")
    if asked.named and not any(word in back.casefold() for word in asked.named):
        return _Fault("directive_lost", back[:160])
    return None


def _wrong_script(said: str, asked: _Asked) -> str:
    """The script of most letters where it is not that of the language; it is told of texts that are too short to tell
    the language itself. What is quoted, and words that stayed as they were, do not count."""
    stayed = set(_WORD.findall(asked.text.casefold()))
    new = (word for word in _WORD.findall(keeping.unquoted(said)) if word.casefold() not in stayed)
    script, wished = script_of(" ".join(new)), asked.into.partition("_")[2]
    return "" if script in ("", wished, *_AS_WRITTEN.get(wished, ())) else script
