"""Measures how much of a text is what adult pages, gambling advertisements or abuse are made of, by lists of words.

A list sees words, not what is done with them: it cannot see hatred in decent words, nor a pun. So that one strong word
in a novel, or a page on the law of gambling, is no spam, a score is a share of the text, and nothing at all before
several different words that leave no doubt are there. Words that have an honest use too count from then on.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import regex

from xinstruct.tools.harm.words import Found, found

_FEWEST_STEMS = 3  # clear words that differ; fewer may stand in any honest text
_ADDRESSED = 1  # as how many of them an address counts that says what the page is
_SCORE_OF_DOMAIN = 0.5  # of a page under a domain that is there for nothing else
_ADULT_DOMAINS = frozenset(("xxx", "porn", "adult"))
_ADULT_HOST = regex.compile(
    r"porn|xxx|xvideo|xnxx|escort|(?:^|[.-])(?:sex|milf|hentai|bokep)|sex(?:cam|chat|dat|film|video|y?girls)"
)
_GAMBLING_HOST = regex.compile(
    r"casino|kasino|cassino|казино|poker|sportsbook|betting|1xbet|gambl|slots?\d|slot-?gacor"
    r"|(?:^|[.-])(?:slots?|judi|togel|bahis|nhacai)"
)


def adult(text: str, language: str, url: str | None = None, page_words: Sequence[str] = ()) -> float:
    """Share of letters in words of pornography and of advertising for paid sex, 0 to 1; 0 before three different clear
    ones are met, of which the host may be one.

    language: a label such as swh_Latn. page_words: title, keywords, sections and whatever else the page says of itself.
    A page under .xxx and the like has at least a half.
    """
    score = _share(_met("adult", text, language, page_words), _ADULT_HOST, url)
    return max(score, _SCORE_OF_DOMAIN) if _domain(url) in _ADULT_DOMAINS else score


def gambling(text: str, language: str, url: str | None = None, page_words: Sequence[str] = ()) -> float:
    """Share of letters in words of advertising for casinos and bets; otherwise as `adult`.

    No domain says enough by itself: under .casino and .bet live those who fight the addiction, too.
    """
    return _share(_met("gambling", text, language, page_words), _GAMBLING_HOST, url)


def toxicity(text: str, language: str) -> float:
    """Share of letters in words of abuse, 0 to 1; 0 before three different clear ones are met."""
    return _share(found(text, language)["toxicity"])


def _met(category: str, text: str, language: str, page_words: Sequence[str]) -> Found:
    met = found(text, language)[category]
    return met + found("\n".join(page_words), language)[category] if page_words else met


def _share(met: Found, host: regex.Pattern[str] | None = None, url: str | None = None) -> float:
    named = len(met.stems)
    if host is not None and named and host.search(_host(url)):
        named += _ADDRESSED
    return (met.clear + met.in_company) / max(1, met.letters) if named >= _FEWEST_STEMS else 0.0


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").casefold()
    except ValueError:
        return ""


def _domain(url: str | None) -> str:
    return _host(url).rpartition(".")[2]
