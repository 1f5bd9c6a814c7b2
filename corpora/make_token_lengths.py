"""Writes token_lengths.yml: how many characters of each language and script make one token of a multilingual tokenizer.

Run it as `python corpora/make_token_lengths.py TEXTS.jsonl.gz ...`, where rows have `text`, `lang` (ISO 639-3) and
`script` (ISO 15924). The tokenizer is Tekken, 131,072 tokens, which the package mistral-common carries as package data
(Apache-2.0); it is needed here only. Languages are measured on at least 20 texts, scripts over all their languages.
"""

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from statistics import mean, median

import yaml
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

from xinstruct.languages import UnknownLanguage, label

_HEAD = """# Characters per token, by which an estimate divides. Made by make_token_lengths.py: edit that.
# Tokenizer: Tekken (131,072 tokens, mistral-common, Apache-2.0). languages: measured on 20 texts or more.
# scripts: the median of their languages. other_bytes: UTF-8 bytes per token of the scripts that the tokenizer knows
# least, taken for scripts that were not measured.
"""
_TEXTS_PER_LANGUAGE = 75
_FEWEST_TEXTS_KEPT = 20
# Fewer characters per token than this: the tokenizer falls back to bytes.
_HARDLY_KNOWN = 0.6


def texts(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Label and text of each row; rows of languages that xinstruct cannot name are left out."""
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                try:
                    yield label(f"{row['lang']}_{row['script']}"), row["text"]
                except UnknownLanguage:
                    continue


def measured(rows: Iterable[tuple[str, str]], tokenizer: Tekkenizer) -> dict[str, tuple[float, float]]:
    """Characters and UTF-8 bytes per token of each language that has texts enough; of each, 75 are read."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for language, text in rows:
        if sums[language][0] < _TEXTS_PER_LANGUAGE:
            tokens = len(tokenizer.encode(text, bos=False, eos=False))
            seen = (1, len(text), len(text.encode()), tokens)
            sums[language] = [a + b for a, b in zip(sums[language], seen, strict=True)]
    kept = {name: sums[name] for name in sorted(sums) if sums[name][0] >= _FEWEST_TEXTS_KEPT}
    return {name: (characters / tokens, size / tokens) for name, (_, characters, size, tokens) in kept.items()}


def main(paths: list[str]) -> None:
    """Measures and writes the table."""
    carried = resources.files("mistral_common").joinpath("data", "tekken_240911.json")
    by_language = measured(texts(paths), Tekkenizer.from_file(Path(str(carried))))
    by_script: dict[str, list[float]] = defaultdict(list)
    for name, (length, _) in by_language.items():
        by_script[name.partition("_")[2]].append(length)
    hardly_known = [size for length, size in by_language.values() if length < _HARDLY_KNOWN]
    table = {
        "languages": {name: round(length, 2) for name, (length, _) in by_language.items()},
        "scripts": {script: round(median(lengths), 2) for script, lengths in sorted(by_script.items())},
        "other_bytes": round(mean(hardly_known), 2),
    }
    written = _HEAD + yaml.safe_dump(table, sort_keys=False)
    Path(__file__).with_name("token_lengths.yml").write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
