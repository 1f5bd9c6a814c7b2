"""Lines that end because the page was narrow are joined; those of verses, lists and addresses stay."""

import pytest

from xinstruct.tools.extractor.wraps import unwrapped

STORIES = {
    "swh_Latn": """
Hapo zamani za kale palikuwa
na bweha mwenye njaa.
Alikuwa akitembea karibu na
kichaka akitafuta chakula.
Aliiona bustani kubwa iliyojaa
zabibu mbivu.
Aliruka juu mara nyingi, lakini
hakuweza kuzifikia.
""",
    "rus_Cyrl": """
Весной река выходит из берегов
и заливает луга, на которых
летом пасутся коровы. Жители
давно построили дома на холме,
поэтому вода им не мешает.
Когда вода уходит, дети
собирают на лугу цветы.
""",
    "hin_Deva": """
गाँव के पास की मंडी में दाम हर
हफ़्ते बदलते रहते हैं। लोग सुबह
जल्दी पहुँचते हैं और शाम तक
वहीं रहते हैं। इस साल बारिश
अच्छी हुई, इसलिए किसानों ने
ज़्यादा धान बोया।
""",
    "cmn_Hans": """
村里的老人每天早上都到河边散步然
后在茶馆里聊天。孩子们放学以后喜
欢在广场上踢足球，直到天黑才回家
吃饭。他们的父母在田里工作到很晚
才休息。
""",
}
VERSES = {
    "eng_Latn": """
Twinkle, twinkle, little star,
How I wonder what you are!
Up above the world so high,
Like a diamond in the sky.
When the blazing sun is gone,
When he nothing shines upon,
Then you show your little light,
Twinkle all the night.
""",
    "eng_small": """
the fog comes
on little cat feet.
it sits looking
over harbor and city
on silent haunches
and then moves on.
""",
    "deu_Latn": """
Über allen Gipfeln
Ist Ruh,
In allen Wipfeln
Spürest du
Kaum einen Hauch;
Die Vögelein schweigen im Walde.
Warte nur, balde
Ruhest du auch.
""",
    "hin_Deva": """
हम पंछी उन्मुक्त गगन के
पिंजरबद्ध न गा पाएँगे,
कनक-तीलियों से टकराकर
पुलकित पंख टूट जाएँगे।
हम बहता जल पीनेवाले
मर जाएँगे भूखे-प्यासे,
कहीं भली है कटुक निबौरी
कनक-कटोरी की मैदा से।
""",
    "cmn_Hans": """
床前明月光
疑是地上霜
举头望明月
低头思故乡。
""",
}
ADDRESSES = [
    "Wizara ya Kilimo\nJengo la Kilimo, Barabara ya Cathedral\nS.L.P. 30028-00100\nNairobi\nKenya",
    "Ministry of Health\nAfya House, Cathedral Road\nP.O. Box 30016\nNairobi 00100\nTel. 020 2717077.",
    "স্বাস্থ্য মন্ত্রণালয়\nবাংলাদেশ সচিবালয়\nঢাকা ১০০০\nবাংলাদেশ\nফোন ০২৯৫৪০০০০",
]


def paragraphs(*texts: str) -> list[tuple[str, int, str]]:
    return [("paragraph", 0, text) for text in texts]


def texts_of(blocks: list[tuple[str, int, str]]) -> list[str]:
    return [text for _, _, text in unwrapped(blocks)]


@pytest.mark.parametrize("language", sorted(STORIES))
def test_wrapped_lines_of_a_paragraph_are_joined(language: str) -> None:
    wrapped = STORIES[language].strip()
    (text,) = texts_of(paragraphs(wrapped))
    glue = "" if language == "cmn_Hans" else " "
    assert text.replace("\n", glue) == wrapped.replace("\n", glue)
    assert all(line.endswith((".", "।", "。")) for line in text.split("\n"))


@pytest.mark.parametrize("language", sorted(STORIES))
def test_lines_that_are_paragraphs_each_become_one_paragraph_a_sentence(language: str) -> None:
    texts = texts_of(paragraphs(*STORIES[language].strip().split("\n")))
    assert len(texts) < STORIES[language].strip().count("\n")
    assert all(text.endswith((".", "।", "。")) and "\n" not in text for text in texts)


@pytest.mark.parametrize("language", sorted(VERSES))
def test_verses_stay_line_by_line(language: str) -> None:
    verse = VERSES[language].strip()
    assert texts_of(paragraphs(verse)) == [verse]
    assert texts_of(paragraphs(*verse.split("\n"))) == verse.split("\n")


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_stay_line_by_line(address: str) -> None:
    assert texts_of(paragraphs(address)) == [address]
    assert texts_of(paragraphs(*address.split("\n"))) == address.split("\n")


def test_paragraphs_and_headings_between_wrapped_lines_stay_apart() -> None:
    lines, long = (
        STORIES["swh_Latn"].strip().split("\n"),
        "Aya hii ni ndefu kuliko mistari mingine yote ya ukurasa. " * 3,
    )
    blocks = [*paragraphs(*lines), ("heading", 2, "mwisho wa hadithi"), *paragraphs(long.strip(), "bweha alilala")]
    found = unwrapped(blocks)
    assert found[-3:] == blocks[-3:]
    assert [text for _, _, text in found[:-3]] == texts_of(paragraphs(*lines))


def test_a_picture_book_of_paragraphs_with_two_lines_each_is_joined() -> None:
    lines = STORIES["swh_Latn"].strip().split("\n")
    pages = ["\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
    assert texts_of(paragraphs(*pages)) == [page.replace("\n", " ") for page in pages]


def test_code_and_list_entries_are_left_alone() -> None:
    lines = STORIES["swh_Latn"].strip()
    entries = [("item", 0, line) for line in lines.split("\n")]
    assert unwrapped([("code", 0, lines), *entries]) == [("code", 0, lines), *entries]


def test_a_word_that_was_parted_with_a_hyphen_keeps_it() -> None:
    lines = ["The farmers met at the well-", "known market near the old", "bridge to sell their maize and"]
    text = "\n".join([*lines, "their beans and sacks of their", "flour."])
    assert texts_of(paragraphs(text))[0].startswith("The farmers met at the well-known market near the old bridge")


def test_nothing_comes_of_nothing() -> None:
    assert unwrapped([]) == []


def test_a_stanza_that_looks_wrapped_stays_on_a_page_of_verse() -> None:
    stanzas = [STORIES["swh_Latn"].strip(), VERSES["eng_Latn"].strip(), VERSES["deu_Latn"].strip()]
    assert texts_of(paragraphs(*stanzas)) == stanzas
    assert texts_of(paragraphs(stanzas[0])) != stanzas[:1]
