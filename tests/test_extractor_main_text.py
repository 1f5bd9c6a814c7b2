"""What stands over a page or around its text is told from the text; all posts of a discussion are text."""

from typing import Any

import pytest

from xinstruct.tools.extractor.parser import extract_page

STORY = [
    "Am frühen Morgen ging der alte Fischer mit seinem Netz hinunter zum Fluss, wie er es seit vierzig Jahren tat.",
    "Das Wasser war still, und auf der anderen Seite schrien die Gänse, die der Nachbar am Abend vergessen hatte.",
    "Er wartete lange, aber an diesem Tag wollte kein Fisch ins Netz gehen, weder ein großer noch ein kleiner.",
    "Gegen Mittag setzte sich seine Enkelin zu ihm und brachte Brot, Käse und einen Krug mit kaltem Wasser.",
    "Sie sagte, dass die Großmutter schon die Pfanne auf den Herd gestellt habe und nun auf die Fische warte.",
    "Da lachte der Alte und meinte, dann gebe es heute eben Eierkuchen, und morgen sei ja auch noch ein Tag.",
]
CONSENT = [
    "Wir und unsere Partner speichern Informationen auf Ihrem Gerät, um Ihnen passende Anzeigen zu zeigen.",
    "Diese Technologien sind für den Betrieb der Seite nötig und können daher nicht abgeschaltet werden.",
    "Sie können Ihre Einwilligung jederzeit widerrufen, indem Sie unten auf die Einstellungen klicken.",
]
SHORT = ["Der Hund schläft.", "Die Katze trinkt.", "Der Vogel singt.", "Das Pferd läuft.", "Wo ist die Maus?"]
ENGLISH = [
    "The dog is asleep.",
    "The cat is drinking.",
    "The bird is singing.",
    "The horse runs.",
    "Where is the mouse?",
]


def read(body: str) -> dict[str, Any]:
    page = f"<!DOCTYPE html><html lang='de'><head><title>Seite</title></head><body>{body}</body></html>"
    found = extract_page(page.encode(), None, "https://blatt.example/a/b")
    assert found["broken"] is None
    return found


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


@pytest.mark.parametrize(
    "name", ["id='onetrust-consent-sdk'", "class='site-cookie-banner wide'", "id='CybotCookiebotDialog'"]
)
def test_question_about_cookies_is_left_out_and_counted(name: str) -> None:
    asked = f"<div class='cookie-notice'>{paragraphs(CONSENT)}</div>"
    found = read(f"<div class='t'>{paragraphs(STORY[:3])}</div><div {name}>{asked}</div>")
    assert found["text"].split("\n") == STORY[:3]
    assert found["cut"] == {"dialogue": sum(map(len, CONSENT))}


def test_page_that_is_about_cookies_stays() -> None:
    found = read(f"<main class='cookie-policy-popup'>{paragraphs(CONSENT + STORY)}</main>")
    assert all(text in found["text"] for text in CONSENT)


def test_credits_around_a_text_in_two_languages_are_left_out_and_the_copy_is_counted() -> None:
    leaves = "".join(
        f"<div class='leaf'><img src='p.jpg'><div class='t now'><h3>{own}</h3></div>"
        f"<div class='t then'><h3>{other}</h3></div></div>"
        for own, other in zip(SHORT, ENGLISH, strict=True)
    )
    around = "<div class='by'><h5>Erzählt von: Anna Beispiel</h5><div>Dieses Werk ist frei verfügbar.</div></div>"
    found = read(f"<div class='all'><a href='/'>Zurück zur Liste</a>{leaves}{around}</div>")
    assert found["text"].split("\n") == SHORT
    assert found["cut"] == {"other_language": sum(map(len, ENGLISH))}


def test_text_around_a_few_phrases_in_two_languages_stays() -> None:
    phrases = "".join(
        f"<div><p lang='de'>{own}</p><p lang='en'>{other}</p></div>" for own, other in zip(SHORT, ENGLISH, strict=True)
    )
    found = read(f"<article>{paragraphs(STORY[:3])}<div>{phrases}</div>{paragraphs(STORY[3:])}</article>")
    assert all(text in found["text"] for text in STORY)


@pytest.mark.parametrize(
    "post",
    [
        "<div class='message'><h4>fischer{n}</h4><div class='bbWrapper'>{text}<br><br>{text}</div></div>",
        "<div class='post' id='p{n}'><div class='author'>fischer{n}</div><div id='post_content{n}'>{text}</div></div>",
        "<td class='alt1'><div id='post_message_{n}'>{text}</div></td>",
        "<div itemscope itemtype='https://schema.org/DiscussionForumPosting'><p>fischer{n}</p>"
        "<div itemprop='text'><p>{text}</p></div></div>",
        "<noscript><div itemscope itemtype='http://schema.org/Answer'><p itemprop='name'>Rat {n}</p>"
        "<div itemprop='text'>{text}</div></div></noscript>",
    ],
)
def test_all_posts_of_a_discussion_are_its_text(post: str) -> None:
    found = read(
        "<div class='topic'>" + "".join(post.format(n=n, text=text) for n, text in enumerate(STORY)) + "</div>"
    )
    told = list(dict.fromkeys(found["text"].split("\n")))
    assert told == STORY


def test_comments_under_an_article_are_not_its_text() -> None:
    comment = "<div itemscope itemtype='https://schema.org/Comment'><div itemprop='text'><p>{}</p></div></div>"
    below = "".join(comment.format(f"{text} Das schreibt ein Leser.") for text in CONSENT * 3)
    found = read(f"<article>{paragraphs(STORY)}</article><section class='comments'>{below}</section>")
    assert "Leser" not in found["text"]
    assert found["text"].split("\n") == STORY


def test_text_in_loose_lines_between_elements_is_not_lost() -> None:
    lines = "".join(
        f"{line}<div class='line'>{line[::-1]}</div>" for line in ("Kein Fisch.", "Kein Netz.", "Nur Wind.")
    )
    text = read(f"<div><center>{lines}</center></div>")["text"]
    assert all(line in text for line in ("Kein Fisch.", "Kein Netz.", "Nur Wind."))


def test_prose_is_found_where_the_extractor_takes_only_teasers() -> None:
    teasers = "".join(
        f"<p><a href='/{n}'>Mehr lesen, Teil {n}</a> Die Flüsse im Norden führen mehr Wasser.</p>" for n in range(9)
    )
    body = "".join(f"<div class='blog-footer-x'><p>{text} {more}</p></div>" for text in STORY for more in STORY)
    found = read(f"<div class='menu-post'>{body}</div><article class='entry-content post-content'>{teasers}</article>")
    assert all(text in found["text"] for text in STORY)
