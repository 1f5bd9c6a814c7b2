"""Tells, per language, how varied instructions are before and after rows were chosen, and what targets were met."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xinstruct.languages import UnknownLanguage, english_name

HEAD = ("language", "rows", "verb", "topic", "topics", "distinct-2", "self-BLEU")

# What `tools/variety` finds of a language: rows, verb_share and so on, for each of before and after.
Found = Mapping[str, Mapping[str, Any]]


def rows(found: Found) -> list[tuple[str, ...]]:
    """Lines under HEAD, most rows first; `before → after` where these differ."""
    ordered = sorted(found.items(), key=lambda item: (-item[1]["after"]["rows"], item[0]))
    return [(named(language), *_cells(one["before"], one["after"])) for language, one in ordered]


def missed(found: Found) -> list[str]:
    """A sentence for each target that a language missed."""
    return [
        f"{named(language)}: {name} is {target['reached']:g}, not {target['wanted']:g}"
        for language, one in sorted(found.items())
        for name, target in one["targets"].items()
        if target["met"] is False
    ]


def named(language: str) -> str:
    """The language's English name, or its label where we have none."""
    try:
        return english_name(language)
    except UnknownLanguage:
        return language


def _cells(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for was, now in zip(_figures(before), _figures(after), strict=True):
        yield was if was == now else f"{was} → {now}"


def _figures(one: Mapping[str, Any]) -> Iterable[str]:
    yield f"{one['rows']:,}"
    yield f"{one['verb_share']:.0%}"
    yield f"{one['topic_share']:.0%}"
    yield _told(one["effective_topics"], ".1f")
    yield _told(one["distinct_2"], ".2f")
    yield _told(one["self_bleu"], ".2f")


def _told(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
