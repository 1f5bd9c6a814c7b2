"""Seeds of a file, translated by a model in xinstruct's own process: a whole run in which no server is started."""

import json
from pathlib import Path

import pytest
import yaml

from tests.conftest import Call
from xinstruct.tools import store

pytest.importorskip("torch")
pytestmark = pytest.mark.slow

ASKED = "Why do the nets dry?"
SEEDS = (
    {"instruction": ASKED, "response": "Kwa sababu jua la asubuhi huwaka pwani.", "language": "swh_Latn"},
    {"instruction": ASKED, "response": "Koska tuuli käy rannalla koko päivän.", "language": "fin_Latn"},
)


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny translation model."""
    from tests import tiny_translator

    return tiny_translator.nllb(tmp_path_factory.mktemp("nllb"))


@pytest.fixture
def profile(nllb: Path, tmp_path: Path) -> Path:
    """Writer and judge on a server that nobody can reach, and a translator without one."""
    told = {
        "servers": {
            "nowhere": {"model": "some/model", "endpoints": ["http://127.0.0.1:9/v1"], "patience": 1},
            "nllb": {"model": str(nllb), "library": "transformers"},
        },
        "roles": {
            "writer": {"server": "nowhere"},
            "judge": {"server": "nowhere"},
            "translator": {"server": "nllb", "sampling": {"num_beams": 2}},
        },
    }
    path = tmp_path / "profile.yml"
    path.write_text(yaml.safe_dump(told))
    return path


def test_seeds_are_translated_without_any_server_and_nothing_is_asked_twice(
    profile: Path, tmp_path: Path, xinstruct: Call
) -> None:
    (tmp_path / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SEEDS), encoding="utf-8")
    told = {
        "languages": ["swh_Latn", "fin_Latn"],
        "sources": [{"jsonl": "seeds.jsonl"}],
        "stages": ["harvest", "instruct", {"translate": {"into": ["fra_Latn", "tam_Taml"], "per_row": 2}}],
    }
    recipe, out = tmp_path / "recipe.yml", tmp_path / "out"
    recipe.write_text(yaml.safe_dump(told))
    done = xinstruct("run", recipe, "--models", profile, "--out", out, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = list(store.rows_of(store.file_of(out / "3_translate", "00000")))
    french = {row["language"]: row for row in rows if row["parent_id"]}
    assert french["swh_Latn"]["instruction"] == "Pourquoi les filets sèchent-ils ?"
    assert french["swh_Latn"]["instruction_before"] == "Why do the nets dry?"
    assert french["swh_Latn"]["directive"] == "Répondez en swahili."
    assert french["swh_Latn"]["score_round_trip"] == 1
    dropped = list(store.rows_of(store.file_of(out / "3_translate", "00000", "dropped")))
    assert {row["reason"] for row in dropped if row["language"] == "swh_Latn"} == {"no_model_for_pair"}
    # It was not taught to say "Answer in Finnish." in French: what it says instead is no such sentence.
    assert [row["reason"] for row in dropped if row["language"] == "fin_Latn" and row["reason"].startswith("directive")]
    assert {path.parent.parent.name for path in (out / "dataset").rglob("*.parquet")} == {
        "translated",
        "translated_prompt_completion",
    }
    before = (out / "replies.sqlite").read_bytes()
    assert xinstruct("run", recipe, "--models", profile, "--out", out).returncode == 0
    assert (out / "replies.sqlite").read_bytes() == before


def test_a_translation_model_cannot_write_or_judge(profile: Path, tmp_path: Path, xinstruct: Call) -> None:
    told = yaml.safe_load(profile.read_text())
    told["roles"]["judge"] = {"server": "nllb"}
    profile.write_text(yaml.safe_dump(told))
    refused = xinstruct("run", "corpora/demo.yml", "--models", profile, "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "the role judge needs a model that follows instructions" in refused.stderr
