"""How a command ends: too many failed candidates, a ledger that does not balance, a defect; and how `retry` heals."""

import json
import zlib
from pathlib import Path

import pytest
import yaml

from tests.conftest import Call
from xinstruct.commands import DEFECT, DONE, SOME_FAILED, UNBALANCED, status_of
from xinstruct.commands import status as status_command
from xinstruct.question import Question
from xinstruct.tools import store
from xinstruct.tools.answerers import Rules
from xinstruct.tools.conversation import Misfit, Unanswered


@pytest.fixture
def recipe(tmp_path: Path, small_crawl: Path) -> Path:
    told = {
        "languages": ["swh_Latn", "fin_Latn"],
        "sources": [{"warc": str(small_crawl)}],
        "stages": ["harvest", "instruct", "score"],
    }
    path = tmp_path / "recipe.yml"
    path.write_text(yaml.safe_dump(told))
    return path


@pytest.mark.slow
def test_too_many_failed_end_with_3_and_retry_heals_them(
    recipe: Path, tmp_path: Path, xinstruct: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Rules.answer

    async def ailing(self: Rules, question: Question, again: Misfit | None = None) -> str:
        if zlib.crc32(json.dumps(question.fields, sort_keys=True).encode()) % 3 == 0:
            raise Unanswered("server_gone", "half a rep")
        return await answer(self, question)

    out = tmp_path / "out"
    monkeypatch.setattr(Rules, "answer", ailing)
    assert status_of(["run", str(recipe), "--out", str(out)]) == SOME_FAILED
    failed = list(store.rows_of(out / "2_instruct" / "00000.failed.parquet"))
    assert failed
    assert {(row["error"], row["raw_reply"]) for row in failed} == {("server_gone", "half a rep")}
    monkeypatch.setattr(Rules, "answer", answer)
    assert status_of(["retry", str(out)]) == DONE
    assert not list(store.rows_of(out / "2_instruct" / "00000.failed.parquet"))
    assert xinstruct("run", recipe, "--out", tmp_path / "whole").returncode == 0
    for name in ("2_instruct", "3_score"):
        healed, whole = (list(store.rows_of(o / name / "00000.parquet")) for o in (out, tmp_path / "whole"))
        assert healed == whole


@pytest.mark.slow
def test_a_ledger_that_does_not_balance_ends_with_4(recipe: Path, tmp_path: Path, xinstruct: Call) -> None:
    assert xinstruct("run", recipe, "--out", tmp_path / "out").returncode == 0
    path = tmp_path / "out" / "1_harvest" / "00000.made.json"
    made = json.loads(path.read_bytes())
    made["ledger"]["kept"] += 1
    path.write_text(json.dumps(made))
    found = xinstruct("status", tmp_path / "out", "--json")
    assert found.returncode == UNBALANCED
    assert json.loads(found.stdout)["balanced"] is False


def test_a_defect_ends_with_1_one_sentence_and_a_trace_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(out: Path) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(status_command, "opened", broken)
    assert status_of(["status", str(tmp_path)]) == DEFECT
    sentence = capsys.readouterr().err.strip()
    assert sentence.startswith("A defect of xinstruct: ZeroDivisionError('by nought').")
    trace = Path(sentence.split("trace in ")[1].removesuffix("."))
    assert "broken" in trace.read_text()
    trace.unlink()
