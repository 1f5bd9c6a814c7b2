"""Makes a run and publishes it: what `run` and `retry` share."""

import asyncio
import functools
import gc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uvloop
from rich.console import Console

from xinstruct.commands import _screen
from xinstruct.commands._workers import Workers
from xinstruct.ledger import StageSum, failed_share
from xinstruct.pipeline import embedding, evaluation, forgetting, robots_txt, taxonomies
from xinstruct.pipeline.balance import found
from xinstruct.pipeline.identifying import identifier_of
from xinstruct.pipeline.line import Stage, line_of
from xinstruct.pipeline.plan import Plan, freeze, lock
from xinstruct.pipeline.run import Run
from xinstruct.profile import Profile, check_kept, keep
from xinstruct.publish import card_shares, card_variety
from xinstruct.publish.dataset import publish
from xinstruct.recipe import Recipe
from xinstruct.tools.answerers import answering
from xinstruct.tools.conversation import Conversation
from xinstruct.tools.replies import Replies

# Above this share of failed candidates in any stage the run ends with its own exit status.
TOLERATED_FAILED_SHARE = 0.05
REPLIES = "replies.sqlite"
# Thousands of conversations live at once: to look through them for cycles every 700 objects takes a sixth of the time.
_OBJECTS_BETWEEN_LOOKS = 20_000


def make(
    recipe: Recipe,
    folder: Path,
    out: Path,
    console: Console,
    *,
    workers: Workers,
    limit: int | None = None,
    redo: str | None = None,
    retry: bool = False,
    profile: Profile | None = None,
) -> bool:
    """Makes in `out` what is not made yet and publishes it. folder: where the recipe's paths start.

    retry: whether what failed is tried again; profile: who answers, the rules without one. False when too many
    candidates failed; OSError when nothing of the input could be read.
    """
    line = taxonomies.settled(embedding.settled(line_of(recipe), folder, profile), folder)
    out = workers.where(out)
    with lock(out):
        forgetting.complete(out, out / REPLIES)
        say = functools.partial(console.print, soft_wrap=True)
        embedding.tried(line, out, say)
        evaluated = evaluation.hold(out, line, folder, say)
        plan = freeze(out, recipe, folder, tuple(stage.folder for stage in line), redo, limit, say=say)
        check_kept(profile, out, redo)
        identifier = identifier_of(recipe, folder)
        if not (out / REPLIES).exists():
            keep(profile, out)
        replies = Replies(out / REPLIES)
        if retry:
            replies.forget_verdicts()

        def run_with(conversation: Conversation) -> Run:
            engine, languages = workers.engine(out, plan, identifier), frozenset(recipe.labels)
            return Run(out, line, plan, languages, engine, conversation, say, redo, limit, retry, identifier, evaluated)

        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                run = runner.run(_made(run_with, line, profile, replies, console, say))
        finally:
            replies.close()
        keep(profile, out)
        console.print(_screen.funnel(run.sums))
        _tell_unread(run.sums[0], console)
        say(_publish(out, line, plan, recipe, run.sums))
        for sentence in _missed(out, line, plan):
            say(sentence)
    return _healthy(run.sums, console)


def _publish(out: Path, line: Sequence[Stage], plan: Plan, recipe: Recipe, sums: Sequence[StageSum]) -> str:
    """Publishes the last stage's rows, if they have instructions; a sentence that tells what became of them."""
    rows = out / line[-1].folder
    if "instruction" not in {column for stage in line for column in stage.module.WRITES}:
        return f"No stage writes instructions, so nothing is published; rows are in {rows}."
    return publish(out, rows, [part.name for part in plan.parts], recipe, sums).sentence()


def _missed(out: Path, line: Sequence[Stage], plan: Plan) -> Iterator[str]:
    """A sentence for each stage whose targets some language missed."""
    for stage, findings, _ in found(out, line, plan):
        if card_shares.caps(stage) and (missed := card_variety.missed_by_any(findings)):
            yield f"{stage.number} {stage.name}: {missed}; `xinstruct status {out}` shows them."


async def _made(
    run_with: Callable[[Conversation], Run],
    line: Sequence[Stage],
    profile: Profile | None,
    replies: Replies,
    console: Console,
    say: Callable[[str], None],
) -> Run:
    roles = {role for stage in line for role in stage.asks} or {"writer"}
    async with answering(profile, roles, replies.path.parent / "logs", say) as who:
        run = run_with(Conversation(who.answerers, replies))
        try:
            await robots_txt.gather(run.out, line, run.plan, run.engine, say)
            async with _screen.shown(run, console):
                await run.make()
        finally:
            run.engine.close()
    return run


def _tell_unread(first: StageSum, console: Console) -> None:
    """Says what of the input could not be read. OSError where that is all of it."""
    sentence = _screen.unread(first)
    if sentence and not first.kept + first.dropped.total():
        raise OSError(f"No page could be read. {sentence}")
    if sentence:
        console.print(sentence, soft_wrap=True)


def _healthy(sums: list[StageSum], console: Console) -> bool:
    share = failed_share(sums)
    if any(total.failed for total in sums):
        count = sum(total.failed.total() for total in sums)
        console.print(
            f"{count} candidates failed ({share:.1%} of the worst stage); `xinstruct retry` asks for just those again."
        )
    return share <= TOLERATED_FAILED_SHARE
