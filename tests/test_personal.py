"""Personal data in passages: what is found, in many languages and scripts, and what only looks like it."""

import itertools
import random

import pytest

from xinstruct.tools.passages.personal import KINDS, found, masked

FOUND = [
    ("swh_Latn", "e_mail", "Tuandikie kupitia juma.ali@habari.co.tz kabla ya Ijumaa.", "juma.ali@habari.co.tz"),
    ("rus_Cyrl", "e_mail", "Пишите на адрес почта@пример.рф.", "почта@пример.рф"),
    ("deu_Latn", "e_mail", "Schreiben Sie an info [at] verein [dot] de, bitte.", "info [at] verein [dot] de"),
    ("cmn_Hans", "e_mail", "请发邮件至wang.li＠mail.cn或致电。", "wang.li＠mail.cn"),
    ("swh_Latn", "phone", "Piga simu 0712 345 678 leo.", "0712 345 678"),
    ("swh_Latn", "phone", "Namba ni +255 712 345 678.", "+255 712 345 678"),
    ("fin_Latn", "phone", "Soita numeroon 040 123 4567.", "040 123 4567"),
    ("fin_Latn", "phone", "Puh. 6123 4567 arkisin.", "6123 4567"),
    ("fra_Latn", "phone", "Appelez le 01 42 68 53 00 avant midi.", "01 42 68 53 00"),
    ("fra_Latn", "phone", "Tel : 03.86.94.20.70. Mairie", "03.86.94.20.70"),
    ("ekk_Latn", "phone", "Helista telefonil 859-292-3680 kohe.", "859-292-3680"),
    ("deu_Latn", "phone", "Telefon: 030/1234567, werktags.", "030/1234567"),
    ("arb_Arab", "phone", "للتواصل هاتف: ٠٢٢٧٩٥١٢٣٤ يوميا", "٠٢٢٧٩٥١٢٣٤"),
    ("hin_Deva", "phone", "मोबाइल ९८७६५ ४३२१० पर बात करें", "९८७६५ ४३२१०"),
    ("jpn_Jpan", "phone", "電話：03-3581-4321まで。", "03-3581-4321"),
    ("eng_Latn", "iban", "Donate to GB82 WEST 1234 5698 7654 32 TODAY, please.", "GB82 WEST 1234 5698 7654 32"),
    ("fin_Latn", "iban", "Tili: FI2112345600000785.", "FI2112345600000785"),
    ("spa_Latn", "iban", "Cuenta ES91 2100 0418 4502 0005 1332", "ES91 2100 0418 4502 0005 1332"),
    ("eng_Latn", "card", "Card 4029 4007 6318 2541, exp. 12/27", "4029 4007 6318 2541"),
    ("por_Latn", "card", "Cartão 5500-0000-8219-4378.", "5500-0000-8219-4378"),
    ("eng_Latn", "ip", "The edit came from 86.143.212.107 yesterday.", "86.143.212.107"),
    ("eng_Latn", "ip", "from 2a02:c7f:8e1c:2a00:1c4f:9d3e:aa10:7b2 again", "2a02:c7f:8e1c:2a00:1c4f:9d3e:aa10:7b2"),
    ("por_Latn", "id_number", "CPF 111.444.777-35, por favor.", "111.444.777-35"),
    ("fin_Latn", "id_number", "Henkilötunnus 131052-308T on esimerkki.", "131052-308T"),
    ("swe_Latn", "id_number", "Personnummer 811228-9874.", "811228-9874"),
    ("ekk_Latn", "id_number", "Isikukood 37605030299.", "37605030299"),
    ("pol_Latn", "id_number", "PESEL 44051401359.", "44051401359"),
    ("tur_Latn", "id_number", "T.C. kimlik 10000000146.", "10000000146"),
    ("ita_Latn", "id_number", "Codice fiscale RSSMRA85T10A562S.", "RSSMRA85T10A562S"),
    ("spa_Latn", "id_number", "DNI 12345678Z y NIE X1234567L.", "12345678Z"),
    ("cmn_Hans", "id_number", "身份证号：11010519491231002X。", "11010519491231002X"),
    ("afr_Latn", "id_number", "ID-nommer 8001015009087.", "8001015009087"),
    ("nld_Latn", "id_number", "Rijksregisternummer 85.07.30-033.28.", "85.07.30-033.28"),
]

# Numbers whose form alone tells them.
UNCHECKED = [
    ("swh_Latn", "id_number", "Namba ya NIDA ni 19870612-14101-00002-21.", "19870612-14101-00002-21"),
    ("urd_Arab", "id_number", "شناختی کارڈ نمبر 35202-1234567-1 ہے۔", "35202-1234567-1"),
    ("ind_Latn", "id_number", "NIK 3273015708900002 atas nama Siti.", "3273015708900002"),
    ("tha_Thai", "id_number", "เลขประจำตัวประชาชน 1-1017-00123-45-6 ครับ", "1-1017-00123-45-6"),
    ("zsm_Latn", "id_number", "No. kad pengenalan 900101-14-5678.", "900101-14-5678"),
    ("kin_Latn", "id_number", "Indangamuntu 1 1985 8 0012345 0 12.", "1 1985 8 0012345 0 12"),
    ("arb_Arab", "id_number", "الرقم القومي 29001011234567 فقط", "29001011234567"),
]

NOTHING = [
    ("swh_Latn", "Kati ya mwaka 1961 na 1964, na tena 2019-2020, watu 44,928,923 walihesabiwa."),
    ("eng_Latn", "It cost $1,250,000 in 1999 and 0.0012345 of that in 2003 2004 2005; ISBN 978-0-306-40615-7."),
    ("eng_Latn", "Version 10.15.7.19 follows 1.2.3.4; see section 12.4.3.2 and RFC 2616."),
    ("fin_Latn", "Sijainti 60.1699, 24.9384; avoinna 12.05.2024 klo 10.30–18.00, hinta 1 234 567,00 €."),
    ("swe_Latn", "Öppet vardagar mellan 08.30-14.00 och 09.00–10.15, den 1 mars 08.00 - 09.30."),
    ("deu_Latn", "Am 03.10.1990 und 09.11.1989, Az. 1 BvR 1234/05, DIN 1045-1:2008-08, 01.01.2020 bis 31.12.2021."),
    ("fra_Latn", "Population : 67 407 241 en 2021, soit 0,3 % ; latitude 48° 51′ 24″ N, 2° 21′ 07″ E."),
    ("jpn_Jpan", "2011年3月11日14時46分、死者は15,900人、0120年ではない。郵便番号 100-0001。"),
    ("hin_Deva", "२०११ की जनगणना में १,२१०,८५४,९७७ लोग थे, १९४७ में नहीं।"),
    ("arb_Arab", "بلغ عدد السكان ١٠٢٬٣٣٤٬٤٠٤ نسمة في عام ٢٠٢٠ و ٢٠٢١."),
    ("eng_Latn", "Ping 127.0.0.1 or 192.168.1.100, write to user@example.com, open icon@2x.png, follow @name."),
    ("eng_Latn", "Order 4111 1111 1111 1112 and account GB82 WEST 1234 5698 7654 33 are mistyped."),
    ("por_Latn", "O número 111.444.777-36 não confere, e 12.345.678/0001-95 é de uma empresa."),
    ("tam_Taml", "1947 ஆகஸ்ட் 15 அன்று, 2018 2019 2020 ஆண்டுகளில் 7,21,47,030 பேர்."),
    ("rus_Cyrl", "В 1812 году, а также в 1941—1945 годах; ГОСТ 7.0.100-2018; 146 171 015 человек."),
    ("vie_Latn", "Năm 2019 có 96.208.984 người, tăng 1,14 % so với 2009; tọa độ 21.0278, 105.8342."),
    ("ind_Latn", "Nomor pesanan 1234567890123456, resi 4499012345678901 dan ISBN 9786020324784."),
    ("kor_Hang", "2020년 1월 20일 기준 51,829,023명, 우편번호 03187."),
]


@pytest.mark.parametrize(("language", "kind", "text", "stretch"), FOUND + UNCHECKED)
def test_personal_data_is_found_with_its_span(language: str, kind: str, text: str, stretch: str) -> None:
    finds = [(one, text[start:end]) for one, start, end in found(text, language)]
    assert finds[0] == (kind, stretch)


@pytest.mark.parametrize(("language", "text"), NOTHING)
def test_years_prices_books_dates_places_and_versions_are_left(language: str, text: str) -> None:
    assert [(kind, text[start:end]) for kind, start, end in found(text, language)] == []


def test_masking_names_the_kind_and_leaves_all_else_letter_for_letter() -> None:
    text = "Simu +255 712 345 678, barua juma@habari.co.tz, 131052-308T. Mwisho 😀."
    finds = found(text, "swh_Latn")
    assert masked(text, finds) == "Simu <phone>, barua <e-mail>, <id-number>. Mwisho 😀."
    assert found(masked(text, finds), "swh_Latn") == []
    assert masked("hakuna kitu", []) == "hakuna kitu"


def test_spans_do_not_overlap_and_stand_in_order() -> None:
    rng = random.Random(4)
    parts = [text for _, _, text, _ in FOUND]
    for _ in range(20):
        text = " ".join(rng.sample(parts, 6))
        finds = found(text, "swh_Latn")
        assert finds
        assert all(one[2] <= other[1] for one, other in itertools.pairwise(finds))
        assert {kind for kind, _, _ in finds} <= set(KINDS)


def test_a_number_with_one_wrong_sign_is_no_id() -> None:
    for language, kind, text, stretch in FOUND:
        if kind == "id_number":
            end = text.index(stretch) + len(stretch)
            last = text[end - 1]
            wrong = str((int(last) + 1) % 10) if last.isdigit() else chr(ord(last) - 1)
            assert kind not in {
                one for one, start, _ in found(text[: end - 1] + wrong + text[end:], language) if start < end
            }


def test_hostile_text_ends_and_holds_no_personal_data() -> None:
    for text in ("@" * 50_000, "a." * 25_000 + "@", "0 " * 8_000, "1" * 50_000, "a@" + "b-" * 25_000, ":" * 50_000):
        assert found(text, "eng_Latn") == []
