"""The part of the card that tells how judge and writer fared in each language, before they were believed."""

from collections.abc import Mapping, Sequence
from typing import Any

from xinstruct.languages import shown
from xinstruct.publish.markdown import table
from xinstruct.publish.prose import say

_ALL = "all"
JUDGE_HEAD = ("language", "pairs", "hard", "AUC", "AUC drawn", "easy", "AUC easy", "precision", "recall")
WRITER_HEAD = ("language", "asked", "kept", "skipped", "refused", "failed", "own passage found")


def trial(stages: Sequence[Mapping[str, Any]]) -> str:
    """The section, from what the judging stages found; "" where none did. The first trial is told: it had all pairs."""
    found = next((stage for stage in stages if stage["judge"]), None)
    if found is None:
        return ""
    kinds = found["judge"].get(_ALL, {}).get("by_kind", {})
    by_kind = ", ".join(f"{kind} {auc:.2f}" for kind, auc in kinds.items())
    parts = [
        "## Judge and writer",
        say("trial_by_rules" if found["judged_by"] == "rules" else "trial"),
        table(JUDGE_HEAD, judge_rows(found), "lrrrrrrrr"),
        say("trial_kinds", kinds=by_kind) if by_kind else "",
        say("trial_writer"),
        table(WRITER_HEAD, writer_rows(found), "lrrrrrr"),
        *(f"- {one}" for one in withheld(stages)),
    ]
    return "\n\n".join(part for part in parts if part)


def judge_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row under JUDGE_HEAD for each language and for all together."""
    return [
        (
            "all" if language == _ALL else shown(language),
            f"{one['pairs']:,}",
            f"{one['hard']:,}",
            "not tried" if _is_untried(one) else _share(one["auc_hard"]),
            _share(one["auc_drawn"]),
            f"{one['easy']:,}",
            *(_share(one[figure]) for figure in ("auc_easy", "precision", "recall")),
        )
        for language, one in found["judge"].items()
    ]


def writer_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row under WRITER_HEAD for each language."""
    return [
        (
            shown(language),
            *(f"{one[figure]:,}" for figure in ("asked", "kept", "skipped")),
            f"{sum(one['refused'].values()):,}",
            f"{one['failed']:,}",
            f"{one['retrieval_hits']:,} of {one['retrieval_tries']:,}" if one["retrieval_tries"] else "-",
        )
        for language, one in found["writer"].items()
    ]


def withheld(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why languages are withheld, or kept although not trusted, a sentence each, once."""
    told = [f"Withheld: {one['because']}" for stage in stages for one in stage["withheld"].values()]
    # What an earlier run found may not tell of these.
    kept = [one for stage in stages for one in stage.get("not_trusted", {}).values()]
    told += [f"Not trusted, kept because withhold: false says so: {one['because']}" for one in kept]
    return list(dict.fromkeys(told))


def _is_untried(one: Mapping[str, Any]) -> bool:
    return not any(one[figure] for figure in ("pairs", "hard", "easy", "unknown"))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
