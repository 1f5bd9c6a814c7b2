"""What all that are compared read and write: documents, their 5-character pieces made plainly, and the pairs found.

It needs nothing but Python, so that peers can use it in environments of their own.
"""

import json
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

WIDTH = 5


def texts(place: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each document of a file, or of all files of a folder."""
    for path in [place] if place.is_file() else sorted(place.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield int(row["id"]), row["text"]


# The stage's normal form, told once more: what shows nothing, what is written without blanks, what has two spellings.
NOTHING = re.compile(
    "[\u00ad\u034f\u0640\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0]"
)
UNSPACED = "[\u0e01-\u0e3a\u0e40-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3041-\u30ff\u3105-\u312f\u3400-\u9fff]"
BLANK_BESIDE = re.compile(f"(?<={UNSPACED}) | (?={UNSPACED})")
OTHER_DIGIT = re.compile("[^\\D0-9]")
TWICE_SPELT = (
    *(("\u09a4\u09cd\u200d", "\u09ce"), ("\u0930\u094d\u200d", "\u0931\u094d"), ("\u0d23\u0d4d\u200d", "\u0d7a")),
    *(("\u0d28\u0d4d\u200d", "\u0d7b"), ("\u0d30\u0d4d\u200d", "\u0d7c"), ("\u0d32\u0d4d\u200d", "\u0d7d")),
    *(("\u0d33\u0d4d\u200d", "\u0d7e"), ("\u0d31\u0d4d\u200d", "\u0d7c"), ("\u06a9", "\u0643")),
)
PASHTO = re.compile("[\u0681\u0685\u0693\u0696\u069a\u06bc\u06cd\u06d0]")


def form(text: str) -> str:
    """NFKC, case folding, letters and digits that have two encodings made one, blanks squeezed."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        for spelling, letter in TWICE_SPELT:
            text = text.replace(spelling, letter)
        if "\u06cc" in text and not PASHTO.search(text):
            text = text.replace("\u06cc", "\u064a")
        text = NOTHING.sub("", OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text))
    return BLANK_BESIDE.sub("", " ".join(text.split()))


def pieces(text: str, as_it_stands: bool = False) -> set[str]:
    """All stretches of 5 characters of the text's form; as_it_stands: after NFKC, case folding and squeezing of blanks
    alone.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split()) if as_it_stands else form(text)
    return {plain[begin : begin + WIDTH] for begin in range(max(1, len(plain) - WIDTH + 1))}


def jaccard(one: set[str], other: set[str]) -> float:
    """Jaccard similarity, 0..1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def tell(find: Callable[[], Iterator[tuple[int, int]]], out: Path) -> None:
    """Writes the pairs that `find` gives, and prints the seconds that this took, without the program's imports."""
    began, used = time.monotonic(), time.process_time()
    out.mkdir(exist_ok=True)
    with (out / "pairs.txt").open("w") as file:
        for one, other in find():
            file.write(f"{one} {other}\n")
    print(json.dumps({"seconds": time.monotonic() - began, "used": time.process_time() - used}), file=sys.stdout)
