"""Knows the lines by which pages break into their own texts: calls to read something else, advertisements, credits of
pictures, sign-up boxes, questions about cookies.
"""

import functools
import itertools
from collections.abc import Iterable
from typing import Any, Literal

import regex

from xinstruct.tables import shipped
from xinstruct.tools.sentences import is_unspaced

Said = Literal["interruption", "invitation", "title", "marked_title", "credit"]

_LETTERS = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]+")
_MIXED = regex.compile(r"\P{L}+\p{Lu}\p{Ll}")
_MARKED = regex.compile(r"\s*(?:[:：|»›>→►▶]|[–—-]\s)")
_BRACKETED = regex.compile(r"\s*(?:\[.*\]|\(.*\)|【.*】|［.*］)[\s.]*", regex.S)
# What the program that set the page was to put something else in place of, and its buttons.
_PLACEHOLDER = regex.compile(r"\s*(?:\[(?=[^\]]*\p{L})[^\s\[\]…]+(?:\s+\w+=[^\s\]]+)*\s*\]|\{\{?[^{}\n]*\}?\})\s*")
_MINUTES = regex.compile(r" \p{Nd}{1,2} \p{L}+$")  # how long it takes to read
_NUMBERED = regex.compile(r"[(\[]?([\p{L}\p{M}]+)\.?\s?\p{Nd}{1,3}(?:[.-]\p{Nd}{1,2})?\p{L}?\s?(?:[:：.|–—]\s|[:：])")
_SET_APART = regex.compile(r"[/|,(–—]\s*\p{L}+\s*$")
_OPENING = frozenset("[{")
_ARROWS = frozenset("►▶➤➜→»›>")
_ARROW_FIRST = regex.compile(r"\s*[►▶➤➜→>]+\s*\p{L}[^«»‹›=()_{}]*$")  # not what is typed behind a prompt
_ARROW_LAST = regex.compile(r"[^«»‹›<>]*[\p{L}?!)][ \t]*[►▶➤➜→»›>]+\s*$")
_ENDED = regex.compile(r"(?!၊)[\p{Sentence_Terminal}…:：][\p{Pe}\p{Pf}\p{Pi}\"']*\s*$")
_INNER_END = regex.compile(r"(?!၊)\p{Sentence_Terminal}[\p{Pe}\p{Pf}\"']*\s+\p{L}\p{L}")
# A day with its year, or how long ago. A dash before it tells whose words were quoted above.
_STAMP = regex.compile(
    r"(?:[^\s—–].*)?(?:"
    r"\b\p{Nd}{1,2}\.? ?[./-] ?\p{Nd}{1,2}\.? ?[./-] ?(?:\p{Nd}{4}|\p{Nd}{2})\b"
    r"|\b\p{Nd}{4}[./-]\p{Nd}{1,2}[./-]\p{Nd}{1,2}\b"
    r"|\b\p{Nd}{1,2}(?:st|nd|rd|th|er|\.)?,? (?:de )?\p{L}{3,}\.?,? (?:de )?(?:19|20)\p{Nd}{2}\b"
    r"|\p{L}{3,}\.? \p{Nd}{1,2}(?:st|nd|rd|th)?, (?:19|20)\p{Nd}{2}\b|\p{Nd}{4}年\p{Nd}{1,2}月\p{Nd}{1,2}日"
    r"|\b\p{Nd}+ ?(?:min(?:ute)?|hour|day|week|month|year|hr|yr|mo|[hdwy])s? ago\b"
    r"|\bvor \p{Nd}+ (?:Minute|Stunde|Tag|Woche|Monat|Jahr)e?n?\b|\b(?:il y a|hace|há) \p{Nd}+ \p{L}+"
    r"|\p{Nd}+ (?:jam|hari|minggu|bulan|tahun) (?:yang )?lalu\b|\p{Nd}+ (?:дн|час|мин|мес|год|лет)\p{L}* назад)"
)
_ADDRESS = regex.compile(r"\S+://")
_QUOTES = regex.compile(
    r"\S.{0,60}\b(?:said|wrote|schrieb|hat geschrieben|a écrit|escribió|dijo|escreveu|ha scritto|schreef|napisał"
    r"|napisała|skrev|писал|написал|пишет) ?: ?[↑»]?\s*"
)
_LONGEST_STAMP = 100
_LONGEST_LINE = 200
_LONGEST_POINTER = 120
_LONGEST_HEADING = 60
_LONGEST_NAME = 100  # of whose a picture is
_LONGEST_CAPTION = 400
_LONGEST_AGENCY = 40
_LONGEST_BOX = 700
_LONGEST_NOTICE = 350
_MOST_WORDS = 8  # of a phrase of the lists
_SAID_BY = {
    "paragraph": frozenset(("interruption", "invitation", "title", "marked_title", "credit")),
    "item": frozenset(("interruption", "invitation", "title", "marked_title")),
    "heading": frozenset(("interruption", "invitation", "title")),
}
_FEWEST_ASKED = {"cookies": 2, "letters": 1}


def said(text: str, kind: str = "paragraph") -> Said | None:
    """What a line does that is no part of a text; None for a line that may be.

    interruption: an advertisement's name, a button, a placeholder; invitation: a call to read on that names nothing;
    title: another text, named after words such as "also read"; marked_title: the same after words that also begin
    sentences, told by a colon, an arrow, brackets or capitals; credit: whose a picture or a text is or which number a
    picture has, with or without what it shows. kind: of the block; a heading or an entry of a list that only looks like
    a credit is the text's own.
    """
    found = _said(text) if len(text) <= _LONGEST_CAPTION and "\n" not in text else None
    return found if found in _SAID_BY.get(kind, ()) else None


def asks(text: str, box: str) -> bool:
    """Whether a paragraph asks what the page may remember of its reader (box: cookies) or offers to send the reader
    letters (letters).
    """
    if len(text) > _LONGEST_BOX or not speaks_of(text, box):
        return False
    return len(set(_within(box, "asked").findall(text.casefold()))) >= _FEWEST_ASKED[box]


def notifies(text: str) -> bool:
    """Whether a short paragraph tells who may read on, whose the rights are or what the browser must allow, or asks for
    support.
    """
    if len(text) > _LONGEST_NOTICE:
        return False
    words = _LETTERS.findall(text.lower())
    spaced, unspaced = _notices()
    if spaced.keys().isdisjoint(words) and text.isascii():
        return False
    plain = f" {' '.join(words)} "
    if any(phrase in plain for word in words if word in spaced for phrase in spaced[word]):
        return True
    return any(phrase in plain for phrase in unspaced)


def speaks_of(text: str, box: str) -> bool:
    """Whether a text names what a box is about: a page's headings do where the page is about that."""
    low = text.casefold()
    return any(map(low.__contains__, _words(box))) and bool(_within(box, "named").search(low))


def heads_replies(text: str) -> bool:
    """Whether a line is nothing but the heading of what readers said, with or without how many they are."""
    if len(text) > _LONGEST_HEADING:
        return False
    return " ".join(word for word in _LETTERS.findall(text.lower()) if not word.isdigit()) in _one_row("replies")


def stamps_post(text: str) -> bool:
    """Whether a line says when somebody wrote what follows, or whose words it quotes."""
    if len(text) > _LONGEST_STAMP:
        return False
    return bool(_QUOTES.fullmatch(text)) or (
        not _ENDED.search(text) and _STAMP.match(text) is not None and not _ADDRESS.match(text)
    )


def _said(text: str) -> Said | None:
    if len(text) <= _LONGEST_LINE:
        if text.lstrip()[:1] in _OPENING and _PLACEHOLDER.fullmatch(text):
            return "interruption"
        first = _LETTERS.search(text)
        found = _of_lists(text) if first and first[0].lower() in _first_words() else None
        if found or _is_pointer(text):
            return found or "marked_title"
    return "credit" if _is_credit(text) else None


def _of_lists(text: str) -> Said | None:
    """What a line is by the phrase that it is, or begins with."""
    words = list(itertools.islice(_LETTERS.finditer(text.lower()), _MOST_WORDS + 1))
    whole = " ".join(word[0] for word in words)
    if whole in _lines("interruptions"):
        return "interruption"
    if whole in _lines("invitations") or _MINUTES.sub("", whole) in _lines("invitations"):
        return "invitation"
    start = ""
    for word in words[:_MOST_WORDS]:
        start = f"{start} {word[0]}" if start else word[0]
        if start in _lines("titles"):
            return "title"
        if start in _lines("titles_with_mark") and len(word[0]) < len(text.strip()):
            behind = text[word.end() :]
            capitals = text[: word.end()].isupper() and _MIXED.match(behind)
            if _BRACKETED.fullmatch(text) or _MARKED.match(behind) or capitals:
                return "marked_title"
    return None


def _is_pointer(text: str) -> bool:
    """Whether a short line begins or ends with an arrow."""
    if len(text) > _LONGEST_POINTER or _ARROWS.isdisjoint(text) or _ENDED.search(text):
        return False
    return bool(_ARROW_FIRST.match(text) or _ARROW_LAST.match(text))


def _is_credit(text: str) -> bool:
    numbered = _NUMBERED.match(text)
    if numbered and numbered[1].lower() in _one_row("figures"):
        return True
    holder = text.rfind("©")
    if holder >= 0 and 0 < len(text) - holder <= _LONGEST_NAME and not _INNER_END.search(text, holder):
        return True
    before, colon, behind = text.replace("：", ":").rpartition(":")
    if colon and 0 < len(behind.strip()) <= _LONGEST_NAME and not _INNER_END.search(behind):
        left = _LETTERS.findall(before.lower()) if before[-1:].isalnum() or before.endswith(" ") else []
        known = _lines("pictures")
        if any(" ".join(left[-count:]) in known for count in (1, 2) if left) or " ".join(left) in _lines("sources"):
            return True
        if left and left[-1] in _lines("sources") and _SET_APART.search(before):
            return True
    return not text.rstrip().endswith((".", "!", "?")) and f" {_plain(text[-_LONGEST_AGENCY:])}".endswith(_agencies())


def _plain(line: str) -> str:
    return " ".join(_LETTERS.findall(line.lower()))


@functools.cache
def _table() -> Any:
    return shipped("corpora", "furniture.yml")


@functools.cache
def _lines(name: str) -> frozenset[str]:
    return frozenset(_plain(str(line)) for row in _table()[name] for line in row)


@functools.cache
def _first_words() -> frozenset[str]:
    names = ("interruptions", "invitations", "titles", "titles_with_mark")
    return frozenset(line.split()[0] for name in names for line in _lines(name))


@functools.cache
def _one_row(name: str) -> frozenset[str]:
    return frozenset(_plain(line) for line in _table()[name])


@functools.cache
def _agencies() -> tuple[str, ...]:
    return tuple(f" {_plain(name)}" for name in _table()["agencies"])


@functools.cache
def _words(box: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in _table()[box]["named"])


@functools.cache
def _notices() -> tuple[dict[str, list[str]], list[str]]:
    """The phrases of notices by their longest word, which is seldom met, and those of scripts without blanks."""
    spaced: dict[str, list[str]] = {}
    unspaced: list[str] = []
    for phrase in sorted(_lines("notices")):
        if is_unspaced(phrase):
            unspaced.append(phrase)
        else:
            spaced.setdefault(max(phrase.split(), key=len), []).append(f" {phrase} ")
    return spaced, unspaced


@functools.cache
def _within(box: str, part: str) -> regex.Pattern[str]:
    """A pattern of any of the phrases of a box as whole words."""
    rows: Iterable[Any] = _table()[box][part]
    phrases = (str(phrase) for row in rows for phrase in (row if isinstance(row, list) else [row]))
    longest_first = sorted((phrase.casefold() for phrase in phrases), key=len, reverse=True)
    spelt = "|".join(regex.escape(phrase).replace("'", "['’]") for phrase in longest_first)
    return regex.compile(rf"(?<![\p{{L}}\p{{M}}\p{{N}}])(?:{spelt})(?![\p{{L}}\p{{M}}\p{{N}}])")
