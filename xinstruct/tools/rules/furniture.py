"""Finds what a page's frame has left in a text: buttons, notices, menus, credits, markup, but no quoted code."""

import itertools

import regex

from xinstruct import prompts
from xinstruct.tools.rules import notes

# Placeholders of masked personal data are no leftover markup.
_TAG = regex.compile(
    r"</?(?!(?:e-mail|iban|card|id-number|ip|phone)>)[a-zA-Z!][^<>\n]{0,80}>|&[a-z]{2,8};|\{\{|\}\}|https?://\S+|www\.\S+\.\S+"
)
_LEFT_OVER = regex.compile(
    r"\[edit\]|\[/[a-z]+\]|\[(?:img|url|quote|caption|gallery)\b[^\]\n]{0,80}\]|�"
    r"|(?<![\p{L}\p{N}|])(?:thumb|thumbnail|miniatur|miniatura|left|right|center|upright|\d{2,3}px)\|"
)
# Signs of program code; in a text that is about code, tags and braces are what it speaks of.
_CODE = regex.compile(
    r"\w\(\)|\b[a-z]+_[a-z_]+\b|\b[a-z]+(?:\.[a-z]+)+\(|\{\s*$|\{\{ ?\w|=\s*[\"'{\[]|\{%|\$ \w|==|=>"
    r"|<(?!/?(?:br|p|div|span|a|b|i|img)\b)[a-z][a-z0-9_-]*[> ]|\b[a-z-]+: [\w#-]+;"
    r"|^\s*(?:def|class|import|from|return|const|let|var)\b",
    regex.M,
)
_FEWEST_CODE = 2
# Rows of a table have figures in their cells, menus have none; « » are quotation marks where both stand.
_MENU = regex.compile(r"^(?:[^|•›\p{Nd}]{1,40}[|•›]){3,}[^|•›\p{Nd}]{1,40}$")
# The last mark of a tag is no arrow.
_ARROW = regex.compile(r"(?<!<[^<>\n]{1,100})[→»›>]{1,2}$|\[\s*…\s*\]$")
_HASHTAGS = regex.compile(r"(?:#[\p{L}\p{M}\p{N}_]+[\s,]*){2,}")
_LONGEST_FURNITURE = 100
_LONGEST_CREDIT = 60
_SHORTEST_REPEATED = 40


def remains(text: str, label: str) -> list[str]:
    """Lines and marks of the page's frame in a text of the language, in no order, each once for each time."""
    table = prompts.table("boilerplate")
    phrases = [*table["every"], *table.get(label, [])]
    lines = notes.paragraphs(text)
    opened = "«" in text or "‹" in text
    found = [line for line in lines if _is_furniture(line, phrases, opened)]
    found += [line for line in lines[:2] if notes.is_head(line, table["head"]) and line not in found]
    found += [line for line in lines if _is_credit(line, table["credits"]) and line not in found]
    # A headline that is said twice stands twice in a row; a refrain does not.
    found += [one for one, other in itertools.pairwise(lines) if one == other and len(one) >= _SHORTEST_REPEATED]
    found += [match[0] for match in _LEFT_OVER.finditer(text)]
    if len(_CODE.findall(text)) < _FEWEST_CODE:
        found += [match[0] for match in _TAG.finditer(text)]
    return found


def _is_furniture(line: str, phrases: list[str], opened: bool) -> bool:
    """opened: whether a mark at the line's end may close a quotation."""
    low = line.casefold()
    short = len(line) <= _LONGEST_FURNITURE
    if short and any(regex.search(rf"(?<![\p{{L}}\p{{M}}<\"]){regex.escape(phrase)}", low) for phrase in phrases):
        return True
    arrow = short and not (opened and line.endswith(("»", "›"))) and _ARROW.search(line.rstrip())
    return bool(arrow or _MENU.search(line) or _HASHTAGS.fullmatch(line))


def _is_credit(line: str, credits: list[str]) -> bool:
    """Whether a line says where a picture or text was taken from: a word such as Photo, a colon, a name."""
    before, colon, behind = line.replace("：", ":").partition(":")
    known = bool(colon) and before.strip().casefold() in credits
    return known and len(behind) <= _LONGEST_CREDIT
