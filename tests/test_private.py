"""Personal data of a passage and of its page: what is dropped, what is masked, what is told."""

from xinstruct.candidate import Candidate, Dropped, Kept
from xinstruct.tools.passages.private import private

CLEAN = Candidate(
    language="eng_Latn",
    response="The library lends tools to whoever lives in the village, a week at a time.",
    title="Tools to lend",
    headings=["Opening hours", "Call Jane on +44 20 7946 0958"],
    facts=[
        {"name": "datePublished", "value": "2023-09-18"},
        {"name": "author", "value": "jane.miller@library-village.uk"},
    ],
)  # fmt: skip


def test_a_passage_without_personal_data_is_kept_and_its_pages_words_are_masked() -> None:
    outcome = private(CLEAN, "drop")
    assert isinstance(outcome, Kept)
    assert outcome.candidate.response == CLEAN.response
    assert outcome.candidate.response_from == "native"
    assert outcome.candidate.personal == []
    assert outcome.candidate.headings == ["Opening hours", "Call Jane on <phone>"]
    assert [fact["value"] for fact in outcome.candidate.facts] == ["2023-09-18", "<e-mail>"]


def test_a_question_that_holds_personal_data_drops_its_answer() -> None:
    outcome = private(CLEAN.change(question="Who reads jane.miller@library-village.uk?"), "drop")
    assert isinstance(outcome, Dropped)
    assert (outcome.reason, outcome.detail) == ("personal_data", "e_mail")


def test_a_masked_question_leaves_the_answer_verbatim() -> None:
    outcome = private(CLEAN.change(question="Who reads jane.miller@library-village.uk?"), "mask")
    assert isinstance(outcome, Kept)
    assert outcome.candidate.question == "Who reads <e-mail>?"
    assert outcome.candidate.response_from == "native"
    assert outcome.candidate.personal == ["e_mail"]


def test_a_masked_answer_is_no_longer_called_native() -> None:
    outcome = private(CLEAN.change(response="Write to jane.miller@library-village.uk for a saw."), "mask")
    assert isinstance(outcome, Kept)
    assert outcome.candidate.response == "Write to <e-mail> for a saw."
    assert outcome.candidate.response_from == "masked"


def test_whoever_keeps_personal_data_is_told_of_it() -> None:
    outcome = private(CLEAN.change(response="Write to jane.miller@library-village.uk for a saw."), "keep")
    assert isinstance(outcome, Kept)
    assert outcome.candidate.response.endswith("for a saw.")
    assert outcome.candidate.personal == ["e_mail"]
    assert outcome.candidate.headings == CLEAN.headings
