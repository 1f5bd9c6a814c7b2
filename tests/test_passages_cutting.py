"""Where passages are cut: what of a long page stands alone, and what goes on with what the page said before."""

import pytest

from xinstruct import prompts
from xinstruct.languages import all_languages
from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages.cutting import Passage, cut
from xinstruct.tools.passages.endings import may_close, points_on
from xinstruct.tools.passages.lengths import Limits, english_characters
from xinstruct.tools.passages.starts import points_back
from xinstruct.tools.passages.topics import takes_up

INTRODUCED = "Kaitlan Collins reports from Gaza for a network that broadcasts news around the clock."
FILLINGS = [
    f"Prices of {goods} rose in every town, and people stood in line for hours before the bakeries opened."
    for goods in ("bread", "wheat", "flour", "grain", "straw", "honey", "sugar", "olive", "beans")
]
FILLING = FILLINGS[0]
LENGTH = len(FILLING)
SWAHILI = "Wakulima {} wa kijiji walivuna mazao mengi kuliko miaka mitatu iliyopita kwa sababu ya mvua nzuri."


def page(*blocks: str | tuple[str, str], title: str | None = "A page") -> Page:
    """A page of blocks, each a paragraph unless its kind is said."""
    found, texts, at = [], [], 0
    for block in blocks:
        kind, text = ("paragraph", block) if isinstance(block, str) else block
        found.append(Block(kind, at, at + len(text)))
        texts.append(text)
        at += len(text) + 1
    return Page(text="\n".join(texts), blocks=found, title=title)


def passages(of: Page, language: str = "eng_Latn", shortest: int = 80, longest: int = 300) -> list[Passage]:
    limits = Limits(shortest, longest, 10)
    return [found for found, _ in cut(of, [language] * len(of.blocks), frozenset((language,)), limits)]


def standing(of: Page, language: str = "eng_Latn", shortest: int = 80, longest: int = 300) -> list[str]:
    found = passages(of, language, shortest, longest)
    return [of.text[passage.start : passage.end] for passage in found if not passage.goes_on]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("swh_Latn", SWAHILI),
        ("amh_Ethi", "ገበሬዎች {} ከባለፉት ሦስት ዓመታት የበለጠ ብዙ ሰብል ሰበሰቡ ምክንያቱም ጥሩ ዝናብ ዘንቦ ነበርና መሬቱ ለም ሆነ።"),
        ("ben_Beng", "এ বছর {} ভালো বৃষ্টির কারণে গ্রামের কৃষকেরা গত তিন বছরের চেয়ে অনেক বেশি ফসল ঘরে তুলেছেন।"),
        ("cmn_Hans", "由于今年{}雨水充足，村里的农民收获的庄稼比过去三年都要多，大家都非常高兴地庆祝了丰收节。"),
    ],
)
def test_of_a_long_text_without_headings_only_the_beginning_stands_alone(language: str, sentence: str) -> None:
    of = page(*[sentence.format(number) for number in range(10, 22)])
    limit = 3 * len(sentence) + 2
    first, *later = passages(of, language, shortest=30, longest=round(limit * english_characters(language)) + 5)
    assert (first.start, first.end, first.goes_on) == (0, limit, "")
    assert [of.text.startswith(passage.goes_on, passage.start) for passage in later] == [True] * 3
    assert all(passage.goes_on for passage in later)


def test_a_text_that_fits_is_not_cut() -> None:
    of = page(*FILLINGS[:3])
    assert standing(of, longest=3 * LENGTH + 2) == [of.text]


def test_a_section_whose_first_sentence_takes_up_its_heading_has_a_beginning_of_its_own() -> None:
    of = page(*FILLINGS[:4], ("heading", "Milk and honey"), *FILLINGS[5:7], ("heading", "Why"), *FILLINGS[7:9])
    assert standing(of, longest=3 * LENGTH + 2) == ["\n".join(FILLINGS[:3]), "\n".join(FILLINGS[5:7])]


def test_a_section_that_is_cut_or_the_last_of_its_page_does_not_stand_alone() -> None:
    first, second = "\n".join(FILLINGS[:3]), ("heading", "Honey")
    assert standing(page(*FILLINGS[:4], second, *FILLINGS[5:7]), longest=3 * LENGTH + 2) == [first]
    assert standing(page(*FILLINGS[:4], second, *FILLINGS[5:9], second), longest=3 * LENGTH + 2) == [first]


def test_sections_in_the_middle_of_a_page_are_not_joined() -> None:
    of = page(*FILLINGS[:4], ("heading", "Honey"), FILLINGS[5], ("heading", "Sugar"), FILLINGS[6], ("heading", "End"))
    assert standing(of, longest=3 * LENGTH + 2)[1:] == [FILLINGS[5], FILLINGS[6]]


@pytest.mark.parametrize(("first", "second"), [("7. Whisky", "8. Rum"), ("Horoscope Leo", "Horoscope Crab")])
def test_an_entry_of_a_list_stands_alone_with_its_heading(first: str, second: str) -> None:
    entries = (("heading", first), FILLINGS[5], ("heading", second), FILLINGS[6], ("heading", "Horoscope Fish"))
    expected = [f"{first}\n{FILLINGS[5]}", f"{second}\n{FILLINGS[6]}"]
    assert standing(page(*FILLINGS[:4], *entries), longest=3 * LENGTH + 2)[1:] == expected


@pytest.mark.parametrize(
    ("heading", "sentence", "found"),
    [
        ("Kilimo cha mahindi", "Wakulima hupanda mahindi mwezi wa tatu.", True),
        ("Jahresende", "Im Mai blüht der Flieder.", False),
        ("如何种水稻", "水稻喜欢温暖的天气。", True),
        ("如何种水稻", "村里的人很高兴。", False),
        ("ประวัติเมืองน่าน", "เมืองน่านตั้งอยู่ทางเหนือ", True),
        ("米を作ること", "米は春に植える。", False),
        ("米作りの歴史", "米作りは古い。", True),
        ("夏にすること", "冬には雪が降ることがある。", False),
        ("벼의 역사", "벼의 고향은 남쪽이다.", True),
        ("የበቆሎ እርሻ", "በቆሎ በክረምት ይዘራል።", False),
    ],
)
def test_a_sentence_takes_up_a_heading_by_a_word_or_a_piece_of_it(heading: str, sentence: str, found: bool) -> None:
    assert takes_up(heading, sentence) is found


def test_the_few_words_at_the_head_of_a_text_belong_to_its_first_section() -> None:
    of = page(FILLING[:60] + ".", ("heading", "Bread"), *FILLINGS[1:5], ("heading", "End"))
    assert standing(of, shortest=100)[0].startswith(FILLING[:60])


def test_a_text_is_cut_before_a_list_that_would_be_broken() -> None:
    entries = [("item", f"Bakers of town {number} sell bread, and so they did before.") for number in range(9)]
    of = page(*FILLINGS[:2], "Where is bread sold? In these towns:", *entries)
    assert standing(of, longest=400) == ["\n".join(FILLINGS[:2])]
    steps = [f"{number}) Bakers of town {number} sell bread, and so they did before." for number in range(1, 9)]
    assert standing(page(*FILLINGS[:2], *steps), longest=400) == ["\n".join(FILLINGS[:2])]


def test_of_a_tale_that_is_too_long_the_beginning_is_kept_as_the_first_of_its_parts() -> None:
    said = [f"“I am hungry,” said {animal} to the hen on the hill." for animal in ("Fox", "Dog", "Cat", "Cow", "Owl")]
    found = passages(page(*said), longest=200)
    assert [(passage.goes_on, passage.part, passage.parts) for passage in found] == [("", 1, 2)]


def sections(before: str, after: str) -> Page:
    """A page with a later section that would stand alone if nothing in it went on with what stands before."""
    return page(
        ("heading", "News"), before, *FILLINGS[:2], ("heading", after), after, *FILLINGS[2:4], ("heading", "End")
    )


def test_a_section_that_begins_with_the_bare_name_of_somebody_introduced_goes_on() -> None:
    found = passages(sections(INTRODUCED, "Collins left."), longest=400)
    assert [(passage.heading, passage.goes_on) for passage in found] == [("News", ""), ("Collins left.", "Collins")]


@pytest.mark.parametrize(
    "beginning", ["Kaitlan Collins left.", "CNN left Gaza.", "Gaza was calm.", "Maria Perez left."]
)
def test_a_full_or_new_name_an_acronym_and_a_place_go_on_with_nothing(beginning: str) -> None:
    found = passages(sections(f"{INTRODUCED} She works for Network CNN.", beginning), longest=400)
    assert [passage.goes_on for passage in found] == ["", ""]


def test_a_section_that_goes_on_is_joined_to_the_one_before_if_both_fit() -> None:
    last = f"Collins left. {FILLINGS[1]}"
    of = page(("heading", "News"), INTRODUCED, FILLING, ("heading", "Later"), last, ("heading", "End"), *FILLINGS[2:5])
    assert standing(of, longest=330)[0].endswith(last)


@pytest.mark.parametrize(
    ("language", "sentence", "words"),
    [
        ("eng_Latn", "For travellers without an iron, this hotel hack is a must.", "this hotel"),
        ("deu_Latn", "Auch im Winter wird dieser Plan nicht umgesetzt.", "dieser plan"),
        ("fra_Latn", "Pour procéder à ces réformes, il faut du temps.", "ces réformes"),
        ("spa_Latn", "El alcalde recibió este premio en Sevilla.", "este premio"),
        ("rus_Cyrl", "Жители города знают этот завод.", "этот завод"),
    ],
)
def test_a_demonstrative_whose_noun_was_not_named_points_back(language: str, sentence: str, words: str) -> None:
    assert points_back(sentence, language) == words


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("eng_Latn", "A hotel in Lyon burnt down, and this hotel will not be rebuilt."),
        ("eng_Latn", "Farmers harvested more this year."),
        ("eng_Latn", "To bake bread you need these three things:"),
        ("deu_Latn", "An diesem 28. Juni streikten viele."),
        ("fra_Latn", "Les prix montent encore cette semaine."),
        ("hau_Latn", "Wannan gida yana da kyau."),  # no words are known of it
    ],
)
def test_what_is_named_or_at_hand_does_not_point_back(language: str, sentence: str) -> None:
    assert points_back(sentence, language) == ""


def test_a_list_whose_beginning_stands_before_goes_on() -> None:
    entries = [f"{number}. Bakers of town {number} sell bread." for number in range(1, 30)]
    found = passages(page(*entries), longest=300)
    assert [passage.goes_on == "" for passage in found] == [True] + [False] * (len(found) - 1)
    short = [block for number in range(1, 9) for block in (("heading", f"{number}. Town"), FILLINGS[number])]
    first, *later = passages(page(*short), shortest=150)
    assert first.goes_on == ""
    assert {passage.goes_on for passage in later} == {"4.", "6.", "8."}


def test_a_step_that_is_not_the_first_goes_on() -> None:
    steps = [block for number in (1, 2, 3) for block in (("heading", f"Step {number}"), *FILLINGS[2 * number :][:2])]
    assert [passage.goes_on for passage in passages(page(*steps))] == ["", "Step 2", "Step 3"]
    assert standing(page(*steps), longest=3000) == [page(*steps).text.removeprefix("Step 1\n")]


def test_the_numbers_of_steps_are_no_terms_and_the_steps_no_definitions() -> None:
    steps = [block for n in range(1, 4) for block in (("term", f"{n}."), ("definition", f"Stir for {n} minutes."))]
    of = page(("heading", "Custard"), FILLING, *steps)
    assert [(passage.term, passage.end) for passage in passages(of)] == [(None, len(of.text))]


def test_turns_of_an_interview_go_on_and_answers_to_questions_do_not() -> None:
    turns = [
        block for n in range(3) for block in (("question", "How are you?"), ("answer", f"Mary Atim: Well. {FILLING}"))
    ]
    assert {passage.goes_on.split()[0] for passage in passages(page(*turns))} == {"Mary"}
    asked = [block for n in range(3) for block in (("question", f"What is {n}?"), ("answer", f"A number. {FILLING}"))]
    assert {passage.goes_on for passage in passages(page(*asked))} == {""}


@pytest.mark.parametrize(
    ("language", "end"),
    [
        ("eng_Latn", "Keep reading to learn more!"),
        ("eng_Latn", "Here are my favourite ones."),
        ("deu_Latn", "Näheres dazu lesen Sie weiter unten."),
        ("fra_Latn", "Pour l'écouter, cliquez sur l’icône ci-dessous."),
        ("spa_Latn", "Los explicamos a continuación."),
        ("pol_Latn", "Zobacz poniżej."),
        ("swh_Latn", "Soma zaidi kuhusu bei."),
    ],
)
def test_a_last_sentence_that_points_on_is_left_out(language: str, end: str) -> None:
    of = page(f"{FILLING} {end}")
    assert standing(of, language) == [FILLING]


@pytest.mark.parametrize(
    ("language", "end"),
    [
        ("eng_Latn", "Will it rain?"),
        ("spa_Latn", "¿Lloverá mañana?»"),
        ("ell_Grek", "Θα βρέξει αύριο;"),
        ("ell_Grek", "Τι είναι το DNA;"),
        ("ell_Grek", "Θα βρέξει αύριο\u037e"),
        ("arb_Arab", "هل ستمطر غدا؟"),
        ("cmn_Hans", "明天会下雨吗？"),
    ],
)
def test_a_last_sentence_that_asks_is_left_out(language: str, end: str) -> None:
    assert not may_close(end, language)


def test_a_text_that_is_taken_whole_may_end_with_a_question() -> None:
    asked = f"{FILLINGS[1]} Who would not buy honey?"
    assert standing(page(FILLING, asked)) == [f"{FILLING}\n{asked}"]
    assert standing(page(FILLING, asked, FILLINGS[2]), longest=260) == [f"{FILLING}\n{FILLINGS[1]}"]


def test_sentences_that_only_hold_such_a_word_do_not_point_on() -> None:
    for sentence in ("At night it is below zero.", "The people living here are poor.", "There are fewer bees."):
        assert not points_on(sentence, "eng_Latn"), sentence
    assert not points_on("Im folgenden Jahr stiegen die Preise.", "deu_Latn")
    assert not points_on("See below.", "hau_Latn")


def test_lines_of_a_plain_text_that_are_no_sentences_are_its_headings() -> None:
    lines = ("Home", "Bread", *FILLINGS[:4], "Honey", *FILLINGS[5:7], "Sources")
    assert len(standing(page(*lines, title=None))) == 2
    assert len(standing(page(*lines))) == 1


@pytest.mark.parametrize("name", ["demonstratives", "pointing_on"])
def test_the_tables_hold_phrases_of_known_languages(name: str) -> None:
    for language, lists in prompts.table(name).items():
        assert language in all_languages()
        assert all(isinstance(phrase, str) for phrases in lists.values() for phrase in phrases), language


def test_a_passage_begins_with_a_line_whose_sentence_the_next_line_goes_on_with() -> None:
    lines = (
        "Vor langer Zeit lebte auf einer kleinen Farm",
        "ein kleines Huhn mit Namen Daisy.",
        "Es wollte fliegen lernen.",
    )
    assert standing(page(*lines), "deu_Latn") == ["\n".join(lines)]


def test_a_name_that_the_sentence_itself_gives_in_full_goes_on_with_nothing() -> None:
    ring = "The Galaxy Ring is new, and Ring sizes differ."
    assert [passage.goes_on for passage in passages(sections("We saw the Galaxy Ring.", ring), longest=400)] == ["", ""]


def test_where_every_noun_has_a_capital_only_the_first_word_is_taken_for_a_name() -> None:
    before = "Toni Wegscheider leitet das Projekt. Es misst mit Bosch Sensoren die Wärme im Nest."
    for beginning, word in (("Wegscheider lobt die Helfer.", "Wegscheider"), ("Viele Sensoren sind teuer.", "")):
        found = passages(sections(before, beginning), "deu_Latn", longest=400)
        assert [passage.goes_on for passage in found] == ["", word]


def test_notices_between_stretches_are_no_turn_of_languages() -> None:
    of = page(*[part for filling in FILLINGS[:4] for part in (filling, "Subscribe now!")])
    labels = [None if block.start and index % 2 else "eng_Latn" for index, block in enumerate(of.blocks)]
    limits = Limits(80, 300, 10)
    assert len(list(cut(of, labels, frozenset(("eng_Latn",)), limits))) == 4
    turned = ["swh_Latn" if label is None else label for label in labels]
    assert len(list(cut(of, turned, frozenset(("eng_Latn",)), limits))) == 1


def test_sentences_between_many_scraps_are_no_passage() -> None:
    scraps = ("Mobile phones", "$799.99", "Add to cart", "4.8 out of 5 stars", "Colours", "Accessories")
    assert passages(page(*FILLINGS[:2], *scraps, f"{FILLINGS[2]} {FILLINGS[3]}"), longest=3000) == []
    entries = tuple(f"{number}. {name}" for number, name in enumerate(scraps, 1))
    assert len(passages(page(*FILLINGS[:2], *entries, f"{FILLINGS[2]} {FILLINGS[3]}"), longest=3000)) == 1
