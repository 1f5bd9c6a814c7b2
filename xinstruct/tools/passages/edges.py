"""Says which blocks of a page a passage may begin and end with: such as hold sentences of the text itself."""

from collections.abc import Sequence

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.passages.doubles import stands_again
from xinstruct.tools.passages.starts import goes_on
from xinstruct.tools.sentences import ends_sentence, is_unmarked, sentences

HEADS = frozenset(("title", "heading", "question"))
LIST_ITEMS = frozenset(("item", "term", "definition"))
_SHORTEST_SENTENCE = 10
_SHORTEST_UNMARKED = 40  # where no mark tells a sentence from a title, its length does
_LONGEST_TEASER = 120
_LONGEST_SCRAP = 80
_FEWEST_OF_SCRAPS = 8  # paragraphs
_HIGHEST_SCRAPS = 0.4
_RUNS_ON = regex.compile(
    r"^\s*[(#]?\p{Nd}{1,3}[.):](?!\p{Nd})|[:：,،、;؛]$"
)  # an entry of a list, or what the next line goes on with


class Edges:
    """The blocks of a page in one language, which go by their index on the page."""

    def __init__(self, page: Page, language: str) -> None:
        self._page = page
        self._blocks = page.blocks
        self._language = language
        self._sentences: dict[int, bool] = {}

    def may_begin(self, index: int) -> bool:
        """Whether a passage may begin with a block: with a sentence, or a list right under a heading."""
        block = self._blocks[index]
        if block.kind in HEADS or block.kind == "code":
            return False
        if block.kind in LIST_ITEMS:
            # right under the title stands who wrote it, and when
            return index > 0 and self._blocks[index - 1].kind in ("heading", "question")
        # bylines, dates and captions stand before the text; what they lack is a whole sentence
        begins = self.has_sentence(index) or self.leads_in(index) or self._runs_on(index)
        return begins and not stands_again(self._page, index)

    def may_stop(self, index: int) -> bool:
        """Whether a passage may end with a block, or within it."""
        return self._blocks[index].kind not in HEADS and self._blocks[index].kind != "code" and self.has_sentence(index)

    def is_teaser(self, index: int, first: int) -> bool:
        """Whether a short last line hangs on lines that are no sentences: the titles of other pages, one of which ends
        with a mark.
        """
        block = self._blocks[index]
        before = self._blocks[index - 1]
        if (
            index == first
            or block.end - block.start > _LONGEST_TEASER
            or before.kind in HEADS
            or before.kind != block.kind
        ):
            return False
        return not self.has_sentence(index - 1) and not self.leads_in(index - 1)

    def has_sentence(self, index: int) -> bool:
        """Whether there is a whole sentence in a block."""
        if index not in self._sentences:
            self._sentences[index] = self._holds_sentence(index)
        return self._sentences[index]

    def are_scraps(self, indices: Sequence[int]) -> bool:
        """Whether so many of a stretch's paragraphs are words without a sentence, such as prices, buttons, the names of
        players or of other pages, that the sentences between them tell little.
        """
        told = [index for index in indices if self._blocks[index].kind == "paragraph"]
        if len(told) < _FEWEST_OF_SCRAPS or is_unmarked(self._text(told[0])):
            return False
        return sum(map(self._is_scrap, told)) > _HIGHEST_SCRAPS * len(told)

    def _is_scrap(self, index: int) -> bool:
        text = self._text(index).rstrip()
        return len(text) <= _LONGEST_SCRAP and not ends_sentence(text) and not _RUNS_ON.search(text)

    def _holds_sentence(self, index: int) -> bool:
        text = self._text(index)
        shortest = _SHORTEST_UNMARKED if is_unmarked(text) else _SHORTEST_SENTENCE
        return any(b - a >= shortest and ends_sentence(text[a:b]) for a, b in sentences(text, self._language))

    def _runs_on(self, index: int) -> bool:
        """Whether the next paragraph goes on with the sentence of a paragraph, as lines of picture books do."""
        kinds = [block.kind for block in self._blocks[index : index + 2]]
        return kinds == ["paragraph"] * 2 and goes_on(self._text(index + 1))[:1].islower()

    def leads_in(self, index: int) -> bool:
        """Whether a block introduces the list that follows it."""
        return (
            self._text(index).rstrip().endswith((":", "："))
            and index + 1 < len(self._blocks)
            and self._blocks[index + 1].kind in LIST_ITEMS
        )

    def _text(self, index: int) -> str:
        block = self._blocks[index]
        return self._page.text[block.start : block.end]
