"""Neighbours by BM25: the same as its plain definition, in scripts with and without blanks, with a pair's own host."""

import math
from collections import Counter

import pytest

from xinstruct.tools import near
from xinstruct.tools.near import NearRow, nearest, neighbours

# Words are split by hand: between blanks, or every two neighbouring characters.
SPACED = {
    "swh_Latn": [
        "maji ni uhai wa watu na wanyama",
        "watu wanakunywa maji kila siku na maji ni safi",
        "mkulima analima shamba la mahindi",
        "mahindi na maharage ni chakula cha watu wengi",
        "shamba la mkulima lina maji ya mto",
        "safari ya basi kutoka dodoma",
    ],
    "rus_Cyrl": [
        "вода нужна людям и животным",
        "люди пьют воду каждый день и вода чистая",
        "крестьянин пашет поле",
        "поле и река и вода",
        "автобус едет в город",
    ],
    "hin_Deva": [
        "पानी जीवन है और पानी साफ है",
        "लोग रोज पानी पीते हैं",
        "किसान खेत में काम करता है",
        "खेत में पानी और धान है",
        "बस शहर जाती है",
    ],
}
UNSPACED = {
    "cmn_Hans": ["水是生命之源", "人们每天喝水，水很干净", "农民在田里工作", "田里有水和稻子", "汽车开往城市"],
    "tha_Thai": ["น้ำคือชีวิต", "คนดื่มน้ำทุกวัน", "ชาวนาทำงานในนา", "ในนามีน้ำและข้าว"],
}


def plainly(texts: list[list[str]], count: int) -> list[list[int]]:
    """BM25 as its definition has it, term by term."""
    average = sum(map(len, texts)) / len(texts)
    in_texts = Counter(term for text in texts for term in set(text))

    def likeness(asked: list[str], text: list[str]) -> float:
        total = 0.0
        for term in set(asked) & set(text):
            rarity = math.log(1 + (len(texts) - in_texts[term] + 0.5) / (in_texts[term] + 0.5))
            often = text.count(term)
            total += rarity * often / (often + 1.2 * (1 - 0.75 + 0.75 * len(text) / average))
        return total

    found = []
    for own, asked in enumerate(texts):
        others = [(-round(likeness(asked, text), 5), place) for place, text in enumerate(texts) if place != own]
        found.append([place for value, place in sorted(others) if value < 0][:count])
    return found


def pairs_of_characters(text: str) -> list[str]:
    return [run[i : i + 2] for run in text.split("，") for i in range(len(run) - 1)]


@pytest.mark.parametrize("language", SPACED)
@pytest.mark.parametrize("count", [1, 3, 9])
def test_neighbours_are_those_of_the_plain_definition(language: str, count: int) -> None:
    texts = SPACED[language]
    assert nearest(texts, language, count) == plainly([text.split() for text in texts], count)


@pytest.mark.parametrize("language", UNSPACED)
def test_scripts_without_blanks_are_compared_by_pairs_of_characters(language: str) -> None:
    texts = UNSPACED[language]
    if language == "tha_Thai":  # ำ comes apart by NFKC, as everywhere in this house
        split = [pairs_of_characters(text.replace("ำ", "\u0e4d\u0e32")) for text in texts]
    else:
        split = [pairs_of_characters(text) for text in texts]
    assert nearest(texts, language, 3) == plainly(split, 3)
    assert nearest(texts, language, 1)[0] == ([1] if language == "tha_Thai" else [])


def test_latin_words_and_numbers_stay_whole_within_chinese() -> None:
    texts = ["我用 Python 写了", "他学 Pythagoras", "你会 python 吗", "2023 年", "2024 年", "在 2024 年"]
    found = nearest(texts, "cmn_Hans", 5)
    assert found[0] == [2]
    assert found[1] == []
    assert found[4] == [5, 3]


def test_equals_stand_in_order_of_index() -> None:
    texts = ["maji safi", "maji machafu", "maji machafu", "maji machafu"]
    assert nearest(texts, "swh_Latn", 2) == [[1, 2], [2, 3], [1, 3], [1, 2]]


def test_texts_without_a_common_term_have_no_neighbours() -> None:
    assert nearest(["maji", "moto", "", "!"], "swh_Latn", 3) == [[], [], [], []]
    assert nearest(["", "?"], "swh_Latn", 3) == [[], []]
    assert nearest([], "swh_Latn", 3) == []
    assert nearest(["maji maji"], "swh_Latn", 3) == [[]]


def test_case_and_form_make_no_difference() -> None:
    assert nearest(["MAJI ya Ｄodoma", "maji", "dodoma", "moto"], "swh_Latn", 3)[0] == [1, 2]


def test_some_neighbours_are_of_the_own_host_where_there_are_any() -> None:
    far = [f"maji ya mto {name}" for name in ("rufiji", "ruvuma", "pangani", "wami")]
    texts = ["maji ya mto mkubwa", *far, "habari za maji", "habari za michezo", "mto wa mbali sana na hapa"]
    hosts = ["a", "b", "b", "b", None, "a", "a", "a"]
    assert nearest(texts, "swh_Latn", 4)[0] == [1, 2, 3, 4]
    assert nearest(texts, "swh_Latn", 4, hosts, 1)[0][:3] == [1, 2, 3]
    assert set(nearest(texts, "swh_Latn", 4, hosts, 2)[0]) == {1, 2, 5, 7}
    assert set(nearest(texts, "swh_Latn", 4, hosts, 4)[0]) == {1, 2, 5, 7}
    assert nearest(texts, "swh_Latn", 1, hosts, 4)[0][0] in (5, 7)
    assert nearest(texts, "swh_Latn", 4, hosts, 4)[4] == nearest(texts, "swh_Latn", 4)[4]


def test_a_block_of_rows_at_a_time_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nearest(SPACED["swh_Latn"], "swh_Latn", 3)
    monkeypatch.setattr(near, "_HELD", 7)
    assert nearest(SPACED["swh_Latn"], "swh_Latn", 3) == whole


def test_neighbours_tell_instruction_head_and_host() -> None:
    rows = [
        NearRow("1", "a.tz", "swh_Latn", "What is water?", "Maji ni uhai."),
        NearRow("2", "a.tz", "swh_Latn", "Who drinks water?", "Watu wanakunywa maji " + "safi na salama " * 20),
        NearRow("3", None, "swh_Latn", "Where is water?", "Maji\nyako\nmtoni."),
    ]
    first, second, third = neighbours(rows, "swh_Latn")
    assert [(one.id, one.instruction, one.same_host) for one in first] == [
        ("3", "Where is water?", False),
        ("2", "Who drinks water?", True),
    ]
    assert first[0].head == "Maji yako mtoni."
    assert first[1].head.startswith("Watu wanakunywa maji safi")
    assert 150 <= len(first[1].head) <= 164
    assert {one.id: one.host for one in second} == {"1": "a.tz", "3": None}
    assert not any(one.same_host for one in third)
    assert len(neighbours(rows, "swh_Latn", 1)[0]) == 1


def test_a_head_says_as_much_in_chinese_as_in_swahili() -> None:
    assert len(near.head("水" * 500, "cmn_Hans")) == round(160 / 2.9) + len(" ...")


def test_a_head_does_not_part_a_letter_from_its_marks() -> None:
    for more in range(4):
        shown = near.head("ก" * more + "ที่" * 200, "tha_Thai").removesuffix(" ...")
        assert shown.endswith("ที่")
