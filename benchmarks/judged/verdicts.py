"""Reads what judges said of passages and naive cuts without knowing which is which, and says what follows from it."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DRAWS = 10_000  # of pages, with replacement, for an interval
ALL = "all languages"
TASK = """\
You judge texts that were cut from web pages, in a language that you command. Read the whole of sheet-LANGUAGE.jsonl;
each line has an `item` number and a `text`. The texts come from several ways of cutting. You are not told which is
which, and do not guess: do not look at the key, at other judges' verdicts, or at the pages.

For each text ask one thing: would it stand alone as a good answer to some question, given to a reader who sees nothing
else? Verdict 1 if all of this holds, else 0:
- it begins where a reader can begin: not in the middle of a thought, not with a word that points at what is not there;
- it ends where it may end: no sentence breaks off, and nothing is announced that does not follow;
- it has one topic;
- it is clean prose, or a clean list with its introduction: no menus, buttons, bylines, dates, captions, share links,
  advertisements, comments' headers, credits, notes about cookies, or teasers of other pages;
- it needs nothing that is not there: no picture, no table, no earlier part.
Do not judge style, truth, age or opinion, and do not ask whether it is important. A small flaw that a reader would
not stumble over does not make it 0. When in doubt, ask whether you would be content to be given it as the answer.

Write verdict-LANGUAGE-JUDGE.jsonl beside the sheet, JUDGE being your name, one line for each item:
{"item": 1, "verdict": 0, "reason": "ends in share links"}
The reason has at most ten words, in English, and quotes no more than two words of the text."""


class Incomplete(Exception):
    """Verdicts are missing, or are for items that there are not."""


@dataclass(frozen=True)
class Judged:
    """An item of the key with its verdicts and reasons by judge."""

    row: dict[str, Any]
    verdicts: dict[str, int]
    reasons: dict[str, str]

    @property
    def share(self) -> float:
        """The share of judges who said that it stands alone."""
        return sum(self.verdicts.values()) / len(self.verdicts)


@dataclass(frozen=True)
class Pair:
    """A passage and the naive cut of its page."""

    language: str
    page: str
    container: str
    ours: float
    naive: float


def report(folder: Path) -> str:
    """The Markdown of what was found; raises Incomplete and FileNotFoundError."""
    told = json.loads((folder / "sample.json").read_text())
    judged = read(folder)
    pairs = paired(judged)
    shown = sorted({name for item in judged for name in item.verdicts})
    lines = [
        "# Would it stand alone as an answer?",
        "",
        f"Passages as harvest (version {told['harvest']}, default settings) keeps them, beside cuts of trafilatura's"
        f" ({told['trafilatura']}) text of the same pages at line ends, as long as the passage and in its language."
        f" {len(pairs)} pairs, drawn with seed {told['seed']}; at most two a page and twenty a host. Judged blind, in"
        f" mixed order, by {_listed(shown)}. **The judges are language models, as this project's engineers are; no"
        " native speaker judged.** The share is that of texts judged to stand alone (the mean over judges); the"
        f" interval is at 95 %, by {DRAWS:,} draws of pages with replacement within languages. Its looks may"
        " give a text away (trafilatura marks the items of lists and the cells of tables), so judges may guess. The"
        " extractor and the cutting were developed on pages of the shared data; other pages are counted below.",
        "",
        *_table(pairs, told),
        "",
        *_agreements(judged),
        "",
        "## Rows",
        "",
        "Places are code points of the page's extracted text for ours, lines of trafilatura's text for naive cuts. The"
        " texts are their authors' and are not shown.",
        *_rows(judged),
    ]
    return "\n".join(lines)


def read(folder: Path) -> list[Judged]:
    """Every item of the key with what each judge of its language said."""
    key = _lines(folder / "key.jsonl")
    judged = [Judged(row, {}, {}) for row in key]
    by_item = {(one.row["language"], one.row["item"]): one for one in judged}
    for language in sorted({row["language"] for row in key}):
        found = sorted(folder.glob(f"verdict-{language}-*.jsonl"))
        if not found:
            raise Incomplete(f"nobody judged sheet-{language}.jsonl: no verdict-{language}-JUDGE.jsonl beside it.")
        for path in found:
            _hear(path, language, by_item)
    return judged


def _hear(path: Path, language: str, by_item: dict[tuple[str, int], Judged]) -> None:
    judge = path.stem.removeprefix(f"verdict-{language}-")
    wanted = {item for known, item in by_item if known == language}
    said = _lines(path)
    numbers = [row["item"] for row in said]
    wrong = wanted.symmetric_difference(numbers) | {n for n in numbers if numbers.count(n) > 1}
    wrong |= {row["item"] for row in said if row["verdict"] not in (0, 1)}
    if wrong:
        raise Incomplete(f"{path.name}: not one verdict, 0 or 1, for item {', '.join(map(str, sorted(wrong)))}.")
    for row in said:
        one = by_item[language, row["item"]]
        one.verdicts[judge], one.reasons[judge] = row["verdict"], row["reason"]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def paired(judged: Sequence[Judged]) -> list[Pair]:
    """The two items of each pair, in the order of the key's languages and the pairs' numbers."""
    found: dict[tuple[str, int], dict[str, Judged]] = defaultdict(dict)
    for one in judged:
        found[one.row["language"], one.row["pair"]][one.row["whose"]] = one
    return [
        Pair(language, of["ours"].row["page"], of["ours"].row["container"], of["ours"].share, of["naive"].share)
        for (language, _), of in sorted(found.items())
    ]


def difference(pairs: Sequence[Pair], draws: int = DRAWS, seed: int = 0) -> tuple[float, float, float]:
    """The mean of ours less naive over the pairs, and its interval at 95 %: bootstrap over pages, within languages."""
    chance = np.random.default_rng(seed)
    gains, counts = np.zeros(draws), np.zeros(draws)
    for _, group in itertools.groupby(sorted(pairs, key=lambda pair: pair.language), lambda pair: pair.language):
        pages: dict[str, list[float]] = defaultdict(list)
        for pair in group:
            pages[pair.page].append(pair.ours - pair.naive)
        gain, count = (np.array([float(of(page)) for page in pages.values()]) for of in (sum, len))
        drawn = chance.integers(0, len(pages), (draws, len(pages)))
        gains += gain[drawn].sum(axis=1)
        counts += count[drawn].sum(axis=1)
    low, high = np.quantile(gains / counts, (0.025, 0.975))
    return sum(pair.ours - pair.naive for pair in pairs) / len(pairs), float(low), float(high)


def kappa(first: Sequence[int], second: Sequence[int]) -> float:
    """Cohen's kappa of two judges over the same items; 1 where both always said one and the same thing."""
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / len(first)
    yes, also = sum(first) / len(first), sum(second) / len(second)
    expected = yes * also + (1 - yes) * (1 - also)
    return 1.0 if expected == 1 else (agreed - expected) / (1 - expected)


def _table(pairs: Sequence[Pair], told: dict[str, Any]) -> Iterator[str]:
    yield "| | pairs | pages | ours | naive | difference | 95 % interval | kept passages | without a cut |"
    yield "|---|---:|---:|---:|---:|---:|---|---:|---:|"
    languages = sorted({pair.language for pair in pairs})
    for language in languages:
        of = told[language]
        yield _shares(language, [p for p in pairs if p.language == language], of["kept"], of["without_a_cut"])
    yield _shares(ALL, pairs)
    containers = sorted({pair.container for pair in pairs})
    for container in containers if len(containers) > 1 else ():
        yield _shares(f"of these, pages in {container}", [pair for pair in pairs if pair.container == container])


def _shares(name: str, pairs: Sequence[Pair], *more: int) -> str:
    gain, low, high = difference(pairs)
    ours, naive = (sum(part) / len(pairs) for part in zip(*((pair.ours, pair.naive) for pair in pairs), strict=True))
    cells = (name, len(pairs), len({pair.page for pair in pairs}), f"{ours:.2f}", f"{naive:.2f}", f"{gain:+.2f}")
    return f"| {' | '.join(map(str, (*cells, f'{low:+.2f} to {high:+.2f}', *(more or ('', '')))))} |"


def _agreements(judged: Sequence[Judged]) -> Iterator[str]:
    """A line per language in which two judged the same items, and one over all."""
    both: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in judged:
        for first, second in itertools.combinations(sorted(one.verdicts), 2):
            for name in (one.row["language"], ALL):
                both[name].append((one.verdicts[first], one.verdicts[second]))
    if not both:
        yield "One judge per language: how far judges agree is not known."
        return
    yield "| two judges of the same items | items | agree | Cohen's kappa |"
    yield "|---|---:|---:|---:|"
    for name, said in sorted(both.items(), key=lambda entry: (entry[0] == ALL, entry[0])):
        agreed = sum(a == b for a, b in said) / len(said)
        how_far = kappa([first for first, _ in said], [second for _, second in said])
        yield f"| {name} | {len(said)} | {agreed:.2f} | {how_far:.2f} |"


def _rows(judged: Sequence[Judged]) -> Iterator[str]:
    order = sorted(judged, key=lambda one: (one.row["language"], one.row["pair"], one.row["whose"] == "naive"))
    for language, items in itertools.groupby(order, lambda one: str(one.row["language"])):
        yield from ("", f"### {language}", "", "| pair | item | page | place | whose | verdicts | reasons |")
        yield "|---:|---:|---|---|---|---|---|"
        for one in items:
            row, judges = one.row, sorted(one.verdicts)
            place = f"{'lines ' if row['whose'] == 'naive' else ''}{row['first']}-{row['last']}"
            said = ", ".join(str(one.verdicts[judge]) for judge in judges)
            why = "; ".join(filter(None, (one.reasons[judge].strip() for judge in judges)))
            cells = (row["pair"], row["item"], row["url"], place, row["whose"], said, why)
            yield f"| {' | '.join(_cell(str(cell)) for cell in cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "%7C" if text.startswith("http") else "\\|")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
