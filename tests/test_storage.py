"""Where a run may write: OUT is a folder of this machine, the storage a folder or an address; others are refused."""

import errno
import os
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem

from tests.conftest import ROOT
from xinstruct.commands import WRONG_CALL, _outside, status_of
from xinstruct.recipe import RecipeError
from xinstruct.tools.storage import Storage


@pytest.mark.parametrize("told", ["shelf", "./shelf/", "{here}/shelf", "file://{here}/shelf", "local://{here}/shelf/"])
@pytest.mark.parametrize("there", [True, False], ids=["there", "not yet"])
def test_a_folder_is_a_storage_however_it_is_named(
    told: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if there:
        (tmp_path / "shelf").mkdir()
    storage = Storage.of(told.format(here=tmp_path))
    assert storage.address == f"file://{tmp_path}/shelf"
    monkeypatch.chdir("/")  # as workers do
    (tmp_path / "letter").write_text("habari")
    storage.under("run").put(tmp_path / "letter", "one/two/letter")
    storage.under("run").fetch("one/two/letter", tmp_path / "back" / "letter")
    assert (tmp_path / "back" / "letter").read_text() == "habari"
    storage.under("run").clear()
    assert list((tmp_path / "shelf").iterdir()) == []


@pytest.mark.parametrize("told", ["", " ", "/", "//", "/tmp/..", "file:///", "s3://", "s3:/bucket/x", "gs:bucket"])
def test_what_names_no_folder_is_no_storage(told: str) -> None:
    with pytest.raises(RecipeError, match=r'^--storage ".*" names no folder; give one, or an address such as s3://'):
        Storage.of(told)


def test_a_file_is_no_storage(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("habari")
    with pytest.raises(RecipeError, match="names no folder"):
        Storage.of(str(tmp_path / "letter"))


def test_the_disk_that_is_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(LocalFileSystem, "put_file", full)
    monkeypatch.setattr(LocalFileSystem, "get_file", full)
    storage = Storage.of(str(tmp_path / "shelf"))
    (tmp_path / "letter").write_text("habari")
    with pytest.raises(OSError, match=r"storage file://.*/shelf is full: make room and .* again; .* lost\.$") as caught:
        storage.put(tmp_path / "letter", "x")
    assert _outside(caught.value) == str(caught.value)
    with pytest.raises(OSError, match="No space left") as caught:
        storage.fetch("x", tmp_path / "back" / "x")
    assert _outside(caught.value).startswith(f"The disk is full ({tmp_path}/back): make room and")


@pytest.mark.parametrize("out", ["s3://bucket/x", "gs://bucket/x", "hf://datasets/me/x", "file:///tmp/x"])
def test_an_address_is_no_output_folder(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dataset").mkdir()
    for call in (
        ["run", str(ROOT / "corpora" / "demo.yml"), "--out", out],
        ["status", out],
        ["rehydrate", "dataset", "--source", "dataset", "--out", out],
    ):
        assert status_of(call) == WRONG_CALL
        sentence = capsys.readouterr().err.strip()
        assert sentence.startswith(f"{out.split('/')[0]}// is no folder on this machine: give one")
        assert "\n" not in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]
