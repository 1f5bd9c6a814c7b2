"""Judges that cannot tell good pairs from wrong ones are found out by the trial, and every language is withheld."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fault_server import FaultServer
from tests.passages import rows_of_stages, sentences_in, write_passages, write_profile, write_recipe
from xinstruct.commands import DONE, status_of

LANGUAGES = ("fin_Latn", "swh_Latn", "tam_Taml")

Judged = Callable[..., tuple[Path, str]]


@pytest.fixture(scope="module")
def passages(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 30 texts in each of three languages."""
    folder = tmp_path_factory.mktemp("harvested")
    sentences = sentences_in(sample, folder)
    write_passages(folder / "passages.jsonl", {language: sentences[language] for language in LANGUAGES}, 90)
    return folder / "passages.jsonl"


@pytest.fixture
def judged(passages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judged:
    """Runs the texts with a judge; gives the run's folder and what it said."""

    def run(judge: str, **settings: Any) -> tuple[Path, str]:
        (tmp_path / "passages.jsonl").write_bytes(passages.read_bytes())
        recipe = write_recipe(tmp_path, ["harvest", "instruct", {"score": {"near": 5, **settings}}])
        with FaultServer(judge=judge) as server:
            profile = write_profile(tmp_path, server.url)
            told = ["run", str(recipe), "--models", str(profile), "--out", str(tmp_path / "out"), "--workers", "1"]
            assert status_of(told) == DONE
        return tmp_path / "out", " ".join(capsys.readouterr().out.split())

    return run


def found(out: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the trial showed, as `status --json` tells of it."""
    assert status_of(["status", str(out), "--json"]) == DONE
    told: dict[str, Any] = json.loads(capsys.readouterr().out)["stages"][-1]["found"]
    return told


@pytest.mark.slow
@pytest.mark.parametrize("judge", ["always_five", "same", "random"])
def test_a_judge_that_cannot_tell_is_found_out_and_nothing_is_published(
    judge: str, judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    out, said = judged(judge)
    why = "All languages: the judge cannot tell good pairs from wrong ones"
    assert why in said
    assert "These languages are withheld; to keep their rows all the same, set withhold: false." in said
    assert "No row is left to publish" in said
    assert not (out / "dataset").exists()
    assert not rows_of_stages(out)["3_score"]
    assert {row["reason"] for row in rows_of_stages(out, "dropped")["3_score"]} == {"judge_not_trusted"}
    withheld = found(out, capsys)["withheld"]
    assert set(LANGUAGES) <= set(withheld)
    assert all(one["reason"] == "judge_not_trusted" and one["because"].startswith(why) for one in withheld.values())
    assert status_of(["status", str(out)]) == DONE
    assert f"Withheld: {why}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_a_judge_that_cannot_tell_in_one_language_costs_that_language_alone(judged: Judged) -> None:
    out, said = judged("sound but in Tamil")
    assert {row["language"] for row in rows_of_stages(out)["3_score"]} == set(LANGUAGES) - {"tam_Taml"}
    why = "Tamil: the judge cannot tell good pairs from wrong ones"
    assert why in said
    assert why in (out / "dataset" / "README.md").read_text()


@pytest.mark.slow
def test_rows_of_a_bad_judge_are_kept_on_request_and_the_card_says_what_it_is_worth(judged: Judged) -> None:
    out, said = judged("always_five", withhold=False)
    assert "the judge cannot tell good pairs from wrong ones" in said
    assert "Their rows are kept all the same, because withhold: false says so." in said
    kept = rows_of_stages(out)["3_score"]
    assert {row["language"] for row in kept} == set(LANGUAGES)
    card = (out / "dataset" / "README.md").read_text()
    assert "| all |" in card.replace("  ", " ")
    assert "0.50" in card


@pytest.mark.slow
def test_a_sound_judge_is_trusted_and_its_rows_are_published(
    judged: Judged, capsys: pytest.CaptureFixture[str]
) -> None:
    out, said = judged("sound")
    assert "withheld" not in said
    assert f"in {len(LANGUAGES)} languages" in said
    told = found(out, capsys)
    assert not told["withheld"]
    assert min(told["judge"][language]["auc_hard"] for language in LANGUAGES) > 0.85
    kept = rows_of_stages(out)["3_score"]
    assert {row["language"] for row in kept} == set(LANGUAGES)
    assert "## Judge and writer" in (out / "dataset" / "README.md").read_text()
