"""Says in varied words which language the answer must be in, and makes the turns of a conversation from a candidate.

Without such a directive, an English instruction with a Swahili answer teaches a model to answer English in Swahili.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from xinstruct.candidate import Candidate
from xinstruct.languages import english_name

Message = dict[str, str]
Place = Literal["system", "before", "behind", "last", "within"]


@dataclass(frozen=True, slots=True)
class Directive:
    """One wording and where it stands.

    place: `system`, a turn of its own; `before`, a line before the instruction; `behind`, right after the instruction;
    `last`, a paragraph that ends the turn; `within`, a part of the instruction itself, for search queries.
    """

    place: Place
    wording: str


DIRECTIVES: tuple[Directive, ...] = (
    Directive("system", "Answer in {language}."),
    Directive("system", "You are a helpful assistant. You reply in {language}."),
    Directive("system", "Whatever language the user writes in, respond in {language}."),
    Directive("system", "All of your answers must be written in {language}."),
    Directive("system", "The user asks in English and wants to read the answer in {language}."),
    Directive("before", "Answer the following in {language}."),
    Directive("before", "I would like a reply in {language}."),
    Directive("before", "Please respond in {language}:"),
    Directive("behind", "Answer in {language}."),
    Directive("behind", "Please answer in {language}."),
    Directive("behind", "Write your answer in {language}."),
    Directive("behind", "Reply in {language}, please."),
    Directive("behind", "Your answer should be in {language}."),
    Directive("behind", "The response must be in {language}."),
    Directive("behind", "I need the answer in {language}."),
    Directive("behind", "Use {language} for your answer."),
    Directive("behind", "Respond in {language} only."),
    Directive("last", "Language of the answer: {language}"),
    Directive("last", "(Answer in {language}.)"),
    Directive("last", "Your answer in {language}:"),
)
_FOR_SEARCHES: tuple[Directive, ...] = (
    Directive("within", "{instruction} in {language}"),
    Directive("within", "{instruction} (in {language})"),
    Directive("within", "{instruction}, in {language}"),
    *(directive for directive in DIRECTIVES if directive.place in ("system", "last")),
)
_SENTENCE_ENDS = (".", "?", "!", "…")


def messages(candidate: Candidate) -> list[Message]:
    """The turns of a pair: perhaps a system turn, the user's, the assistant's; each exactly {role, content}.

    The assistant's is the response, verbatim. UnknownLanguage when the candidate's language has no English name.
    """
    language, instruction = english_name(candidate.language), (candidate.instruction or "").strip()
    directive = _chosen(candidate.id, candidate.style, instruction)
    wording = directive.wording.format(language=language, instruction=instruction)
    turns = [{"role": "user", "content": _user_turn(instruction, candidate.context, directive.place, wording)}]
    if directive.place == "system":
        turns.insert(0, {"role": "system", "content": wording})
    return [*turns, {"role": "assistant", "content": candidate.response}]


def _chosen(candidate_id: str, style: str | None, instruction: str) -> Directive:
    query = style == "search" and not instruction.endswith(_SENTENCE_ENDS)
    pool = _FOR_SEARCHES if query else DIRECTIVES
    digest = hashlib.blake2b(f"directive {candidate_id}".encode(), digest_size=8).digest()
    return pool[int.from_bytes(digest, "big") % len(pool)]


def _user_turn(instruction: str, context: str | None, place: Place, wording: str) -> str:
    if place == "before":
        instruction = f"{wording}\n{instruction}"
    elif place == "behind":
        # What is no sentence (a query, a bare title) would run into the directive.
        ended = instruction.rstrip("\"'”’»)").endswith(_SENTENCE_ENDS)
        instruction = f"{instruction}{' ' if ended else chr(10)}{wording}"
    elif place == "within":
        instruction = wording
    parts = [instruction, (context or "").strip(), wording if place == "last" else ""]
    return "\n\n".join(part for part in parts if part)
