"""Gathers what a page says of itself: its title, kind, section, language, licence, facts, and its own questions and
answers.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit

import regex
from lxml.etree import ParserError
from lxml.html import HtmlElement, fragment_fromstring

from xinstruct.tools.extractor.licences import read_licence
from xinstruct.tools.extractor.markup import Node, listed, nodes, strings, types

# In this order: what a page is foremost when it claims to be several things.
KINDS = (
    "Recipe", "HowTo", "QAPage", "Event", "MusicEvent", "SportsEvent", "TheaterEvent", "Festival", "JobPosting",
    "Course", "Book", "Movie", "TVSeries", "MusicAlbum", "Podcast", "NewsArticle", "ReportageNewsArticle",
    "AnalysisNewsArticle", "OpinionNewsArticle", "BackgroundNewsArticle", "ReviewNewsArticle", "LiveBlogPosting",
    "BlogPosting", "TechArticle", "ScholarlyArticle", "MedicalScholarlyArticle", "Review", "SocialMediaPosting",
    "Article", "Report", "FAQPage", "DiscussionForumPosting", "MedicalWebPage", "MedicalCondition", "Drug",
    "Product", "DefinedTermSet", "DefinedTerm", "Quotation", "Dataset", "Person", "Place", "TouristAttraction",
    "LandmarksOrHistoricalBuildings", "City", "Museum", "Restaurant", "Hotel", "LocalBusiness", "Organization",
    "AboutPage", "ProfilePage", "ContactPage", "CollectionPage", "ItemPage",
)  # fmt: skip
# A site names its owner and its office on every page: these count only where the page's title names them too.
_NAMED_IN_TITLE = frozenset((
    "Person", "Place", "TouristAttraction", "City", "Museum", "Restaurant", "Hotel", "LocalBusiness",
    "Organization", "Product",
))  # fmt: skip
_FACTS = (
    "headline", "alternativeHeadline", "name", "author", "datePublished", "articleSection", "genre", "about",
    "recipeYield", "recipeCategory", "recipeCuisine", "prepTime", "cookTime", "totalTime", "recipeIngredient",
    "tool", "supply", "startDate", "endDate", "location", "organizer", "performer", "jobTitle", "hasOccupation",
    "worksFor", "birthDate", "birthPlace", "deathDate", "nationality", "alumniOf", "isbn", "numberOfPages",
    "inLanguage", "publisher", "brand", "offers", "servesCuisine", "address", "itemReviewed",
)  # fmt: skip
_BREADCRUMB = (
    "(//*[contains(@class, 'breadcrumb') or contains(@id, 'breadcrumb') or contains(@aria-label, 'readcrumb')])[1]"
)
_MOST_FACTS = 60
_LONGEST_VALUE = 300
_LONGEST_SECTION = 60
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}
_SEPARATOR = regex.compile(r"\s+[|\-–—·•»«›‹:~]+\s+|\s*[|｜»›]\s*|\s+::\s+|\s*_\s+")


def read_facts(tree: HtmlElement, url: str | None) -> dict[str, Any]:
    """What the page says of itself, by the names of `Page`'s fields, and `pairs`: its marked-up [question, answer]
    texts.
    """
    marked = nodes(tree)
    metas = _metas(tree)
    title = _title(tree, metas, marked, url)
    main = _main_node(marked, title)
    licence, evidence = read_licence(tree, metas, marked)
    kind = min(types(main), key=lambda name: _RANK.get(name, 999)) if main else None
    if kind is None and metas.get("og:type", "").lower() == "article":
        kind = "Article"
    return {
        "title": title,
        "description": metas.get("description")
        or metas.get("og:description")
        or next(iter(strings((main or {}).get("description"))), None),
        "keywords": _keywords(metas, main),
        "section": _section(tree, metas, marked, main, title, url),
        "page_type": kind,
        "facts": _facts(main) if main else [],
        "declared_language": _language(tree, metas, marked),
        "licence": licence,
        "rights_evidence": evidence,
        "pairs": _pairs(marked),
    }


def _metas(tree: HtmlElement) -> dict[str, str]:
    out: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("http-equiv") or "").strip().lower()
        content = " ".join((meta.get("content") or "").split())
        if name and content:
            # article:tag stands once per keyword
            out[name] = f"{out[name]}, {content}" if name == "article:tag" and name in out else out.get(name, content)
    return out


def _texts(tree: HtmlElement, tag: str) -> list[str]:
    return [text for element in tree.iter(tag) if (text := " ".join(element.text_content().split()))]


def _title(tree: HtmlElement, metas: dict[str, str], marked: list[Node], url: str | None) -> str | None:
    # a title that was never closed swallows the page; what stands before the first tag is the title
    written = next((text.split("<")[0].strip()[:_LONGEST_VALUE] for text in _texts(tree, "title")), None)
    raw = metas.get("og:title") or metas.get("twitter:title") or written
    headings = [text for text in _texts(tree, "h1") if len(text) < _LONGEST_VALUE]
    if not raw:
        return headings[0] if len(headings) == 1 else None
    headlines = [
        text
        for node in marked
        for key in ("headline", "name")
        if set(types(node)) & set(KINDS)
        for text in strings(node.get(key))
    ]
    for known in (*headings, *headlines):
        # what the page itself calls its heading, if the title is that and the name of the site
        if len(known) * 4 >= len(raw) and known.casefold() in raw.casefold() and not _is_site(known, metas, url):
            return known
    parts = _SEPARATOR.split(raw)
    while len(parts) > 1 and _is_site(parts[-1], metas, url):
        raw = raw[: raw.rindex(parts.pop())].rstrip(" |｜-–—·•»«›‹:~_")
    while len(parts) > 1 and _is_site(parts[0], metas, url):
        raw = raw[raw.index(parts[0]) + len(parts.pop(0)) :].lstrip(" |｜-–—·•»«›‹:~_")
    return raw.strip() or None


def _is_site(part: str, metas: dict[str, str], url: str | None) -> bool:
    def bare(text: str) -> str:
        return regex.sub(r"[^\p{L}\p{M}\p{N}]", "", text.casefold())

    name = bare(part)
    folder = bare(_parts(url).path.strip("/").split("/")[0])
    site = bare(metas.get("og:site_name") or metas.get("application-name") or "")
    host = bare(_parts(url).netloc.removeprefix("www."))
    begins = len(site) > 3 and name.startswith(site)
    return bool(name) and (name in (site, folder) or begins or (len(name) > 2 and name in host))


def _parts(url: str | None) -> SplitResult:
    try:
        return urlsplit(url or "")
    except ValueError:  # an address that is none, such as http://[
        return urlsplit("")


def _main_node(marked: list[Node], title: str | None) -> Node | None:
    best: tuple[int, Node] | None = None
    for node in marked:
        for kind in types(node):
            if kind in _NAMED_IN_TITLE:
                names = [name.casefold() for name in strings(node.get("name"))]
                if not title or not any(name in title.casefold() or title.casefold() in name for name in names):
                    continue
            if kind in _RANK and (best is None or _RANK[kind] < best[0]):
                best = (_RANK[kind], node)
    return best[1] if best else None


def _keywords(metas: dict[str, str], main: Node | None) -> list[str]:
    source = (
        metas.get("keywords")
        or metas.get("news_keywords")
        or metas.get("article:tag")
        or strings((main or {}).get("keywords"))
    )
    words = regex.split(r"\s*[,;،、，؛]\s*", source) if isinstance(source, str) else source
    return list(dict.fromkeys(word.strip() for word in words if 1 < len(word.strip()) <= 60))[:20]


def _section(
    tree: HtmlElement, metas: dict[str, str], marked: list[Node], main: Node | None, title: str | None, url: str | None
) -> list[str]:
    names: list[tuple[str, str]] = []
    for node in marked:
        if "BreadcrumbList" in types(node) and not names:
            entries = [entry for entry in listed(node.get("itemListElement")) if isinstance(entry, dict)]
            entries.sort(
                key=lambda entry: (
                    float(position) if regex.fullmatch(r"\d+", position := str(entry.get("position", 0))) else 0.0
                )
            )
            names = [
                (label, address)
                for entry in entries
                if (label := _label(entry)) and (address := _address(entry)) is not None
            ]
    if not names:
        trail = tree.xpath(_BREADCRUMB)
        links = trail[0].iter("a") if trail else ()
        names = [(text, link.get("href") or "") for link in links if (text := " ".join(link.text_content().split()))]
    if names and ((_parts(names[0][1]).path in ("", "/") and names[0][1]) or _is_site(names[0][0], metas, url)):
        names = names[1:]
    here = _parts(url).path
    out = [name for name, address in names if _parts(address).path != here and not _repeats(name, title)]
    if not out:
        out = [
            text
            for text in (metas.get("article:section"), *strings((main or {}).get("articleSection")))
            if text and len(text) <= _LONGEST_SECTION
        ][:1]
    return out[:6]


def _repeats(name: str, title: str | None) -> bool:
    """Whether a crumb is the page itself, or too long to be the name of a section."""
    whole = (title or "").casefold()
    return len(name) > _LONGEST_SECTION or (name.casefold() in whole and len(name) * 2 >= len(whole))


def _label(entry: Node) -> str:
    return next(
        iter([*strings(entry.get("name")), *(strings(entry["item"]) if isinstance(entry.get("item"), dict) else [])]),
        "",
    )


def _address(entry: Node) -> str:
    item = entry.get("item")
    address = (item.get("@id") or item.get("url") or "") if isinstance(item, dict) else item or ""
    return address if isinstance(address, str) else ""


def _facts(main: Node) -> list[dict[str, str]]:
    out = [
        {"name": name, "value": value[:_LONGEST_VALUE]}
        for name in _FACTS
        for value in strings(main.get(name))
        if "://" not in value
    ]
    for step in _steps(main.get("recipeInstructions") or main.get("step")):
        out.append({"name": "step", "value": step[:_LONGEST_VALUE]})
    return out[:_MOST_FACTS]


def _steps(value: Any) -> list[str]:
    out: list[str] = []
    for entry in listed(value)[:_MOST_FACTS]:
        inner = entry.get("itemListElement") if isinstance(entry, dict) else None
        if inner:
            out += [text for step in listed(inner) for text in strings(step)]
        else:
            out += strings(entry)
    return out


def _language(tree: HtmlElement, metas: dict[str, str], marked: list[Node]) -> str | None:
    root = tree.getroottree().getroot()
    html = next(
        (
            root.get(name)
            for name in ("lang", "xml:lang", "{http://www.w3.org/XML/1998/namespace}lang")
            if root.get(name)
        ),
        None,
    )
    spoken = (text for node in marked for text in strings(node.get("inLanguage")))
    declared = html or metas.get("content-language") or metas.get("og:locale") or next(spoken, None)
    return declared.strip()[:40] if declared and declared.strip() else None


def _pairs(marked: list[Node]) -> list[list[str]]:
    out: list[list[str]] = []
    for node in marked:
        if "Question" not in types(node):
            continue
        question = next(iter(strings(node.get("name")) or strings(node.get("text"))), "")
        answers = [*listed(node.get("acceptedAnswer")), *listed(node.get("suggestedAnswer"))]
        answer = next(
            (text for entry in answers for text in strings(entry.get("text") if isinstance(entry, dict) else entry)), ""
        )
        if question and answer:
            out.append([_plain(question), _plain(answer)])
    return out[:200]


def _plain(text: str) -> str:
    """The text of a property that may hold HTML."""
    if "<" not in text and "&" not in text:
        return text
    try:
        return " ".join(fragment_fromstring(text, create_parent="div").text_content().split())
    except ParserError:
        return ""
