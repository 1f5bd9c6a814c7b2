"""Sees the paragraphs of texts that are set otherwise, as picture books and verse are: line by line, or as headings."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.sentences import ends_sentence, is_unmarked

_FEWEST_OPEN = 3
_FEWEST_HEADINGS = 3  # in a row
_SHORTEST_UNMARKED = 40
_MOST_LINES = 10
_LOWEST_RUNNING = 0.5
_LOWEST_POINTED = 0.5
_LOWEST_CLOSED = 0.1
_LONGEST_LINE = 100  # a line that was broken for its width
_MOST_LONGER = 0.1
_POINTED = regex.compile(r"\p{P}\p{Cf}*$")
_ASKS = regex.compile(r"[?؟？;՞፧]\W*$")
_LOWER = regex.compile(r"[\p{Pi}\p{Ps}\"'¿¡—–-]*\p{Ll}")
_CASED = regex.compile(r"\p{Lu}")


def undressed(page: Page) -> Page:
    """The page with headings in a row that are sentences as paragraphs."""
    return replace(page, blocks=[block for run in _runs(page.blocks) for block in _undressed(page, run)])


def joined(page: Page) -> Page:
    """The page of a plain text with the lines of every sentence that goes on from line to line as one paragraph, where
    its lines do so. The text stays as it is. Lines that are parted by an empty one are not joined.
    """
    stretches = list(_stretches(page))
    if not any(_run_on([page.text[block.start : block.end] for block in stretch]) for stretch in stretches):
        return page
    blocks: list[Block] = []
    for stretch in stretches:
        runs_on = _run_on([page.text[block.start : block.end] for block in stretch])
        blocks += _sentences(page, stretch) if runs_on else stretch
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
    open_ = [index for index, line in enumerate(lines[:-1]) if not ends_sentence(line)]
    closed = 1 - len(open_) / max(1, len(lines))
    longer = sum(len(lines[index]) > _LONGEST_LINE for index in open_)
    if len(open_) < _FEWEST_OPEN or closed < _LOWEST_CLOSED or longer > _MOST_LONGER * len(open_):
        return False
    if sum(bool(_LOWER.match(lines[index + 1])) for index in open_) >= _LOWEST_RUNNING * len(open_):
        return True
    if sum(bool(_POINTED.search(line)) for line in lines) >= _LOWEST_POINTED * len(lines):
        return True
    return closed >= 2 * _LOWEST_CLOSED and not any(_CASED.search(line) for line in lines)


def _sentences(page: Page, lines: Sequence[Block]) -> Iterator[Block]:
    """One block for the lines up to each that ends a sentence; many lines without such an end stay by themselves."""
    held: list[Block] = []
    for line in lines:
        held.append(line)
        if ends_sentence(page.text[line.start : line.end]):
            yield from [replace(held[0], end=line.end)] if len(held) <= _MOST_LINES else held
            held = []
    yield from held
