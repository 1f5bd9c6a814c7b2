"""Says whether a section of a page begins a text of its own: it takes up what its heading names, or it is an entry of a
list whose headings name the entries.
"""

from collections import Counter

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.edges import HEADS
from xinstruct.tools.sentences import is_unmarked, is_unspaced

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_NUMBERED = regex.compile(r"[#(\[]?\p{Nd}{1,3}[.):\]]\s*(?=\S)|[#]\p{Nd}{1,3}\s+(?=\p{L})")
_SHORTEST_WORD = 4
_SHORTEST_SIGNS = 2  # where each stands for a syllable or a word
_SYLLABLES = regex.compile(r"[\p{Hangul}\p{Ethiopic}\p{Cherokee}\p{Canadian_Aboriginal}]")
_ENDINGS = regex.compile(r"\p{Hiragana}+")  # Japanese writes with these what every sentence has
_STEM = 5  # letters by which a word is known again, whatever its ending
_FEWEST_ALIKE = 3  # headings that begin with one word


def takes_up(heading: str, sentence: str) -> bool:
    """Whether a sentence holds a word of the heading above it, or where words are not parted a piece of it."""
    return not _stems(heading).isdisjoint(_stems(sentence))


def _stems(text: str) -> frozenset[str]:
    words = _WORD.findall(text.casefold())
    if is_unspaced(text):
        size = _SHORTEST_WORD if is_unmarked(text) else _SHORTEST_SIGNS
        pieces = (word[at : at + size] for word in words for at in range(len(word) - size + 1))
        return frozenset(piece for piece in pieces if not _ENDINGS.fullmatch(piece))
    if _SYLLABLES.search(text):
        return frozenset(word[:_SHORTEST_SIGNS] for word in words if len(word) >= _SHORTEST_SIGNS)
    return frozenset(word[:_STEM] for word in words if len(word) >= _SHORTEST_WORD)


class Entries:
    """The headings of a page that name the entries of a list: numbered ones, and several that begin alike."""

    def __init__(self, page: Page) -> None:
        self._page = page
        names = {(block.level, self._text(block)) for block in page.blocks if block.kind in HEADS}
        self._alike = Counter((level, first) for level, text in names for first in _first_of_several(text))

    def is_entry(self, block: Block) -> bool:
        """Whether a heading is one of these."""
        if block.kind not in HEADS:
            return False
        text = self._text(block)
        alike = (self._alike[block.level, first] for first in _first_of_several(text))
        return _NUMBERED.match(text) is not None or any(count >= _FEWEST_ALIKE for count in alike)

    def _text(self, block: Block) -> str:
        return self._page.text[block.start : block.end]


def _first_of_several(text: str) -> list[str]:
    """The first word of a text of more words than that, if it is long enough to be no article."""
    words = _WORD.findall(text.casefold())
    return words[:1] if len(words) > 1 and len(words[0]) >= _SHORTEST_WORD else []
