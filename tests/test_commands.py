"""The command line as a user meets it: results, exit statuses, and one sentence for what cannot be done."""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import ROOT, Call
from xinstruct.commands import status_of
from xinstruct.tools import store
from xinstruct.tools.lid.trainer import fit

RECIPE = {
    "languages": ["swh_Latn", "fin_Latn"],
    "sources": [{"warc": "pages/*"}],
    "stages": ["harvest", "cluster", "instruct", "score", "diversify"],
}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "recipe.yml"
    path.write_text(yaml.safe_dump({**RECIPE, **changes}))
    return path


@pytest.fixture
def pages(tmp_path: Path, small_crawl: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    shutil.copy(small_crawl, folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, small_crawl: Path, xinstruct: Call) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "pages").mkdir()
    shutil.copy(small_crawl, folder / "pages")
    done = xinstruct("run", write(folder), "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    return folder


def said(result: subprocess.CompletedProcess[str], status: int) -> str:
    assert result.returncode == status, result.stderr + result.stdout
    sentence = result.stderr.strip()
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


def test_status_shows_a_balanced_ledger_for_people_and_programs(made: Path, xinstruct: Call) -> None:
    status = json.loads(xinstruct("status", made / "out", "--json").stdout)
    assert status["balanced"] is True
    assert [stage["stage"] for stage in status["stages"]] == RECIPE["stages"]
    for before, stage in zip(status["stages"], status["stages"][1:], strict=False):
        assert stage["in"] == before["kept"]
    for stage in status["stages"]:
        out = stage["kept"] + sum(stage["dropped"].values()) + sum(stage["failed"].values())
        assert stage["in"] + stage["added"] == out
    text = xinstruct("status", made / "out").stdout
    assert "The ledger balances." in text
    assert "robots_txt" in text


def test_every_kept_and_dropped_row_is_a_verbatim_span_of_the_extracted_text(made: Path, xinstruct: Call) -> None:
    pages = [json.loads(line) for line in xinstruct("extract", made / "pages" / "small.warc.gz").stdout.splitlines()]
    texts: dict[str, set[str]] = {}
    for page in pages:
        texts.setdefault(page["url"], set()).add(page["text"])
    checked = 0
    for path in (made / "out").glob("[0-9]*/*.parquet"):
        for c in store.candidates_of(path):
            assert any(c.response == text[c.span_start : c.span_end] for text in texts[c.url or ""]), (path, c.id)
            checked += 1
    assert checked > 50


def test_after_cluster_no_cluster_id_is_null(made: Path) -> None:
    for name in ("2_cluster", "3_instruct", "5_diversify"):
        for path in (made / "out" / name).glob("*[0-9].parquet"):
            rows = list(store.candidates_of(path))
            assert rows
            assert all(row.cluster_id for row in rows)


@pytest.mark.slow
def test_a_second_run_says_nothing_new_and_changes_no_file(made: Path, xinstruct: Call) -> None:
    def stamps() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in (made / "out").glob("[0-9]*/*")}

    before = stamps()
    assert xinstruct("run", made / "recipe.yml", "--out", made / "out").returncode == 0
    assert stamps() == before


@pytest.mark.slow
def test_peek_shows_rows_and_reasons(made: Path, xinstruct: Call) -> None:
    rows = xinstruct("peek", made / "out", "--rows", "3", "--json").stdout.splitlines()
    assert len(rows) == 3
    assert all(json.loads(row)["instruction"] for row in rows)
    dropped = xinstruct("peek", made / "out", "--stage", "harvest", "--kind", "dropped", "--reason", "too_short")
    assert "reason: too_short" in dropped.stdout
    assert "has no stage bake" in said(xinstruct("peek", made / "out", "--stage", "bake"), 2)


@pytest.mark.slow
def test_show_prints_the_line_and_runs_nothing(made: Path, xinstruct: Call) -> None:
    shown = xinstruct("show", made / "recipe.yml")
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ("1 harvest", "3 instruct", "writer", "no model", "shortest_kept"))


@pytest.mark.slow
def test_retry_without_failures_says_so(made: Path, xinstruct: Call) -> None:
    assert "has failed" in xinstruct("retry", made / "out").stdout


@pytest.mark.slow
def test_doctor_says_what_to_type(xinstruct: Call) -> None:
    found = xinstruct("doctor")
    assert found.returncode == 0
    assert "language identifier" in found.stdout
    assert "vllm" in found.stdout


@pytest.mark.slow
def test_run_without_a_recipe(tmp_path: Path, small_crawl: Path, xinstruct: Call) -> None:
    done = xinstruct(
        "run",
        "--language",
        "swh_Latn",
        "--source",
        small_crawl,
        "--limit",
        "5",
        "--out",
        tmp_path / "out",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(store.candidates_of(tmp_path / "out" / "1_harvest" / "00000.parquet"))) == 5
    assert "Give a recipe, or --language and --source" in said(xinstruct("run"), 2)


@pytest.mark.slow
def test_another_identifier_tells_languages_where_the_recipe_names_one(
    pages: Path, tmp_path: Path, xinstruct: Call
) -> None:
    spans = [("sw", "habari za leo"), ("fi", "hyvää huomenta kaikille")] * 50
    model = fit(spans, dim=64, epoch=5, bucket=140_000, minn=2, maxn=3, minCount=1)
    model.save_model(str(tmp_path / "two.bin"))
    recipe = write(tmp_path, stages=[{"harvest": {"quality": False}}], languages=["all"], identifier="two.bin")
    assert xinstruct("run", recipe, "--out", tmp_path / "out").returncode == 0
    told = {c.language for file in (tmp_path / "out").glob("*/*.parquet") for c in store.candidates_of(file)}
    assert told <= {"swh_Latn", "fin_Latn", "und"}
    assert told & {"swh_Latn", "fin_Latn"}
    done = xinstruct("run", write(tmp_path, stages=["harvest"], identifier="none.bin"), "--out", tmp_path / "other")
    assert "none.bin cannot be read" in said(done, 2)
    done = xinstruct("run", write(tmp_path, stages=["harvest"], identifier="recipe.yml"), "--out", tmp_path / "other")
    assert "is no fastText model" in said(done, 2)


@pytest.mark.slow
def test_a_line_without_instructions_publishes_nothing(pages: Path, tmp_path: Path, xinstruct: Call) -> None:
    done = xinstruct("run", write(tmp_path, stages=["harvest", "cluster"]), "--out", tmp_path / "out")
    assert done.returncode == 0
    assert "nothing is published" in done.stdout
    assert not (tmp_path / "out" / "dataset").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "unknown key colour"),
        ({"languages": ["swh_Lateen"]}, "swh_Lateen"),
        ({"sources": [{"warc": "nowhere/*.gz"}]}, "names no file"),
        ({"stages": ["cluster", "harvest"]}, "must begin with harvest"),
        ({"stages": ["harvest", "score"]}, "put instruct before it"),
        ({"stages": [{"harvest": {"shortest_kept": "long"}}]}, "shortest_kept"),
        ({"stages": [{"harvest": {"shortest_kept": 3000, "longest_kept": 400}}]}, "is above longest_kept (400)"),
    ],
)
def test_a_wrong_recipe_is_refused_before_anything_runs(
    changes: dict[str, object], words: str, pages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["run", str(write(tmp_path, **changes)), "--out", str(tmp_path / "out")]) == 2
    sentence = capsys.readouterr().err.strip()
    assert words in sentence
    assert "\n" not in sentence
    assert not (tmp_path / "out" / "1_harvest").exists()


def test_an_output_folder_of_something_else_is_left_alone(pages: Path, tmp_path: Path, xinstruct: Call) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    assert "something else than a run" in said(xinstruct("run", write(tmp_path), "--out", other), 2)
    assert [path.name for path in other.iterdir() if not path.name.startswith(".")] == ["letter.txt"]


def test_status_of_no_run_is_refused(tmp_path: Path, xinstruct: Call) -> None:
    assert "holds no run" in said(xinstruct("status", tmp_path), 2)


def _member(body: bytes, url: str = "https://page.example/", kind: str = "text/html") -> bytes:
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{len(body):012d}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + http + b"\r\n\r\n")


@pytest.mark.slow
def test_broken_and_hostile_input_costs_only_itself(pages: Path, tmp_path: Path, xinstruct: Call) -> None:
    whole = (pages / "small.warc.gz").read_bytes()
    (pages / "truncated.warc.gz").write_bytes(whole[: len(whole) * 2 // 3])
    (pages / "empty.warc.gz").write_bytes(b"")
    (pages / "noise.warc.gz").write_bytes(os.urandom(5000))
    bad = bytearray(whole)
    bad[len(bad) // 2 : len(bad) // 2 + 64] = bytes(64)
    (pages / "bad.warc.gz").write_bytes(bytes(bad))
    hostile = [
        _member(b"\x89PNG\r\n\x1a\n" + os.urandom(3000), "https://nothtml.example/"),
        _member(b"<div>" * 60_000 + b"deep", "https://deep.example/"),
        _member(b"<html><body><p>" + b"x" * 30_000_000, "https://large.example/"),
    ]
    (pages / "hostile.warc.gz").write_bytes(b"".join(hostile))
    done = xinstruct("run", write(tmp_path, stages=["harvest"]), "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "Input that could not be read: " in done.stdout
    assert "truncated_gzip 1 (truncated.warc.gz: record at byte " in done.stdout
    assert "empty_file 1 (empty.warc.gz)" in done.stdout
    status = json.loads(xinstruct("status", tmp_path / "out", "--json").stdout)
    assert status["balanced"] is True
    skipped = status["stages"][0]["skipped"]
    assert {"truncated_gzip", "empty_file", "unknown_format", "bad_member", "too_large", "not_html"} <= set(skipped)
    rows = [c for path in (tmp_path / "out" / "1_harvest").glob("*.dropped.parquet") for c in store.candidates_of(path)]
    assert "https://deep.example/" in {c.url for c in rows}
    kept = [c for path in (tmp_path / "out" / "1_harvest").glob("*[0-9].parquet") for c in store.candidates_of(path)]
    of = {
        name: sum(c.container == name for c in kept) for name in ("small.warc.gz", "bad.warc.gz", "truncated.warc.gz")
    }
    assert of["small.warc.gz"] > of["bad.warc.gz"] > 0
    assert of["truncated.warc.gz"] > 0


def test_input_of_which_nothing_can_be_read_ends_with_5(pages: Path, tmp_path: Path, xinstruct: Call) -> None:
    (pages / "small.warc.gz").write_bytes(random.Random(1).randbytes(5000))
    done = xinstruct("run", write(tmp_path, stages=["harvest"]), "--out", tmp_path / "out")
    assert done.returncode == 5
    assert done.stderr.splitlines() == [
        "No page could be read. Input that could not be read: unknown_format 1 "
        "(there is no WARC or ARC record in small.warc.gz)."
    ]


def _started(recipe: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "xinstruct", "run", str(recipe), "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=environment
    )
    deadline = time.monotonic() + 60
    while not (out / ".work" / "1_harvest").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(pages: Path, tmp_path: Path, xinstruct: Call) -> None:
    recipe = write(tmp_path)
    process = _started(recipe, tmp_path / "out")
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.strip() == "Interrupted; what is made stays, and the same command goes on from there."
    assert xinstruct("run", recipe, "--out", tmp_path / "out").returncode == 0


@pytest.mark.slow
def test_a_second_run_on_the_same_folder_is_refused(pages: Path, tmp_path: Path, xinstruct: Call) -> None:
    recipe = write(tmp_path)
    process = _started(recipe, tmp_path / "out")
    assert "Another run is at work" in said(xinstruct("run", recipe, "--out", tmp_path / "out"), 2)
    process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: it needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_named_and_nothing_is_lost(
    small_disk: Path, pages: Path, tmp_path: Path, xinstruct: Call
) -> None:
    recipe = write(tmp_path, languages="all")
    assert "The disk is full" in said(xinstruct("run", recipe, "--out", small_disk / "out"), 5)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    done = xinstruct("run", recipe, "--out", small_disk / "out")
    assert done.returncode == 0, done.stderr
    assert json.loads(xinstruct("status", small_disk / "out", "--json").stdout)["balanced"] is True


@pytest.mark.slow
def test_a_broken_table_among_sound_ones_is_named(tmp_path: Path, xinstruct: Call) -> None:
    text = "Mvua kubwa ilinyesha usiku kucha, na asubuhi barabara ya kwenda sokoni ilikuwa imejaa maji. " * 6
    pq.write_table(pa.table({"text": [text]}), tmp_path / "sound.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "sound.parquet").read_bytes()[:-20])
    sources = [{"parquet": "*.parquet", "language": "swh_Latn"}]
    recipe = {"languages": ["swh_Latn"], "sources": sources, "stages": [{"harvest": {"quality": False}}]}
    (tmp_path / "recipe.yml").write_text(yaml.safe_dump(recipe))
    done = xinstruct("run", tmp_path / "recipe.yml", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for told in (done.stdout, xinstruct("status", tmp_path / "out").stdout):
        assert "Input that could not be read: unknown_format 1 (cut.parquet: " in told
