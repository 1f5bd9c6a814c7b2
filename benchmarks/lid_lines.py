"""Reads the lines that the language identifier is measured on, none of which it was trained on, and names languages.

Gold codes come from many hands: two letters, macrolanguages, older codes. Each is brought to what it means.
"""

import csv
import functools
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xinstruct import languages
from xinstruct.tools.lid.identifier import UNDETERMINED, script_of

SIB, TATOEBA, CLD2 = "SIB-200", "Tatoeba (LASER v1)", "CLD2 unittest"
# CLD2 writes two-letter and older codes; these few are not in the table of languages. What FLORES first called Central
# Atlas Tamazight it has since renamed to Standard Moroccan Tamazight.
OLD_CODES = {"tzm": "zgh", "iw": "he", "jw": "jv", "bh": "bho", "ik": "ipk", "blu": "hmn", "ks": "kas", "in": "id"}
# CLD2's test file holds each paragraph a second time as escaped bytes, and jokes (Bork, Pirate) under codes of its own.
NO_TEXT = re.compile(r"(\\x[0-9A-F]{2}.*){5}", re.DOTALL)
NO_LANGUAGE = re.compile(r"xx|zz.|tlh")
# Tweets are given out with every name replaced by this word.
NAME_HIDDEN = re.compile(r"@user\b")


class Row(NamedTuple):
    """A test line: the code of its language as its source writes it, and its text."""

    code: str
    text: str


def rows(data: Path, source: str) -> Iterator[Row]:
    """The lines of one source of the shared test lines, in the order of the file."""
    with gzip.open(data / "lid" / "lid_sentences.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["source"] == source and not (NO_TEXT.search(row["text"]) or NO_LANGUAGE.fullmatch(row["lang"])):
                yield Row(OLD_CODES.get(row["lang"], row["lang"]), row["text"])


def tweets(folder: Path) -> Iterator[Row]:
    """The test tweets of AfriSenti: data/<code>/test.tsv of afrisenti-semeval/afrisent-semeval-2023."""
    for file in sorted(folder.glob("data/*/test.tsv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield Row(file.parent.name, NAME_HIDDEN.sub(" ", row["tweet"].replace("\\n", " ")))


@functools.cache
def _meant(code: str, script: str) -> tuple[str, ...]:
    try:
        found = languages.expand([code])
    except languages.UnknownLanguage:
        return ()
    written = {script} | ({"Hans", "Hant"} if script in ("Hans", "Hant") else set())
    possible = sorted((label for label in found if label[4:] in written), key=lambda label: label[4:] != script)
    return tuple(possible) or found


def labels_of(row: Row) -> tuple[str, ...]:
    """The labels that are right for a test line, the usual one first; none where the table has no such language."""
    return _meant(row.code, script_of(row.text))


@functools.cache
def _individual(code: str) -> str:
    try:
        return languages.label(code).partition("_")[0]
    except languages.UnknownLanguage:
        return code


def family(name: str, same: dict[str, str]) -> str:
    """The code under which a language is compared: its macrolanguage by the test data's own map, else by ISO 639-3."""
    if name == UNDETERMINED:
        return name
    code = name.partition("_")[0]
    individual = _individual(code)
    # The map names some groups by a member (srp for all of Serbo-Croatian): a name that it gives stands for itself.
    return next(
        (found for name in (code, individual) if (found := same.get(name) or (name if name in same.values() else ""))),
        languages.macro(individual),
    )
