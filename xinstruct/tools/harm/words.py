"""Finds words and phrases of lists in a text, in scripts with and without blanks between words."""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from xinstruct.languages import UnknownLanguage, expand, macro
from xinstruct.tables import shipped
from xinstruct.tools.sentences import is_unspaced

CATEGORIES = ("adult", "gambling", "toxicity")
_EVERY = "every"
_LAST_OF_PLANE = 0xFFFF
_PICTURES = "\U0001f000-\U0001fbff"
_FAR = re.compile("[\u0e00-\U0010ffff]")  # Thai is the first of the scripts without blanks
_OPENING = 500  # characters, more than the sample by which the kind of a script is told
_MOST_REMEMBERED = 1 << 13  # words of a language
_KINDS = ("clear", "in_company")
_SHORTEST_WITH_PARTICLE = 4
_STEM = 4  # letters; forms of one word are told from other words by as many


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of a list. is_clear: whether it says by itself what the text is; otherwise only beside others that do.
    words: in small letters; open: whether the last word may go on, as the stem of what is inflected.
    """

    words: tuple[str, ...]
    category: str
    is_clear: bool
    open: bool

    @property
    def stem(self) -> str:
        """What the forms of one word share, so that they do not count as several: the beginnings of its words."""
        return " ".join(sorted(word[:_STEM] for word in self.words))


@dataclass(frozen=True, slots=True)
class Found:
    """What a text holds of one category: letters in clear terms and in the others, the stems of the clear ones, and the
    letters of the whole text.
    """

    clear: int = 0
    in_company: int = 0
    stems: frozenset[str] = frozenset()
    letters: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(
            self.clear + other.clear,
            self.in_company + other.in_company,
            self.stems | other.stems,
            self.letters + other.letters,
        )


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The terms of a language: by their first word; those of a single word that may go on by its first three letters
    (two if it has no more); and all as they are written without blanks, the longest first. begin_none: words of texts
    that begin no term, as met so far.
    """

    whole: dict[str, list[Term]]
    stems: dict[str, list[Term]]
    longest_first: list[tuple[str, list[Term]]]
    begin_none: set[str]


@functools.lru_cache(maxsize=4)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, figures among them; none where words are not parted by blanks."""
    if _FAR.search(text, 0, _OPENING) and is_unspaced(text):
        return ()
    return tuple(_word().findall(text.casefold()))


@functools.cache
def _word() -> re.Pattern[str]:
    """Letters, marks and figures in a row. All that parts words is spelt out: Python's own patterns know no classes of
    Unicode, and are twice as fast as those that do.
    """
    plane = map(chr, range(_LAST_OF_PLANE + 1))
    parting = (one for one in plane if unicodedata.category(one)[0] not in "LMN" and one != "\u200c")
    return re.compile(f"[^{re.escape(''.join(parting))}{_PICTURES}]+")


@functools.lru_cache(maxsize=4)
def found(text: str, language: str) -> Mapping[str, Found]:
    """What the text holds of each of CATEGORIES, by the lists of its language and those for every language.

    language: a label such as swh_Latn; of one without a list, only words that go round the world are found.
    """
    words = words_of(text)
    lexicon = _lexicon(*(_key(language, _table(category)) for category in CATEGORIES))
    clear, company = dict.fromkeys(CATEGORIES, 0), dict.fromkeys(CATEGORIES, 0)
    stems: dict[str, set[str]] = {category: set() for category in CATEGORIES}
    for term, length in _spaced(words, lexicon) if words else _unspaced(text.casefold(), lexicon):
        if term.is_clear:
            clear[term.category] += length
            stems[term.category].add(term.stem)
        else:
            company[term.category] += length
    letters = sum(map(len, words)) if words else len(text) - text.count(" ")
    return {one: Found(clear[one], company[one], frozenset(stems[one]), letters) for one in CATEGORIES}


def listed() -> frozenset[str]:
    """The codes of languages that any of the lists has: eng, swa ..."""
    return frozenset(code for category in CATEGORIES for code in _table(category)) - {_EVERY}


def _spaced(words: tuple[str, ...], lexicon: _Lexicon) -> Iterator[tuple[Term, int]]:
    begun = {}
    for word in set(words) - lexicon.begin_none:
        if terms := _begun(word, lexicon):
            begun[word] = terms
        elif len(lexicon.begin_none) < _MOST_REMEMBERED:
            lexicon.begin_none.add(word)
    end = 0
    for at in [at for at, word in enumerate(words) if word in begun] if begun else ():
        hits = [term for term in begun[words[at]] if _stands(term, words, at)] if at >= end else []
        if hits:
            end = at + max(len(term.words) for term in hits)
            length = sum(map(len, words[at:end]))
            longest = [term for term in hits if len(term.words) == end - at]
            yield from ((term, length) for term in _one_each(longest))


def _begun(word: str, lexicon: _Lexicon) -> list[Term]:
    """The terms that a word of a text may begin."""
    near = (*lexicon.stems.get(word[:3], ()), *lexicon.stems.get(word[:2], ()))
    return [*lexicon.whole.get(word, ()), *(term for term in near if word.startswith(term.words[0]))]


def _stands(term: Term, words: tuple[str, ...], at: int) -> bool:
    """Whether the words of a term stand at a place of a text; its last one may be the beginning of the text's."""
    stretch = words[at : at + len(term.words)]
    if len(stretch) < len(term.words) or stretch[:-1] != term.words[:-1]:
        return False
    return stretch[-1].startswith(term.words[-1]) if term.open else stretch[-1] == term.words[-1]


def _unspaced(text: str, lexicon: _Lexicon) -> Iterator[tuple[Term, int]]:
    for written, terms in lexicon.longest_first:
        if written not in text:
            continue
        # a word in Latin letters has borders here, too: "anal" is no part of "analog"
        pattern = rf"(?<![a-z]){written}(?![a-z])" if written.isascii() else regex.escape(written)
        text, count = regex.subn(pattern, " ", text)
        yield from ((term, len(written)) for _ in range(count) for term in _one_each(terms))


def _one_each(terms: Sequence[Term]) -> Iterable[Term]:
    """One term of each category, a clear one where there is one."""
    return {term.category: term for term in sorted(terms, key=lambda term: term.is_clear)}.values()


@functools.lru_cache(maxsize=128)
def _lexicon(*keys: str) -> _Lexicon:
    """The terms of every language and those that the lists of CATEGORIES have under these keys."""
    whole: dict[str, list[Term]] = {}
    stems: dict[str, list[Term]] = {}
    written: dict[str, list[Term]] = {}
    for term in _terms(keys):
        written.setdefault("".join(term.words), []).append(term)
        alone = term.open and len(term.words) == 1
        (stems if alone else whole).setdefault(term.words[0][: 3 if alone else None], []).append(term)
    return _Lexicon(whole, stems, sorted(written.items(), key=lambda entry: -len(entry[0])), set())


def _terms(keys: Sequence[str]) -> Iterator[Term]:
    """The terms of a language, those with a particle written to the word as well."""
    for category, own in zip(CATEGORIES, keys, strict=True):
        table = _table(category)
        for key in (_EVERY, own):
            told = table.get(key, {})
            for kind in (kind for kind in _KINDS if kind in told):
                for entry in filter(None, map(str.strip, told[kind].casefold().split(","))):
                    words = tuple(_word().findall(entry))
                    # of a short word and a particle others are made: in Arabic, b + ks is a box
                    before = told.get("before", ()) if len(words[0]) >= _SHORTEST_WITH_PARTICLE else ()
                    for particle in ("", *before):
                        yield Term((particle + words[0], *words[1:]), category, kind == "clear", entry.endswith("*"))


def _key(language: str, table: Mapping[str, Any]) -> str:
    """Under what a table has a language: its own code, or that of its macrolanguage; nothing where it has neither."""
    code = language.partition("_")[0]
    return next((name for name in (code, macro(language)) if name in table), "")


@functools.cache
def _table(category: str) -> Mapping[str, Any]:
    """The lists of one category by language; ValueError where a list is no language's."""
    read: dict[str, Any] = shipped("corpora", "harm", f"{category}.yml")
    for code in read.keys() - {_EVERY}:
        try:
            expand([code])
        except UnknownLanguage as unknown:
            raise ValueError(f"{category}.yml: {unknown}") from unknown
    return read
