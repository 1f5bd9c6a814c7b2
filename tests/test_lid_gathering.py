"""Checks how openly licensed text is gathered for the language identifier: what is taken from clones, what is not."""

import collections
import gzip
import json
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parent.parent / "models" / "lid"


@pytest.fixture
def gather(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    import gather

    return gather


@pytest.fixture
def clones(gather: ModuleType) -> ModuleType:
    import clones

    return clones


@pytest.fixture
def formats(gather: ModuleType) -> ModuleType:
    import formats

    return formats


def commit(folder: Path, files: dict[str, str]) -> str:
    """A repository with these files; gives its commit."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "text")):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_several_files_of_a_language_are_all_read_and_english_is_not_taken_for_a_translation(
    clones: ModuleType, formats: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    head = commit(
        tmp_path / "who+text",
        {
            "data/fi/one.txt": "Kissa istuu matolla tänään.\n",
            "data/fi/two.txt": "Koira juoksee pihalla nopeasti.\n",
            "data/et/one.txt": "The cat sits on the mat\n",
            "data/en/one.txt": "The cat sits on the mat\n",
            "data/qx/one.txt": "Nobody knows this language name\n",
        },
    )
    repository = clones.Repository("who/text", head, "CC0 1.0", r"data/([a-z]+)/.*\.txt", formats.of_lines)
    monkeypatch.setattr(clones, "REPOSITORIES", (repository,))
    skipped: collections.Counter[str] = collections.Counter()
    (row,) = clones.rows(tmp_path, skipped)
    assert (row["lang"], row["source"]) == ("fin_Latn", "who/text (CC0 1.0)")
    assert row["text"].split("\n") == ["Kissa istuu matolla tänään.", "Koira juoksee pihalla nopeasti."]
    assert skipped["qx: messages in no language of the table"] == 1


def test_a_clone_that_is_absent_is_named(
    clones: ModuleType, formats: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository = clones.Repository("who/absent", "0" * 40, "MIT", r".*", formats.of_lines)
    monkeypatch.setattr(clones, "REPOSITORIES", (repository,))
    with pytest.raises(FileNotFoundError, match=r"git clone https://github\.com/who/absent"):
        list(clones.rows(tmp_path, collections.Counter()))


def test_a_story_is_taken_under_cc_by_alone(formats: ModuleType) -> None:
    story = "# Osiepe\n\n##\nNyinge gi gin Zizo.\n\n##\n* License: [{}]\n* Language: luo\n"
    taken = formats.of_story(story.format("CC-BY").encode())
    assert "Nyinge gi gin Zizo." in taken.values()
    assert not any("License" in line for line in taken.values())
    assert formats.of_story(story.format("CC-BY-NC").encode()) == {}


def test_serbian_in_latin_letters_keeps_its_words(gather: ModuleType) -> None:
    row = {"lang": "srp_Cyrl", "source": "NTREX-128", "text": "Љубав и Џеп, његова кућа"}
    assert gather.in_latin(row) == {"lang": "srp_Latn", "source": "NTREX-128", "text": "Ljubav i Džep, njegova kuća"}


def test_lines_that_the_model_is_measured_on_are_taken_out_of_texts(gather: ModuleType, tmp_path: Path) -> None:
    measured = tmp_path / "lid_sentences.jsonl.gz"
    with gzip.open(measured, "wt", encoding="utf-8") as lines:
        lines.write(json.dumps({"source": "SIB-200", "text": "A line of the test."}) + "\n")
        lines.write(json.dumps({"source": "UDHR", "text": "All are born free."}) + "\n")
    rows = [
        {"lang": "eng_Latn", "source": "s", "text": "a line of the TEST\nAll are born free."},
        {"lang": "eng_Latn", "source": "s", "text": "A line of the test!"},
    ]
    skipped: collections.Counter[str] = collections.Counter()
    assert [row["text"] for row in gather.unmeasured(rows, measured, skipped)] == ["All are born free."]
    assert skipped["lines that the model is measured on"] == 2
