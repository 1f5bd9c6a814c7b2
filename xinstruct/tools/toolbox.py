"""The box of tools that a stage is handed; each tool is made when it is first taken out."""

from functools import cached_property
from pathlib import Path

from xinstruct.tools.extractor.page import Extractor
from xinstruct.tools.lid.identifier import LanguageIdentifier


class Toolbox:
    """Tools of one worker.

    languages: labels wanted by the recipe; work: folder for the stage's working files; buckets: over how many buckets a
    corpus-wide stage spreads its rows.
    """

    def __init__(self, languages: frozenset[str], work: Path, buckets: int = 1) -> None:
        self.languages = languages
        self.work = work
        self.buckets = buckets

    @cached_property
    def lid(self) -> LanguageIdentifier:
        """The language identifier that the project ships."""
        return LanguageIdentifier()

    @cached_property
    def extractor(self) -> Extractor:
        """The caged extractor of pages."""
        return Extractor()
