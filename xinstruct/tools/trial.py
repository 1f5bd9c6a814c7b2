"""Finds out whether a judge tells good pairs from wrong ones, and a writer's instructions can be used, per language."""

import dataclasses
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xinstruct.languages import shown

# The key under which all languages together stand.
ALL = "all"
# A language's figure counts as much as that of all languages once so many pairs and controls of it were judged.
_DRAWN = 16
# What guessing exceeds one time in a hundred, in standard deviations.
_BEYOND_LUCK = 2.326
_FEWEST_ASKED = 20
_NOTHING_TO_ASK = "nothing_to_ask"
_PAIR = "pair"
_CANNOT_TELL = "the judge cannot tell good pairs from wrong ones"


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial showed of a language, or of all. None where too little was heard to tell.

    pairs, hard, easy: true pairs and controls whose value is known; unknown: those whose value is not. auc_*: how often
    a true pair got a higher value than a control of its language, 0..1, ties half. auc_drawn: the language's auc_hard,
    drawn towards that of all languages where few were heard. by_kind: the auc of each kind of control (under ALL only).
    precision, recall: of keeping what reaches the threshold, among true pairs and hard controls.
    """

    pairs: int
    hard: int
    easy: int
    unknown: int
    auc_hard: float | None
    auc_easy: float | None
    auc_drawn: float | None
    precision: float | None
    recall: float | None
    by_kind: dict[str, float] = field(default_factory=dict)


@dataclass
class Trial:
    """The values that a judge gave to true pairs and to controls. Small; picklable; order does not matter, and what is
    heard twice counts once.
    """

    # Language, kind of control, whether it is a hard one, the pair it was made of: value.
    _heard: dict[tuple[str, str, bool, str], float | None] = field(default_factory=dict)

    def hear_pair(self, language: str, id: str, value: float | None) -> None:
        """The value of a true pair; None where the judge gave no usable answer."""
        self._heard[language, _PAIR, False, id] = value

    def hear_control(self, language: str, hard: bool, kind: str, of: str, value: float | None) -> None:
        """The value of a control made of the pair `of`; None where the judge gave no usable answer."""
        self._heard[language, kind, hard, of] = value

    def found(self, lowest_kept: float, untried: Iterable[str] = ()) -> dict[str, Found]:
        """What the trial showed, per language in order of label, then under ALL; {} where nothing was heard.
        lowest_kept: the threshold of precision and recall. untried: languages of which nothing was heard, told as such.
        """
        benches = self._benches(untried)
        if not benches:
            return {}
        over_all = _mean_auc(_hard(benches.values()))
        told = {language: _found([bench], _drawn(bench, over_all), lowest_kept) for language, bench in benches.items()}
        kinds = sorted({kind for bench in benches.values() for kind in bench.by_kind})
        aucs = ((kind, _mean_auc([(b.pairs, b.by_kind.get(kind, [])) for b in benches.values()])) for kind in kinds)
        by_kind = {kind: auc for kind, auc in aucs if auc is not None}
        return {**told, ALL: dataclasses.replace(_found([*benches.values()], over_all, lowest_kept), by_kind=by_kind)}

    def withheld(self, lowest_kept_auc: float) -> dict[str, str]:
        """The languages in which the judge cannot be trusted, each with a sentence that says why: its auc_drawn is
        under the floor, or most answers failed. All that were heard when so few were that guessing might do as well.
        """
        benches = self._benches()
        if whole := _distrust(benches.values(), lowest_kept_auc):
            return dict.fromkeys(benches, f"All languages: {whole}")
        over_all = _mean_auc(_hard(benches.values()))
        told: dict[str, str] = {}
        for language, bench in benches.items():
            unknown, asked = bench.unknown, bench.unknown + len(bench.pairs) + len(bench.hard) + len(bench.easy)
            if 2 * unknown > asked:
                told[language] = f"{shown(language)}: the judge gave no usable answer to {unknown} of {asked} pairs"
            elif (drawn := _drawn(bench, over_all) or 0.0) < lowest_kept_auc:
                told[language] = f"{shown(language)}: {_CANNOT_TELL} (AUC {drawn:.3f} on hard controls)"
        return told

    def elsewhere(self, lowest_kept_auc: float) -> str:
        """Why the judge is not trusted in a language of which nothing was heard, without its name; "" where it is: over
        those that were heard it reaches the floor, and in one it is trusted.
        """
        benches = self._benches()
        if whole := _distrust(benches.values(), lowest_kept_auc):
            return f"not tried; {whole}"
        auc = _mean_auc(_hard(benches.values())) or 0.0
        if auc < lowest_kept_auc or self.withheld(lowest_kept_auc).keys() == benches.keys():
            return f"not tried; where the judge was, it is not trusted (AUC {auc:.3f} on hard controls over all)"
        return ""

    def to_json(self) -> dict[str, Any]:
        """All that was heard, as JSON values."""
        return {"heard": [[*key, value] for key, value in sorted(self._heard.items())]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Trial":
        """The trial that `to_json` gave."""
        return cls({(language, kind, hard, of): value for language, kind, hard, of, value in told["heard"]})

    def _benches(self, untried: Iterable[str] = ()) -> "dict[str, _Bench]":
        benches = {language: _Bench() for language in untried}
        for (language, kind, hard, _), value in sorted(self._heard.items()):
            benches.setdefault(language, _Bench()).hear(kind, hard, value)
        return dict(sorted(benches.items()))


@dataclass
class _Bench:
    """The known values of one language, and how many are unknown."""

    pairs: list[float] = field(default_factory=list)
    hard: list[float] = field(default_factory=list)
    easy: list[float] = field(default_factory=list)
    by_kind: dict[str, list[float]] = field(default_factory=dict)
    unknown: int = 0

    def hear(self, kind: str, hard: bool, value: float | None) -> None:
        if value is None:
            self.unknown += 1
        elif kind == _PAIR:
            self.pairs.append(value)
        else:
            (self.hard if hard else self.easy).append(value)
            self.by_kind.setdefault(kind, []).append(value)


def _hard(benches: Iterable[_Bench]) -> list[tuple[list[float], list[float]]]:
    return [(bench.pairs, bench.hard) for bench in benches]


def _found(benches: Sequence[_Bench], auc_drawn: float | None, lowest_kept: float) -> Found:
    right = sum(value >= lowest_kept for bench in benches for value in bench.pairs)
    wrong = sum(value >= lowest_kept for bench in benches for value in bench.hard)
    pairs = sum(len(bench.pairs) for bench in benches)
    return Found(
        pairs=pairs,
        hard=sum(len(bench.hard) for bench in benches),
        easy=sum(len(bench.easy) for bench in benches),
        unknown=sum(bench.unknown for bench in benches),
        auc_hard=_mean_auc(_hard(benches)),
        auc_easy=_mean_auc([(bench.pairs, bench.easy) for bench in benches]),
        auc_drawn=auc_drawn,
        precision=round(right / (right + wrong), 4) if right + wrong else None,
        recall=round(right / pairs, 4) if pairs else None,
    )


def _auc(pairs: Sequence[float], controls: Sequence[float]) -> float | None:
    if not pairs or not controls:
        return None
    ordered = sorted(controls)
    won = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in pairs)
    return round(won / (2 * len(pairs) * len(controls)), 4)


def _weighed(both: Iterable[tuple[Sequence[float], Sequence[float]]]) -> list[tuple[int, float, float]]:
    """Weight, auc, and variance of the auc under guessing, of each language where there is one."""
    return [
        (min(len(pairs), len(controls)), auc, (len(pairs) + len(controls) + 1) / (12 * len(pairs) * len(controls)))
        for pairs, controls in both
        if (auc := _auc(pairs, controls)) is not None
    ]


def _mean_auc(both: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float | None:
    """Values are held against each other within a language alone: a judge may be milder in one than in another."""
    told = _weighed(both)
    return round(sum(w * auc for w, auc, _ in told) / sum(w for w, _, _ in told), 4) if told else None


def _spread(both: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    """Standard deviation of the mean auc of a judge that guesses."""
    told = _weighed(both)
    return math.sqrt(sum(w * w * variance for w, _, variance in told)) / sum(w for w, _, _ in told)


def _distrust(benches: Iterable[_Bench], lowest_kept_auc: float) -> str:
    """Why the judge is trusted in no language; "" where it is in one."""
    both = _hard(every := list(benches))
    if (auc := _mean_auc(both)) is None:
        return "the judge could not be tried on hard controls"
    if all((_drawn(bench, auc) or 0.0) < lowest_kept_auc for bench in every):
        return f"{_CANNOT_TELL} (AUC {auc:.3f} on hard controls)"
    by_luck = 0.5 + _BEYOND_LUCK * _spread(both)
    if auc >= by_luck:
        return ""
    pairs, hard = (sum(map(len, sides)) for sides in zip(*both, strict=True))
    return (
        f"{pairs} pairs and {hard} hard controls are too few to tell the judge from one that guesses (AUC {auc:.3f}; "
        f"guessing may reach {by_luck:.3f})"
    )


def _drawn(bench: _Bench, over_all: float | None) -> float | None:
    own = _auc(bench.pairs, bench.hard)
    if own is None or over_all is None:
        return over_all
    weight = min(len(bench.pairs), len(bench.hard))
    return round((weight * own + _DRAWN * over_all) / (weight + _DRAWN), 4)


@dataclass
class Competence:
    """What became of the passages that a writer was asked about, per language. Small; picklable."""

    # asked, kept, failed, retrieval_hits, retrieval_tries, retrieval_by_chance; and reasons of drops.
    _counts: dict[str, dict[str, float]] = field(default_factory=dict)
    _dropped: dict[str, dict[str, int]] = field(default_factory=dict)

    def hear(self, language: str, kept: int, dropped: Mapping[str, int], failed: int) -> None:
        """Counts of the instruct stage, added to those heard before; dropped: by reason."""
        self._add(language, asked=kept + sum(dropped.values()) + failed, kept=kept, failed=failed)
        reasons = self._dropped.setdefault(language, {})
        for reason, count in dropped.items():
            reasons[reason] = reasons.get(reason, 0) + count

    def hear_retrieval(self, language: str, hit: bool, choices: int) -> None:
        """Whether an instruction picked out its own passage among so many, itself among them."""
        self._add(language, retrieval_hits=int(hit), retrieval_tries=1, retrieval_by_chance=1 / choices)

    def found(self) -> dict[str, dict[str, Any]]:
        """Per language in order of label, as JSON values: asked, kept, skipped (the writer said that there is nothing
        to ask), refused (by reason), failed, retrieval_hits, retrieval_tries, retrieval_by_chance (hits that guessing
        would have made).
        """
        told: dict[str, dict[str, Any]] = {}
        for language, counts in sorted(self._counts.items()):
            reasons = self._dropped.get(language, {})
            told[language] = {
                **{name: int(counts.get(name, 0)) for name in ("asked", "kept", "failed")},
                "skipped": reasons.get(_NOTHING_TO_ASK, 0),
                "refused": {reason: count for reason, count in sorted(reasons.items()) if reason != _NOTHING_TO_ASK},
                "retrieval_hits": int(counts.get("retrieval_hits", 0)),
                "retrieval_tries": int(counts.get("retrieval_tries", 0)),
                "retrieval_by_chance": round(counts.get("retrieval_by_chance", 0.0), 2),
            }
        return told

    def withheld(
        self, highest_kept_skipped: float = 0.9, highest_kept_refused: float = 0.5, lowest_kept_retrieval: float = 3.0
    ) -> dict[str, str]:
        """The languages that the writer cannot do, each with a sentence that says why. Shares of the answered that are
        skipped, and of the not skipped that guards refused; lowest_kept_retrieval is a multiple of what guessing hits,
        at most half of the way from there to all. Of fewer than 20 nothing is said.
        """
        told: dict[str, str] = {}
        for language, counts in self.found().items():
            skipped, refused = counts["skipped"], sum(counts["refused"].values())
            written = counts["kept"] + refused
            hits, tries, by_chance = (counts[f"retrieval_{name}"] for name in ("hits", "tries", "by_chance"))
            name = shown(language)
            if written + skipped >= _FEWEST_ASKED and skipped > highest_kept_skipped * (written + skipped):
                told[language] = f"{name}: the writer found nothing to ask in {skipped} of {written + skipped} passages"
            elif written >= _FEWEST_ASKED and refused > highest_kept_refused * written:
                told[language] = f"{name}: {refused} of the writer's {written} instructions could not be used"
            elif tries >= _FEWEST_ASKED and hits < min(lowest_kept_retrieval * by_chance, (tries + by_chance) / 2):
                told[language] = (
                    f"{name}: {hits} of the writer's {tries} instructions picked out their own passages; guessing "
                    f"would have made {by_chance:g}"
                )
        return told

    def to_json(self) -> dict[str, Any]:
        """All that was heard, as JSON values."""
        return {"counts": self._counts, "dropped": self._dropped}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Competence":
        """What `to_json` gave."""
        counts = {language: dict(counted) for language, counted in told["counts"].items()}
        return cls(counts, {language: dict(reasons) for language, reasons in told["dropped"].items()})

    def _add(self, language: str, **counts: float) -> None:
        mine = self._counts.setdefault(language, {})
        for name, count in counts.items():
            mine[name] = mine.get(name, 0) + count
