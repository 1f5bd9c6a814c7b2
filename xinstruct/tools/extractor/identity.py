"""The language identifier as the extractor asks it: loaded at the first page that needs it, for few do."""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xinstruct.tools.lid.identifier import Guess, LanguageIdentifier


def identified(texts: Sequence[str]) -> "list[Guess]":
    """In which language each text is, in one line of at most some thousand characters."""
    return list(_identifier().identify_many([" ".join(text.split()) for text in texts]))


@functools.cache
def _identifier() -> "LanguageIdentifier":
    from xinstruct.tools.lid.identifier import LanguageIdentifier

    return LanguageIdentifier()
