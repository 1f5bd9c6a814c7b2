"""Tells what a run has made so far, what was dropped and why, and whether its ledger balances."""

import json
from pathlib import Path

import click

from xinstruct.commands import DONE, UNBALANCED
from xinstruct.commands._opened import opened
from xinstruct.commands._screen import Screen, funnel
from xinstruct.pipeline.run import faults, sums


@click.command(epilog="Example: xinstruct status out/demo --json")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object.")
def command(out: Path, as_json: bool) -> int:
    """Show the funnel of OUT and check its ledger."""
    run = opened(out)
    totals, found = sums(out, run.line, run.plan), faults(out, run.line, run.plan)
    if as_json:
        click.echo(
            json.dumps({"balanced": not found, "stages": [total.as_json() for total in totals]}, ensure_ascii=False)
        )
    else:
        console = Screen()
        console.print(funnel(totals))
        parts = len(run.plan.parts)
        unfinished = [f"{total.stage} {total.parts} of {parts}" for total in totals if total.parts < parts]
        console.print(
            f"Parts made: {', '.join(unfinished)}." if unfinished else f"All {parts} parts of all stages are made."
        )
        skipped = totals[0].skipped
        if skipped:
            console.print(
                "Records that are no pages: "
                + ", ".join(f"{reason} {count}" for reason, count in skipped.most_common())
                + "."
            )
        console.print("The ledger balances." if not found else "The ledger does not balance:\n" + "\n".join(found))
    return UNBALANCED if found else DONE
