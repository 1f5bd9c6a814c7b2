"""The instruct stage with the rules writer: what is asked of which page, what is skipped, which replies are refused."""

import json
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
import regex

from tests.golden import Case, cases
from xinstruct import prompts
from xinstruct.candidate import Candidate, Dropped, Failed, Kept
from xinstruct.stages import instruct
from xinstruct.tools import guards, rules
from xinstruct.tools.rules import asking as rules_asking
from xinstruct.tools.rules import notes as rules_notes
from xinstruct.tools.rules import topic as rules_topic
from xinstruct.tools.rules.phrases import phrasings
from xinstruct.tools.sentences import sentences

BEFORE = 120  # code points of the page's text before the passage
_PAGE = (
    "title",
    "url",
    "host",
    "page_type",
    "heading",
    "headings",
    "part",
    "parts",
    "question",
    "term",
    "section",
    "keywords",
    "description",
    "container",
)


def candidate_of(case: Case) -> Candidate:
    known = case.known
    facts = [{"name": name, "value": str(value)} for name, values in known.get("facts", {}).items() for value in values]
    url = known.get("url", "https://example.com/page")
    columns = {name: known[name] for name in _PAGE if name in known} | {"url": url, "facts": facts}
    start = 5000 if known.get("further_on") else BEFORE
    return Candidate(
        id=case.name,
        content_hash="before",
        language=known["language"],
        response=case.passage,
        span_start=start,
        span_end=start + len(case.passage),
        **{"host": urlsplit(url).hostname, **columns},
    )


def settings_of(case: Case) -> instruct.Settings:
    wish = case.known.get("wish", {})
    return instruct.Settings(styles={wish.get("style", "request"): 1}, shapes={wish.get("shape", "passage"): 1})


def outcome(
    candidate: Candidate, settings: instruct.Settings, reply: dict[str, Any] | None = None, tries: str | None = None
) -> Kept | Dropped | Failed:
    """What becomes of a candidate when the rules answer, or when the writer replies so."""
    talk = instruct.talk(candidate, settings)
    question = next(talk)
    assert not isinstance(question, list)
    if tries:
        question.fields["tasks"].sort(key=lambda task: task != tries)
    raw = reply if reply is not None else rules.answer(question)
    with pytest.raises(StopIteration) as end:
        talk.send(question.answer.model_validate_json(json.dumps(raw)))
    fate: Kept | Dropped | Failed = end.value.value
    return fate


def of_case(case: Case) -> Kept | Dropped | Failed:
    tries = case.known.get("wish", {}).get("tries")
    return outcome(candidate_of(case), settings_of(case), case.known.get("reply"), tries)


GOLDEN = cases("instruct")


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_case(case: Case) -> None:
    fate, expect = of_case(case), case.expect
    if "dropped" in expect:
        assert isinstance(fate, Dropped), f"kept: {fate.candidate.instruction}"
        assert fate.reason == expect["dropped"]
        assert expect.get("because", "") in fate.detail
        return
    assert isinstance(fate, Kept), f"dropped: {fate}"
    made = fate.candidate
    assert made.task in expect.get("task_in", [expect.get("task")])
    assert made.style in expect.get("style_in", [expect.get("style", made.style)])
    assert made.asked_from == expect.get("asked_from", made.asked_from)
    assert made.provisional is expect.get("provisional", True)
    assert made.response == expect.get("response", made.response)
    assert all(words in (made.instruction or "") for words in expect.get("says", []))
    assert not any(words in (made.instruction or "") for words in expect.get("says_not", []))
    if "says_any" in expect:
        assert any(words in (made.instruction or "").lower() for words in expect["says_any"]), made.instruction
    assert all(words in (made.context or "") for words in expect.get("context_holds", [])), made.context
    assert not any(words in (made.context or "") for words in expect.get("context_lacks", [])), made.context


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_response_stays_a_span_of_the_page(case: Case) -> None:
    before, made = candidate_of(case), of_case(case).candidate
    text = "x" * before.span_start + case.passage
    assert made.response == text[made.span_start : made.span_end]
    assert made.id == before.id
    assert (made.content_hash == "before") == (made.response == before.response)


def test_golden_cases_cover_every_task_and_many_languages() -> None:
    kept = [fate.candidate for fate in map(of_case, GOLDEN) if isinstance(fate, Kept)]
    tasks = {
        task for literal in (instruct.PassageTask, instruct.NotesTask, instruct.PartTask) for task in get_args(literal)
    }
    assert tasks <= {candidate.task for candidate in kept}
    assert len({candidate.language for candidate in kept}) >= 12
    assert {candidate.style for candidate in kept} == {"request", "chat", "search"}


def test_same_page_gives_same_instruction() -> None:
    case = GOLDEN[0]
    first, second = of_case(case).candidate, of_case(case).candidate
    assert first == second


def test_candidates_that_are_no_pairs_pass_unasked() -> None:
    conversation = Candidate(kind="conversation")
    with pytest.raises(StopIteration) as end:
        next(instruct.talk(conversation, instruct.Settings()))
    assert end.value.value == Kept(conversation)


def test_styles_and_shapes_come_in_the_planned_shares() -> None:
    settings = instruct.Settings()
    asked = [
        instruct.fields(Candidate(id=f"candidate {n}", language="swh_Latn", response="x"), settings)
        for n in range(4000)
    ]
    for style, share in settings.styles.items():
        assert sum(fields["style"] == style for fields in asked) / len(asked) == pytest.approx(share, abs=0.03)
    first = [fields["tasks"][0] for fields in asked]  # type: ignore[index]
    assert first.count("notes_to_text") / len(asked) == pytest.approx(settings.shapes["notes"], abs=0.03)
    for task in get_args(instruct.PartTask):
        assert first.count(task) / len(asked) == pytest.approx(settings.shapes["part"] / 4, abs=0.015)


def test_another_seed_gives_another_plan() -> None:
    candidates = [Candidate(id=str(n), language="swh_Latn", response="x") for n in range(200)]
    plans = [
        [instruct.fields(candidate, instruct.Settings(seed=seed))["style"] for candidate in candidates]
        for seed in (0, 1)
    ]
    assert plans[0] != plans[1]


def test_shares_that_vanish_are_refused() -> None:
    with pytest.raises(ValueError, match="shares"):
        instruct.Settings(styles={"request": 0})


def test_every_drop_has_a_listed_reason() -> None:
    reasons = {fate.reason for fate in map(of_case, GOLDEN) if isinstance(fate, Dropped)}
    assert reasons == set(instruct.REASONS) - {"instruction_too_long"}
    long = {"instruction": "Write an article about the well. " * 40, "style": "request", "task": "write_article"}
    fate = outcome(candidate_of(GOLDEN[0]), instruct.Settings(), long)
    assert isinstance(fate, Dropped)
    assert fate.reason == "instruction_too_long"


@pytest.mark.parametrize("stage", ["instruct", "score"])
def test_every_placeholder_of_a_prompt_is_a_field(stage: str) -> None:
    from xinstruct.stages import score

    given = instruct.fields(Candidate(), instruct.Settings()) if stage == "instruct" else score.fields(Candidate())
    placeholders = regex.findall(r"\{(\w+)\}", prompts.text(stage))
    assert placeholders
    assert set(placeholders) <= given.keys()
    assert placeholders[-1] == "passage"


def test_prompt_version_is_the_hash_of_its_text() -> None:
    assert regex.fullmatch(r"[0-9a-f]{12}", prompts.version("instruct"))
    assert prompts.version("instruct") != prompts.version("score")


ASKS = [(ask, style) for ask in prompts.table("asks") for style in ("request", "chat", "search")]
ASKS += [(ask, style) for ask in prompts.table("handed") for style in ("request", "chat")]


@pytest.mark.parametrize(("ask", "style"), ASKS, ids=[f"{ask}-{style}" for ask, style in ASKS])
def test_every_ask_has_a_dozen_phrasings_that_pass_the_guards(ask: str, style: str) -> None:
    every = phrasings(ask, style)
    assert len(set(every)) >= 12
    for text in every:
        english = regex.sub(r"\[([^|\]]*)\|[^\]]*\]", r"\1", text)
        filled = regex.sub(r"\{(?:topic|title|heading|question|term)\}", '"ஊர்"', english)
        filled = regex.sub(r"\{\w+\}", "an article", filled)
        fault = guards.fault(filled, "", "", handed=ask in prompts.table("handed"), bare=style == "chat")
        assert fault == ("", ""), filled


def test_no_opening_word_has_more_than_a_fifth_of_the_phrasings() -> None:
    for style in ("request", "chat"):
        words = [text.split()[0] for ask in prompts.table("asks") for text in phrasings(ask, style)]
        most = max(set(words), key=words.count)
        assert words.count(most) / len(words) <= 0.2, most


def _reply(**fields: Any) -> dict[str, Any]:
    text = " ".join(f"Nyumba ya {n} ina watu wengi wanaofanya kazi shambani kila siku ya juma." for n in range(1, 9))
    page = Candidate(
        id="a", language="swh_Latn", response=text, title="Nyumba za watu", url="https://a.example/x", **fields
    )
    return rules.answer(next(instruct.talk(page, instruct.Settings(shapes={"passage": 1}, styles={"request": 1}))))


@pytest.mark.parametrize("heading", [None, "Watu wa shambani"])
def test_parts_of_one_section_are_never_asked_for_alike(heading: str | None) -> None:
    asked = [_reply(heading=heading, part=part, parts=3, span_start=600 * (part - 1)) for part in (1, 2, 3)]
    whole = _reply(heading=heading)
    assert asked[0]["task"] == whole["task"] or not heading
    assert regex.search(r"\b(?:begin\w*|start\w*|open\w*|first)\b", asked[0]["instruction"], regex.I)
    assert asked[0]["instruction"] != whole["instruction"]
    assert all(reply["task"] in ("notes_to_text", "continue_text") for reply in asked[1:])
    assert not any("begin below" in reply["instruction"] for reply in asked[1:])


def test_duration_or_quantity_that_the_text_does_not_say_is_no_note() -> None:
    facts = [{"name": name, "value": value} for name, value in (("totalTime", "PT1H30M"), ("recipeYield", "२५ वटा"))]
    body = "यो परिकार घरमै सजिलै बन्छ र चाडपर्वमा सबैले मन पराउँछन्। पहिले पिठो मुछ्नुहोस् र आधा घण्टा छोपेर राख्नुहोस्। "
    telling = "त्यसपछि तेल तताएर सानो आगोमा पकाउनुहोस् र {} तातै पस्कनुहोस्। यसरी {} मा सबै तयार हुन्छ र पाहुना खुसी हुन्छन्।"

    def noted(text: str) -> list[str]:
        return [note for note in rules_notes.take(text, "npi_Deva", [], None, facts, False) if ": " in note]

    assert noted(body + telling.format("पाहुनालाई", "थोरै समय")) == []
    assert noted(body + telling.format("२५ वटा", "९० मिनेट")) == ["Total time: 1 h 30 min", "Yield: २५ वटा"]


def test_lone_quantity_of_a_list_is_no_note() -> None:
    listed = "\n".join(
        ["Bei za soko", "6,90 euros", "25 kg", "server {", "Mchele wa Mbeya", "Maharage ya Bukoba", "Unga"]
    )
    text = f"{'Soko la Kibaigwa lina bidhaa nyingi za wakulima wa Dodoma na Singida. ' * 6}\n{listed}"
    found = rules_notes.take(text, "swh_Latn", [], None, [], False)
    assert "Mchele wa Mbeya" in found
    assert not {"6,90 euros", "25 kg", "server {"} & set(found)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_notes_of_the_rules_hold_little_of_the_text(case: Case) -> None:
    made = of_case(case).candidate
    if made.task not in ("notes_to_text", "write_news") or "reply" in case.known:
        return
    taken = [line.removeprefix("- ") for line in (made.context or "").splitlines()]
    assert 3 <= len(taken) <= 8
    assert all(len(note) <= 64 + len("Place of birth: ") for note in taken)
    assert sum(len(note) for note in taken if note in made.response) <= 0.2 * len(made.response)
    said = [made.response[start:end].rstrip(".।") for start, end in sentences(made.response, made.language)]
    assert not set(taken) & {sentence for sentence in said if len(sentence) > 20}


def test_passage_with_many_sections_names_some_and_counts_the_rest() -> None:
    headings = [f"Shamba la {name}" for name in ("Asha", "Bakari", "Chiku", "Daudi", "Ema", "Farida")]
    shown = rules_asking.all_named(headings)
    assert shown.endswith("and two further sections")
    assert all(f'"{heading}"' in shown for heading in headings[:4])


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Genghis_Khan", "Genghis Khan"),
        ("Victoria_(Australia)", "Victoria (Australia)"),
        ("Soko%20la%20samaki", "Soko la samaki"),
        ("Ripoti_ya_mavuno.pdf", "Ripoti ya mavuno"),
        ("os.path_exists", "os.path_exists"),
        ("__init__", "__init__"),
        ("100% pamba", "100% pamba"),
    ],
)
def test_title_is_written_as_people_write_it(title: str, shown: str) -> None:
    assert rules_topic.clean(title, None, "") == shown


@pytest.mark.parametrize(
    "title", ["a8f3-22b1-9c04", "IMG_20230417_1123", "https://a.example/x", "Soko%2F%AA", "DSC00123"]
)
def test_name_that_a_machine_gave_is_no_title(title: str) -> None:
    assert rules_topic.unusable(title, f"{title} {title}", None)
    assert rules_topic.unusable(rules_topic.clean(title, None, title), f"{title} {title}", None)


def test_title_loses_the_name_of_the_site() -> None:
    text = "Ugali wa dona ni chakula cha nyumbani, hupikwa kwa maji ya moto."
    assert rules_topic.clean("Ugali wa dona | Jikoni Kwetu", "jikonikwetu.example", text) == "Ugali wa dona"
    assert rules_topic.clean("Ugali wa dona - Global Recipes", "asp.example", text) == "Ugali wa dona"
    assert rules_topic.clean("Jikoni Kwetu - Ugali wa dona", "jikonikwetu.example", text) == "Ugali wa dona"
    assert (
        rules_topic.clean("Ugali – chakula cha kila siku", "mapishi.example", text) == "Ugali – chakula cha kila siku"
    )


def test_quotation_marks_inside_a_title_do_not_end_the_quotation() -> None:
    assert rules_topic.quoted('Kitabu "Siku Njema" chapigwa chapa') == "\"Kitabu 'Siku Njema' chapigwa chapa\""
    assert rules_topic.quoted("Les « communs » du village") == "\"Les 'communs' du village\""
    assert '"' not in rules_topic.quoted("“முதல்” பாடம்")[1:-1]


def test_byline_is_cut_off_and_a_first_sentence_is_not() -> None:
    body = "Kuku wa kupaka ni chakula cha siku ya wageni, na kinapikwa kwa tui zito la nazi na moto wa mkaa."
    assert rules_notes.without_byline(f"Zuhura Athumani\nWatu 6\n{body}") == body
    assert rules_notes.without_byline(f"Hiki ni chakula.\n{body}").startswith("Hiki ni chakula.")
    assert rules_notes.without_byline(f"Vifaa vyake ni hivi:\n{body}").startswith("Vifaa")
