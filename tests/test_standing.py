"""What judges, good and bad, come to stand for in each language, and how pairs are decided by it."""

import json
import pickle
import random
from collections.abc import Callable, Sequence

import pytest

from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.publish import card_trial
from xinstruct.stages import score
from xinstruct.tools.controls import HARD, Control
from xinstruct.tools.standing import Standing, Tried

LANGUAGES = ("swh_Latn", "fin_Latn", "tam_Taml")
Judge = Callable[[Tried], float | None]


def tried(language: str, n: int, *, true: bool) -> Tried:
    pair = Candidate(id=f"{language}-{n}", language=language, instruction="Tell.", response="Neno.")
    if true:
        return Tried(pair, None, 25)
    kind = HARD[n % len(HARD)]
    wrong = pair.change(id=f"{kind}-{pair.id}", parent_id=pair.id)
    return Tried(wrong, Control(kind, True, pair.id, wrong))


ALL_TRIED = [tried(language, n, true=true) for language in LANGUAGES for n in range(24) for true in (True, False)]


def judged(one: Tried, value: float | None) -> Kept | Failed:
    if value is None:
        return Failed(one.candidate, "reply_misfit")
    return Kept(one.candidate.change(score_rating=value, score_overall=0.9))


def after_trial(judge: Judge, settings: score.Settings | None = None, order: Sequence[Tried] = ALL_TRIED) -> Standing:
    standing = Standing(settings or score.Settings())
    for one in order:
        standing.hear(one, judged(one, judge(one)))
    return standing


def good(one: Tried) -> float:
    noise = random.Random(one.candidate.id).gauss(0, 0.5)
    return max(1.0, min(5.0, (4.5 if one.control is None else 3.2) + noise))


def pair(language: str, n: int, overall: float, gain: float | None = None, hit: float | None = None) -> Kept:
    return Kept(
        Candidate(
            id=f"{language}{n}",
            language=language,
            score_overall=overall,
            score_rating=4.0,
            score_likelihood_near=gain,
            score_retrieval=hit,
        )
    )


def fates(standing: Standing, outcomes: Sequence[Kept]) -> list[str]:
    decided = [standing.decide(one.candidate) for one in outcomes]
    return [one.reason if isinstance(one, Dropped) else "kept" for one in decided]


def weighed(standing: Standing, outcomes: Sequence[Kept | Dropped | Failed]) -> Standing:
    for one in outcomes:
        standing.weigh(one)
    return standing


def by_chance(one: Tried) -> float:
    return random.Random(f"die {one.candidate.id}").uniform(1, 5)


@pytest.mark.parametrize(
    "judge",
    [
        lambda _: 5.0,
        lambda one: {"swh_Latn": 5.0, "fin_Latn": 3.0, "tam_Taml": 1.0}[one.candidate.language],
        by_chance,
        lambda one: 5.0 if one.control else 2.0,
        lambda _: None,
    ],
    ids=["always five", "always the same in a language", "random", "the wrong way round", "never an answer that fits"],
)
def test_a_bad_judge_is_found_out_and_every_language_withheld(judge: Judge) -> None:
    standing = after_trial(judge)
    assert standing.withheld().keys() == set(LANGUAGES)
    said = " ".join(standing.sentences())
    assert "withhold: false" in said
    assert "judge" in said
    for language in (*LANGUAGES, "deu_Latn"):
        candidate = pair(language, 1, 1.0).candidate
        refused = standing.refusal(candidate)
        assert refused is not None
        assert refused.reason == "judge_not_trusted"
        assert refused == standing.decide(candidate)


def test_a_good_judge_with_noise_is_trusted_and_its_figures_told() -> None:
    standing = after_trial(good)
    assert standing.withheld() == {}
    assert standing.refusal(pair("swh_Latn", 1, 0.0).candidate) is None
    found = standing.found()
    assert found["judged_by"] == "model"
    assert found["judge"]["all"]["auc_hard"] > 0.9
    assert set(found["judge"]) == {*LANGUAGES, "all"}
    assert "AUC of 0.9" in standing.sentences()[0]
    assert len(standing.sentences()) == 1
    json.dumps(found)


def test_a_judge_that_fails_in_one_language_is_withheld_there_and_named() -> None:
    standing = after_trial(lambda one: 5.0 if one.candidate.language == "tam_Taml" else good(one))
    assert standing.withheld().keys() == {"tam_Taml"}
    assert any("Tamil" in sentence for sentence in standing.sentences())
    outcomes = [pair(language, 1, 1.0) for language in LANGUAGES]
    assert fates(weighed(standing, outcomes), outcomes) == ["kept", "kept", "judge_not_trusted"]
    assert standing.found()["withheld"]["tam_Taml"]["reason"] == "judge_not_trusted"
    assert standing.found()["not_trusted"] == {}
    assert standing.refusal(Candidate(kind="preference", language="tam_Taml")) is None


def test_told_otherwise_nothing_is_withheld_but_it_is_said() -> None:
    standing = after_trial(lambda _: 5.0, score.Settings(withhold=False))
    assert standing.withheld() == {}
    outcomes = [pair("swh_Latn", 1, 1.0)]
    assert fates(weighed(standing, outcomes), outcomes) == ["kept"]
    said = " ".join(standing.sentences())
    assert "cannot tell good pairs from wrong ones" in said
    assert "kept all the same" in said
    told = standing.found()
    assert told["withheld"] == {}
    assert told["not_trusted"].keys() == set(LANGUAGES)
    assert "cannot tell good pairs" in told["not_trusted"]["swh_Latn"]["because"]


def test_where_rules_judge_the_trial_is_told_of_and_nothing_withheld() -> None:
    standing = Standing(score.Settings())
    for one in ALL_TRIED:
        standing.hear(one, Kept(one.candidate.change(score_overall=0.9)))
    standing.tell_writer({"swh_Latn": {"kept": 1, "nothing_to_ask": 99}})
    assert standing.withheld() == {}
    assert standing.found()["judged_by"] == "rules"
    assert "AUC of 0.50" in standing.sentences()[0]
    assert "provisional" in standing.sentences()[0]


@pytest.mark.parametrize("heard", [ALL_TRIED, []], ids=["tried", "nothing could be tried"])
def test_where_rules_judge_neither_judge_nor_writer_costs_a_language(heard: Sequence[Tried]) -> None:
    standing = Standing(score.Settings())
    for one in heard:
        standing.hear(one, Kept(one.candidate.change(score_overall=0.9)))
    standing.tell_writer({language: {"kept": 1, "nothing_to_ask": 99} for language in LANGUAGES})
    outcomes = [Kept(pair(language, 1, 1.0, hit=0.0).candidate.change(score_rating=None)) for language in LANGUAGES]
    assert [standing.refusal(one.candidate) for one in outcomes] == [None] * 3
    assert fates(weighed(standing, outcomes * 60), outcomes) == ["kept"] * 3
    told = standing.found()
    assert (told["judged_by"], told["withheld"], told["not_trusted"]) == ("rules", {}, {})


def test_a_model_of_which_nothing_was_heard_is_trusted_nowhere() -> None:
    for withhold in (True, False):
        standing, outcomes = Standing(score.Settings(withhold=withhold)), [pair("swh_Latn", 1, 1.0)]
        assert standing.refusal(outcomes[0].candidate) is None, "nobody knows yet who judges"
        weighed(standing, outcomes)
        assert fates(standing, outcomes) == ["judge_not_trusted" if withhold else "kept"]
        said, told = standing.sentences(), standing.found()
        assert said[:2] == [
            "The judge could not be tried: there is no answer about a hard control.",
            "The judge was not tried in Swahili: the rules refuse all pairs that were drawn.",
        ]
        assert told["withheld" if withhold else "not_trusted"] == {
            "swh_Latn": {
                "reason": "judge_not_trusted",
                "because": "Swahili: not tried; the judge could not be tried on hard controls",
            }
        }
        assert told["judge"]["swh_Latn"]["auc_hard"] is None


def test_a_language_that_was_not_tried_follows_all_that_were() -> None:
    outcomes = [pair(language, 1, 1.0) for language in (*LANGUAGES, "deu_Latn")]
    trusted = weighed(after_trial(good), outcomes)
    assert fates(trusted, outcomes) == ["kept"] * 4
    assert "The judge was not tried in German: the rules refuse all pairs that were drawn." in trusted.sentences()
    shown = trusted.found()["judge"]
    assert (shown["deu_Latn"]["pairs"], shown["deu_Latn"]["auc_drawn"]) == (0, shown["all"]["auc_drawn"])
    low = weighed(after_trial(lambda one: good(one) if one.candidate.language == "fin_Latn" else 5.0), outcomes)
    assert low.refusal(outcomes[3].candidate) == low.decide(outcomes[3].candidate)
    assert fates(low, outcomes)[1::2] == ["kept", "judge_not_trusted"]


def test_the_fault_of_the_only_tried_language_is_no_reason_in_another() -> None:
    turns = iter(range(10_000))
    only = [one for one in ALL_TRIED if one.candidate.language == "tam_Taml"]
    standing = after_trial(lambda one: None if next(turns) % 5 > 1 else good(one), order=only)
    assert "no usable answer" in standing.withheld()["tam_Taml"]
    refused = standing.refusal(pair("deu_Latn", 1, 1.0).candidate)
    assert refused is not None
    assert refused.detail.startswith("German: not tried; where the judge was, it is not trusted (AUC ")
    assert refused == weighed(standing, [refused]).decide(refused.candidate)
    assert standing.found()["withheld"]["deu_Latn"]["because"] == refused.detail
    assert "all" not in standing.found()["withheld"]


def test_a_writer_that_finds_nothing_to_ask_is_withheld_before_anything_is_paid() -> None:
    standing = after_trial(good)
    standing.tell_writer({"fin_Latn": {"kept": 2, "nothing_to_ask": 98}, "swh_Latn": {"kept": 90, "failed": 10}})
    assert standing.withheld().keys() == {"fin_Latn"}
    refused = standing.refusal(pair("fin_Latn", 1, 1.0).candidate)
    assert refused is not None
    assert refused.reason == "writer_not_trusted"
    assert any("Finnish" in sentence for sentence in standing.sentences())


def test_a_writer_whose_instructions_pick_out_nothing_is_withheld_at_the_end_not_midway() -> None:
    standing = after_trial(good)
    lost = [pair("swh_Latn", n, 1.0, hit=0.0) for n in range(60)]
    found = [pair("fin_Latn", n, 1.0, hit=1.0) for n in range(60)]
    weighed(standing, lost + found)
    assert standing.refusal(lost[0].candidate) is None
    assert fates(standing, [lost[0], found[0]]) == ["writer_not_trusted", "kept"]
    assert standing.found()["writer"]["swh_Latn"]["retrieval_tries"] == 60
    assert standing.found()["writer"]["swh_Latn"]["retrieval_by_chance"] == pytest.approx(60 / 25)


def test_the_threshold_is_a_languages_own_quantile_and_never_under_the_floor() -> None:
    high = [pair("swh_Latn", n, round(0.9 + n / 1000, 4)) for n in range(100)]
    low = [pair("fin_Latn", n, round(0.7 + n / 500, 4)) for n in range(100)]
    standing = weighed(after_trial(good), high + low)
    assert fates(standing, high) == ["low_score"] * 5 + ["kept"] * 95
    assert fates(standing, low) == ["low_score"] * 50 + ["kept"] * 50
    thresholds = standing.found()["thresholds"]
    assert [thresholds[language]["overall"] for language in ("swh_Latn", "fin_Latn")] == [0.905, 0.8]
    assert standing.decide(pair("deu_Latn", 1, 0.79).candidate) == Dropped(
        pair("deu_Latn", 1, 0.79).candidate, "low_score", "0.7900, lowest kept 0.8000"
    )


def test_rows_at_the_threshold_stay() -> None:
    tied = [pair("swh_Latn", n, 0.9) for n in range(50)] + [pair("swh_Latn", n, 1.0) for n in range(50, 100)]
    assert set(fates(weighed(after_trial(good), tied), tied)) == {"kept"}
    mostly = [pair("swh_Latn", 0, 0.85), *(pair("swh_Latn", n, 0.9) for n in range(1, 100))]
    assert fates(weighed(after_trial(good), mostly), mostly) == ["low_score"] + ["kept"] * 99
    few = [pair("swh_Latn", n, 0.81 + n / 100) for n in range(10)]
    assert set(fates(weighed(after_trial(good), few), few)) == {"kept"}


def test_no_share_dropped_leaves_the_floor_alone() -> None:
    outcomes = [pair("swh_Latn", n, 0.8 + n / 1000) for n in range(100)]
    standing = weighed(after_trial(good, score.Settings(share_dropped=0)), outcomes)
    assert set(fates(standing, outcomes)) == {"kept"}


def test_a_text_that_its_own_instruction_makes_less_likely_is_dropped() -> None:
    outcomes = [pair("swh_Latn", n, 1.0, gain=0.1 + n / 100) for n in range(95)]
    unlikely = [pair("swh_Latn", 100 + n, 1.0, gain=-0.2) for n in range(10)]
    unknown = [pair("swh_Latn", 200, 1.0)]
    standing = weighed(after_trial(good), outcomes + unlikely + unknown)
    assert set(fates(standing, outcomes + unknown)) == {"kept"}
    assert set(fates(standing, unlikely)) == {"unlikely"}
    assert standing.found()["thresholds"]["swh_Latn"]["likelihood"] == 0


def test_likelihood_decides_nothing_in_a_language_in_which_it_cannot_tell() -> None:
    told = [pair("swh_Latn", n, 1.0, gain=0.5) for n in range(100)]
    guessed = [pair("tam_Taml", n, 1.0, gain=random.Random(n).gauss(0, 0.1)) for n in range(100)]
    standing = weighed(after_trial(good), told + guessed)
    assert set(fates(standing, guessed)) == {"kept"}
    assert any("Likelihood drops nothing" in one and "Tamil (" in one for one in standing.sentences())
    assert standing.found()["thresholds"]["tam_Taml"]["likelihood"] is None


def test_dropped_and_failed_pairs_count_for_no_threshold() -> None:
    kept = [pair("swh_Latn", n, 0.9) for n in range(20)]
    low = pair("swh_Latn", 99, 0.81).candidate
    gone = [Dropped(low, "too_generic"), Failed(low, "timed_out")]
    assert weighed(after_trial(good), kept + gone).found()["thresholds"]["swh_Latn"]["pairs"] == 20


def test_order_does_not_matter() -> None:
    outcomes = [
        pair(LANGUAGES[n % 3], n, 0.7 + n % 29 / 100, gain=n % 7 / 10 - 0.1, hit=float(n % 3 > 0)) for n in range(300)
    ]
    whole = weighed(after_trial(good), outcomes)
    told = random.Random(1)
    shuffled = weighed(after_trial(good, order=told.sample(ALL_TRIED, len(ALL_TRIED))), told.sample(outcomes, 300))
    assert whole.found() == shuffled.found()
    assert whole.sentences() == shuffled.sentences()
    assert fates(whole, outcomes) == fates(shuffled, outcomes)


def test_a_standing_travels_to_other_processes_and_stays_small() -> None:
    outcomes = [pair(LANGUAGES[n % 3], n, n % 1000 / 1000, gain=n % 100 / 100) for n in range(30_000)]
    standing = weighed(after_trial(good), outcomes)
    sent = pickle.dumps(standing)
    assert len(sent) < 100_000
    there = pickle.loads(sent)
    assert there.found() == standing.found()
    assert fates(there, outcomes[:500]) == fates(standing, outcomes[:500])


def test_nothing_is_said_where_nothing_was_tried() -> None:
    standing = Standing(score.Settings())
    assert standing.sentences() == []
    assert standing.withheld() == {}
    assert standing.found()["judge"] == {}


def test_the_last_row_of_the_judges_table_is_that_of_all_languages() -> None:
    rows = card_trial.judge_rows(after_trial(good).found())
    assert [row[0] for row in rows][-1] == "all"
    assert "Swahili" in [row[0] for row in rows]
