"""Finds the part of a page that holds most of its prose, for pages of which the extractor took something else."""

from collections.abc import Sequence

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import RawBlock, bare
from xinstruct.tools.extractor.folds import ends_as_prose
from xinstruct.tools.extractor.plain import plain_blocks

_ASIDE = frozenset(("nav", "footer", "aside", "header", "form", "dialog", "noscript", "template", "button"))
# What readers say below a text is often longer than the text.
_REPLIES = regex.compile(r"comment|respon[ds]|repl(?:y|ies)|discussion|review", regex.IGNORECASE)
_SHORTEST_PROSE = 80  # letters of a paragraph
_HIGHEST_LINKED_SHARE = 0.3
_FEWEST_LETTERS = 600  # of a page's prose
_LOWEST_SHARE = 0.7  # of it, in the part that holds most
_LOWEST_FOUND = 0.25  # of that part's prose, in the blocks of the extractor


def missed_prose(tree: HtmlElement, blocks: Sequence[RawBlock]) -> list[RawBlock]:
    """The blocks of the smallest part of the page with most of its prose, where the given ones lack most of it;
    otherwise none.
    """
    found = {element: bare(element.text_content()) for element in tree.iter("p") if _is_prose(element)}
    total = sum(map(len, found.values()))
    if total < _FEWEST_LETTERS:
        return []
    present = "".join(bare(text) for _, _, text in blocks)
    if sum(len(text) for text in found.values() if text in present) >= _LOWEST_FOUND * total:
        return []
    part = _smallest(found, total)
    return plain_blocks(part) if part is not None else []


def _is_prose(element: HtmlElement) -> bool:
    text = element.text_content()
    letters = len(bare(text))
    if letters < _SHORTEST_PROSE or not ends_as_prose(text):
        return False
    if any(above.tag in _ASIDE or _are_replies(above) for above in element.iterancestors("*")):
        return False
    return sum(len(bare(link.text_content())) for link in element.iter("a")) <= _HIGHEST_LINKED_SHARE * letters


def _are_replies(element: HtmlElement) -> bool:
    names = f"{element.get('id') or ''} {element.get('class') or ''}"
    return element.tag not in ("html", "body") and _REPLIES.search(names) is not None


def _smallest(found: dict[HtmlElement, str], total: int) -> HtmlElement | None:
    held: dict[HtmlElement, int] = {}
    for element, text in found.items():
        for above in element.iterancestors():
            held[above] = held.get(above, 0) + len(text)
    enough = [element for element, letters in held.items() if letters >= _LOWEST_SHARE * total]
    return max(enough, key=lambda element: sum(1 for _ in element.iterancestors()), default=None)
