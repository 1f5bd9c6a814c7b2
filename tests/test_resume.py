"""Runs that die, are damaged, grow, or are told otherwise: what is made stays, and nothing is bought twice."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Call
from tests.test_pipeline import Bench, Echo
from xinstruct import prompts
from xinstruct.commands import status_of
from xinstruct.pipeline.balance import faults, sums
from xinstruct.pipeline.plan import read_plan
from xinstruct.question import Question
from xinstruct.recipe import RecipeError
from xinstruct.tools import store
from xinstruct.tools.answerers import Rules
from xinstruct.tools.conversation import Misfit, Unanswered
from xinstruct.tools.replies import Replies, RepliesDamaged


class Here:
    """An engine without processes, so that a test can stop the whole run at one file operation."""

    workers = 1

    async def each(self, function: Callable[[Any], Any], items: Iterable[Any]) -> AsyncIterator[Any]:
        for item in items:
            yield function(item)

    def close(self) -> None: ...


class Death(BaseException):
    """The process is gone: nothing after it reaches the disk."""


class Scythe:
    """Counts operations on files and lets none happen from a given one on. at: None for never."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, at: int | None) -> None:
        self.folder, self.at, self.seen = str(folder), at, 0
        for name in ("replace", "rename", "unlink", "mkdir", "rmdir", "fsync"):
            patch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*where: Any, **how: Any) -> Any:
            if isinstance(where[0], int) or "dir_fd" in how or self.folder in str(where[0]):
                self.seen += 1
                if self.at is not None and self.seen >= self.at:
                    raise Death
            return function(*where, **how)

        return counted


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, Here())  # type: ignore[arg-type]


def _again(bench: Bench, how: str) -> None:
    if how == "new":
        bench.run()
    elif how == "redone":
        bench.run(redo="shorten", shorten={"word": "a"})
    elif how == "in another order":
        bench.run("begin instruct group", redo="instruct")
    else:
        bench.add("three.jsonl", ["zawadi"])
        bench.run()


def _left(bench: Bench) -> dict[str, Any]:
    """What a run left: the names of all files but the replies', with the rows of those that have some."""
    paths = [path for path in bench.out.rglob("*") if path.is_file() and "sqlite" not in path.name]
    rows = {path: list(store.rows_of(path)) if path.suffix == ".parquet" else None for path in paths}
    return {str(path.relative_to(bench.out)): found for path, found in rows.items()}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["new", "redone", "in another order", "with a new file"])
def test_a_run_that_dies_before_any_file_operation_ends_as_if_it_had_not(tmp_path: Path, how: str) -> None:
    def prepared(folder: Path) -> Bench:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        bench = Bench(folder, Here())  # type: ignore[arg-type]
        if how != "new":
            bench.run()
        return bench

    undisturbed = prepared(tmp_path / "undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        scythe = Scythe(patch, undisturbed.out, None)
        _again(undisturbed, how)
    assert scythe.seen > 100
    for at in range(1 + len(how) % 7, scythe.seen, 7):
        bench = prepared(tmp_path / "killed")
        with pytest.MonkeyPatch.context() as patch:
            Scythe(patch, bench.out, at)
            with pytest.raises(Death):
                _again(bench, how)
        _again(bench, how)
        assert _left(bench) == _left(undisturbed), f"killed before operation {at}"
        assert bench.echo.heard == undisturbed.echo.heard


@pytest.mark.parametrize("name", ["00000.made.json", "00000.parquet", "00001.failed.parquet"])
@pytest.mark.parametrize("size", [None, 0, 3, 100])
def test_a_part_with_a_damaged_file_is_made_again_from_kept_replies(bench: Bench, name: str, size: int | None) -> None:
    run = bench.run()
    before, heard = _left(bench), bench.echo.heard
    path = bench.out / "3_instruct" / name
    if size is None and name.endswith(".parquet"):
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:size] if size is not None else b"[]")
    assert sums(run.out, run.line, run.plan)[2].parts == 1
    bench.run()
    assert _left(bench) == before
    assert bench.echo.heard == heard
    assert f"instruct: making part {name[:5]} again, because its files are damaged." in bench.said


def test_retry_asks_only_for_what_failed(bench: Bench) -> None:
    bench.echo = Echo(silent=["maji"])
    bench.run()
    bench.echo = Echo()
    bench.run()
    assert bench.echo.heard == 0
    bench.retry = True
    run = bench.run()
    assert bench.echo.heard == 3
    assert not run.sums[2].failed
    assert "maji" in {c.response for c in bench.rows("3_instruct")}


def test_retry_stops_where_answers_would_be_bought_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.echo = Echo(silent=["maji"])
    bench.run()
    bench.echo = Echo()
    monkeypatch.setattr(prompts, "version", lambda name: "another")
    monkeypatch.setattr(prompts, "stage_version", lambda stage: "another")
    bench.retry = True
    with pytest.raises(RecipeError, match="its prompt changed; to go on, add --redo instruct"):
        bench.run()
    assert bench.echo.heard <= 3


def test_a_new_file_with_the_name_of_a_planned_one_leaves_the_planned_one_alone(bench: Bench) -> None:
    (bench.folder / "later").mkdir()
    bench.run()
    before = bench.times()
    bench.add("later/one.jsonl", ["zawadi"])
    bench.run(pattern="**/*.jsonl")
    assert bench.remade(before) >= {"1_begin/00002"}
    assert not {"1_begin/00000", "3_instruct/00000"} & bench.remade(before)
    plan = read_plan(bench.out)
    assert plan is not None
    assert sorted(plan.files) == ["later/one.jsonl", "one.jsonl", "two.jsonl"]
    before = bench.times()
    bench.run(pattern="**/*.jsonl")
    assert bench.remade(before) == set()


def test_what_the_run_wrote_is_no_source_of_it(bench: Bench) -> None:
    bench.run()
    (bench.out / "dataset").mkdir()
    bench.add("out/dataset/rows.jsonl", ["zawadi"])
    assert bench.run(pattern="**/*.jsonl").sums[0].kept == 10


def test_redo_of_an_earlier_stage_covers_a_changed_order(bench: Bench) -> None:
    bench.run()
    assert [total.stage for total in bench.run("begin instruct group", redo="begin").sums] == [
        "begin",
        "instruct",
        "group",
    ]
    assert sorted(path.name for path in bench.out.glob("[0-9]*")) == ["1_begin", "2_instruct", "3_group"]


def test_parts_that_are_overtaken_count_as_not_made_and_are_no_fault(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = bench.run()
    monkeypatch.setattr(bench.echo, "answer", _dies)
    with pytest.raises(Death):
        bench.run(shorten={"word": "h"}, instruct={"tone": "warm"}, redo="instruct")
    assert [total.parts for total in sums(run.out, run.line, run.plan)] == [2, 2, 0, 0]
    assert faults(run.out, run.line, run.plan) == []


async def _dies(question: object, again: object = None) -> str:
    raise Death


@pytest.mark.slow
def test_many_parts_cost_a_few_looks_at_each(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [0]
    made_of = store.made_of

    def counted(folder: Path, part: str) -> dict[str, Any] | None:
        looks[0] += 1
        return made_of(folder, part)

    for number in range(28):
        bench.add(f"more{number:02d}.jsonl", [f"neno namba {number} la mfano huu" * 3])
    monkeypatch.setattr(store, "made_of", counted)
    parts = len(bench.run(limit=30).plan.parts)
    assert parts >= 28
    assert looks[0] <= 6 * 4 * parts


@pytest.fixture
def replies(tmp_path: Path) -> Iterator[Replies]:
    replies = Replies(tmp_path / "replies.sqlite")
    yield replies
    replies.close()


def test_damaged_replies_are_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "noise.sqlite"
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(RepliesDamaged, match=r"noise\.sqlite is damaged .*move it away"):
        Replies(path)


def test_a_disk_that_fills_up_under_the_replies_is_a_full_disk(replies: Replies) -> None:
    replies._do("PRAGMA max_page_count=4")
    with pytest.raises(OSError, match="full") as caught:
        replies.keep("question", "model", 0, "x" * 100_000, accepted=True)
    assert caught.value.errno == errno.ENOSPC
    assert "replies.sqlite" in str(caught.value)


TEXT = (
    "Kijiji chetu kiko karibu na mto mkubwa. Watu wengi hulima mahindi na maharage, na wengine huvua samaki kila siku. "
)


@pytest.fixture
def village(tmp_path: Path) -> Path:
    """A recipe over twelve Swahili texts, in a folder whose name has the signs of a glob, with hostile titles."""
    folder = tmp_path / "kijiji [1] *"
    folder.mkdir()
    rows = [
        {
            "text": f"Habari ya {n}: {TEXT * 4}Mwaka {n * 37} ulikuwa na mvua.",
            "title": f"Kijiji cha Mto {n} \x1b]0;mine\x07",
            "url": f"https://h{n}.example/",
            "language": "swh_Latn",
        }
        for n in range(12)
    ]
    (folder / "a b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = folder / "recipe.yml"
    content = {
        "languages": ["sw"],
        "sources": [{"jsonl": "a*.jsonl"}],
        "stages": [{"harvest": {"quality": False}}, "instruct"],
    }
    recipe.write_text(yaml.safe_dump(content))
    return recipe


@pytest.mark.slow
def test_too_many_failures_end_with_3_and_retry_heals_them(village: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = village.parent / "out"

    async def silent(self: Rules, question: Question, again: Misfit | None = None) -> str:
        raise Unanswered("server_gone")

    with monkeypatch.context() as patch:
        patch.setattr(Rules, "answer", silent)
        assert status_of(["run", str(village), "--out", str(out), "--workers", "1"]) == 3
    assert status_of(["retry", str(out), "--workers", "1"]) == 0
    assert not list(store.rows_of(out / "2_instruct" / "00000.failed.parquet"))
    assert (
        len(list(store.rows_of(out / "2_instruct" / "00000.parquet")))
        + len(list(store.rows_of(out / "2_instruct" / "00000.dropped.parquet")))
        == 12
    )


@pytest.mark.slow
def test_what_a_page_says_cannot_command_the_terminal(village: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = village.parent / "out"
    assert status_of(["run", str(village), "--out", str(out), "--workers", "1"]) == 0
    capsys.readouterr()
    assert status_of(["peek", str(out), "--stage", "harvest"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b]0;" not in shown
    assert "\\x1b]0;mine\\x07" in shown


def test_an_output_folder_that_is_a_file_is_a_wrong_call(village: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["run", str(village), "--out", str(village)], ["status", str(village)], ["retry", str(village)]):
        assert status_of(words) == 2
        assert "is a file, not a folder" in capsys.readouterr().err


def test_a_pattern_that_is_none_is_a_wrong_call(village: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for pattern in ("a**b", "~nobody-of-this-name/x"):
        words = ["run", "--language", "sw", "--source", pattern, "--out", str(village.parent / "out")]
        assert status_of(words) == 2
        assert "neither a path nor a pattern" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_whose_reader_went_away_is_interrupted_and_goes_on(village: Path, xinstruct: Call) -> None:
    words = [sys.executable, "-m", "xinstruct", "run", str(village), "--out", str(village.parent / "out")]
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        words, stdout=writing, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (130, "")
    assert xinstruct("run", village, "--out", village.parent / "out").returncode == 0
