"""What a stage asks a model, and the shape of a conversation about one candidate."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from xinstruct.candidate import Dropped, Failed, Kept


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a role. Who answers it (a model, or the rules) is not the stage's business.

    role: writer, judge, policy or translator. prompt: name of the text in xinstruct/prompts, without suffix. fields:
    JSON values that the prompt is filled with. answer: the schema that the reply must fit. repeat: 0, 1, 2 ... when the
    same thing is asked again on purpose. The reply is an `answer`, or None where who answers has no means to.
    """

    role: str
    prompt: str
    fields: Mapping[str, Any]
    answer: type[BaseModel]
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Weighing:
    """How likely a text is to a role's model after a request: it is read, not written.

    prompt, fields: make the request, as in Question. text: what would follow it. masked: words whose tokens do not
    count, because a request that names them makes them likely whatever it says. The reply is a Weight, or None where
    there are no log-probabilities to be had.
    """

    role: str
    prompt: str
    fields: Mapping[str, Any]
    text: str
    masked: tuple[str, ...] = ()


class Weight(BaseModel):
    """The reply to a Weighing."""

    model_config = ConfigDict(extra="forbid")

    nats: float = Field(description="mean natural log-probability of the tokens that count; 0 where none does")
    tokens: int = Field(ge=0, description="how many tokens count")


class TooLong(Exception):
    """Thrown into a talk at its question: with the prompt, the passage does not fit into the model's context.

    tokens: what it takes, in the model's own tokens; room: what there is.
    """

    def __init__(self, tokens: int, room: int) -> None:
        super().__init__(f"{tokens:,} tokens, room for {room:,}")
        self.tokens, self.room = tokens, room


Asked = Question | Weighing
Talk = Generator[Asked | list[Asked], Any, Kept | Dropped | Failed]
