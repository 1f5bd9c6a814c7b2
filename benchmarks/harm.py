"""Measures what tells machine-made text, adult pages, gambling and abuse: how it ranks, and what it costs honest text.

`python -m benchmarks.harm [--data ../shared/data] [--every 1]`. Four tables:
1. The AUC of the score for machine translation on passages labelled by people (`mt`), by the words alone (no page
   stands behind them), in two halves: on one the rules were looked at, on the other they were not; beside it the
   largest of that score and ten times those for adult pages and gambling, as many such passages are spam. Intervals of
   95 % by bootstrap over passages.
2. What is dropped of passages that were labelled machine-made (made), of those that were not (docs), and of the gold
   text of pages with those pages' marks (gold); all of docs and gold are named, to be looked at.
3. The AUC of words of abuse on Multilingual HateCheck, beside the lists of LDNOOBW. Its lines were made so that words
   do not decide: a half is what any list can have.
4. CPU time a page and a passage.
"""

import argparse
import gzip
import hashlib
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import regex

from benchmarks.extraction import PACKS
from xinstruct.languages import UnknownLanguage, label
from xinstruct.tools.extractor.page import Page
from xinstruct.tools.harm import faults, machine, spam
from xinstruct.tools.harm.machine import UNMARKED, Marks
from xinstruct.tools.harm.words import found
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Record

LONGEST = 3000  # characters of a passage, as harvest has them
SHORTEST = 300
DRAWS = 2000
HATECHECK = {
    **{"arabic": ("arb_Arab", "ar"), "dutch": ("nld_Latn", "nl"), "french": ("fra_Latn", "fr")},
    **{"german": ("deu_Latn", "de"), "hindi": ("hin_Deva", "hi"), "italian": ("ita_Latn", "it")},
    **{"mandarin": ("cmn_Hans", "zh"), "polish": ("pol_Latn", "pl"), "portuguese": ("por_Latn", "pt")},
    **{"spanish": ("spa_Latn", "es")},
}
Rows = list[dict[str, Any]]


def main() -> int:
    """Prints the tables; 0 where the data were there, 2 with one sentence where not."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data")
    options.add_argument("--every", type=int, default=1, help="take every n-th row and page only")
    given = options.parse_args()
    if not (given.data / "docs").is_dir():
        print(f"no passages: {given.data / 'docs'} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    docs = list(lines(given.data / "docs" / "docs.jsonl.gz"))[:: given.every]
    machine_made(docs)
    honest(docs, given.data, given.every)
    abuse(given.data / "toxic", given.every)
    return 0


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def machine_made(docs: Rows) -> None:
    """Prints the AUC of machine translation by language and half."""
    labelled = [row for row in docs if row.get("mt") is not None]
    print("1. Passages labelled machine-made among others, AUC\n")
    print(f"{'':22}{'made':>6}{'others':>8}   {'words':<20}{'words, adult, gambling'}")
    for half in ("looked at", "not looked at"):
        rows = [row for row in labelled if half_of(row["id"]) == half]
        for language in (*sorted({row["lang"] for row in rows}), "all"):
            chosen = [row for row in rows if language in (row["lang"], "all")]
            truth = np.array([bool(row["mt"]) for row in chosen])
            words = np.array([by_words(row) for row in chosen])
            spams = np.array([max(score, 10 * by_spam(row)) for score, row in zip(words, chosen, strict=True)])
            name = f"{half}, {language}"
            print(f"{name:22}{truth.sum():6}{(~truth).sum():8}   {interval(words, truth):<20}{interval(spams, truth)}")


def half_of(name: str) -> str:
    """In which of two halves a row is, by a hash of its name."""
    return "not looked at" if hashlib.blake2b(name.encode(), digest_size=1).digest()[0] % 2 else "looked at"


def by_words(row: dict[str, Any]) -> float:
    """The score for machine translation of a passage of which no page is known."""
    return machine.translated(row["text"][:LONGEST], language_of(row), UNMARKED)


def by_spam(row: dict[str, Any]) -> float:
    """The larger of the scores for adult pages and gambling."""
    text, language = row["text"][:LONGEST], language_of(row)
    return max(spam.adult(text, language), spam.gambling(text, language))


def language_of(row: dict[str, Any]) -> str:
    """The label of a row's language; und_Latn where it has none."""
    try:
        return label(f"{row['lang']}_{row['script']}" if row.get("script") else row["lang"])
    except (UnknownLanguage, KeyError, TypeError):
        return "und_Latn"


def area(scores: np.ndarray, truth: np.ndarray) -> float:
    """The chance that a true row has a higher score than another; ties count a half."""
    _, rank, count = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2
    true, other = truth.sum(), (~truth).sum()
    return (
        float((middle[rank][truth].sum() - true * (true + 1) / 2) / (true * other)) if true and other else float("nan")
    )


def interval(scores: np.ndarray, truth: np.ndarray) -> str:
    """The AUC with 95 % of what other draws of the same rows have."""
    chance = np.random.default_rng(0)
    draws = [chance.integers(0, len(truth), len(truth)) for _ in range(DRAWS)] if truth.any() else []
    areas = [area(scores[draw], truth[draw]) for draw in draws]
    low, high = np.nanpercentile(areas, (2.5, 97.5)) if areas else (float("nan"), float("nan"))
    return f"{area(scores, truth):.2f} ({low:.2f} to {high:.2f})"


def honest(docs: Rows, data: Path, every: int) -> None:
    """Prints what is dropped of text that is not labelled machine-made, row by row, and the time that it took."""
    dropped: Counter[tuple[str, str]] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    told: list[str] = []
    passages = [
        ("made" if row.get("mt") else "docs", row["id"], language_of(row), row["text"][:LONGEST], UNMARKED)
        for row in docs
    ]
    for source, name, language, text, marked in (*passages, *of_pages(data, every, seconds)):
        begun = time.process_time()
        reason = faults.fault(scores(text, language, name, marked))
        seconds["passages"] += time.process_time() - begun
        dropped[source, "all"] += 1
        if reason:
            dropped[source, reason[0]] += 1
        if reason and source != "made":
            told.append(f"   {source} {reason[0]} {reason[1]} {language} {name}: {' '.join(text[:90].split())}")
    print("\n2. Dropped at the default thresholds\n")
    for source in ("made", "docs", "gold"):
        shares = ", ".join(f"{reason} {dropped[source, reason]}" for reason in faults.REASONS)
        print(f"{source}: of {dropped[source, 'all']:,} passages: {shares}")
    print("\n".join(told))
    passing = sum(count for (_, what), count in dropped.items() if what == "all")
    print(f"\n4. CPU time: {seconds['pages'] / max(1, seconds['of pages']) * 1000:.2f} ms a page,", end=" ")
    print(f"{seconds['passages'] / max(1, passing) * 1000:.2f} ms a passage")


def scores(text: str, language: str, url: str, marked: Marks) -> dict[str, float]:
    """The scores of a passage by the names of `faults`."""
    return {
        "machine_translated": machine.translated(text, language, marked),
        "adult": spam.adult(text, language, url),
        "gambling": spam.gambling(text, language, url),
        "toxicity": spam.toxicity(text, language),
    }


def of_pages(data: Path, every: int, seconds: dict[str, float]) -> Iterator[tuple[str, str, str, str, Marks]]:
    """Stretches of the gold texts of pages, with their page's marks; counts pages and the time that these took."""
    for archive, truth in PACKS.values():
        gold = {row["url"]: row for row in lines(data / truth) if row.get("gold_text")}
        (piece,) = reader.split(data / archive, "warc", "pages", 1 << 40, None, None)
        pages = [page for page in reader.records(piece) if isinstance(page, Record) and page.url in gold]
        for record in pages[::every]:
            text = gold[record.url or ""]["gold_text"]
            begun = time.process_time()
            marked = machine.marks(record, Page(text=text, blocks=[]))
            seconds["pages"] += time.process_time() - begun
            seconds["of pages"] += 1
            for start in range(0, len(text), LONGEST):
                if len(text) - start >= SHORTEST or start == 0:
                    language = language_of(gold[record.url or ""])
                    yield "gold", record.url or "", language, text[start : start + LONGEST], marked


def abuse(folder: Path, every: int) -> None:
    """Prints the AUC of words of abuse on HateCheck by language, ours and LDNOOBW's."""
    with gzip.open(folder / "ldnoobw.json.gz", "rt", encoding="utf-8") as file:
        peer = json.load(file)
    rows: dict[str, Rows] = defaultdict(list)
    for row in list(lines(folder / "mhc.jsonl.gz"))[::every]:
        rows[row["lang_name"]].append(row)
    print("\n3. Multilingual HateCheck, AUC of the share of letters in listed words; lines with such words\n")
    print(f"{'':12}{'lines':>7}  {'ours':<22}{'LDNOOBW':<22}{'hateful':>8}{'others':>8}")
    for name, (language, code) in HATECHECK.items():
        truth = np.array([row["label"] == "hateful" for row in rows[name]])
        ours = np.array([share(row["text"], language) for row in rows[name]])
        pattern = peer_pattern(peer[code], code)
        theirs = np.array([peer_share(row["text"], pattern) for row in rows[name]])
        met = f"{(ours[truth] > 0).mean():8.2f}{(ours[~truth] > 0).mean():8.2f}"
        print(f"{name:12}{len(truth):7}  {interval(ours, truth):<22}{interval(theirs, truth):<22}{met}")


def share(text: str, language: str) -> float:
    """Share of letters in words of abuse, without the floor of several that a score has: these are single lines."""
    met = found(text, language)["toxicity"]
    return (met.clear + met.in_company) / max(1, met.letters)


def peer_pattern(terms: Sequence[str], code: str) -> regex.Pattern[str]:
    """A pattern of LDNOOBW's terms, whole words except in Chinese."""
    longest_first = "|".join(map(regex.escape, sorted(terms, key=len, reverse=True)))
    return regex.compile(longest_first if code == "zh" else rf"(?<!\w)(?:{longest_first})(?!\w)", regex.IGNORECASE)


def peer_share(text: str, pattern: regex.Pattern[str]) -> float:
    """Share of characters in such terms."""
    return sum(map(len, pattern.findall(text))) / max(1, len(text))


if __name__ == "__main__":
    sys.exit(main())
