"""Reads under which licence a page says that it may be used."""

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.markup import Node, strings, types
from xinstruct.tools.rights.licences import known

_CC = regex.compile(
    r"creativecommons\.org/(?:licenses/([a-z-]+)(?:/(\d\.\d)(?:/(igo|[a-z]{2})(?![a-z]))?)?|publicdomain/(zero)/(\d\.\d))",
    regex.I,
)
_LONGEST_NAME = 300
# An image or a program on the page may have another licence than the page.
_OTHER_THINGS = frozenset(
    ("ImageObject", "VideoObject", "AudioObject", "SoftwareApplication", "Dataset", "MediaObject")
)


def read_licence(tree: HtmlElement, metas: dict[str, str], marked: list[Node]) -> tuple[str | None, str | None]:
    """The licence of the page, and where it was read: link, json_ld (or microdata), meta; None, None without one."""
    for link in tree.iter("link", "a"):
        if "license" in (link.get("rel") or "").lower().split() and link.get("href") and not _in_figure(link):
            return licence_name(link.get("href")), "link"
    for node in marked:
        if not set(types(node)) & _OTHER_THINGS:
            for text in strings(node.get("license")):
                return licence_name(text), "json_ld"
    for name in ("license", "dc.license", "dcterms.license", "dc.rights.license"):
        if metas.get(name):
            return licence_name(metas[name]), "meta"
    # a plain link speaks for the page only when no other such link, say of an image, contradicts it
    plain = {
        licence_name(href)
        for link in tree.iter("a")
        if _CC.search(href := link.get("href") or "") and not _in_figure(link)
    }
    return (plain.pop(), "link") if len(plain) == 1 else (None, None)


def _in_figure(element: HtmlElement) -> bool:
    return next(element.iterancestors("figure", "figcaption"), None) is not None


def licence_name(text: str) -> str:
    """The SPDX name of a licence that is known by name or address; any other as it is written."""
    return known(text) or text.strip()[:_LONGEST_NAME]
