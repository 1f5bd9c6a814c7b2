"""Takes out of a page what opens over it: boxes of links or with a form, and questions about cookies."""

from collections import Counter
from functools import lru_cache

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import bare

# Class names that say whether an element is seen at the moment, not which part of the page it is.
SEEN = frozenset(("active", "is-active", "current", "selected", "show", "open"))
_LOWEST_LINKED_SHARE = 0.5  # of the letters of a dialogue that offers things to choose from
_LONGEST_FORM = 1000  # letters; some sites open a whole article in a dialogue, with a form to subscribe in it
# Class names and ids by which programs that ask for consent mark what they show, and what sites call such boxes.
_CONSENT = regex.compile(
    r"(?:^|\s)(?:onetrust|ot-sdk|cookiebot|CybotCookiebot|didomi|qc-cmp|cky-|cmplz-|termly|"
    r"usercentrics|truste|evidon|osano|iubenda-cs|borlabs|moove_gdpr|cli-modal|cc-(?:window|banner)|fc-consent|"
    r"(?:[\w-]*[-_])?(?:cookie|gdpr)s?[-_]?(?:banner|bar|box|consent|dialog|law|message|modal|notice|notification|overlay|"
    r"policy-popup|popup|preferences|settings|wall)|consent[-_](?:banner|box|dialog|manager|modal|popup))",
    regex.IGNORECASE,
)
_HIGHEST_CONSENT = 0.5  # of the page's letters; a page on cookies may be built of nothing else


def drop_dialogues(tree: HtmlElement) -> Counter[str]:
    """Take out the boxes that open over the page to offer links or a form; one that holds prose stays, unless it asks
    about cookies. Gives how many characters were taken out as dialogue.
    """
    cut = Counter[str]()
    largest = _HIGHEST_CONSENT * characters(tree)
    for element in list(tree.iter("div", "dialog", "section", "aside")):
        asks = _is_named_consent(element) and characters(element) <= largest
        if (asks or (_is_dialogue(element) and _is_of_links(element))) and stands_in(element, tree):
            cut["dialogue"] += characters(element)
            element.drop_tree()
    return cut


def stands_in(element: HtmlElement, tree: HtmlElement) -> bool:
    """Whether an element is still on the page, and not in something that was taken out."""
    return any(above is tree for above in element.iterancestors())


def characters(element: HtmlElement) -> int:
    """How many characters of text an element has, blanks in a row as one."""
    return len(" ".join(element.text_content().split()))


def _is_named_consent(element: HtmlElement) -> bool:
    names = (element.get("id"), element.get("class"))
    return any(name and _asks_consent(name) for name in names)


@lru_cache(maxsize=4096)
def _asks_consent(names: str) -> bool:
    return _CONSENT.search(names) is not None


def _is_of_links(element: HtmlElement) -> bool:
    letters = len(bare(element.text_content()))
    linked = sum(len(bare(link.text_content())) for link in element.iter("a"))
    asks = letters <= _LONGEST_FORM and next(element.iter("form"), None) is not None
    return asks or linked >= _LOWEST_LINKED_SHARE * letters


def _is_dialogue(element: HtmlElement) -> bool:
    if element.tag == "dialog" or element.get("role") == "dialog":
        return element.get("open") is None
    classes = (element.get("class") or "").split()
    return "modal" in classes and SEEN.isdisjoint(classes)
