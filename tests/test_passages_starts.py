"""Where passages begin: which texts stand alone, in many languages, and where a cut begins when its first does not."""

from collections.abc import Sequence

import pytest

from xinstruct import prompts
from xinstruct.languages import all_languages
from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.cutting import Passage, cut
from xinstruct.tools.passages.lengths import Limits
from xinstruct.tools.passages.starts import continuation, stands_alone

CONTINUING = [
    ("hau_Latn", "Amma farashin ya tashi.", "Amma"),
    ("yor_Latn", "Ṣùgbọ́n ìjọba kò fẹ́.", "Ṣùgbọ́n"),
    ("amh_Ethi", "ነገር ግን መንግሥት አልተስማማም።", "ነገር ግን"),
    ("zul_Latn", "Kodwa uhulumeni wenqaba.", "Kodwa"),
    ("som_Latn", "Laakiin dowladdu way diidday.", "Laakiin"),
    ("mya_Mymr", "သို့သော် အစိုးရက ငြင်းခဲ့သည်။", "သို့သော်"),
    ("swh_Latn", "Hata hivyo bei ilishuka tena.", "Hata hivyo"),
    ("swh_Latn", "Lakini mji huo ni wa kale.", "Lakini"),
    ("fin_Latn", "Kuitenkin hinta nousi uudelleen.", "Kuitenkin"),
    ("deu_Latn", "Kein Wunder, dass die Preise steigen.", "Kein Wunder"),
    ("deu_Latn", "Dieser Plan wurde nie umgesetzt.", "Dieser"),
    ("fra_Latn", "C’est pourquoi les prix montent.", "C'est pourquoi"),
    ("fra_Latn", "Elle habite à Lyon depuis dix ans.", "Elle"),
    ("spa_Latn", "Sin embargo, los precios subieron.", "Sin embargo"),
    ("por_Latn", "No entanto, os preços subiram.", "No entanto"),
    ("ita_Latn", "Tuttavia i prezzi sono saliti.", "Tuttavia"),
    ("nld_Latn", "Daarom stegen de prijzen weer.", "Daarom"),
    ("swe_Latn", "Däremot steg priserna igen.", "Däremot"),
    ("nob_Latn", "Likevel steg prisene igjen.", "Likevel"),
    ("pol_Latn", "Jednak ceny znowu wzrosły.", "Jednak"),
    ("ces_Latn", "Nicméně ceny opět vzrostly.", "Nicméně"),
    ("rus_Cyrl", "Однако цены снова выросли.", "Однако"),
    ("ukr_Cyrl", "Проте ціни знову зросли.", "Проте"),
    ("bul_Cyrl", "Въпреки това цените отново се повишиха.", "Въпреки това"),
    ("ron_Latn", "Cu toate acestea, prețurile au crescut.", "Cu toate acestea"),
    ("ell_Grek", "Ωστόσο οι τιμές ανέβηκαν ξανά.", "Ωστόσο"),
    ("hun_Latn", "Ennek ellenére az árak emelkedtek.", "Ennek ellenére"),
    ("tur_Latn", "Bununla birlikte fiyatlar yükseldi.", "Bununla birlikte"),
    ("ind_Latn", "Namun harga naik lagi.", "Namun"),
    ("vie_Latn", "Tuy nhiên, giá lại tăng.", "Tuy nhiên"),
    ("arb_Arab", "ومع ذلك ارتفعت الأسعار.", "ومع ذلك"),
    ("pes_Arab", "با این حال قیمت‌ها بالا رفت.", "با این حال"),
    ("urd_Arab", "تاہم قیمتیں پھر بڑھ گئیں۔", "تاہم"),
    ("hin_Deva", "हालाँकि कीमतें फिर बढ़ गईं।", "हालाँकि"),
    ("ben_Beng", "তবুও দাম আবার বেড়ে গেল।", "তবুও"),
    ("tam_Taml", "இருப்பினும் விலை மீண்டும் உயர்ந்தது.", "இருப்பினும்"),
    ("tel_Telu", "అయితే ధరలు మళ్ళీ పెరిగాయి.", "అయితే"),
    ("tha_Thai", "อย่างไรก็ตามราคาก็ขึ้นอีก", "อย่างไรก็ตาม"),
    ("cmn_Hans", "然而价格又上涨了。", "然而"),
    ("cmn_Hant", "不過價格又上漲了。", "不過"),
    ("jpn_Jpan", "しかし価格はまた上がった。", "しかし"),
    ("kor_Hang", "그러나 가격이 다시 올랐다.", "그러나"),
    ("eng_Latn", "It's why they left.", "It's"),
    ("bos_Latn", "Međutim, cijene su porasle.", "Međutim"),
]
STANDING = [
    ("swh_Latn", "Hivi karibuni bei ya mahindi imeshuka."),
    ("fra_Latn", "Il y a mille ans, la ville était un port."),
    ("fra_Latn", "Ilots et récifs bordent la côte."),
    ("spa_Latn", "Después de la guerra la ciudad creció."),
    ("deu_Latn", "Dieses Jahr ist die Ernte gut."),
    ("deu_Latn", "Erdbeeren reifen im Juni."),
    ("ind_Latn", "Lalu lintas di Jakarta padat."),
    ("tha_Thai", "แต่งงานตามประเพณีไทยมีหลายขั้นตอน"),
    ("cmn_Hans", "其实煮饭并不难。"),
    ("cmn_Hans", "但丁是意大利诗人。"),
    ("jpn_Jpan", "これから自転車の直し方を説明します。"),
    ("pes_Arab", "پس از جنگ شهر دوباره ساخته شد."),
    ("eng_Latn", "Because of the drought, prices rose."),
    ("eng_Latn", "Butter is made of cream."),
    ("eng_Latn", "iPhone screens break easily."),
    ("hau_Latn", "Ammar ya sayi mota."),
    ("mlt_Latn", "Iżda l-prezzijiet telgħu."),  # no words are known of it
]


@pytest.mark.parametrize(("language", "text", "word"), CONTINUING)
def test_a_text_that_goes_on_with_something_does_not_stand_alone(language: str, text: str, word: str) -> None:
    assert stands_alone(text, language) == (False, word)


@pytest.mark.parametrize(("language", "text"), STANDING)
def test_words_that_only_look_like_it_stand_alone(language: str, text: str) -> None:
    assert stands_alone(text, language) == (True, "")


def test_the_longest_phrase_counts() -> None:
    assert continuation("پس از آن شهر دوباره ساخته شد.", "pes_Arab") == ("continuing", "پس از آن")
    assert continuation("De ahí que subieran los precios.", "spa_Latn") == ("continuing", "De ahí que")


def test_opening_marks_hide_no_word() -> None:
    assert stands_alone("«Но цены выросли», — сказал он.", "rus_Cyrl") == (False, "Но")
    assert stands_alone("— Lakini wapi?", "swh_Latn") == (False, "Lakini")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("ambayo ni kubwa. Mji wa Dodoma upo kati.", "a"),
        (", ambayo ni kubwa. Mji upo.", ","),
        ("… na wengine. Mji upo.", "…"),
        ("3) Osha mahindi. Kisha yachemshe.", "3)"),
    ],
)
def test_marks_and_small_letters_tell_in_any_language(text: str, mark: str) -> None:
    assert stands_alone(text, "nya_Latn") == (False, mark)


def test_small_letters_tell_nothing_where_sentences_begin_with_them() -> None:
    assert stands_alone("თბილისი საქართველოს დედაქალაქია. Facebook მას იცნობს.", "kat_Geor") == (True, "")
    assert stands_alone("ua kau ka lā i luna.", "haw_Latn") == (True, "")


def test_the_table_names_known_languages_and_no_phrase_twice() -> None:
    table = prompts.table("mid_thought")
    assert len(table) >= 40
    assert set(table) <= set(all_languages())
    for language, lists in table.items():
        assert set(lists) <= {"continuing", "pronouns", "but_not"}, language
        phrases = [phrase for words in lists.values() for phrase in words]
        assert all(isinstance(phrase, str) for phrase in phrases), language
        assert [phrase for phrase in set(phrases) if phrases.count(phrase) > 1] == [], language


OPENING = "Lakini bei ya mahindi ilishuka sana."
SECOND = "Wakulima wa Kibaigwa walivuna mazao mengi kuliko miaka mitatu iliyopita."
THIRD = "Wafanyabiashara wa Dodoma walileta magari mengi sokoni kila siku ya wiki."


def page(*paragraphs: str) -> Page:
    blocks, at = [], 0
    for paragraph in paragraphs:
        blocks.append(Block("paragraph", at, at + len(paragraph)))
        at += len(paragraph) + 1
    return Page(text="\n".join(paragraphs), blocks=blocks)


def passages(of: Page, shortest: int, longest: int = 3000, language: str = "swh_Latn") -> Sequence[Passage]:
    limits = Limits(shortest, longest, shortest)
    return [found for found, _ in cut(of, [language] * len(of.blocks), frozenset((language,)), limits)]


def texts(of: Page, shortest: int, longest: int = 3000) -> list[str]:
    return [of.text[passage.start : passage.end] for passage in passages(of, shortest, longest)]


def test_a_cut_begins_with_the_next_sentence_that_stands_alone() -> None:
    assert texts(page(f"{OPENING} {SECOND} {THIRD}"), 100) == [f"{SECOND} {THIRD}"]


def test_a_cut_begins_rather_with_a_paragraph_than_within_one() -> None:
    rest = " ".join([SECOND, THIRD] * 4)
    assert texts(page(f"{OPENING} {SECOND}", rest), 100) == [rest]


def test_a_cut_keeps_its_beginning_where_too_little_would_be_left() -> None:
    whole = f"{OPENING} {SECOND}"
    assert texts(page(whole), 100) == [whole]
    assert stands_alone(whole, "swh_Latn") == (False, "Lakini")


def test_a_long_text_is_cut_before_a_sentence_that_stands_alone() -> None:
    sentences = [SECOND, THIRD, SECOND, OPENING, SECOND, THIRD]
    first, second = texts(page(" ".join(sentences)), 100, 300)
    assert first == " ".join(sentences[:4])
    assert second == " ".join(sentences[4:])


def answers(kinds: tuple[str, str], asked: str, answer: str) -> list[tuple[int, str | None, str | None]]:
    blocks = [Block(kinds[0], 0, len(asked)), Block(kinds[1], len(asked) + 1, len(asked) + 1 + len(answer))]
    found = passages(Page(text=f"{asked}\n{answer}", blocks=blocks), 60)
    return [(passage.start, passage.question, passage.term) for passage in found]


def test_an_answer_is_taken_without_its_question_unless_it_goes_on_with_it() -> None:
    question = "Je, bei ilipanda?"
    asked = ("question", "answer")
    assert answers(asked, question, f"Wakulima walivuna. {SECOND}") == [(len(question) + 1, question, None)]
    assert answers(asked, question, f"Lakini wakulima walivuna. {SECOND}") == [(0, question, None)]


def test_a_definition_is_taken_with_its_term() -> None:
    assert answers(("term", "definition"), "Kilimo", f"Kazi ya wakulima. {SECOND}") == [(0, None, "Kilimo")]
