"""What a page says on its own behalf between its paragraphs is left out of its text or of its passages; what only looks
like that stays.
"""

import pytest
from lxml.html import fromstring

from xinstruct.tools.extractor.asides import without_asides
from xinstruct.tools.extractor.page import Block, Page
from xinstruct.tools.extractor.parser import extract_page
from xinstruct.tools.extractor.plain import plain_blocks
from xinstruct.tools.extractor.wording import asks, heads_replies, said
from xinstruct.tools.passages.furniture import apart

FIRST = "The ferry to the island runs twice a day, and in winter only when the wind allows it."
SECOND = "On the far shore the road climbs through olive groves to a village of white houses."
THIRD = "Most visitors stay for a night and take the morning boat back to the mainland."


def left_of(*between: str, last: str = THIRD) -> list[str]:
    """The texts that are left of an article with this markup after its first paragraph."""
    body = f"<p>{FIRST}</p>{''.join(between)}<p>{SECOND}</p><p>{last}</p>"
    tree = fromstring(f"<html><body><article>{body}</article></body></html>")
    return [text for _, _, text in without_asides(tree, plain_blocks(tree))[0]]


def page_of(*texts: str, kind: str = "paragraph") -> Page:
    """A page of blocks of one kind."""
    blocks: list[Block] = []
    at = 0
    for text in texts:
        blocks.append(Block(kind, at, at + len(text)))
        at += len(text) + 1
    return Page(text="\n".join(texts), blocks=blocks)


def kept_of(page: Page) -> list[str]:
    """The texts of the blocks that a passage may take."""
    labels = apart(page, ["eng_Latn"] * len(page.blocks))
    return [page.text[b.start : b.end] for b, label in zip(page.blocks, labels, strict=True) if label]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Passer la publicité", "interruption"),
        ("REKLAMA", "interruption"),
        ("Click to expand...", "interruption"),
        ("[CTA_MODULE]", "interruption"),
        ("Mehr erfahren", "invitation"),
        ("Czytaj więcej", "invitation"),
        ("続きを読む", "invitation"),
        ("weiterlesen 5 Minuten", "invitation"),
        ("Lesen Sie auch: Der Hafen wird umgebaut", "title"),
        ("À LIRE AUSSI Le port sera rénové", "title"),
        ("À lire aussi » Le port sera rénové", "title"),
        ("[ Also read The harbour will be rebuilt. ]", "title"),
        ("Baca juga: Pelabuhan akan dibangun kembali", "title"),
        ("यह भी पढ़ें: बंदरगाह का पुनर्निर्माण", "title"),
        ("READ MORE: The harbour will be rebuilt", "marked_title"),
        ("Read: The harbour will be rebuilt", "marked_title"),
        ("Zum Hafen →", "marked_title"),
        ("Foto: Ana Ruiz", "credit"),
        ("Fot. Jan Nowak: / Agencja Gazeta", "credit"),
        ("Der Hafen im Winter. Foto: Ana Ruiz/imago", "credit"),
        ("The harbour in winter. (Photo by Ana Ruiz/Getty Images)", "credit"),
        ("© Ana Ruiz", "credit"),
        ("写真：港の朝", "credit"),
        ("Abb. 3: Windmühlen standen früher auch am Hafen.", "credit"),
        ("Рис. 2. Гавань зимой", "credit"),
        ("图1：冬天的港口", "credit"),
    ],
)
def test_lines_of_a_pages_frame_are_known_in_several_languages(line: str, what: str) -> None:
    assert said(line) == what


@pytest.mark.parametrize(
    "line",
    [
        "Read more about the island in the book that its teacher wrote.",
        "Mehr Licht kam erst am Abend, als die Wolken über dem Meer verschwanden.",
        "»Der Hafen gehört uns allen«",
        "« Le port est à nous. »",
        "[HR. At-Tirmidzi no. 1997, hal. 41]",
        "The source: a well under the church. It never runs dry.",
        "Sources:",
        "Figure 2 shows the harbour in winter.",
        "Bild 3 wurde im Hafen gemacht.",
        "VIDEO OF THE YEAR [awarded to producers]",
        "Auch interessant ist, dass der Hafen im Winter gesperrt bleibt.",
        "He looked at the photo: it showed a man. It was his father, and he knew him at once.",
        "Related to the olive is the ash.",
        "- Wer ist da?",
        "Anzeigen kann man den Diebstahl nur im Ort.",
    ],
)  # fmt: skip
def test_lines_that_only_begin_like_furniture_are_text(line: str) -> None:
    assert said(line) is None


def test_calls_advertisements_and_credits_between_paragraphs_are_left_out_and_counted() -> None:
    calls = ["Passer la publicité", "Lire aussi : Le port", "Foto: Ana Ruiz", "Read more"]
    tree = fromstring(f"<html><body><p>{FIRST}</p>{''.join(f'<p>{c}</p>' for c in calls)}<p>{SECOND}</p></body></html>")
    left, cut = without_asides(tree, plain_blocks(tree))
    assert [text for _, _, text in left] == [FIRST, SECOND]
    assert cut == {"aside": sum(map(len, calls))}


def test_the_text_of_a_page_runs_on_across_its_asides() -> None:
    asides = ["Lesen Sie auch: Der Hafen wird umgebaut", "Foto: Ana Ruiz"]
    body = f"<p>{FIRST}</p><p>{asides[0]}</p><p>{SECOND}</p><p>{asides[1]}</p><p>{THIRD}</p>"
    page = (
        f"<!DOCTYPE html><html lang='en'><head><title>The island</title></head><body><article>{body}</article></body>"
    )
    found = extract_page(page.encode(), None, "https://blatt.example/a")
    assert found["text"] == f"{FIRST}\n{SECOND}\n{THIRD}"
    assert found["cut"] == {"aside": sum(map(len, asides))}


def test_a_page_without_asides_stays_as_it_is() -> None:
    tree = fromstring(f"<html><body><h2>The island</h2><p>{FIRST}</p><ul><li>olives</li></ul></body></html>")
    blocks = plain_blocks(tree)
    assert without_asides(tree, blocks) == (blocks, {})


def test_a_short_paragraph_that_is_a_link_and_nothing_else_is_left_out_in_any_language() -> None:
    assert left_of("<p><a href='/x'>Bandari ya kisiwa itajengwa upya mwakani</a></p>") == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize(
    "line",
    [
        "<p>Bandari ya <a href='/x'>kisiwa</a> itajengwa upya mwakani</p>",
        "<p><a href='#port'>The harbour of the island</a></p>",
        "<p>The timetable is here:</p><p><a href='/x'>Timetable of the island ferry</a></p>",
        "<p><a href='http://island.example/ferry'>http://island.example/ferry</a></p>",
        "<p>In summer the boats are full of</p><p><a href='/x'>chronic sunbathers</a></p>",
    ],
)
def test_links_that_the_text_needs_stay(line: str) -> None:
    assert len(left_of(line)) > 3


def test_titles_below_an_invitation_go_with_it() -> None:
    titles = "".join(f"<p><a href='/{n}'>The harbour will be rebuilt, part {n}</a></p>" for n in "12")
    assert left_of(f"<h3>Auch interessant</h3>{titles}") == [FIRST, SECOND, THIRD]


def test_an_invitation_under_each_of_several_teasers_stays_because_it_tells_them_from_a_text() -> None:
    texts = left_of(
        "<p>Mehr erfahren</p>", f"<p>{SECOND}</p><p>Mehr erfahren</p>", f"<p>{THIRD}</p><p>Mehr erfahren</p>"
    )
    assert texts.count("Mehr erfahren") == 3


def test_lone_signs_are_left_out_but_not_the_stars_between_scenes() -> None:
    assert left_of("<p>.</p><p>:</p><p>}</p><p>* * *</p>") == [FIRST, "* * *", SECOND, THIRD]


def test_a_box_to_sign_up_is_left_out_unless_the_page_is_about_letters() -> None:
    box = "<p>Subscribe to our newsletter and get the news of the island every Friday.</p>"
    assert left_of(box) == [FIRST, SECOND, THIRD]
    assert len(left_of("<h2>How to write a newsletter</h2>", box)) == 5


def test_questions_about_cookies_are_left_out_unless_they_are_most_of_the_page() -> None:
    box = "Wir verwenden Cookies. Sie können zustimmen oder ablehnen."
    assert asks(box, "cookies")
    assert not asks("Der Keks heißt in England Cookie und wird zum Tee gereicht.", "cookies")
    assert left_of(f"<p>{box}</p>") == [FIRST, SECOND, THIRD]
    other = "Drittanbieter setzen Cookies, die Sie akzeptieren oder ablehnen können."
    tree = fromstring(f"<html><body><p>{box}</p><p>{other}</p><p>Punkt.</p></body></html>")
    assert len(without_asides(tree, plain_blocks(tree))[0]) == 3


@pytest.mark.parametrize(
    "notice",
    [
        "Il vous reste 57.09% de cet article à lire. La suite est réservée aux abonnés.",
        "Materiał chroniony prawem autorskim - zasady przedruków określa regulamin.",
        "Please enable JavaScript in your browser to read on.",
        "本站版权所有，请勿转载。",
        "Haki zote zimehifadhiwa.",
    ],
)
def test_notices_of_rights_payment_and_browsers_are_left_out(notice: str) -> None:
    assert left_of(f"<p>{notice}</p>") == [FIRST, SECOND, THIRD]
    assert left_of(f"<p>{notice} {FIRST * 5}</p>") != [FIRST, SECOND, THIRD]


def test_a_sentence_that_is_pulled_out_of_a_paragraph_is_left_out() -> None:
    quote = "The road climbs through vineyards for an hour before it comes to the sea."
    assert left_of(f"<p>{quote}</p><p>{quote} There it ends.</p>") == [FIRST, f"{quote} There it ends.", SECOND, THIRD]


def test_an_invitation_in_brackets_at_the_end_of_a_paragraph_is_left_out() -> None:
    text = "The road climbs through vineyards for an hour before it comes to the sea."
    assert left_of(f"<p>{text} [czytaj więcej]</p>") == [FIRST, text, SECOND, THIRD]
    assert left_of(f"<p>{text} (It is steep.)</p>") == [FIRST, f"{text} (It is steep.)", SECOND, THIRD]


def test_a_heading_that_is_the_link_of_another_text_is_left_out_unless_there_are_several() -> None:
    named = ("is closed for winter", "has been sold to a company", "will be dug out again")
    heads = [f"<h3><a href='/x'>The harbour of the island {end}</a></h3><p>What {end} is old.</p>" for end in named]
    assert len(left_of(heads[0])) == 4
    assert len(left_of(*heads)) == 9


def test_captions_are_left_out_by_their_markup() -> None:
    caption = "Mji wa kisiwani wakati wa baridi"
    figure = f"<figure><img src='x.png'><figcaption><b>Mji</b>{caption[3:]}</figcaption></figure>"
    tree = fromstring(f"<html><body><p>{FIRST}</p>{figure}<p>{SECOND}</p></body></html>")
    blocks = [("paragraph", 0, FIRST), ("paragraph", 0, caption), ("paragraph", 0, SECOND)]
    assert without_asides(tree, blocks)[0] == [blocks[0], blocks[2]]


def test_the_credit_of_a_picture_is_left_out_of_the_paragraph_that_it_stands_in() -> None:
    text = "The ferry to the mainland runs three times a day, and on Sundays it does not run at all."
    assert left_of(f"<p>Foto: Ana Ruiz<br>{text}</p>") == [FIRST, text, SECOND, THIRD]


def test_an_entry_of_a_list_or_a_heading_is_not_taken_for_a_credit() -> None:
    assert said("Image: a file of at most 2 MB") == "credit"
    assert said("Image: a file of at most 2 MB", "item") is None
    assert said("Photo: the early years", "heading") is None


def test_the_date_of_a_post_stays_though_it_links_to_the_post() -> None:
    assert len(left_of("<p><a href='/p1'>Wed Dec 27, 2023 10:00 am</a></p>")) == 4


def test_posts_of_several_people_are_no_one_text() -> None:
    page = page_of("kkiri 1 year ago", FIRST, "ana 11 months ago", SECOND, "(26 juin 2018 @13h12)", THIRD)
    assert kept_of(page) == [FIRST, SECOND, THIRD]
    labels = apart(page, ["eng_Latn"] * 6)
    assert labels == [None, "eng_Latn"] * 3


def test_the_entries_of_a_chronicle_stay_together() -> None:
    texts = ["4 March 1950 The school opens", "12 May 1971 The school closes", "1 June 1999 The first hotel"]
    assert kept_of(page_of(*texts, kind="item")) == texts


def test_replies_to_people_by_name_are_no_part_of_a_text() -> None:
    replies = ["@julian Good luck tracking it down.", "@Kichae: can you give an example?", "@ana"]
    assert kept_of(page_of(FIRST, *replies, SECOND)) == [FIRST, SECOND]


@pytest.mark.parametrize("dates", [["Monday, 4 March 2024"], ["4 March 2024", "changed 5 March 2024", "6 March 2024"]])
def test_dates_of_the_text_itself_part_nothing(dates: list[str]) -> None:
    texts = [FIRST, *dates, SECOND]
    assert kept_of(page_of(*texts)) == texts


def test_decorators_of_programs_are_nobodys_names() -> None:
    texts = ["@cache def square(n): return n * n", "@total_ordering class Student: pass", "@lru_cache def f(): ..."]
    assert kept_of(page_of(*texts)) == texts
    assert said(">>> basetwo = partial(int, base=2)") is None


def test_notices_of_a_plain_text_are_in_no_passage() -> None:
    notice = "La suite est réservée aux abonnés."
    assert kept_of(page_of(FIRST, notice)) == [FIRST]


def test_posts_quoted_in_an_article_do_not_part_it() -> None:
    texts = [text for year in (2019, 2020, 2021) for text in (FIRST, f"— Ana Ruiz (@ana) January 1, {year}")]
    assert kept_of(page_of(*texts)) == texts


def test_a_live_report_is_in_no_passage() -> None:
    minutes = [text for minute in range(46, 40, -1) for text in (f"{minute}'", "A long ball, and the keeper has it.")]
    assert kept_of(page_of(FIRST, *minutes, SECOND)) == [FIRST, SECOND]


def test_line_ups_are_in_no_passage_and_statistics_are() -> None:
    line_up = "23- Moreira(6), 27- Lawrence(7)(16- López(6) 72'), 13- Gamboa(6.5), 22- González(C)(6), 4- Smith(6)"
    told = (
        "In 1990 the island had 412 people, in 2000 it had 380, and in 2010, after the school had closed, no more than "
        "290 were counted, of whom 120 were older than 65 and only 31 were younger than 18 years."
    )
    assert kept_of(page_of(FIRST, line_up, told)) == [FIRST, told]


def test_what_readers_said_below_a_text_is_in_no_passage() -> None:
    assert heads_replies("3 Kommentare")
    assert kept_of(page_of(FIRST, SECOND, "Comments (2)", "I was there in May, and it rained.", "Me too!")) == [
        FIRST,
        SECOND,
    ]
    assert len(kept_of(page_of("Comments", FIRST, SECOND, THIRD))) == 4


def test_calls_in_a_page_that_came_as_text_end_its_passages() -> None:
    assert kept_of(page_of(FIRST, "Baca juga: Pelabuhan dibangun", SECOND)) == [FIRST, SECOND]
