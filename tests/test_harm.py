"""Adult pages, gambling advertisements and abuse are told by words, and honest pages on the same matters are not."""

import pytest
import yaml

from tests.conftest import ROOT
from xinstruct.candidate import Candidate, Dropped
from xinstruct.languages import expand
from xinstruct.tools.harm import spam
from xinstruct.tools.harm.faults import LIMITS, REASONS, fault
from xinstruct.tools.harm.words import CATEGORIES, found, listed, words_of
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.passages.judged import Said, judged
from xinstruct.tools.passages.standards import Standards

CASES = yaml.safe_load((ROOT / "tests" / "cases" / "harm.yml").read_text(encoding="utf-8"))
DROPPED = [(reason, case["language"], case["text"]) for reason in CASES if reason != "kept" for case in CASES[reason]]


def scores(text: str, language: str) -> dict[str, float]:
    return {
        "adult": spam.adult(text, language),
        "gambling": spam.gambling(text, language),
        "toxicity": spam.toxicity(text, language),
    }


@pytest.mark.parametrize(("reason", "language", "text"), DROPPED, ids=[f"{case[0]} {case[1]}" for case in DROPPED])
def test_advertisements_and_heaps_of_abuse_are_dropped_with_their_reason(reason: str, language: str, text: str) -> None:
    said = fault(scores(text, language))
    assert said is not None
    assert said[0] == reason


@pytest.mark.parametrize("case", CASES["kept"], ids=[case["about"] for case in CASES["kept"]])
def test_honest_pages_on_such_matters_are_kept(case: dict[str, str]) -> None:
    assert fault(scores(case["text"], case["language"])) is None


def test_one_strong_word_however_often_is_no_fault() -> None:
    assert spam.toxicity("He is an asshole, said the asshole to the asshole.", "eng_Latn") == 0


def test_forms_of_one_word_do_not_count_as_several() -> None:
    assert spam.toxicity("whores, assholes, asshole: assholery", "eng_Latn") == 0
    assert spam.adult("porn, porno, pornos", "eng_Latn") == 0


def test_a_score_is_the_share_of_letters_in_words_of_the_list() -> None:
    text = "faggots sluts cunts " + "abcde " * 36
    assert spam.toxicity(text, "eng_Latn") == pytest.approx(17 / 197)


def test_words_that_have_an_honest_use_count_only_beside_clear_ones() -> None:
    honest = "idiots and pigs, " * 5
    assert spam.toxicity(honest, "eng_Latn") == 0
    alone = spam.toxicity("faggots sluts cunts " + "flower " * 30, "eng_Latn")
    assert spam.toxicity("faggots sluts cunts " + "idiots " * 30, "eng_Latn") > alone > 0


def test_a_host_that_says_what_it_is_counts_as_one_of_the_words() -> None:
    text = "Play at our live casino and get free spins on the first day. " + "We write about it here. " * 3
    assert spam.gambling(text, "eng_Latn", "https://example.org/a") == 0
    assert spam.gambling(text, "eng_Latn", "https://best-casino.example/a") > LIMITS["highest_kept_gambling"]


def test_a_host_alone_is_no_fault() -> None:
    text = "The Ford Escort was built from 1968 on, and many drivers love it to this day."
    assert spam.adult(text, "eng_Latn", "https://ford-escort-club.example/history") == 0


def test_a_page_under_a_domain_for_adults_is_dropped_whatever_it_says() -> None:
    score = spam.adult("A quiet text about gardens.", "eng_Latn", "https://name.xxx/page")
    assert fault({"adult": score}) == ("adult", "0.50")


def test_what_the_page_says_of_itself_counts() -> None:
    text = "Register in a minute and collect your welcome bonus. The jackpot is waiting for you."
    assert spam.gambling(text, "eng_Latn") == 0
    assert spam.gambling(text, "eng_Latn", None, ["Online casino", "free spins"]) > LIMITS["highest_kept_gambling"]


def test_an_address_that_is_none_is_no_error() -> None:
    assert spam.adult("A quiet text.", "eng_Latn", "http://[broken") == 0


def test_particles_written_to_a_word_do_not_hide_it() -> None:
    for written in ("شرموطة", "والشرموطة"):
        assert found(written, "arb_Arab")["toxicity"].stems
        assert found(written, "arb_Arab")["adult"].stems  # a word may stand in several lists


def test_members_of_a_macrolanguage_share_its_list() -> None:
    assert (
        found("situs judi", "zsm_Latn")["gambling"].stems == found("situs judi", "ind_Latn")["gambling"].stems != set()
    )


def test_a_language_without_a_list_has_the_words_that_go_round_the_world() -> None:
    met = found("kwa xnxx na pornhub, 1xbet", "lug_Latn")
    assert met["adult"].clear
    assert met["gambling"].clear


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("rus_Cyrl", "Нигерия и нигерийцы; путаница в документах; сучок на берёзе"),
        ("ita_Latn", "La città di Troia cadde dopo dieci anni, e gli zoccoli dei cavalli tacquero."),
        ("swh_Latn", "Elimu ya falaki na falsafa hufundishwa katika chuo kikuu."),
        ("hun_Latn", "A fasizmus története és a gyűjtemény"),
        ("tur_Latn", "Arabayı götürdüler; ananı ve babanı saygıyla an."),
        ("kor_Hang", "그는 보지 않고 자지 않았다. 자위대와 야사에 대한 책을 읽었다."),
        ("cmn_Hans", "印度支那的历史，鬼子进村，体育用品商店，狗和猪都在院子里。"),
        ("swe_Latn", "Boken tar slut i Fittja, och farten var hög."),
    ],
)
def test_ordinary_words_are_not_taken_for_clear_ones(language: str, text: str) -> None:
    assert not [name for category in found(text, language).values() for name in category.stems]


def test_words_of_a_text_without_blanks_are_found_within_it() -> None:
    assert words_of("本网站提供真人娱乐") == ()
    assert found("本网站提供真人娱乐", "cmn_Hans")["gambling"].clear == 4
    assert found("この記事はanalogの話です", "jpn_Jpan")["adult"].in_company == 0


def test_a_limit_decides_and_a_missing_one_does_not() -> None:
    assert fault({"toxicity": 0.04}) == ("toxic", "0.04")
    assert fault({"toxicity": 0.04}, {"highest_kept_toxicity": 0.05}) is None
    assert fault({"toxicity": 0.9}, {}) is None
    assert set(REASONS) == {"machine_translated", "adult", "gambling", "toxic"}


def test_the_lists_name_languages_and_no_term_is_clear_and_not() -> None:
    assert len(listed()) >= 40
    for category in CATEGORIES:
        table = yaml.safe_load((ROOT / "corpora" / "harm" / f"{category}.yml").read_text(encoding="utf-8"))
        for code, lists in table.items():
            assert code == "every" or expand([code])
            clear, company = ({term.strip() for term in lists[kind].split(",")} for kind in ("clear", "in_company"))
            assert not clear & company, (category, code)
            stems = [term.strip().removesuffix("*") for term in (lists["clear"] + "," + lists["in_company"]).split(",")]
            assert all(len(stem) >= 1 for stem in stems), (category, code)


def test_spam_is_dropped_though_quality_is_not_asked_for() -> None:
    casino = (
        "The best online casino welcomes new players with a generous welcome bonus and 200 free spins. Sign up today, "
        "claim the no deposit bonus and play slots for real money. Place your bets and hit the progressive jackpot!"
    )
    passage = Candidate(language="eng_Latn", response=casino)
    outcome = judged(passage, [casino], Standards(quality=False), LanguageIdentifier(), Said("source"))
    assert isinstance(outcome, Dropped)
    assert outcome.reason == "gambling"
