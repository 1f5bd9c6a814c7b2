"""Stories that are set line by line are prose; menus, verses and lists of entries that look like them are not."""

import pytest

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.passages import quality
from xinstruct.tools.passages.paragraphs import joined, undressed
from xinstruct.tools.passages.thresholds import thresholds

STORY = [
    "Hapo awali palikuwa na", "panya wawili.", "Mmoja wao aliishi", "kwenye nyika.", "Panya mwingine aliishi",
    "katika nyumba.", "Siku moja, panya", "aliyeishi katika nyumba", "alimwambia panya wa", "nyika kwamba chakula",
    "chake si kizuri.",
]  # fmt: skip
MENU = [
    "habari za michezo", "habari za siasa", "burudani na muziki", "afya ya mama na mtoto", "kilimo na mifugo",
    "wasiliana nasi leo", "Haki zote zimehifadhiwa.",
]  # fmt: skip
TEASERS = [
    "Bei ya mahindi", "Jumatatu, 3 Mei", "Bei ya gunia la mahindi imeshuka baada ya mavuno.", "Soko jipya",
    "Jumanne, 4 Mei", "Soko jipya la kijiji limefunguliwa leo asubuhi.", "Mvua kubwa", "Jumatano, 5 Mei",
    "Mvua kubwa inatarajiwa wiki hii.",
]  # fmt: skip
PROGRAM = [
    "Paste this into a file.", "def hello(name=None):", "return render_template(name)", "app.route('/hello/')",
    "url_for('static')", "with app.app_context():", "print(url_for('index'))", "It is saved.",
]  # fmt: skip


def page(lines: list[str], kind: str = "paragraph") -> Page:
    starts = [sum(len(line) + 1 for line in lines[:index]) for index in range(len(lines))]
    blocks = [Block(kind, start, start + len(line)) for start, line in zip(starts, lines, strict=True)]
    return Page(text="\n".join(lines), blocks=blocks)


def texts(of: Page) -> list[str]:
    return [of.text[block.start : block.end] for block in of.blocks]


def test_a_picture_book_of_lines_has_a_paragraph_for_each_sentence() -> None:
    found = undressed(page(STORY))
    assert found.text == "\n".join(STORY)
    assert [text.replace("\n", " ") for text in texts(found)] == [
        "Hapo awali palikuwa na panya wawili.",
        "Mmoja wao aliishi kwenye nyika.",
        "Panya mwingine aliishi katika nyumba.",
        "Siku moja, panya aliyeishi katika nyumba alimwambia panya wa nyika kwamba chakula chake si kizuri.",
    ]


def test_a_story_in_lines_is_prose() -> None:
    least = thresholds("swh_Latn").lowest_kept_prose
    assert quality.prose(STORY, "swh_Latn") < least
    assert quality.prose(texts(undressed(page(STORY))), "swh_Latn") == 1
    assert quality.prose(texts(joined(page(STORY))), "swh_Latn") == 1


@pytest.mark.parametrize("lines", [TEASERS, PROGRAM])
def test_teasers_and_programs_stay_line_by_line(lines: list[str]) -> None:
    assert texts(undressed(page(lines))) == lines


def test_list_entries_are_no_lines_of_sentences() -> None:
    assert texts(undressed(page(STORY, "item"))) == STORY


def test_a_menu_in_small_letters_is_a_list_still() -> None:
    found = texts(undressed(page(MENU)))
    assert found == MENU
    assert quality.listed(found, "swh_Latn") > thresholds("swh_Latn").highest_kept_list
    assert quality.prose(found, "swh_Latn") < thresholds("swh_Latn").lowest_kept_prose


def test_headings_in_a_row_that_state_something_are_paragraphs() -> None:
    lines = ["Nyame aliishi mbinguni.", "Alihifadhi hekima yote kwenye chungu.", "Siku moja alikitoa kwa Anansi."]
    assert {block.kind for block in undressed(page(lines, "heading")).blocks} == {"paragraph"}
    assert {block.kind for block in undressed(page(MENU[:4], "heading")).blocks} == {"heading"}
