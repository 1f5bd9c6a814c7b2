"""Writes letters.yml: how likely letters stand side by side in each language that once had a code page of its own.

Run it as `python corpora/make_letters.py TEXTS.jsonl.gz ...`, where rows have `text`, `lang` (ISO 639-3), `script`
(ISO 15924) and `source`; SIB-200, everyone's test set, is passed over. By this table `readings` tells in which encoding
the bytes of a page are written. A language is in it where 20 texts or more can be written in one of the code pages that
are tried, and where ASCII is not enough for it.

Of alphabets it holds pairs of neighbours of which one is beyond ASCII, in small letters, _ for what is no letter: under
n those that follow their first letter with a chance of about 1 in 2 to the n. Of Chinese, Japanese and Korean it holds
the most frequent signs in their order.
"""

import gzip
import json
import math
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from xinstruct.languages import UnknownLanguage, label
from xinstruct.tools.extractor.readings import ALPHABETS, folded, is_letter

_HEAD = """# Which letters stand side by side, by language. Made by make_letters.py: edit that.
# pairs: language -> bits -> pairs of neighbours whose second follows the first with a chance of 1 in 2 to that;
#   _ is what is no letter. signs: the most frequent signs of a language that has thousands, in their order.
"""
_MOST_TEXTS = 150
_FEWEST_TEXTS = 20
_FEWEST_SEEN = 3
_LOWEST_WRITTEN = 0.99  # of the letters, in the code page that holds the most of them
_LOWEST_BEYOND_ASCII = 0.001  # of the letters
_MOST_BITS = 11
_MOST_SIGNS = 900
# Languages with thousands of signs: the encoding that holds a text tells the form of Chinese.
_SIGNS = {
    "jpn": (("euc_jp", "jpn_Jpan"),),
    "kor": (("euc_kr", "kor_Hang"),),
    "zho": (("gb2312", "cmn_Hans"), ("big5", "cmn_Hant")),
    "yue": (("big5", "cmn_Hant"),),
}
_FOR_TESTS = "SIB"
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def texts(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Label and text of each row; of a language with thousands of signs, as the encoding that holds the text says."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row["source"].startswith(_FOR_TESTS):
                    continue
                text = unicodedata.normalize("NFC", row["text"])
                if row["lang"] in _SIGNS:
                    held = [(_written(text, codec), name) for codec, name in _SIGNS[row["lang"]]]
                    yield max(held)[1], text
                    continue
                try:
                    yield label(f"{row['lang']}_{row['script']}"), text
                except UnknownLanguage:
                    continue


def _written(text: str, codec: str) -> float:
    """The share of a text's letters that an encoding can write."""
    wanted = {sign: times for sign, times in Counter(text).items() if sign > "\x7f" and is_letter(sign)}
    held = sum(times for sign, times in wanted.items() if sign.encode(codec, "ignore"))
    return held / (sum(wanted.values()) or 1)


def apart(text: str) -> str:
    """Vietnamese with its tones as marks of their own, as its code page writes most of them."""
    out: list[str] = []
    for sign in text:
        marks = unicodedata.normalize("NFD", sign)
        tones = "".join(mark for mark in marks if mark in _TONES)
        out.append(unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)) + tones)
    return "".join(out)


def pairs(rows: list[str]) -> dict[int, str]:
    """Bits -> the pairs of neighbours that cost them, in one string."""
    seen, first = Counter[str](), Counter[str]()
    for text in rows:
        plain = f"_{folded(text)}_"
        first.update(plain[:-1])
        seen.update(a + b for a, b in pairwise(plain) if max(a, b) > "\x7f")
    by_bits: dict[int, list[str]] = defaultdict(list)
    for pair, times in sorted(seen.items()):
        if times >= _FEWEST_SEEN and all(sign == "_" or is_letter(sign) for sign in pair):
            by_bits[min(_MOST_BITS, max(1, round(-math.log2(times / first[pair[0]]))))].append(pair)
    return {bits: "".join(by_bits[bits]) for bits in sorted(by_bits)}


def table(rows: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """What letters.yml says."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for name, text in rows:
        if len(by_language[name]) < _MOST_TEXTS:
            by_language[name].append(text)
    out: dict[str, dict[str, Any]] = {"pairs": {}, "signs": {}}
    several = {name for forms in _SIGNS.values() for _, name in forms}
    for name, own in sorted(by_language.items()):
        whole = "\n".join(own)
        if name in several:
            counted = Counter(sign for sign in whole if sign > "\x7f" and is_letter(sign))
            out["signs"][name] = "".join(sign for sign, _ in counted.most_common(_MOST_SIGNS))
            continue
        if name == "vie_Latn":
            own = [*own, *map(apart, own)]
            whole = apart(whole)
        own_letters = {sign: times for sign, times in Counter(whole).items() if is_letter(sign)}
        beyond = sum(times for sign, times in own_letters.items() if sign > "\x7f")
        held = max(_written(whole, codec) for codec in ALPHABETS)
        if (
            len(own) >= _FEWEST_TEXTS
            and beyond >= _LOWEST_BEYOND_ASCII * sum(own_letters.values())
            and held >= _LOWEST_WRITTEN
        ):
            out["pairs"][name] = pairs(own)
    return out


def main(paths: list[str]) -> None:
    """Measures and writes the table."""
    written = yaml.safe_dump(table(texts(paths)), sort_keys=False, allow_unicode=True, width=1 << 20)
    Path(__file__).with_name("letters.yml").write_text(_HEAD + written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
