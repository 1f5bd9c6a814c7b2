"""The evaluation sets of a stage in one folder of arrays, which all workers of a machine share without loading it."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.overlap.fingerprint import Fingerprint
from xinstruct.tools.overlap.signing import BANDS, LIKE, likeness

# Bits of the filter for each hash: one of sixteen hashes that are not there passes it.
_BITS_EACH = 16
_ABOUT = "about.json"


class Index:
    """Looks hashes up. mark: what the sets held when it was made; told: what each is called, how many texts it has, and
    what of it is left out. OSError where there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / _ABOUT).read_bytes())
        self.mark: str = about["mark"]
        self.told: list[dict[str, Any]] = about["sets"]
        self._firsts = np.array(about["firsts"], np.int64)
        arrays: dict[str, Any] = {
            path.stem: np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
            for path in folder.glob("*.npy")
        }
        self._pieces: NDArray[np.uint64] = arrays["pieces"]
        self._piece_texts: NDArray[np.uint32] = arrays["piece_texts"]
        self._filter: NDArray[np.uint8] = arrays["filter"]
        self._wholes: NDArray[np.uint64] = arrays["wholes"]
        self._whole_texts: NDArray[np.uint32] = arrays["whole_texts"]
        self._signatures: NDArray[np.uint32] = arrays["signatures"]
        self._signature_texts: NDArray[np.uint32] = arrays["signature_texts"]
        self._keys: NDArray[np.uint64] = arrays["keys"]
        self._key_filter: NDArray[np.uint8] = arrays["key_filter"]
        self._key_rows: NDArray[np.uint32] = arrays["key_rows"]
        self._called: NDArray[np.uint8] = arrays["called"]
        self._called_bounds: NDArray[np.int64] = arrays["called_bounds"]

    @classmethod
    def write(cls, folder: Path, mark: str, sets: Sequence[Fingerprint]) -> None:
        """Makes the folder anew, whole or not at all."""
        staged = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        try:
            firsts = np.cumsum([0, *(len(each.called) for each in sets)]).tolist()
            for name, array in _arrays(sets, firsts).items():
                np.save(staged / f"{name}.npy", array)
            about = {"mark": mark, "sets": [_told(each) for each in sets], "firsts": firsts[:-1]}
            (staged / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            staged.replace(folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def pieces(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of the hashes are pieces of evaluation texts, ascending, and the texts that they are of."""
        passed = np.flatnonzero(_passes(hashes, self._filter))
        return _found(hashes, passed, self._pieces, self._piece_texts)

    def wholes(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of the hashes are whole evaluation texts, ascending, and which texts these are."""
        return _found(hashes, np.arange(len(hashes)), self._wholes, self._whole_texts)

    def alike(self, rows: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Which of the signatures, ascending, are alike to evaluation texts, which these are, and how alike."""
        keys = BANDS.keys(rows, np.zeros(len(rows), np.uint64)).ravel()
        there = np.flatnonzero(_passes(keys, self._key_filter))
        begins = _places(self._keys, keys[there])
        counts = np.searchsorted(self._keys, keys[there], side="right") - begins
        met = np.repeat(there // BANDS.bands, counts)
        places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(begins, counts)
        pairs = np.unique(np.stack((met, self._key_rows[places].astype(np.int64)), axis=1), axis=0)
        values = likeness(rows[pairs[:, 0]], self._signatures[pairs[:, 1]])
        near = values >= LIKE
        texts = self._signature_texts[pairs[near, 1]].astype(np.int64)
        return pairs[near, 0], texts, values[near]

    def called(self, text: int) -> str:
        """The set and the item that a text belongs to, such as `belebele test.jsonl:17:question`."""
        name = self.told[int(np.searchsorted(self._firsts, text, side="right")) - 1]["set"]
        begin, end = self._called_bounds[text : text + 2].tolist()
        return f"{name} {self._called[begin:end].tobytes().decode()}"


def _told(one: Fingerprint) -> dict[str, Any]:
    return {"set": one.name, "texts": len(one.called), "left_out": one.left_out.model_dump()}


def _arrays(sets: Sequence[Fingerprint], firsts: Sequence[int]) -> dict[str, NDArray[Any]]:
    """The arrays of all sets as one, texts numbered through."""

    def joined(hashes: str, texts: str) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        values: NDArray[np.uint64] = np.concatenate([getattr(each, hashes) for each in sets])
        found, first = np.unique(values, return_index=True)
        return found, numbered(texts)[first]

    def numbered(texts: str) -> NDArray[np.uint32]:
        pairs = zip(sets, firsts, strict=False)
        return np.concatenate([getattr(each, texts) + np.uint32(first) for each, first in pairs])

    pieces, piece_texts = joined("pieces", "piece_texts")
    wholes, whole_texts = joined("wholes", "whole_texts")
    signatures: NDArray[np.uint32] = np.concatenate([each.signatures for each in sets])
    keys = BANDS.keys(signatures, np.zeros(len(signatures), np.uint64)).ravel()
    order = np.argsort(keys, kind="stable")
    called = [name.encode("utf-8", "replace") for each in sets for name in each.called]
    return {
        "pieces": pieces,
        "piece_texts": piece_texts,
        "filter": _filter(pieces),
        "wholes": wholes,
        "whole_texts": whole_texts,
        "signatures": signatures,
        "signature_texts": numbered("signature_texts"),
        "keys": keys[order],
        "key_rows": (order // BANDS.bands).astype(np.uint32),
        "key_filter": _filter(keys),
        "called": np.frombuffer(b"".join(called), np.uint8),
        "called_bounds": np.cumsum([0, *map(len, called)]),
    }


def _filter(hashes: NDArray[np.uint64]) -> NDArray[np.uint8]:
    size = 1 << max(10, (len(hashes) * _BITS_EACH - 1).bit_length())
    bits = np.zeros(size >> 3, np.uint8)
    places = hashes >> np.uint64(64 - size.bit_length() + 1)
    np.bitwise_or.at(bits, (places >> np.uint64(3)).astype(np.int64), _bit(places))
    return bits


def _passes(hashes: NDArray[np.uint64], bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    places = hashes >> np.uint64(64 - (len(bits) << 3).bit_length() + 1)
    found: NDArray[np.bool_] = (bits[(places >> np.uint64(3)).astype(np.int64)] & _bit(places)) != 0
    return found


def _bit(places: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))


def _places(table: NDArray[np.uint64], values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where values stand, or would, in an ascending table: looked up in its order, which takes a third of the time."""
    order = np.argsort(values)
    found = np.empty(len(values), np.int64)
    found[order] = np.searchsorted(table, values[order])
    return found


def _found(
    hashes: NDArray[np.uint64], tried: NDArray[np.int64], table: NDArray[np.uint64], texts: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which of the hashes that are tried stand in a table of ascending ones, and the text of each."""
    if not len(table):
        return tried[:0], tried[:0]
    places = np.minimum(_places(table, hashes[tried]), len(table) - 1)
    there = table[places] == hashes[tried]
    return tried[there], texts[places[there]].astype(np.int64)
