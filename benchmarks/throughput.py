"""How near a run comes to what its server can do: instruct beside vLLM's own load generator with the same prompts.

Both ask the same server about the same passages, in turns, with as many requests in flight, the same answer schema and
the same limits. `--server stub` answers after 128 ms, 256 at a time: 2,000 a second at best. `--server cpu` is the
real vLLM on this machine with the tests' taught model. Prints a line per round, then medians and their ratio.

A run's time is that of the whole stage, from the first passage read to the last row on the disk, with the half second
of questions by which it gets to know its server; the generator's is what it says itself, from its first request to its
last reply. So a round must be long enough for that half second not to count. By hand:
`python -m benchmarks.throughput --server cpu`.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import passages
from benchmarks.passages import ROOT
from tests import taught_model
from tests.fault_server import MODEL, FaultServer, free_port
from tests.tiny_model import ENVIRONMENT, SERVE
from xinstruct.stages import instruct
from xinstruct.tools import store
from xinstruct.tools.llm import render
from xinstruct.tools.llm.schema import schema

_LATENCY = 0.128
# The taught model has but a thousand tokens: our prompt is long in them.
_CONTEXT = 16_384
# `vllm bench serve`, past the console script, which asks for a package called vllm; the build for CPUs is called
# otherwise.
_GENERATOR = """
from vllm.benchmarks import serve
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
serve.add_cli_args(parser)
serve.main(parser.parse_args())
"""


@dataclass(frozen=True)
class Served:
    """A server that runs. best: requests per second that it can answer, if known."""

    url: str
    model: str
    in_flight: int
    most_written: int
    best: float | None = None

    def sampling(self, salt: str) -> dict[str, Any]:
        """Of the writer. salt: what a server read for one round does not help it in the next."""
        return {"temperature": 0, "max_tokens": self.most_written, "cache_salt": salt}


@dataclass(frozen=True)
class Speed:
    """requests: how many were answered; seconds: that it took; wall: of the whole command, its start and end too."""

    requests: int
    seconds: float
    wall: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


@contextmanager
def stub(folder: Path) -> Iterator[Served]:
    """A stub server, in a process of its own."""
    with FaultServer(latency=_LATENCY) as server:
        yield Served(server.url, MODEL, 256, 1500, 256 / _LATENCY)


@contextmanager
def cpu(folder: Path) -> Iterator[Served]:
    """The real vLLM, started by `xinstruct serve`."""
    model, port = taught_model.make(folder / "model"), free_port()
    server = {"model": str(model), "port": port, "serve": SERVE | {"max-model-len": _CONTEXT}}
    path = _profile(folder / "served.yml", server | {"environment": ENVIRONMENT}, {})
    command = [sys.executable, "-m", "xinstruct", "serve", str(path), "--logs", str(folder / "logs")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment())
    try:
        assert process.stdout is not None
        if not any("Ctrl-C ends it" in line for line in process.stdout):
            sys.exit("vLLM did not start")
        yield Served(f"http://127.0.0.1:{port}/v1", str(model), int(SERVE["max-num-seqs"]), 300)
    finally:
        process.terminate()
        process.wait(60)


def prepare(folder: Path, count: int) -> Path:
    """A run's folder with the harvested passages in it, in Latin script: the taught model quotes from no other."""
    passages.write(folder / "corpus.jsonl", count, script="Latn")
    _recipe(folder / "harvest.yml", [{"harvest": {"quality": False}}])
    _recipe(folder / "instruct.yml", [{"harvest": {"quality": False}}, "instruct"])
    _call("-m", "xinstruct", "run", folder / "harvest.yml", "--out", folder / "harvested")
    return folder / "harvested"


def by_xinstruct(folder: Path, harvested: Path, served: Served, salt: str) -> Speed:
    """The stage as a user runs it."""
    out = folder / "out"
    shutil.copytree(harvested, out)
    server = {"model": served.model, "endpoints": [served.url], "concurrency": served.in_flight}
    profile = _profile(folder / "asked.yml", server, served.sampling(salt))
    began = time.perf_counter()
    _call("-m", "xinstruct", "run", folder / "instruct.yml", "--models", profile, "--out", out)
    wall = time.perf_counter() - began
    (made,) = (json.loads(path.read_bytes()) for path in (out / "2_instruct").glob("*.made.json"))
    with sqlite3.connect(out / "replies.sqlite") as base:
        answered = base.execute("SELECT COUNT(*) FROM replies").fetchone()[0]
    shutil.rmtree(out)
    return Speed(int(answered), made["seconds"], wall)


def by_generator(folder: Path, harvested: Path, served: Served, salt: str) -> Speed:
    """The same prompts from `vllm bench serve`."""
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(_prompts(harvested)), encoding="utf-8")
    form = {"name": "Instruction", "strict": True, "schema": schema(instruct.Instruction)}
    body = served.sampling(salt) | {"response_format": {"type": "json_schema", "json_schema": form}}
    # The generator asks for one token where it has no tokenizer; this stands over it.
    body["max_completion_tokens"] = served.most_written
    began = time.perf_counter()
    _call(
        "-c", _GENERATOR, "--backend", "openai-chat",
        "--base-url", served.url.removesuffix("/v1"), "--endpoint", "/v1/chat/completions", "--model", served.model,
        "--dataset-name", "custom", "--dataset-path", prompts, "--num-prompts", "-1", "--skip-tokenizer-init",
        "--max-concurrency", str(served.in_flight), "--extra-body", json.dumps(body), "--disable-tqdm",
        "--disable-shuffle", "--save-result", "--result-dir", folder, "--result-filename", "generator.json",
    )  # fmt: skip
    wall = time.perf_counter() - began
    told = json.loads((folder / "generator.json").read_bytes())
    if told.get("failed"):
        sys.exit(f"{told['failed']} requests of the load generator failed")
    return Speed(told["completed"], told["duration"], wall)


def _prompts(harvested: Path) -> Iterator[str]:
    settings = instruct.Settings()
    for path in sorted((harvested / "1_harvest").glob("[0-9]*[0-9].parquet")):
        for candidate in store.candidates_of(path):
            told = render.filled("instruct", instruct.fields(candidate, settings))
            fixed = {"role": "system", "content": render.fixed("instruct")}
            prompt = [fixed, {"role": "user", "content": told}]
            yield json.dumps({"prompt": prompt}, ensure_ascii=False) + "\n"


def _recipe(path: Path, stages: list[Any]) -> None:
    told = {"languages": "all", "sources": [{"jsonl": "corpus.jsonl"}], "stages": stages, "part_megabytes": 1000}
    path.write_text(yaml.safe_dump(told))


def _profile(path: Path, server: dict[str, Any], sampling: dict[str, Any]) -> Path:
    role = {"server": "main", "sampling": sampling}
    path.write_text(yaml.safe_dump({"servers": {"main": server}, "roles": {"writer": role, "judge": role}}))
    return path


def _call(*words: str | Path) -> None:
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, env=_environment())
    if done.returncode:
        sys.exit(f"{words[1]} ended with status {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}")


def _environment() -> dict[str, str]:
    quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "ERROR"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **quiet}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=["stub", "cpu"], default="stub")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, help="20,000 for the stub, 200 for the CPU unless said")
    told = parser.parse_args()
    ours: list[Speed] = []
    theirs: list[Speed] = []
    with tempfile.TemporaryDirectory() as name, (stub if told.server == "stub" else cpu)(Path(name)) as served:
        harvested = prepare(Path(name), told.passages or (20_000 if told.server == "stub" else 200))
        for number in range(told.rounds):
            ours.append(by_xinstruct(Path(name), harvested, served, f"ours {number}"))
            theirs.append(by_generator(Path(name), harvested, served, f"theirs {number}"))
            both = " | ".join(
                f"{who} {speed.requests} in {speed.seconds:.2f} s, {speed.rate:.1f}/s, command {speed.wall:.1f} s"
                for who, speed in (("xinstruct", ours[-1]), ("generator", theirs[-1]))
            )
            print(f"round {number + 1}: {both}", flush=True)
    mine, peer = (statistics.median(speed.rate for speed in speeds) for speeds in (ours, theirs))
    of_best = (
        f"; the server's best is {served.best:.0f}, xinstruct {mine / served.best:.2f} of it" if served.best else ""
    )
    print(f"{told.server}: xinstruct {mine:.1f} requests/s, generator {peer:.1f}, ratio {mine / peer:.3f}{of_best}")


if __name__ == "__main__":
    main()
