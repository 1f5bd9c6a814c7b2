"""Compares our clustering with its peers on documents in many languages, with near-duplicates of every likeness.

`python -m benchmarks.cluster [--documents N] [--only NAME ...] [--peer PYTHON]` makes N documents of about 1,000
characters (100,000 unless told), and runs each program over them in processes of its own, on two cores: ours as a run
does it (reading and writing candidates' files, two workers) and our stage's functions alone in one process; datasketch
over the same 5-character pieces with the same bands and verification; rensa over the same pieces, and over words as in
its README; text-dedup and datatrove over their own word 5-grams with the same bands. Prints documents per second by the
clock and by the processor, ratios, the memory of all processes together at its peak, the share found of pairs in each
bin of exact Jaccard similarity, and of the pairs joined the share that is at or above the threshold.

Peers are installed from the registry into temporary environments, unless --peer names the Python of one that has all.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster import documents, ours, truth
from benchmarks.cluster.measured import Measured, measured
from benchmarks.cluster.peers import PEERS, SIMILARITY, call, installed, pairs_of

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("xinstruct", "xinstruct-alone")


@dataclass(frozen=True)
class Result:
    """One program's figures: what it took, and the pairs of documents that it joined."""

    name: str
    took: Measured
    pairs: list[truth.Pair]


def main() -> int:
    """Prints the figures; 2 with one sentence where the shared data are absent."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "docs" / "docs.jsonl.gz")
    options.add_argument("--documents", type=int, default=100_000)
    options.add_argument("--only", nargs="+", choices=[*OURS, *PEERS], default=[*OURS, *PEERS])
    options.add_argument("--peer", type=Path, default=None)
    given = options.parse_args()
    if not given.data.is_file():
        print(f"no passages to build from: {given.data} is not there; name the file with --data.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        varied = documents.write(given.data, folder / "documents", given.documents)
        planted = truth.similarities(folder / "documents", truth.drawn((of, number) for number, of in varied.items()))
        plain = truth.similarities(folder / "documents", planted, as_they_stand=True)
        sample = truth.sampled(folder / "documents", SIMILARITY)
        unplanted = sum(varied.get(other) != one and varied.get(one) != other for one, other in sample)
        print(
            f"{given.documents} documents, {len(varied)} of them planted variants; a sample compared each with each "
            f"has {len(sample)} pairs at or above {SIMILARITY}, {unplanted} of them not planted",
            flush=True,
        )
        first: Measured | None = None
        for result in results(given, folder):
            print(told(result, given.documents, planted, plain, sample, folder / "documents", first), flush=True)
            first = first or result.took
    return 0


def results(given: argparse.Namespace, folder: Path) -> Iterator[Result]:
    """Each program's result, ours first; those that cannot be had or fail are passed over, with the reason."""
    made = folder / "documents"
    if OURS[0] in given.only:
        ours.prepare(documents.read(made), folder / "run")
        command = [sys.executable, "-m", "benchmarks.cluster.ours", str(folder / "run"), str(SIMILARITY)]
        if took := measured(command, {"PYTHONPATH": str(ROOT)}):
            yield Result(OURS[0], took, list(ours.joined(folder / "run")))
    if OURS[1] in given.only:
        command = [
            sys.executable,
            "-m",
            "benchmarks.cluster.ours_alone",
            str(made),
            str(folder / "alone"),
            str(SIMILARITY),
        ]
        if took := measured(command, {"PYTHONPATH": str(ROOT)}):
            yield Result(OURS[1], took, pairs_of(folder / "alone"))
    for name, peer in PEERS.items():
        if name in given.only and (python := given.peer or installed(name, peer, folder / "environments")):
            out = folder / name
            if took := measured([str(python), *call(peer, made, out)], {"HF_HOME": str(folder / "cache")}):
                yield Result(name, took, pairs_of(out))


def told(
    result: Result,
    count: int,
    planted: dict[truth.Pair, float],
    plain: dict[truth.Pair, float],
    sample: dict[truth.Pair, float],
    folder: Path,
    first: Measured | None,
) -> str:
    """A program's figures in a few lines."""
    took, groups = result.took, truth.Groups(result.pairs)
    exact = truth.similarities(folder, truth.drawn(result.pairs)).values()
    lines = [
        f"{result.name}: {count / took.clock:.0f} documents/s by the clock, {count / took.processor:.0f} by the "
        f"processor ({1000 * took.processor / count:.3f} ms each), {took.memory / 2**20:.0f} MiB at its peak"
    ]
    if first:
        lines.append(
            f"  {OURS[0]} / {result.name}: {took.clock / first.clock:.2f} by the clock, "
            f"{took.processor / first.processor:.2f} by the processor"
        )
    for name, values in (("", planted), (", whose pieces are those of the texts as they stand", plain)):
        bins = truth.recalls(values, groups, SIMILARITY)
        shares = ", ".join(f"{low:.2f} {there and found / there:.4f} of {there}" for low, there, found in bins)
        lines.append(f"  recall of planted pairs{name}: {shares}")
    stand = truth.similarities(folder, truth.drawn(result.pairs), as_they_stand=True).values()
    precise, plainly = (sum(value >= SIMILARITY for value in some) / max(1, len(some)) for some in (exact, stand))
    lines.append(
        f"  recall in the sample: {sum(map(groups.together, sample))} of {len(sample)}; precision of joined pairs: "
        f"{precise:.4f} of {len(exact)}, {plainly:.4f} as they stand"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
