"""Sees what stands on many pages of one website, such as footers, notices and calls to subscribe, so that no passage
takes it.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import regex
import xxhash

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.sentences import is_unspaced

HOST_LINE = "host_line"  # the kind of a block that stands on many pages of its host

_FEWEST_PAGES = 3
# A news item's first lines stand on the pages that list it, too, but not on so many of all.
_LOWEST_SHARE = 0.2
_HIGHEST_KNOWN_SHARE = 0.5
_HIGHEST_CUT_SHARE = 0.5
# A line of text, which is longer than most headings and names: in letters, and where words are not parted.
_LINE = 40
_LINE_UNSPACED = 20
_LOWEST_OWN = 0.5  # of a line
_LISTED = frozenset(("item", "row"))
# Answers and definitions are passages by themselves: of those that stand on many pages the clustering leaves one.
_NEVER = frozenset(("title", "question", "answer", "term", "definition", HOST_LINE))
_LETTERS = regex.compile(r"[\p{L}\p{M}]+")

_MOST_HELD = 4_000
_MOST_CHARACTERS_HELD = 1_000_000
_MOST_REMEMBERED = 100_000  # blocks

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Line:
    """A block as it is compared: the hash of its host and letters (None: it is not looked for elsewhere), how many
    letters it has with the blanks between, and how many lines of text they are.
    """

    key: int | None
    letters: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    """Something that waits for what comes after it. site: the key of its host; None: it is left as it is."""

    thing: T
    page: Page | None
    site: int | None
    lines: Sequence[_Line]

    @property
    def characters(self) -> int:
        return len(self.page.text) if self.page else 0


class Repeated:
    """What was seen on the pages of each host. Memory is bounded: the pages that are held, and the hashes of the blocks
    that were met last.
    """

    def __init__(
        self,
        most_held: int = _MOST_HELD,
        most_characters: int = _MOST_CHARACTERS_HELD,
        most_remembered: int = _MOST_REMEMBERED,
    ) -> None:
        self._most_held = most_held
        self._most_characters = most_characters
        self._pages = _Counts(most_remembered)

    def cut(self, arriving: Iterable[tuple[T, str | None, Page | None]]) -> Iterator[tuple[T, Page | None]]:
        """Each thing with its page, in the order in which they arrive: (thing, host, page). Blocks that stand on many
        pages of the host are of kind HOST_LINE, and their characters are counted in `Page.cut["host_lines"]`; text and
        spans stay as they are. A page without a host, such as the row of a table, is left as it is, and so is one that
        would lose most of its letters.

        A block must stand on at least three pages of the host that are otherwise different: one most of whose letters
        were met on the host before bears no witness, so that a text that is there under several addresses stays. Where
        text of the page's own follows, the block must stand on a fifth of the host's pages, too.

        Pages are held back until `most_characters` of text or `most_held` things have come after them.
        """
        held: deque[_Held[T]] = deque()
        characters = 0
        for thing, host, page in arriving:
            held.append(self._met(thing, host, page))
            characters += held[-1].characters
            while len(held) > self._most_held or characters > self._most_characters:
                first = held.popleft()
                characters -= first.characters
                yield first.thing, self._without(first)
        while held:
            first = held.popleft()
            yield first.thing, self._without(first)

    def _met(self, thing: T, host: str | None, page: Page | None) -> _Held[T]:
        """Counts what stands on a page, if it bears witness."""
        if host is None or page is None:
            return _Held(thing, page, None, ())
        lines = [_line(host, block.kind, page.text[block.start : block.end]) for block in page.blocks]
        site = _key(host, "")
        known = sum(line.letters for line in lines if line.key is not None and self._pages.of(line.key))
        if known <= _HIGHEST_KNOWN_SHARE * sum(line.letters for line in lines):
            for key in dict.fromkeys([site, *(line.key for line in lines if line.key is not None)]):
                self._pages.add(key)
        return _Held(thing, page, site, lines)

    def _without(self, held: _Held[T]) -> Page | None:
        """The page with the blocks marked that its host repeats."""
        if held.page is None or held.site is None:
            return held.page
        pages = [self._pages.of(line.key) if line.key is not None else 0 for line in held.lines]
        kinds = [block.kind for block in held.page.blocks]
        repeated = _whole([number >= _FEWEST_PAGES for number in pages], kinds)
        if not any(repeated):
            return held.page
        fewest = max(_FEWEST_PAGES, _LOWEST_SHARE * self._pages.of(held.site))
        common = _whole([number >= fewest for number in pages], kinds)
        chosen = _chosen(held.lines, repeated, common)
        lost = sum(line.letters for line, gone in zip(held.lines, chosen, strict=True) if gone)
        if not lost or lost > _HIGHEST_CUT_SHARE * sum(line.letters for line in held.lines):
            return held.page
        return _marked(held.page, chosen)


class _Counts:
    """On how many pages something stands, for what was met last: at most twice as many as `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def of(self, key: int) -> int:
        """On how many pages it stands, as far as is remembered."""
        return self._young.get(key) or self._old.get(key, 0)

    def add(self, key: int) -> None:
        """One page more on which it stands."""
        self._young[key] = self.of(key) + 1
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}


def _line(host: str, kind: str, text: str) -> _Line:
    letters = " ".join(_LETTERS.findall(text.casefold()))
    weight = len(letters) / (_LINE_UNSPACED if is_unspaced(text) else _LINE)
    if not letters or kind in _NEVER:
        return _Line(None, len(letters), weight)
    return _Line(_key(host, letters), len(letters), weight)


def _key(host: str, letters: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{host}\n{letters}".encode("utf-8", "surrogatepass"))


def _whole(flags: Sequence[bool], kinds: Sequence[str]) -> list[bool]:
    """The flags where they are those of something whole: a list or table that is repeated from its first entry to its
    last, a heading together with what stands under it. Recipes share many ingredients, and most have a heading for
    them.
    """
    out = list(flags)
    first = 0
    for index in range(1, len(kinds) + 1):
        if index == len(kinds) or kinds[index] != kinds[first]:
            if kinds[first] in _LISTED and not all(flags[first:index]):
                out[first:index] = [False] * (index - first)
            first = index
    for index in range(len(kinds) - 2, -1, -1):
        if kinds[index] == "heading":
            out[index] = out[index] and out[index + 1]
    return out


def _chosen(lines: Sequence[_Line], repeated: Sequence[bool], common: Sequence[bool]) -> list[bool]:
    """Which blocks go: those repeated after the page's own text, those common before it, and within it such stretches
    of common ones as make a line. Half a line is own text: a date or a name between two notices is not, a verse is.
    """
    own = [0.0 if again else line.weight for line, again in zip(lines, repeated, strict=True)]
    begin, end = _own(own), len(own) - _own(own[::-1])
    if begin >= end:
        return list(repeated)
    chosen = [*common[:begin], *([False] * (end - begin)), *repeated[end:]]
    run: list[int] = []
    for index in range(begin, end + 1):
        if index < end and common[index]:
            run.append(index)
            continue
        if run and sum(lines[i].weight for i in run) >= 1:
            chosen[run[0] : run[-1] + 1] = [True] * len(run)
        run = []
    return chosen


def _own(weights: Sequence[float]) -> int:
    """At which block the first half line is complete; the number of blocks if there is none."""
    sums = itertools.accumulate(weights)
    return next((index for index, total in enumerate(sums) if total >= _LOWEST_OWN), len(weights))


def _marked(page: Page, chosen: Sequence[bool]) -> Page:
    blocks = [
        replace(block, kind=HOST_LINE, level=0) if gone else block
        for block, gone in zip(page.blocks, chosen, strict=True)
    ]
    count = sum(block.end - block.start for block, gone in zip(page.blocks, chosen, strict=True) if gone)
    return replace(page, blocks=blocks, cut={**page.cut, "host_lines": count})


def unlabelled(page: Page, labels: Sequence[str | None]) -> list[str | None]:
    """The language labels of a page's blocks, with None for those that its host repeats: what has no label is in no
    passage, and none runs across it.
    """
    return [None if block.kind == HOST_LINE else label for block, label in zip(page.blocks, labels, strict=True)]
