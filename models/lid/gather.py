"""Gathers the labelled text that our language identifier is trained on from the folder of openly licensed data.

`python models/lid/gather.py --data ../shared/data --out out/lid-lines.jsonl`, then
`xinstruct lid train out/lid-lines.jsonl --out models/lid`. Sources and licences are in README.md.
"""

import argparse
import collections
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import clones

from xinstruct import languages
from xinstruct.tools.lid.identifier import script_of

# SIB-200 (FLORES sentences), Tatoeba and CLD2's test lines are for measuring: the shipped model never sees them.
LINE_SOURCES = ("UDHR",)

# Passages of the docs folder that are not taken: their texts are other people's web pages, only the labels are open.
SOURCES_LEFT_OUT = ("TurkuNLP CORE",)

# Labels left out, because text under them would cost other languages more than it gives.
LEFT_OUT = {
    "que_Latn": "no variety of Quechua is named",
    "ful_Latn": "no variety of Fula is named",
    "kok_Latn": "one story",
    "bos_Cyrl": "a declaration that differs from the Serbian one in a few words",
    "cjy_Hans": "formal Chinese under the name of a spoken variety",
    "gan_Hans": "formal Chinese under the name of a spoken variety",
    "hak_Hans": "formal Chinese under the name of a spoken variety",
    "nan_Hans": "formal Chinese under the name of a spoken variety",
    "mey_Arab": "one source; takes short lines of Arabic from all other varieties",
    "shi_Arab": "one source; takes short lines of Arabic",
    "vie_Hani": "historical script",
}
# Two names for one written standard, as far as our text goes.
SAME = {"zlm": "zsm", "tzm_Tfng": "zgh_Tfng"}

FEWEST_CHARACTERS_KEPT = 900

# Serbian has two alphabets, letter for letter the same. Its news are had in Cyrillic alone, Bosnian and Croatian ones
# in Latin letters, so that all Latin news would be theirs.
LATIN_OF = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "ђ": "đ", "е": "e", "ж": "ž", "з": "z", "и": "i", "ј": "j",
    "к": "k", "л": "l", "љ": "lj", "м": "m", "н": "n", "њ": "nj", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "ћ": "ć", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "č", "џ": "dž", "ш": "š",
}  # fmt: skip
WRITTEN_TWICE = "NTREX-128"


def main() -> int:
    """Writes the lines and prints what was taken and left out; 2 with one sentence where the data is absent."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    options.add_argument("--repositories", type=Path, help="git clones that hold more text: see clones.py")
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    files = [given.data / "docs" / "docs.jsonl.gz", given.data / "lid" / "lid_sentences.jsonl.gz"]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        print(f"no training text: {missing[0]} is not there; name the folder of data with --data.", file=sys.stderr)
        return 2
    skipped: collections.Counter[str] = collections.Counter()
    rows = [row for file in files for row in labelled(file, skipped)]
    rows += [in_latin(row) for row in rows if row["lang"] == "srp_Cyrl" and row["source"] == WRITTEN_TWICE]
    try:
        told = clones.rows(given.repositories, skipped) if given.repositories else ()
        rows += [row for row in map(renamed, told) if row["lang"] not in LEFT_OUT]
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    kept = enough(unmeasured(rows, files[1], skipped), skipped)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    print(f"{len(kept)} texts in {len({row['lang'] for row in kept})} languages written to {given.out}")
    for why, count in skipped.most_common():
        print(f"  left out: {count} texts, {why}")
    return 0


def labelled(file: Path, skipped: collections.Counter[str]) -> Iterator[dict[str, str]]:
    """Rows of lang (xxx_Xxxx), source, text; counts in skipped what is not taken, and why."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if file.name.startswith("lid_") and row["source"] not in LINE_SOURCES:
                continue
            if row["source"] in SOURCES_LEFT_OUT:
                skipped["texts under no open licence of their own"] += 1
                continue
            name = f"{SAME.get(row['lang'], row['lang'])}_{row['script']}"
            why = LEFT_OUT.get(name) or ("machine-translated" if row.get("mt") else "")
            label = "" if why else label_of(SAME.get(name, name), row["text"])
            if label:
                yield {"lang": label, "source": row["source"], "text": row["text"]}
            else:
                skipped[why or f"{name}: not the script of the text, or no such language"] += 1


def in_latin(row: dict[str, str]) -> dict[str, str]:
    """A Serbian row in Latin letters."""
    letters = {**LATIN_OF, **{one.upper(): latin.capitalize() for one, latin in LATIN_OF.items()}}
    return {**row, "lang": "srp_Latn", "text": row["text"].translate(str.maketrans(letters))}


def renamed(row: dict[str, str]) -> dict[str, str]:
    """The row under the one name of its written standard."""
    return {**row, "lang": SAME.get(row["lang"], row["lang"])}


def unmeasured(
    rows: list[dict[str, str]], measured: Path, skipped: collections.Counter[str]
) -> Iterator[dict[str, str]]:
    """The rows without the lines that the model is measured on, should one of them stand in a text."""
    with gzip.open(measured, "rt", encoding="utf-8") as lines:
        tests = {key(row["text"]) for row in map(json.loads, lines) if row["source"] not in LINE_SOURCES}
    for row in rows:
        lines_of_row = row["text"].split("\n")
        left = [line for line in lines_of_row if key(line) not in tests]
        skipped["lines that the model is measured on"] += len(lines_of_row) - len(left)
        if left:
            yield {**row, "text": "\n".join(left)}


def key(line: str) -> str:
    """The letters of a line: two that have the same are the same."""
    return "".join(filter(str.isalpha, line.casefold()))


def label_of(name: str, text: str) -> str:
    """The language as the model names it; "" where the name is unknown or the text is in another script."""
    code, _, script = name.partition("_")
    seen = script_of(text)
    try:
        label = languages.label(f"{code}_{seen if script == 'Hani' else script}")
    except languages.UnknownLanguage:
        return ""
    return label if {label[4:], seen} <= {"Hans", "Hant"} or label[4:] == seen else ""


def enough(given: Iterable[dict[str, str]], skipped: collections.Counter[str]) -> list[dict[str, str]]:
    """The rows of languages with enough text to learn from; a language alone in its script needs hardly any."""
    rows = list(given)
    characters: collections.Counter[str] = collections.Counter()
    for row in rows:
        characters[row["lang"]] += len(row["text"])
    in_script = collections.Counter(label[4:] for label in characters)
    kept = []
    for row in rows:
        label = row["lang"]
        if characters[label] >= FEWEST_CHARACTERS_KEPT or in_script[label[4:]] == 1:
            kept.append(row)
        else:
            skipped[f"{label}: under {FEWEST_CHARACTERS_KEPT} characters in all"] += 1
    return kept


if __name__ == "__main__":
    sys.exit(main())
