"""Makes the pool from which benchmarks.diversify selects: the shared passages through the line, by the rules writer."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from xinstruct.candidate import Candidate
from xinstruct.tools import store

ROOT = Path(__file__).resolve().parent.parent
_COLUMNS = ("text", "url", "title", "id")
_STAGES: list[Any] = [{"harvest": {"quality": False}}, {"cluster": {"over": "response"}}, "instruct", "score"]


def pool(out: Path) -> list[Candidate]:
    """The rows that the last stage of a run kept."""
    last = max((path for path in out.glob("[0-9]*_*") if path.is_dir()), key=lambda path: int(path.name.split("_")[0]))
    files = sorted(path for path in last.glob("*.parquet") if path.name.count(".") == 1)
    return [candidate for path in files for candidate in store.candidates_of(path)]


def by_language(rows: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The rows of each language, the language with most rows first."""
    found: dict[str, list[Candidate]] = {}
    for row in rows:
        found.setdefault(row.language, []).append(row)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def made(docs: Path, folder: Path) -> Path:
    """The folder of a run of the line over the passages, up to where `diversify` would stand."""
    with (folder / "docs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(_rows(docs))
    recipe = {"languages": "all", "sources": [{"jsonl": "docs.jsonl"}]}
    stages = [*_STAGES, {"cluster": {"over": "instruction"}}]
    (folder / "recipe.yml").write_text(yaml.safe_dump({**recipe, "stages": stages}))
    command = [sys.executable, "-m", "xinstruct", "run", str(folder / "recipe.yml"), "--out", str(folder / "out")]
    subprocess.run(command, check=True, stdout=sys.stderr, cwd=ROOT)
    return folder / "out"


def _rows(docs: Path) -> Iterator[str]:
    with gzip.open(docs, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            told = {name: row[name] for name in _COLUMNS if row.get(name)}
            language = f"{row['lang']}_{row['script']}"
            yield json.dumps({**told, "language": language, "license": row["license"]}, ensure_ascii=False) + "\n"
