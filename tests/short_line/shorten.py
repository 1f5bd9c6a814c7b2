"""Drops every text that holds the word bad, and a model-free stage dies on the word crash."""

from collections.abc import Iterable, Iterator

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.recipe import Strict
from xinstruct.tools.toolbox import Toolbox

READS = ("response",)
USES: tuple[str, ...] = ()
WRITES = ("title",)
ASKS: tuple[str, ...] = ()
VERSION = 1


class Settings(Strict):
    word: str = "bad"


def run(candidates: Iterable[Candidate], settings: Settings, tools: Toolbox) -> Iterator[Outcome]:
    for candidate in candidates:
        if settings.word in candidate.response:
            yield Dropped(candidate, "has_word", settings.word)
        else:
            yield Kept(candidate.change(title=candidate.response[:10]))
