"""Buckets: rows come back in the order in which they were written, however many buckets there are."""

from pathlib import Path

import pyarrow as pa

from xinstruct.pipeline.exchange import Bucket, BucketWriter


def test_rows_of_many_buckets_come_back_in_order(tmp_path: Path) -> None:
    with BucketWriter(tmp_path, "part") as writer:
        for turn in range(3):
            for bucket in range(500):
                writer.put(f"{bucket:05d}", pa.RecordBatch.from_pylist([{"turn": turn, "bucket": bucket}]))
    for bucket in (0, 250, 499):
        rows = [row for batch in Bucket(tmp_path / f"{bucket:05d}") for row in batch.to_pylist()]
        assert rows == [{"turn": turn, "bucket": bucket} for turn in range(3)]


def test_a_bucket_can_be_read_again_and_an_absent_one_is_empty(tmp_path: Path) -> None:
    with BucketWriter(tmp_path, "part") as writer:
        writer.put("a", pa.RecordBatch.from_pylist([{"n": 1}]))
    bucket = Bucket(tmp_path / "a")
    assert [len(batch) for batch in bucket] == [len(batch) for batch in bucket] == [1]
    assert list(Bucket(tmp_path / "b")) == []
