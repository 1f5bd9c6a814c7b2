"""Tells, per language, how varied instructions are before and after rows were chosen, and what was not reached."""

from collections.abc import Iterator, Mapping
from typing import Any

from xinstruct.languages import UnknownLanguage, english_name

HEAD = (
    *("language", "set", "rows", "verb", "verb object", "entropy", "topic", "topics", "apart", "distinct 2"),
    "self BLEU",
)

# What `tools/variety.compared` and `tools/choosing.above` find of a language.
Found = Mapping[str, Mapping[str, Any]]


def rows(found: Found) -> list[tuple[str, ...]]:
    """Lines under HEAD, languages with most rows first: before rows were chosen, random ones, and after; a single line
    where none was dropped.
    """
    ordered = sorted(found.items(), key=lambda item: (-item[1]["after"]["rows"], item[0]))
    return [line for language, one in ordered for line in _lines(named(language), one)]


def missed(found: Found) -> list[str]:
    """A sentence for each target that a language missed."""
    return [
        f"{named(language)}: {name} is {target['reached']:g}, not {target['wanted']:g}"
        for language, one in sorted(found.items())
        for name, target in one["targets"].items()
        if target["met"] is False
    ]


def missed_by_any(found: Found) -> str | None:
    """Which targets were missed, in how many of the languages; None where none was."""
    names = {language: [n for n, t in one["targets"].items() if t["met"] is False] for language, one in found.items()}
    missing = [language for language in found if names[language]]
    told = ", ".join(sorted({name for language in missing for name in names[language]}))
    return f"targets missed in {len(missing)} of {len(found)} languages ({told})" if missing else None


def above(found: Found) -> list[str]:
    """A sentence for each language in which groups have more than the recipe's shares after all."""
    return [
        f"{named(language)}: {', '.join(_above(one['above']))}"
        for language, one in sorted(found.items())
        if one.get("above")
    ]


def named(language: str) -> str:
    """The language's English name, or its label where we have none."""
    try:
        return english_name(language)
    except UnknownLanguage:
        return language


def _above(shares: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for name, told in shares.items():
        named.setdefault(f"{told['reached']:.0%}, not {told['wanted']:.0%} ({told['why']})", []).append(name)
    for said, names in named.items():
        yield f"{' and '.join(names)} {said}"


def _lines(language: str, one: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    if one["before"]["rows"] == one["after"]["rows"]:
        yield language, "all", *_figures(one["after"])
        return
    for name in ("before", "random", "after"):
        if name in one:  # an older run has no random set
            yield "" if name != "before" else language, name, *_figures(one[name])


def _figures(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['rows']:,}"
    yield f"{one['verb_share']:.0%}"
    yield f"{one['verb_object_share']:.0%}"
    yield _told(one["verb_object_entropy"], ".1f")
    yield f"{one['topic_share']:.0%}"
    yield _told(one["effective_topics"], ".1f")
    yield _told(one["mean_distance"], ".2f")
    yield _told(one["distinct_2"], ".2f")
    yield _told(one["self_bleu"], ".2f")


def _told(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
