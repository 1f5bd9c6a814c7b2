"""Turns a page of the sample crawl into HTML by the template of its site."""

from __future__ import annotations

import re
import zlib
from functools import cache
from html import escape
from typing import Any

from page import HERE, Block, Page, read_yaml
from structured_data import ARTICLES, listed_kinds, scripts, tag

TEMPLATES = HERE / "templates"
PLACE = re.compile(
    r"\{\{(?P<section>[#^])(?P<name>\w+)\}\}\n?(?P<inner>.*?)\{\{/(?P=name)\}\}\n?"
    r"|\{\{\{(?P<raw>\w+)\}\}\}|\{\{(?P<text>[\w.]+)\}\}",
    re.DOTALL,
)
FACTS = {"yield": "recipeYield", "role": "jobTitle", "born": "birthDate", "place": "location", "start": "startDate"}
HEADINGS = {  # how a template writes a heading; others write a bare <h2>
    "wiki": '<h{n}><span class="mw-headline" id="s{id}">{text}</span></h{n}>',
    "plain": '<h{n}><font color="#003366" face="Arial">{text}</font></h{n}>',
    "shop": '<div class="hd"><h{n} class="hd-t">{text}</h{n}></div>',
}
PARAGRAPHS = {
    "plain": '<p align="justify"><font face="Verdana, Arial" size="2">{text}</font></p>',
    "shop": '<p class="txt"><span>{text}</span></p>',
}


def fill(template: str, values: dict[str, Any]) -> str:
    """Mustache, as far as needed: {{text}}, {{{html}}}, {{#each}}..{{/each}}, {{^without}}..{{/without}}."""

    def place(found: re.Match[str]) -> str:
        if found["raw"]:
            return str(values[found["raw"]])
        if found["text"]:
            return escape(str(values[found["text"]]))
        value = values[found["name"]]
        if found["section"] == "^":
            return "" if value else fill(found["inner"], values)
        rounds = value if isinstance(value, list) else [value] if value else []
        insides = [one if isinstance(one, dict) else {".": one} for one in rounds]
        return "".join(fill(found["inner"], values | inside) for inside in insides)

    return PLACE.sub(place, template)


def render(page: Page, others: list[Page], html_lang: str | None, charset: str | None) -> str:
    """The HTML of `page`.

    `others` are pages of the same site to link to; `html_lang` replaces the right language where the site states
    a wrong one; a `charset` of None leaves out the meta element.
    """
    template = page.site.fields["template"]
    words = all_words()[page.site.language]
    turn = zlib.crc32(page.url.encode())
    lang = html_lang if html_lang is not None else "" if template == "plain" else tag(page.site)
    values = {
        "lang": lang,
        "rtl": page.site.language == "urd_Arab",
        "charset": charset,
        "body": body(page, others),
        "structured": scripts(page),
        "microdata": page.kind if template == "portal" and page.kind not in listed_kinds() else "",
        "microdata_name": "headline" if page.kind in ARTICLES else "name",
        "article": page.kind in ARTICLES,
        "microdata_text": "articleBody" if page.kind in ARTICLES else "description",
        "related": [{"title": one.fields["title"], "href": one.fields["path"]} for one in others],
        "related_heading": words["related"],
        "search": words["search"],
        "comments_heading": words["comments"],
        "comments": words["said"] if turn % 2 else [],
        "hidden": page.fields.get("hidden", ""),
    }
    layout = (TEMPLATES / f"{template}.html").read_text("utf-8")
    return fill(layout, values | page_values(page) | site_values(page))


@cache
def all_words() -> dict[str, Any]:
    """The words of the templates by language."""
    path = TEMPLATES / "words.yml"
    return read_yaml(path.read_text("utf-8"), path)


def page_values(page: Page) -> dict[str, Any]:
    """What the front matter gives a template."""
    fields = page.fields
    day = ".".join(reversed(fields.get("date", "").split("-")))
    crumbs = [
        {"label": label, "href": f"/c/{n}" if n > 1 else "/"} for n, label in enumerate(fields.get("breadcrumb", []), 1)
    ]
    facts = [{"fact": fields[key], "property": name} for key, name in FACTS.items() if key in fields]
    return {
        "title": fields["title"],
        "url": page.url,
        "description": fields.get("description", ""),
        "keywords": ", ".join(fields.get("keywords", [])),
        "tags": fields.get("keywords", []),
        "author": fields.get("author", ""),
        "date": fields.get("date", ""),
        "day": day,
        "breadcrumb": crumbs,
        "facts": facts,
        "proper_name": fields.get("name", ""),
        "og_type": "article" if page.kind in ARTICLES else "website",
    }


def site_values(page: Page) -> dict[str, Any]:
    """What the site file gives a template: menus, notices, sidebar."""
    site = page.site.fields
    notice, _, choices = site.get("cookie", "").partition(" | ")
    cut = re.fullmatch(r"(.*[.!?\u0964\u06d4])\s*(.+)", notice)
    notice, first = (cut[1], cut[2]) if cut else (notice, "")
    heading, *teasers = site.get("sidebar", [""])
    return {
        "site": site["name"],
        "host": site["host"],
        "menu": [{"label": label, "href": "/" if n == 0 else f"/c/{n + 1}"} for n, label in enumerate(site["menu"])],
        "cookie": notice,
        "choices": [choice for choice in (first, *choices.split(" | ")) if choice],
        "share": [label.strip() for label in site.get("share", "").split("|") if label.strip()],
        "sidebar": heading,
        "teasers": teasers,
        "footer": site.get("footer", []),
        "licence": site.get("licence", ""),
    }


def body(page: Page, others: list[Page]) -> str:
    """The blocks of the page as HTML; a news page has a link to another story in its midst, as they do."""
    pieces: list[str] = []
    paragraphs = 0
    heading = ""
    for number, block in enumerate(page.blocks):
        if block.kind in ("h2", "h3"):
            heading = block.text
        pieces.append(block_html(page, block, number, heading))
        paragraphs += block.kind == "p"
        if page.site.fields["template"] == "news" and block.kind == "p" and paragraphs == 2 and others:
            link = f'<a href="{escape(others[0].fields["path"])}">{escape(others[0].fields["title"])}</a>'
            pieces.append(f'<aside class="read-more">{link}</aside>')
    return "\n".join(pieces)


def block_html(page: Page, block: Block, number: int, heading: str) -> str:
    """One block as HTML. List items of a microdata recipe carry their itemprop."""
    template = page.site.fields["template"]
    if block.kind in ("h2", "h3"):
        form = HEADINGS.get(template, "<h{n}>{text}</h{n}>")
        return form.format(n=block.kind[1], id=number, text=escape(block.text))
    if block.kind == "p":
        return PARAGRAPHS.get(template, "<p>{text}</p>").format(text=escape(block.text))
    if block.kind == "quote":
        return f"<blockquote><p>{escape(block.text)}</p></blockquote>"
    if block.kind == "dl":
        pairs = [line.split(" :: ", 1) for line in block.lines]
        rows = "".join(f"<dt>{escape(term)}</dt>\n<dd>{escape(meaning)}</dd>\n" for term, meaning in pairs)
        return f"<dl>\n{rows}</dl>"
    items = "".join(f"<li>{escape(line)}</li>\n" for line in block.lines)
    return f"<{block.kind}>\n{items}</{block.kind}>"
