"""Begins the short line: one candidate per JSON line."""

from collections.abc import Iterable, Iterator

from xinstruct.candidate import Candidate, Kept, Outcome, Skipped, candidate_id
from xinstruct.recipe import Strict
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Piece

READS: tuple[str, ...] = ()
USES: tuple[str, ...] = ()
WRITES = ("response", "language")
ASKS: tuple[str, ...] = ()
VERSION = 1


class Settings(Strict):
    prefix: str = ""


def run(pieces: Iterable[Piece], settings: Settings, tools: Toolbox) -> Iterator[Outcome]:
    for piece in pieces:
        for record in reader.records(piece):
            if isinstance(record, Skipped):
                yield record
                continue
            text = settings.prefix + record.body.decode()
            name = candidate_id(record.container, record.offset, record.digest, 0, len(text), text)
            yield Kept(
                Candidate(id=name, response=text, language="swh_Latn", host=record.container, span_end=len(text))
            )
