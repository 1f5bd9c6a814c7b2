"""Misread letters are mended where the way back is plain; pages that only a font makes readable are broken by name."""

import pytest

from xinstruct.tools.extractor.encoding import decode
from xinstruct.tools.extractor.page import ExtractionError, Extractor
from xinstruct.tools.extractor.parser import extract_page
from xinstruct.tools.web.record import Record

GERMAN = (
    "Über Nacht war Schnee gefallen – „so früh“, sagte der Müller, und öffnete die schöne große Tür für den Händler."
)
FINNISH = "Läheltä kuului ääniä, ja pöydällä höyrysi kahvi, jota äiti oli keittänyt heti herättyään."
RUSSIAN = "Сегодня хорошая погода, и мы всей семьёй идём гулять в парк. Бабушка испекла пироги с капустой и яйцом."
THAI = "เช้าวันนี้อากาศดีมาก แม่พาเราไปเดินเล่นที่สวนสาธารณะใกล้บ้าน และซื้อขนมให้น้องด้วย"
GREEK = (
    "Σήμερα ο καιρός είναι καλός και πηγαίνουμε όλοι μαζί βόλτα στο πάρκο. Η γιαγιά έφτιαξε πίτα με σπανάκι και τυρί."
)

# What stands in such pages, typed for the fonts in their names; the first three say much the same in each language.
KRUTI_DEV = (
    "fgUnh esa fy[kk gqvk ;g ikB iqjkus QkWUV dk gS vkSj bls dksbZ ugha i<+ ldrk D;ksafd v{kj xyr gSaA gekjs xk¡o esa "
    ",d cM+k rkykc gS ftlesa cPps jkst ugkrs gSaA fdlku [ksr esa dke djrs gSa vkSj 'kke dks ?kj ykSVrs gSaA"
)
BAMINI = (
    "ehd; gs;spf;F Nghfpd;Nwd; jkpo; nkhop vdf;F kpfTk; gpbf;Fk; mtd; te;jhd; ehq;fs; tPl;by; ,Uf;fpNwhk; mk;kh rikay; "
    "nra;fpwhh; mg;gh Ntiyf;Fr; nrd;whh; jk;gp tpisahLfpwhd; ghl;b fij nrhd;dhh; kio nga;jJ kuk; tsh;e;jJ"
)
TSCII = (
    "¾Á¢ú ¦Á¡Æ¢ ±ÉìÌ Á¢¸×õ À¢ÊìÌõ ¿¡ý ÀûÇ¢ìÌ §À¡¸¢ý§Èý «Åý Åó¾¡ý ¿¡í¸û Å£ðÊø þÕì¸¢§È¡õ «õÁ¡ ºÁ¨Âø ¦ºö¸¢È¡÷ «ôÀ¡ "
    "§Å¨ÄìÌî ¦ºýÈ¡÷ ¾õÀ¢ Å¢¨Ç¡Î¸¢È¡ý À¡ðÊ ¸¨¾ ¦º¡ýÉ¡÷ Á¨Æ ¦Àö¾Ð ÁÃõ ÅÇ÷ó¾Ð"
)
ZAWGYI = "ေက်ာင္းသားမ်ားသည္ ေန႔စဥ္ ေက်ာင္းသို႔ သြားၾကသည္။ ဆရာမက စာသင္ေပးသည္။ ေမေမ ထမင္းခ်က္ေနသည္။"
BURMESE = "ကျောင်းသားများသည် နေ့စဉ် ကျောင်းသို့ သွားကြသည်။ ဆရာမက စာသင်ပေးသည်။ မေမေ ထမင်းချက်နေသည်။"
ZULU = (
    "Izakhamuzi zaseMzansi zibuyile eGoli ngoMgqibelo zivela KwaZulu-Natal, lapho uMongameli ebethula khona inkulumo. "
    "UNdunankulu waseNtshonalanga Kapa uthe iNingizimu Afrika idinga amanzi, ugesi nemisebenzi eminingi kakhulu manje."
)


def misread(text: str, encoding: str, times: int = 1) -> str:
    """UTF-8 shown as if it were in that encoding; bytes without a letter there as control characters."""
    for _ in range(times):
        shown = ((byte, bytes([byte]).decode(encoding, "replace")) for byte in text.encode())
        text = "".join(chr(byte) if sign == "\ufffd" else sign for byte, sign in shown)
    return text


def page(text: str, head: str = "", language: str = "") -> bytes:
    start = f"<!DOCTYPE html><html lang='{language}'><head><title>Blatt</title>{head}</head><body><article>"
    return f"{start}<p>{text}</p><p>{text}</p></article></body></html>".encode()


def broken(body: bytes) -> str | None:
    return extract_page(body, None, "https://blatt.example/a")["broken"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [(GERMAN, "cp1252"), (FINNISH, "cp1252"), (GERMAN, "cp1250"), (RUSSIAN, "cp1251"), (THAI, "cp1252")],
)
def test_text_that_was_misread_once_or_twice_is_read_aright(text: str, encoding: str, times: int) -> None:
    found = extract_page(page(misread(text, encoding, times)))
    assert found["broken"] is None
    assert text in found["text"]
    assert found["encoding"] == f"utf-8, misread as {encoding}"


def test_misread_paragraph_on_a_sound_page_is_mended_and_the_others_stay() -> None:
    body = f"<p>{GERMAN}</p><p>{misread(GERMAN, 'cp1252')}</p><p>{RUSSIAN}</p>"
    assert decode(body.encode()).text == f"<p>{GERMAN}</p><p>{GERMAN}</p><p>{RUSSIAN}</p>"


def test_misread_quotation_marks_alone_are_mended() -> None:
    body = "<p>Le café est «â€œfrais”â€\x9d â€“ dit-elle.</p>"
    assert decode(body.encode()).text == "<p>Le café est «“frais”” – dit-elle.</p>"


@pytest.mark.parametrize(
    "text", [GERMAN, FINNISH, RUSSIAN, THAI, "Рівне, Рідна, Рєпін: Сіль і Рїж", "CAFÉ» NOÉ» CAFÉ» MAÇÃ » à « là »"]
)
def test_sound_text_is_not_mended(text: str) -> None:
    decoded = decode(f"<p>{text}</p>".encode())
    assert (decoded.text, decoded.misread_as) == (f"<p>{text}</p>", None)


def test_page_whose_letters_were_lost_in_misreading_is_broken() -> None:
    lost = misread(GERMAN, "cp1252").replace("¼", "?").replace("¶", "?") + " Ã¼ Ð° á é í ó ú â ê î ô û" * 9
    assert broken(page(lost)) == "mojibake"
    extractor = Extractor()
    with pytest.raises(ExtractionError) as error:
        extractor.page(Record("c", 0, None, None, "d", page(lost)))
    extractor.close()
    assert (error.value.reason, error.value.detail) == ("broken_page", "mojibake")


@pytest.mark.parametrize(
    ("text", "encoding"), [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (GREEK, "cp1253"), (THAI, "cp874")]
)
def test_page_that_its_server_calls_latin_is_read_in_its_own_encoding(text: str, encoding: str) -> None:
    decoded = decode(f"<html><body><p>{text}</p><p>{text}</p></body></html>".encode(encoding), "iso-8859-1")
    assert text in decoded.text
    assert decoded.learnt_from == "detected"


@pytest.mark.parametrize("text", [KRUTI_DEV, BAMINI, TSCII, ZAWGYI])
def test_page_that_only_a_font_makes_readable_is_broken(text: str) -> None:
    assert broken(page(text)) == "legacy_font"


def test_few_such_words_are_enough_where_the_page_names_the_font_or_its_language() -> None:
    half = " ".join(KRUTI_DEV.split()[::2]) + " esa dk ds ls ij us dh tks fd rks ml bl rd ,d lc rc dc tc"
    assert broken(page(half)) is None
    assert broken(page(half, "<style>p { font-family: 'Kruti Dev 010', serif }</style>")) == "legacy_font"
    assert broken(page(half, language="hi")) == "legacy_font"


@pytest.mark.parametrize(("text", "language"), [(ZULU, "zu"), (BURMESE, "my"), (GERMAN, "hi"), (THAI, "th")])
def test_text_in_its_own_letters_is_no_matter_of_fonts(text: str, language: str) -> None:
    head = "" if language == "zu" else "<style>p { font-family: 'Kruti Dev 010', Zawgyi-One }</style>"
    assert broken(page(text, head, language)) is None


def test_program_in_a_page_is_no_matter_of_fonts() -> None:
    listing = "<pre>myList[theIndex] = theMap{aKey}; otherName<ofType>(someThing);</pre>" * 9
    assert broken(page(f"{GERMAN}</p>{listing}<p>{GERMAN}")) is None
