"""Clusters documents with datatrove's MinHash steps; it needs datatrove with its processing extra.

`python by_datatrove.py DOCUMENTS OUT BANDS ROWS SIMILARITY`: signatures of its word 5-grams, buckets, clusters, with
two processes. It compares nothing beyond signatures; which similarity it finds follows from the bands alone.
"""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.utils.hashing import HashConfig
from pieces import tell


def found(documents: Path, out: Path, bands: int, rows: int) -> Iterator[tuple[int, int]]:
    """The pairs whose signatures met in a bucket."""
    config = MinhashConfig(
        n_grams=5, num_buckets=bands, hashes_per_bucket=rows, hash_config=HashConfig(hash_fc="xxhash", precision=64)
    )
    files = sorted(documents.glob("*.jsonl"))
    lines = len(files[0].read_bytes().splitlines())
    reader = JsonlReader(str(documents), glob_pattern="*.jsonl")
    steps = (
        ([reader, MinhashDedupSignature(f"{out}/signatures", config, language="swh_Latn")], len(files)),
        ([MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=config)], bands),
        ([MinhashDedupCluster(f"{out}/buckets", f"{out}/remove", config=config)], 1),
    )
    for number, (step, tasks) in enumerate(steps):
        LocalPipelineExecutor(pipeline=step, tasks=tasks, workers=2, logging_dir=f"{out}/logs/{number}").run()
    for path in sorted((out / "buckets").glob("*.dups")):
        for one, first, other, second in struct.iter_unpack("<4I", path.read_bytes()):
            yield one * lines + first, other * lines + second


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    tell(lambda: found(folder, out, int(sys.argv[3]), int(sys.argv[4])), out)
