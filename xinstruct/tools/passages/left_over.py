"""Counts what a page says in wanted languages of which no passage was made."""

from collections import defaultdict
from collections.abc import Sequence

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.passages.cutting import runs


def left_over(
    page: Page, labels: Sequence[str | None], wanted: frozenset[str], spans: Sequence[tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """By language: how many characters stand in stretches of neighbouring blocks that no passage is from, and how long
    the longest such stretch is. labels: one per block of the page; spans: where the passages are in its text.
    """
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for first, end in runs(labels, wanted):
        begin, close = page.blocks[first].start, page.blocks[end - 1].end
        if not any(start < close and stop > begin for start, stop in spans):
            characters, longest = found[str(labels[first])]
            found[str(labels[first])] = characters + close - begin, max(longest, close - begin)
    return dict(found)
