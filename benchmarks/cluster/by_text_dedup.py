"""Clusters documents with text-dedup's own command; it needs text-dedup.

`python by_text_dedup.py DOCUMENTS OUT BANDS ROWS SIMILARITY`: its word 5-grams, hashed with xxh3, two processes. It
compares nothing beyond signatures. Pairs are each document of a cluster with the cluster's first.
"""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pieces import tell


def found(documents: Path, out: Path, bands: int, rows: int, similarity: float) -> Iterator[tuple[int, int]]:
    """Each document with the first of its cluster."""
    command = f"--path json --data_files {documents}/*.jsonl --split train --cache_dir {out}/cache --output {out}/kept"
    command += f" --column text --ngram 5 --num_perm {bands * rows} --b {bands} --r {rows} --threshold {similarity}"
    command += " --hash_func xxh3 --hash_bits 32 --num_proc 2 --debug"
    subprocess.run([sys.executable, "-m", "text_dedup.minhash", *command.split()], check=True, stdout=sys.stderr)
    with (out / "kept" / "uf.pkl").open("rb") as file:
        clusters = pickle.load(file)  # written by the line above
    for number in clusters.parent:
        if (first := clusters.find(number)) != number:
            yield first, number


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    tell(lambda: found(folder, out, int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])), out)
