"""Knows whom a page has named by when, so that a passage is seen to begin with somebody introduced before it."""

from collections.abc import Iterator

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.passages.edges import HEADS

# One capitalised word, and several in a row: in most scripts that have capitals, names look like this.
_WORD = r"\p{Lu}[\p{L}\p{M}\p{N}]*(?:['’‘-]\p{L}[\p{L}\p{M}\p{N}]*)*"
_NAME = regex.compile(rf"\b{_WORD}(?:[ \u00a0]{{1,2}}{_WORD})*")
_INITIAL = regex.compile(r"(?<=\b\p{Lu})\.(?=[ \u00a0]\p{Lu})|(?<=\b\p{Lu}\p{Ll}{1,2})\.(?=[ \u00a0]\p{Lu})")
_POSSESSIVE = regex.compile(r"['’]s$")
_SMALL = regex.compile(r"(?<![\p{L}\p{M}'’])\p{Ll}[\p{L}\p{M}]*")
_NO_NAME = regex.compile(r"\p{Lu}{2}|^.{1,2}$")  # an acronym is known by itself
_LONGEST_TITLE = 3  # letters: Mr, Dr, Mme
# Where every noun has a capital, only one without an article in front of it is seen to be a name.
_NOUNS_IN_CAPITALS = frozenset(("deu", "ltz", "gsw", "bar", "nds"))


class Introduced:
    """The names of a page's text, without its headings, where every word may be in capitals."""

    def __init__(self, page: Page, language: str) -> None:
        self._only_first = language[:3] in _NOUNS_IN_CAPITALS
        self._first: dict[str, int] = {}  # where a word stands first as a name, or as the last word of one
        self._longer: dict[str, int] = {}  # where it does so as the last of several
        texts = [(block.start, page.text[block.start : block.end]) for block in page.blocks if block.kind not in HEADS]
        small = frozenset(word for _, text in texts for word in _SMALL.findall(text))
        for start, text in texts:
            for at, name in _names(text):
                self._first.setdefault(name[-1], start + at)
                # The before Hague begins a sentence, or any word in German: it is no part of the name
                if len(name) > 1 and name[-2].lower() not in small:
                    self._longer.setdefault(name[-1], start + at)

    def shortened(self, sentence: str, start: int) -> str:
        """The first name in a sentence, which begins at start, that the page had given in a longer form from the very
        first: Collins, after Kaitlan Collins. "" where there is none.
        """
        given: set[str] = set()
        for at, name in _names(sentence):
            bare = name[1:] if len(name) > 1 and len(name[0]) <= _LONGEST_TITLE else name
            if len(bare) == 1 and not (at and self._only_first) and bare[0] not in given:
                longer = self._longer.get(bare[0], start)
                if longer < start and longer <= self._first[bare[0]] and not _NO_NAME.search(bare[0]):
                    return " ".join(name)
            given.add(name[-1])
        return ""


def _names(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The names in a text, with where each begins; M. and Mr. are parts of them, a possessive is not."""
    plain = _INITIAL.sub(" ", text) if "." in text else text
    for found in _NAME.finditer(plain):
        yield found.start(), tuple(_POSSESSIVE.sub("", word) for word in found[0].split())
