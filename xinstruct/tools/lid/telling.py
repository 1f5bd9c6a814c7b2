"""Tells near languages apart by their words: Indonesian from Malay, Nynorsk from Bokmål, Southern Sotho from Tswana.

The identifier sees runs of four letters, of which near languages have the same. Words tell more, but learnt from other
texts in each language they tell the subject: so they are counted in the sources that all languages of a group share.
"""

import collections
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SUFFIX = ".telling.json"
# Written alike to three letters of four, and taken for each other by more than one line in ten.
NEAR = (
    ("ind_Latn", "zsm_Latn"),
    ("bos_Latn", "hrv_Latn", "srp_Latn"),
    ("pes_Arab", "prs_Arab"),
    ("nob_Latn", "nno_Latn", "dan_Latn"),
    ("zul_Latn", "xho_Latn", "ssw_Latn", "nde_Latn", "nbl_Latn"),
    ("nso_Latn", "sot_Latn", "tsn_Latn"),
    ("hin_Deva", "bho_Deva", "mag_Deva", "hne_Deva"),
    ("cat_Latn", "oci_Latn"),
    ("spa_Latn", "ast_Latn", "glg_Latn"),
    ("tgl_Latn", "ceb_Latn"),
    ("kin_Latn", "run_Latn"),
    ("fao_Latn", "isl_Latn"),
)
# Characters that each language must have in the shared sources; else all its sources count.
_FEWEST_SHARED = 20_000
_FEWEST_TIMES = 3
_MOST_WORDS = 3000
_LEAST_SAID = 0.5  # natural logarithm of how much likelier a word is in one language than in another
_SMOOTHING = 0.5
_PREFIX = "__label__"


class Text(NamedTuple):
    """A text as the model sees it, with its label and the source it comes from."""

    label: str
    source: str
    words: Sequence[str]


def learn(texts: Iterable[Text]) -> list[dict[str, Any]]:
    """For each group of near languages that the texts hold: its labels, and what its telling words say for each label
    (hundredths of a natural logarithm, the likeliest 0).
    """
    by_label: dict[str, list[Text]] = {}
    for text in texts:
        by_label.setdefault(text.label, []).append(text)
    groups = (tuple(label for label in group if label in by_label) for group in NEAR)
    return [_group(labels, by_label) for labels in groups if len(labels) > 1]


def _group(labels: tuple[str, ...], by_label: Mapping[str, list[Text]]) -> dict[str, Any]:
    shared = set.intersection(*({text.source for text in by_label[label]} for label in labels))
    inside = {label: [text for text in by_label[label] if text.source in shared] for label in labels}
    if min(sum(len(word) for text in inside[label] for word in text.words) for label in labels) < _FEWEST_SHARED:
        inside = {label: by_label[label] for label in labels}
    counts = [collections.Counter(word for text in inside[label] for word in set(text.words)) for label in labels]
    together = sum(counts, collections.Counter())
    seen = [word for word, times in together.items() if times >= _FEWEST_TIMES]
    totals = [count.total() + _SMOOTHING * len(seen) for count in counts]
    said: dict[str, list[float]] = {}
    for word in seen:
        logs = [math.log((count[word] + _SMOOTHING) / total) for count, total in zip(counts, totals, strict=True)]
        if max(logs) - min(logs) >= _LEAST_SAID:
            said[word] = [log - max(logs) for log in logs]
    told = sorted(said, key=lambda word: (min(said[word]) * together[word], word))[:_MOST_WORDS]
    return {"labels": list(labels), "words": {word: [round(100 * log) for log in said[word]] for word in sorted(told)}}


class Telling:
    """Groups of near languages with what their words say, as learn gives them."""

    def __init__(self, groups: Iterable[Mapping[str, Any]]) -> None:
        self._words: dict[str, Mapping[str, list[int]]] = {}
        self._places: dict[str, Mapping[str, int]] = {}
        for group in groups:
            places = {f"{_PREFIX}{label}": place for place, label in enumerate(group["labels"])}
            self._words |= dict.fromkeys(places, group["words"])
            self._places |= dict.fromkeys(places, places)

    @classmethod
    def beside(cls, model: Path) -> "Telling":
        """What was learnt for the model at this path; nothing where no such file lies beside it."""
        file = model.with_suffix(SUFFIX)
        return cls(json.loads(file.read_text(encoding="utf-8")) if file.is_file() else ())

    def again(self, text: str, chances: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """The chances with those of the best label's group shared out anew by the words of the text, best first.

        chances: the best labels of a normalised text, as the model writes them, with their chances, best first.
        """
        if not chances or chances[0][0] not in self._places:
            return list(chances)
        places, words = self._places[chances[0][0]], self._words[chances[0][0]]
        said = [words[word] for word in sorted(set(text.split())) if word in words]
        near = {raw: chance for raw, chance in chances if raw in places}
        odds = {raw: chance * math.exp(sum(logs[places[raw]] for logs in said) / 100) for raw, chance in near.items()}
        # Where the words rule out all, they say nothing.
        all_odds, all_near = sum(odds.values()), sum(near.values())
        anew = {raw: all_near * odd / all_odds for raw, odd in odds.items()} if all_odds > 0 else near
        return sorted(((raw, anew.get(raw, chance)) for raw, chance in chances), key=lambda one: -one[1])
