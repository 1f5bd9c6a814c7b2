"""Evaluation sets are read from folders, tables and datasets and kept as fingerprints; each fault is one sentence."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Call
from xinstruct.commands import DONE, WRONG_CALL, status_of
from xinstruct.recipe import RecipeError
from xinstruct.tools.overlap import held, hub_texts
from xinstruct.tools.overlap.fingerprint import Fingerprint
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.search import overlaps
from xinstruct.tools.overlap.texts import texts, unread

QUESTIONS = [
    "Why does the old ferry between the two islands leave an hour earlier when the moon is full in autumn?",
    "Which of the four carpenters had borrowed the long saw that hung behind the stove all winter?",
]
CHOICES = ["Because the tide that the full moon brings would keep it from passing the sandbank later on", "Habit"]
ROWS = [{"id": n, "question": question, "choices": CHOICES, "url": "x"} for n, question in enumerate(QUESTIONS)]


def jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")


def packed(path: Path) -> None:
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS).encode()))


def zstd(path: Path) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write("".join(json.dumps(row) + "\n" for row in ROWS).encode())


def parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), path)


def commas(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "question", "first"], delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows({"id": n, "question": question, "first": CHOICES[0]} for n, question in enumerate(QUESTIONS))


def as_json(path: Path) -> None:
    path.write_text(json.dumps(ROWS), encoding="utf-8")


WRITERS: dict[str, Callable[[Path], None]] = {
    "t.jsonl": jsonl,
    "t.jsonl.gz": packed,
    "t.jsonl.zst": zstd,
    "t.parquet": parquet,
    "t.csv": commas,
    "t.tsv": commas,
    "t.json": as_json,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_gives_every_text_of_every_row_with_the_name_of_its_item(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    found = list(texts(tmp_path / name))
    assert [called for called, text in found if text == QUESTIONS[1]] == [f"{name}:2:question"]
    assert sum(text == CHOICES[0] for _, text in found) == 2
    assert {text for _, text in texts(tmp_path / name, ["question"])} == set(QUESTIONS)


def test_a_folder_gives_the_texts_of_its_files_and_of_folders_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    jsonl(tmp_path / "deep" / "a.jsonl")
    (tmp_path / "one.txt").write_text("Two lines\nof one text", encoding="utf-8")
    (tmp_path / "README.md").write_text("not a text", encoding="utf-8")
    found = list(texts(tmp_path))
    assert ("one.txt", "Two lines\nof one text") in found
    assert ("deep/a.jsonl:1:question", QUESTIONS[0]) in found
    assert not any("not a text" in text for _, text in found)


def test_addresses_and_pictures_are_no_texts(tmp_path: Path) -> None:
    row = {"a": "https://host.example/" + "a" * 60, "b": "iVBORw0KGgo" * 20, "c": "  ", "d": 7, "e": None, "f": "Text"}
    (tmp_path / "t.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert list(texts(tmp_path / "t.jsonl")) == [("t.jsonl:1:f", "Text")]


def test_a_fingerprint_finds_what_its_texts_find(tmp_path: Path) -> None:
    made = Fingerprint.of("mine", texts_of_rows())
    made.save(tmp_path / "a.fingerprint")
    Index.write(tmp_path / "index", "", [Fingerprint.load(tmp_path / "a.fingerprint")])
    asked = [f"He asked: {QUESTIONS[1]}", "Nothing of the kind was asked."]
    found = overlaps(asked, Index(tmp_path / "index"))
    assert found[0] is not None
    assert found[0].called == "mine r:1"
    assert found[1] is None


def texts_of_rows() -> list[tuple[str, str]]:
    return [(f"r:{n}", question) for n, question in enumerate(QUESTIONS)]


def test_a_fingerprint_holds_no_word_of_its_texts(tmp_path: Path) -> None:
    Fingerprint.of("mine", texts_of_rows()).save(tmp_path / "a.fingerprint")
    content = (tmp_path / "a.fingerprint").read_bytes()
    assert not any(word.encode() in content for question in QUESTIONS for word in question.split() if len(word) > 4)


def test_a_fingerprint_is_the_same_whenever_and_wherever_it_is_made() -> None:
    # Where these numbers change, files that others have made find nothing any more: raise the fingerprint's VERSION.
    made = Fingerprint.of("mine", texts_of_rows())
    assert made.pieces[:2].tolist() == [1946001213658189144, 3420629042442705230]
    assert made.signatures[0][:2].tolist() == [1555272, 107427198]


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "flipped":
        at = content.index(b"pieces.npy") + 200
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    elif how == "packed":
        with np.load(path) as file:
            arrays = dict(file)
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)
    elif how == "another":
        with path.open("wb") as file:
            np.savez(file, about=np.frombuffer(b"{}", np.uint8))
    else:
        with np.load(path) as file:
            arrays = dict(file)
        with path.open("wb") as file:
            np.savez(file, **{**arrays, "pieces": arrays["pieces"][::-1]})


@pytest.mark.parametrize("how", ["cut", "flipped", "packed", "another", "disordered"])
def test_a_damaged_fingerprint_is_refused_in_one_sentence(how: str, tmp_path: Path) -> None:
    Fingerprint.of("mine", texts_of_rows()).save(tmp_path / "a.fingerprint")
    damage(tmp_path / "a.fingerprint", how)
    with pytest.raises(RecipeError, match=r"^The fingerprint .*a\.fingerprint is damaged \(.+\)\.$"):
        held.hold(tmp_path / "out", tmp_path, ["a.fingerprint"], None)
    assert not (tmp_path / "out").exists()


def test_a_fingerprint_of_another_version_is_refused_in_one_sentence(tmp_path: Path) -> None:
    Fingerprint.of("mine", texts_of_rows()).save(tmp_path / "a.fingerprint")
    with np.load(tmp_path / "a.fingerprint") as file:
        arrays = dict(file)
    about = json.loads(arrays["about"].tobytes()) | {"version": 99}
    with (tmp_path / "a.fingerprint").open("wb") as opened:
        np.savez(opened, **{**arrays, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)})
    with pytest.raises(RecipeError, match=r"is of version 99, and this xinstruct reads version 2; make it anew"):
        held.hold(tmp_path / "out", tmp_path, ["a.fingerprint"], None)


def not_utf8(path: Path) -> None:
    (path / "a.txt").write_bytes("Grüße aus Köln".encode("latin-1"))


def not_json(path: Path) -> None:
    (path / "a.jsonl").write_text('{"text": "fine"}\n{"text": ', encoding="utf-8")


def not_gzip(path: Path) -> None:
    (path / "a.jsonl.gz").write_bytes(b"no gzip at all")


def not_parquet(path: Path) -> None:
    (path / "a.parquet").write_bytes(b"no table at all")


def ragged(path: Path) -> None:
    (path / "a.csv").write_text("question,answer\nwhy,because,so\n", encoding="utf-8")


def too_short(path: Path) -> None:
    (path / "a.txt").write_text("Yes. 42!", encoding="utf-8")


def unclosed(path: Path) -> None:
    (path / "a.csv").write_text('q,a\nfine,"and, so"\n"not closed,b\nnext,c\n', encoding="utf-8")


def unclosed_at_the_end(path: Path) -> None:
    (path / "a.tsv").write_text('q\ta\nfine\t"not closed', encoding="utf-8")


def dangling(path: Path) -> None:
    (path / "a.txt").write_text(QUESTIONS[0], encoding="utf-8")
    (path / "b.txt").symlink_to("gone.txt")


def looping(path: Path) -> None:
    (path / "a.txt").write_text(QUESTIONS[0], encoding="utf-8")
    (path / "b.md").symlink_to("c.md")
    (path / "c.md").symlink_to("b.md")


def nothing(path: Path) -> None:
    (path / "a.pdf").write_bytes(b"%PDF")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (not_utf8, "The evaluation texts in .*a.txt cannot be read: .*utf-8.*"),
        (not_json, "The evaluation texts in .*a.jsonl cannot be read: line 2 is not JSON .*"),
        (not_gzip, "The evaluation texts in .*a.jsonl.gz cannot be read: .*"),
        (not_parquet, "The evaluation texts in .*a.parquet cannot be read: .*"),
        (ragged, "The evaluation texts in .*a.csv cannot be read: a row has more fields than the first line names"),
        (unclosed, "The .*a.csv cannot be read: a quote in the row that begins in line 3 is not closed"),
        (unclosed_at_the_end, "The .*a.tsv cannot be read: a quote in the row that begins in line 2 is not closed"),
        (dangling, "The evaluation set .*b.txt cannot be read: it is a link that leads nowhere"),
        (looping, "The evaluation set .*b.md cannot be read: it is a link that leads nowhere"),
        (too_short, "The evaluation set set has no text of 12 letters or more"),
        (nothing, "The folder .*set holds no evaluation texts; they lie in files that end in .txt, .* or .parquet"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused_in_one_sentence(
    spoil: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "set").mkdir()
    spoil(tmp_path / "set")
    with pytest.raises(RecipeError, match=rf"^{sentence}\.$"):
        held.hold(tmp_path / "out", tmp_path, ["set"], None)


def test_quoted_fields_may_have_line_breaks_and_quotes(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('q,a\n"two\nlines","a ""word"" of it"\nshort\n\n"last","end"', encoding="utf-8")
    found = [("t.csv:1:q", "two\nlines"), ("t.csv:1:a", 'a "word" of it'), ("t.csv:2:q", "short")]
    assert list(texts(tmp_path / "t.csv")) == [*found, ("t.csv:3:q", "last"), ("t.csv:3:a", "end")]


def test_files_that_are_not_read_are_named(tmp_path: Path, xinstruct: Call) -> None:
    folder = tmp_path / "ours"
    (folder / "deep").mkdir(parents=True)
    jsonl(folder / "t.jsonl")
    for name in ("a.md", "deep/b.arrow", ".hidden"):
        (folder / name).write_text("x", encoding="utf-8")
    (folder / "link").symlink_to(folder / "deep")
    assert unread(folder) == ["a.md", "deep/b.arrow", "link"]
    assert unread(folder / "t.jsonl") == []
    done = xinstruct("fingerprint", folder, "--out", tmp_path / "x.fingerprint")
    assert done.returncode == DONE, done.stderr
    assert "\nNot read: ours/a.md, ours/deep/b.arrow, ours/link; texts lie in files that end in .txt, " in done.stdout


def test_what_is_left_out_is_told_and_kept_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = "Answer the following question by choosing one of the options: "
    rows = [{"q": f"{frame}what is {n}?", "a": "Yes", "b": "Nobody has told"} for n in range(60)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert status_of(["fingerprint", str(tmp_path / "t.jsonl"), "--out", str(tmp_path / "x.fingerprint")]) == DONE
    left_out = Fingerprint.load(tmp_path / "x.fingerprint").left_out
    assert (left_out.repeated, left_out.texts, left_out.first) == (2, 60, "t.jsonl/t.jsonl:1:q")
    said = capsys.readouterr().out
    assert "\nLeft out 2 more that too many rows repeat.\n" in said
    assert f"of {left_out.letters} letters, that 60 texts share, such as t.jsonl/t.jsonl:1:q.\n" in said
    held.hold(tmp_path / "out", tmp_path, ["x.fingerprint"], None)
    (told,) = held.told_of(tmp_path / "out", ["x.fingerprint"], None)
    assert told == {"set": "x", "texts": 60, "left_out": left_out.model_dump()}
    assert held.told_of(tmp_path / "nowhere", ["x.fingerprint"], None) == []


def test_a_passage_in_a_field_of_its_own_is_held_however_many_rows_repeat_it() -> None:
    passage = " ".join(f"{word}{n}" for n in range(6) for word in QUESTIONS[1].split())
    asked = [(f"r:{n}:q", f"How many are {n} of the carpenters, and who told {n * 7}?") for n in range(80)]
    others = [(f"r:{n}:p", f"{n} {passage[::-1]}") for n in range(80)]
    made = Fingerprint.of("set", [*asked, *others, *((f"r:{n}:p", passage) for n in range(80))])
    assert "r:0:p" in made.called
    assert made.left_out.repeated == 0


def test_a_fingerprint_is_not_taken_for_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Fingerprint.of("mine", texts_of_rows()).save(tmp_path / "a.fingerprint")
    assert status_of(["fingerprint", str(tmp_path / "a.fingerprint"), "--out", str(tmp_path / "b")]) == WRONG_CALL
    assert "a.fingerprint is a fingerprint already, of 2 texts of mine; " in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named_as_it_was_typed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OSError, match=r"x\.fingerprint") as raised:
        Fingerprint.of("mine", texts_of_rows()).save(tmp_path / "file" / "x.fingerprint")
    assert raised.value.filename == str(tmp_path / "file" / "x.fingerprint")


def test_a_field_that_no_row_has_is_named(tmp_path: Path) -> None:
    jsonl(tmp_path / "t.jsonl")
    with pytest.raises(RecipeError, match=r"has the field questoin; its fields are choices, id, question, url\.$"):
        held.hold(tmp_path / "out", tmp_path, ["t.jsonl"], ["questoin"])


def test_the_index_is_made_anew_only_when_a_set_changes(tmp_path: Path) -> None:
    jsonl(tmp_path / "t.jsonl")

    def times() -> list[int]:
        return sorted(path.stat().st_mtime_ns for path in (tmp_path / "out" / ".evaluation").rglob("*.npy"))

    first = held.hold(tmp_path / "out", tmp_path, ["t.jsonl"], None)
    made = times()
    assert held.hold(tmp_path / "out", tmp_path, ["t.jsonl"], None) == first
    assert times() == made
    with (tmp_path / "t.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"question": "And who was the last to see the ferryman before the storm came up?"}))
    assert held.hold(tmp_path / "out", tmp_path, ["t.jsonl"], None) != first
    assert times() != made


def test_an_index_that_lost_a_file_is_made_anew(tmp_path: Path) -> None:
    jsonl(tmp_path / "t.jsonl")
    mark = held.hold(tmp_path / "out", tmp_path, ["t.jsonl"], None)
    (place,) = (tmp_path / "out" / ".evaluation").iterdir()
    for name in ("pieces.npy", "about.json"):
        (place / name).write_bytes(b"")
        assert held.hold(tmp_path / "out", tmp_path, ["t.jsonl"], None) == mark
        assert overlaps([QUESTIONS[0]], Index(place)) != [None]


def test_the_command_writes_a_file_that_against_takes(tmp_path: Path, xinstruct: Call) -> None:
    jsonl(tmp_path / "t.jsonl")
    told = ("fingerprint", tmp_path / "t.jsonl", "--out", tmp_path / "my.fingerprint", "--field", "question")
    done = xinstruct(*told)
    assert done.returncode == DONE, done.stderr
    assert done.stdout.endswith("my.fingerprint: 2 texts of my, 0.0 MB\n")
    assert held.hold(tmp_path / "out", tmp_path, ["my.fingerprint"], None)
    found = overlaps([QUESTIONS[0]], held.index_of(tmp_path / "out", ["my.fingerprint"], None))[0]
    assert found is not None
    assert found.called == "my t.jsonl/t.jsonl:1:question"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return datasets


def test_a_dataset_is_read_by_the_library_without_its_training_split(
    offline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "rows" / "data"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "test-00000.parquet")
    pq.write_table(
        pa.Table.from_pylist([{**ROWS[0], "question": "Only to learn from"}]), folder / "train-00000.parquet"
    )
    monkeypatch.chdir(tmp_path)
    assert status_of(["fingerprint", "hf:rows", "--out", "a.fingerprint", "--name", "rows"]) == DONE
    called = Fingerprint.load(tmp_path / "a.fingerprint").called
    assert "default:test:1:question" in called
    assert not any("train" in name for name in called)
    named = list(
        hub_texts.texts(hub_texts.Benchmark(hub=str(tmp_path / "rows"), fields=["question"], splits=["train"]))
    )
    assert named == [("default:train:1:question", "Only to learn from")]


def test_a_dataset_that_is_not_there_or_lacks_a_field_is_refused_in_one_sentence(offline: Any, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    jsonl(tmp_path / "rows" / "test.jsonl")
    with pytest.raises(RecipeError, match=r"has no field text; its fields are choices, id, question, url\.$"):
        list(hub_texts.texts(hub_texts.Benchmark(hub=str(tmp_path / "rows"), fields=["text"])))
    with pytest.raises(RecipeError, match=r"^hf:.*rows gives no evaluation texts: .*nonsuch.*\.$"):
        list(hub_texts.texts(hub_texts.Benchmark(hub=str(tmp_path / "rows"), splits=["nonsuch"])))
    with pytest.raises(RecipeError, match=r"^hf:a:b:c:d names no dataset"):
        hub_texts.named("a:b:c:d", None)
    assert hub_texts.named("lab/set:en:test", ["q"]) == hub_texts.Benchmark(
        hub="lab/set", configs=["en"], splits=["test"], fields=["q"]
    )


def test_common_benchmarks_are_listed_with_their_licences(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = hub_texts.benchmarks()
    assert {"belebele", "mmlu", "mgsm", "flores", "mt-bench"} <= table.keys()
    assert all(entry.licence for entry in table.values())
    assert status_of(["fingerprint", "--benchmark", "nonsuch", "--out", str(tmp_path / "x")]) == WRONG_CALL
    assert "belebele" in capsys.readouterr().err
    assert status_of(["fingerprint", "--out", str(tmp_path / "x")]) == WRONG_CALL
    assert "--benchmark" in capsys.readouterr().err
