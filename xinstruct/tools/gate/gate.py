"""Tells from a glance at a page whether any of it may be in a wanted language, before the dear extractor is asked.

Most pages of a crawl are in languages that a recipe does not want. The gate strips markup roughly, looks at stretches
of text from all over the page, and refuses the page where every one of them is in another language. What a page
declares can only make the gate look closer: many pages say English and are not.
"""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import regex

from xinstruct.languages import UnknownLanguage, all_languages, expand, macro
from xinstruct.tools.extractor.encoding import damage
from xinstruct.tools.extractor.page import Page
from xinstruct.tools.gate.text import HEAD, Stretches, stretches
from xinstruct.tools.lid.model import load
from xinstruct.tools.lid.wordwise import Floats, Wordwise
from xinstruct.tools.passages.named import claims
from xinstruct.tools.web.record import Record

_LANG = regex.compile(rb"""<html[^>]{0,300}?\blang\s*=\s*["']?([A-Za-z0-9_-]{2,20})""", regex.I)
_LETTER = regex.compile(r"\p{L}{2}")
_FEWEST_LETTERS = 60  # characters on the whole page; the shortest answer that harvest keeps has as many
_LOOKED_AT = 10  # stretches of a page
_LOOKED_AT_CLOSELY = 40  # stretches of one that is in several languages
_LOOKED_AT_NAMED = 100  # stretches of one that names a wanted language
_NAMED_BY = 4  # stretches in scripts that no wanted language is written in
_SHOWN = 100  # characters of a stretch
_HIGHEST_PLAIN = 0.1  # of a text: bytes beyond one for each character, up to which most of its letters are ASCII
_LOWEST_WANTED = 0.7  # chance of the wanted languages by which one stretch lets a page through
_LOWEST_MAYBE = 0.3  # chance by which several do
_FEWEST_MAYBE = 2
_FEWEST_MAYBE_NAMED = 1  # of a page that names a wanted language; small ones are seldom told for sure
_LOWEST_SURE = 0.5  # chance of the likeliest language, above which a stretch counts for it
_LOWEST_FIRM = 0.9  # chance by which a stretch shows that a page is in several languages
_FEWEST_OTHERS = 2  # stretches in other languages than most, by which a page is in several

_SCRIPT_CLASSES = {"Hans": "Han", "Hant": "Han", "Hani": "Han", "Kore": "Hang"}
_Family = tuple[str, str]  # macrolanguage and script: identifiers confuse members of one macrolanguage


class Gate:
    """Refuses pages of which nothing is written in a wanted language. wanted: labels such as swh_Latn."""

    def __init__(self, model: Path, wanted: frozenset[str]) -> None:
        """model: the fastText file of the language identifier that harvest asks; ValueError where it is of a make that
        is not asked word by word.
        """
        loaded = load(model)
        if not isinstance(loaded, Wordwise):
            raise ValueError(f"{model} is no softmax over n-grams within words")
        self._wordwise = loaded
        self._families = frozenset(map(_family, wanted))
        told = [_meant(raw) for raw in self._wordwise.labels]
        self._wanted = np.flatnonzero([not self._families.isdisjoint(map(_family, labels)) for labels in told])
        self._labels = [labels[0] for labels in told]
        self._untold = self._families.difference(*(map(_family, labels) for labels in told))
        scripts = {_script_class(label[-4:]) for label in wanted}
        self._is_latin = any(label.endswith("Latn") for label in wanted)
        self._word = regex.compile(f"[{''.join(sorted(scripts))}]{{2}}")

    def refuses(self, record: Record) -> str | None:
        """The language of most of a page that holds nothing in a wanted one, as far as can be told; else None.

        None also for a page that cannot be judged: hardly any letters, bytes that nobody says how to read, letters
        that were read wrong, text in which no language is sure.
        """
        text = stretches(record)
        possible = text.with_letters(self._word, self._is_latin)
        length, found = text.length(), None
        if length < _FEWEST_LETTERS:
            return None
        if (length_possible := possible.length()) >= _FEWEST_LETTERS:
            found = self._judged(possible, record)
            if found is None:
                return None
        if length_possible * 2 < length:
            found = self._likeliest(text.with_letters(_LETTER, is_latin=True).spread(_NAMED_BY)) or found
        return None if found is None or _misread(" ".join(text.spread(_LOOKED_AT))) else found

    def _judged(self, text: Stretches, record: Record) -> str | None:
        """The language of most stretches; None where one is wanted, several may be, or none is sure."""
        chances = self._chances(text.spread(_LOOKED_AT))
        best, likeliest = chances.max(axis=1), chances.argmax(axis=1)
        counts = np.bincount(likeliest[best >= _LOWEST_SURE], minlength=len(self._labels))
        found = int(counts.argmax())
        declared = self._families & _declared(record)
        if declared & self._untold or self._passes(chances) or not counts[found]:
            return None
        several = ((likeliest != found) & (best >= _LOWEST_FIRM)).sum() >= _FEWEST_OTHERS
        if several or declared:
            closer = self._chances(text.spread(_LOOKED_AT_NAMED if declared else _LOOKED_AT_CLOSELY))
            if self._passes(closer, _FEWEST_MAYBE_NAMED if declared else _FEWEST_MAYBE):
                return None
        return self._labels[found]

    def _passes(self, chances: Floats, fewest_maybe: int = _FEWEST_MAYBE) -> bool:
        wanted = chances.take(self._wanted, axis=1).sum(axis=1)
        return bool((wanted >= _LOWEST_WANTED).any() or (wanted >= _LOWEST_MAYBE).sum() >= fewest_maybe)

    def _likeliest(self, text: Sequence[str]) -> str | None:
        return self._labels[int(self._chances(text).sum(axis=0).argmax())] if text else None

    def _chances(self, text: Sequence[str]) -> Floats:
        return self._wordwise.glance([html.unescape(stretch)[:_SHOWN] for stretch in text])


def gate_for(model: Path, wanted: frozenset[str]) -> Gate | None:
    """A gate where there is something to refuse and the model can be asked at a glance; None, by which every page is
    read, when all languages of the table are wanted, or the model is of a make that is not asked word by word.
    """
    if wanted.issuperset(all_languages()) or not isinstance(load(model), Wordwise):
        return None
    return Gate(model, wanted)


def _declared(record: Record) -> frozenset[_Family]:
    lang = _LANG.search(record.body[:HEAD])
    stated = lang[1].decode("ascii") if lang else record.headers.get("content-language")
    named = claims(Page("", [], declared_language=stated), record.url)
    return frozenset(_family(label) for labels in named for label in labels)


def _misread(text: str) -> bool:
    """Whether the letters are not those that were written, so that a language told by them says nothing. A few that
    are wrong, as in Latin letters with accents, leave the language to be told.
    """
    beyond = len(text.encode("utf-8", "surrogatepass")) - len(text)
    return beyond > _HIGHEST_PLAIN * len(text) and damage(text) is not None


def _meant(raw: str) -> tuple[str, ...]:
    name = raw.removeprefix("__label__")
    try:
        return expand([name])
    except UnknownLanguage:
        return (name,)


def _family(label: str) -> _Family:
    return macro(label), label[-4:]


def _script_class(script: str) -> str:
    if script == "Jpan":
        return r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}"
    return rf"\p{{Script={_SCRIPT_CLASSES.get(script, script)}}}"
