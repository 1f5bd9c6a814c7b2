"""Keeps the pages that a source fetched, as WARC files, with a journal of what is there: nothing is fetched twice."""

import contextlib
import gzip
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from xinstruct import __version__
from xinstruct.tools.store import flush
from xinstruct.tools.web.record import NOT_FETCHED, digest_of
from xinstruct.tools.web.signed import shown_in, unsigned

SECONDS_BETWEEN_LINES = 10.0


Refused = tuple[str, str] | None


def nobody(_: str) -> Refused:
    """Refuses no address."""
    return None


class Collected:
    """The WARC files of one source in a folder. refused: says of an address why it must not be fetched, by a reason of
    record.NOT_FETCHED and its detail, None when it may. done: what was put there, by its key, in this run and before.

    A file is `NAME-00000.warc.gz` once it is whole, and never changes then; what is put later begins the next one.
    A process that is killed loses what it had not put yet. say: takes a line for people now and then.
    """

    def __init__(
        self, folder: Path, name: str, say: Callable[[str], None], refused: Callable[[str], Refused] = nobody
    ) -> None:
        self.folder, self.name, self.refused, self._say = folder, name, refused, say
        self._said_at = time.monotonic()
        self.done: set[str] = set()
        self.files: list[Path] = []
        self._journal_path = folder / f"{name}.journal"
        folder.mkdir(parents=True, exist_ok=True)
        end = self._read_journal()
        self._journal = self._journal_path.open("ab")
        self._file: BinaryIO | None = self._begun.open("r+b") if end else None
        if self._file is not None:
            self._file.truncate(end)
            self._file.seek(end)

    def __enter__(self) -> "Collected":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._journal.close()

    def put(self, keys: Iterable[str], members: bytes) -> None:
        """Puts gzip members there, as they are, and notes that the keys are done."""
        if self._file is None:
            self._file = self._begun.open("wb")
            self._file.write(member("warcinfo", None, _INFO, "application/warc-fields"))
        self._file.write(members)
        self._file.flush()
        told = list(keys)
        self._note({"done": told, "end": self._file.tell()})
        self.done.update(told)
        if time.monotonic() - self._said_at > SECONDS_BETWEEN_LINES:
            self._say(f"{len(self.done):,} pages are fetched to {self.folder}.")
            self._said_at = time.monotonic()

    def close_file(self) -> list[Path]:
        """Calls the file that was begun whole; all whole files, in order."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
            whole = self.folder / self._begun.name.removesuffix(".part")
            self._begun.replace(whole)
            flush(self.folder)
            self._note({"whole": whole.name})
            self.files.append(whole)
        return list(self.files)

    @property
    def _begun(self) -> Path:
        return self.folder / f"{self.name}-{len(self.files):05d}.warc.gz.part"

    def _note(self, line: Mapping[str, Any]) -> None:
        self._journal.write(json.dumps(line).encode() + b"\n")
        self._journal.flush()

    def _read_journal(self) -> int:
        """Takes up what the journal tells; the end of the file that was begun, 0 where there is none."""
        end = kept = 0
        if not self._journal_path.exists():
            return 0
        with self._journal_path.open("rb") as lines:
            for line in lines:
                told = _line(line)
                if told is None or told.get("end", 0) > self._length():
                    break  # the writing of it was cut short, or what it tells of never came to the disk
                if "whole" in told:
                    self.files.append(self.folder / told["whole"])
                self.done.update(told.get("done", ()))
                end = told.get("end", 0)
                kept += len(line)
        os.truncate(self._journal_path, kept)
        whole = self.folder / self._begun.name.removesuffix(".part")
        if end and whole.exists():  # it was killed between the two steps of close_file
            whole.replace(self._begun)
        return end

    def _length(self) -> int:
        for path in (self._begun, self.folder / self._begun.name.removesuffix(".part")):
            with contextlib.suppress(FileNotFoundError):
                return path.stat().st_size
        return 0


def _line(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if line.endswith(b"\n") and isinstance(told, dict) else None


def member(kind: str, url: str | None, block: bytes, content_type: str, payload: bytes | None = None) -> bytes:
    """One WARC record as a gzip member of its own. kind: its WARC-Type; payload: of which the digest is noted."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>",
        "WARC-Date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "WARC-Target-URI": url,
        "WARC-Payload-Digest": digest_of(payload) if payload is not None else None,
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return gzip.compress(b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n", 6)


def not_fetched(url: str, reason: str, detail: str) -> bytes:
    """A record that says why an address gave no page; a reader counts it by this reason."""
    if reason not in NOT_FETCHED:
        raise ValueError(f"no such reason: {reason}")
    block = f"not-fetched: {reason}\r\ndetail: {shown_in(' '.join(detail.split()))[:200]}\r\n"
    return member("metadata", unsigned(url), block.encode(), "application/warc-fields")


_INFO = f"software: xinstruct/{__version__}\r\nformat: WARC File Format 1.0\r\nrobots: obey\r\n".encode()
