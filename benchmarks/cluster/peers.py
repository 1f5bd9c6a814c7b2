"""The programs that our clustering is compared with: their scripts, what is installed for them, and their calls."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster.truth import Pair
from xinstruct.stages import cluster

HERE = Path(__file__).resolve().parent
SIMILARITY = 0.7


@dataclass(frozen=True)
class Peer:
    """Another program: its script, what comes after the common arguments, and what is installed for it."""

    script: str
    needs: tuple[str, ...]
    arguments: tuple[str, ...] = ()


PEERS = {
    "datasketch": Peer("by_datasketch.py", ("datasketch", "xxhash")),
    "rensa": Peer("by_rensa.py", ("rensa",), ("pieces",)),
    "rensa-words": Peer("by_rensa.py", ("rensa",), ("words",)),
    "text-dedup": Peer("by_text_dedup.py", ("text-dedup",)),
    "datatrove": Peer("by_datatrove.py", ("datatrove[io,processing]", "spacy")),
}


def call(peer: Peer, made: Path, out: Path) -> list[str]:
    """What comes after the Python: the script, documents, output, our bands, the threshold."""
    bands = cluster.Settings(lowest_similarity_joined=SIMILARITY).bands
    numbers = (str(bands.bands), str(bands.rows), str(SIMILARITY))
    return [str(HERE / peer.script), str(made), str(out), *numbers, *peer.arguments]


def installed(name: str, peer: Peer, folder: Path) -> Path | None:
    """The Python of an environment with what the peer needs; None, with the reason, where it cannot be had."""
    uv = str(Path(sys.executable).with_name("uv"))
    place = folder / peer.script.removesuffix(".py")
    python = place / "bin" / "python"
    if python.exists():
        return python
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(place)],
        [uv, "pip", "install", "-q", "--python", str(python), *peer.needs],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name} cannot be had, so there is nothing to compare with: {done.stderr.strip()[-500:]}")
            return None
    return python


def pairs_of(out: Path) -> list[Pair]:
    """The pairs that a program wrote."""
    with (out / "pairs.txt").open() as lines:
        return [(int(one), int(other)) for one, other in map(str.split, lines)]
