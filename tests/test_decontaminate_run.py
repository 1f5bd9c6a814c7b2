"""A whole run with evaluation sets: what it drops, that a changed set remakes the stage alone, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from xinstruct.commands import DONE, WRONG_CALL, status_of
from xinstruct.tools import store

pytestmark = pytest.mark.slow
TEXTS = [
    "Mvuvi mzee aliondoka pwani kabla ya jua kuchomoza, akiwa na nyavu mbili mpya na mkate mmoja wa jana.",
    "Watoto wa shule ya kijiji walipanda miti mia moja na ishirini kando ya mto wakati wa likizo ya Aprili.",
    "Soko la Jumamosi huuza samaki, nazi, embe na vikapu vya ukili ambavyo akina mama husuka jioni nyumbani.",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"text": f"{text} {text[::-1]}", "language": "swh_Latn", "url": f"https://h{n}.example/"}
        for n, text in enumerate(TEXTS)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.txt").write_text(TEXTS[1], encoding="utf-8")
    return tmp_path


def ran(folder: Path, **settings: Any) -> int:
    told = settings or {"against": "tests"}
    recipe = {
        "languages": ["swh_Latn"],
        "sources": [{"jsonl": "rows.jsonl"}],
        "stages": [
            {"harvest": {"quality": False, "shortest_kept": 40}},
            {"decontaminate": told},
            {"cluster": {"over": "response"}},
            {"decontaminate": told},
        ],
    }
    (folder / "recipe.yml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return status_of(["run", str(folder / "recipe.yml"), "--out", str(folder / "out"), "--workers", "1"])


def rows(folder: Path, stage: str, kind: str = "kept") -> list[dict[str, Any]]:
    return list(store.rows_of(store.file_of(folder / "out" / stage, "00000", kind)))


def made(folder: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in (folder / "out").glob("*/*.made.json")}


def test_a_run_drops_what_stands_in_a_folder_beside_the_recipe(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert ran(folder) == DONE
    (dropped,) = rows(folder, "2_decontaminate", "dropped")
    assert dropped["reason"] == "evaluation_overlap"
    assert dropped["detail"].startswith("tests a.txt; response 0-")
    assert len(rows(folder, "2_decontaminate")) == len(rows(folder, "4_decontaminate")) == 2
    assert status_of(["status", str(folder / "out"), "--json"]) == DONE
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["balanced"] is True
    assert [stage["dropped"] for stage in told["stages"]] == [{}, {"evaluation_overlap": 1}, {}, {}]


def test_what_rows_were_held_against_and_what_is_not_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "tests" / "notes.md").write_text("x", encoding="utf-8")
    page = {"text": " ".join(TEXTS[::2] * 2), "title": "Soko la Jumamosi na mvuvi mzee", "language": "swh_Latn"}
    (folder / "rows.jsonl").write_text(json.dumps(page | {"url": "https://h.example/soko"}), encoding="utf-8")
    recipe = {
        "languages": ["swh_Latn"],
        "sources": [{"jsonl": "rows.jsonl"}],
        "stages": [{"harvest": {"quality": False, "shortest_kept": 40}}, {"decontaminate": {"against": "tests"}}],
    }
    recipe["stages"].append("instruct")  # type: ignore[attr-defined]
    (folder / "recipe.yml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    unseen = "What 3 instruct will write is not held against the evaluation sets; put decontaminate after instruct"
    assert status_of(["show", str(folder / "recipe.yml")]) == DONE
    assert unseen in capsys.readouterr().out
    assert status_of(["run", str(folder / "recipe.yml"), "--out", str(folder / "out"), "--workers", "1"]) == DONE
    said = capsys.readouterr().out
    assert said.startswith("Not read: tests/notes.md; ")
    assert unseen in said
    assert status_of(["status", str(folder / "out")]) == DONE
    assert "2 decontaminate: Held against 1 text of tests.\n" in capsys.readouterr().out
    assert status_of(["status", str(folder / "out"), "--json"]) == DONE
    told = json.loads(capsys.readouterr().out)["stages"]
    nothing = {"too_short": 0, "repeated": 0, "frames": 0, "letters": 0, "texts": 0, "first": ""}
    assert told[1]["found"] == {"held_against": [{"set": "tests", "texts": 1, "left_out": nothing}]}
    assert "found" not in told[0]
    card = (folder / "out" / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "## Evaluation sets" in card
    assert "- Held against 1 text of tests.\n" in card


def test_a_changed_set_remakes_the_stage_and_nothing_before_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(folder) == DONE
    before = made(folder)
    assert ran(folder) == DONE
    assert made(folder) == before
    (folder / "tests" / "b.txt").write_text(TEXTS[2], encoding="utf-8")
    capsys.readouterr()
    assert ran(folder) == DONE
    after = made(folder)
    assert after["1_harvest"] == before["1_harvest"]
    assert after["2_decontaminate"] != before["2_decontaminate"]
    assert "because an evaluation set changed" in capsys.readouterr().out
    assert len(rows(folder, "2_decontaminate", "dropped")) == 2


@pytest.mark.slow
def test_a_set_that_was_only_moved_remakes_nothing_but_its_stages_settings(folder: Path) -> None:
    assert ran(folder) == DONE
    before = made(folder)
    (folder / "tests").rename(folder / "renamed")
    assert ran(folder, against=["renamed"]) == DONE
    assert made(folder)["1_harvest"] == before["1_harvest"]
    assert rows(folder, "2_decontaminate", "dropped")[0]["detail"].startswith("renamed a.txt; ")
    assert len(list((folder / "out" / ".evaluation").iterdir())) == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"against": ["gone"]}, "There is no evaluation set"),
        ({"against": []}, "settings of decontaminate: against"),
        ({"against": ["tests", "rows.jsonl"], "fields": "x"}, "has the field x; its fields are language, text, url."),
    ],
)
def test_a_wrong_set_ends_with_one_sentence_and_nothing_is_lost(
    folder: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, Any], sentence: str
) -> None:
    assert ran(folder) == DONE
    before = made(folder)
    capsys.readouterr()
    assert ran(folder, **settings) == WRONG_CALL
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert made(folder) == before
    assert ran(folder) == DONE
    assert made(folder) == before


@pytest.mark.slow
def test_a_fingerprint_drops_the_same_rows_as_the_texts(folder: Path) -> None:
    assert ran(folder) == DONE
    before = rows(folder, "2_decontaminate")
    file = folder / "ours.fingerprint"
    assert status_of(["fingerprint", str(folder / "tests"), "--out", str(file)]) == DONE
    assert ran(folder, against=["ours.fingerprint"]) == DONE
    assert rows(folder, "2_decontaminate") == before
    assert rows(folder, "2_decontaminate", "dropped")[0]["detail"].startswith("ours tests/a.txt; response 0-")
