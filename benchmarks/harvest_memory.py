"""Shows that memory is flat over a large web archive: harvests two of them, the second ten times as large.

`python -m benchmarks.harvest_memory [--megabytes 500 5000] [--packed] [--part-megabytes 256] [--folder FOLDER]` writes
each archive out of the shared crawl, whose pages come again and again under new addresses on new hosts, runs
`xinstruct run` with the harvest alone and four wanted languages on it, and deletes it. Prints for each size the largest
process and the sum of all at their peak, resident anonymous memory in MiB as in benchmarks.memory, and the seconds;
then the ratios. The run must tell of every record of the archive, or the benchmark fails.

So that the sizes differ in nothing else, even the smaller archive should be in as many parts as there are workers.
"""

import argparse
import gzip
import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from benchmarks.harvest.mixed_crawl import WANTED, address, members
from benchmarks.memory import run_of
from xinstruct.tools import store

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Peak:
    """One run. largest, together: resident anonymous memory of the largest process and of all, in MiB, at their peaks;
    kept: passages.
    """

    largest: float
    together: float
    seconds: float
    kept: int


def main() -> int:
    """Prints the figures; 2 with one sentence where the shared data are absent."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "crawl")
    options.add_argument("--megabytes", type=float, nargs="+", default=[500, 5000], help="of each archive, on disk")
    options.add_argument("--packed", action="store_true", help="write .warc.gz, one member for each record")
    options.add_argument("--part-megabytes", type=float, default=256)
    options.add_argument("--folder", type=Path, help="where the archives are written; the system's folder unless said")
    given = options.parse_args()
    if not given.data.is_dir():
        print(f"no crawl to build from: {given.data} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    peaks = []
    for megabytes in given.megabytes:
        with tempfile.TemporaryDirectory(dir=given.folder) as name:
            folder = Path(name)
            archive = folder / ("crawl.warc.gz" if given.packed else "crawl.warc")
            records = write(archive, given.data / "crawl-shared.warc.gz", megabytes * 1_000_000)
            peaks.append(measure(folder, archive, given.part_megabytes, records))
        print(
            f"{megabytes:>8,.0f} MB, {records:>9,} records, {peaks[-1].kept:>9,} passages: largest process "
            f"{peaks[-1].largest:.0f} MiB, together {peaks[-1].together:.0f} MiB, {peaks[-1].seconds:.0f} s",
            flush=True,
        )
    first, last = peaks[0], peaks[-1]
    print(f"ratio: largest process {last.largest / first.largest:.2f}, together {last.together / first.together:.2f}")
    return 0


def write(archive: Path, shared: Path, size: float) -> int:
    """Writes an archive of `size` bytes, to within a record; gives the number of its records."""
    known = list(members(shared))
    with archive.open("wb") as file:
        for number in itertools.count():
            for member in known:
                again = _moved(member, number)
                file.write(gzip.compress(again, 6) if archive.suffix == ".gz" else again)
                if file.tell() >= size:
                    return number * len(known) + known.index(member) + 1
    raise AssertionError("the count has no end")


def _moved(member: bytes, number: int) -> bytes:
    """The record under another address, on a host of its own round."""
    url = address(member)
    if not url:
        return member
    head, _, block = member.partition(b"\r\n\r\n")
    moved = head.replace(url.encode(), url.replace("://", f"://round{number}.").encode(), 1)
    return moved + b"\r\n\r\n" + block


def measure(folder: Path, archive: Path, part_megabytes: float, records: int) -> Peak:
    """Harvests an archive into `folder` and looks at the processes' memory meanwhile."""
    told = {
        "languages": list(WANTED),
        "sources": [{"warc": archive.name}],
        "stages": ["harvest"],
        "part_megabytes": part_megabytes,
    }
    (folder / "recipe.yml").write_text(yaml.safe_dump(told))
    largest, together, seconds = run_of(folder / "recipe.yml", folder / "out")
    told_of, kept = _counted(folder / "out" / "1_harvest")
    if told_of != records:
        sys.exit(f"of {records} records the run tells of {told_of}")
    return Peak(largest, together, seconds, kept)


def _counted(stage: Path) -> tuple[int, int]:
    """Of how many records the stage's files tell, each once, and how many passages were kept."""
    offsets: set[int] = set()
    skipped = kept = 0
    for made in sorted(stage.glob("*.made.json")):
        part = made.name.split(".")[0]
        entry = (store.made_of(stage, part) or {})["ledger"]
        skipped += sum(entry["skipped"].values())
        kept += entry["kept"]
        for kind in ("kept", "dropped"):
            for batch in pq.ParquetFile(store.file_of(stage, part, kind)).iter_batches(columns=["record_offset"]):
                offsets.update(batch.column(0).to_pylist())
    return skipped + len(offsets), kept


if __name__ == "__main__":
    sys.exit(main())
