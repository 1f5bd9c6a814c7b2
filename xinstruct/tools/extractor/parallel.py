"""Finds the stretch of a page whose text stood in several languages side by side: credits and further reading around it
do not.
"""

from collections import Counter
from collections.abc import Sequence

from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import RawBlock, bare
from xinstruct.tools.extractor.folds import ends_as_prose

_LOWEST_SHARE = 0.5  # of all sentences at the end of a block


def stretch(kept: Sequence[HtmlElement]) -> list[HtmlElement]:
    """The neighbours of one parent from the first to the last that hold the elements which stayed of the copies; of
    these, the ones of the tag that most are of, for a heading above them may be switched with them.
    """
    if not kept:
        return []
    tag = Counter(element.tag for element in kept).most_common(1)[0][0]
    lines = [[*reversed(list(element.iterancestors())), element] for element in kept if element.tag == tag]
    depth = 0
    while all(len(line) > depth + 1 and line[depth] is lines[0][depth] for line in lines):
        depth += 1
    parent = lines[0][depth - 1] if depth else lines[0][0]
    at = [parent.index(line[depth]) for line in lines]
    return list(parent[min(at) : max(at) + 1])


def holds_the_text(inside: Sequence[RawBlock], blocks: Sequence[RawBlock]) -> bool:
    """Whether most sentences that end a block, of the stretch and of what the extractor found, are the stretch's."""
    own = {bare(text) for _, _, text in inside if ends_as_prose(text)}
    others = {bare(text) for _, _, text in blocks if ends_as_prose(text)} - own
    return len(own) >= _LOWEST_SHARE * (len(own) + len(others)) and bool(own)
