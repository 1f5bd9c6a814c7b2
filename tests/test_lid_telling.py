"""Checks the second look at near languages: which words are learnt, and how they share out the chances of a group."""

import json
from pathlib import Path

import pytest

from xinstruct.tools.lid.telling import SUFFIX, Telling, Text, learn

INDONESIAN, MALAY = "__label__ind_Latn", "__label__zsm_Latn"


def texts(label: str, source: str, sentence: str, times: int = 2000) -> list[Text]:
    return [Text(label, source, sentence.split())] * times


@pytest.fixture(scope="module")
def telling() -> Telling:
    """What the same news teach of Indonesian and Malay, beside Indonesian tales that have no Malay ones."""
    return Telling(
        learn(
            texts("ind_Latn", "news", "karena mobil itu bisa")
            + texts("zsm_Latn", "news", "kerana kereta itu boleh")
            + texts("ind_Latn", "tales", "kancil itu cerdik")
        )
    )


def test_a_telling_word_turns_the_answer(telling: Telling) -> None:
    given = telling.again(
        "dia tidak datang kerana hujan", [(INDONESIAN, 0.6), (MALAY, 0.3), ("__label__jav_Latn", 0.1)]
    )
    assert [raw for raw, _ in given] == [MALAY, "__label__jav_Latn", INDONESIAN]
    assert sum(chance for _, chance in given) == pytest.approx(1.0)
    assert dict(given)["__label__jav_Latn"] == 0.1


def test_without_a_telling_word_the_answer_stays(telling: Telling) -> None:
    chances = [(INDONESIAN, 0.6), (MALAY, 0.4)]
    given = telling.again("itu dia", chances)
    assert [raw for raw, _ in given] == [INDONESIAN, MALAY]
    assert dict(given)[MALAY] == pytest.approx(0.4, abs=0.01)


def test_words_of_a_source_that_one_language_alone_has_say_nothing(telling: Telling) -> None:
    assert telling.again("kancil cerdik", [(MALAY, 0.6), (INDONESIAN, 0.4)])[0] == (MALAY, pytest.approx(0.6))


def test_languages_outside_of_the_groups_are_left_as_they_are(telling: Telling) -> None:
    chances = [("__label__fin_Latn", 0.5), (INDONESIAN, 0.3), (MALAY, 0.2)]
    assert telling.again("kerana mobil", chances) == chances
    assert telling.again("kerana", []) == []


def test_a_text_of_words_that_rule_out_all_is_left_as_it_is() -> None:
    groups = [{"labels": ["ind_Latn", "zsm_Latn"], "words": {f"kata{n}": [-90_000, -90_000] for n in range(3)}}]
    given = Telling(groups).again("kata0 kata1 kata2", [(MALAY, 0.6), (INDONESIAN, 0.4)])
    assert given == [(MALAY, 0.6), (INDONESIAN, 0.4)]


def test_what_is_learnt_is_read_from_beside_the_model(tmp_path: Path) -> None:
    learnt = learn(texts("ind_Latn", "news", "karena mobil bisa") + texts("zsm_Latn", "news", "kerana kereta boleh"))
    (tmp_path / f"lid{SUFFIX}").write_text(json.dumps(learnt), encoding="utf-8")
    chances = [(INDONESIAN, 0.6), (MALAY, 0.4)]
    assert Telling.beside(tmp_path / "lid.ftz").again("kerana", chances)[0][0] == MALAY
    assert Telling.beside(tmp_path / "other.ftz").again("kerana", chances) == chances
