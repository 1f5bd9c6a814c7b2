"""Lays out a part of a page by its own tags, all of its text but menus, forms and the like."""

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


def plain_blocks(element: HtmlElement) -> list[RawBlock]:
    """The blocks of an element, in reading order, whatever it is itself."""
    layout = Layout()
    _walk(element, layout)
    layout.end(("paragraph", 0))
    return layout.blocks


def _walk(element: HtmlElement, layout: Layout) -> None:
    tag = str(element.tag)
    if tag == "br":
        layout.line()
        return
    kind = _kind(tag)
    before = layout.begin(*kind) if kind else None
    layout.text(element.text)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _NOT_CONTENT:
            _walk(child, layout)
        layout.text(child.tail)
    if before:
        layout.end(before)


def _kind(tag: str) -> tuple[str, int] | None:
    if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
        return "heading", int(tag[1])
    if tag in _KINDS:
        return _KINDS[tag], 0
    return ("paragraph", 0) if tag in _PARTS else None
