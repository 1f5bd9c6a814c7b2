"""What diversify did is told: beside a random set, with shares that were not held, and with the row that stayed."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus_wide import outcomes_of
from tests.test_diversify import diversified, instructions, kept, rows
from xinstruct.candidate import Candidate, Dropped
from xinstruct.commands import DONE, status_of
from xinstruct.pipeline.exchange import Bucket
from xinstruct.publish import card_variety
from xinstruct.stages import diversify
from xinstruct.tools import store
from xinstruct.tools.choosing import FEW_GROUPS, FLOOR, Quota, above, chosen

HOSTS = ("habari.example", "michezo.example")


def found(candidates: list[Candidate], folder: Path, parts: int = 1, **settings: Any) -> dict[str, Any]:
    """What is found of the language of the candidates."""
    spread = {f"{n:05d}": candidates[n::parts] for n in range(parts)}
    outcomes_of(diversify, spread, diversify.Settings(**settings), folder)
    told = diversify.found(Bucket(folder / "verdicts" / "00000"))
    assert told is not None
    return dict(told["swh_Latn"])


def test_a_random_set_of_the_same_size_is_measured_beside_what_was_kept(tmp_path: Path) -> None:
    candidates = rows({"cooking": 150, "health": 30, "football": 20})
    told = found(candidates, tmp_path / "one", rows_per_language=60)
    assert [told[name]["rows"] for name in ("before", "random", "after")] == [200, 60, 60]
    assert told["after"]["effective_topics"] > told["random"]["effective_topics"]
    # Distinct words rise as a set gets smaller: chosen well or not.
    assert told["random"]["distinct_2"] > told["before"]["distinct_2"]
    assert found(candidates, tmp_path / "many", parts=4, rows_per_language=60) == told


def test_where_nothing_is_dropped_all_three_sets_are_one(tmp_path: Path) -> None:
    told = found(rows({"cooking": 8, "health": 5}), tmp_path)
    assert told["before"] == told["random"] == told["after"]
    assert [line[:3] for line in card_variety.rows({"swh_Latn": told})] == [("Swahili", "all", "13")]


def test_what_an_older_run_found_can_be_shown(tmp_path: Path) -> None:
    told = found(rows({"cooking": 30, "health": 9}), tmp_path, rows_per_language=10)
    older = {name: told[name] for name in ("before", "after", "targets")}
    assert [line[1] for line in card_variety.rows({"swh_Latn": older})] == ["before", "after"]
    assert card_variety.above({"swh_Latn": older}) == []


def test_shares_that_are_not_held_are_told_with_why() -> None:
    verbs, hosts, topics = np.repeat([1, 2, 3], [60, 30, 10]), np.repeat([1, 2], [90, 10]), np.arange(100) % 50 + 1
    quotas = [
        Quota("verb_quota", "verb", 0.2, 0),
        Quota("host_quota", "host", 0.5, 20),
        Quota("topic_quota", "topic", 0.3, 0),
        Quota("news_quota", "news", 0.5, 200, eased=False),
    ]
    columns = {"verb": verbs, "host": hosts, "topic": topics, "news": np.ones(100, int)}
    told = above(chosen([np.arange(100)], columns, None, quotas), quotas)
    assert {name: one["why"] for name, one in told.items()} == {"verb": FEW_GROUPS, "host": FEW_GROUPS, "news": FLOOR}
    assert told["news"] == {"wanted": 0.5, "reached": 1.0, "why": FLOOR}
    assert 0.2 < told["verb"]["reached"] <= 2 / 3


def test_a_share_that_a_floor_breaks_is_told(tmp_path: Path) -> None:
    texts = [f'{word.title()} "Kitu {n}".' for n, word in enumerate(["write"] * 15 + ["explain", "list", "sketch"] * 3)]
    texts += [f'{word.title()} "Jambo".' for word in ("compare", "define", "review", "draft", "portray", "discuss")]
    settings = {"largest_topic_share": 1.0, "largest_host_share": 1.0}
    told = found(instructions(texts), tmp_path / "floor", **settings)["above"]
    assert told.keys() == {"verb", "opening"}
    assert told["verb"] == {"wanted": 0.2, "reached": 0.5, "why": FLOOR}
    assert card_variety.above({"swh_Latn": {"above": told}}) == [
        "Swahili: verb and opening 50%, not 20% (rows always kept)"
    ]
    held = found(instructions(texts), tmp_path / "held", group_rows_always_kept=0, **settings)
    assert held["above"].get("verb", {"why": FEW_GROUPS})["why"] == FEW_GROUPS


def test_a_row_over_the_budget_names_the_kept_row_that_it_is_like(tmp_path: Path) -> None:
    said = ["How do I cook rice and coconut?", "Explain high blood pressure to patients.", "Report on the cup final."]
    candidates = instructions([said[n % 3] for n in range(30)])
    outcomes = diversified(candidates, tmp_path, parts=3, rows_per_language=3, group_rows_always_kept=0)
    stayed = {c.instruction: c.id for c in kept(outcomes)}
    assert len(stayed) == 3
    dropped = [outcome for outcome in outcomes.values() if isinstance(outcome, Dropped)]
    assert {outcome.reason for outcome in dropped} == {"over_budget"}
    assert all(outcome.detail == stayed[outcome.candidate.instruction] for outcome in dropped)


def test_a_row_over_the_budget_that_is_like_none_names_its_topic(tmp_path: Path) -> None:
    texts = [*["How do I cook rice and coconut?"] * 20, "Report on the cup final.", "Explain high blood pressure."]
    outcomes = diversified(instructions(texts), tmp_path, rows_per_language=1)
    details = {o.candidate.instruction: o.detail for o in outcomes.values() if isinstance(o, Dropped)}
    assert details["Report on the cup final."].startswith("swh_Latn-0")
    assert details["How do I cook rice and coconut?"] == kept(outcomes)[0].id


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which two hosts say the same things, and whose target nothing reaches."""
    folder = tmp_path_factory.mktemp("told")
    told = [
        {
            "text": f"Wavuvi walirudi pwani na samaki wengi sana, na wakawauza sokoni siku ya {n // 2}. " * 9,
            "title": f"Samaki wa pwani ya kusini {n // 2}",
            "url": f"https://{HOSTS[n % 2]}/{n}",
            "language": "swh_Latn",
        }
        for n in range(24)
    ]
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))
    (folder / "recipe.yml").write_text(
        "languages: [swh_Latn]\nsources: [{jsonl: texts.jsonl}]\nstages: [harvest: {quality: false}, instruct, "
        "diversify: {rows_per_language: 8, largest_host_share: 0.2, largest_verb_share: 1.0, largest_topic_share: 1.0, "
        "targets: {smallest_distinct_2: 1.0}}]\n"
    )
    return folder


def run(folder: Path, recipe: str = "recipe") -> int:
    return status_of(["run", str(folder / f"{recipe}.yml"), "--out", str(folder / recipe), "--workers", "1"])


@pytest.mark.slow
def test_run_status_card_and_forget_tell_what_is_so(
    made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = made / "recipe"
    assert run(made) == DONE
    said = " ".join(capsys.readouterr().out.split())
    assert f"3 diversify: targets missed in 1 of 1 languages (smallest_distinct_2); `xinstruct status {out}`" in said

    assert status_of(["status", str(out)]) == DONE
    said = capsys.readouterr().out
    table = said[said.index("how varied") :].splitlines()[1:6]
    assert max(map(len, table)) <= 80
    assert [line.split()[:3] for line in table[2:]] == [
        ["Swahili", "before", "24"], ["random", "8", table[3].split()[2]], ["after", "8", table[4].split()[2]],
    ]  # fmt: skip
    assert "before → after quotas" in said
    assert re.search(r"Above the recipe's share\. Swahili: host and domain \d+%, not 20% \(few groups\)", said)
    card = (out / "dataset" / "README.md").read_text()
    assert "| Swahili | before | 24 |" in card
    assert "|  | random | 8 |" in card

    dropped = list(store.rows_of(out / "3_diversify" / "00000.dropped.parquet"))
    stayed = {row["id"]: row for row in store.rows_of(out / "3_diversify" / "00000.parquet")}
    like = [row for row in dropped if row["detail"] in stayed]
    gone = next(stayed[row["detail"]]["host"] for row in like if stayed[row["detail"]]["host"] != row["host"])
    assert status_of(["forget", str(out), "--host", gone]) == DONE
    left = list(store.rows_of(out / "3_diversify" / "00000.dropped.parquet"))
    ids = {row["id"] for row in stayed.values() if row["host"] == gone}
    assert left
    assert not [row for row in left if row["detail"] in ids]
    assert [row for row in left if row["detail"] == row["topic_id"]]


@pytest.mark.slow
def test_status_speaks_of_quotas_only_where_there_are_some(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (made / "plain.yml").write_text(
        "languages: [swh_Latn]\nsources: [{jsonl: texts.jsonl}]\nstages: [harvest: {quality: false}, instruct]\n"
    )
    assert run(made, "plain") == DONE
    assert status_of(["status", str(made / "plain")]) == DONE
    said = capsys.readouterr().out
    assert "2 instruct: shares of a language's rows\n" in said
    assert "→" not in said
    assert "quotas" not in said
