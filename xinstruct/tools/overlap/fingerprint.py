"""The fingerprint of an evaluation set: hashes of stretches of its texts, by which they are found again without them.

The file, version 2, is a NumPy archive (.npz, readable by numpy.load) of these arrays:

* `about`: UTF-8 bytes of a JSON object: format "xinstruct fingerprint", version, name (of the set), permutations, and
  left_out, see LeftOut;
* `called`: UTF-8 bytes, a line for each text: the item that it belongs to, such as `test.jsonl:17:question`;
* `pieces`: uint64, ascending: hashes of 30 letters from every fourth letter on, and of 13 words with fewer than 33
  letters, as `letters` hashes them, but for what frames the questions, see `frames`; `piece_texts`: uint32, the number
  of the text that each is of;
* `wholes`: uint64, ascending: hashes of all letters of a text; `whole_texts`: uint32, the text;
* `signatures`: uint32, (m, permutations): MinHash of the texts, see `signing`; `signature_texts`: uint32, the text.

Whoever has a text can tell whether it is in the set. The hashes are no encryption.
"""

import contextlib
import io
import itertools
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from xinstruct.recipe import RecipeError, Strict
from xinstruct.tools.overlap.frames import SHORTEST_PASSAGE, Frames, Pieces, is_everywhere, is_long
from xinstruct.tools.overlap.letters import PIECE, STEP, Letters
from xinstruct.tools.overlap.signing import BANDS, Signed
from xinstruct.tools.overlap.texts import Text

VERSION = 2
_FORMAT = "xinstruct fingerprint"
# A text of fewer letters is nobody's own.
SHORTEST_WHOLE = 12
# A whole text that stands again in more rows, such as an answer that many questions offer, is nobody's either, unless
# it is a passage.
_MOST_ROWS = 50
_LETTERS_AT_ONCE = 1 << 18


class LeftOut(Strict):
    """What of a set nothing is looked for.

    too_short: texts of fewer than SHORTEST_WHOLE letters; repeated: short texts that many rows repeat, each counted
    once; frames: stretches of texts that frame its questions; letters: of the longest; texts: how many share that;
    first: the item of one of these.
    """

    too_short: int = 0
    repeated: int = 0
    frames: int = 0
    letters: int = 0
    texts: int = 0
    first: str = ""


@dataclass(frozen=True)
class Fingerprint:
    """The arrays that the file's description lists, the name of the set, and what is left out of it."""

    name: str
    left_out: LeftOut
    called: list[str]
    pieces: NDArray[np.uint64]
    piece_texts: NDArray[np.uint32]
    wholes: NDArray[np.uint64]
    whole_texts: NDArray[np.uint32]
    signatures: NDArray[np.uint32]
    signature_texts: NDArray[np.uint32]

    @classmethod
    def of(cls, name: str, texts: Iterable[Text]) -> "Fingerprint":
        """The fingerprint of some texts. RecipeError when none of them is long enough to be told from others."""
        called, kept, repeated = _distinct(texts)
        made = list(itertools.starmap(_hashed, _batches(kept)))
        pieces = Pieces.joined(parts[0] for parts in made)
        frames = Frames.of(_batches(kept), pieces)
        told = ~np.isin(pieces.hashes, frames.hashes)
        wholes, whole_texts = _joined([parts[1] for parts in made])
        left_out = LeftOut(
            too_short=len(kept) - len(wholes),
            repeated=repeated,
            frames=frames.count,
            letters=frames.letters,
            texts=frames.texts,
            first=called[frames.first] if frames.count else "",
        )
        signatures = np.concatenate([np.empty((0, BANDS.permutations), np.uint32), *(rows for _, _, (rows, _) in made)])
        signed = np.concatenate([np.empty(0, np.uint32), *(texts for _, _, (_, texts) in made)])
        own = ~np.isin(signed, frames.framed)
        found = cls(
            name,
            left_out,
            called,
            *_sorted(pieces.hashes[told], pieces.texts[told]),
            *_sorted(wholes, whole_texts),
            signatures[own],
            signed[own],
        )
        if not len(found.wholes):
            raise RecipeError(f"The evaluation set {name} has no text of {SHORTEST_WHOLE} letters or more.")
        return found

    def save(self, path: Path) -> None:
        """Writes the file, whole or not at all. OSError."""
        about = {"format": _FORMAT, "version": VERSION, "name": self.name, "permutations": BANDS.permutations}
        about |= {"left_out": self.left_out.model_dump()}
        arrays = {field.name: getattr(self, field.name) for field in fields(self)[3:]}
        staged = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with staged.open("wb") as file:
                np.savez(file, about=_bytes(json.dumps(about)), called=_bytes("\n".join(self.called)), **arrays)
                file.flush()
                os.fsync(file.fileno())
            staged.replace(path)
        except OSError as error:  # which names a file that nobody has asked for
            raise OSError(error.errno, error.strerror, str(path)) from None
        finally:
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> "Fingerprint":
        """The fingerprint of a file. RecipeError for one that is damaged or of another version."""
        try:
            with np.load(_unpacked(path), allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
                if about.get("format") != _FORMAT:
                    raise ValueError("it is another kind of file")
                if about.get("version") != VERSION or about.get("permutations") != BANDS.permutations:
                    raise RecipeError(
                        f"The fingerprint {path} is of version {about.get('version')}, and this xinstruct reads "
                        f"version {VERSION}; make it anew with `xinstruct fingerprint`."
                    )
                arrays: dict[str, Any] = {field.name: file[field.name] for field in fields(cls)[3:]}
                left_out = LeftOut.model_validate(about["left_out"])
                found = cls(str(about["name"]), left_out, file["called"].tobytes().decode().split("\n"), **arrays)
            found.check()
        except RecipeError:
            raise
        except OSError as error:
            raise RecipeError(f"The fingerprint {path} cannot be read: {error.strerror or error}.") from None
        except (ValueError, KeyError, AttributeError, EOFError, MemoryError, zipfile.BadZipFile) as error:
            raise RecipeError(f"The fingerprint {path} is damaged ({' '.join(str(error).split())}).") from None
        return found

    def check(self) -> None:
        """ValueError when the arrays do not fit together."""
        pairs = ((self.pieces, self.piece_texts), (self.wholes, self.whole_texts))
        sound = all(a.dtype == np.uint64 and a.ndim == 1 and a.shape == b.shape for a, b in pairs)
        sound &= all(bool((a[1:] > a[:-1]).all()) for a, _ in pairs)
        numbers = (self.piece_texts, self.whole_texts, self.signature_texts)
        sound &= all(n.dtype == np.uint32 and n.ndim == 1 and (n < len(self.called)).all() for n in numbers)
        sound &= self.signatures.dtype == np.uint32
        sound &= self.signatures.shape == (len(self.signature_texts), BANDS.permutations)
        if not sound:
            raise ValueError("its arrays do not fit together")


def is_fingerprint(path: Path) -> bool:
    """Whether a file begins as a fingerprint does, and is no table."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


Hashes = tuple[NDArray[np.uint64], NDArray[np.uint32]]
Made = tuple[Pieces, Hashes, tuple[NDArray[np.uint32], NDArray[np.uint32]]]


def _unpacked(path: Path) -> io.BytesIO:
    """The file. ValueError where it is packed, since what strangers packed may unpack to any size."""
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("it is packed")
    content.seek(0)
    return content


def _hashed(first: int, texts: list[str]) -> Made:
    """Pieces, whole texts and signatures of some texts, of which `first` is the number of the first."""
    letters = Letters(texts)
    starts = letters.pieces(step=STEP)
    begins, ends = letters.short_words()
    starts, ends = np.concatenate((starts, begins)), np.concatenate((starts + PIECE, ends))
    telling = letters.telling(starts, ends)
    starts, ends = starts[telling], ends[telling]
    of = np.searchsorted(letters.bounds, starts, side="right") - 1
    lengths = np.diff(letters.bounds)
    long = np.flatnonzero(lengths >= SHORTEST_WHOLE)
    whole = letters.hashes(letters.bounds[long], letters.bounds[long + 1])
    signed = Signed(letters, lines=False)
    numbers = [(first + chosen).astype(np.uint32) for chosen in (of, long, signed.texts)]
    local, sizes = (starts - letters.bounds[of]).astype(np.int32), (ends - starts).astype(np.uint8)
    pieces = Pieces(letters.hashes(starts, ends), numbers[0], local, sizes)
    return pieces, (whole, numbers[1]), (signed.signatures, numbers[2])


def _distinct(texts: Iterable[Text]) -> tuple[list[str], list[str], int]:
    """The texts, each once, under the name of the first item that has it; without those of too many rows, and how many
    these are.
    """
    rows: dict[int, int] = {}
    named: dict[int, Text] = {}
    for called, text in texts:
        mark = xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
        rows[mark] = rows.get(mark, 0) + 1
        named.setdefault(mark, (" ".join(called.split()), text))
    many = [mark for mark, count in rows.items() if count > _MOST_ROWS]
    long = sum(count for mark, count in rows.items() if len(named[mark][1]) >= SHORTEST_PASSAGE) if many else 0
    repeated = 0
    for mark in many:
        _, text = named[mark]
        if not is_long(text) or is_everywhere(rows[mark], long):
            del named[mark]
            repeated += 1
    return [called for called, _ in named.values()], [text for _, text in named.values()], repeated


def _batches(texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    first = held = 0
    for number, text in enumerate(texts):
        if held and held + len(text) > _LETTERS_AT_ONCE:
            yield first, texts[first:number]
            first, held = number, 0
        held += len(text)
    if texts[first:]:
        yield first, texts[first:]


def _joined(made: list[Hashes]) -> Hashes:
    return (
        np.concatenate([np.empty(0, np.uint64), *(hashes for hashes, _ in made)]),
        np.concatenate([np.empty(0, np.uint32), *(owners for _, owners in made)]),
    )


def _sorted(hashes: NDArray[np.uint64], texts: NDArray[np.uint32]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Each hash once, ascending, with the first text that has it."""
    found, first = np.unique(hashes, return_index=True)
    return found, texts[first]


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
