"""Opens what a page has folded away under a heading, a button or a tab: answers and panels of which the extractor
thinks that nobody reads them because they are hidden at first.
"""

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import bare

# Class names and styles by which pages hide an element until something is clicked.
HIDING = frozenset(("hidden", "hide", "is-hidden", "d-none", "invisible"))
_HIDING_STYLE = regex.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", regex.I)
_MAY_BE_FOLDED = ("div", "p", "section", "dd", "ul", "ol", "article")
_ABOVE = frozenset(("h2", "h3", "h4", "h5", "h6", "dt", "button", "summary"))
_NAMING = ("aria-controls", "data-target", "data-bs-target")
_LAST_LETTER = regex.compile(r"(?r)\w")
_PROSE_END = regex.compile(r"[\p{Sentence_Terminal}…፡\p{Thai}\p{Lao}\p{Tibetan}]")
_FEWEST_LETTERS = 40
_HIGHEST_LINKED_SHARE = 0.3  # menus are folded away as well


def is_hidden(element: HtmlElement) -> bool:
    """Whether the element's own markup says that it is not seen when the page opens."""
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    classes, style = element.get("class"), element.get("style")
    return bool(
        (classes and not HIDING.isdisjoint(classes.split())) or (style and _HIDING_STYLE.search(style) is not None)
    )


def ends_as_prose(text: str) -> bool:
    """Whether the text ends in a full stop; Thai, Lao and Tibetan prose goes without."""
    letter = _LAST_LETTER.search(text)
    return _PROSE_END.search(text, letter.start() if letter else 0) is not None


def open_folds(tree: HtmlElement) -> None:
    """Take the marks of hiding from every text that stands under its heading or button, or that a button names."""
    named: set[str] | None = None
    for element in tree.iter(*_MAY_BE_FOLDED):
        if not is_hidden(element):
            continue
        if named is None:
            named = _named(tree)
        if (_stands_under_a_head(element) or element.get("id") in named) and _is_text(element):
            classes = [name for name in (element.get("class") or "").split() if name not in HIDING]
            for name in ("hidden", "aria-hidden", "style", "class"):
                element.attrib.pop(name, None)
            if classes:
                element.set("class", " ".join(classes))


def _named(tree: HtmlElement) -> set[str]:
    """The ids that buttons and tabs of the page say they open."""
    return {
        name.lstrip("#") for element in tree.iter("a", "button", "div", "h2", "h3", "h4", "li", "span", "summary")
        for attribute in _NAMING if (name := element.get(attribute))
    }  # fmt: skip


def _stands_under_a_head(element: HtmlElement) -> bool:
    before = element.getprevious()
    return before is not None and (
        before.tag in _ABOVE
        or before.get("aria-expanded") is not None
        or next(before.iter(*_ABOVE), None) is not None
    )  # fmt: skip


def _is_text(element: HtmlElement) -> bool:
    text = element.text_content()
    letters = len(bare(text))
    linked = sum(len(bare(link.text_content())) for link in element.iter("a"))
    return (
        letters >= _FEWEST_LETTERS
        and linked <= _HIGHEST_LINKED_SHARE * letters
        and ends_as_prose(text)
        and next(element.iter("form", "input", "script", "nav"), None) is None
    )
