"""Says how languages are named: codes, scripts, English names, own names, and which codes a person may write for them.

A language is an ISO 639-3 individual language with an ISO 15924 script, `swh_Latn`. The facts are read from
corpora/languages.yml, which corpora/make_languages.py writes.
"""

import difflib
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xinstruct.tables import shipped

UNDETERMINED = "und"

# Scripts by which corpora mean any of several: Hani does not say which form of Chinese characters.
_FORMS = {"Hani": ("Hans", "Hant", "Jpan"), "Kore": ("Hang",)}


class UnknownLanguage(ValueError):
    """A language name that the table does not have; the text says so in one sentence with the nearest names."""


@dataclass(frozen=True)
class _Table:
    languages: dict[str, dict[str, Any]]
    macrolanguages: dict[str, dict[str, Any]]
    scripts: dict[str, dict[str, Any]]
    label_sets: dict[str, dict[str, Any]]
    by_two_letters: dict[str, str]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(f"{code}_{script}" for code, entry in self.languages.items() for script in entry["scripts"])


@functools.cache
def _table() -> _Table:
    read = shipped("corpora", "languages.yml")
    coded = {**read["languages"], **read["macrolanguages"]}
    two = {entry["iso639_1"]: code for code, entry in coded.items() if "iso639_1" in entry}
    return _Table(read["languages"], read["macrolanguages"], read["scripts"], read["label_sets"], two)


@functools.cache
def all_languages() -> tuple[str, ...]:
    """Every language of the table with each of its scripts, sorted: ("aar_Latn", "abk_Cyrl", ...)."""
    return tuple(sorted(_table().labels))


def expand(names: Iterable[str]) -> tuple[str, ...]:
    """The languages meant by names such as swh_Latn, swh, sw, swa, zh or all, in the order named, each once.

    A name without script means every script that the table has for it; a macrolanguage means all its members.
    Raises UnknownLanguage.
    """
    found: dict[str, None] = {}
    for name in names:
        found.update(dict.fromkeys(_expand_one(name)))
    return tuple(found)


@functools.cache
def _expand_one(name: str) -> tuple[str, ...]:
    if name == "all":
        return all_languages()
    code, _, script = name.partition("_")
    labels = tuple(
        f"{member}_{written}"
        for member in _members(code)
        for written in _table().languages[member]["scripts"]
        if script in ("", written) or written in _FORMS.get(script, ())
    )
    if not labels:
        raise UnknownLanguage(_unknown(name))
    return labels


def _members(code: str) -> list[str]:
    """The individual languages that a code stands for; none if it is unknown."""
    table = _table()
    code = table.by_two_letters.get(code, code)
    members = list(table.macrolanguages[code]["members"]) if code in table.macrolanguages else []
    # A few codes (san, nor) are a language of the table and a macrolanguage at once.
    return [code, *members] if code in table.languages else members


def _unknown(name: str) -> str:
    table = _table()
    english = {english_name(known).lower(): known for known in all_languages()}
    codes = [*all_languages(), *table.languages, *table.macrolanguages, *table.by_two_letters]
    written = name.replace("-", "_")
    near = [english[close] for close in difflib.get_close_matches(name.lower(), english, n=2, cutoff=0.75)]
    near += [known for known in codes if known.lower() == written.lower()]
    if "_" in written:
        near += [known for known in all_languages() if known[:3] == written[:3].lower()]
    near += difflib.get_close_matches(written, codes, n=3, cutoff=0.5)
    hint = " or ".join(dict.fromkeys(near[:3]))
    return f"unknown language '{name}'" + (f"; did you mean {hint}?" if hint else "; names look like swh_Latn.")


@functools.cache
def label(name: str) -> str:
    """The one language meant by a code or a code and script: swa -> swh_Latn, kur_Arab -> ckb_Arab, zh -> cmn_Hans.

    A macrolanguage means its standard member in that script, a code without script its usual script.
    Raises UnknownLanguage.
    """
    return _expand_one(name)[0]


@functools.cache
def macro(name: str) -> str:
    """The macrolanguage of a language (swh_Latn or swh -> swa); one without, or unknown, is its own (fin)."""
    code = name.partition("_")[0]
    code = _table().by_two_letters.get(code, code)
    entry = _table().languages.get(code, {})
    return str(entry.get("macro", code))


@functools.cache
def english_name(name: str) -> str:
    """What a person would write for the language in "Answer in Swahili."; Chinese and the like name their script.

    Raises UnknownLanguage.
    """
    code, _, script = label(name).partition("_")
    entry = _table().languages[code]
    named = entry.get("english_by_script", {})
    if script in named:
        return str(named[script])
    usual = script == next(iter(entry["scripts"]))
    return str(entry["english"]) if usual else f"{entry['english']} ({_table().scripts[script]['name']} script)"


@functools.cache
def shown(name: str) -> str:
    """What a person would read for the language: its English name, or the label itself where none is known."""
    try:
        return english_name(name)
    except UnknownLanguage:
        return name


@functools.cache
def own_name(name: str) -> str:
    """The language's name in itself and in its script; the English name where no other is known.

    Raises UnknownLanguage.
    """
    code, _, script = label(name).partition("_")
    return str(_table().languages[code]["scripts"][script] or english_name(name))


def iso639_1(name: str) -> str | None:
    """The two-letter code of a language or of its macrolanguage (swh_Latn -> sw); None where there is none.

    Raises UnknownLanguage.
    """
    table = _table()
    code = label(name).partition("_")[0]
    two = table.languages[code].get("iso639_1") or table.macrolanguages.get(macro(code), {}).get("iso639_1")
    return str(two) if two else None


def flores(name: str) -> str | None:
    """The label that FLORES-200 has for a language (cmn_Hans -> zho_Hans); None where it has no text of it.

    Raises UnknownLanguage.
    """
    return _labels_of("flores").get(label(name))


def glotlid(name: str) -> str | None:
    """The label that GlotLID v3 gives a language (cmn_Hans -> cmn_Hani); None where it does not know it.

    Raises UnknownLanguage.
    """
    return _labels_of("glotlid").get(label(name))


@functools.cache
def _labels_of(label_set: str) -> dict[str, str]:
    """Our label -> that of another set, for all that it has."""
    read = _table().label_sets[label_set]
    return {**{ours: ours for ours in read["same"].split()}, **read["other"]}


@functools.cache
def sentence_ends() -> dict[str, str]:
    """Script -> the marks that end a sentence in it, such as Deva -> .?!…।॥; treat it as read-only."""
    return {script: entry["ends"] for script, entry in _table().scripts.items()}


@functools.cache
def unspaced_scripts() -> tuple[str, ...]:
    """The scripts that are written without blanks between words."""
    return tuple(script for script, entry in _table().scripts.items() if entry.get("unspaced"))


@functools.cache
def unmarked_scripts() -> tuple[str, ...]:
    """The scripts in which most sentences end without a mark."""
    return tuple(script for script, entry in _table().scripts.items() if entry.get("unmarked"))
