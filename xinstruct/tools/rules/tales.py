"""Tells by its words whether a passage is a tale: by how it begins, by its section, by how much people speak in it."""

from collections.abc import Iterable

import regex

from xinstruct import prompts
from xinstruct.tools.sentences import is_unmarked

_OPENING_MARKS = regex.compile(r"^[\s\p{P}\p{S}]+")
_LATEST_OPENING = 60
_NUMBER = regex.compile(r"\p{Nd}+")
_MOST_NUMBERS = 3
_SHORTEST_YEAR = 3
# What is said, with the mark that ends a sentence or leads over to who says it; names in quotation marks have none.
_SPOKEN = regex.compile(r"[“„«\"‘「]([^“”„«»\"‘’「」\n]{4,300}[.!?,،؟।…။！？。](?:\s*))[”“»\"’」]")
_SPOKEN_LINE = regex.compile(r"^\s*[—–]\s*[^\n]{4,300}[.!?…]\s*$", regex.M)
_FEWEST_SPOKEN = 3


def is_tale(passage: str, label: str, section: Iterable[str], surely: bool) -> bool:
    """Whether the passage tells a tale; in doubt it does not.

    label: of its language. section: the names of the sections that its page stands in. surely: whether only
    signs count that hardly any other text has.
    """
    own = prompts.table("story_openings").get(label, {})
    if not surely and {name.casefold().strip() for name in section} & set(own.get("called", [])):
        return True
    start = _OPENING_MARKS.sub("", passage[: 2 * _LATEST_OPENING].casefold())
    if any(_says(start[:_LATEST_OPENING], opening) for opening in own.get("sure", [])):
        return True
    if surely or _tells_figures(passage):
        return False
    likely = any(_says(start[: len(opening) + 1], opening) for opening in own.get("likely", []))
    return likely or len(_SPOKEN.findall(passage)) + len(_SPOKEN_LINE.findall(passage)) >= _FEWEST_SPOKEN


def _says(start: str, opening: str) -> bool:
    """Whether the words stand in the text as whole words, where words are set apart by blanks."""
    if is_unmarked(opening):
        return opening in start
    return regex.search(rf"(?<![\p{{L}}\p{{M}}]){regex.escape(opening)}(?![\p{{L}}\p{{M}}])", start) is not None


def _tells_figures(passage: str) -> bool:
    """Whether years or several figures stand in it, as in reports; tales have few."""
    numbers = _NUMBER.findall(passage)
    return len(numbers) > _MOST_NUMBERS or any(len(number) >= _SHORTEST_YEAR for number in numbers)
