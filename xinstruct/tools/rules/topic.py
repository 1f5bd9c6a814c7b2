"""Says whether a title or heading names what a passage is about, and puts it in quotation marks."""

import html
import math
from collections.abc import Iterable
from urllib.parse import unquote

import regex

from xinstruct import prompts

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’‑-][\p{L}\p{M}\p{N}]+)*")
_LETTER = regex.compile(r"\p{L}")
_SPACELESS = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Han}\p{Hiragana}\p{Katakana}\p{Tibetan}]")
_IDEOGRAPH = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_SYLLABIC = regex.compile(r"\p{Hangul}")
_CASED = regex.compile(r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}]")
_SEPARATOR = regex.compile(r"\s+[–—-]\s+|\s*\|\s*")
_SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari",
    "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala",
    "Thai", "Lao", "Tibetan", "Myanmar", "Khmer", "Ethiopic", "Georgian", "Armenian",
    "Han", "Hiragana", "Katakana", "Hangul", "Thaana", "Mongolian",
)  # fmt: skip
_SCRIPT_PATTERNS = {name: regex.compile(rf"\p{{{name}}}") for name in _SCRIPTS}
# Signs of one script say more than those of another: about how many Latin letters a letter of these stands for.
WEIGHTS = {"Han": 3.0, "Hangul": 2.0, "Thai": 1.2, "Lao": 1.2, "Khmer": 1.2, "Myanmar": 1.1, "Ethiopic": 1.5}
_QUESTION_MARKS = ("?", "؟", "？", "፧", "՞", "⁇")

# Shares of a title's words that the passage must hold for the title to count as its subject.
LOWEST_ECHO_KEPT = 0.25
LONGEST_TOPIC_KEPT = 160
_SHORTEST_CASED_KEPT = 4
_SHORTEST_KEPT = 2
_ESCAPE = regex.compile(r"%[0-9A-Fa-f]{2}")
_FILE_SUFFIX = regex.compile(r"(?<=\w)\.(?:html?|xhtml|php|aspx?|pdf|docx?|txt|jpe?g|png|gif)$", regex.I)
# Names in program code keep their underscores: __init__, os.path_exists, run_all().
_IDENTIFIER = regex.compile(r"^_|_$|\w\.\w|\(\)$")
# What a machine calls a page: numbers, letters and numbers mixed without a blank, a whole address.
_MACHINE_NAME = regex.compile(
    r"(?:https?://|www\.)\S+|[A-Z]{2,5}[ _-]\d{6,}(?:[ _-]\d+)*"
    r"|(?=\S*\d\S*\d\S*\d\S*\d)[A-Za-z\d_.-]*\d[A-Za-z\d_.-]*"
)
_YEAR_BEHIND = regex.compile(r"\p{L}{4,}[-_ ]?(?:19|20)\d\d")
NOT_ABOUT = "title is not about the passage"


def script(text: str) -> str:
    """The Unicode script of most of the text's letters; "" where there are none. Japanese kana count as Han."""
    letters = "".join(_LETTER.findall(text))
    counts = {name: len(pattern.findall(letters)) for name, pattern in _SCRIPT_PATTERNS.items()}
    counts["Han"] += counts.pop("Hiragana") + counts.pop("Katakana")
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""


def stems(text: str) -> list[str]:
    """What words begin with, so that endings do not hide a word; short stretches in scripts that write no blanks.

    Words under three characters (two in Hangul) are left out; numbers stay whole.
    """
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if spaceless := _SPACELESS.search(word):
            width = 2 if _IDEOGRAPH.search(spaceless[0]) else 4
            found.extend(word[i : i + width] for i in range(max(1, len(word) - width + 1)))
        elif word.isdigit():
            found.append(word)
        elif len(word) >= (2 if _SYLLABIC.search(word) else 3):
            found.append(word[: max(3, math.ceil(len(word) * 0.7))] if len(word) > 4 else word)
    return found


def echo(topic: str, text: str) -> float:
    """How much of the topic the text says again: the share of its stems that begin a word of the text, 0..1."""
    wanted = stems(topic)
    if not wanted:
        return 0.0
    haystack = " " + " ".join(_WORD.findall(text.casefold()))
    spaceless = bool(_SPACELESS.search(topic))
    return sum((stem in haystack) if spaceless else (f" {stem}" in haystack) for stem in wanted) / len(wanted)


def same(one: str | None, other: str | None) -> bool:
    """Whether two titles are the same but for case, blanks and marks."""
    return one is not None and other is not None and _letters(one) == _letters(other) != ""


def clean(title: str | None, host: str | None, text: str) -> str | None:
    """The title without entities, stray blanks, file suffix and the name of the site, or None where nothing is left.

    A part behind a dash goes when it is the site's name; of parts between bars the text's best echo is taken.
    """
    if not title:
        return None
    whole = _readable(html.unescape(title))
    site = _letters((host or "").rsplit(".", 1)[0])
    parts = [part for part in _SEPARATOR.split(whole) if _letters(part)]
    own = [part for part in parts if not _names_site(_letters(part), site)]
    if not own or len(own) == len(parts):
        # Nothing is known to be the site's name; a last part of which the text says nothing is one all the same.
        foreign = len(parts) == 2 and echo(parts[1], text) == 0 and echo(parts[0], text) >= 0.5
        own = parts[:1] if foreign else parts if "|" in whole else [whole]
    return max(own, key=lambda part: (round(echo(part, text), 1), -own.index(part))).strip() or None


def _readable(title: str) -> str:
    """The title as people write it where it came as a part of an address or as the name of a file."""
    shown = unquote(title) if _ESCAPE.search(title) else title
    shown = _FILE_SUFFIX.sub("", regex.sub(r"\s+", " ", shown).strip())
    if " " not in shown and "_" in shown and not _IDENTIFIER.search(shown):
        shown = regex.sub("_+", " ", shown).strip()
    return shown


def _names_site(part: str, site: str) -> bool:
    return bool(site) and (site in part or (len(part) > 3 and part in site))


def unusable(topic: str | None, text: str, host: str | None, section: Iterable[str] = ()) -> str:
    """Why a title or heading cannot be asked about, in words; "" when it can."""
    if not topic:
        return "no title"
    letters = _letters(topic)
    if (
        len(letters) < (_SHORTEST_CASED_KEPT if _CASED.search(topic) else _SHORTEST_KEPT)
        or not _LETTER.search(topic)
        or "�" in topic
        or _ESCAPE.search(topic)
    ):
        return "title too short or broken"
    if _MACHINE_NAME.fullmatch(topic.strip()) and not _YEAR_BEHIND.fullmatch(topic.strip()):
        return "title is an address or the name of a file"
    if len(topic) > LONGEST_TOPIC_KEPT:
        return "title too long"
    if topic.casefold().strip() in prompts.table("vague")["titles"]:
        return "title names no subject"
    sections = {_letters(part) for part in section} if " " not in topic.strip() else set()
    if letters in {_letters(part) for part in (host or "").split(".")} | sections:
        return "title is the name of the site or section"
    heard = echo(topic, text)
    if script(topic) != script(text) and heard < 0.5:
        return "title in another script"
    return "" if heard >= LOWEST_ECHO_KEPT else NOT_ABOUT


def quoted(native: str) -> str:
    """Native words in straight quotation marks, on one line, without marks that would end the quotation early."""
    inner = regex.sub(r"[«‹]\s*|\s*[»›]|[\"“”„‟]+", "'", " ".join(native.split())).strip().strip("'").rstrip(" ,;:")
    if inner.count("'") % 2 and regex.search(r"(?<!\p{L})'|'(?!\p{L})", inner):
        inner = regex.sub(r"(?<!\p{L})'|'(?!\p{L})", "", inner)
    return f'"{inner.rstrip(".।۔") if not inner.endswith("..") else inner}"'


def joined(natives: list[str]) -> str:
    """Quoted native words as an English list: "a", "b" and "c"."""
    shown = [quoted(native) for native in natives]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def asks(text: str | None) -> bool:
    """Whether the text ends as a question."""
    return bool(text) and str(text).rstrip(" \"'”’»").endswith(_QUESTION_MARKS)


def _letters(text: str) -> str:
    return "".join(regex.findall(r"[\p{L}\p{M}\p{N}]", text.casefold()))
