"""Spellings that readers take for one are one to the clustering, and what tells words apart stays, script by script."""

import gzip
import json
import unicodedata
from pathlib import Path

import pytest

from benchmarks.cluster.pieces import form
from xinstruct.tools.minhash.shingles import Normal


def alike(one: str, other: str) -> bool:
    normal = Normal([one, other])
    return normal.form(0) == normal.form(1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\ufe8e\ufef2\ufeda", "\u0627\u064a\u0643"),  # alef, yeh, kaf as presentation forms
        ("\ufbfc\ufb8e", "\u06cc\u06a9"),  # Farsi yeh and keheh as presentation forms
        ("\u0643\u062a\u0627\u0628\u064a", "\u06a9\u062a\u0627\u0628\u06cc"),  # Persian typed with Arabic's kaf and yeh
        ("\u0627\u0654\u0633\u062f", "\u0623\u0633\u062f"),  # alef with a combining hamza
        ("\u0915\u093c\u0932\u092e", "\u0958\u0932\u092e"),  # Devanagari qa with its nukta, and as one character
        ("\u09a1\u093c", "\u09a1\u093c"),
        ("\u09a1\u09bc\u09be", "\u09dc\u09be"),  # Bengali rra
        ("\u0a17\u0a3c", "\u0a5a"),  # Gurmukhi ghha
        ("\u0928\u093c", "\u0929"),  # Devanagari nnna, which composes
        ("\u0b92\u0bd7", "\u0b94"),  # Tamil au
        ("\u0d28\u0d4d\u200d", "\u0d7b"),  # a Malayalam chillu in its old spelling
        ("\u09a4\u09cd\u200d", "\u09ce"),  # Bengali khanda ta in its old spelling
        ("\u0930\u094d\u200d\u092f\u093e", "\u0931\u094d\u092f\u093e"),  # the eyelash ra of Marathi
        ("\u0d9a\u0dca\u200d\u0dbb", "\u0d9a\u0dca\u0dbb"),  # a Sinhala conjunct with its joiner and without
        ("\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0646\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"),
        ("\u0661\u0669\u0664\u0665 \u0967\u096f", "1945 \u06f1\u06f9"),  # digits
        ("\u0e1e.\u0e28. \u0e52\u0e55\u0e56\u0e56", "\u0e1e.\u0e28. 2566"),  # digits beside blanks, in Thai
    ],
)
def test_spellings_of_one_word_are_one(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u0639\u0644\u064a", "\u0639\u0644\u0649"),  # Arabic: Ali, on
        ("\u0623\u0646", "\u0625\u0646"),  # Arabic: hamza above and below alef
        ("\u0623\u0646", "\u0627\u0646"),
        ("\u0622\u0646", "\u0627\u0646"),  # Arabic and Persian: alef with madda
        ("\u0633\u0693\u06cc", "\u0633\u0693\u064a"),  # Pashto: man, men
        ("\u06a9\u0631\u0648\u06d2", "\u06a9\u0631\u0648\u06cc"),  # Urdu: the two forms of ye
        ("\u06af\u06be\u0631", "\u06af\u06c1\u0631"),  # Urdu: the two forms of he
        ("\u06aa\u0644", "\u06a9\u0644"),  # Sindhi: kaf, khe
        ("\u0d05\u0d35\u0d28\u0d4d\u200d", "\u0d05\u0d35\u0d28\u0d4d"),  # Malayalam: he, to him
        ("\u0926\u0930\u094d\u200d\u092f\u093e", "\u0926\u0930\u094d\u092f\u093e"),  # Marathi: valleys, sea
        ("\u0938\u091c\u093e", "\u0938\u091c\u093c\u093e"),  # Hindi: adorned, punishment
        ("\u0e21\u0e32", "\u0e21\u0e49\u0e32"),  # Thai: come, horse
        ("\u1780\u17b6", "\u1780\u17c6"),  # Khmer vowels
        ("1945", "1946"),
    ],
)
def test_what_tells_words_apart_stays(one: str, other: str) -> None:
    assert not alike(one, other)


def test_digits_of_every_script_are_those_of_ascii() -> None:
    every = [chr(point) for point in range(0x110000) if unicodedata.decimal(chr(point), -1) == 7]
    assert len(every) > 60
    assert {Normal([digit]).form(0) for digit in every} == {Normal(["7"]).form(0)}


@pytest.mark.slow
def test_the_form_is_that_of_a_plain_telling_in_every_language_of_the_shared_passages(shared_data: Path) -> None:
    with gzip.open(shared_data / "docs" / "docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    normal = Normal(texts)
    differing = [n for n, text in enumerate(texts) if normal.form(n) != form(text).encode("utf-32-le")]
    assert len(texts) > 20_000
    assert differing == []
