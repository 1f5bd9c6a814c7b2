"""The box of tools that a stage is handed; each tool is made when it is first taken out."""

from functools import cached_property
from pathlib import Path

from xinstruct.tools.extractor.page import Extractor
from xinstruct.tools.lid.identifier import LanguageIdentifier


class Toolbox:
    """Tools of one worker.

    languages: labels wanted by the recipe; work: folder for the stage's working files; buckets: over how many buckets a
    corpus-wide stage spreads its rows; identifier: a fastText file in place of the project's own.
    """

    def __init__(self, languages: frozenset[str], work: Path, buckets: int = 1, identifier: Path | None = None) -> None:
        self.languages = languages
        self.work = work
        self.buckets = buckets
        self._identifier = identifier

    @cached_property
    def lid(self) -> LanguageIdentifier:
        """The language identifier: the one that the recipe names, or that the project ships."""
        return LanguageIdentifier(self._identifier)

    @cached_property
    def extractor(self) -> Extractor:
        """The caged extractor of pages."""
        return Extractor()
