"""Says in schema.org terms what a page of the sample crawl holds, from the page's own text, as JSON-LD."""

from __future__ import annotations

import json
from typing import Any

from page import Page, Site, items_under, questions_and_answers

ARTICLES = ("Article", "NewsArticle", "BlogPosting")
TAGS = {
    "swh_Latn": "sw", "fin_Latn": "fi", "vie_Latn": "vi", "isl_Latn": "is", "eus_Latn": "eu", "tur_Latn": "tr",
    "tgl_Latn": "tl", "ind_Latn": "id", "hin_Deva": "hi", "ben_Beng": "bn", "urd_Arab": "ur", "mar_Deva": "mr",
    "tam_Taml": "ta", "tel_Telu": "te", "tha_Thai": "th", "npi_Deva": "ne", "eng_Latn": "en",
}  # fmt: skip


def tag(site: Site) -> str:
    """The language of the site as a web page writes it (BCP 47)."""
    return TAGS[site.language]


def scripts(page: Page) -> str:
    """The script elements of a page's structured data: blogs give one @graph, others one object a script."""
    template = page.site.fields["template"]
    objects = [] if template in ("portal", "plain") and page.kind not in listed_kinds() else [describe(page)]
    if template in ("news", "blog", "shop"):
        objects.append(breadcrumb_list(page))
    objects = [one for one in objects if one]
    if template == "blog":
        website = {"@type": "WebSite", "name": page.site.fields["name"], "url": f"https://{page.site.fields['host']}/"}
        objects = [{"@graph": [website, *objects]}]
    return "\n".join(script({"@context": "https://schema.org", **one}) for one in objects)


def listed_kinds() -> tuple[str, ...]:
    """The kinds that even old layouts give as JSON-LD, because search engines show their lists."""
    return ("Recipe", "HowTo", "FAQPage", "QAPage")


def script(value: dict[str, Any]) -> str:
    """One JSON-LD script element; `<` is escaped so that no text can end the script."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def breadcrumb_list(page: Page) -> dict[str, Any]:
    """The way from the front page to this one, empty where the page has none."""
    labels = page.fields.get("breadcrumb", [])
    if not labels:
        return {}
    home = f"https://{page.site.fields['host']}/"
    items = [
        {"@type": "ListItem", "position": n, "name": label, "item": home if n == 1 else f"{home}c/{n}"}
        for n, label in enumerate(labels, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def describe(page: Page) -> dict[str, Any]:
    """The schema.org object of the page's kind, empty where it has no kind."""
    if not page.kind:
        return {}
    fields = page.fields
    about: dict[str, Any] = {"@type": page.kind, "url": page.url, "inLanguage": tag(page.site)}
    about["headline" if page.kind in ARTICLES else "name"] = fields.get("name", fields["title"])
    if "description" in fields:
        about["description"] = fields["description"]
    if "author" in fields and page.kind not in ("Event", "Place", "Person"):
        about["author"] = {"@type": "Person", "name": fields["author"]}
    if "date" in fields and page.kind not in ("Event", "Place", "Person"):
        about["datePublished"] = fields["date"]
    if page.kind in ARTICLES:
        about["publisher"] = {"@type": "Organization", "name": page.site.fields["name"]}
        about["keywords"] = ", ".join(fields.get("keywords", []))
    about.update(parts(page))
    return about


def parts(page: Page) -> dict[str, Any]:
    """What only pages of this kind have: ingredients, steps, questions, a date and a place."""
    fields = page.fields
    if page.kind == "Recipe":
        ingredients = items_under(page, fields["ingredients_heading"])
        given = {"recipeYield": fields.get("yield"), "totalTime": fields.get("time")}
        return {k: v for k, v in given.items() if v} | {
            "recipeIngredient": ingredients,
            "recipeInstructions": steps(page),
        }
    if page.kind == "HowTo":
        return {"step": steps(page)} | ({"totalTime": fields["time"]} if "time" in fields else {})
    if page.kind == "FAQPage":
        return {"mainEntity": [question(asked, answer) for asked, answer in questions_and_answers(page)]}
    if page.kind == "QAPage":
        asked, *answers = [block.text for block in page.blocks if block.kind in ("p", "ul", "ol", "quote")]
        return {"mainEntity": question(fields["title"], " ".join(answers)) | {"text": asked, "answerCount": 1}}
    if page.kind == "Event":
        return {"startDate": fields["start"], "location": {"@type": "Place", "name": fields["place"]}}
    if page.kind == "Person":
        given = {"jobTitle": fields.get("role"), "birthDate": fields.get("born")}
        return {k: v for k, v in given.items() if v}
    return {}


def steps(page: Page) -> list[dict[str, str]]:
    """The numbered steps under the page's `steps_heading`."""
    return [{"@type": "HowToStep", "text": text} for text in items_under(page, page.fields["steps_heading"])]


def question(asked: str, answer: str) -> dict[str, Any]:
    """One question with its answer."""
    return {"@type": "Question", "name": asked, "acceptedAnswer": {"@type": "Answer", "text": answer}}
