"""Finds the sentences by which a page or a text owns up to a machine's translation or writing."""

import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from xinstruct.languages import macro
from xinstruct.tables import shipped

_OPENED = regex.compile(r"[\p{Pi}\p{Ps}\"'„]\s*$")
_TAG = re.compile(r"^[^<>]*>|<[^<>]*>|<[^<>]*$")
_AROUND = 160  # code points, or bytes of markup, before and behind what a notice is known by
_MARKUP = 320
_EDGE = 2000  # code points of a text's beginning and end in which notices of translation stand
_MOST_PLACES = 40  # looked at of a page for each glance
_FOOTER = 1 << 13  # bytes of a page's end in which notices of every language are looked for
# What is written in several ways, as it is compared: ё, signs of vowels in Arabic, apostrophes, joiners, hard blanks.
_ALIKE = str.maketrans(
    {"ё": "е", "’": "'", "\u200c": " ", "\xa0": " ", "\xad": "", **dict.fromkeys(map(chr, range(0x64B, 0x653)), "")}
)
_FAR = re.compile("[\u0370-\u1cff\u3040-\ud7ff]")  # letters of other scripts than the Latin one
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class _Sign:
    """What is looked for to find the notices of a language, and these."""

    glance: str
    language: str
    notices: tuple[str, ...]


def says_so(text: str) -> str | None:
    """The notice, as it stands in a text, by which the text owns up to a machine's translation or writing; None where
    there is none, or it is only quoted.
    """
    folded = text.casefold()
    edges = folded if len(folded) <= 2 * _EDGE else f"{folded[:_EDGE]}\n{folded[-_EDGE:]}"
    is_latin = not _FAR.search(folded)
    for kind, searched in (("translated", edges), ("written", folded)):
        for root, is_far, signs in _signs(kind):
            if (is_latin and is_far) or root not in searched:
                continue
            for sign in signs:
                for at in _places(searched, sign.glance, 0):
                    if notice := _in(searched[max(0, at - _AROUND) : at + _AROUND], sign):
                        return notice
    return None


def shows_so(body: bytes, language: str) -> str | None:
    """The notice of a machine's translation that stands anywhere in what a page shows, be it a banner or the footer.

    body: markup in UTF-8, with small letters. language: the macrolanguage that the page names, if any. Notices of that
    language and of English are looked for everywhere, those of others in the last 8 KB.
    """
    footer = body[-_FOOTER:]
    is_ascii = footer.isascii()
    for sign in _near(language):
        if notice := _shown(body, sign):
            return notice
    for root, is_far, signs in _signs("translated"):
        if (is_ascii and is_far) or root.encode() not in footer:
            continue
        for sign in signs:
            if notice := _shown(footer, sign):
                return notice
    return None


def _shown(markup: bytes, sign: _Sign) -> str | None:
    for at in _places(markup, sign.glance.encode(), 0):
        around = markup[max(0, at - _MARKUP) : at + _MARKUP].decode("utf-8", "ignore")
        notice = _in(html.unescape(_TAG.sub(" ", around)).casefold(), sign)
        if notice and _is_shown(markup, at):
            return notice
    return None


def _places(text: str | bytes, glance: str | bytes, start: int) -> Iterator[int]:
    for _ in range(_MOST_PLACES):
        at = text.find(glance, start)  # type: ignore[arg-type]
        if at < 0:
            return
        yield at
        start = at + len(glance)


def _in(text: str, sign: _Sign) -> str | None:
    text = " ".join(text.translate(_ALIKE).split())
    for match in _pattern(sign.notices).finditer(text):
        if not _OPENED.search(text, max(0, match.start() - 3), match.start()):
            return match[0]
    return None


def _is_shown(body: bytes, at: int) -> bool:
    """Whether a place of a page's markup is text, not within a tag, a comment or a script."""
    inside = ((b"<", b">"), (b"<!--", b"-->"), (b"<script", b"</script"), (b"<style", b"</style"))
    return all(body.rfind(opened, 0, at) <= body.rfind(closed, 0, at) for opened, closed in inside)


@functools.cache
def _pattern(notices: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_written, notices)))


def _written(notice: str) -> str:
    """The pattern of a notice as the file has it."""
    blank = r"[\s,，、-]*" if _UNSPACED.search(notice) else r"[\s,-]+"
    pattern = ""
    for nth, slot in enumerate(notice.removesuffix("*").split()):
        if slot == "...":
            pattern += r"[^.!?。！？]{0,40}?"
            continue
        choices = (re.escape(choice).replace("_", blank).replace(r"\-", blank) for choice in slot.split("/"))
        joint = "" if not nth or pattern.endswith("?") else blank
        pattern += f"{joint}(?:{'|'.join(choices)})"
    return pattern if notice.endswith("*") else pattern + "(?![a-z])"


@functools.cache
def _signs(kind: str) -> tuple[tuple[str, bool, tuple[_Sign, ...]], ...]:
    """The roots of a kind of notices, translated or written; whether each is of another script than the Latin one; and
    its signs.
    """
    told = shipped("corpora", "harm", "notices.yml")
    signs: dict[str, list[_Sign]] = {root.casefold(): [] for root in told["roots"][kind]}
    for code, has in told[kind].items():
        notices = tuple(notice.casefold().translate(_ALIKE) for notice in has["notices"])
        for glance in map(str.casefold, has["glances"]):
            root = next(root for root in signs if root in glance)
            signs[root].append(_Sign(glance, macro(code), notices))
    return tuple((root, bool(_FAR.search(root)), tuple(under)) for root, under in signs.items())


@functools.lru_cache(maxsize=256)
def _near(language: str) -> tuple[_Sign, ...]:
    """The signs of translation in a language and in English."""
    return tuple(sign for *_, signs in _signs("translated") for sign in signs if sign.language in (language, "eng"))
