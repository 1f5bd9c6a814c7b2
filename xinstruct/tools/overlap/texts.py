"""Reads the texts of an evaluation set: text files, and tables of which each row is an item with one or more texts."""

import csv
import hashlib
import io
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from xinstruct.recipe import RecipeError

# What an item is called, such as `test.jsonl:17:question`, and one of its texts.
Text = tuple[str, str]
_ROWS_AT_ONCE = 256
_LONGEST_FIELD = 1 << 27  # characters of one field of a CSV file
_END = "\x00the end\x00"
_FAULTS = (OSError, EOFError, UnicodeDecodeError, ValueError, csv.Error, pa.ArrowException)


def texts(path: Path, fields: Sequence[str] | None = None) -> Iterator[Text]:
    """The texts that a file, or each file of a folder, holds, and what each is called.

    A .txt file is one text; .jsonl (also packed as .gz or .zst), .json, .csv, .tsv and .parquet have an item in each
    row, of which every text is taken, or those of some `fields`, which text files do not have. `unread` names the other
    files of a folder. RecipeError for what is not there, cannot be read, or has rows of which none has a field.
    """
    met: set[str] = set()
    for file in files(path):
        named = file.relative_to(path).as_posix() if path.is_dir() else file.name
        try:
            for number, item in enumerate(_READERS[_ending(file)](file), start=1):
                met.update(item if isinstance(item, Mapping) else ())
                yield from item_texts(item, f"{named}:{number}" if _ending(file) != ".txt" else named, fields)
        except _FAULTS as error:
            raise RecipeError(f"The evaluation texts in {file} cannot be read: {_line(error)}.") from None
    lacking = [field for field in fields or () if met and field not in met]
    if lacking:
        raise RecipeError(
            f"No evaluation text in {path} has the field {lacking[0]}; its fields are {', '.join(sorted(met))}."
        )


def files(path: Path) -> list[Path]:
    """The files that hold the texts of a path, in order. RecipeError where there is none."""
    if not path.exists():
        raise RecipeError(f"There is no evaluation set {path}; give a folder of texts, a table, or a fingerprint file.")
    found = [file for file in _every(path) if file.is_file() and _ending(file)]
    if not found:
        what = "The folder" if path.is_dir() else "The evaluation set"
        raise RecipeError(f"{what} {path} holds no evaluation texts; they lie in files that end in {known_endings()}.")
    return found


def unread(path: Path) -> list[str]:
    """What lies in a folder and is not read, by its name there, in order; hidden files are not told. RecipeError for
    links that lead nowhere and folders that cannot be looked through.
    """
    if not path.is_dir():
        return []
    names = [file.relative_to(path) for file in _every(path) if not (file.is_file() and _ending(file))]
    return [name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts)]


def _every(path: Path) -> list[Path]:
    """The files of a folder, links to folders among them, or the file; in order."""
    if not path.is_dir():
        return [path]
    found: list[Path] = []
    try:
        for folder, folders, names in os.walk(path, onerror=_raised):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            found += [Path(folder, name) for name in (*names, *links)]
    except OSError as error:
        raise RecipeError(f"The evaluation set {error.filename} cannot be read: {_line(error)}.") from None
    lost = next((file for file in sorted(found) if not file.exists()), None)
    if lost is not None:
        raise RecipeError(f"The evaluation set {lost} cannot be read: it is a link that leads nowhere.")
    return sorted(found)


def _raised(error: OSError) -> None:
    raise error


def digest(path: Path) -> str:
    """Thirty-two hexadecimal digits of all that a file, or each file of texts in a folder, holds. RecipeError, too."""
    state = hashlib.blake2b(digest_size=16)
    for file in files(path) if path.is_dir() or not path.is_file() else [path]:
        name = file.relative_to(path).as_posix() if path.is_dir() else file.name
        try:
            with file.open("rb") as opened:
                whole = hashlib.file_digest(opened, "blake2b").hexdigest()
        except OSError as error:
            raise RecipeError(f"The evaluation set {file} cannot be read: {_line(error)}.") from None
        state.update(f"{name}\n{whole}\n".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def item_texts(item: Any, called: str, fields: Sequence[str] | None) -> Iterator[Text]:
    """The texts of a row, or of some of its fields, lists and rows within it included."""
    if isinstance(item, str):
        if _is_text(item):
            yield called, item
    elif isinstance(item, Mapping):
        for name, value in item.items():
            if fields is None or name in fields:
                yield from item_texts(value, f"{called}:{name}", None)
    elif isinstance(item, list | tuple):
        for value in item:
            yield from item_texts(value, called, fields)


def _is_text(value: str) -> bool:
    # Addresses, hashes and pictures in base64 are one long ASCII word; a set of them is no text.
    return bool(value.strip()) and not (len(value) > 40 and value.isascii() and len(value.split()) == 1)


def _whole(file: Path) -> Iterator[Any]:
    yield file.read_text(encoding="utf-8-sig")


def _json_lines(file: Path) -> Iterator[Any]:
    with _unpacked(file) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _parsed(line, f"line {number}")


def _json(file: Path) -> Iterator[Any]:
    content = _parsed(file.read_text(encoding="utf-8-sig"), "the file")
    yield from content if isinstance(content, list) else [content]


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where} is not JSON ({error})") from None


def _unpacked(file: Path) -> io.TextIOBase:
    packing: Any = {".gz": "gzip", ".zst": "zstd"}.get(file.suffix.lower())
    stream: Any = pa.input_stream(str(file), compression=packing)
    return io.TextIOWrapper(stream, "utf-8-sig")


def _commas(file: Path) -> Iterator[Any]:
    csv.field_size_limit(_LONGEST_FIELD)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        # A quote that is not closed swallows all that follows, this line too.
        rows = csv.reader(itertools.chain(lines, [_END]), delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
        names: list[str] = []
        begins = 1
        for row in rows:
            if row and row[-1].endswith(_END) and row != [_END]:
                raise ValueError(f"a quote in the row that begins in line {begins} is not closed")
            begins = rows.line_num + 1
            if not names or not row or row == [_END]:
                names = names or row
                continue
            if len(row) > len(names):
                raise ValueError("a row has more fields than the first line names")
            yield dict(zip(names, row, strict=False))


def _table(file: Path) -> Iterator[Any]:
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(_ROWS_AT_ONCE):
            yield from batch.to_pylist()


_READERS: dict[str, Callable[[Path], Iterator[Any]]] = {
    ".txt": _whole,
    ".jsonl": _json_lines,
    ".jsonl.gz": _json_lines,
    ".jsonl.zst": _json_lines,
    ".json": _json,
    ".csv": _commas,
    ".tsv": _commas,
    ".parquet": _table,
}


def _ending(file: Path) -> str:
    return next((ending for ending in _READERS if file.name.lower().endswith(ending)), "")


def known_endings() -> str:
    """The endings of files that are read, in words."""
    *most, last = _READERS
    return f"{', '.join(most)} or {last}"


def _line(error: Exception) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())[:200].rstrip(".") or type(error).__name__
