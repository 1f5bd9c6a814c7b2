"""Lays out a part of a page by its own tags, all of its text but menus, forms and the like."""

from collections.abc import Collection

from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import Layout, RawBlock

_NOT_CONTENT = frozenset((
    "script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "select",
    "iframe", "svg", "math", "figure", "input", "textarea", "object", "head",
))  # fmt: skip
_KINDS = {"li": "item", "dt": "term", "dd": "definition", "pre": "code"}
_PARTS = frozenset((
    "p", "td", "th", "tr", "table", "blockquote", "div", "section", "article", "main", "body", "ul", "ol", "dl",
    "hr", "center", "details", "summary", "address",
))  # fmt: skip
_KIND: dict[str, tuple[str, int]] = (
    {f"h{level}": ("heading", level) for level in range(10)}
    | {tag: (kind, 0) for tag, kind in _KINDS.items()}
    | dict.fromkeys(_PARTS, ("paragraph", 0))
)


def plain_blocks(element: HtmlElement, without: Collection[HtmlElement] = ()) -> list[RawBlock]:
    """The blocks of an element, in reading order, whatever it is itself; without: elements in it to leave out."""
    layout = Layout()
    _walk(element, layout, frozenset(without))
    layout.end(("paragraph", 0))
    return layout.blocks


def _walk(element: HtmlElement, layout: Layout, without: frozenset[HtmlElement]) -> None:
    tag = str(element.tag)
    if tag == "br":
        layout.line()
        return
    kind = _KIND.get(tag)
    before = layout.begin(*kind) if kind else None
    layout.text(element.text)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _NOT_CONTENT and child not in without:
            _walk(child, layout, without)
        layout.text(child.tail)
    if before:
        layout.end(before)
