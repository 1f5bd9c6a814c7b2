"""Bad judges are found out and good ones are not; a writer's competence is told per language."""

import dataclasses
import json
import pickle
import random
from collections.abc import Callable

import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from xinstruct.tools.controls import EASY, HARD
from xinstruct.tools.trial import ALL, Competence, Trial

LANGUAGES = ("swh_Latn", "tam_Taml", "fin_Latn")
FLOOR = 0.75
# Whether a pair is a true one, and its language -> its value.
Judge = Callable[[bool, str], float | None]


def tried(judge: Judge, languages: tuple[str, ...] = LANGUAGES, pairs: int = 24) -> Trial:
    trial = Trial()
    for language in languages:
        for number in range(pairs):
            trial.hear_pair(language, f"{number}", judge(True, language))
            trial.hear_control(language, True, HARD[number % 4], f"{number}", judge(False, language))
            if number % 2 == 0:
                trial.hear_control(language, False, EASY[number // 2 % 4], f"{number}", judge(False, language))
    return trial


def noisy(seed: int) -> Judge:
    """A judge that gives true pairs 4 or so, wrong ones 2.5 or so, as means of five ratings."""
    luck = random.Random(seed)

    def judge(true: bool, language: str) -> float:
        return round(min(5.0, max(1.0, luck.gauss(4.0 if true else 2.7, 0.8))) * 5) / 5

    return judge


def guessing(seed: int) -> Judge:
    luck = random.Random(seed)
    return lambda true, language: sum(luck.randint(1, 5) for _ in range(5)) / 5


def test_a_judge_that_always_says_five_is_withheld_everywhere() -> None:
    trial = tried(lambda true, language: 5.0)
    told = trial.withheld(FLOOR)
    assert set(told) == set(LANGUAGES)
    assert told["swh_Latn"] == (
        "All languages: the judge cannot tell good pairs from wrong ones (AUC 0.500 on hard controls)"
    )
    assert trial.found(4.0)[ALL].auc_hard == 0.5
    assert trial.found(4.0)[ALL].auc_easy == 0.5


def test_a_judge_that_says_the_same_within_a_language_is_withheld_everywhere() -> None:
    by_language = {"swh_Latn": 2.0, "tam_Taml": 5.0, "fin_Latn": 4.0}
    trial = tried(lambda true, language: by_language[language])
    assert set(trial.withheld(FLOOR)) == set(LANGUAGES)
    assert {one.auc_hard for one in trial.found(4.0).values()} == {0.5}


@pytest.mark.parametrize("languages", [LANGUAGES[:1], LANGUAGES])
def test_a_judge_that_guesses_passes_less_than_once_in_a_hundred_runs(languages: tuple[str, ...]) -> None:
    passed = sum(len(tried(guessing(seed), languages).withheld(FLOOR)) < len(languages) for seed in range(1000))
    assert passed < 10


@pytest.mark.parametrize("pairs", [1, 3, 5, 8, 12])
def test_few_pairs_do_not_let_one_pass_that_guesses(pairs: int) -> None:
    passed = sum(not tried(guessing(seed), LANGUAGES[:1], pairs).withheld(FLOOR) for seed in range(1000))
    assert passed < 20


def test_a_good_judge_with_noise_is_trusted() -> None:
    withheld = [bool(tried(noisy(seed)).withheld(FLOOR)) for seed in range(200)]
    assert sum(withheld) <= 2


def test_too_few_pairs_are_said_to_be_too_few() -> None:
    told = tried(lambda true, language: 5.0 if true else 1.0, LANGUAGES[:1], 3).withheld(FLOOR)
    assert "3 pairs and 3 hard controls are too few" in told["swh_Latn"]
    assert tried(lambda true, language: 5.0 if true else 1.0, LANGUAGES[:1], 6).withheld(FLOOR) == {}


def test_a_judge_that_is_lost_in_one_language_is_withheld_there_alone() -> None:
    good, lost = noisy(1), guessing(2)
    trial = tried(lambda true, language: (lost if language == "tam_Taml" else good)(true, language))
    told = trial.withheld(FLOOR)
    assert list(told) == ["tam_Taml"]
    assert told["tam_Taml"].startswith("Tamil: the judge cannot tell good pairs from wrong ones (AUC 0.")


def test_a_good_language_is_not_withheld_for_many_in_which_the_judge_is_lost() -> None:
    languages = tuple(f"x{letter}{letter}_Latn" for letter in "abcdefghij")
    good, lost = noisy(6), guessing(7)
    trial = tried(lambda true, language: (good if language < "xdd" else lost)(true, language), languages)
    assert trial.found(4.0)[ALL].auc_hard < FLOOR
    assert list(trial.withheld(FLOOR)) == list(languages[3:])


def test_answers_that_failed_are_left_out_and_counted() -> None:
    good = noisy(3)
    silent = iter(range(10_000))
    trial = tried(lambda true, language: None if next(silent) % 5 == 0 else good(true, language))
    found = trial.found(4.0)
    assert found[ALL].unknown == sum(found[language].unknown for language in LANGUAGES) > 0
    assert found[ALL].pairs + found[ALL].hard + found[ALL].easy + found[ALL].unknown == 3 * 60
    assert trial.withheld(FLOOR) == {}


def test_a_language_in_which_most_answers_failed_is_withheld() -> None:
    good = noisy(4)
    turns = iter(range(10_000))

    def judge(true: bool, language: str) -> float | None:
        return None if language == "fin_Latn" and next(turns) % 3 else good(true, language)

    assert tried(judge).withheld(FLOOR) == {"fin_Latn": "Finnish: the judge gave no usable answer to 40 of 60 pairs"}


def test_a_judge_that_never_answers_is_withheld() -> None:
    trial = tried(lambda true, language: None)
    assert set(trial.withheld(FLOOR)) == set(LANGUAGES)
    assert trial.found(4.0)[ALL].auc_hard is None
    assert trial.found(4.0)[ALL].precision is None


def test_nothing_heard_is_nothing_found() -> None:
    assert Trial().found(4.0) == {}
    assert Trial().withheld(FLOOR) == {}


@pytest.mark.parametrize("seed", range(5))
def test_the_figures_are_those_of_scikit_learn(seed: int) -> None:
    luck = random.Random(seed)
    trial, heard = Trial(), []
    for number in range(40):
        for kind in ("pair", "neighbour", "generic"):
            value = float(luck.randint(2, 5) if kind == "pair" else luck.randint(1, 4))
            heard.append((kind, value))
            if kind == "pair":
                trial.hear_pair("swh_Latn", str(number), value)
            else:
                trial.hear_control("swh_Latn", kind == "neighbour", kind, str(number), value)
    found = trial.found(3.0)["swh_Latn"]
    for kind, auc in (("neighbour", found.auc_hard), ("generic", found.auc_easy)):
        both = [(one == "pair", value) for one, value in heard if one in ("pair", kind)]
        assert auc == pytest.approx(roc_auc_score(*zip(*both, strict=True)), abs=1e-4)
    truth = [one == "pair" for one, _ in heard if one != "generic"]
    kept = [value >= 3 for one, value in heard if one != "generic"]
    assert found.precision == pytest.approx(precision_score(truth, kept), abs=1e-4)
    assert found.recall == pytest.approx(recall_score(truth, kept), abs=1e-4)
    assert trial.found(3.0)[ALL].by_kind == {"neighbour": found.auc_hard, "generic": found.auc_easy}


def test_a_language_of_which_little_was_heard_is_drawn_towards_all() -> None:
    trial = tried(lambda true, language: 5.0 if true else 1.0, ("swh_Latn",), 24)
    for number in range(8):
        trial.hear_pair("tam_Taml", str(number), 3.0)
        trial.hear_control("tam_Taml", True, "neighbour", str(number), 3.0)
    trial.hear_pair("fin_Latn", "1", 3.0)
    found = trial.found(4.0)
    over_all = (24 * 1.0 + 8 * 0.5) / 32
    assert found[ALL].auc_hard == pytest.approx(over_all, abs=1e-4)
    assert found["tam_Taml"].auc_drawn == pytest.approx((8 * 0.5 + 16 * over_all) / 24, abs=1e-4)
    assert found["fin_Latn"].auc_drawn == found[ALL].auc_hard
    assert list(found) == ["fin_Latn", "swh_Latn", "tam_Taml", ALL]


def test_languages_that_were_not_tried_are_told_and_trusted_as_all_that_were() -> None:
    trial = tried(noisy(1))
    found = trial.found(4.0, ["deu_Latn"])
    assert list(found) == ["deu_Latn", *sorted(LANGUAGES), ALL]
    assert (found["deu_Latn"].auc_hard, found["deu_Latn"].auc_drawn) == (None, found[ALL].auc_hard)
    assert trial.elsewhere(FLOOR) == ""
    assert trial.elsewhere(0.999).startswith("not tried; the judge cannot tell good pairs from wrong ones")
    assert Trial().elsewhere(FLOOR) == "not tried; the judge could not be tried on hard controls"


def test_order_and_repetition_make_no_difference_and_a_trial_travels() -> None:
    trial = tried(noisy(5))
    again = Trial()
    heard = trial.to_json()["heard"]
    random.Random(1).shuffle(heard)
    for language, kind, hard, of, value in [*heard, *heard[:50]]:
        if kind == "pair":
            again.hear_pair(language, of, value)
        else:
            again.hear_control(language, hard, kind, of, value)
    assert again.found(4.0) == trial.found(4.0)
    assert again.to_json() == trial.to_json()
    assert Trial.from_json(json.loads(json.dumps(trial.to_json()))) == trial
    assert pickle.loads(pickle.dumps(trial)).found(4.0) == trial.found(4.0)
    json.dumps({language: dataclasses.asdict(one) for language, one in trial.found(4.0).items()}, allow_nan=False)


def competence(kept: int = 0, failed: int = 0, **dropped: int) -> Competence:
    heard = Competence()
    heard.hear("swh_Latn", kept, dropped, failed)
    return heard


def test_a_writer_that_skips_nearly_everything_is_withheld() -> None:
    assert competence(kept=2, nothing_to_ask=38).withheld() == {
        "swh_Latn": "Swahili: the writer found nothing to ask in 38 of 40 passages"
    }
    assert competence(kept=4, nothing_to_ask=36).withheld() == {}
    assert competence(kept=0, nothing_to_ask=19).withheld() == {}


def test_a_writer_whose_instructions_are_mostly_refused_is_withheld() -> None:
    heard = competence(kept=10, not_english=8, leaked_prompt=4, nothing_to_ask=10)
    assert heard.withheld() == {"swh_Latn": "Swahili: 12 of the writer's 22 instructions could not be used"}
    assert heard.withheld(highest_kept_refused=0.6) == {}
    assert heard.found()["swh_Latn"]["refused"] == {"leaked_prompt": 4, "not_english": 8}


def test_passages_on_which_the_writer_failed_say_nothing_of_what_it_can_do() -> None:
    heard = competence(kept=30, failed=500, nothing_to_ask=5)
    assert heard.withheld() == {}
    assert heard.found()["swh_Latn"]["asked"] == 535


@pytest.mark.parametrize(
    ("choices", "hits", "is_withheld"), [(50, 2, True), (50, 3, False), (3, 26, True), (3, 27, False)]
)
def test_instructions_that_do_not_pick_out_their_passages_are_withheld(
    choices: int, hits: int, is_withheld: bool
) -> None:
    heard = Competence()
    for number in range(40):
        heard.hear_retrieval("swh_Latn", number < hits, choices)
    assert bool(heard.withheld()) == is_withheld
    assert heard.found()["swh_Latn"]["retrieval_hits"] == hits


def test_counts_of_parts_add_up_and_travel() -> None:
    heard = competence(kept=3, not_english=1)
    heard.hear("swh_Latn", 4, {"not_english": 2, "nothing_to_ask": 5}, 1)
    heard.hear_retrieval("fin_Latn", True, 4)
    assert heard.found()["swh_Latn"] == {
        "asked": 16, "kept": 7, "failed": 1, "skipped": 5, "refused": {"not_english": 3},
        "retrieval_hits": 0, "retrieval_tries": 0, "retrieval_by_chance": 0.0,
    }  # fmt: skip
    assert heard.found()["fin_Latn"]["retrieval_by_chance"] == 0.25
    assert Competence.from_json(json.loads(json.dumps(heard.to_json()))) == heard
    assert pickle.loads(pickle.dumps(heard)) == heard
