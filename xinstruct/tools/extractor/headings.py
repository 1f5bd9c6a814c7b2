"""Puts back the headings and questions of a page that the extractor left out, before the text that they stand over."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import RawBlock, bare, tidy

_LEVELS = {"h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "summary": 3}
# Headings in these belong to the site, not to the text; h1 is the page's title.
_ASIDE = frozenset(["nav", "footer", "aside", "header", "form", "dialog"])
_UNSEEN = frozenset(["script", "style", "noscript", "template", "select", "button", "svg", "iframe", "h1"])
_COMPARED = 40  # letters of the text under a heading by which its place is found
_FEWEST_COMPARED = 12
_LONGEST_HEADING = 250


def with_headings(tree: HtmlElement, blocks: list[RawBlock]) -> list[RawBlock]:
    """The blocks with every heading of the page whose text is among them, and that is not itself."""
    present = {bare(text) for _, _, text in blocks}
    missing = [(head, under) for head, under in _headings(tree) if bare(head[2]) not in present]
    return _inserted(blocks, missing)


def with_questions(pairs: list[list[str]], blocks: list[RawBlock]) -> list[RawBlock]:
    """The blocks with every question of the page's markup whose answer is among them; many sites draw questions as
    buttons.
    """
    present = {bare(text) for _, _, text in blocks}
    missing = [
        (("heading", 3, question), bare(answer)[:_COMPARED])
        for question, answer in pairs
        if bare(question) not in present
    ]
    return _inserted(blocks, missing)


def _inserted(blocks: list[RawBlock], missing: list[tuple[RawBlock, str]]) -> list[RawBlock]:
    if not missing:
        return blocks
    starts = [_start(blocks, index) for index in range(len(blocks))]
    places: dict[str, list[int]] = {}
    for index, start in enumerate(starts):
        places.setdefault(start[:_FEWEST_COMPARED], []).append(index)
    before: dict[int, RawBlock] = {}
    for head, under in missing:
        fitting = [i for i in places.get(under[:_FEWEST_COMPARED], []) if starts[i].startswith(under)]
        # text that stands in two places does not say which of them the heading belongs to
        if len(under) >= _FEWEST_COMPARED and len(fitting) == 1:
            before.setdefault(fitting[0], head)
    return [block for index, own in enumerate(blocks) for block in ([before[index]] if index in before else []) + [own]]


def _start(blocks: list[RawBlock], index: int) -> str:
    """The first letters of the text that begins with this block; none for a heading."""
    out = ""
    while index < len(blocks) and blocks[index][0] != "heading" and len(out) < _COMPARED:
        out += bare(blocks[index][2][: 4 * _COMPARED])
        index += 1
    return out[:_COMPARED]


def _headings(tree: HtmlElement) -> Iterator[tuple[RawBlock, str]]:
    """Each heading of the page with the first letters of the text under it."""
    head: RawBlock | None = None
    under = ""
    for heading, text in _stream(tree):
        if heading is not None or len(under) >= _COMPARED:
            if head is not None and under:
                yield head, under[:_COMPARED]
            head, under = heading, ""
        if head is not None:
            under += bare(text)
    if head is not None and under:
        yield head, under[:_COMPARED]


def _stream(tree: HtmlElement) -> Iterator[tuple[RawBlock | None, str]]:
    """The page in reading order: a heading with no text, or text with no heading."""
    waiting: list[HtmlElement | str] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield None, node
            continue
        if node.tail:
            waiting.append(node.tail)
        if not isinstance(node.tag, str) or node.tag in _UNSEEN or node.tag in _ASIDE:
            continue
        if node.tag in _LEVELS:
            text = tidy(node.text_content().replace("\n", " ")).rstrip(" ¶")
            if 0 < len(text) <= _LONGEST_HEADING:
                yield ("heading", _LEVELS[node.tag], text), ""
            continue
        waiting.extend(reversed(node))
        if node.text:
            waiting.append(node.text)
