"""Says which languages a page and its address name, which an identifier's guess is held against."""

import functools
from urllib.parse import urlsplit

import regex

from xinstruct.languages import UnknownLanguage, expand, macro
from xinstruct.tools.extractor.page import Page

_SUBTAGS = regex.compile(r"[-_,;\s]")
# A part of an address that may be a language: sw, loz-zm, zh_Hant; words of two letters are codes, too, so that an
# address alone never says more than a sure guess.
_CODE = regex.compile(r"([a-z]{2,3})(?:[-_][A-Za-z]{2,4})?")
_NO_LANGUAGE = frozenset(("und", "mul", "zxx", "mis"))


def same(one: str, other: str) -> bool:
    """Whether two labels are one language, or two members of one macrolanguage in one script, which identifiers
    confuse.
    """
    return one == other or (one[-4:] == other[-4:] and macro(one) == macro(other))


def claims(page: Page, url: str | None) -> tuple[tuple[str, ...], ...]:
    """What the page declares and what parts of its address may mean, each as the labels of that language; a code of
    three letters that a page declares and no table has is a language all the same, and its own label.
    """
    declared = _SUBTAGS.split(page.declared_language or "", maxsplit=1)[0].lower()
    stated = meant(declared)
    if not stated and regex.fullmatch(r"[a-z]{3}", declared) and declared not in _NO_LANGUAGE:
        stated = (declared,)
    codes = (found[1] for part in _parts(url or "") if (found := _CODE.fullmatch(part)))
    return tuple(labels for labels in (stated, *(meant(code) for code in codes)) if labels)


def named(claimed: tuple[tuple[str, ...], ...], close_to: str) -> str | None:
    """The language that one of the claims names, if it is the given one or one that identifiers confuse with it, such
    as Indonesian with Malay.
    """
    if any(close_to in labels for labels in claimed):
        return close_to
    return next((label for labels in claimed for label in labels if same(label, close_to)), None)


def stranger(claimed: tuple[tuple[str, ...], ...], known: frozenset[str]) -> str | None:
    """The first language claimed that is not among the known codes, such as jam."""
    return next((labels[0] for labels in claimed if not any(label[:3] in known for label in labels)), None)


@functools.lru_cache(maxsize=1024)
def meant(code: str) -> tuple[str, ...]:
    """The languages that a code such as sw means; none where it is no language's."""
    try:
        return expand([code]) if 2 <= len(code) <= 3 else ()
    except UnknownLanguage:
        return ()


def _parts(url: str) -> list[str]:
    """The first name of a host that has three or more, and the folders of the path."""
    try:
        split = urlsplit(url)
        host = (split.hostname or "").split(".")
    except ValueError:  # an address that is none, such as http://[
        return []
    return [*(host[:1] if len(host) > 2 else []), *split.path.split("/")]
