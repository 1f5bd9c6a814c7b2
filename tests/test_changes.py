"""What is made again when the input, a setting or a prompt changes, seen on the whole line with real stages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import Call, records_in

STAGES = ["harvest", {"cluster": {"over": "response"}}, "instruct", "score", {"cluster": {"over": "instruction"}}]
pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, small_crawl: Path) -> Path:
    """A folder with a recipe over one WARC, as far as a first run brings it."""
    (tmp_path / "pages").mkdir()
    shutil.copy(small_crawl, tmp_path / "pages" / "a.warc.gz")
    return write(tmp_path, seed=0)


def write(folder: Path, seed: int) -> Path:
    told = {
        "languages": ["swh_Latn", "fin_Latn", "tur_Latn"],
        "sources": [{"warc": "pages/*.warc.gz"}],
        "stages": [*STAGES, {"diversify": {"rows_per_language": 10, "seed": seed}}],
    }
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    return folder


def stamps(folder: Path) -> dict[str, int]:
    out = folder / "out"
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.glob("[0-9]*/*.made.json")}


def remade(folder: Path, before: dict[str, int]) -> set[str]:
    return {name.removesuffix(".made.json") for name, time in stamps(folder).items() if before.get(name) != time}


def test_a_new_warc_makes_its_part_and_the_corpus_wide_stages(folder: Path, sample: Path, xinstruct: Call) -> None:
    assert xinstruct("run", folder / "recipe.yml", "--out", folder / "out").returncode == 0
    before = stamps(folder)
    (folder / "pages" / "b.warc.gz").write_bytes(records_in(sample, "tur_Latn"))
    done = xinstruct("run", folder / "recipe.yml", "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    old_part, new_part = "00000", "00001"
    corpus_wide = {"2_cluster", "4_score", "5_cluster", "6_diversify"}
    names = {"1_harvest", "3_instruct"} | corpus_wide
    expected = {f"{name}/{new_part}" for name in names} | {f"{name}/{old_part}" for name in corpus_wide}
    assert remade(folder, before) == expected


def test_changing_only_diversify_remakes_only_diversify(folder: Path, xinstruct: Call) -> None:
    assert xinstruct("run", folder / "recipe.yml", "--out", folder / "out").returncode == 0
    before = stamps(folder)
    write(folder, seed=1)
    done = xinstruct("run", folder / "recipe.yml", "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    assert "diversify: making all parts again, because its settings changed." in done.stdout
    assert remade(folder, before) == {"6_diversify/00000"}


def test_a_changed_prompt_stops_with_what_to_type(folder: Path, root: Path, xinstruct: Call) -> None:
    assert xinstruct("run", folder / "recipe.yml", "--out", folder / "out").returncode == 0
    before = stamps(folder)
    package = folder / "changed"
    shutil.copytree(root / "xinstruct", package / "xinstruct", ignore=shutil.ignore_patterns("pages", "__pycache__"))
    prompt = package / "xinstruct" / "prompts" / "instruct.txt"
    prompt.write_text("Be brief.\n" + prompt.read_text(encoding="utf-8"), encoding="utf-8")

    def run_changed(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "xinstruct", "run", "recipe.yml", "--out", "out", *more]
        environment = {**os.environ, "PYTHONPATH": str(package)}
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, timeout=120)

    stopped = run_changed()
    assert stopped.returncode == 2
    assert "because its prompt changed; to go on, add --redo instruct." in stopped.stderr
    assert stamps(folder) == before
    assert run_changed("--redo", "instruct").returncode == 0
    assert "3_instruct/00000" in remade(folder, before)
