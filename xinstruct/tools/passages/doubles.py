"""Sees teasers: blocks of a page whose text stands again further down."""

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.sentences import is_unspaced

_LETTERS = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_SHORTEST = 40  # letters; half of it where words are not parted
_FARTHEST = 6  # blocks


def stands_again(page: Page, index: int) -> bool:
    """Whether the letters of a block, or all of them before it breaks off, stand in one of the blocks after it."""
    teaser = _letters(page, index)
    least = _SHORTEST // 2 if is_unspaced(teaser) else _SHORTEST
    if len(teaser) < least:
        return False
    for later in range(index + 1, min(index + 1 + _FARTHEST, len(page.blocks))):
        if page.blocks[later].kind == "heading":  # another section may say the same
            return False
        if teaser in _letters(page, later):
            return True
    return False


def _letters(page: Page, index: int) -> str:
    block = page.blocks[index]
    return "".join(_LETTERS.findall(page.text[block.start : block.end]))
