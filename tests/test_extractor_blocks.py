"""How the text of a block is tidied and compared: quick ways for plain text must say what the long way says."""

import pytest

from xinstruct.tools.extractor import parser
from xinstruct.tools.extractor.blocks import bare, disguise, tidy
from xinstruct.tools.extractor.encoding import damage
from xinstruct.tools.extractor.folds import ends_as_prose

STORY = {
    "sw": "Asubuhi na mapema mvuvi mzee alishuka kwenda mtoni na wavu wake. Maji yalikuwa yametulia kabisa.",
    "en": "Early in the morning the old fisherman went down to the river with his net. The water was still.",
}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("one  two ", "one two"),
        ("one\u00a0 two\u3000three", "one two three"),
        ("one\ttwo\r\nthree\f", "one two\nthree"),
        ("\n one \n\n two\n", "one\ntwo"),
        ("e\u0301te\u0301", "été"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("می\u200cخواهم و\u200c ", "می\u200cخواهم و"),
        (disguise("می\u200cخواهم"), "می\u200cخواهم"),
        ("a\u200bb ក\u200bខ", "ab ក\u200bខ"),
        (" \u200d ", ""),
        ("", ""),
    ],
)
def test_a_block_is_tidied(text: str, kept: str) -> None:
    assert tidy(text) == kept


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It's 5 o'clock!", "its5oclock"),
        ("STRASSE Straße", "strassestrasse"),
        ("ﬁne №1", "fineno1"),
        ("தமிழ் - 2", "தமிழ்2"),
    ],
)
def test_texts_are_compared_by_letters_marks_and_figures(text: str, left: str) -> None:
    assert bare(text) == left
    assert bare(text * 5000) == left * 5000


@pytest.mark.parametrize("text", ["Yes.", "He said “yes.” ", "Вот как?!)", "ไปโรงเรียน", "…", "هل؟", "是。\n"])
def test_prose_ends_in_a_full_stop_or_needs_none(text: str) -> None:
    assert ends_as_prose(text)


@pytest.mark.parametrize("text", ["Yes", "version 2.0", "A. Smith", "", "--", "read more »", "end. 3_"])
def test_what_has_no_full_stop_behind_its_last_word_is_no_prose(text: str) -> None:
    assert not ends_as_prose(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("plain text " * 20, None),
        ("naïve café " * 20, None),
        ("lost \ufffd\ufffd\ufffd signs", "undecodable"),
        ("\ue001\ue002\ue003 \ue004", "legacy_font"),
        ("Ïðèâåò ìèð " * 20, "legacy_font"),
        ("Ã¤hnlich, spÃ¤ter, mÃ¼de, schÃ¶n, GrÃ¼ÃŸe, Ã¼ber", "mojibake"),
    ],
)
def test_damage_is_seen_in_what_is_not_ascii(text: str, wrong: str | None) -> None:
    assert damage(text) == wrong


def test_page_in_several_languages_side_by_side_needs_no_search_for_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(*_: object, **__: object) -> None:
        raise AssertionError("searched")

    leaf = "".join(f"<div class='t {lang}'><p>{text}</p></div>" for lang, text in STORY.items())
    leaves = "".join(f"<div><img src='{n}.jpg'>{leaf.replace('.', f' {n}.')}</div>" for n in range(5))
    monkeypatch.setattr(parser, "bare_extraction", search)
    found = parser.extract_page(f"<html lang='sw'><body><main>{leaves}</main></body></html>".encode())
    assert found["text"].count("mvuvi") == 5
    assert "fisherman" not in found["text"]
