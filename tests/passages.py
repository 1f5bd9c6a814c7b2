"""Runs for tests of who answers: texts of the sample crawl's sentences, recipes, profiles, and what came of them."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.fault_server import MODEL
from xinstruct.commands import DONE, status_of
from xinstruct.tools import store

Sentences = dict[str, list[str]]
_SHORTEST, _LONGEST, _FEWEST = 40, 400, 20


def sentences_in(crawl: Path, folder: Path) -> Sentences:
    """The lines of the passages that a crawl holds, by language. folder: where to work, empty."""
    told = {"languages": "all", "sources": [{"warc": str(crawl)}], "stages": ["harvest"]}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    assert status_of(["run", str(folder / "recipe.yml"), "--out", str(folder / "out")]) == DONE
    found: Sentences = {}
    for candidate in store.candidates_of(store.file_of(folder / "out" / "1_harvest", "00000")):
        lines = [line for line in candidate.response.split("\n") if _SHORTEST < len(line) < _LONGEST]
        found.setdefault(candidate.language, []).extend(lines)
    return {language: lines for language, lines in sorted(found.items()) if len(lines) >= _FEWEST}


def write_passages(path: Path, sentences: Sentences, count: int) -> None:
    """As many texts, each of a few sentences, opened by one of mixed words that no other text has."""
    chance, languages = random.Random(0), sorted(sentences)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            language = languages[number % len(languages)]
            words = chance.choice(sentences[language]).rstrip(".!?।").split()
            chance.shuffle(words)
            opening = " ".join(words)
            others = chance.sample(sentences[language], 4)
            text = "\n".join([f"{opening[:1].upper()}{opening[1:]}.", *others[: 2 if len(others[0]) > 100 else 4]])
            row = {"text": text, "language": language, "url": f"https://host{number % 97}.example/{number}"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_recipe(folder: Path, stages: Sequence[Any]) -> Path:
    """The recipe of a run over the folder's passages.jsonl."""
    told = {"languages": "all", "sources": [{"jsonl": "passages.jsonl"}], "stages": list(stages)}
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    return folder / "recipe.yml"


def write_profile(folder: Path, url: str, **server: Any) -> Path:
    """A profile in which one server that runs already answers as writer and judge."""
    told = {"model": MODEL, "endpoints": [url], "timeout": 10, "patience": 20, "concurrency": 256, **server}
    role = {"server": "main", "sampling": {"max_tokens": 500}}
    path = folder / "profile.yml"
    path.write_text(yaml.safe_dump({"servers": {"main": told}, "roles": {"writer": role, "judge": role}}))
    return path


def rows_of_stages(out: Path, kind: str = "kept") -> dict[str, list[dict[str, Any]]]:
    """The rows of each stage of a run, in order. kind: kept, dropped or failed."""
    return {
        folder.name: [row for path in sorted(folder.glob("*.made.json")) for row in _rows_of(path, kind)]
        for folder in sorted(out.glob("[0-9]_*"))
    }


def _rows_of(made: Path, kind: str) -> Iterator[dict[str, Any]]:
    return store.rows_of(store.file_of(made.parent, made.name.split(".")[0], kind))
