"""The parts of the card that tell how the rows were made and what is wrong with them."""

from typing import Any

from xinstruct.languages import english_name
from xinstruct.publish import card_grown
from xinstruct.publish.columns import POINTERS
from xinstruct.publish.figures import ENGLISH, Figures
from xinstruct.publish.making import Making, StageMade
from xinstruct.publish.markdown import code, table
from xinstruct.publish.prose import say
from xinstruct.tools.rights.licences import is_open

_REASONS_SHOWN = 8
# From these shares on a language's one-sidedness is told by name.
_ONE_HOST, _RELIGIOUS = 0.5, 0.2
_LANGUAGES_NAMED = 20


def writer(figures: Figures, making: Making) -> str:
    """Who wrote the instructions, as the end of a sentence."""
    if figures.provisional == figures.pairs:
        return "by rules, from the title, headings and markup of the page"
    asked = next((stage.asked["writer"] for stage in making.stages if "writer" in stage.asked), None)
    by = f"by a language model ({code(asked)})" if asked else "by a language model"
    return f"{by}, or for {figures.provisional:,} of them by rules" if figures.provisional else by


def how(figures: Figures, making: Making) -> str:
    """The stages with their settings, the sources, and the funnel."""
    crawled = ""
    if figures.crawled:
        first, last = (moment[:10] for moment in figures.crawled)
        when = f"on {first}" if first == last else f"from {first} to {last}"
        crawled = f" The pages were fetched {when}."
    sources = ", ".join(_source(source) for source in making.sources)
    stages = "\n".join(_stage(number, stage) for number, stage in enumerate(making.stages, start=1))
    parts = [
        "## How it was made",
        say("how", version=making.xinstruct, sources=sources, crawled=crawled),
        stages,
        say("funnel"),
        _funnel(making.funnel),
    ]
    if making.left_out:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in making.left_out.items())
        parts.append(say("left_out", reasons=reasons))
    if making.forgotten:
        parts.append(say("forgotten", rows=f"{making.forgotten:,}"))
    return "\n\n".join(parts)


def _stage(number: int, stage: StageMade) -> str:
    asked = "; ".join(f"{role}: {code(name)}" for role, name in stage.asked.items())
    settings = ", ".join(f"{key}: {_value(value)}" for key, value in stage.settings.items())
    line = f"{number}. **{stage.stage}** (version {stage.version}): {stage.sentence}"
    line += f" Asked: {asked}." if asked else ""
    return line + (f" Settings: {code(settings, 2000)}" if settings else "")


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _source(source: dict[str, str]) -> str:
    kind = next(key for key in source if key not in ("language", "licence"))
    said = [f"{key} {code(value)}" for key, value in source.items() if key != kind]
    return f"{kind} {code(source[kind])}" + (f" ({', '.join(said)})" if said else "")


def _funnel(funnel: list[dict[str, Any]]) -> str:
    rows = []
    for number, stage in enumerate(funnel, start=1):
        dropped, failed = stage["dropped"], stage["failed"]
        reasons = sorted([*dropped.items(), *failed.items()], key=lambda item: -item[1])
        why = ", ".join(f"{reason} {count:,}" for reason, count in reasons[:_REASONS_SHOWN])
        more = f" and {len(reasons) - _REASONS_SHOWN} more" if len(reasons) > _REASONS_SHOWN else ""
        counts = (stage["in"], stage["added"], stage["kept"], sum(dropped.values()), sum(failed.values()))
        rows.append((f"{number} {stage['stage']}", *(f"{count:,}" for count in counts), why + more))
    return table(["stage", "in", "added", "kept", "dropped", "failed", "why"], rows, "lrrrrrl")


def limits(figures: Figures, making: Making) -> str:
    """What a user should not believe of the rows."""
    points = [_provisional(figures, making), *_one_sided(figures), _closed(figures)]
    points += [say("generated")] if card_grown.has_model_answers(figures) else []
    languages = "english" if set(figures.instruction_languages) == {ENGLISH} else "many_languages"
    points += [say(name) for name in ("lid", "speakers", "facts", languages, "tokens")]
    return "## Limits\n\n" + "\n".join(f"- {point}" for point in points if point)


def _provisional(figures: Figures, making: Making) -> str:
    if not figures.provisional:
        writers = [stage.asked["writer"] for stage in making.stages if "writer" in stage.asked]
        by_model = figures.pairs or any(not name.startswith("rules") for name in writers)
        return say("by_model" if by_model else "not_by_model")
    whole = figures.provisional == figures.pairs
    share = f"All {figures.pairs:,}" if whole else f"{figures.provisional:,} of {figures.pairs:,}"
    judge = next((stage.asked["judge"] for stage in making.stages if "judge" in stage.asked), "rules")
    by_rules = judge.startswith("rules")
    judged = say("judged_by_rules") if by_rules else say("judged_by_model", judge=code(judge))
    return say("provisional", share=share, judged=judged)


def _one_sided(figures: Figures) -> list[str]:
    ordered = sorted(figures.languages.items(), key=lambda item: (-item[1].all, item[0]))
    tested = any(it.rows["test"] for _, it in ordered)
    found = {
        "one_host": [name for name, it in ordered if it.largest_host >= _ONE_HOST and it.all > 1],
        "religious": [name for name, it in ordered if it.religious / it.all >= _RELIGIOUS],
        "no_test_rows": [name for name, it in ordered if tested and not it.rows["test"]],
    }
    return [say(what, names=_named(labels)) for what, labels in found.items() if labels]


def _named(labels: list[str]) -> str:
    names = ", ".join(english_name(label) for label in labels[:_LANGUAGES_NAMED])
    return names + (f" and {len(labels) - _LANGUAGES_NAMED} more" if len(labels) > _LANGUAGES_NAMED else "")


def _closed(figures: Figures) -> str:
    closed = sum(count for licence, count in figures.licences.items() if not is_open(licence))
    if not closed or POINTERS in figures.splits:
        return ""
    return say("closed", closed=f"{closed:,}", rows=f"{figures.rows:,}")
