"""Pages in old code pages are read in their own, whatever they say of themselves, or broken by name; never nonsense."""

import unicodedata

import pytest

from xinstruct.tools.extractor.encoding import damage, decode
from xinstruct.tools.extractor.parser import extract_page
from xinstruct.tools.extractor.readings import is_letter, sample, weigh
from xinstruct.tools.extractor.rereadings import reread

# Written for these tests; much the same in each language. Then the encodings that can hold it.
TEXTS = {
    "ru": (
        "Сегодня утром мы с сестрой пошли на рынок за яблоками и мёдом. Продавец рассказал, что лето было сухим и "
        "урожай вышел небольшой, но зато яблоки сладкие. Дома мы испекли большой пирог и позвали соседей на чай. "
        "Вечером все сидели на веранде, слушали дождь и вспоминали прошлый год.",
        "cp1251 koi8-r iso8859-5 cp866",
    ),
    "uk": (
        "Сьогодні вранці ми із сестрою пішли на ринок по яблука та мед. Продавець розповів, що літо було сухе і "
        "врожай вийшов невеликий, зате яблука солодкі. Удома ми спекли великий пиріг і запросили сусідів на чай. "
        "Увечері всі сиділи на ґанку, слухали дощ і згадували минулий рік, їхні подорожі та щедрі свята.",
        "cp1251 koi8-u iso8859-5 mac-cyrillic",
    ),
    "pl": (
        "Dziś rano poszłyśmy z siostrą na targ po jabłka i miód. Sprzedawca opowiadał, że lato było suche, a "
        "zbiory niewielkie, ale za to jabłka są słodkie. W domu upiekłyśmy duży placek i zaprosiłyśmy sąsiadów na "
        "herbatę. Wieczorem wszyscy siedzieli na ganku, słuchali deszczu i wspominali zeszły rok, kiedy źle się "
        "działo.",
        "cp1250 iso8859-2 iso8859-16 cp852 iso8859-13 cp1257",
    ),
    "cs": (
        "Dnes ráno jsme šly se sestrou na trh pro jablka a med. Prodavač vyprávěl, že léto bylo suché a úroda "
        "malá, ale jablka jsou zato sladká. Doma jsme upekly velký koláč a pozvaly sousedy na čaj. Večer všichni "
        "seděli na verandě, poslouchali déšť a vzpomínali na minulý rok, kdy přišla povodeň.",
        "cp1250 iso8859-2 cp852",
    ),
    "tr": (
        "Bu sabah kız kardeşimle birlikte elma ve bal almak için pazara gittik. Satıcı yazın kurak geçtiğini, "
        "ürünün az olduğunu ama elmaların çok tatlı çıktığını söyledi. Evde büyük bir turta pişirdik ve komşuları "
        "çaya çağırdık. Akşam herkes verandada oturup yağmuru dinledi, geçen yılı andı.",
        "cp1254 iso8859-9 iso8859-3 cp857",
    ),
    "lt": (
        "Šįryt su seserimi ėjome į turgų obuolių ir medaus. Pardavėjas pasakojo, kad vasara buvo sausa, derlius "
        "menkas, bet užtat obuoliai saldūs. Namie iškepėme didelį pyragą ir pakvietėme kaimynus arbatos. Vakare "
        "visi sėdėjo verandoje, klausėsi lietaus ir prisiminė praėjusius metus, kai jų čia dar nebuvo.",
        "cp1257 iso8859-13 iso8859-4 iso8859-10",
    ),
    "el": (
        "Σήμερα το πρωί πήγαμε με την αδελφή μου στην αγορά για μήλα και μέλι. Ο πωλητής είπε ότι το καλοκαίρι "
        "ήταν ξηρό και η σοδειά μικρή, όμως τα μήλα είναι γλυκά. Στο σπίτι ψήσαμε μια μεγάλη πίτα και καλέσαμε "
        "τους γείτονες για τσάι. Το βράδυ όλοι κάθονταν στη βεράντα και άκουγαν τη βροχή.",
        "cp1253 iso8859-7 mac-greek",
    ),
    "he": (
        "הבוקר הלכנו אחותי ואני לשוק לקנות תפוחים ודבש. המוכר סיפר שהקיץ היה יבש והיבול קטן, אבל התפוחים מתוקים. "
        "בבית אפינו עוגה גדולה והזמנו את השכנים לתה. בערב כולם ישבו במרפסת, הקשיבו לגשם ונזכרו בשנה שעברה.",
        "cp1255 iso8859-8",
    ),
    "ar": (
        "ذهبنا هذا الصباح أنا وأختي إلى السوق لشراء التفاح والعسل. قال البائع إن الصيف كان جافا وإن المحصول قليل، "
        "لكن التفاح حلو. في البيت خبزنا فطيرة كبيرة ودعونا الجيران إلى الشاي. وفي المساء جلس الجميع على الشرفة "
        "يستمعون إلى المطر ويتذكرون العام الماضي.",
        "cp1256 iso8859-6",
    ),
    "th": (
        "เช้าวันนี้ฉันกับน้องสาวไปตลาดเพื่อซื้อแอปเปิลและน้ำผึ้ง คนขายเล่าว่าฤดูร้อนแห้งแล้ง ผลผลิตน้อย "
        "แต่แอปเปิลหวานมาก ที่บ้านเราอบขนมชิ้นใหญ่และชวนเพื่อนบ้านมาดื่มชา ตอนเย็นทุกคนนั่งที่ระเบียง "
        "ฟังเสียงฝนและคิดถึงปีที่แล้ว",
        "cp874 tis-620",
    ),
    "vi": (
        "Sáng nay tôi và em gái ra chợ mua táo và mật ong. Người bán kể rằng mùa hè khô hạn nên thu hoạch ít, "
        "nhưng táo lại rất ngọt. Về nhà chúng tôi nướng một chiếc bánh lớn và mời hàng xóm sang uống trà. Buổi "
        "tối mọi người ngồi ngoài hiên, nghe mưa rơi và nhớ lại năm ngoái.",
        "cp1258",
    ),
    "zh": (
        "今天早上我和妹妹去市场买苹果和蜂蜜。卖东西的人说夏天很干，收成不多，可是苹果很甜。回到家里我们做了一"
        "个大蛋糕，请邻居来喝茶。晚上大家坐在门口听雨，想起了去年的事情。",
        "gb2312 gbk gb18030",
    ),
    "zh-TW": (
        "今天早上我和妹妹去市場買蘋果和蜂蜜。賣東西的人說夏天很乾，收成不多，可是蘋果很甜。回到家裡我們做了一"
        "個大蛋糕，請鄰居來喝茶。晚上大家坐在門口聽雨，想起了去年的事情。",
        "big5",
    ),
    "ja": (
        "今朝、妹と一緒に市場へりんごと蜂蜜を買いに行きました。店の人は、夏は雨が少なくて収穫も少なかったけれ"
        "ど、りんごはとても甘いと話してくれました。家で大きなケーキを焼いて、近所の人をお"
        "茶に招きました。夜はみんなで縁側に座り、雨の音を聞きながら去年のことを思い出しました。",
        "shift_jis euc-jp iso2022_jp",
    ),
    "ko": (
        "오늘 아침에 나는 여동생과 함께 사과와 꿀을 사러 시장에 갔다. 상인은 여름이 가물어서 수확이 적었지만 "
        "사과는 아주 달다고 말했다. 집에서 우리는 커다란 케이크를 굽고 이웃을 초대해 차를 "
        "마셨다. 저녁에는 모두 마루에 앉아 빗소리를 들으며 지난해를 떠올렸다.",
        "euc-kr cp949",
    ),
    "fr": (
        "Ce matin, ma sœur et moi sommes allées au marché acheter des pommes et du miel. Le vendeur nous a "
        "raconté que l’été avait été sec et la récolte médiocre, mais que les pommes étaient très sucrées. À la "
        "maison, nous avons préparé un grand gâteau et invité les voisins à goûter.",
        "cp1252 iso8859-15 mac-roman cp850",
    ),
    "de": (
        "Heute früh gingen meine Schwester und ich auf den Markt, um Äpfel und Honig zu kaufen. Der Händler "
        "erzählte, dass der Sommer trocken und die Ernte mäßig gewesen sei, dafür seien die Äpfel süß. Zu Hause "
        "backten wir einen großen Kuchen und luden die Nachbarn zum Tee ein.",
        "cp1252 iso8859-15 cp1250 mac-roman cp850",
    ),
}
CASES = [(language, codec) for language, (_, codecs) in TEXTS.items() for codec in codecs.split()]
LIES = ("iso-8859-1", "utf-8", "windows-1252")
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def apart(text: str) -> str:
    """Vietnamese as its code page writes it, the tones as marks of their own."""
    out = ""
    for sign in text:
        marks = unicodedata.normalize("NFD", sign)
        letter = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES))
        out += letter + "".join(mark for mark in marks if mark in _TONES)
    return out


def page(text: str, codec: str, declared: str | None, language: str | None = None) -> bytes:
    lang = f" lang='{language}'" if language else ""
    meta = f"<meta charset='{declared}'>" if declared else ""
    body = f"<html{lang}><head><title>x</title>{meta}</head><body><article><p>{text}</p></article></body></html>"
    return (apart(body) if codec == "cp1258" else body).encode(codec, "replace")


def words(text: str) -> str:
    """The letters of a text, in one spelling."""
    return unicodedata.normalize("NFC", "".join(sign for sign in text if is_letter(sign)))


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_page_is_read_in_its_own_encoding_whatever_it_declares(language: str, codec: str) -> None:
    text = TEXTS[language][0]
    for declared in (codec, None, *LIES):
        body = page(text, codec, declared)
        decoded = decode(body, None if declared == codec else declared)
        assert words(decoded.text) == words(body.decode(codec)), (declared, decoded.encoding)
        assert damage(decoded.text) is None
    body = page(text, codec, None, language)
    assert words(decode(body).text) == words(body.decode(codec))


@pytest.mark.parametrize(
    ("language", "codec", "declared"),
    [("ru", "koi8-r", "windows-1251"), ("ru", "cp866", "koi8-r"), ("pl", "iso8859-2", "windows-1250"),
     ("pl", "cp1250", "windows-1257"), ("tr", "cp1254", "windows-1250"), ("ja", "euc-jp", "shift_jis"),
     ("zh", "gb18030", "big5"), ("ko", "euc-kr", "gb2312"), ("el", "cp1253", "windows-1251")],
)  # fmt: skip
def test_declaration_of_another_code_page_is_found_out(language: str, codec: str, declared: str) -> None:
    text = TEXTS[language][0]
    assert words(text) in words(decode(page(text, codec, declared, language), declared).text)


@pytest.mark.parametrize("language", ["ru", "uk", "el", "th", "zh"])
def test_page_in_no_known_encoding_is_broken(language: str) -> None:
    text, codecs = TEXTS[language]
    body = page(text, codecs.split()[0], None)
    turned = bytes(byte if byte < 128 else 128 + (byte * 37 + 11) % 128 for byte in body)
    assert extract_page(turned)["broken"] in ("undecodable", "legacy_font", "mojibake")


@pytest.mark.parametrize(
    ("language", "codec", "seen_as"),
    [("tr", "cp1254", "cp1252"), ("cs", "cp1250", "cp1252"), ("pl", "cp1250", "cp1252"), ("lt", "cp1257", "cp1252"),
     ("ru", "cp1251", "cp1252"), ("el", "cp1253", "cp1252"), ("he", "cp1255", "cp1252"), ("ru", "koi8-r", "cp1251"),
     ("uk", "koi8-u", "cp1251")],
)  # fmt: skip
def test_text_that_was_saved_after_a_misreading_is_read_again(language: str, codec: str, seen_as: str) -> None:
    text = TEXTS[language][0]
    # what an encoding has no letter for, browsers show as a control character
    seen = "".join(bytes([byte]).decode(seen_as, "ignore") or chr(byte) for byte in text.encode(codec))
    page = extract_page(f"<html><body><article><p>{seen}</p></article></body></html>".encode())
    assert page["broken"] is None
    assert page["encoding"] == f"utf-8, misread as {seen_as}"
    assert words(text) in words(page["text"])


@pytest.mark.parametrize("language", [language for language in TEXTS if language not in ("zh", "ja", "ko")])
def test_sound_text_is_not_read_again(language: str) -> None:
    text = TEXTS[language][0]
    assert reread(text) == (text, None)


def test_text_that_was_saved_from_right_to_left_is_broken() -> None:
    turned = " ".join(word[::-1] for word in TEXTS["he"][0].split())
    page = f"<html><body><article>{f'<p>{turned}</p>' * 3}</article></body></html>"
    assert extract_page(page.encode())["broken"] == "mojibake"


def test_few_signs_that_no_language_has_leave_a_page_readable() -> None:
    text = (
        "Mix ½ cup of flour with 3/4 cup of water, bake at 180° for 20 minutes. Café owners add ¼ spoon of salt. " * 9
    )
    decoded = decode(page(text, "cp1252", None))
    assert (decoded.encoding, damage(decoded.text)) == ("cp1252", None)


def test_utf8_with_a_broken_byte_stays_utf8() -> None:
    body = page(TEXTS["fr"][0], "utf-8", "utf-8") + b"<p>caf\xe9</p>"
    assert decode(body, "iso-8859-1").encoding == "utf-8"


def test_letters_of_a_language_cost_less_than_those_of_another_encoding() -> None:
    shown = sample(page(TEXTS["tr"][0], "cp1254", None))
    own, other = weigh(shown, "cp1254"), weigh(shown, "cp1250")
    assert own is not None
    assert other is not None
    assert own.likely
    assert own.bits < 0.7 * other.bits
