"""Pages that a machine translated or wrote are told by what stands in them, and pages that only offer it are not."""

import pytest
import yaml

from tests.conftest import ROOT
from xinstruct.languages import expand
from xinstruct.tools.extractor.page import Page
from xinstruct.tools.harm.faults import LIMITS
from xinstruct.tools.harm.machine import UNMARKED, Marks, marks, translated
from xinstruct.tools.harm.notices import says_so
from xinstruct.tools.harm.wording import broken, two_scripts, untranslated, worn
from xinstruct.tools.harm.words import words_of
from xinstruct.tools.web.record import Record

CASES = yaml.safe_load((ROOT / "tests" / "cases" / "harm_notices.yml").read_text(encoding="utf-8"))
HIGHEST = LIMITS["highest_kept_machine_translated"]
TEXT = "Bei ya mahindi imeshuka baada ya wakulima kuvuna mazao mengi mwaka huu."
NATURAL = (
    "Mvua ya kwanza iliponyesha, watoto walikimbia nje wakicheka, na bibi akaweka ndoo chini ya paa. Babu alisema "
    "kwamba mwaka uliopita ukame ulikausha visima vyote, ng'ombe wakafa, na vijana wengi wakahamia mjini kutafuta "
    "kazi. Sasa mashamba yanageuka kijani tena, na jirani yetu ameanza kuuza maziwa sokoni kila asubuhi kabla jua "
    "halijachomoza."
)

SURE = {
    "translated by Chrome": '<html lang="sw" class="translated-ltr"><head></head>',
    "a language tag of Google's": '<html lang="sw-x-mtfrom-en"><head></head>',
    "a language tag of BCP 47": '<html lang="sw-t-en-t0-und"><head></head>',
    "a translated proxy page": '<html><head><meta http-equiv="X-Translated-By" content="Google"></head>',
    "Microsoft's documentation": '<html lang="sw"><head><meta name="ms.translationtype" content="MT"></head>',
    "a publisher who says so": '<html lang="sw"><head><meta name="translation" content="machine-translated"></head>',
    "a publisher who names a model": '<html><head><meta content="ai-generated" name="ai-disclosure"></head>',
    "TranslatePress": '<html lang="sw"><script>trp_data = {"trp_original_language":"en_US"}</script>',
    "Weglot": '<html lang="sw"><script id="weglot-data">{"language_from":"en"}</script>',
    "GTranslate on the server": '<html lang="sw"><script>window.gtranslateSettings = {"default_language":"en",'
    '"url_structure":"sub_directory","languages":["en","sw"]}</script>',
    "text copied from Google": '<html lang="sw">' + '<font style="vertical-align: inherit;">maneno</font>' * 8,
    "text copied out of Edge": '<html lang="sw">' + '<p _msttexthash="12" _msthash="1">maneno</p>' * 8,
    "a chatbot named as the maker": '<html lang="sw"><head><meta name="generator" content="ChatGPT"></head>',
    "a spinner of articles": '<html><head><meta name="generator" content="WP Robot 5"></head>',
}  # fmt: skip
NOTHING = {
    "a plain page": '<html lang="sw"><head><meta name="generator" content="WordPress 6.5"></head>',
    "one that asks not to be translated": '<html lang="sw" class="notranslate" translate="no">',
    "a page translated by people": '<html lang="sw"><head><meta name="ms.translationtype" content="HT"></head>',
    "a page that a person wrote": '<html><head><meta name="ai-generated" content="false"></head>',
    "an original on TranslatePress": '<html lang="en-US"><script>trp_data = {"trp_original_language":"en_US"}</script>',
    "an original on GTranslate": '<html lang="nb"><script>window.gtranslateSettings = {"default_language":"no",'
    '"url_structure":"sub_domain"}</script>',
    "GTranslate in the browser": '<html lang="sw"><script>window.gtranslateSettings = {"default_language":"en",'
    '"url_structure":"none"}</script>',
    "a button": '<html lang="sw"><div id="google_translate_element"></div>',
    "a style that has the word": "<html lang='sw'><style>img { vertical-align: inherit }</style>",
    "a link to one": '<html lang="sw"><a href="https://example-org.translate.goog/?_x_tr_tl=en">x</a>',
}  # fmt: skip


def record(body: str = "<html></html>", url: str = "https://example.org/habari/mahindi") -> Record:
    return Record("c", 0, url, None, "sha1:x", body.encode())


def page(text: str = TEXT) -> Page:
    return Page(text=text, blocks=[])


@pytest.mark.parametrize("what", SURE)
def test_what_says_that_a_machine_made_the_page_drops_it(what: str) -> None:
    marked = marks(record(SURE[what] + f"<p>{TEXT}</p></html>"), page())
    assert marked.score > HIGHEST
    assert marked.evidence
    assert translated(TEXT, "swh_Latn", marked) >= marked.score


@pytest.mark.parametrize("what", NOTHING)
def test_what_only_has_to_do_with_translation_is_no_reason(what: str) -> None:
    marked = marks(record(NOTHING[what] + f"<p>{TEXT}</p></html>"), page())
    assert marked.score <= 0.1
    assert translated(NATURAL, "swh_Latn", marked) < HIGHEST


@pytest.mark.parametrize(
    "url",
    [
        "https://example-org.translate.goog/habari?_x_tr_sl=en&_x_tr_tl=sw",
        "https://example.org/habari?a=1&_x_tr_tl=sw",
        "https://translate.googleusercontent.com/translate_c?u=https://example.org",
    ],
)
def test_the_address_of_a_translating_service_drops_a_page(url: str) -> None:
    assert marks(record(url=url), page()).score > HIGHEST


def test_an_address_that_is_none_is_no_error() -> None:
    assert marks(record(url="http://[broken"), page()) == UNMARKED


def alternates(languages: list[str], default: str = "") -> str:
    links = [f'<link rel="alternate" hreflang="{code}" href="https://example.org/{code}/habari">' for code in languages]
    return "<html><head>" + "".join(links) + default + "</head>"


def test_twins_in_many_languages_are_evidence_but_no_reason() -> None:
    few = marks(record(alternates(["en", "sw"])), page())
    some = marks(record(alternates(["en", "sw", "fr", "de", "es", "it"])), page())
    many = marks(record(alternates([first + second for first in "abcdefg" for second in "lmnopqr"])), page())
    assert few == UNMARKED
    assert 0 < some.score < many.score < HIGHEST
    assert "hreflang" in many.evidence[0]


def test_the_page_for_everybody_is_rather_the_original() -> None:
    default = '<link rel="alternate" hreflang="x-default" href="https://example.org/habari/mahindi/">'
    assert marks(record(alternates(["en", "sw", "fr", "de", "es", "it"], default)), page()) == UNMARKED


def test_pieces_of_evidence_add_up() -> None:
    body = alternates(["en", "sw", "fr", "de", "es", "it"]) + '<font style="vertical-align: inherit">x</font>' * 3
    both = marks(record(body), page())
    assert len(both.evidence) == 2
    assert both.score > max(marks(record(alternates(["en", "sw", "fr", "de", "es", "it"])), page()).score, 0.4)


def test_a_page_in_two_bytes_a_letter_is_read_too() -> None:
    body = SURE["translated by Chrome"].encode("utf-16")
    assert marks(Record("c", 0, None, None, "sha1:x", body), page()).score > HIGHEST


def test_text_without_tags_has_only_its_address_and_its_words() -> None:
    plain = Record("c", 0, None, None, "sha1:x", SURE["translated by Chrome"].encode(), is_text=True)
    assert marks(plain, page()) == UNMARKED
    assert marks(plain, page("Makala haya. This article was machine translated.")).score > HIGHEST


@pytest.mark.parametrize(
    "text", ["Dieser Artikel wurde maschinell übersetzt.", "As an AI language model, I cannot say."]
)
def test_a_notice_of_a_machine_counts_and_a_quoted_one_does_not(text: str) -> None:
    assert says_so(f"Mehr davon. {text}")
    assert says_so(f"Darunter stand: „{text}“") is None
    assert says_so(f'Below it said: "{text}"') is None


@pytest.mark.parametrize("case", [case for kind in CASES.values() for case in kind], ids=lambda case: case["text"][:40])
def test_notices_are_found_in_texts_and_what_only_speaks_of_machines_is_not(case: dict[str, str]) -> None:
    assert bool(says_so(f"1. {case['text']} 2.")) == (case not in CASES["no_notice"])


@pytest.mark.parametrize("case", CASES["translated"], ids=lambda case: case["text"][:40])
def test_a_notice_in_the_footer_counts_whatever_language_the_page_names(case: dict[str, str]) -> None:
    body = f'<html lang="en">{"<p>x</p>" * 3000}<footer><p>{case["text"]}</p></footer></html>'
    marked = marks(record(body), page())
    assert marked.score > HIGHEST
    assert "says: " in marked.evidence[-1]


@pytest.mark.parametrize("case", CASES["no_notice"], ids=lambda case: case["text"][:40])
def test_a_footer_that_offers_translation_does_not_count(case: dict[str, str]) -> None:
    assert marks(record(f"<html><footer><p>{case['text']}</p></footer></html>"), page()) == UNMARKED


def test_a_banner_in_the_language_of_the_page_counts_and_its_tags_are_looked_through() -> None:
    notice = "<b>Ukurasa huu</b> umetafsiriwa kwa kutumia&nbsp;mashine."
    body = f'<html lang="sw"><body><div>{notice}</div>{"<p>x</p>" * 3000}</html>'
    assert marks(record(body), page()).score > HIGHEST


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>say('This page was machine translated.')</script>",
        "<!-- <p>This page was machine translated.</p> -->",
        '<p title="This page was machine translated.">x</p>',
    ],
)
def test_a_notice_that_the_page_does_not_show_does_not_count(hidden: str) -> None:
    assert marks(record(f"<html><footer>{hidden}</footer></html>"), page()) == UNMARKED


def test_each_language_is_one_its_notices_are_small_letters_and_each_glance_has_a_root() -> None:
    told = yaml.safe_load((ROOT / "corpora" / "harm" / "notices.yml").read_text(encoding="utf-8"))
    for kind in ("translated", "written"):
        for code, has in told[kind].items():
            assert expand([code])
            assert [notice for notice in has["notices"] if notice != notice.lower()] == []
            assert [
                glance for glance in has["glances"] if not any(root in glance for root in told["roots"][kind])
            ] == []


GOOGLE = (
    "af sq am ar hy az eu be bn bs bg ca ceb ny zh co hr cs da nl en eo et tl fi fr fy gl ka de el gu ht ha haw iw hi "
    "hmn hu is ig id ga it ja jw kn kk km ko ku ky lo la lv lt lb mk mg ms ml mt mi mr mn my ne no ps fa pl pt pa ro "
    "ru sm gd sr st sn sd si sk sl so es su sw sv tg ta te th tr uk ur uz vi cy xh yi yo zu"
)
SERVICE = GOOGLE.split()


def test_one_path_under_all_languages_of_a_service_drops_the_page_but_not_its_original() -> None:
    body = alternates(SERVICE)
    assert marks(record(body, "https://example.org/sw/habari"), page()).score > HIGHEST
    assert marks(record(body, "https://example.org/en/habari"), page()).score < HIGHEST
    assert marks(record(body, "https://example.org/habari"), page()).score < HIGHEST


def test_languages_that_people_publish_in_drop_no_page_however_many_they_are() -> None:
    brand = [code for code in SERVICE if code not in ("co", "fy", "haw", "hmn", "sm", "yi", "la")]
    of_people = [
        *SERVICE,
        "bem",
        "loz",
        "tog",
        "nya",
        "ast",
        "oc",
        "szl",
        "nds",
        "tpi",
        "bi",
        "fj",
        "ty",
        "qu",
        "ay",
        "lu",
    ]
    for languages in (brand, of_people, SERVICE[:60]):
        assert marks(record(alternates(languages), "https://example.org/sw/habari"), page()).score < HIGHEST


def test_words_alone_never_drop_a_passage() -> None:
    worst = "the with which this </ b> & quot ; [insert name] cаsino pоker rоulette wonderful " * 40
    assert translated(worst, "fin_Latn", UNMARKED) < HIGHEST
    assert translated(worst, "fin_Latn", UNMARKED) > translated(NATURAL, "swh_Latn", UNMARKED)


def test_broken_markup_and_empty_slots_are_counted() -> None:
    assert broken("Karibu [insert name here], soma http: // example na </ b> hapa.") == 1
    assert broken("Dear [Your Name], {good|fine|nice} to see you.") == pytest.approx(2 / 3)
    assert broken("Soma zaidi kwenye https://example.org [1]; a[i] = {x}.") == 0


def test_letters_of_two_scripts_in_one_word_are_counted() -> None:
    assert two_scripts("Лучшее cаsino, pоker и rоulette") == 1
    assert two_scripts("QR-код и USB-кабель для iPhone") == 0


def test_english_words_amid_another_language_are_counted_but_not_in_english() -> None:
    words = words_of("Tämä on paras tapa the löytää your oma talo because hinta on hyvä")
    assert untranslated(words, "fin_Latn") == 1
    assert untranslated(words, "eng_Latn") == 0
    assert untranslated(words_of(NATURAL), "swh_Latn") == 0


def test_long_words_that_come_again_are_counted_and_short_texts_are_not_judged() -> None:
    assert worn(words_of("wonderful products for your house and very wonderful prices of products " * 20)) == 1
    assert worn(words_of(NATURAL)) < 0.2
    assert worn(words_of(TEXT)) == 0


def test_marks_hold_for_every_passage_of_the_page() -> None:
    assert translated(NATURAL, "swh_Latn", Marks(0.95, ("address",))) >= 0.95
