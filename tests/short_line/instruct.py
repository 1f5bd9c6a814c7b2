"""Asks the writer twice about each text: a talk of two turns."""

from pydantic import BaseModel

from xinstruct.candidate import Candidate, Dropped, Kept
from xinstruct.question import Question, Talk
from xinstruct.recipe import Strict

READS = ("response",)
USES: tuple[str, ...] = ()
WRITES = ("instruction",)
ASKS = ("writer",)
VERSION = 1


class Settings(Strict):
    tone: str = "plain"
    longest_kept: int = 1000


class Line(BaseModel):
    text: str


def talk(candidate: Candidate, settings: Settings) -> Talk:
    first = yield Question("writer", "instruct", {"say": candidate.response, "tone": settings.tone}, Line)
    both = yield [Question("writer", "instruct", {"say": first.text + word}, Line) for word in (" one", " two")]
    if len(both[1].text) > settings.longest_kept:
        return Dropped(candidate, "too_long")
    return Kept(candidate.change(instruction=both[0].text + both[1].text))
