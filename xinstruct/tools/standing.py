"""Says what a judge, a writer and a measure have shown themselves to be worth in each language, and decides by it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.languages import shown
from xinstruct.ledger import FAILED, KEPT
from xinstruct.tools.controls import Control
from xinstruct.tools.floors import Floors
from xinstruct.tools.rivals import FEWEST_OTHERS
from xinstruct.tools.trial import ALL, Competence, Found, Trial

JUDGE, WRITER = "judge_not_trusted", "writer_not_trusted"
LOW, UNLIKELY = "low_score", "unlikely"
# Overall scores are counted in ten-thousandths, gains of likelihood in thousandths of a nat.
_FINE, _COARSE = 10_000, 1_000
# A share seen in few pairs of a language is drawn towards that of all languages as if so many pairs had shown it.
_DRAWN_BY = 16
_WITHHELD = "These languages are withheld; to keep their rows all the same, set withhold: false."
_KEPT_ALL_THE_SAME = "Their rows are kept all the same, because withhold: false says so."


@dataclass(frozen=True, slots=True)
class Tried:
    """What a judge is tried on: a pair of the run, taken for good, or a control.

    choices: among how many passages an instruction of its language is to pick out its own.
    """

    candidate: Candidate
    control: Control | None = None
    choices: int = 0


@dataclass(frozen=True)
class _Settled:
    withheld: dict[str, tuple[str, str]]
    overall: dict[str, float]
    likelihood: dict[str, float]


class Standing:
    """Hears a trial and then the outcome of every pair, in whatever order, and decides about each pair.

    It holds counts alone, so that its size does not grow with the pairs; it can be pickled. Where rules judge, the
    trial is told of but nothing is withheld for it.
    """

    def __init__(self, settings: Floors) -> None:
        self._settings = settings
        self._trial = Trial()
        self._by_rules = False
        # Languages that the trial heard of, and those of all pairs; and whether a model rated any of these.
        self._heard: set[str] = set()
        self._met: set[str] = set()
        self._rated = False
        # What is refused before it is asked must not depend on what was asked by then.
        self._before, self._writer = Competence(), Competence()
        self._choices: dict[str, int] = {}
        self._overall: dict[str, Counter[int]] = {}
        self._gain: dict[str, Counter[int]] = {}
        self._refused: dict[str, tuple[str, str]] | None = None
        self._settled: _Settled | None = None

    def hear(self, tried: Tried, outcome: Kept | Dropped | Failed) -> None:
        """What became of a pair or control of the trial."""
        judged, control = outcome.candidate, tried.control
        self._heard.add(judged.language)
        value = None
        if not isinstance(outcome, Failed):
            self._by_rules |= judged.score_rating is None
            value = judged.score_overall if judged.score_rating is None else judged.score_rating
        if control is None:
            self._trial.hear_pair(judged.language, judged.id, value)
            self._choices[judged.language] = max(self._choices.get(judged.language, 0), tried.choices)
        else:
            self._trial.hear_control(judged.language, control.hard, control.kind, control.of, value)
        self._refused = self._settled = None

    def tell_writer(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """How the stage that wrote the instructions fared: language -> kept, failed or reason for dropping -> pairs."""
        for language, by_fate in counts.items():
            dropped = {reason: n for reason, n in by_fate.items() if reason not in (KEPT, FAILED)}
            for competence in (self._before, self._writer):
                competence.hear(language, by_fate.get(KEPT, 0), dropped, by_fate.get(FAILED, 0))
        self._refused = self._settled = None

    def withheld(self) -> dict[str, str]:
        """After the trial: the languages that are withheld, each with a sentence that says why."""
        return {language: sentence for language, (_, sentence) in self._refusals().items() if language != ALL}

    def refusal(self, candidate: Candidate) -> Dropped | None:
        """After the trial: how a candidate ends of which nothing need be asked, since its language is withheld."""
        return self._refused_in(candidate, self._refusals())

    def weigh(self, outcome: Kept | Dropped | Failed) -> None:
        """What became of any pair when it was asked about."""
        judged = outcome.candidate
        if judged.kind == "pair":
            self._met.add(judged.language)
            self._rated |= judged.score_rating is not None
            self._settled = None
        if not isinstance(outcome, Kept) or judged.score_overall is None or judged.kind != "pair":
            return
        language = judged.language
        self._overall.setdefault(language, Counter())[round(judged.score_overall * _FINE)] += 1
        if judged.score_likelihood_near is not None:
            self._gain.setdefault(language, Counter())[round(judged.score_likelihood_near * _COARSE)] += 1
        if judged.score_retrieval is not None:
            choices = max(self._choices.get(language, 0), FEWEST_OTHERS + 1)
            self._writer.hear_retrieval(language, judged.score_retrieval == 1, choices)

    def decide(self, candidate: Candidate) -> Kept | Dropped:
        """What becomes of a candidate, after all were weighed; rows at a threshold stay."""
        if candidate.kind != "pair":
            return Kept(candidate)
        settled, language = self._settle(), candidate.language
        if refused := self._refused_in(candidate, settled.withheld):
            return refused
        score, lowest = candidate.score_overall, settled.overall.get(language, self._settings.lowest_kept)
        if score is not None and score < lowest:
            return Dropped(candidate, LOW, f"{score:.4f}, lowest kept {lowest:.4f}")
        gain = candidate.score_likelihood_near
        if gain is not None and language in settled.likelihood and gain < settled.likelihood[language]:
            return Dropped(candidate, UNLIKELY, f"{gain:.3f}, lowest kept {settled.likelihood[language]:.3f}")
        return Kept(candidate)

    def found(self) -> dict[str, Any]:
        """All that was found, as JSON values: judge (per language), judged_by, writer, thresholds, withheld, and
        not_trusted (what would be withheld, and is kept all the same).
        """
        settled, told, withhold = self._settle(), self._told(), self._settings.withhold
        faulty = {name: {"reason": reason, "because": why} for name, (reason, why) in sorted(self._faulty().items())}
        return {
            "judge": {language: asdict(one) for language, one in self._shown().items()},
            "judged_by": "model" if self._by_model() else "rules",
            "writer": self._writer.found(),
            "thresholds": {
                language: {
                    "pairs": self._overall[language].total(),
                    "overall": settled.overall[language],
                    "likelihood": settled.likelihood.get(language),
                    "likelihood_tells": told.get(language),
                }
                for language in sorted(self._overall)
            },
            "withheld": faulty if withhold else {},
            "not_trusted": {} if withhold else faulty,
        }

    def sentences(self) -> list[str]:
        """For people: how the trial went, what is withheld or not trusted, and why. After all were weighed it says more
        than after the trial.
        """
        return [*self._tried(), *self._not_tried(), *self._faults(), *self._untold()]

    def __getstate__(self) -> dict[str, Any]:
        self._settle()  # once here, instead of in every process that it is sent to
        return self.__dict__

    def _refusals(self) -> dict[str, tuple[str, str]]:
        if self._refused is None:
            self._refused = self._untrusted(self._before) if self._settings.withhold and self._heard else {}
        return self._refused

    def _untrusted(self, writer: Competence) -> dict[str, tuple[str, str]]:
        """Reason and sentence for each language in which judge or writer fail; under ALL, without a name, for those
        of which the trial heard nothing, where the judge is not trusted in such.
        """
        if not self._by_model():
            return {}
        judge = self._trial.withheld(self._settings.lowest_kept_auc)
        told = {language: (WRITER, sentence) for language, sentence in writer.withheld().items()}
        told |= {language: (JUDGE, sentence) for language, sentence in judge.items()}
        if why := self._trial.elsewhere(self._settings.lowest_kept_auc):
            told[ALL] = (JUDGE, why)
        return told

    def _by_model(self) -> bool:
        return not self._by_rules if self._heard else self._rated

    def _untried(self) -> list[str]:
        return sorted(self._met - self._heard) if self._by_model() else []

    def _faulty(self) -> dict[str, tuple[str, str]]:
        """What `_untrusted` says in the end, of each language that there is."""
        told = self._untrusted(self._writer)
        every = {language: self._reason_in(language, told) for language in {*told, *self._untried()} - {ALL}}
        return {language: reason for language, reason in sorted(every.items()) if reason}

    def _reason_in(self, language: str, untrusted: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
        if language in untrusted or language in self._heard or ALL not in untrusted:
            return untrusted.get(language)
        reason, why = untrusted[ALL]
        return reason, f"{shown(language)}: {why}"

    def _refused_in(self, candidate: Candidate, untrusted: Mapping[str, tuple[str, str]]) -> Dropped | None:
        reason = self._reason_in(candidate.language, untrusted)
        return Dropped(candidate, *reason) if reason and candidate.kind == "pair" else None

    def _shown(self) -> dict[str, Found]:
        return self._trial.found(self._lowest_value(), self._untried())

    def _settle(self) -> _Settled:
        if self._settled is None:
            settings, told = self._settings, self._told()
            overall = {
                language: max(settings.lowest_kept, _quantile(seen, settings.share_dropped) / _FINE)
                for language, seen in self._overall.items()
            }
            likelihood = {
                language: max(settings.lowest_kept_likelihood, _quantile(seen, settings.share_dropped) / _COARSE)
                for language, seen in self._gain.items()
                if told[language] >= settings.lowest_kept_auc
            }
            withheld = self._untrusted(self._writer) if settings.withhold else {}
            self._settled = _Settled(withheld, overall, likelihood)
        return self._settled

    def _told(self) -> dict[str, float]:
        """How often likelihood tells the own instruction of a language's texts from those of near pairs, 0..1."""
        everywhere: Counter[int] = Counter()
        for seen in self._gain.values():
            everywhere.update(seen)
        return {
            language: round((_gained(seen) + _DRAWN_BY * _gained(everywhere) / everywhere.total()) / n, 4)
            for language, seen in sorted(self._gain.items())
            if (n := seen.total() + _DRAWN_BY)
        }

    def _tried(self) -> list[str]:
        heard = self._shown().get(ALL)
        if heard is None:
            return []
        who = "rules that judge" if self._by_rules else "judge"
        if heard.auc_hard is None:
            return [f"The {who} could not be tried: there is no answer about a hard control."]
        hard = f"{heard.hard} hard controls with an AUC of {heard.auc_hard:.2f}"
        easy = "" if heard.auc_easy is None else f", over {heard.easy} easy ones {heard.auc_easy:.2f}"
        after = " They are provisional, and nothing is withheld for it." if self._by_rules else ""
        return [f"The {who} put true pairs over {hard}{easy}.{after}"]

    def _not_tried(self) -> list[str]:
        names = ", ".join(map(shown, self._untried()))
        return [f"The judge was not tried in {names}: the rules refuse all pairs that were drawn."] if names else []

    def _faults(self) -> list[str]:
        faults = list(dict.fromkeys(f"{sentence}." for _, sentence in self._faulty().values()))
        if not faults:
            return []
        return [*faults, _WITHHELD if self._settings.withhold else _KEPT_ALL_THE_SAME]

    def _untold(self) -> list[str]:
        weak = [
            f"{shown(language)} ({told:.0%})"
            for language, told in self._told().items()
            if told < self._settings.lowest_kept_auc
        ]
        return (
            [f"Likelihood drops nothing where it seldom tells a text's own instruction: {', '.join(weak)}."]
            if weak
            else []
        )

    def _lowest_value(self) -> float:
        """The lowest value of the trial with which a pair is kept that the rules say nothing against."""
        lowest = self._settings.lowest_kept
        return lowest if self._by_rules else 1 + 4 * lowest**2


def _gained(seen: Counter[int]) -> float:
    return sum(n for gain, n in seen.items() if gain > 0) + seen[0] / 2


def _quantile(seen: Counter[int], share: float) -> int:
    """The value below which at most that share of the values lies."""
    below = 0
    for value, n in sorted(seen.items()):
        below += n
        if below > share * seen.total():
            return value
    return max(seen)
