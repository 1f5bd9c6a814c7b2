"""How passages are made: teasers that break off, lists and menus, keyword pages, against prose, in many scripts."""

import importlib.util
from dataclasses import astuple
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from xinstruct.languages import all_languages
from xinstruct.tools.passages import quality
from xinstruct.tools.passages.lengths import Limits, english_characters
from xinstruct.tools.passages.thresholds import Thresholds, thresholds

PROSE = {
    "swh_Latn": [
        "Bei ya gunia la mahindi katika soko la Kibaigwa imeshuka baada ya wakulima kuvuna mazao mengi.",
        "Mwenyekiti wa soko amesema ghala la kijiji limejaa, na wengine wameamua kuhifadhi mazao majumbani.",
    ],
    "hin_Deva": [
        "इस साल बारिश अच्छी हुई, इसलिए किसानों ने पहले से ज़्यादा धान बोया।",
        "गाँव के पास की मंडी में दाम हर हफ़्ते बदलते रहते हैं और लोग सुबह जल्दी पहुँचते हैं।",
    ],
    "arb_Arab": [
        "افتتحت المدرسة الجديدة أبوابها في القرية بعد سنتين من العمل، وحضر الأهالي حفل الافتتاح.",
        "تضم المدرسة عشرة فصول ومكتبة صغيرة وملعبا واسعا يلعب فيه الأطفال بعد الدروس.",
    ],
    "rus_Cyrl": [
        "Весной река выходит из берегов и заливает луга, на которых летом пасутся коровы.",
        "Жители деревни давно построили дома на холме, поэтому вода им не мешает.",
    ],
    "cmn_Hans": [
        "村里的老人每天早上都到河边散步，然后在茶馆里聊天。",
        "孩子们放学以后喜欢在广场上踢足球，直到天黑才回家。",
    ],
    "tha_Thai": [
        "ชาวนาในหมู่บ้านเริ่มปลูกข้าวเมื่อฝนแรกมาถึง และเก็บเกี่ยวเมื่อลมหนาวเริ่มพัด",
        "ตลาดเช้าของเมืองนี้เปิดตั้งแต่ตีห้า มีทั้งผักสดและปลาจากแม่น้ำให้เลือกซื้อ",
    ],
}
TEASERS = {
    "swh_Latn": ["Rais amesema serikali itajenga barabara mpya ya ...", "Bei ya mafuta imepanda tena leo… Soma zaidi"],
    "hin_Deva": ["मुख्यमंत्री ने कहा कि नई सड़क का काम ...", "बारिश के कारण स्कूल बंद रहे […] और पढ़ें"],
    "arb_Arab": ["قال الوزير إن العمل في الطريق الجديد ...", "ارتفعت أسعار الوقود اليوم… اقرأ المزيد"],
    "rus_Cyrl": ["Министр заявил, что строительство новой дороги…", "Цены на топливо снова выросли... Читать далее"],
    "cmn_Hans": ["市长表示，新公路的建设将于明年……", "今天油价再次上涨，许多司机……"],
    "tha_Thai": ["นายกรัฐมนตรีกล่าวว่าถนนสายใหม่จะ...", "ราคาน้ำมันขึ้นอีกครั้งวันนี้... อ่านต่อ"],
}
MENUS = {
    "swh_Latn": ["Nyumbani", "Habari za michezo", "Siasa", "Burudani", "Wasiliana nasi"],
    "hin_Deva": ["मुख पृष्ठ", "खेल समाचार", "राजनीति", "मनोरंजन", "संपर्क करें"],
    "arb_Arab": ["الرئيسية", "أخبار الرياضة", "سياسة", "ترفيه", "اتصل بنا"],
    "rus_Cyrl": ["Главная", "Новости спорта", "Политика", "Культура", "Контакты"],
    "cmn_Hans": ["首页", "体育新闻", "政治", "娱乐", "联系我们"],
    "tha_Thai": ["หน้าแรก", "ข่าวกีฬา", "การเมือง", "บันเทิง", "ติดต่อเรา"],
}
KEYWORDS = {
    "swh_Latn": "nunua simu, bei ya simu, simu mpya, simu bora, duka la simu, simu nafuu, simu Dodoma, simu za bei",
    "hin_Deva": "सस्ता मोबाइल, नया मोबाइल, मोबाइल कीमत, मोबाइल दुकान, मोबाइल सेल, मोबाइल ऑफर, मोबाइल कवर, मोबाइल रिपेयर",
    "arb_Arab": "هاتف رخيص، هاتف جديد، سعر الهاتف، متجر هاتف، عروض هاتف، هاتف دبي، شراء هاتف، هاتف مستعمل",
    "rus_Cyrl": "телефон, цена телефона, купить, новый телефон, телефон недорого, магазин, скидки, телефон в Туле",
    "cmn_Hans": "手机价格，手机报价，便宜手机，二手手机，手机商城，手机大全，买手机，手机优惠",
    "tha_Thai": "มือถือราคาถูก, มือถือใหม่, ร้านมือถือ, ซื้อมือถือ, มือถือมือสอง, โปรมือถือ, เคสมือถือ, มือถือลดราคา",
}
LANGUAGES = sorted(PROSE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_prose_meets_every_threshold(language: str) -> None:
    own, blocks, text = thresholds(language), PROSE[language], "\n".join(PROSE[language])
    assert quality.prose(blocks, language) >= own.lowest_kept_prose
    assert quality.teasers(blocks, language) == quality.listed(blocks, language) == 0
    assert quality.keywords(text, language) <= own.highest_kept_keywords
    assert quality.repetition(text, language) <= own.highest_kept_repetition
    assert quality.symbols(text) <= own.highest_kept_symbols


@pytest.mark.parametrize("language", LANGUAGES)
def test_teasers_break_off(language: str) -> None:
    assert quality.teasers(TEASERS[language], language) == 1
    share = quality.teasers([*PROSE[language], *PROSE[language], TEASERS[language][0]], language)
    assert 0 < share < thresholds(language).highest_kept_teasers


def test_dots_within_a_text_are_no_teaser() -> None:
    assert quality.teasers(["Alisubiri… kisha akaondoka zake."], "swh_Latn") == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_menu_is_a_list(language: str) -> None:
    assert quality.listed(MENUS[language], language) == 1
    assert quality.listed([*PROSE[language], *MENUS[language][:1]], language) < thresholds(language).highest_kept_list


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_of_keywords_makes_a_keyword_page(language: str) -> None:
    page = "\n".join([KEYWORDS[language], PROSE[language][0]])
    assert quality.keywords(page, language) > thresholds(language).highest_kept_keywords


def test_one_term_over_and_over_makes_a_keyword_page() -> None:
    stuffed = [
        ("swh_Latn", "Mikopo nafuu ipo hapa. Pata mikopo nafuu leo. Omba mikopo nafuu sasa. Benki ina mikopo nafuu."),
        ("cmn_Hans", "在线赌场很好玩。最好的在线赌场。推荐在线赌场给你。来在线赌场吧。"),
    ]
    for language, text in stuffed:
        assert quality.keywords(text, language) > thresholds(language).highest_kept_keywords


def test_every_language_has_thresholds_that_are_shares() -> None:
    for language in all_languages():
        assert all(0 < share < 1 for share in astuple(thresholds(language))), language
    assert thresholds("tha_Thai") != thresholds("jav_Latn")
    assert thresholds("vai_Vaii") == thresholds("chr_Cher")  # neither was measured


def test_a_character_says_more_or_less_than_one_of_english() -> None:
    assert english_characters("eng_Latn") == english_characters("swh_Latn") == english_characters("tam_Taml") == 1
    assert 0.6 < english_characters("yor_Latn") < 0.75
    assert 2.5 < english_characters("cmn_Hans") < 3.5
    assert english_characters("xmm_Mymr") == english_characters("mya_Mymr") < 0.8  # by its script
    assert english_characters("wuu_Hans") == english_characters("cmn_Hans")
    assert english_characters("vai_Vaii") == english_characters("und") == 1


def test_limits_follow_languages_that_are_far_from_english() -> None:
    limits = Limits(400, 3000, 60)
    assert limits.measured_in("swh_Latn") == limits
    assert limits.measured_in("yor_Latn").shortest > 550
    assert limits.measured_in("cmn_Hans").longest < 1200


def test_the_table_of_thresholds_holds_no_text(root: Path) -> None:
    def leaves(value: Any) -> list[Any]:
        return [leaf for inner in value.values() for leaf in leaves(inner)] if isinstance(value, dict) else [value]

    table = yaml.safe_load((root / "corpora" / "thresholds.yml").read_bytes())
    assert {type(leaf) for leaf in leaves(table)} == {float, int}
    assert min(table["rows"].values()) >= 100


def maker(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_thresholds", root / "corpora" / "make_thresholds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_threshold_keeps_98_of_100_within_bounds(root: Path) -> None:
    made = maker(root)
    values = [number / 100 for number in range(100)]
    found = Thresholds(**made.thresholds(dict.fromkeys(made._BOUNDS, [0.0] * 100)))
    assert (found.highest_kept_symbols, found.lowest_kept_prose) == (0.2, 0.3)
    assert made._quantile("highest_kept_symbols", values) == 0.98
    assert made._quantile("lowest_kept_prose", values) == 0.01


@pytest.mark.slow
def test_the_shipped_thresholds_are_what_the_script_derives(root: Path, shared_data: Path, tmp_path: Path) -> None:
    maker(root).main(str(shared_data / "docs" / "docs.jsonl.gz"), tmp_path / "thresholds.yml")
    assert (tmp_path / "thresholds.yml").read_bytes() == (root / "corpora" / "thresholds.yml").read_bytes()
