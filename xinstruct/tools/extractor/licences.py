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
_LONGEST_STATEMENT = 300
_FOOT = regex.compile(r"\b(?:site-?)?(?:footer|copyright|licen[cs]e|legal|colophon|imprint|cc-?by)\b", regex.I)
_STATEMENT = regex.compile(
    r"©|\(c\)|\bcopyright\b"
    r"|\b(?:licen[cs]e|lizenz|licencia|licenza|licença|lisens|licens|licentie|lisensi|leseni|лицензия|ліцензія|lisans)\s*:"
    r"|\b(?:this|these|all|our|dies\w*|alle|cet|cette|ces|este|esta|estos|todo\w*|quest\w|deze|dit|denn\w|detta|tämä|"
    r"эт\w{1,2}|данн\w{2}|весь|вся|все|ця|цей|bu|tüm|ini|hii|hiki)\b.{0,100}?(?:licen|lizen|lisen|лиценз|ліценз|lisans|leseni)",
    regex.I,
)
# An image or a program on the page may have another licence than the page.
_OTHER_THINGS = frozenset(
    ("ImageObject", "VideoObject", "AudioObject", "SoftwareApplication", "Dataset", "MediaObject")
)


def read_licence(tree: HtmlElement, metas: dict[str, str], marked: list[Node]) -> tuple[str | None, str | None]:
    """The licence of the page, and where it was read: link, json_ld (or microdata), meta; None, None without one."""
    named = {
        licence_name(link.get("href"))
        for link in tree.iter("link", "a")
        if "license" in (link.get("rel") or "").lower().split() and link.get("href") and not _in_figure(link)
    }
    if named:  # two of them contradict each other, and nobody says which is the page's
        return (named.pop(), "link") if len(named) == 1 else (None, None)
    for node in marked:
        if not set(types(node)) & _OTHER_THINGS:
            for text in strings(node.get("license")):
                return licence_name(text), "json_ld"
    for name in ("license", "dc.license", "dcterms.license", "dc.rights.license"):
        if metas.get(name):
            return licence_name(metas[name]), "meta"
    # a plain link may as well be what an article tells of
    plain = {
        licence_name(href)
        for link in tree.iter("a")
        if _CC.search(href := link.get("href") or "") and not _in_figure(link) and _is_own(link)
    }
    return (plain.pop(), "link") if len(plain) == 1 else (None, None)


def _is_own(link: HtmlElement) -> bool:
    """Whether a link stands where a page speaks of itself: at its foot, or in a short statement on its own rights."""
    if any(
        element.tag == "footer" or _FOOT.search(f"{element.get('class', '')} {element.get('id', '')}")
        for element in link.iterancestors()
    ):
        return True
    around = link.getparent()
    text = "" if around is None else " ".join(around.text_content().split())
    return len(text) <= _LONGEST_STATEMENT and bool(_STATEMENT.search(text))


def _in_figure(element: HtmlElement) -> bool:
    return next(element.iterancestors("figure", "figcaption"), None) is not None


def licence_name(text: str) -> str:
    """The SPDX name of a licence that is known by name or address; any other as it is written."""
    return known(text) or text.strip()[:_LONGEST_NAME]
