"""Writes thresholds.yml: what quality natural passages have, per language, and how much a language says per character.

Run it as `python corpora/make_thresholds.py TEXTS.jsonl.gz`, where rows have `text`, `lang` (ISO 639-3), `script`
(ISO 15924), `source` and `origin`; parallel ones have the English as `text_en`, those of machine translation have `mt`.

Quality is measured on rows whose origin begins with native- or web: people wrote them in their language. A threshold
lies where it keeps 98 of 100 of them, but within bounds: some sources have lost their lists and headings, which pages
have, and in others one text in fifty is nothing but a list. A language with fewer than 100 rows takes its script's
thresholds. A script with fewer is measured on all rows that it has, translations too, and one with fewer than 100 of
those takes the thresholds of all natural rows.

How much a character says is the median over parallel rows, of at least 20; for other languages of a script it is the
median of its languages.
"""

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from xinstruct.languages import UnknownLanguage, label
from xinstruct.tools.extractor.page import text_page
from xinstruct.tools.passages import quality
from xinstruct.tools.passages.paragraphs import joined as joined_lines
from xinstruct.tools.web.record import Record

_HEAD = """# What quality natural passages have, and how much a language says. Made by make_thresholds.py: edit that.
# sources: what was read, in rows. rows: how many natural passages were measured.
# quality: thresholds that keep 98 of 100 of them, within bounds.
# english_characters: how many characters of English one character of a language stands for.
"""
_SHARE_KEPT = 0.98
_FEWEST_ROWS = 100
_MOST_ROWS = 1000
_FEWEST_PARALLEL = 20
_LONGEST = 4000
# How far data may move each threshold, from the strictest to the laxest.
_BOUNDS = {
    "lowest_kept_prose": (0.5, 0.3),
    "highest_kept_symbols": (0.2, 0.3),
    "highest_kept_repetition": (0.25, 0.35),
    "highest_kept_teasers": (0.4, 0.6),
    "highest_kept_list": (0.7, 0.9),
    "highest_kept_keywords": (0.2, 0.35),
}
_MEASURES: dict[str, Callable[[str, list[str], str], float]] = {
    "lowest_kept_prose": lambda text, blocks, language: quality.prose(blocks, language),
    "highest_kept_symbols": lambda text, blocks, language: quality.symbols(text),
    "highest_kept_repetition": lambda text, blocks, language: quality.repetition(text, language),
    "highest_kept_teasers": lambda text, blocks, language: quality.teasers(blocks, language),
    "highest_kept_list": lambda text, blocks, language: quality.listed(blocks, language),
    "highest_kept_keywords": lambda text, blocks, language: quality.keywords(text, language),
}

Measured = dict[str, list[float]]


def rows(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Label and row of each line; rows of languages that xinstruct cannot name are left out."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            try:
                yield label(f"{row['lang']}_{row['script']}"), row
            except UnknownLanguage:
                continue


def is_natural(row: dict[str, Any]) -> bool:
    """Whether people wrote the row's text in its language."""
    return row["origin"].startswith(("native-", "web")) and not row.get("mt")


def measured(texts: Iterable[str], language: str) -> Measured:
    """Every measure of each text, cut to 4,000 characters."""
    found: Measured = {name: [] for name in _BOUNDS}
    for text in texts:
        blocks = _blocks(text[:_LONGEST])
        for name, measure in _MEASURES.items():
            found[name].append(measure(text[:_LONGEST], blocks, language))
    return found


def _blocks(text: str) -> list[str]:
    """The paragraphs of a text as harvest sees them: lines, and whole sentences where those go on from line to line."""
    page = joined_lines(text_page(Record("texts", 0, None, None, "", text.encode(), is_text=True)))
    return [page.text[block.start : block.end] for block in page.blocks]


def thresholds(found: Measured) -> dict[str, float]:
    """The value of each measure that keeps 98 of 100 texts, within its bounds."""
    return {name: round(_within(_quantile(name, found[name]), _BOUNDS[name]), 2) for name in _BOUNDS}


def _quantile(name: str, values: Sequence[float]) -> float:
    ordered = sorted(values, reverse=name.startswith("lowest"))
    return ordered[min(len(ordered) - 1, int(len(ordered) * _SHARE_KEPT))]


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, min(bounds)), max(bounds))


def joined(several: Iterable[Measured]) -> Measured:
    """The measures of several languages as one."""
    together: Measured = {name: [] for name in _BOUNDS}
    for found in several:
        for name, values in found.items():
            together[name] += values
    return together


def qualities(natural: dict[str, list[str]], every: dict[str, list[str]]) -> dict[str, Any]:
    """Thresholds of all natural rows, of scripts and of languages. natural, every: the texts by language."""
    found = {name: measured(texts[:_MOST_ROWS], name) for name, texts in sorted(natural.items())}
    by_script = _by_script(found)
    known = [script for script, values in by_script.items() if _enough(values)]
    unknown = {name: texts for name, texts in sorted(every.items()) if name[-4:] not in known}
    by_script |= _by_script({name: measured(texts[:_FEWEST_ROWS], name) for name, texts in unknown.items()})
    return {
        "every": thresholds(joined(found.values())),
        "scripts": {name: thresholds(values) for name, values in sorted(by_script.items()) if _enough(values)},
        "languages": {name: thresholds(values) for name, values in found.items() if _enough(values)},
    }


def _by_script(found: dict[str, Measured]) -> dict[str, Measured]:
    scripts = {name[-4:] for name in found}
    return {script: joined(found[name] for name in found if name.endswith(script)) for script in scripts}


def _enough(found: Measured) -> bool:
    return len(found["lowest_kept_prose"]) >= _FEWEST_ROWS


def lengths(parallel: dict[str, list[float]]) -> dict[str, Any]:
    """Characters of English per character, of languages and of scripts. parallel: the ratio of each row by language."""
    by_language = {name: median(found) for name, found in sorted(parallel.items()) if len(found) >= _FEWEST_PARALLEL}
    by_script = defaultdict(list)
    for name, ratio in by_language.items():
        by_script[name[-4:]].append(ratio)
    return {
        "languages": {name: round(ratio, 2) for name, ratio in by_language.items()},
        "scripts": {script: round(median(ratios), 2) for script, ratios in sorted(by_script.items())},
    }


def main(path: str, target: Path) -> None:
    """Measures the texts of a path and writes the table."""
    natural: dict[str, list[str]] = defaultdict(list)
    parallel: dict[str, list[float]] = defaultdict(list)
    every: dict[str, list[str]] = defaultdict(list)
    sources: Counter[str] = Counter()
    for name, row in rows(path):
        every[name].append(row["text"])
        sources[row["source"]] += 1
        if is_natural(row):
            natural[name].append(row["text"])
        if row.get("text_en"):
            parallel[name].append(len(row["text_en"]) / len(row["text"]))
    # the measures of quality read how much a character says from the file itself
    table: dict[str, Any] = {"sources": dict(sources.most_common()), "english_characters": lengths(parallel)}
    write(table, target)
    table["rows"] = {name: min(len(texts), _MOST_ROWS) for name, texts in sorted(natural.items())}
    table["quality"] = qualities(natural, every)
    write(table, target)


def write(table: dict[str, Any], target: Path) -> None:
    """Writes the table as YAML."""
    written = _HEAD + yaml.safe_dump(table, sort_keys=False, default_flow_style=None, width=120)
    target.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(__file__).with_name("thresholds.yml"))
