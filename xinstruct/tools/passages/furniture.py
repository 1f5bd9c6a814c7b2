"""Sees the blocks of a page that no passage takes or runs across: lines between teasers and between the posts of
several people, what readers said below a text, the minutes of a live report, line-ups.
"""

from collections.abc import Iterator, Sequence

import regex

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.extractor.wording import heads_replies, notifies, said, stamps_post
from xinstruct.tools.sentences import ends_sentence, is_unspaced

_SAID = frozenset(("paragraph", "item"))
_MINUTE = regex.compile(r"\s*\p{Nd}{1,3}(?:\s?\+\s?\p{Nd}{1,2})?\s?['’′´]")
_FEWEST_MINUTES = 6
_FEWEST_LONE_MINUTES = 3
_NUMBER = regex.compile(r"\p{Nd}+(?:[.,:]\p{Nd}+)*")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:[.,:]\p{Nd}+)*")
_LETTER = regex.compile(r"[\p{L}\p{N}]")
_FEWEST_NUMBERS = 8
_HIGHEST_NUMBERS = 0.3  # of the words and numbers; where words are not parted, of the letters
_HIGHEST_NUMBERS_TOLD = 0.4  # the same of a paragraph that ends with a sentence
_ADDRESSED = regex.compile(r"@ ?[\p{L}\p{M}\p{N}_.-]+(?:[\s:,]|$)")
_CODE = regex.compile(r"\b(?:def|class|function|return)\b")
_FEWEST_STAMPS = 3
_LOWEST_BEFORE_REPLIES = 0.3  # of the page's text


def apart(page: Page, labels: Sequence[str | None]) -> list[str | None]:
    """The language labels of a page's blocks, with None for furniture: what has no label is in no passage, and none
    runs across it.
    """
    texts = [page.text[block.start : block.end] for block in page.blocks]
    gone = {*_lines(page.blocks, texts), *_posts(page.blocks, texts), *_minutes(page.blocks, texts)}
    gone.update(index for index, text in enumerate(texts) if page.blocks[index].kind in _SAID and _is_line_up(text))
    gone.update(_replies(page.blocks, texts))
    return [None if index in gone else label for index, label in enumerate(labels)]


def _lines(blocks: Sequence[Block], texts: Sequence[str]) -> Iterator[int]:
    """Calls, advertisements, notices and credits that the text still has, because it came as text or is a row of
    teasers.
    """
    for index, (block, text) in enumerate(zip(blocks, texts, strict=True)):
        if block.kind in _SAID and (said(text, block.kind) or notifies(text)):
            yield index


def _posts(blocks: Sequence[Block], texts: Sequence[str]) -> list[int]:
    """The lines that say when somebody wrote what follows or whose words it quotes, and the replies to somebody named,
    where several stand on a page. Entries of a list with a date are a chronicle.
    """
    stamps = [index for index, text in enumerate(texts) if blocks[index].kind == "paragraph" and _begins_post(text)]
    ends = [*stamps, len(texts)][1:]
    # dates that stand together at the head of a text say when it was written, and when changed
    told = [any(map(ends_sentence, texts[i:end])) for i, end in zip(stamps, ends, strict=True)]
    return stamps if sum(told) >= _FEWEST_STAMPS else []


def _begins_post(text: str) -> bool:
    return stamps_post(text) or (_ADDRESSED.match(text) is not None and not _CODE.search(text))


def _minutes(blocks: Sequence[Block], texts: Sequence[str]) -> range:
    """A live report, from its first minute to its last: told backwards, and of scraps."""
    found = [index for index, text in enumerate(texts) if blocks[index].kind in _SAID and _MINUTE.match(text)]
    lone = [index for index in found if _MINUTE.fullmatch(texts[index].strip())]
    if len(found) < _FEWEST_MINUTES or len(lone) < _FEWEST_LONE_MINUTES:
        return range(0)
    return range(found[0], found[-1] + 2)  # what happened in the last of them stands below it


def _is_line_up(text: str) -> bool:
    """Whether numbers stand so close that a paragraph lists who plays where, or results, and tells nothing."""
    numbers = _NUMBER.findall(text)
    if len(numbers) < _FEWEST_NUMBERS or _CODE.search(text):
        return False
    if is_unspaced(text):
        return not ends_sentence(text) and sum(map(len, numbers)) >= _HIGHEST_NUMBERS * len(_LETTER.findall(text))
    highest = _HIGHEST_NUMBERS_TOLD if ends_sentence(text) else _HIGHEST_NUMBERS
    return len(numbers) >= highest * len(_WORD.findall(text))


def _replies(blocks: Sequence[Block], texts: Sequence[str]) -> range:
    """All below the heading of what readers said, where most of the page's own text stands above it."""
    total = sum(map(len, texts))
    above = 0
    for index, text in enumerate(texts):
        heads = blocks[index].kind in ("heading", "paragraph") and heads_replies(text)
        if heads and above >= _LOWEST_BEFORE_REPLIES * total:
            return range(index, len(texts))
        above += len(text)
    return range(0)
