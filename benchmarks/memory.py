"""Shows that memory does not grow with the input: runs the whole line on 10 and on 100 million characters.

Prints the largest process and the sum of all processes at its peak for each size, and the ratio: resident anonymous
memory in MiB, without the pages of mapped files, which are the system's cache and go when they are needed elsewhere.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import yaml

from xinstruct.commands.run import DEFAULT_STAGES
from xinstruct.tools import store

ROOT = Path(__file__).resolve().parent.parent
_PASSAGE = 1200


def main() -> None:
    """Runs both sizes and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, nargs="+", default=[10_000_000, 100_000_000])
    arguments = parser.parse_args()
    peaks = []
    for characters in arguments.characters:
        with tempfile.TemporaryDirectory() as folder:
            largest, together, seconds = measure(Path(folder), characters)
        peaks.append((largest, together))
        print(
            f"{characters:>12,} characters: largest process {largest:.0f} MiB, "
            f"together {together:.0f} MiB, {seconds:.0f} s"
        )
    print(f"ratio: largest process {peaks[-1][0] / peaks[0][0]:.2f}, together {peaks[-1][1] / peaks[0][1]:.2f}")


def measure(folder: Path, characters: int) -> tuple[float, float, float]:
    """Peak memory of the largest process and of all together in MiB, and the seconds that the run took."""
    recipe = folder / "recipe.yml"
    write_corpus(folder / "corpus.jsonl", characters)
    told = {"languages": "all", "sources": [{"jsonl": "corpus.jsonl"}], "stages": DEFAULT_STAGES}
    recipe.write_text(yaml.safe_dump(told))
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "xinstruct", "run", str(recipe), "--out", str(folder / "out")],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    largest = together = 0.0
    while process.poll() is None:
        sizes = list(_resident(process.pid))
        largest, together = max(largest, *sizes, 0.0), max(together, sum(sizes))
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"the run ended with status {process.returncode}")
    return largest, together, time.monotonic() - began


def write_corpus(path: Path, characters: int, seed: int = 0) -> None:
    """A JSONL corpus of texts mixed from the sample crawl's sentences, each with a title, on 200 hosts."""
    chance, written = random.Random(seed), 0
    sentences = _sentences()
    with path.open("w", encoding="utf-8") as file:
        number = 0
        while written < characters:
            language = chance.choice(sorted(sentences))
            text = _text(sentences[language], chance)
            title = " ".join(chance.choice(sentences[language]).split()[:7])
            url = f"https://host{chance.randrange(200)}.example/{number}"
            file.write(
                json.dumps({"text": text, "title": title, "url": url, "language": language}, ensure_ascii=False) + "\n"
            )
            written += len(text)
            number += 1


def _text(sentences: list[str], chance: random.Random) -> str:
    chosen: list[str] = []
    while sum(map(len, chosen)) < _PASSAGE:
        words = chance.choice(sentences).split()
        chance.shuffle(words)  # mixed words keep texts from being near-duplicates however many there are
        chosen.append(" ".join(words))
    return " ".join(chosen)


def _sentences() -> dict[str, list[str]]:
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
            found.setdefault(candidate.language, []).extend(candidate.response.split("\n"))
    return found


def _resident(session: int) -> Iterator[float]:
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True).stdout
    for pid in listed.split():
        with suppress(FileNotFoundError, ProcessLookupError):  # ended in between
            status = Path(f"/proc/{pid}/status").read_text()
            yield sum(int(kib) for kib in re.findall(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)) / 1024


if __name__ == "__main__":
    main()
