"""Conversing: order, re-asks, repeats, replies kept and served again."""

import asyncio
import json
import random
from pathlib import Path

import pytest
from pydantic import BaseModel

from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.question import Asked, Question, Talk, Weighing
from xinstruct.tools.conversation import Conversation, Cut, Misfit, Unanswered, WouldAskAgain
from xinstruct.tools.replies import Replies, asked_key


class Number(BaseModel):
    number: int


def ask(text: str, repeat: int = 0) -> Question:
    return Question("judge", "score", {"text": text}, Number, repeat)


def talk(candidate: Candidate, settings: None) -> Talk:
    marks = yield [ask(candidate.response, repeat) for repeat in range(3)]
    if len({mark.number for mark in marks}) > 1:
        return Dropped(candidate, "in_two_minds")
    more = yield ask(candidate.response + "!")
    return Kept(candidate.change(score_rating=float(more.number)))


class Judge:
    """Answers with the text's length after a random pause; lines holds what it says instead, per text."""

    name = "judge@1"

    def __init__(self, at_once: int = 4, lines: dict[str, list[str]] | None = None) -> None:
        self.at_once, self.lines, self.asked, self.now, self.most = at_once, lines or {}, list[str](), 0, 0
        self.told: list[Misfit] = []

    async def takes(self, asked: Asked) -> bool:
        return isinstance(asked, Question)

    async def weigh(self, weighing: Weighing) -> str:
        raise NotImplementedError

    async def answer(self, question: Question, again: Misfit | None = None) -> str:
        text = question.fields["text"]
        self.asked.append(text)
        self.told += [again] if again else []
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(random.random() / 500)
        self.now -= 1
        if self.lines.get(text):
            line = self.lines[text].pop(0)
            if line in ("server_gone", "killed_the_server"):
                raise Unanswered(line, line)
            return line
        return json.dumps({"number": len(text)})


def outcomes(judge: Judge, texts: list[str], path: Path, may_ask: bool = True) -> list[Kept | Dropped | Failed]:
    async def run() -> list[Kept | Dropped | Failed]:
        replies = Replies(path)
        try:
            conversation = Conversation({"judge": judge}, replies)
            candidates = [Candidate(id=text, response=text) for text in texts]
            return [
                outcome
                async for outcome in conversation.outcomes(candidates, lambda c: talk(c, None), lambda _: may_ask)
            ]
        finally:
            replies.close()

    return asyncio.run(run())


def test_outcomes_come_in_the_order_of_the_candidates(tmp_path: Path) -> None:
    texts = [f"text {n}" * (n % 7 + 1) for n in range(200)]
    judge = Judge()
    found = outcomes(judge, texts, tmp_path / "replies.sqlite")
    assert [outcome.candidate.response for outcome in found] == texts
    assert all(isinstance(outcome, Kept) for outcome in found)
    assert judge.most == judge.at_once


def test_replies_are_served_again_and_repeats_are_asked_apart(tmp_path: Path) -> None:
    first, second = Judge(), Judge()
    before = outcomes(first, ["a", "bb"], tmp_path / "replies.sqlite")
    after = outcomes(second, ["a", "bb"], tmp_path / "replies.sqlite", may_ask=False)
    assert sorted(first.asked) == ["a", "a", "a", "a!", "bb", "bb", "bb", "bb!"]
    assert second.asked == []
    assert before == after


def test_a_question_that_two_candidates_come_to_at_once_is_asked_once(tmp_path: Path) -> None:
    judge = Judge()
    found = outcomes(judge, ["same", "same", "same"], tmp_path / "replies.sqlite")
    assert judge.asked == ["same", "same", "same", "same!"]  # three repeats and one more, once for all of them
    assert [outcome.candidate.score_rating for outcome in found] == [5.0, 5.0, 5.0]


def test_a_missing_reply_is_not_bought_when_it_may_not(tmp_path: Path) -> None:
    with pytest.raises(WouldAskAgain):
        outcomes(Judge(), ["a"], tmp_path / "replies.sqlite", may_ask=False)


def test_an_answer_that_does_not_fit_is_asked_for_once_more(tmp_path: Path) -> None:
    judge = Judge(lines={"a!": ["no number"], "b!": ["no number", '{"number": "many"}']})
    good, bad = outcomes(judge, ["a", "b"], tmp_path / "replies.sqlite")
    assert isinstance(good, Kept)
    assert isinstance(bad, Failed)
    assert (bad.error, bad.attempts, bad.raw_reply) == ("reply_misfit", 2, '{"number": "many"}')


def test_who_is_asked_once_more_is_told_what_did_not_fit(tmp_path: Path) -> None:
    judge = Judge(at_once=1, lines={"a!": ['{"number": "many"}'], "b!": [Cut('{"num'), Cut('{"numb')]})
    good, bad = outcomes(judge, ["a", "b"], tmp_path / "replies.sqlite")
    assert isinstance(good, Kept)
    assert isinstance(bad, Failed)
    assert (bad.error, bad.attempts) == ("reply_cut", 2)
    plain, cut = sorted(judge.told, key=lambda misfit: misfit.cut)
    assert plain.why.startswith("number: Input should be a valid integer")
    assert cut.cut


def test_a_question_that_killed_the_server_is_not_asked_again_until_verdicts_are_forgotten(tmp_path: Path) -> None:
    path, second, third = tmp_path / "replies.sqlite", Judge(), Judge()
    (first_fate,) = outcomes(Judge(lines={"b!": ["killed_the_server"]}), ["b"], path)
    (second_fate,) = outcomes(second, ["b"], path)
    assert isinstance(second_fate, Failed)
    assert (second_fate.error, second.asked) == ("killed_the_server", [])
    assert first_fate.candidate == second_fate.candidate
    replies = Replies(path)
    replies.forget_verdicts()
    replies.close()
    (third_fate,) = outcomes(third, ["b"], path)
    assert isinstance(third_fate, Kept)
    assert third.asked == ["b!"]


def test_a_question_that_a_lost_server_left_open_is_asked_again(tmp_path: Path) -> None:
    outcomes(Judge(lines={"b!": ["server_gone"]}), ["b"], tmp_path / "replies.sqlite")
    assert isinstance(outcomes(Judge(), ["b"], tmp_path / "replies.sqlite")[0], Kept)


def test_a_refused_reply_is_kept_but_never_served(tmp_path: Path) -> None:
    outcomes(Judge(lines={"b!": ["no number", "nor here"]}), ["b"], tmp_path / "replies.sqlite")
    healed = Judge()
    assert isinstance(outcomes(healed, ["b"], tmp_path / "replies.sqlite")[0], Kept)
    assert healed.asked == ["b!"]
    replies = Replies(tmp_path / "replies.sqlite")
    assert replies.count() == 6
    replies.close()


def test_a_stage_can_see_that_repeats_disagree(tmp_path: Path) -> None:
    judge = Judge(at_once=1, lines={"a": ['{"number": 1}', '{"number": 2}', '{"number": 1}']})
    assert outcomes(judge, ["a"], tmp_path / "replies.sqlite") == [
        Dropped(Candidate(id="a", response="a"), "in_two_minds")
    ]


def test_the_key_of_a_question_knows_prompt_fields_and_schema() -> None:
    class Other(BaseModel):
        number: int
        why: str

    keys = {
        asked_key(ask("a")),
        asked_key(ask("b")),
        asked_key(Question("judge", "instruct", {"text": "a"}, Number)),
        asked_key(Question("judge", "score", {"text": "a"}, Other)),
    }
    assert len(keys) == 4
    assert asked_key(ask("a")) == asked_key(ask("a"))
