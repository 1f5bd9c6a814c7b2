"""Pages in two languages by turns: what each block is in, how pure a passage is, and what became no passage."""

import pytest

from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.passages.block_languages import label_blocks, purity
from xinstruct.tools.passages.left_over import left_over

SWAHILI = [
    "Wakulima wa kijiji walivuna mazao mengi kuliko miaka mitatu iliyopita kwa sababu ya mvua nzuri.",
    "Mwenyekiti wa soko amesema ghala la kijiji limejaa, na wengine wameamua kuhifadhi mazao majumbani.",
    "Bei ya gunia la mahindi katika soko imeshuka baada ya wakulima kuvuna mazao hayo.",
]
ENGLISH = [
    "The farmers of the village harvested more this year than in the three years before because of good rains.",
    "The chairman of the market said that the barn of the village is full, and others store the harvest at home.",
    "They sold it at the market last week.",
]
MIXED = (
    "Mradi wetu wa community health ulianza mwaka 2019 pale Kibera. Tulianza kwa kufanya awareness kwa vijana kuhusu "
    "family planning, kwa sababu wengi hawakuwa na access ya information sahihi. Leo hii programme yetu iko katika "
    "counties tano. Changamoto kubwa ni sustainability, kwani funding ya wafadhili huisha baada ya miaka miwili."
)


@pytest.fixture(scope="module")
def lid() -> LanguageIdentifier:
    return LanguageIdentifier()


def page(*texts: str) -> Page:
    starts = [sum(len(text) + 1 for text in texts[:index]) for index in range(len(texts))]
    blocks = [Block("paragraph", start, start + len(text)) for start, text in zip(starts, texts, strict=True)]
    return Page(text="\n".join(texts), blocks=blocks)


def labels(of: Page, lid: LanguageIdentifier) -> list[str | None]:
    return label_blocks(of, lid, frozenset(("swh_Latn",)), None, ())[0]


def test_a_short_sentence_is_in_the_other_language_of_a_page_in_two(lid: LanguageIdentifier) -> None:
    turns = [text for both in zip(SWAHILI, ENGLISH, strict=True) for text in both]
    assert labels(page(*turns, SWAHILI[0]), lid) == ["swh_Latn", "eng_Latn"] * 3 + ["swh_Latn"]


def test_a_short_sentence_of_the_page_is_not_lost_among_short_ones_in_another(lid: LanguageIdentifier) -> None:
    short = ["They sold it at the market last week.", "The children went home.", "Watoto walirudi nyumbani kwao jioni."]
    assert labels(page(*SWAHILI, *short), lid)[-1] == "swh_Latn"


def test_names_and_headings_between_are_of_the_page(lid: LanguageIdentifier) -> None:
    assert labels(page(SWAHILI[0], "Daniel Sturridge", SWAHILI[1], "2019", SWAHILI[2]), lid) == ["swh_Latn"] * 5


def test_code_mixed_prose_is_pure_and_of_its_language(lid: LanguageIdentifier) -> None:
    assert labels(page(*SWAHILI, MIXED), lid) == ["swh_Latn"] * 4
    assert purity(MIXED, "swh_Latn", lid) >= 0.7


def test_a_whole_foreign_sentence_of_four_words_counts_against_purity(lid: LanguageIdentifier) -> None:
    text = "\n".join([*SWAHILI, "They sold it at the market last week."])
    foreign = 29 / (29 + sum(sum(map(str.isalpha, sentence)) for sentence in SWAHILI))
    assert purity(text, "swh_Latn", lid) == pytest.approx(1 - foreign)
    assert purity("\n".join([*SWAHILI, "Good morning."]), "swh_Latn", lid) == 1


def test_a_foreign_line_without_a_full_stop_is_a_sentence_of_its_own(lid: LanguageIdentifier) -> None:
    text = f"{SWAHILI[0]}\nThe farmers of the village harvested more this year than before\n{SWAHILI[1]}"
    assert 0.6 < purity(text, "swh_Latn", lid) < 0.9


def test_the_lines_of_one_sentence_are_told_together(lid: LanguageIdentifier) -> None:
    assert purity("\n".join(SWAHILI).replace(" wa ", "\nwa ").replace(" ya ", "\nya "), "swh_Latn", lid) == 1


def test_what_is_in_no_passage_is_counted_by_language() -> None:
    of = page(*SWAHILI, *ENGLISH)
    in_turns = ["swh_Latn", "eng_Latn", "swh_Latn", "swh_Latn", "eng_Latn", "eng_Latn"]
    first = (of.blocks[0].start, of.blocks[0].end)
    left = of.blocks[3].end - of.blocks[2].start
    assert left_over(of, in_turns, frozenset(("swh_Latn",)), [first]) == {"swh_Latn": (left, left)}
    whole = left_over(of, in_turns, frozenset(("swh_Latn", "eng_Latn")), [])
    assert whole["swh_Latn"] == (left + len(SWAHILI[0]), left)
    assert whole["eng_Latn"][1] == of.blocks[5].end - of.blocks[4].start
    assert left_over(of, in_turns, frozenset(), []) == {}
