"""Each language is evened out over its topics and hosts within its budget, whatever the parts and the buckets."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus_wide import outcomes_of
from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.pipeline.exchange import Bucket
from xinstruct.recipe import RecipeError, checked
from xinstruct.stages import diversify
from xinstruct.tools.embedder import Topics
from xinstruct.tools.embedder.tfidf import Tfidf
from xinstruct.tools.provenance import domain_of
from xinstruct.tools.wording import wording

THINGS = {
    "cooking": [
        "soup with lentils",
        "bread without yeast",
        "rice and coconut",
        "fried plantain",
        "stew of cassava leaves",
    ],
    "health": [
        "malaria in children",
        "vaccination of infants",
        "high blood pressure",
        "clean water and cholera",
        "a cough",
    ],
    "football": [
        "the cup final",
        "a goalkeeper's career",
        "the league table",
        "a penalty in overtime",
        "the coach's plan",
    ],
}
WAYS = {
    "cooking": "How do I cook {}? Give the recipe and the ingredients.",
    "health": "What should patients and doctors know about {}? Explain treatment and prevention.",
    "football": "Write a match report for football fans about {} and the players.",
}


def rows(counts: Mapping[str, int], language: str = "swh_Latn", begin: int = 0, **columns: Any) -> list[Candidate]:
    """So many instructions of each topic; the topic is kept in `task`, where the stage does not look."""
    made = []
    for topic, count in counts.items():
        for _ in range(count):
            number = begin + len(made)
            text = WAYS[topic].format(THINGS[topic][number % 5]) + f" (Part {number % 7})"
            given = {"id": f"{number:032x}", "host": f"h{number % 9}.example", **columns}
            made.append(Candidate(instruction=text, language=language, response=f"Jibu {number}", task=topic, **given))
    return made


def diversified(
    candidates: Sequence[Candidate], folder: Path, parts: int = 1, buckets: int = 3, **settings: Any
) -> dict[str, Outcome]:
    """Outcomes by id; checks that nothing is lost and that reasons are listed."""
    spread = {f"{n:05d}": candidates[n::parts] for n in range(parts)}
    made = outcomes_of(diversify, spread, diversify.Settings(**settings), folder, buckets)
    for part, given in spread.items():
        assert [o.candidate.id for o in made[part]] == [c.id for c in given]
    outcomes = {o.candidate.id: o for part in made.values() for o in part}
    assert {o.reason for o in outcomes.values() if isinstance(o, Dropped)} <= set(diversify.REASONS)
    return outcomes


def kept(outcomes: Mapping[str, Outcome]) -> list[Candidate]:
    return [outcome.candidate for outcome in outcomes.values() if isinstance(outcome, Kept)]


def reasons(outcomes: Mapping[str, Outcome]) -> Counter[str]:
    return Counter(outcome.reason for outcome in outcomes.values() if isinstance(outcome, Dropped))


def test_a_budget_is_shared_evenly_by_what_is_said(tmp_path: Path):
    candidates = rows({"cooking": 150, "health": 30, "football": 20})
    outcomes = diversified(candidates, tmp_path, rows_per_language=60)
    said = Counter(str(c.instruction).partition(" (Part")[0] for c in kept(outcomes))
    assert set(said.values()) == {4}  # five things of each topic, whatever many rows say them
    assert reasons(outcomes) == {"over_budget": 140}


def test_topics_are_numbered_by_language_from_the_largest(tmp_path: Path):
    candidates = rows({"cooking": 40, "health": 20}) + rows({"football": 9}, "tam_Taml", begin=100)
    outcomes = diversified(candidates, tmp_path, topics_per_language=2)
    assert {o.candidate.topic_id for o in outcomes.values()} == {
        f"{x}-0{n}" for x in ("swh_Latn", "tam_Taml") for n in (0, 1)
    }
    assert all(str(o.candidate.topic_id).startswith(o.candidate.language) for o in outcomes.values())
    by_topic = Counter(o.candidate.topic_id for o in outcomes.values())
    assert by_topic["swh_Latn-00"] >= by_topic["swh_Latn-01"]


def test_the_better_rows_of_a_topic_come_first(tmp_path: Path):
    candidates = [c.change(score_overall=(n * 7 % 50) / 50) for n, c in enumerate(rows({"health": 50}))]
    settings = {"rows_per_language": 10, "topics_per_language": 1}
    outcomes = diversified(candidates, tmp_path / "half", **settings)
    assert min(c.score_overall or 0 for c in kept(outcomes)) >= 0.5  # of the better half, those far from each other
    best = kept(diversified(candidates, tmp_path / "best", share_of_best=0.01, **settings))
    assert max(c.score_overall or 0 for c in best) == 0.98


def test_of_rows_that_are_equally_good_those_far_from_each_other_are_taken(tmp_path: Path):
    many = [c.change(instruction="How do I cook rice and coconut?") for c in rows({"cooking": 30})]
    others = rows({"health": 5, "football": 5}, begin=100)
    outcomes = diversified([*many, *others], tmp_path, rows_per_language=11, topics_per_language=1)
    assert Counter(c.task for c in kept(outcomes)) == {"cooking": 1, "health": 5, "football": 5}


def test_rows_without_a_score_come_after_those_with_one(tmp_path: Path):
    candidates = [c.change(score_overall=0.0 if n % 2 else None) for n, c in enumerate(rows({"health": 20}))]
    outcomes = diversified(candidates, tmp_path, rows_per_language=10, topics_per_language=1)
    assert {c.score_overall for c in kept(outcomes)} == {0.0}


def test_a_host_gets_no_more_than_its_share(tmp_path: Path):
    candidates = rows({"cooking": 200, "health": 100}, host="big.example") + rows({"football": 60}, begin=1000)
    outcomes = diversified(candidates, tmp_path, largest_host_share=0.5)
    hosts = Counter(c.host for c in kept(outcomes))
    assert hosts["big.example"] == 60 == hosts.total() - 60
    assert reasons(outcomes) == {"host_quota": 240}
    assert all(o.detail == "big.example" for o in outcomes.values() if isinstance(o, Dropped))
    by_topic = Counter(c.task for c in kept(outcomes) if c.host == "big.example")
    assert by_topic["health"] >= 20  # what the host gives is evened out as well


def test_the_share_holds_within_a_budget(tmp_path: Path):
    candidates = rows({"cooking": 200}, host="big.example") + rows({"football": 60}, begin=1000)
    hosts = Counter(
        c.host for c in kept(diversified(candidates, tmp_path, rows_per_language=40, largest_host_share=0.25))
    )
    assert hosts.total() == 40
    assert hosts["big.example"] <= 10


@pytest.mark.parametrize("hosts", [1, 2])
def test_a_language_of_one_or_two_hosts_loses_nothing(hosts: int, tmp_path: Path):
    candidates = [c.change(host=f"h{int(n % 10 == 0) % hosts}.example") for n, c in enumerate(rows({"cooking": 100}))]
    assert not reasons(diversified(candidates, tmp_path, largest_host_share=0.1))


def test_a_small_language_loses_nothing(tmp_path: Path):
    candidates = rows({"cooking": 20}, host="big.example") + rows({"football": 5}, begin=1000)
    assert not reasons(diversified(candidates, tmp_path / "free", largest_host_share=0.1))
    assert not reasons(diversified(candidates, tmp_path / "budget", largest_host_share=0.1, rows_per_language=500))


def test_rows_without_a_host_fall_under_no_quota(tmp_path: Path):
    candidates = rows({"cooking": 300}, host=None) + rows({"football": 60}, begin=1000)
    assert not reasons(diversified(candidates, tmp_path, largest_host_share=0.1))


def test_what_is_no_pair_or_has_no_instruction_passes_without_a_topic(tmp_path: Path):
    others = [
        Candidate(id="a", kind="conversation", instruction="Tell me more."),
        Candidate(id="b", response="maandishi"),
    ]
    outcomes = diversified([*others, *rows({"health": 5})], tmp_path, rows_per_language=1)
    assert {c.id: c.topic_id for c in kept(outcomes) if c.id in "ab"} == {"a": None, "b": None}
    assert reasons(outcomes) == {"over_budget": 4}


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_handful_of_rows_is_kept(count: int, tmp_path: Path):
    outcomes = diversified(rows({"health": count}), tmp_path, parts=2)
    assert len(kept(outcomes)) == count
    assert all(o.candidate.topic_id is not None for o in outcomes.values())


def test_rows_that_all_say_the_same_are_one_topic(tmp_path: Path):
    candidates = [c.change(instruction="Explain how rain is made.") for c in rows({"health": 30})]
    outcomes = diversified(candidates, tmp_path, rows_per_language=10)
    assert {o.candidate.topic_id for o in outcomes.values()} == {"swh_Latn-00"}
    assert len(kept(outcomes)) == 10


def test_the_result_does_not_depend_on_parts_order_or_buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # So few to learn from that some rows are told their topic without having had a say in it.
    monkeypatch.setattr(diversify, "_LEARNED_FROM", 60)
    candidates = [
        *rows({"cooking": 50, "health": 40, "football": 30}),
        *rows({"cooking": 70, "health": 10}, "tam_Taml", 500),
        *rows({"football": 7}, "fin_Latn", 900),
    ]
    shuffled = random.Random(5).sample(candidates, len(candidates))
    settings = {"rows_per_language": 30, "largest_host_share": 0.2}
    expected = diversified(candidates, tmp_path / "one", parts=1, buckets=1, **settings)
    assert 0 < reasons(expected).total() < len(candidates)
    assert diversified(candidates, tmp_path / "many", parts=6, buckets=7, **settings) == expected
    assert diversified(shuffled, tmp_path / "shuffled", parts=3, buckets=2, **settings) == expected


def test_another_seed_takes_other_rows(tmp_path: Path):
    candidates = rows({"cooking": 60, "health": 60})
    one = kept(diversified(candidates, tmp_path / "0", rows_per_language=20, seed=0))
    other = kept(diversified(candidates, tmp_path / "1", rows_per_language=20, seed=1))
    assert {c.id for c in one} != {c.id for c in other}


def test_titles_in_any_script_tell_topics_apart():
    food = ["Sopa ya dengu", "பருப்பு சூப் செய்முறை", "红烧豆腐的做法", "ስለ እንጀራ አሰራር"]
    frames = ['Write an article titled "{}".', 'I need a text called "{}".', 'Could you draft something on "{}"?']
    texts = [frame.format(title) for title in food for frame in frames]
    vectors = Tfidf(texts).vectors(texts)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    likeness = (vectors @ vectors.T).reshape(4, 3, 4, 3)
    same = np.mean([likeness[title, :, title].mean() for title in range(4)])
    other = np.mean([likeness[one, :, title].mean() for one in range(4) for title in range(4) if one != title])
    assert same > other + 0.4


def test_topics_are_fewer_where_vectors_are():
    vectors = np.repeat(np.eye(3), 5, axis=0)
    assert sorted(set(Topics(vectors, 9).numbers(vectors).tolist())) == [0, 1, 2]


def test_a_text_without_known_words_has_no_direction():
    embedder = Tfidf(["How is bread baked?", "What is cholera?"])
    assert not embedder.vectors(["zzz qqq", ""]).any()


def instructions(texts: Sequence[str], **columns: Any) -> list[Candidate]:
    """Rows with these instructions, each from a host of its own."""
    return [
        Candidate(id=f"{n:032x}", instruction=text, language="swh_Latn", host=f"h{n}.example", **columns)
        for n, text in enumerate(texts)
    ]


VERBS = ["explain", "describe", "list", "compare", "discuss", "define", "sketch", "review", "draft", "portray"]


def test_no_verb_asks_for_more_than_its_share(tmp_path: Path):
    ways = ["Write", "Could you write"]
    texts = [f'{ways[n // 2 % 2] if n % 2 else VERBS[n // 2 % 10].title()} "Kitu {n}".' for n in range(320)]
    outcomes = diversified(instructions(texts), tmp_path, largest_topic_share=1.0)
    asked = Counter(wording(str(c.instruction)).verb for c in kept(outcomes))
    assert asked == {"write": 40, **dict.fromkeys(VERBS, 16)}
    told = {(o.reason, o.detail) for o in outcomes.values() if isinstance(o, Dropped)}
    assert told == {("verb_quota", f"write, opens with {word}") for word in ("write", "could")}


def test_no_word_opens_more_than_its_share(tmp_path: Path):
    texts = [f'{"Please " * (n // 10 % 2)}{VERBS[n % 10].title()} "Kitu {n}".' for n in range(300)]
    opening = Counter(
        wording(str(c.instruction)).opening
        for c in kept(diversified(instructions(texts), tmp_path, largest_topic_share=1.0))
    )
    assert opening["please"] == 37 == int(0.2 * opening.total())


def test_where_verbs_are_few_each_gives_twice_an_even_share(tmp_path: Path):
    texts = [f'{"Explain" if n % 10 else "Describe"} "Kitu {n}".' for n in range(200)]
    assert not reasons(diversified(instructions(texts), tmp_path, largest_topic_share=1.0))


def test_no_task_and_no_topic_have_more_than_their_share(tmp_path: Path):
    candidates = [
        *rows({"cooking": 200, "health": 40, "football": 40}),
        *[c.change(task="other") for c in rows({"health": 20}, begin=900)],
    ]
    settings = {"largest_verb_share": 1.0, "largest_topic_share": 1.0, "largest_task_share": 0.6}
    outcomes = diversified(candidates, tmp_path / "task", **settings)
    assert Counter(c.task for c in kept(outcomes))["cooking"] == 150  # six of ten, and 100 others
    assert reasons(outcomes) == {"task_quota": 50}
    settings = {"largest_verb_share": 1.0, "largest_task_share": 1.0, "topics_per_language": 9}
    outcomes = diversified(candidates, tmp_path / "topic", largest_topic_share=0.15, **settings)
    topics = Counter(c.topic_id for c in kept(outcomes))
    assert max(topics.values()) <= max(20, 2 / 9 * topics.total())
    assert set(reasons(outcomes)) <= {"topic_quota"}


def test_a_domain_gets_no_more_than_its_share_over_all_its_hosts(tmp_path: Path):
    many = [c.change(host=f"h{n % 40}.gazeti.co.tz") for n, c in enumerate(rows({"cooking": 200}))]
    others = [c.change(host=f"kijiji{n}.co.tz") for n, c in enumerate(rows({"cooking": 60}, begin=1000))]
    outcomes = diversified([*many, *others], tmp_path, host_rows_always_kept=0)
    domains = Counter(domain_of(str(c.host)) for c in kept(outcomes))
    assert domains["gazeti.co.tz"] == 60
    assert {o.detail for o in outcomes.values() if isinstance(o, Dropped)} == {"gazeti.co.tz"}


def test_what_was_found_is_told_once_with_targets_reached_or_not(tmp_path: Path):
    candidates = rows({"cooking": 80, "health": 40}) + rows({"football": 30}, "tam_Taml", begin=500)
    targets = {"largest_verb_share": 0.9, "smallest_effective_topics": 1000}
    settings = diversify.Settings(rows_per_language=30, targets=targets)
    outcomes_of(diversify, {"00000": candidates[::2], "00001": candidates[1::2]}, settings, tmp_path)
    found = diversify.found(Bucket(tmp_path / "verdicts" / "00000"))
    assert found is not None
    assert diversify.found(Bucket(tmp_path / "verdicts" / "00001")) is None
    assert list(found) == ["swh_Latn", "tam_Taml"]
    swahili = found["swh_Latn"]
    assert (swahili["before"]["rows"], swahili["after"]["rows"]) == (120, 30)
    assert swahili["after"]["verbs"].keys() == {"cook", "explain"}
    assert swahili["targets"]["largest_verb_share"]["met"] is True
    assert swahili["targets"]["smallest_effective_topics"]["met"] is False


def test_an_unknown_target_is_refused():
    with pytest.raises(RecipeError, match="smallest_fun"):
        checked(diversify.Settings, {"targets": {"smallest_fun": 1}}, "settings of diversify")
