"""Whole runs against a server with faults: nothing is lost, `retry` heals the rest, and the set is as without faults."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Call
from tests.fault_server import MODEL, FaultServer
from xinstruct.candidate import Candidate
from xinstruct.commands import DONE, OUTSIDE, SOME_FAILED, WRONG_CALL, status_of
from xinstruct.tools import store
from xinstruct.tools.llm import client, patience

STAGES = [
    "harvest",
    "instruct",
    {"score": {"likelihood": False, "retrieval": False, "lowest_kept": 0.4}},
    "rewrite",
    {"score": {"near": 3}},  # asks all about those that were rewritten
]
# A twentieth of the requests each.
FAULTS = {
    "too_many": 0.025,
    "too_many_for_now": 0.025,
    **dict.fromkeys(("server_error", "unavailable", "hang", "reset", "truncated", "wrong_schema", "white_space"), 0.05),
    "slow": 0.05,
}
SLUGGISH = {"slow": 0.3, "retry_after": 0.05, "white_space": 4096, "between_white_space": 0.1}
SECRET = "a-key-nobody-may-read"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that fit a test, for commands that run in this process."""
    monkeypatch.setattr(client, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(patience, "_BETWEEN_LOOKS", 0.1)


@pytest.fixture(scope="module")
def harvested(sample: Path, xinstruct: Call, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Candidate]]:
    """The passages of the sample crawl by language."""
    folder = tmp_path_factory.mktemp("harvested")
    told = {"languages": "all", "sources": [{"warc": str(sample)}], "stages": ["harvest"]}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    assert xinstruct("run", folder / "recipe.yml", "--out", folder / "out").returncode == DONE
    found: dict[str, list[Candidate]] = {}
    for candidate in store.candidates_of(store.file_of(folder / "out" / "1_harvest", "00000")):
        found.setdefault(candidate.language, []).append(candidate)
    return found


def write_passages(path: Path, harvested: dict[str, list[Candidate]], count: int) -> None:
    """As many texts, each of sentences of the sample crawl's, and opened by one of mixed words that no other has."""
    chance = random.Random(0)
    lines = {
        language: [line for one in passages for line in one.response.split("\n") if 40 < len(line) < 400]
        for language, passages in sorted(harvested.items())
    }
    languages = [language for language, known in lines.items() if len(known) > 20]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            language = languages[number % len(languages)]
            words = chance.choice(lines[language]).rstrip(".!?।").split()
            chance.shuffle(words)
            opening = " ".join(words)
            others = chance.sample(lines[language], 4)
            text = "\n".join([f"{opening[:1].upper()}{opening[1:]}.", *others[: 2 if len(others[0]) > 100 else 4]])
            row = {"text": text, "language": language, "url": f"https://host{number % 97}.example/{number}"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def recipe_of(folder: Path, jsonl: Path, stages: list[Any] | None = None) -> Path:
    told = {"languages": "all", "sources": [{"jsonl": str(jsonl)}], "stages": stages or STAGES}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    return folder / "recipe.yml"


def profile_of(folder: Path, url: str, **server: Any) -> Path:
    told = {"model": MODEL, "endpoints": [url], "timeout": 10, "patience": 20, "concurrency": 256, **server}
    role = {"server": "main", "sampling": {"max_tokens": 500}}
    path = folder / "profile.yml"
    path.write_text(yaml.safe_dump({"servers": {"main": told}, "roles": {"writer": role, "judge": role}}))
    return path


def rows(out: Path, kind: str = "kept") -> dict[str, list[dict[str, Any]]]:
    """The rows of each stage, in order."""
    return {
        folder.name: [row for path in sorted(folder.glob("*.made.json")) for row in _rows_of(path, kind)]
        for folder in sorted(out.glob("[0-9]_*"))
    }


def _rows_of(made: Path, kind: str) -> Iterator[dict[str, Any]]:
    return store.rows_of(store.file_of(made.parent, made.name.split(".")[0], kind))


def balanced(out: Path, xinstruct: Call) -> list[dict[str, Any]]:
    """The stages of a run as `status --json` tells of them."""
    told = xinstruct("status", out, "--json")
    assert told.returncode == DONE, told.stdout
    stages: list[dict[str, Any]] = json.loads(told.stdout)["stages"]
    return stages


@pytest.mark.slow
def test_faults_cost_no_candidate_and_after_retry_the_set_is_as_without_them(
    harvested: dict[str, list[Candidate]], tmp_path: Path, xinstruct: Call
) -> None:
    write_passages(tmp_path / "passages.jsonl", harvested, 5000)
    recipe, out, whole = recipe_of(tmp_path, tmp_path / "passages.jsonl"), tmp_path / "out", tmp_path / "whole"
    with FaultServer(rates=FAULTS, **SLUGGISH) as server:
        profile = profile_of(tmp_path, server.url, timeout=2)
        assert status_of(["run", str(recipe), "--models", str(profile), "--out", str(out)]) in (DONE, SOME_FAILED)
        given = server.report()["given"]
        assert min(given[name] for name in FAULTS) > 500
        _is_whole(out, balanced(out, xinstruct))
        assert sum(map(len, rows(out, "failed").values())) > 20
        server.heal()
        assert status_of(["retry", str(out)]) == DONE
        _is_whole(out, balanced(out, xinstruct))
        assert not any(rows(out, "failed").values())
        assert status_of(["run", str(recipe), "--models", str(profile), "--out", str(whole)]) == DONE
    for kind in ("kept", "dropped"):
        assert rows(out, kind) == rows(whole, kind)
    assert len(rows(out)["5_score"]) > 2500


def _is_whole(out: Path, stages: list[dict[str, Any]]) -> None:
    """Each candidate that went in came out once: kept, dropped or failed, with a reason."""
    fates = {kind: rows(out, kind) for kind in ("kept", "dropped", "failed")}
    arriving = {row["id"] for row in fates["kept"]["1_harvest"]}
    assert len(arriving) > 4500
    for number, name in enumerate(fates["kept"], start=1):
        ids = [row["id"] for kind in fates for row in fates[kind][name]]
        assert len(set(ids)) == len(ids)
        assert number == 1 or set(ids) == arriving
        assert all(row["reason"] for row in fates["dropped"][name])
        assert all(row["error"] for row in fates["failed"][name])
        arriving = {row["id"] for row in fates["kept"][name]}
    assert len(stages) == len(fates["kept"])
