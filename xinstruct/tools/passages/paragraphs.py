"""Sees the paragraphs of texts that are set otherwise, as picture books and verse are: line by line, or as headings."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.extractor.wraps import is_wrapped
from xinstruct.tools.sentences import SMALL_LETTER, ends_sentence, is_unmarked

_FEWEST_OPEN = 3
_FEWEST_HEADINGS = 3  # in a row
_SHORTEST_UNMARKED = 40
_MOST_LINES = 10
_LOWEST_RUNNING = 0.5
_LOWEST_POINTED = 0.5
_HIGHEST_POINTED = 0.35
_LOWEST_CLOSED = 0.1
_LONGEST_LINE = 100  # a line that was broken for its width
_MOST_LONGER = 0.1
_POINTED = regex.compile(r"\p{P}\p{Cf}*$")
_ASKS = regex.compile(r"[?؟？;՞፧]\W*$")
_LOWER = regex.compile(rf"[\p{{Pi}}\p{{Ps}}\"'¿¡—–-]*{SMALL_LETTER}")
_CAPITAL = regex.compile(r"[\p{Pi}\p{Ps}\"'¿¡—–-]*\p{Lu}")
_CASED = regex.compile(r"\p{Lu}")


def undressed(page: Page) -> Page:
    """The page with headings in a row that are sentences as paragraphs, and the lines of a sentence as one paragraph
    where they are paragraphs each, as in picture books. The text stays as it is.
    """
    blocks = [block for run in _runs(page.blocks) for block in _undressed(page, run)]
    return _with_sentences(replace(page, blocks=blocks), _is_cut_up, only_small=True)


def joined(page: Page) -> Page:
    """The page of a plain text with the lines of every sentence that goes on from line to line as one paragraph, where
    its lines do so. The text stays as it is. Lines that are parted by an empty one are not joined.
    """
    return _with_sentences(page, _run_on)


def _with_sentences(page: Page, run_on: Callable[[Sequence[str]], bool], only_small: bool = False) -> Page:
    """The page with one paragraph for each sentence of the stretches whose lines run on. only_small: a
    sentence begins with a capital, where there are such, and goes on with small letters alone.
    """
    blocks: list[Block] = []
    for stretch in _stretches(page):
        lines = [page.text[block.start : block.end] for block in stretch]
        blocks += _sentences(page, stretch, only_small) if run_on(lines) else stretch
    return replace(page, blocks=blocks)


def _runs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Neighbouring blocks of one kind and level together."""
    for _, run in itertools.groupby(blocks, key=lambda block: (block.kind, block.level)):
        yield list(run)


def _undressed(page: Page, run: list[Block]) -> list[Block]:
    """The blocks, as paragraphs if they are headings without a text below them and most of them state something."""
    if run[0].kind != "heading" or len(run) < _FEWEST_HEADINGS:
        return run
    texts = [page.text[block.start : block.end] for block in run]
    stated = sum(
        ends_sentence(text) and not _ASKS.search(text) and (len(text) >= _SHORTEST_UNMARKED or not is_unmarked(text))
        for text in texts
    )
    return [replace(block, kind="paragraph", level=0) for block in run] if stated * 2 > len(run) else run


def _stretches(page: Page) -> Iterator[list[Block]]:
    """The blocks of the page, neighbouring paragraphs together."""
    stretch: list[Block] = []
    for block in page.blocks:
        after = stretch and block.kind == stretch[-1].kind == "paragraph"
        if stretch and not (after and page.text[stretch[-1].end : block.start].count("\n") == 1):
            yield stretch
            stretch = []
        stretch.append(block)
    if stretch:
        yield stretch


def _run_on(lines: Sequence[str]) -> bool:
    """Whether lines go on from one to the next: most that end in mid-sentence are followed by a small letter, or most
    close with a mark of some kind; where letters have no case, one in five ends a sentence. Longer lines than a page
    is wide are paragraphs of their own.
    """
    open_ = _open(lines)
    if not open_:
        return False
    if _goes_on_small(lines, open_) or sum(bool(_POINTED.search(line)) for line in lines) >= _LOWEST_POINTED * len(
        lines
    ):
        return True
    closed = 1 - len(open_) / len(lines)
    return closed >= 2 * _LOWEST_CLOSED and not any(_CASED.search(line) for line in lines)


def _is_cut_up(lines: Sequence[str]) -> bool:
    """Whether paragraphs of a page are the lines of sentences: most that end in mid-sentence, and with a letter, are
    followed by a small one, or are full where letters have no case. Lists and programs have marks between them.
    """
    open_ = _open(lines)
    if is_wrapped(lines):
        return True
    pointed = sum(bool(_POINTED.search(lines[index])) for index in open_)
    return bool(open_) and _goes_on_small(lines, open_) and pointed <= _HIGHEST_POINTED * len(open_)


def _open(lines: Sequence[str]) -> list[int]:
    """Which lines end in mid-sentence; none if they are few, or nearly all, or too long to be lines."""
    open_ = [index for index, line in enumerate(lines[:-1]) if not ends_sentence(line)]
    longer = sum(len(lines[index]) > _LONGEST_LINE for index in open_)
    closed = len(lines) - len(open_)
    is_usable = len(open_) >= _FEWEST_OPEN and closed >= _LOWEST_CLOSED * len(lines)
    return open_ if is_usable and longer <= _MOST_LONGER * len(open_) else []


def _goes_on_small(lines: Sequence[str], open_: Sequence[int]) -> bool:
    return sum(bool(_LOWER.match(lines[index + 1])) for index in open_) >= _LOWEST_RUNNING * len(open_)


def _sentences(page: Page, lines: Sequence[Block], only_small: bool) -> Iterator[Block]:
    """One block for the lines up to each that ends a sentence; many lines without such an end stay by themselves, and
    if only_small, so do those before a capital and those that begin without one.
    """
    held: list[Block] = []
    for line in lines:
        text = page.text[line.start : line.end]
        if only_small and _CAPITAL.match(text):
            yield from held
            held = []
        held.append(line)
        if ends_sentence(text):
            is_one = len(held) <= _MOST_LINES and not (only_small and _LOWER.match(page.text, held[0].start))
            yield from [replace(held[0], end=line.end)] if is_one else held
            held = []
    yield from held
