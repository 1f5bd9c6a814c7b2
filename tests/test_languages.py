"""Checks how languages are named: what a person may write, what is meant, and what an unknown name gets."""

import itertools
import time
from collections import Counter
from collections.abc import Callable

import pytest
import regex

from xinstruct import languages
from xinstruct.tools.sentences import ends_sentence, is_unmarked, is_unspaced, sentences


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("swh_Latn", ("swh_Latn",)),
        ("swh", ("swh_Latn",)),
        ("sw", ("swh_Latn", "swc_Latn")),
        ("swa", ("swh_Latn", "swc_Latn")),
        ("fi", ("fin_Latn",)),
        ("nep", ("npi_Deva", "dty_Deva")),
        ("no", ("nob_Latn", "nno_Latn")),
        ("srp", ("srp_Cyrl", "srp_Latn")),
        ("kur_Arab", ("ckb_Arab", "sdh_Arab")),
    ],
)
def test_codes_expand_to_the_languages_that_they_mean(written: str, meant: tuple[str, ...]) -> None:
    assert languages.expand([written]) == meant


def test_chinese_expands_to_both_forms_of_its_characters() -> None:
    assert {"cmn_Hans", "cmn_Hant", "yue_Hant"} <= set(languages.expand(["zh"]))


def test_names_keep_their_order_and_stand_once() -> None:
    assert languages.expand(["tam_Taml", "sw", "swh_Latn"]) == ("tam_Taml", "swh_Latn", "swc_Latn")


def test_all_is_every_language_of_the_table() -> None:
    assert languages.expand(["all"]) == languages.all_languages()
    assert len(languages.all_languages()) > 400


@pytest.mark.parametrize(
    ("written", "offered"),
    [("Swahili", "swh_Latn"), ("swh-Latn", "swh_Latn"), ("swh_Arab", "swh_Latn"), ("tamil", "tam_Taml")],
)
def test_unknown_name_is_refused_with_the_nearest(written: str, offered: str) -> None:
    with pytest.raises(languages.UnknownLanguage, match=offered) as caught:
        languages.expand([written])
    assert "\n" not in str(caught.value)
    assert written in str(caught.value)


def test_nonsense_is_refused_with_what_names_look_like() -> None:
    with pytest.raises(languages.UnknownLanguage, match="swh_Latn"):
        languages.expand(["#?!"])


def test_english_names_are_what_a_person_would_write() -> None:
    names = {
        "swh_Latn": "Swahili", "arb_Arab": "Arabic", "npi_Deva": "Nepali", "pes_Arab": "Persian", "ben_Beng": "Bengali",
        "cmn_Hans": "Chinese (simplified)", "cmn_Hant": "Chinese (traditional)", "zsm_Latn": "Malay",
        "tgl_Latn": "Tagalog", "uzn_Cyrl": "Uzbek (Cyrillic script)", "luo_Latn": "Luo", "sw": "Swahili",
        "zh": "Chinese (simplified)",
    }  # fmt: skip
    assert {name: languages.english_name(name) for name in names} == names


def test_no_two_languages_share_an_english_name() -> None:
    counts = Counter(languages.english_name(name) for name in languages.all_languages())
    assert [name for name, count in counts.items() if count > 1] == []


def test_own_names_are_in_the_languages_own_script() -> None:
    own = {"swh_Latn": "Kiswahili", "npi_Deva": "नेपाली", "fin_Latn": "suomi", "tha_Thai": "ไทย", "srp_Cyrl": "српски"}
    assert {name: languages.own_name(name) for name in own} == own


def test_macrolanguage_and_default_script_are_known() -> None:
    assert languages.macro("swh_Latn") == "swa"
    assert languages.macro("fin") == "fin"
    assert [languages.label(name) for name in ("swa", "swh", "kur_Arab", "zho_Hani", "zho_Hant", "ms")] == [
        "swh_Latn", "swh_Latn", "ckb_Arab", "cmn_Hans", "cmn_Hant", "zsm_Latn",
    ]  # fmt: skip
    assert languages.iso639_1("swh_Latn") == "sw"


def test_most_languages_have_a_name_in_themselves() -> None:
    table = languages._table().languages
    named = [code for code, entry in table.items() if next(iter(entry["scripts"].values()))]
    assert len(named) > 300
    for code in ("ceb", "wol", "mri", "tso", "awa", "pbt", "crh"):
        assert code in named


def test_other_sets_name_the_same_languages() -> None:
    assert [languages.flores(name) for name in ("zh", "cmn_Hant", "swa", "est", "jam")] == [
        "zho_Hans", "zho_Hant", "swh_Latn", "est_Latn", None,
    ]  # fmt: skip
    assert [languages.glotlid(name) for name in ("zh", "pes_Arab", "tgl", "swa", "saq")] == [
        "cmn_Hani", "fas_Arab", "fil_Latn", "swh_Latn", None,
    ]  # fmt: skip


@pytest.mark.parametrize(("of", "fewest"), [(languages.flores, 200), (languages.glotlid, 500)])
def test_labels_of_other_sets_are_understood(of: Callable[[str], str | None], fewest: int) -> None:
    theirs = {ours: label for ours in languages.all_languages() if (label := of(ours))}
    assert len(theirs) >= fewest
    assert [ours for ours, label in theirs.items() if ours not in languages.expand([label])] == []


def letters_of(script: str, count: int) -> str:
    """The first letters of a script that have no capitals, or are some."""
    name = {"Hans": "Hani", "Hant": "Hani", "Jpan": "Hira"}.get(script, script)
    letter = regex.compile(rf"(?=[\p{{Lo}}\p{{Lu}}])\p{{Script={name}}}")
    return "".join(itertools.islice((chr(code) for code in range(0x1FFFF) if letter.match(chr(code))), count))


def test_the_table_tells_how_sentences_end_in_every_script() -> None:
    for script, marks in languages.sentence_ends().items():
        word = letters_of(script, 5) * 10
        for mark in marks:
            assert len(sentences(f"{word}{mark} {word}{mark}", f"und_{script}")) == 2, (script, mark)
            assert ends_sentence(word + mark), (script, mark)
        assert is_unspaced(word) == (script in languages.unspaced_scripts()), script
        assert is_unmarked(word) == (script in languages.unmarked_scripts()), script


def test_the_table_loads_within_a_twentieth_of_a_second() -> None:
    quickest = 1.0
    for _ in range(5):
        languages._table.cache_clear()
        began = time.process_time()
        languages._table()
        quickest = min(quickest, time.process_time() - began)
    assert quickest < 0.05
