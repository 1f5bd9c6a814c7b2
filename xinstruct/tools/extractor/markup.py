"""Reads what a page says of itself in markup: JSON-LD and microdata, as one list of schema.org nodes."""

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import regex
from lxml.html import HtmlElement

Node = dict[str, Any]

_LARGEST_SCRIPT = 500_000
_MOST_NODES = 2_000
_DEEPEST = 40
_WRAPPING = regex.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$|;\s*$")
_TRAILING_COMMA = regex.compile(r",(?=\s*[}\]])")
_CONTROL = regex.compile(r"[\x00-\x1f]+")
_ADDRESSES = {"license", "item", "url", "sameAs", "mainEntityOfPage"}
# What may hold further nodes of the page itself, unlike an author, a publisher or an image.
_LEADING_ON = ("@graph", "mainEntity", "mainEntityOfPage", "hasPart", "itemListElement", "item", "breadcrumb", "@list")


def nodes(tree: HtmlElement) -> list[Node]:
    """Every schema.org node of the page that speaks of the page itself, JSON-LD first; broken scripts are passed over.

    A node is a dict with "@type" (a list of bare names) and its properties; a node in a property stays there as a dict.
    """
    found: list[Node] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text and len(script.text) < _LARGEST_SCRIPT:
            _collect(_parse(script.text), found, 0)
    for element in tree.iter():
        if isinstance(element.tag, str) and element.get("itemscope") is not None and element.get("itemprop") is None:
            _collect(_item(element, 0), found, 0)
    return found[:_MOST_NODES]


def types(node: Node) -> list[str]:
    """Bare type names of a node: NewsArticle for http://schema.org/NewsArticle."""
    return [
        name.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
        for name in listed(node.get("@type"))
        if isinstance(name, str)
    ]


def listed(value: Any) -> list[Any]:
    """The value as a list: a list stays, nothing is empty, anything else stands alone."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def strings(value: Any) -> list[str]:
    """The readable strings of a property: texts as they are, nodes by their name, text, headline or address."""
    out: list[str] = []
    for entry in listed(value):
        if isinstance(entry, dict):
            named = next(
                (entry[key] for key in ("name", "text", "headline", "@value", "url", "@id") if entry.get(key)), None
            )
            entry = next((text for text in listed(named) if isinstance(text, str)), None)
        if isinstance(entry, bool) or not isinstance(entry, str | int | float):
            continue
        # many sites escape their JSON for HTML, some of them twice
        text = " ".join(unescape(unescape(str(entry))).split())
        if text:
            out.append(text)
    return out


def _parse(text: str) -> Any:
    stripped = _WRAPPING.sub("", text)
    for attempt in (stripped, _TRAILING_COMMA.sub("", _CONTROL.sub(" ", stripped))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _collect(value: Any, found: list[Node], depth: int) -> None:
    if depth > _DEEPEST or len(found) >= _MOST_NODES:
        return
    for entry in listed(value):
        if isinstance(entry, list):
            _collect(entry, found, depth + 1)
        elif isinstance(entry, dict):
            if entry.get("@type"):
                found.append(entry)
            for key in _LEADING_ON:
                if isinstance(entry.get(key), dict | list):
                    _collect(entry[key], found, depth + 1)


def _item(element: HtmlElement, depth: int) -> Node:
    node: Node = {"@type": (element.get("itemtype") or "").split()}
    for holder in _properties(element) if depth < _DEEPEST else ():
        value: Any = _item(holder, depth + 1) if holder.get("itemscope") is not None else _value(holder)
        for name in (holder.get("itemprop") or "").split():
            node[name] = [*listed(node.get(name)), value] if name in node else value
    return node


def _properties(element: HtmlElement) -> Iterator[HtmlElement]:
    """Elements with itemprop that belong to this item and to none inside it."""
    waiting = list(reversed(element))
    while waiting:
        child = waiting.pop()
        if not isinstance(child.tag, str):
            continue
        if child.get("itemprop") is not None:
            yield child
        if child.get("itemscope") is None:
            waiting.extend(reversed(child))


def _value(element: HtmlElement) -> str:
    names = set((element.get("itemprop") or "").split())
    for attribute in ("content", "datetime", "href" if element.tag in ("a", "link") else "src"):
        value: str | None = element.get(attribute)
        # the name of what is linked is worth more than its address, except where an address is meant
        if value and (attribute != "href" or names & _ADDRESSES or not element.text_content().strip()):
            return value.strip()
    return " ".join(element.text_content().split())
