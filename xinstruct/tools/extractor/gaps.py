"""Puts back the lists and paragraphs that the extractor left out in the middle of what it kept."""

from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import RawBlock, bare, tidy

_WHOLE = {"p": "paragraph", "blockquote": "paragraph"}
_LISTS = frozenset(("ol", "ul", "dl"))
_ITEMS = {"li": "item", "dt": "term", "dd": "definition"}
_COMPARED = 40  # letters by which a stretch of the page is found again in the text
_FEWEST_COMPARED = 12
_HIGHEST_LINKED_SHARE = 0.3
_FEWEST_LETTERS = 20


def with_gaps(tree: HtmlElement, blocks: list[RawBlock]) -> list[RawBlock]:
    """The blocks with every list and paragraph that stands on the page between two of them, side by side, and is not
    mostly links.
    """
    places = _places(blocks)
    present = "".join(bare(text) for _, _, text in blocks)
    missing: dict[int, list[RawBlock]] = {}
    for parent in tree.iter("div", "article", "section", "main", "body", "td"):
        if len(parent) > 2:
            _fill(parent, places, present, missing)
    return [block for index, own in enumerate(blocks) for block in [*missing.get(index, []), own]]


def _places(blocks: list[RawBlock]) -> dict[str, int]:
    """Where a text begins among the blocks, by its first letters; texts that stand in two places are left out."""
    found: dict[str, int] = {}
    for index, (_, _, text) in enumerate(blocks):
        key = bare(text[: 4 * _COMPARED])[:_COMPARED]
        if len(key) >= _FEWEST_COMPARED:
            found[key] = -1 if key in found else index
    return {key: index for key, index in found.items() if index >= 0}


def _fill(parent: HtmlElement, places: dict[str, int], present: str, missing: dict[int, list[RawBlock]]) -> None:
    waiting: list[RawBlock] = []
    begun = False
    for child in parent:
        if not isinstance(child.tag, str):
            continue
        place = places.get(_start(child))
        if place is not None:
            if begun and waiting and place not in missing:
                missing[place] = waiting
            begun, waiting = True, []
        elif begun and (child.tag in _WHOLE or child.tag in _LISTS):
            waiting = waiting + [block for block in _blocks(child) if bare(block[2]) not in present]


def _start(element: HtmlElement) -> str:
    out = ""
    for text in element.itertext("*", with_tail=True):
        out += bare(text[: 4 * _COMPARED])
        if len(out) >= _COMPARED:
            break
    return out[:_COMPARED]


def _blocks(element: HtmlElement) -> list[RawBlock]:
    text = element.text_content()
    linked = sum(len(bare(link.text_content())) for link in element.iter("a"))
    letters = len(bare(text))
    if (
        letters < _FEWEST_LETTERS
        or linked > _HIGHEST_LINKED_SHARE * letters
        or next(element.iter("form", "script", "button"), None) is not None
    ):
        return []
    if element.tag in _WHOLE:
        return [(_WHOLE[element.tag], 0, tidy(text.replace("\n", " ")))]
    items = ((_ITEMS[item.tag], 0, tidy(item.text_content().replace("\n", " "))) for item in element.iter(*_ITEMS))
    return [item for item in items if item[2]]
