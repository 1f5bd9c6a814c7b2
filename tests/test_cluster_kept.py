"""Which copy of a text is kept while nothing has scored it: the longest, and of equals the tidy one."""

import random
import unicodedata
from pathlib import Path

import pytest

from tests.test_cluster import ARTICLE, altered, clustered, dropped, passage
from xinstruct.tools.minhash.keeping import untidy


def kept(texts: list[str], folder: Path) -> str:
    """The text that is kept of some that are one cluster, in whatever order their ids are."""
    found = set()
    for turn in range(len(texts)):
        turned = texts[turn:] + texts[:turn]
        outcomes = clustered(
            [passage(n, text) for n, text in enumerate(turned)], folder / str(turn), parts=1 + turn % 3
        )
        found |= {turned[number] for number in set(range(len(texts))) - set(dropped(outcomes))}
    (one,) = found
    return one


@pytest.mark.parametrize("language", ["fin_Latn", "hin_Deva", "tha_Thai"])
def test_doubled_blanks_make_no_text_longer(language: str, tmp_path: Path) -> None:
    texts = [" ".join(altered(ARTICLE[language] * 2, 0.9, seed).split()) for seed in range(8)]
    copies = [variant for text in texts for variant in (text.replace(" ", "  "), text)]
    order = random.Random(1).sample(range(len(copies)), len(copies))
    outcomes = clustered([passage(n, copies[n]) for n in order], tmp_path, parts=3)
    assert set(range(len(copies))) - set(dropped(outcomes)) == set(range(1, len(copies), 2))


@pytest.mark.parametrize(
    ("tidy", "other"),
    [
        (ARTICLE["fin_Latn"], ARTICLE["fin_Latn"].upper()),
        (ARTICLE["fin_Latn"], ARTICLE["fin_Latn"].casefold()),
        (ARTICLE["fin_Latn"], unicodedata.normalize("NFD", ARTICLE["fin_Latn"])),
        (ARTICLE["fin_Latn"], ARTICLE["fin_Latn"].replace("i", "i\u00ad")),
        (ARTICLE["urd_Arab"], ARTICLE["urd_Arab"].replace("ا", "ا\u0640")),
        (ARTICLE["amh_Ethi"].replace("። ", "።\n\n"), ARTICLE["amh_Ethi"].replace("። ", "።\n \n\n")),
        ("می\u200cخواهم به خانه بروم و نامه\u200cای بنویسم", "میخواهم به خانه بروم و نامهای بنویسم"),
        ("ශ්\u200dරී ලංකාව දූපතකි", "ශ්රී ලංකාව දූපතකි"),
    ],
    ids=["capitals", "small", "apart", "soft hyphens", "stretched", "empty lines", "joiners lost", "joiner lost"],
)
def test_of_texts_that_say_the_same_the_tidy_one_is_kept(tidy: str, other: str, tmp_path: Path) -> None:
    assert kept([tidy, other], tmp_path) == tidy


def test_tidiness_counts_each_sign_too_many() -> None:
    texts = [
        "Aa b",
        " Aa",
        "Aa  b",
        "Aa ",
        "Aa\nb",
        "Aa\n\nb",
        "Aa\n\n\nb",
        "Aa \n b",
        "A\u200ba",
        "Aa\u200cb",
        "AB",
        "",
    ]
    alone = [int(untidy([text])[0]) for text in texts]
    assert alone == [0, 1, 1, 1, 0, 0, 1, 2, 1, 1, 2, 1]
    assert untidy(texts).tolist() == alone


def test_of_a_text_and_copies_that_were_cut_the_whole_is_kept(tmp_path: Path) -> None:
    whole = ARTICLE["fin_Latn"]
    assert kept([whole, whole[:-30]], tmp_path / "two") == whole
    assert kept([whole, whole[:-30], whole[30:]], tmp_path / "three") == whole
