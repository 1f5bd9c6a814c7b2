"""Writes the card of a dataset: what it is, what is in it, how it was made, what is wrong with it, how to use it."""

from collections import Counter

from xinstruct.candidate import MEANINGS
from xinstruct.languages import english_name
from xinstruct.publish import card_evaluation, card_grown, card_making, card_shares, card_trial, card_use, card_variety
from xinstruct.publish.columns import POINTERS
from xinstruct.publish.figures import LENGTHS, Example, Figures, LanguageFigures, percentile
from xinstruct.publish.making import Making
from xinstruct.publish.markdown import code, fenced, table
from xinstruct.publish.prose import say
from xinstruct.tools.rights.licences import ALL, OPEN_LICENCES, is_open

_EXAMPLES = 3
_SHOWN = 15


def text(figures: Figures, making: Making, repository: str | None) -> str:
    """The card without its header, as Markdown. repository: org/name on the Hub, if it goes there."""
    sections = (
        f"# {making.name}",
        _what(figures, making),
        _examples(figures),
        card_use.loading(figures, repository),
        _configs(figures),
        _languages(figures),
        card_grown.matrix(figures),
        _capped(making),
        _variety(making),
        _lengths(figures, making),
        _shares(figures, making),
        card_grown.section(figures, making),
        _scores(figures),
        _hosts(figures),
        _licences(figures, making),
        card_making.how(figures, making),
        card_trial.trial(making.found),
        card_evaluation.section(making),
        card_making.limits(figures, making),
        card_use.training(figures),
        card_use.citations(making),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _what(figures: Figures, making: Making) -> str:
    count = len(figures.languages)
    kinds = card_grown.kinds(figures)
    said = []
    if figures.pairs:
        languages = f"one of {count} languages" if count != 1 else english_name(next(iter(figures.languages)))
        writer = card_making.writer(figures, making)
        said.append(say("what", rows=f"{figures.pairs:,}", languages=languages, writer=writer))
        said += [say("what_beside", kinds=kinds)] if kinds else []
    else:
        languages = f"{count} languages" if count != 1 else english_name(next(iter(figures.languages)))
        said.append(say("what_grown", kinds=kinds, languages=languages))
    said += [say("rehydrated")] if making.rehydrated else []
    return " ".join(said) + (f"\n\n{say('pointers')}" if POINTERS in figures.splits else "")


def _examples(figures: Figures) -> str:
    ranked = sorted(figures.examples.values(), key=lambda example: example.mark)[:_EXAMPLES]
    shown = [*map(_example, ranked), *card_grown.examples(figures)]
    if not shown or POINTERS in figures.splits:
        return ""
    return "\n\n".join(("## Rows", say("examples"), *shown))


def _example(example: Example) -> str:
    row = example.candidate
    told = [english_name(row.language), code(row.language), row.task, row.style, row.url and code(row.url, 120)]
    turns = "\n\n".join(f"{turn['role']}\n\n{fenced(turn['content'])}" for turn in example.turns)
    return f"**{' · '.join(word for word in told if word)}**\n\n{turns}"


def _configs(figures: Figures) -> str:
    rows = [
        (f"`{name}`", f"{count['train']:,}", f"{count['test']:,}", say(f"config_{name}"))
        for name, count in figures.splits.items()
    ]
    tested = any(count["test"] for count in figures.splits.values())
    shown = table(["configuration", "train", "test", "what it is"], rows, "lrrl")
    return "\n\n".join(("## Configurations", shown, say("test" if tested else "no_test")))


def _languages(figures: Figures) -> str:
    names = ["language", "label", "train", "test", "hosts", "largest host", "wiki", "religious", "mean characters"]
    rows = [
        (
            english_name(name),
            f"`{name}`",
            f"{it.rows['train']:,}",
            f"{it.rows['test']:,}",
            f"{len(it.hosts):,}",
            f"{it.largest_host:.0%}",
            f"{it.encyclopedic / it.all:.0%}",
            f"{it.religious / it.all:.0%}",
            f"{it.characters / it.pairs:,.0f}" if it.pairs else "",
        )
        for name, it in _by_rows(figures)
    ]
    return "\n\n".join(("## Languages", table(names, rows, "llrrrrrrr"), say("languages")))


def _capped(making: Making) -> str:
    if not making.shares:
        return ""
    return "\n\n".join(
        (
            "### Shares of sources",
            table(card_shares.HEAD, card_shares.rows(making.shares), "lrrrr"),
            say("capped"),
        )
    )


def _by_rows(figures: Figures) -> list[tuple[str, LanguageFigures]]:
    return sorted(figures.languages.items(), key=lambda item: (-item[1].all, item[0]))


def _variety(making: Making) -> str:
    if not making.variety:
        return ""
    missed = "\n".join(f"- {sentence}." for sentence in card_variety.missed(making.variety))
    above = "\n".join(f"- {sentence}." for sentence in card_variety.above(making.variety))
    said = table(card_variety.HEAD, card_variety.rows(making.variety), "ll" + "r" * (len(card_variety.HEAD) - 2))
    told = (say("variety"), said, above and say("shares_above"), above, missed and say("targets_missed"), missed)
    return "\n\n".join(filter(None, ("### How varied", *told)))


def _lengths(figures: Figures, making: Making) -> str:
    """Shares of rows by the length of their answers, under the shares that were planned."""
    planned = next((stage.settings["lengths"] for stage in making.stages if "lengths" in stage.settings), None)
    counted = [(english_name(name), it.lengths) for name, it in _by_rows(figures) if it.pairs]
    if not counted:
        return ""
    lines = [("wished", planned), *counted] if planned else counted
    rows = [(name, *(f"{one.get(band, 0) / sum(one.values()):.0%}" for band in LENGTHS)) for name, one in lines]
    said = say("lengths", wished=say("lengths_wished") if planned else "").strip()
    return "\n\n".join(("## Lengths of answers", table(["language", *LENGTHS], rows, "lrrrr"), said))


def _shares(figures: Figures, making: Making) -> str:
    if not figures.pairs:
        return ""
    return "\n\n".join(
        (
            "## Tasks, styles and sources",
            table(["task", "rows", "share"], _counted(figures.tasks, figures.pairs), "lrr"),
            table(["style", "rows", "share"], _counted(figures.styles, figures.pairs), "lrr"),
            say("yields"),
            table(["made from", "made", "rows", "yield"], _yields(figures.sources, making.asked), "lrrr"),
        )
    )


def _yields(kept: Counter[str], made: dict[str, int]) -> list[tuple[str, str, str, str]]:
    """What instructions were made from, how many were made so, how many are rows, and the share."""
    rows = []
    for name in dict.fromkeys([*(name for name, _ in kept.most_common()), *made]):
        count = max(made.get(name, 0), kept[name])
        rows.append((code(name), f"{count:,}", f"{kept[name]:,}", f"{kept[name] / max(1, count):.0%}"))
    return rows


def _counted(counts: Counter[str], total: int) -> list[tuple[str, str, str]]:
    return [(code(name), f"{count:,}", f"{count / max(1, total):.0%}") for name, count in counts.most_common(_SHOWN)]


def _scores(figures: Figures) -> str:
    rows = [
        (
            f"`{name}`",
            MEANINGS[name],
            f"{seen.total():,}",
            f"{sum(k * n for k, n in seen.items()) / seen.total() / 100:.2f}",
            *(f"{percentile(seen, share):.2f}" for share in (0.1, 0.5, 0.9)),
        )
        for name, seen in figures.scores.items()
        if seen
    ]
    names = ["column", "meaning", "rows", "mean", "10 %", "median", "90 %"]
    return f"## Scores\n\n{table(names, rows, 'llrrrrr') if rows else say('not_scored')}"


def _hosts(figures: Figures) -> str:
    rows = _counted(figures.hosts, figures.rows)
    if not rows:
        return f"## Hosts\n\n{say('no_hosts')}"
    shown = say("hosts", shown=len(rows), hosts=f"{len(figures.hosts):,}")
    return "\n\n".join(("## Hosts", shown, table(["host", "rows", "share"], rows, "lrr")))


def _licences(figures: Figures, making: Making) -> str:
    rows = [
        (
            code(licence) if licence else "unknown: the page names none",
            "yes" if is_open(licence) else "no",
            f"{count:,}",
            f"{count / max(1, figures.rows):.0%}",
        )
        for licence, count in figures.licences.most_common(_SHOWN)
    ]
    rule = say(f"rights_{(making.rights or 'local').replace('-', '_')}", open=OPEN_LICENCES)
    taken = [] if ALL in making.accepted else [say("accepted", names=", ".join(map(code, making.accepted)))]
    shown = table(["licence", "open", "rows", "share"], rows, "llrr")
    return "\n\n".join(("## Rights", shown, rule, *taken, say("licences")))
