"""Copies of a page's text in further languages are left out; what is folded away under a question or a tab stays."""

import pytest

from xinstruct.tools.extractor.parser import extract_page

GERMAN = [
    "Am frühen Morgen ging der alte Fischer mit seinem Netz hinunter zum Fluss.",
    "Das Wasser war still, und auf der anderen Seite schrien die Gänse.",
    "Er wartete lange, aber an diesem Tag wollte kein Fisch ins Netz gehen.",
    "Gegen Mittag setzte sich seine Enkelin zu ihm und brachte Brot und Käse.",
    "Sie sagte, dass die Großmutter schon die Pfanne auf den Herd gestellt habe.",
]
ENGLISH = [
    "Early in the morning the old fisherman went down to the river with his net.",
    "The water was still, and on the other side the geese were crying out.",
    "He waited for a long time, but no fish would go into the net that day.",
    "Towards noon his granddaughter sat down with him and brought bread and cheese.",
    "She said that her grandmother had already put the pan on the stove.",
]
SWAHILI = [
    "Asubuhi na mapema mvuvi mzee alishuka kwenda mtoni na wavu wake.",
    "Maji yalikuwa yametulia, na upande wa pili mabata bukini walikuwa wakilia.",
    "Alisubiri kwa muda mrefu, lakini siku hiyo hakuna samaki aliyeingia wavuni.",
    "Karibu na adhuhuri mjukuu wake aliketi pamoja naye akamletea mkate na jibini.",
    "Alisema kwamba bibi yake alikuwa tayari ameweka kikaango jikoni.",
]
QUESTIONS = [
    "Wann muss ich den Zähler ablesen?",
    "Wer bezahlt den Austausch der alten Leitung?",
    "Was geschieht, wenn niemand zu Hause ist?",
]
ANSWERS = [
    "Der Zähler wird einmal im Jahr abgelesen, meist im November, und wir schicken vorher eine Karte.",
    "Den Austausch bezahlt das Werk, solange die Leitung vor dem Haus liegt und nicht unter dem Garten.",
    "Dann kommt der Monteur ein zweites Mal, und erst danach wird der Verbrauch geschätzt.",
]


def text_of(body: str, language: str = "de") -> str:
    page = f"<!DOCTYPE html><html lang='{language}'><head><title>Seite</title></head><body><main>{body}</main></body>"
    found = extract_page(page.encode(), None, "https://blatt.example/a/b")
    assert found["broken"] is None
    return str(found["text"])


def pages_of(*columns: tuple[str, list[str]]) -> str:
    """A picture book: at each picture the same sentence once for each column, under the column's class name."""
    return "".join(
        "<div class='leaf'><img src='p.jpg'>"
        + "".join(f"<div class='text big {name}'><p>{texts[leaf]}</p></div>" for name, texts in columns)
        + "</div>"
        for leaf in range(len(GERMAN))
    )


def test_copies_in_further_languages_at_every_picture_are_left_out() -> None:
    for first, rest in ((SWAHILI, (ENGLISH, GERMAN)), (GERMAN, (ENGLISH, SWAHILI)), (ENGLISH, (GERMAN, SWAHILI))):
        text = text_of(pages_of(("now", first), ("one", rest[0]), ("two", rest[1])), "")
        assert text.split("\n") == first


def test_copy_that_repeats_the_text_letter_for_letter_is_left_out() -> None:
    assert text_of(pages_of(("wide", GERMAN), ("small", GERMAN))).split("\n") == GERMAN


def test_kept_copy_is_the_one_in_the_language_of_the_page() -> None:
    leaves = "".join(
        f"<div><p lang='en'>{english}</p><p lang='de-AT'>{german}</p></div>"
        for english, german in zip(ENGLISH, GERMAN, strict=True)
    )
    assert text_of(leaves).split("\n") == GERMAN


@pytest.mark.parametrize("way", ["hidden", "aria-hidden='true'", "style='display: none'", "class='d-none'"])
def test_hidden_translation_of_a_text_that_stands_once_is_left_out(way: str) -> None:
    shown, unseen = " ".join(GERMAN), " ".join(ENGLISH)
    text = text_of(f"<div><p>{shown}</p></div><div {way}><p>{unseen}</p></div>")
    assert (shown in text, "fisherman" in text) == (True, False)


def test_translation_that_stands_first_but_hidden_is_left_out() -> None:
    text = text_of(f"<div hidden><p>{' '.join(ENGLISH)}</p></div><div><p>{' '.join(GERMAN)}</p></div>")
    assert ("Fischer" in text, "fisherman" in text) == (True, False)


@pytest.mark.parametrize(
    "way",
    [
        "hidden",
        "style='display:none'",
        "class='collapse'",
        "role='region' aria-hidden='true'",
        "class='answer hidden'",
        "class='answer d-none'",
    ],
)
def test_answers_folded_under_their_questions_stay(way: str) -> None:
    asked = "".join(
        f"<div><h3><button>{question}</button></h3><div {way}><p>{answer}</p></div></div>"
        for question, answer in zip(QUESTIONS, ANSWERS, strict=True)
    )
    story = "".join(f"<p>{sentence} {more}</p>" for sentence in GERMAN for more in GERMAN)
    text = text_of(f"<h1>Der Fluss</h1>{story}<h2>Fragen</h2>{asked}")
    assert all(part in text for part in (*QUESTIONS, *ANSWERS))


def test_panel_that_a_button_elsewhere_opens_stays_and_a_folded_menu_does_not() -> None:
    links = "".join(f"<li><a href='/{n}'>Weitere Seiten über den Fluss, Teil {n}.</a></li>" for n in "123")
    story = "".join(f"<p>{sentence} {more}</p>" for sentence in GERMAN for more in GERMAN)
    text = text_of(
        "<button aria-controls='more'>Mehr</button><button aria-controls='menu'>Menü</button>"
        f"{story}<div id='more' style='display:none'><p>{' '.join(ANSWERS)}</p></div>"
        f"<div id='menu' style='display:none'><ul>{links}</ul></div>"
    )
    assert (ANSWERS[0] in text, "Weitere Seiten" in text) == (True, False)


def test_question_and_answer_side_by_side_are_no_copies() -> None:
    asked = [f"{question} {said}" for question, said in zip(QUESTIONS, GERMAN, strict=False)]
    body = "".join(
        f"<div class='entry'><div class='ask'>{question}</div><div class='say'>{answer}</div></div>"
        for question, answer in zip(asked, ANSWERS, strict=True)
    )
    text = text_of(body)
    assert all(part in text for part in (*asked, *ANSWERS))


def test_details_stay() -> None:
    body = "".join(
        f"<details><summary>{question}</summary><p>{answer}</p></details>"
        for question, answer in zip(QUESTIONS, ANSWERS, strict=True)
    )
    text = text_of(f"<h1>Fragen</h1><p>{GERMAN[0]} {GERMAN[1]}</p>{body}")
    assert all(answer in text for answer in ANSWERS)


def test_tab_panels_in_one_language_stay() -> None:
    panels = "".join(
        f"<div role='tabpanel' class='tab-pane{' active' if not place else ''}' id='t{place}'>"
        f"<p>{answer} {more}</p></div>"
        for place, (answer, more) in enumerate(zip(ANSWERS, GERMAN, strict=False))
    )
    assert all(answer in text_of(panels) for answer in ANSWERS)


def test_quotation_in_another_language_stays() -> None:
    text = text_of(
        f"<p>{' '.join(GERMAN)}</p><blockquote class='quote' lang='en'>{' '.join(ENGLISH)}</blockquote>"
        f"<p>{' '.join(ANSWERS)}</p>"
    )
    assert "fisherman" in text


def test_text_after_which_another_stands_in_its_own_language_is_no_switch() -> None:
    german = "".join(f"<p class='a'>{sentence}</p>" for sentence in GERMAN)
    english = "".join(f"<p class='b'>{sentence}</p>" for sentence in ENGLISH)
    text = text_of(german + english)
    assert all(sentence in text for sentence in GERMAN + ENGLISH)


def test_box_of_links_that_opens_over_the_page_is_left_out_and_one_with_prose_stays() -> None:
    links = "".join(f"<li><a href='/{n}.pdf'>Die Geschichte als Heft Nummer {n} zum Laden</a></li>" for n in "123")
    story = "".join(f"<p>{sentence}</p>" for sentence in GERMAN)
    life = f"<div class='modal fade'><p>{' '.join(ANSWERS)}</p></div>"
    text = text_of(f"<div class='modal' id='m'><h4>Auswahl</h4><ul>{links}</ul></div>{story}{life}")
    assert ("Auswahl" in text, "zum Laden" in text) == (False, False)
    assert (GERMAN[0] in text, ANSWERS[0] in text) == (True, True)


def test_page_of_a_few_words_is_given_without_its_buttons() -> None:
    lines = ["Kein Fisch heute.", "Kein Fisch gestern.", "Morgen vielleicht.", "Oder nie."]
    choice = "<button>Teilen</button> <select><option>Englisch</option></select>"
    text = text_of("".join(f"<div>{line} {choice}</div>" for line in lines))
    assert text.split("\n") == lines
