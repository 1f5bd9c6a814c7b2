"""Makes as many passages as one likes out of the sample crawl's sentences, no two of them alike."""

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from xinstruct.tools import store

ROOT = Path(__file__).resolve().parent.parent
_HOSTS = 200
# Of a text without blanks, or a heading, there is nothing to mix.
_FEWEST_WORDS = 4


def write(path: Path, count: int, length: int = 1200, script: str = "", seed: int = 0) -> None:
    """A JSONL file of so many passages, in languages of one script (such as Latn) only if said."""
    _write(path, itertools.islice(_rows(length, script, seed), count))


def write_characters(path: Path, characters: int, length: int = 1200) -> None:
    """A JSONL file of passages that have so many characters together."""
    _write(path, _until(_rows(length), characters))


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _until(rows: Iterable[dict[str, Any]], characters: int) -> Iterator[dict[str, Any]]:
    written = 0
    for row in rows:
        yield row
        written += len(row["text"])
        if written >= characters:
            return


def _rows(length: int, script: str = "", seed: int = 0) -> Iterator[dict[str, Any]]:
    """For ever: text of at least that length, title, url on one of 200 hosts, language."""
    chance = random.Random(seed)
    sentences = {language: told for language, told in sorted(_sentences().items()) if language.endswith(script)}
    for number in itertools.count():
        language = chance.choice(list(sentences))
        text = _text(sentences[language], length, chance)
        title = " ".join(chance.choice(sentences[language]).split()[:7])
        url = f"https://host{chance.randrange(_HOSTS)}.example/{number}"
        yield {"text": text, "title": title, "url": url, "language": language}


def _text(sentences: list[str], length: int, chance: random.Random) -> str:
    chosen: list[str] = []
    while sum(map(len, chosen)) < length:
        first, *words, last = chance.choice(sentences).split()
        chance.shuffle(words)  # mixed words keep texts from being near-duplicates however many there are
        chosen.append(" ".join((first, *words, last)))
    return " ".join(chosen)


def _sentences() -> dict[str, list[str]]:
    """The lines of the sample crawl's passages by language."""
    found: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        told = yaml.safe_load((ROOT / "corpora" / "demo.yml").read_text())
        told["sources"] = [{"warc": str(ROOT / "corpora" / "sample" / "*.warc.gz")}]
        told["stages"] = ["harvest"]
        (Path(folder) / "recipe.yml").write_text(yaml.safe_dump(told))
        command = [sys.executable, "-m", "xinstruct", "run", str(Path(folder) / "recipe.yml"), "--out", str(out)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for candidate in store.candidates_of(store.file_of(out / "1_harvest", "00000")):
            lines = (line for line in candidate.response.split("\n") if len(line.split()) > _FEWEST_WORDS)
            found.setdefault(candidate.language, []).extend(lines)
    return found
