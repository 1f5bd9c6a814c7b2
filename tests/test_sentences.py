"""Sentences are told apart by the marks of every script, and by nothing that only looks like such a mark."""

import pytest
import regex

from xinstruct.tools.sentences import SMALL_LETTER, ends_sentence, sentences


def told(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text, language)]


# Sentences that stand one behind the other, parted by a blank; none of them may be cut.
SEQUENCES = {
    "ell_Grek": (
        *("Πού πας;", "Πάω σπίτι.", "Τι είναι το DNA;", "Ένα μόριο.", "Τι έγινε το 1821;", "Η επανάσταση."),
        *("«Γιατί;» ρώτησε.", "Η τιμή ήταν υψηλή· ο κόσμος έφυγε.", "Ποιος ήταν ο Α;", "Δεν ξέρω!"),
    ),
    "kat_Geor": (
        "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
        "მათ მინიჭებული აქვთ გონება და სინდისი.",
        "„სად მიდიხარ?“",
        "„სახლში.“",
        "ის 1921 წ. დაიბადა, იხ. გვ. 12.",
    ),
    "hye_Armn": ("Ո՞ւր ես գնում։", "Տուն եմ գնում։", "Եկա՞վ:", "Այո, եկավ:", "Ինչքա՜ն գեղեցիկ է, ասաց նա։"),
    "amh_Ethi": ("ወዴት ትሄዳለህ፧", "ቤት እሄዳለሁ።", "ስምህ ማን ነው?", "አበበ፤ የመምህሩ ልጅ ነኝ፡፡", "ደህና ሁን።"),
    "urd_Arab": ("آپ کہاں جا رہے ہیں؟", "میں گھر جا رہا ہوں۔", "وہ آئے؛ پھر چلے گئے۔", "شکریہ!"),
    "arb_Arab": ("قال: «أين تذهب؟»", "ثم خرج.", "أين الكتاب؟", "على الطاولة؛ خذه.", "شكرا!"),
    "snd_Arab": ("هو گهر ويو.", "۽ پوءِ واپس آيو.", "تون ڪٿي آهين؟"),
    "mya_Mymr": (
        "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ တူညီလွတ်လပ်သော အခွင့်အရေးများဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။",
        "ထိုသူတို့၌ ပိုင်းခြား ဝေဖန်တတ်သော ဉာဏ်နှင့် ကျင့်ဝတ် သိတတ်သော စိတ်တို့ရှိကြသည်။",
    ),
    "khm_Khmr": ("ខ្ញុំទិញបន្លែ ផ្លែឈើ ត្រី ។ល។", "ម្ដាយខ្ញុំរីករាយណាស់។", "សូមអរគុណ៕"),
    "bod_Tibt": ("ཁྱེད་རང་སྐུ་གཟུགས་བདེ་པོ་ཡིན་པས།", "ང་བདེ་པོ་ཡིན།།", "ཐུགས་རྗེ་ཆེ༎"),
    "hin_Deva": ("वह घर गया।", "क्या वह लौट आया?", "रघुकुल रीति सदा चलि आई, प्राण जाय पर वचन न जाई॥ १२ ॥", "हाँ।।"),
    "san_Deva": ("धर्मक्षेत्रे कुरुक्षेत्रे समवेता युयुत्सवः।", "मामकाः पाण्डवाश्चैव किमकुर्वत सञ्जय॥१॥"),
    "haw_Latn": ("ʻO Hawaiʻi kēia.", "ʻO Maui kēlā.", "Aloha!"),
    "ton_Latn": ("ʻOku ou fiefia.", "ʻOku lelei ia.", "Mālō!"),
    "afr_Latn": ("Die hond het geblaf.", "’n Man het geluister.", "'n Kind ook.", "Dit was ’n groot huis."),
    "nld_Latn": ("Hij ging weg.", "’s Avonds kwam hij terug.", "'t Was laat."),
    "swe_Latn": ("Han gick hem.", "”Hej!”", "”Är du där?” frågade hon.", "”Ja.”"),
    "deu_Latn": ("Er ging.", "»Kommst du?«, fragte sie.", "»Ja.«", "„Gut.“"),
    "spa_Latn": ("¿Adónde vas?", "¡A casa!", "—Bien —dijo ella."),
}


@pytest.mark.parametrize("language", SEQUENCES)
def test_sentences_of_a_language_are_told_apart_and_none_is_cut(language: str) -> None:
    parts = SEQUENCES[language]
    assert told(" ".join(parts), language) == [*parts]
    for part in parts:
        assert ends_sentence(part), part


# Scripts that set no blank behind the mark.
UNBLANKED = {
    "jpn_Jpan": (
        *(
            "「行こう。」と彼は言った。",
            "（雨だった。）",
            "「もう帰る。」",
            "そう言って出て行った。",
            "『本当に？』という声がした。",
        ),
        *("「え？」って何。", "「行くよ。」", "ところが彼は来なかった。"),
    ),
    "cmn_Hans": (
        "《红楼梦》很好。",
        "他问：“你去哪儿？”",
        "“回家！”",
        "（他没有来。）",
        "“真的？！”",
        "他笑了……然后走了。",
    ),
    "yue_Hant": ("佢話：「我走先。」", "『好呀！』", "佢哋走咗。"),
    "amh_Ethi": ("ቤት እሄዳለሁ።", "ነገ እመጣለሁ፡፡", "ደህና ሁን።"),
    "mya_Mymr": ("သူတို့ ပြန်လာကြသည်။", "နောက်မှ တွေ့မည်။"),
    "urd_Arab": ("میں گھر جا رہا ہوں۔", "کل آؤں گا۔"),
}


@pytest.mark.parametrize("language", UNBLANKED)
def test_marks_that_no_blank_follows_end_sentences_with_the_brackets_behind_them(language: str) -> None:
    parts = UNBLANKED[language]
    assert told("".join(parts), language) == [*parts]


def test_both_signs_of_the_greek_question_mark_end_a_question_in_greek_alone() -> None:
    for mark in (";", "\u037e"):
        assert told(f"Πού πας{mark} Πάω σπίτι.", "ell_Grek") == [f"Πού πας{mark}", "Πάω σπίτι."]
        assert told(f"«Πού πας{mark}» ρώτησε. Τέλος.", "ell_Grek") == [f"«Πού πας{mark}» ρώτησε.", "Τέλος."]
        assert ends_sentence(f"Γνωρίζετε τι είναι το DNA{mark}")
    for text in (
        "The coefficient is α; The exponent is β.",
        "John wrote of the λόγος; English has no such word.",
        "We met Ann; Bob came later.",
    ):
        assert told(text, "eng_Latn") == [text]
    assert not ends_sentence("John wrote of the λόγος;")
    assert not ends_sentence("We met Ann;")


def test_what_stands_where_others_set_a_comma_ends_nothing() -> None:
    assert not ends_sentence("တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊")
    assert not ends_sentence("وہ آئے؛")
    assert not ends_sentence("አበበ፤")
    assert not ends_sentence("Η τιμή ήταν υψηλή·")
    assert not ends_sentence("他来了，")


def test_a_small_letter_behind_a_glottal_stop_or_a_clipped_word_opens_no_sentence() -> None:
    for text, language in [
        ("Naʻe haʻu ... ʻoku lelei ia.", "ton_Latn"),
        ("Dit kos R5 mln. ’n jaar lank.", "afr_Latn"),
        ("Er kam z. B. »spät« an.", "deu_Latn"),
    ]:
        assert told(text, language) == [text]


def test_a_tibetan_clause_whose_shad_is_left_out_ends_at_the_blank_if_it_is_long() -> None:
    long = "ང་ཚོའི་སློབ་གྲྭར་སློབ་དེབ་མང་པོ་ཞིག་ཡོད་པ་འདུག"
    assert told(f"{long} {long} {long}", "dzo_Tibt") == [long] * 3
    assert told(f"འདུག {long}", "dzo_Tibt") == [f"འདུག {long}"]
    assert told(f"{long}་ {long}", "dzo_Tibt") == [f"{long}་ {long}"]


def test_a_closing_mark_that_stands_apart_belongs_to_its_sentence() -> None:
    assert told("Il a dit : « Je viens. » Puis il est parti.", "fra_Latn")[-1] == "Puis il est parti."
    assert told("Hän sanoi : ” Tulen . ” Sitten hän lähti .", "fin_Latn")[-1] == "Sitten hän lähti ."


def test_an_abbreviation_of_one_language_may_be_a_word_of_another() -> None:
    for language, parts in {
        "eng_Latn": ("Her mother said no.", "The sky was red.", "It is a work of art.", "Hon. Mr. Juma took No. 5."),
        "swe_Latn": ("Vad sade hon.", "Hon är stolt ägare av.", "Facebook, Google etc.", "Vad gör vi?"),
        "pol_Latn": ("Red. Kowalski mieszka na ul. Długiej.", "To wszystko."),
        "swh_Latn": ("Alikuja Bi. Asha na Bw. Juma.", "Walikula ugali."),
        "tat_Cyrl": ("Кайтты ул.", "Китте ул."),
        "rus_Cyrl": ("Он живёт на ул. Ленина.", "Это близко."),
        "por_Latn": ("Não sabia para onde ir.", "Andou até lá."),
        "ind_Latn": ("Presiden Ir. Soekarno membawa pisang, jeruk, dll. ke sana.", "Ia pulang."),
    }.items():
        assert told(" ".join(parts), language) == [*parts]


def test_no_character_but_blanks_is_lost() -> None:
    text = "\n\n ".join(" ".join(parts) for parts in (*SEQUENCES.values(), *UNBLANKED.values()))
    for language in SEQUENCES:
        assert "".join("".join(told(text, language)).split()) == "".join(text.split())


def test_letters_of_scripts_without_capitals_are_no_small_ones() -> None:
    small = regex.compile(SMALL_LETTER)
    assert all(map(small.match, "aßжάէ"))
    assert not any(map(small.match, "აჰẞЖक字"))
