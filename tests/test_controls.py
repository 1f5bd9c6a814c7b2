"""Pairs made wrong on purpose: each kind in three languages, wrong for certain, and the same ones in every run."""

import dataclasses
import random

import pytest
import regex

from xinstruct import prompts
from xinstruct.candidate import Candidate, content_hash
from xinstruct.tools import controls as making
from xinstruct.tools.controls import EASY, HARD, Control, Pair, controls, drawn
from xinstruct.tools.near import NearRow, neighbours
from xinstruct.tools.sentences import ends_sentence

WATER = (
    "Maji ni muhimu kwa maisha ya watu na wanyama. Kila siku mtu anahitaji kunywa maji safi na salama. "
    "Maji machafu huleta magonjwa kama kipindupindu. Chemsha maji kabla ya kunywa, kisha yafunike vizuri. "
    "Watoto wafundishwe kunawa mikono kabla ya kula."
)
MAIZE = (
    "Mahindi hulimwa katika mikoa mingi ya Tanzania. Mkulima huandaa shamba kabla ya mvua kuanza. "
    "Mbegu hupandwa kwa mistari, na magugu hupaliliwa mara mbili. Mavuno huhifadhiwa mahali pakavu. "
    "Wadudu waharibifu hupunguza mavuno ya mahindi kila mwaka."
)
BUS = (
    "Basi la kwenda Dodoma huondoka asubuhi mapema. Abiria hufika kituoni na mizigo yao. "
    "Safari huchukua muda mrefu, na basi husimama njiani ili watu wale. Tiketi huuzwa kituoni. "
    "Dereva hutakiwa kupumzika kabla ya kuendelea na safari."
)
BREAD = (
    "Für ein Brot braucht man Mehl, Wasser, Salz und Hefe. Der Teig ruht eine Stunde an einem warmen Ort. "
    "Danach formt man ihn zu einem Laib und lässt ihn noch einmal gehen. Der Ofen muss sehr heiß sein. "
    "Wenn die Kruste hohl klingt, ist das Brot fertig."
)
BEES = (
    "Bienen sammeln Nektar und tragen ihn in den Stock. Im Winter bilden sie eine Traube und halten sich warm. "
    "Die Königin legt im Frühjahr wieder Eier. Ein Imker sieht an warmen Tagen nach den Völkern. "
    "Geerntet wird der Honig erst, wenn die Waben verdeckelt sind."
)
CASTLE = (
    "Die Burg steht auf einem Felsen über dem Fluss. Von ihrem Turm sieht man weit ins Land. "
    "Lange wohnten hier Grafen, bis ein Feuer das Dach zerstörte. Heute ist in den Kellern ein Museum. "
    "Besucher erreichen sie zu Fuß durch den Wald."
)
TEA = (
    "绿茶是不发酵的茶，保留了鲜叶的天然物质。采下的叶子先要杀青，然后揉捻和干燥。冲泡绿茶的水不能太烫，否则茶汤会发苦。"
    "喝茶的人常说，好茶要用好水。储存绿茶时应该避光、防潮。"
)
PANDA = (
    "大熊猫生活在中国西南的山林里，主要吃竹子。它们每天要花很长时间进食，因为竹子的营养不多。"
    "幼崽出生时很小，需要母亲照顾。人们建立了保护区，让大熊猫的数量慢慢增加。冬天它们也不冬眠。"
)
KITE = (
    "放风筝是春天里很受欢迎的活动。做风筝要用竹条和纸，骨架要轻而结实。风筝的尾巴能帮助它保持平衡。"
    "放的时候要选开阔的地方，远离电线。收线时要慢慢来，免得线断了。"
)
# Language, host, passage, what it is about, a stretch of it that answers.
TOLD = [
    ("swh_Latn", "afya.tz", WATER, "maji", "Maji machafu huleta magonjwa kama kipindupindu."),
    ("swh_Latn", "kilimo.tz", MAIZE, "mahindi", "Mbegu hupandwa kwa mistari"),
    ("swh_Latn", "afya.tz", BUS, "basi", "Tiketi huuzwa kituoni."),
    ("deu_Latn", "essen.de", BREAD, "Brot", "Der Teig ruht eine Stunde"),
    ("deu_Latn", "natur.de", BEES, "Bienen", "Die Königin legt im Frühjahr wieder Eier."),
    ("deu_Latn", "natur.de", CASTLE, "Burg", "bis ein Feuer das Dach zerstörte"),
    ("cmn_Hans", "cha.cn", TEA, "绿茶", "冲泡绿茶的水不能太烫"),
    ("cmn_Hans", "shan.cn", PANDA, "大熊猫", "幼崽出生时很小，需要母亲照顾。"),
    ("cmn_Hans", "shan.cn", KITE, "风筝", "风筝的尾巴能帮助它保持平衡。"),
]
LANGUAGES = ("swh_Latn", "deu_Latn", "cmn_Hans")


def told(changed: dict[str, object] | None = None) -> list[Pair]:
    candidates = [
        Candidate(
            id=f"{language}{number}",
            host=host,
            language=language,
            response=passage,
            content_hash=content_hash(passage),
            instruction=f'Explain to a beginner what matters about "{topic}".',
            title=topic,
            evidence=[evidence],
            lid_purity=1.0,
            task="explain_topic",
            style="request",
        ).change(**changed or {})
        for number, (language, host, passage, topic, evidence) in enumerate(TOLD)
    ]
    pairs = []
    for language in LANGUAGES:
        mine = [one for one in candidates if one.language == language]
        near = neighbours([NearRow(c.id, c.host, language, c.instruction or "", c.response) for c in mine], language)
        # So small a language has no pairs that are far; here only the nearest counts as near.
        pairs += [Pair(one, others[:1]) for one, others in zip(mine, near, strict=True)]
    return pairs


def made(pairs: list[Pair], kind: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Pair, Candidate]]:
    """The controls of one kind, which is made the only one."""
    ways = "_HARD_WAYS" if kind in HARD else "_EASY_WAYS"
    monkeypatch.setattr(making, ways, {kind: getattr(making, ways)[kind]})
    by_id = {pair.candidate.id: pair for pair in pairs}
    return [(by_id[one.of], one.candidate) for one in controls(pairs) if one.kind == kind]


@pytest.mark.parametrize("kind", [*HARD, *EASY])
def test_each_kind_is_made_in_each_language(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(told(), kind, monkeypatch)
    assert {pair.candidate.language for pair, _ in found} == set(LANGUAGES)
    for pair, wrong in found:
        true = pair.candidate
        assert (wrong.instruction != true.instruction) != (wrong.response != true.response)
        assert (wrong.parent_id, wrong.language) == (true.id, true.language)
        assert wrong.id != true.id
        assert wrong.content_hash == content_hash(wrong.response)
        assert wrong.evidence == []


def test_a_neighbour_lends_its_instruction(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair, wrong in made(told(), "neighbour", monkeypatch):
        assert wrong.instruction == pair.near[0].instruction


def test_a_neighbour_of_the_same_host_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = told()[0]
    far, kin = (dataclasses.replace(pair.near[0], same_host=same, instruction=str(same)) for same in (False, True))
    [(_, wrong)] = made([Pair(pair.candidate, (far, kin))], "neighbour", monkeypatch)
    assert wrong.instruction == "True"


def test_a_neighbour_that_asks_or_says_the_same_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = told()[0]
    same = dataclasses.replace(pair.near[0], instruction=str(pair.candidate.instruction).upper())
    copy = dataclasses.replace(pair.near[0], head=pair.candidate.response[:150])
    mute = dataclasses.replace(pair.near[0], instruction="")
    assert made([Pair(pair.candidate, (same, copy, mute))], "neighbour", monkeypatch) == []


def test_the_sentences_that_answer_are_gone_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair, wrong in made(told(), "without_evidence", monkeypatch):
        assert pair.candidate.evidence[0] not in wrong.response
        assert len(wrong.response) > len(pair.candidate.response) / 2
        assert wrong.response[:8] == pair.candidate.response[:8]
        assert ends_sentence(wrong.response)


def test_paragraphs_stay_apart_where_a_sentence_between_them_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = told({"response": "Moja ni hii.\n\nMbili ni hii. Tatu ni hii. Nne ni hii.", "evidence": ["Mbili"]})[0]
    [(_, wrong)] = made([pair], "without_evidence", monkeypatch)
    assert wrong.response == "Moja ni hii.\n\nTatu ni hii. Nne ni hii."


@pytest.mark.parametrize("evidence", [[], ["haipo"], [WATER]])
def test_nothing_is_taken_out_without_evidence_or_where_it_is_everything(
    evidence: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made(told({"response": WATER, "evidence": evidence})[:1], "without_evidence", monkeypatch) == []


def test_what_is_asked_on_top_is_not_in_the_passage(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {entry["say"]: entry for entry in prompts.table("controls")["over_specific"]}
    seen = set()
    for turn in range(12):
        pairs = [
            dataclasses.replace(pair, candidate=pair.candidate.change(id=f"{pair.candidate.id} {turn}"))
            for pair in told()
        ]
        for pair, wrong in made(pairs, "over_specific", monkeypatch):
            before, added = str(pair.candidate.instruction), str(wrong.instruction)
            assert added.startswith(before + " ")
            entry = table[added.removeprefix(before + " ")]
            assert not regex.search(entry["absent"], pair.candidate.response)
            seen.add(entry["say"])
    assert len(seen) > 8


MET = {
    "Give exactly seven numbered points.": "६. छह\n७. सात",
    "Say what happened in the year 1743.": "一七四三年",
    "Give a figure for each year from 1961 to 1965.": "Mwaka ١٩٦٣ ilikuwa 3.",
    "Quote at least two verses, with the numbers of chapter and verse.": "Yohana ３：１６",
    "Give the web addresses of three sources.": "Ona Tovuti.co.tz",
    "End with an e-mail address for questions.": "info＠tovuti",
    "Give at least four percentages, in figures.": "Asilimia 5, 6, 7 na 8.",
    "State the exact weight of at least five things, in figures.": "1 na 2 na 3 na 4 na ၅",
    "Begin every paragraph with an emoji.": "Karibu 🙂",
    "Support three of the statements with footnotes, marked [1], [2] and [3].": "Kweli.[3]",
    "Write it as an interview, with the speaker's name and a colon before each turn.": "Habari.\n记者：你好。",
    "Use no more than twelve words in all.": "水是生命之源。" * 9,
    "Give the most important term in Greek letters, too.": "Neno ni λόγος.",
    "Include a table with a column for prices, its cells parted by upright strokes.": "a ｜ b",
}


@pytest.mark.parametrize("entry", prompts.table("controls")["over_specific"], ids=lambda entry: entry["query"])
def test_a_passage_that_holds_it_is_never_asked_for_it(entry: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    # A line break closes the words before it; what has no long text around it is short.
    padding = "" if "twelve words" in entry["say"] else BUS + "\n"
    pair = told({"response": padding + MET[entry["say"]]})[0]
    monkeypatch.setattr(prompts, "table", lambda name: {"over_specific": [entry]})
    assert made([pair], "over_specific", monkeypatch) == []
    monkeypatch.undo()
    monkeypatch.setattr(prompts, "table", lambda name: {"over_specific": [entry]})
    assert len(made([told({"response": BUS})[0]], "over_specific", monkeypatch)) == 1


def test_a_search_query_stays_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = told({"style": "search", "instruction": "growing maize in Tanzania"})
    for _, wrong in made(pairs, "over_specific", monkeypatch):
        assert regex.fullmatch(r"growing maize in Tanzania (?:in|with|as|every) .*[^.]", str(wrong.instruction))


def test_another_task_is_set_on_what_the_instruction_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair, wrong in made(told(), "wrong_task", monkeypatch):
        assert f'"{pair.candidate.title}"' in str(wrong.instruction)
        assert not str(wrong.instruction).startswith("Explain")


def test_the_title_is_the_topic_where_the_instruction_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = told({"instruction": "Explain how people travel."})[2]
    assert '"basi"' in str(made([pair], "wrong_task", monkeypatch)[0][1].instruction)
    asking = told({"instruction": 'Answer the question "Basi huondoka lini?"'})[2]
    assert '"basi"' in str(made([asking], "wrong_task", monkeypatch)[0][1].instruction)
    nameless = told({"instruction": "Explain how people travel.", "title": None})[2]
    assert made([nameless], "wrong_task", monkeypatch) == []


def test_a_dialogue_is_not_asked_to_be_a_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        pair = told({"response": f"Juma: Habari ya basi?\nAsha: Nzuri.\n{BUS}", "id": str(number)})[2]
        for _, wrong in made([pair], "wrong_task", monkeypatch):
            assert "conversation" not in str(wrong.instruction)


def test_a_shuffled_pair_has_an_instruction_of_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = told()
    hosts = {str(pair.candidate.instruction): pair.candidate.host for pair in pairs}
    lent = [(pair, str(wrong.instruction)) for pair, wrong in made(pairs, "shuffled", monkeypatch)]
    changed = [(pair, said) for pair, said in lent if said != pair.candidate.instruction]
    assert changed
    assert all(hosts[said] != pair.candidate.host for pair, said in changed)


def test_sentences_are_shuffled_where_no_pair_is_far(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (0, 6):
        pair = told()[number]
        [(_, wrong)] = made([pair], "shuffled", monkeypatch)
        assert wrong.instruction == pair.candidate.instruction
        assert wrong.response != pair.candidate.response
        assert sorted(wrong.response.replace(" ", "")) == sorted(pair.candidate.response.replace(" ", ""))


def test_a_truncated_passage_ends_in_mid_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair, wrong in made(told(), "truncated", monkeypatch):
        assert pair.candidate.response.startswith(wrong.response)
        assert 0.2 < len(wrong.response) / len(pair.candidate.response) < 0.6
        assert not ends_sentence(wrong.response)
        follows = pair.candidate.response[len(wrong.response) :]
        assert pair.candidate.language == "cmn_Hans" or regex.match(r"[\s,;:]", follows)


def test_a_passage_of_another_language_stands_under_the_instruction(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = told()
    languages = {pair.candidate.response: pair.candidate.language for pair in pairs}
    for pair, wrong in made(pairs, "wrong_language", monkeypatch):
        assert languages[wrong.response] != pair.candidate.language
        assert wrong.lid_purity == 0
    assert made(pairs[:3], "wrong_language", monkeypatch) == []


def test_a_language_that_is_confused_with_it_is_no_other_language(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = told()[:2]
    pairs[1] = dataclasses.replace(pairs[1], candidate=pairs[1].candidate.change(language="swc_Latn"))
    assert made(pairs, "wrong_language", monkeypatch) == []


@pytest.mark.parametrize("kind", ["neighbour", "without_evidence", "wrong_language"])
def test_what_is_handed_over_makes_these_kinds_impossible(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(told({"context": "- maji\n- uhai\n- afya"}), kind, monkeypatch) == []


def test_with_something_handed_over_the_sentences_are_shuffled(monkeypatch: pytest.MonkeyPatch) -> None:
    for pair, wrong in made(told({"context": "- maji\n- uhai\n- afya"}), "shuffled", monkeypatch):
        assert wrong.instruction == pair.candidate.instruction


def test_each_pair_gives_a_hard_control_and_every_second_an_easy_one() -> None:
    found = controls(told())
    assert sorted(one.of for one in found if one.hard) == sorted(pair.candidate.id for pair in told())
    assert sum(not one.hard for one in found) == 6
    assert {one.kind for one in found if one.hard} == set(HARD)
    assert all((one.kind in HARD) == one.hard for one in found)
    assert len({one.candidate.id for one in found}) == len(found)


def test_the_order_of_the_pairs_makes_no_difference() -> None:
    pairs = told()
    random.Random(1).shuffle(pairs)
    assert controls(pairs) == controls(told())


def test_a_pair_without_instruction_gives_no_control() -> None:
    assert controls(told({"instruction": None})) == []
    assert controls(told({"kind": "conversation"})) == []
    assert controls([]) == []


def test_the_same_controls_are_made_when_pairs_with_higher_hashes_are_added() -> None:
    pairs = [
        dataclasses.replace(pair, candidate=pair.candidate.change(id=f"{pair.candidate.id} {turn}"))
        for turn in range(3)
        for pair in told()
    ]
    ranked = [pairs[index] for index in drawn([pair.candidate.id for pair in pairs], len(pairs))]
    few, many = controls(ranked[:18]), controls(ranked)
    known = {pair.candidate.id for pair in ranked[:18]}
    # The first pair of a language has none before it to lend from.
    first = {language: next(p for p in ranked if p.candidate.language == language) for language in LANGUAGES}
    settled = known - {pair.candidate.id for pair in first.values()}

    def of_settled(found: list[Control]) -> list[Control]:
        return [one for one in found if one.of in settled]

    assert of_settled(few) == of_settled(many)
    assert len(many) > len(few)


def test_those_with_the_lowest_hashes_are_drawn_whatever_else_there_is() -> None:
    ids = [f"{number:032x}" for number in range(200)]
    some = [ids[index] for index in drawn(ids, 24)]
    assert len(set(some)) == 24
    assert [ids[::-1][index] for index in drawn(ids[::-1], 24)] == some
    higher = [one for one in ids if one not in some][:50]
    assert [(some + higher)[index] for index in drawn(some + higher, 24)] == some
    assert sorted(drawn(ids[:3], 24)) == [0, 1, 2]
