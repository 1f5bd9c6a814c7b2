"""The extractor: main text, blocks and structure of a page, whatever its bytes are."""

import gzip
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import trafilatura

from xinstruct.tools.extractor.encoding import decode
from xinstruct.tools.extractor.page import Block, ExtractionError, Extractor, Page
from xinstruct.tools.extractor.parser import extract_page
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import LARGEST_PAGE, Record

SENTENCES = (
    "Der alte Müller öffnete früh am Morgen die Tür. Über Nacht war Schnee gefallen, und der Bach war zugefroren."
)
PARAGRAPH = f"<p>{SENTENCES}</p>"


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    made = Extractor()
    yield made
    made.close()


def record(body: bytes, **fields: object) -> Record:
    known: dict[str, object] = {
        "container": "c",
        "offset": 0,
        "url": "https://blatt.example/a/b",
        "crawled_at": None,
        "digest": "d",
    }
    return Record(body=body, **{**known, **fields})  # type: ignore[arg-type]


def read(html: str, url: str = "https://blatt.example/a/b", charset: str | None = None) -> Page:
    found = extract_page(html.encode(), charset, url)
    assert found.pop("broken") is None
    found["blocks"] = [Block(*block) for block in found["blocks"]]
    return Page(**found)


def blocks(page: Page) -> list[tuple[str, str]]:
    return [(block.kind, page.text[block.start : block.end]) for block in page.blocks]


def in_page(text: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>Seite</title>{head}</head><body><article>{text}</article></body></html>"


def test_text_is_the_blocks_joined_by_line_ends(extractor: Extractor) -> None:
    page = extractor.page(
        record(in_page(f"<h1>Titel</h1>{PARAGRAPH}<h2>Zutaten</h2><ul><li>Mehl</li><li>Salz</li></ul>").encode())
    )
    assert page.text == "\n".join(page.text[block.start : block.end] for block in page.blocks)
    assert [block.kind for block in page.blocks] == ["title", "paragraph", "heading", "item", "item"]


def test_structure_of_lists_definitions_and_tables_is_kept() -> None:
    page = read(
        in_page(
            f"<h1>Titel</h1>{PARAGRAPH}<dl><dt>Wehr</dt><dd>Eine Mauer, die den Bach staut und lenkt.</dd></dl>"
            "<table><tr><th>Jahr</th><th>Ernte</th></tr><tr><td>1901</td><td>gut</td></tr></table>"
            f"{PARAGRAPH.replace('Bach', 'Fluss')}"
        )
    )
    assert ("term", "Wehr") in blocks(page)
    assert ("definition", "Eine Mauer, die den Bach staut und lenkt.") in blocks(page)
    assert ("row", "1901 | gut") in blocks(page)


def test_single_line_break_stays_and_double_one_parts_paragraphs() -> None:
    page = read(
        in_page(f"<p>{SENTENCES}<br>{SENTENCES.replace('Bach', 'Fluss')}<br><br>Am Ende taute alles wieder auf.</p>")
    )
    assert blocks(page)[-2:] == [
        ("paragraph", f"{SENTENCES}\n{SENTENCES.replace('Bach', 'Fluss')}"),
        ("paragraph", "Am Ende taute alles wieder auf."),
    ]


def test_joiners_that_spell_words_are_kept_and_other_invisible_signs_are_not() -> None:
    page = read(
        in_page("<p>می\u200cخواهم کتاب&zwnj;ها را بخوانم\u200e. این یک جملهٔ فارسی\u00ad است.\ufeff</p>" + PARAGRAPH)
    )
    assert blocks(page)[0][1] == "می\u200cخواهم کتاب\u200cها را بخوانم. این یک جملهٔ فارسی است."


def test_text_is_composed() -> None:
    assert "Müller" in read(in_page(PARAGRAPH.replace("ü", "u\u0308"))).text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("shift_jis", "これは日本語の文章です。今日は天気がいいので散歩に行きました。"),
        ("euc-kr", "이것은 한국어 문장입니다. 오늘은 날씨가 좋아서 산책을 갔습니다."),
        ("windows-1251", "Это русский текст. Сегодня хорошая погода, и мы пошли гулять."),
        ("windows-1254", "Bugün hava çok güzel, yürüyüşe çıktık. Şimdi eve dönüyoruz."),
        ("windows-1256", "هذا نص عربي. اليوم الطقس جميل وذهبنا في نزهة."),
        ("tis-620", "นี่คือข้อความภาษาไทย วันนี้อากาศดีมาก"),
        ("gb2312", "这是中文文本。今天天气很好，所以我们去散步了。"),
        ("utf-16", "ይህ የአማርኛ ጽሑፍ ነው። ዛሬ አየሩ ጥሩ ነው።"),
    ],
)
def test_encoding_is_read_from_header_and_from_meta(encoding: str, text: str) -> None:
    meta = f"<meta http-equiv='Content-Type' content='text/html; charset={encoding}'>"
    assert text in decode(f"<html><p>{text}</p>".encode(encoding), encoding).text
    assert text in decode(f"<html>{meta}<p>{text}</p>".encode(encoding)).text


def test_utf8_is_believed_before_a_header_that_lies() -> None:
    assert "Müller" in decode(PARAGRAPH.encode(), "iso-8859-1").text


def test_undeclared_encoding_is_told_by_the_declared_language() -> None:
    text = "Bugün hava çok güzel, yürüyüşe çıktık. Şimdi eve dönüyoruz."
    assert text in decode(f'<html lang="tr"><p>{text}</p>'.encode("windows-1254"), "utf-8").text


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"%PDF-1.4 and so on", "not_html"),
        (bytes(range(256)) * 20, "not_html"),
        (b'{"text": "<p>json</p>"}', "not_html"),
        (b'<?xml version="1.0"?><rss><channel><title>x</title></channel></rss>', "not_html"),
        (b"Nur Text ohne Auszeichnung.", "not_html"),
        (in_page("<p>" + "der MÃ¼ller und der Bäcker würden wählen " * 9 + "</p>").encode(), "mojibake"),
        (in_page("<p>" + "\ufffd\ufffd abc " * 50 + "</p>").encode(), "undecodable"),
        (in_page("<p>" + "\ue001\ue002\ue003 " * 50 + "</p>").encode(), "legacy_font"),
        (b"<html><body>" + b"<div>" * 50_000 + PARAGRAPH.encode(), "too_deep"),
    ],
)
def test_page_that_cannot_be_read_is_broken_by_name(extractor: Extractor, body: bytes, detail: str) -> None:
    with pytest.raises(ExtractionError) as error:
        extractor.page(record(body))
    assert (error.value.reason, error.value.detail) == ("broken_page", detail)


def test_page_that_is_too_large_is_not_parsed(extractor: Extractor) -> None:
    with pytest.raises(ExtractionError) as error:
        extractor.page(record(b"<p>" * (LARGEST_PAGE // 3 + 1)))
    assert error.value.reason == "too_large"


def test_extractor_goes_on_after_a_page_that_hangs() -> None:
    hasty = Extractor(seconds=1)
    with pytest.raises(ExtractionError) as error:
        hasty.page(record(b"<html><body><p>" + b"<br>" * 400_000 + b"x</p>"))
    assert error.value.reason == "too_slow"
    assert SENTENCES in hasty.page(record(in_page(PARAGRAPH).encode())).text
    hasty.close()


def test_text_record_is_itself_line_by_line(extractor: Extractor) -> None:
    page = extractor.page(record(b"  Eins.\r\n\nZwei.", is_text=True))
    assert page.text == "  Eins.\r\n\nZwei."
    assert [page.text[block.start : block.end] for block in page.blocks] == ["Eins.", "Zwei."]


def json_ld(*nodes: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)


def test_kind_of_a_page_is_the_foremost_of_its_markup() -> None:
    graph = {"@graph": [{"@type": "Person", "name": "Eva"}, {"@type": ["Article", "NewsArticle"], "headline": "Seite"}]}
    assert read(in_page(PARAGRAPH, json_ld({"@type": "FAQPage"}, graph))).page_type == "NewsArticle"
    assert read(in_page(PARAGRAPH, json_ld({"@type": "Person", "name": "Eva"}))).page_type is None
    assert read(in_page(PARAGRAPH, json_ld({"@type": "Person", "name": "Seite"}))).page_type == "Person"
    assert read(in_page(PARAGRAPH, '<meta property="og:type" content="article">')).page_type == "Article"
    assert read(in_page(PARAGRAPH)).page_type is None


def test_broken_json_is_mended_or_passed_over() -> None:
    mended = '<script type="application/ld+json">\n<!-- {"@type": "Recipe", "name": "Brot\n",} --></script>'
    assert read(in_page(PARAGRAPH, mended)).page_type == "Recipe"
    for broken in ("{", "[" * 100_000, '{"@type": 3}', '{"@type": {"a": 1}}', "null", '{"@graph": "x"}'):
        assert read(in_page(PARAGRAPH, f'<script type="application/ld+json">{broken}</script>')).page_type is None


def test_facts_are_read_from_json_ld_and_from_microdata() -> None:
    node = {
        "@type": "Recipe",
        "name": "Brot &amp; Butter",
        "author": {"@type": "Person", "name": "Eva"},
        "recipeIngredient": ["Mehl", "Salz"],
        "recipeInstructions": [
            {"@type": "HowToSection", "itemListElement": [{"@type": "HowToStep", "text": "Kneten."}]}
        ],
        "image": "https://blatt.example/a.jpg",
    }
    facts = read(in_page(PARAGRAPH, json_ld(node))).facts
    assert [(fact["name"], fact["value"]) for fact in facts] == [
        ("name", "Brot & Butter"),
        ("author", "Eva"),
        ("recipeIngredient", "Mehl"),
        ("recipeIngredient", "Salz"),
        ("step", "Kneten."),
    ]
    items = (
        '<div itemscope itemtype="https://schema.org/Event"><span itemprop="name">Fest</span>'
        '<time itemprop="startDate" datetime="2024-05-01">1. Mai</time></div>'
    )
    page = read(in_page(items + PARAGRAPH))
    assert page.page_type == "Event"
    assert {"name": "startDate", "value": "2024-05-01"} in page.facts


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Der Bach friert zu | Blatt</title>", "Der Bach friert zu"),
        ("<title>Blatt - Der Bach friert zu</title>", "Der Bach friert zu"),
        (
            '<title>x</title><meta property="og:title" content="Der Bach friert zu – Dorfzeitung">'
            '<meta property="og:site_name" content="Dorfzeitung">',
            "Der Bach friert zu",
        ),
        ("<title>Winter - Frost - Eis</title>", "Winter - Frost - Eis"),
        ("<title>Der Bach friert zu<p>", "Der Bach friert zu"),
    ],
)
def test_title_is_without_the_name_of_the_site(head: str, title: str) -> None:
    assert read(f"<html><head>{head}</head><body>{PARAGRAPH}</body></html>").title == title


def test_heading_that_the_title_repeats_is_the_title() -> None:
    head = "<title>Der Bach friert zu :: Wetter :: Region</title>"
    page = read(
        f"<html><head>{head}</head><body><article><h1>Der Bach friert zu</h1>{PARAGRAPH}</article></body></html>"
    )
    assert page.title == "Der Bach friert zu"
    assert blocks(page)[0] == ("title", "Der Bach friert zu")


def test_section_is_the_breadcrumb_without_home_and_page() -> None:
    crumbs = [
        ("Start", "https://blatt.example/"),
        ("Region", "https://blatt.example/r"),
        ("Tal", "https://blatt.example/r/t"),
        ("Seite", "https://blatt.example/x"),
    ]
    marked = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"position": n, "item": {"@id": url, "name": name}} for n, (name, url) in enumerate(crumbs)
        ],
    }
    links = "".join(f'<a href="{url.removeprefix("https://blatt.example")}">{name}</a> &gt; ' for name, url in crumbs)
    items = "".join(
        '<li itemprop="itemListElement" itemscope itemtype="https://schema.org/ListItem">'
        f'<a itemprop="item" href="{url}"><span itemprop="name">{name}</span></a></li>'
        for name, url in crumbs
    )
    assert read(in_page(PARAGRAPH, json_ld(marked))).section == ["Region", "Tal"]
    assert read(
        f'<html><title>Seite</title><body><div class="breadcrumbs">{links}</div>{PARAGRAPH}</body></html>'
    ).section == ["Region", "Tal"]
    microdata = f'<ol itemscope itemtype="https://schema.org/BreadcrumbList">{items}</ol>'
    assert read(f"<html><title>Seite</title><body>{microdata}{PARAGRAPH}</body></html>").section == ["Region", "Tal"]


@pytest.mark.parametrize(
    ("head", "body", "licence", "evidence"),
    [
        (
            '<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/deed.de">',
            "",
            "CC-BY-SA-4.0",
            "link",
        ),
        (
            json_ld({"@type": "Article", "license": "https://creativecommons.org/publicdomain/zero/1.0/"}),
            "",
            "CC0-1.0",
            "json_ld",
        ),
        ('<meta name="dcterms.license" content="OGL-UK-3.0">', "", "OGL-UK-3.0", "meta"),
        (
            "",
            '<p>Alle Texte unter der Lizenz <a href="//creativecommons.org/licenses/by/3.0/at/">CC</a>.</p>',
            "CC-BY-3.0-AT",
            "link",
        ),
        (
            "",
            '<div class="site-footer"><a href="https://creativecommons.org/licenses/by/4.0/">CC</a></div>',
            "CC-BY-4.0",
            "link",
        ),
        (
            "",
            '<p>Die Stadt gibt ihre Bilder seit 2019 unter <a href="https://creativecommons.org/licenses/by/4.0/">CC '
            "BY</a> heraus, was Kartenmacher freut.</p>",
            None,
            None,
        ),
        (
            "",
            '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">Text</a>'
            '<a rel="license" href="https://creativecommons.org/licenses/by-nc/4.0/">Sound</a>',
            None,
            None,
        ),
        (
            "",
            '<figure><img src="a"><a rel="license" href="https://creativecommons.org/licenses/by/2.0/">CC</a></figure>',
            None,
            None,
        ),
        (
            "",
            '<a href="https://creativecommons.org/licenses/by/4.0/">a</a>'
            '<a href="https://creativecommons.org/licenses/by-nc/4.0/">b</a>',
            None,
            None,
        ),
        ("", "", None, None),
    ],
)
def test_licence_is_read_with_its_evidence(head: str, body: str, licence: str | None, evidence: str | None) -> None:
    page = read(in_page(PARAGRAPH + body, head))
    assert (page.licence, page.rights_evidence) == (licence, evidence)


def test_declared_language_is_as_it_is_written(extractor: Extractor) -> None:
    assert read(f'<html lang="de-AT"><body>{PARAGRAPH}</body></html>').declared_language == "de-AT"
    assert read(in_page(PARAGRAPH, '<meta property="og:locale" content="de_DE">')).declared_language == "de_DE"
    page = extractor.page(record(in_page(PARAGRAPH).encode(), headers={"content-language": "de"}))
    assert page.declared_language == "de"


def test_headings_that_ask_are_questions_where_asking_is_the_rule() -> None:
    asked = "".join(
        f"<h3>Wann friert der {name} zu?</h3><p>Der {name} friert meist im Januar zu, manchmal später.</p>"
        for name in ("Bach", "See")
    )
    assert [kind for kind, _ in blocks(read(in_page(f"{PARAGRAPH}{asked}")))] == [
        "paragraph",
        "question",
        "answer",
        "question",
        "answer",
    ]
    one = read(
        in_page(
            f"<h2>Der Winter</h2>{PARAGRAPH}<h2>Was nun?</h2>{PARAGRAPH.replace('Bach', 'See')}"
            f"<h2>Das Ende</h2>{PARAGRAPH.replace('Bach', 'Teich')}"
        )
    )
    assert "question" not in [kind for kind, _ in blocks(one)]


def test_list_and_heading_that_the_extractor_drops_between_paragraphs_are_put_back() -> None:
    steps = [
        "Siram titik yang akan dibor sehari sebelumnya supaya tanah lunak.",
        "Tekan bor tegak lurus dan putar searah jarum jam.",
    ]
    first = (
        "Halaman rumah di perumahan baru tinggal seukuran garasi, sisanya sudah disemen. Air hujan tidak punya jalan. "
        * 2
    )
    last = (
        "Bau busuk hampir selalu berasal dari nasi basi, daging, atau minyak jelantah. Angkat bagian atasnya saja. " * 2
    )
    items = "".join(f"<li>{step}</li>" for step in steps)
    menu = '<div class="nv"><div><a href="/">Beranda</a></div><div><a href="/2">Benih</a></div></div>'
    head = '<div class="hd"><h2>Langkah pengerjaan</h2></div>'
    main = f'<div class="cnt"><p>{first}</p>{head}<ol>{items}</ol><p>{last}</p></div>'
    html = f"<html><body><div>{menu}{main}</div></body></html>"
    assert blocks(read(html))[1:4] == [("heading", "Langkah pengerjaan"), ("item", steps[0]), ("item", steps[1])]


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def f1(text: str, gold: str) -> float:
    shared = (words(text) & words(gold)).total()
    return 2 * shared / (words(text).total() + words(gold).total()) if shared else 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["crawl/crawl-shared.warc.gz", "extraction/wcxb-dev-subset.warc.gz"])
def test_text_is_at_least_as_good_as_trafilatura_alone(name: str, shared_data: Path) -> None:
    path = shared_data / name
    truth = next(path.parent.glob("*.truth.jsonl.gz"), None) or next(path.parent.glob("*.gold.jsonl.gz"))
    with gzip.open(truth, "rt", encoding="utf-8") as lines:
        gold = {row["url"]: row["gold_text"] for row in map(json.loads, lines) if "gold_text" in row}
    (piece,) = reader.split(path, "warc", "c", 1 << 40, None, None)
    pages = (page for page in reader.records(piece) if isinstance(page, reader.Record) and page.url in gold)
    ours, theirs = [], []
    for page in itertools.islice(pages, 0, None, 8):
        truth_text = gold[page.url or ""]
        ours.append(f1(extract_page(page.body, page.charset, page.url).get("text") or "", truth_text))
        theirs.append(f1(trafilatura.extract(page.body) or "", truth_text))
    print(
        f"{name}: word F1 {sum(ours) / len(ours):.4f}, trafilatura {sum(theirs) / len(theirs):.4f}, {len(ours)} pages"
    )
    assert sum(ours) >= sum(theirs)
