"""Gathers the labelled text that our language identifier is trained on from the folder of openly licensed data.

`python models/lid/gather.py --data ../shared/data --out out/lid-lines.jsonl`, then
`xinstruct lid train out/lid-lines.jsonl --out models/lid`. Sources and licences are in README.md.
"""

import argparse
import collections
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import repositories

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
# Near languages of which messages of programs would be had in unlike amounts, so that one took lines from the other.
NO_MESSAGES = frozenset(("ind_Latn", "zsm_Latn", "bos_Latn", "hrv_Latn", "srp_Latn"))
# Two names for one written standard, as far as our text goes.
SAME = {"zlm": "zsm", "tzm_Tfng": "zgh_Tfng"}

FEWEST_CHARACTERS_KEPT = 900


def main() -> int:
    """Writes the lines and prints what was taken and left out; 2 with one sentence where the data is absent."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    options.add_argument("--repositories", type=Path, help="git clones that hold more text: see repositories.py")
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    files = [given.data / "docs" / "docs.jsonl.gz", given.data / "lid" / "lid_sentences.jsonl.gz"]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        print(f"no training text: {missing[0]} is not there; name the folder of data with --data.", file=sys.stderr)
        return 2
    skipped: collections.Counter[str] = collections.Counter()
    rows = [row for file in files for row in labelled(file, skipped)]
    try:
        told = repositories.rows(given.repositories, skipped) if given.repositories else ()
        rows += [row for row in told if row["lang"] not in LEFT_OUT and row["lang"] not in NO_MESSAGES]
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    kept = enough(rows, skipped)
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


def label_of(name: str, text: str) -> str:
    """The language as the model names it; "" where the name is unknown or the text is in another script."""
    code, _, script = name.partition("_")
    seen = script_of(text)
    try:
        label = languages.label(f"{code}_{seen if script == 'Hani' else script}")
    except languages.UnknownLanguage:
        return ""
    return label if {label[4:], seen} <= {"Hans", "Hant"} or label[4:] == seen else ""


def enough(rows: list[dict[str, str]], skipped: collections.Counter[str]) -> list[dict[str, str]]:
    """The rows of languages with enough text to learn from; a language alone in its script needs hardly any."""
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
