"""Reads the figures of corpora/thresholds.yml, which corpora/make_thresholds.py has measured on natural texts."""

import functools
from typing import Any

from xinstruct.languages import UnknownLanguage, label, macro
from xinstruct.tables import shipped


def figures(section: str, language: str) -> Any:
    """What a section of the table has of a language, of the one that its macrolanguage means in the same script, or of
    its script; None where it has nothing of them.
    """
    table = _table()[section]
    languages = table["languages"]
    return languages.get(language) or languages.get(_standard(language)) or table["scripts"].get(language[-4:])


def figures_of_all(section: str) -> Any:
    """What a section of the table has of all languages together."""
    return _table()[section]["every"]


def _standard(language: str) -> str:
    try:
        return label(f"{macro(language)}_{language[-4:]}")
    except UnknownLanguage:
        return language


@functools.cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = shipped("corpora", "thresholds.yml")
    return table
