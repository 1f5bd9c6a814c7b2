"""What a stage asks a model, and the shape of a conversation about one candidate."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from xinstruct.candidate import Dropped, Failed, Kept


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a role. Who answers it (a model, or the rules) is not the stage's business.

    role: writer, judge, policy or translator. prompt: name of the text in xinstruct/prompts, without suffix. fields:
    JSON values that the prompt is filled with. answer: the schema that the reply must fit. repeat: 0, 1, 2 ... when the
    same thing is asked again on purpose.
    """

    role: str
    prompt: str
    fields: Mapping[str, Any]
    answer: type[BaseModel]
    repeat: int = 0


Talk = Generator[Question | list[Question], Any, Kept | Dropped | Failed]
