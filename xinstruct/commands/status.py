"""Tells what a run has made so far, what was dropped and why, and whether its ledger balances."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from xinstruct.commands import DONE, UNBALANCED
from xinstruct.commands._opened import opened
from xinstruct.commands._screen import Screen, funnel, no_pages, unread
from xinstruct.pipeline import evaluation
from xinstruct.pipeline.balance import faults, found, sums
from xinstruct.publish import card_evaluation, card_ranked, card_shares, card_trial, card_variety


@click.command(epilog="Example: xinstruct status out/demo --json")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object.")
def command(out: Path, as_json: bool) -> int:
    """Show the funnel of OUT and check its ledger."""
    run = opened(out)
    totals, wrong = sums(out, run.line, run.plan), faults(out, run.line, run.plan)
    telling = card_shares.telling(run.line)
    shares = card_shares.shares(out, telling, [part.name for part in run.plan.parts])
    told = {stage.number: (findings, since) for stage, findings, since in found(out, run.line, run.plan)}
    sets = evaluation.found(out, run.line)
    if as_json:
        stages = [
            total.as_json()
            | ({"found": told[number][0], "forgotten_since": told[number][1]} if number in told else {})
            | ({"found": {"held_against": sets[number]}} if sets.get(number) else {})
            | ({"shares": shares} if number == telling.number and shares else {})
            for number, total in enumerate(totals, start=1)
        ]
        click.echo(json.dumps({"balanced": not wrong, "stages": stages}, ensure_ascii=False))
    else:
        console = Screen()
        console.print(funnel(totals))
        parts = len(run.plan.parts)
        unfinished = [f"{total.stage} {total.parts} of {parts}" for total in totals if total.parts < parts]
        console.print(
            f"Parts made: {', '.join(unfinished)}." if unfinished else f"All {parts} parts of all stages are made."
        )
        for sentence in filter(None, (unread(totals[0]), no_pages(totals[0].skipped))):
            console.print(sentence, soft_wrap=True)
        if shares:
            capped = ", before → after quotas" if card_shares.caps(telling) else ""
            console.print(f"\n{telling.number} {telling.name}: shares of a language's rows{capped}")
            console.print(_table(card_shares.HEAD, card_shares.rows(shares)))
        for number, held in sets.items():
            for sentence in card_evaluation.sentences(held):
                console.print(f"{number} {run.line[number - 1].name}: {sentence}", soft_wrap=True)
        for number, (findings, since) in told.items():
            stage = run.line[number - 1]
            show = _show_trial if stage.tries else _show_ranking if stage.hears else _show_variety
            show(console, f"{number} {stage.name}", findings)
            if since:
                console.print(f"Measured when there were {since:,} more rows, which are forgotten since.")
        console.print("The ledger balances." if not wrong else "The ledger does not balance:\n" + "\n".join(wrong))
    return UNBALANCED if wrong else DONE


def _show_trial(console: Console, stage: str, findings: Mapping[str, Any]) -> None:
    """How judge and writer fared in each language."""
    console.print(
        f"\n{stage}: the trial of the judge ({findings['judged_by']}), on pairs of this run made wrong on purpose"
    )
    console.print(_table(card_trial.JUDGE_HEAD, card_trial.judge_rows(findings)))
    console.print(f"\n{stage}: how the writer fared")
    console.print(_table(card_trial.WRITER_HEAD, card_trial.writer_rows(findings)))
    for sentence in card_trial.withheld([findings]):
        console.print(f"{sentence}.", soft_wrap=True)


def _show_ranking(console: Console, stage: str, findings: Mapping[str, Any]) -> None:
    """How far rankings agreed in each language, and how easily the chosen answers are told."""
    console.print(f"\n{stage}: the pairs of answers")
    rankings = card_ranked.rows(findings)
    if rankings:
        console.print(_table(card_ranked.HEAD, rankings))
    for sentence in card_ranked.sentences(findings):
        console.print(sentence, soft_wrap=True)


def _show_variety(console: Console, stage: str, findings: Mapping[str, Any]) -> None:
    """How varied each language's instructions are."""
    told = "before rows were chosen, a random set of as many as were kept, and after"
    console.print(f"\n{stage}: how varied the instructions are, {told}", soft_wrap=True)
    console.print(_table([name.replace(" ", "\n") for name in card_variety.HEAD], card_variety.rows(findings), 2, 1))
    for sentence in card_variety.above(findings):
        console.print(f"Above the recipe's share. {sentence}.", soft_wrap=True)
    for sentence in card_variety.missed(findings):
        console.print(f"Target missed. {sentence}.", soft_wrap=True)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1, gap: int = 2) -> Table:
    # names: how many columns are no figures; gap: blanks between columns
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
    for n, name in enumerate(head):
        table.add_column(name, justify="right" if n >= names else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
