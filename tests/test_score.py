"""The score stage with the rules judge: seven marks, their reasons, and which pairs are dropped for them."""

import json
from typing import Any

import pytest

from tests.golden import Case, cases
from xinstruct import prompts
from xinstruct.candidate import COLUMNS, Candidate, Dropped, Failed, Kept
from xinstruct.question import Question
from xinstruct.stages import score
from xinstruct.tools import rules

_KNOWN = ("language", "instruction", "task", "style", "context", "title", "host", "lid_purity")


def candidate_of(case: Case) -> Candidate:
    columns = {name: case.known[name] for name in _KNOWN if name in case.known}
    return Candidate(id=case.name, response=case.passage, **columns)


def asked(candidate: Candidate) -> Question:
    question = next(score.talk(candidate, score.Settings()))
    assert isinstance(question, Question)
    return question


def outcome(
    candidate: Candidate, settings: score.Settings, reply: dict[str, Any] | None = None
) -> Kept | Dropped | Failed:
    talk = score.talk(candidate, settings)
    question = next(talk)
    assert isinstance(question, Question)
    raw = reply or rules.answer(question)
    with pytest.raises(StopIteration) as end:
        talk.send(question.answer.model_validate_json(json.dumps(raw)))
    fate: Kept | Dropped | Failed = end.value.value
    return fate


GOLDEN = cases("score")
SAMPLE_LANGUAGES = (
    "swh_Latn", "fin_Latn", "ind_Latn", "tha_Thai", "tur_Latn", "vie_Latn", "ben_Beng", "hin_Deva",
    "tam_Taml", "urd_Arab", "tel_Telu", "mar_Deva", "npi_Deva", "isl_Latn", "eus_Latn", "tgl_Latn",
)  # fmt: skip
GOOD = dict.fromkeys(score.MARKS, 1.0)
PAIR = Candidate(
    id="a", language="swh_Latn", response="Maji ni uhai.", instruction="What is water?", task="define_term"
)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_case(case: Case) -> None:
    fate, expect = outcome(candidate_of(case), score.Settings()), case.expect
    made = fate.candidate
    marks = {mark: getattr(made, f"score_{mark}") for mark in score.MARKS}
    if "dropped" in expect:
        assert isinstance(fate, Dropped), marks
        assert fate.reason == expect["dropped"], (fate.reason, marks)
    elif expect.get("kept"):
        assert isinstance(fate, Kept), fate
    for mark, wanted in expect.get("marks", {}).items():
        assert marks[mark] < float(wanted[1:]) if str(wanted).startswith("<") else marks[mark] == wanted


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_every_mark_under_one_has_a_reason(case: Case) -> None:
    made = outcome(candidate_of(case), score.Settings()).candidate
    low = [mark for mark in score.MARKS if getattr(made, f"score_{mark}") < 1]
    assert [reason.split(":")[0] for reason in made.score_reasons] == low


def test_golden_cases_cover_every_reason_but_the_last() -> None:
    fates = [outcome(candidate_of(case), score.Settings()) for case in GOLDEN]
    assert {fate.reason for fate in fates if isinstance(fate, Dropped)} >= set(score.REASONS) - {"low_score"}
    assert len({candidate_of(case).language for case in GOLDEN}) >= 10


def test_thresholds_are_no_part_of_the_question() -> None:
    strict = score.Settings(lowest_kept=0.99, lowest_kept_clean=1)
    assert next(score.talk(PAIR, strict)) == asked(PAIR)


def test_one_low_mark_drops_the_pair_for_its_own_reason() -> None:
    for mark, reason in zip(score.MARKS, score.REASONS, strict=False):
        fate = outcome(PAIR, score.Settings(), {**GOOD, mark: 0.1, "reasons": [f"{mark}: so it is"]})
        assert isinstance(fate, Dropped)
        assert (fate.reason, fate.detail) == (reason, f"{mark}: so it is")


def test_many_middling_marks_make_a_low_score() -> None:
    middling = dict.fromkeys(score.MARKS, 0.75)
    fate = outcome(PAIR, score.Settings(), middling)
    assert isinstance(fate, Dropped)
    assert fate.reason == "low_score"
    assert isinstance(outcome(PAIR, score.Settings(lowest_kept=0.7), middling), Kept)


def test_overall_is_pulled_down_by_one_bad_mark() -> None:
    assert score.overall([1.0] * 7) == 1.0
    assert score.overall([1.0] * 6 + [0.0]) < 0.7 < score.overall([1.0] * 6 + [0.5])


def test_every_mark_is_a_column() -> None:
    assert set(score.WRITES) <= set(COLUMNS)
    made = outcome(PAIR, score.Settings(), GOOD).candidate
    assert all(getattr(made, column) is not None for column in score.WRITES)
    assert made.trail == ["score"]


def test_candidates_that_are_no_pairs_pass_unasked() -> None:
    preference = Candidate(kind="preference")
    with pytest.raises(StopIteration) as end:
        next(score.talk(preference, score.Settings()))
    assert end.value.value == Kept(preference)


def test_marks_outside_their_range_do_not_fit() -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        score.Marks.model_validate({**GOOD, "start": 5})


def test_rules_refuse_a_prompt_they_have_no_rules_for() -> None:
    with pytest.raises(ValueError, match="needs a model"):
        rules.answer(Question("policy", "evolve", {}, score.Marks))


def test_phrase_tables_know_the_languages_of_the_sample() -> None:
    for label in SAMPLE_LANGUAGES:
        assert len(prompts.table("mid_thought")[label]["continuing"]) >= 10
        assert len(prompts.table("boilerplate")[label]) >= 10
        assert prompts.table("story_openings")[label]
