"""Takes an HTML page apart into main text and structure; it runs in the cage, because strangers wrote the page."""

import logging
from typing import Any

import regex
from lxml.etree import ElementDefaultClassLookup, ParserError, _Element, iterwalk
from lxml.html import HtmlComment, HtmlElement, HtmlEntity, HtmlProcessingInstruction
from trafilatura import bare_extraction, load_html
from trafilatura.utils import HTML_PARSER

from xinstruct.tools.extractor.asides import without_asides
from xinstruct.tools.extractor.blocks import PARAGRAPH, RawBlock, disguise, lay_out, place, tidy
from xinstruct.tools.extractor.copies import drop_copies
from xinstruct.tools.extractor.dialogues import drop_dialogues
from xinstruct.tools.extractor.encoding import damage, decode
from xinstruct.tools.extractor.facts import read_facts
from xinstruct.tools.extractor.folds import open_folds
from xinstruct.tools.extractor.fonts import is_legacy
from xinstruct.tools.extractor.gaps import with_gaps
from xinstruct.tools.extractor.headings import with_headings, with_questions
from xinstruct.tools.extractor.parallel import holds_the_text, stretch
from xinstruct.tools.extractor.plain import plain_blocks
from xinstruct.tools.extractor.prose import missed_prose
from xinstruct.tools.extractor.threads import posts
from xinstruct.tools.extractor.wraps import unwrapped

# The extractor reports each page that it gives up on; that is counted here by reason instead.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)
# Its parser would ask a Python function for the class of each element each time that it is met, only to tell the
# elements of forms from others.
HTML_PARSER.set_element_class_lookup(
    ElementDefaultClassLookup(HtmlElement, HtmlComment, HtmlProcessingInstruction, HtmlEntity)
)

_TAG = regex.compile(
    r"<(?:html|head|body|div|p|h[1-6]|table|article|section|main|span|br|ul|ol|li|title|meta|td|center|font)\b[^<>]*>",
    regex.I,
)
_OTHER_MARKUP = regex.compile(
    r"\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*)*<(?:rss|feed|urlset|sitemapindex|rdf:RDF|svg)\b", regex.I | regex.S
)
_MAGIC = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"RIFF",
    b"\x00\x00\x00",
    b"wOF",
    b"ID3",
)
_HIGHEST_NUL_SHARE = 0.01
_FEWEST_DUMPED_LINES = 4
_DEEPEST_PARSED = 250  # libxml2 stops at 256


class NotPage(ValueError):
    """The bytes are no page that could be read; the text says why in one word."""


def extract_page(body: bytes, charset: str | None = None, url: str | None = None) -> dict[str, Any]:
    """Text, blocks and structure of a page, as JSON values by the names of `extractor.Page`, and `broken`: why there
    is no text.

    Blocks are [kind, start, end, level] with spans in code points of `text`. The main text is trafilatura's, but for
    discussions, texts in several languages side by side, and pages of which it misses most of the prose.
    """
    try:
        text, encoding = _readable(body, charset)
        tree = load_html(disguise(text))
        if tree is None:
            raise NotPage("not_html")
    except NotPage as reason:
        return {"broken": str(reason)}
    except ParserError:
        return {"broken": "empty"}
    dialogues = drop_dialogues(tree)
    copies, stayed = drop_copies(tree)
    open_folds(tree)
    facts = {name: _shown(value) for name, value in read_facts(tree, url).items()}
    pairs = facts.pop("pairs")
    _part_paragraphs(tree)
    beside = stretch(stayed)
    inside = [block for element in beside for block in plain_blocks(element)]
    # where there is little else on the page, nobody need search it for its text
    alone = bool(inside) and holds_the_text(inside, plain_blocks(tree, without=beside))
    raw = inside if alone else _blocks(tree, pairs, inside)
    raw, asides = without_asides(tree, raw)
    raw = unwrapped(raw)
    page_text, spans = place(raw, facts["title"], pairs)
    # the text may be sound where the page around it is not, and the other way round; its tidying hides private letters
    broken = damage(page_text) or damage(text) or (None if page_text else _too_deep(tree))
    if broken is None and is_legacy(_prose(raw), text, facts["declared_language"]):
        broken = "legacy_font"
    return {
        "text": page_text,
        "blocks": [list(span) for span in spans],
        "encoding": encoding,
        "broken": broken,
        "cut": dict(dialogues + copies + asides),
        **facts,
    }


def _blocks(tree: HtmlElement, pairs: list[list[str]], inside: list[RawBlock]) -> list[RawBlock]:
    """The posts of a discussion, or the main text, or what is `inside` of a stretch if that holds the most of it."""
    raw = posts(tree)
    if not raw:
        raw = with_questions(pairs, with_headings(tree, with_gaps(tree, _main_blocks(tree))))
        raw = missed_prose(tree, raw) or raw
    return inside if holds_the_text(inside, raw) else raw


def _readable(body: bytes, charset: str | None) -> tuple[str, str]:
    start = body.lstrip()[:12]
    if not start:
        raise NotPage("empty")
    if start.startswith(_MAGIC):
        raise NotPage("not_html")
    decoded = decode(body, charset)
    if decoded.text.count("\0") > _HIGHEST_NUL_SHARE * len(decoded.text) or _OTHER_MARKUP.match(decoded.text[:2000]):
        raise NotPage("not_html")
    if start[:1] in b"{[" or not _TAG.search(decoded.text):
        raise NotPage("not_html")
    encoding = f"{decoded.encoding}, misread as {decoded.misread_as}" if decoded.misread_as else decoded.encoding
    return decoded.text.replace("\0", ""), encoding


def _prose(blocks: list[RawBlock]) -> str:
    """The text without listings of programs and rows of tables, whose words are spelt as nothing else is."""
    return "\n".join(text for kind, _, text in blocks if kind not in ("code", "row"))


def _shown(value: Any) -> Any:
    """The value with every string tidied, so that what is told of a page is spelt like its text."""
    if isinstance(value, str):
        return tidy(value).replace("\n", " ") or None
    if isinstance(value, dict):
        return {name: _shown(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [shown for entry in value if (shown := _shown(entry))]
    return value


def _part_paragraphs(tree: HtmlElement) -> None:
    """Put a sign between two line breaks in a row: they part paragraphs, and the extractor would merge them."""
    for br in tree.iter("br"):
        following = br.getnext()
        if following is not None and following.tag == "br" and not (br.tail or "").strip():
            br.tail = PARAGRAPH


def _too_deep(tree: HtmlElement) -> str | None:
    """Whether the page nests deeper than the parser follows, which leaves out what stands deeper."""
    depth = deepest = 0
    for event, _ in iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return "too_deep" if deepest >= _DEEPEST_PARSED else None


def _main_blocks(tree: HtmlElement) -> list[RawBlock]:
    document = bare_extraction(tree, include_comments=False)
    body = getattr(document, "body", None)
    if not isinstance(body, _Element):
        return plain_blocks(tree)
    blocks = lay_out(body)
    return (plain_blocks(tree) if _is_dump(body) else []) or blocks or plain_blocks(tree)


def _is_dump(body: _Element) -> bool:
    """Whether the extractor gave up and gave all that the page has, menus too, in one paragraph of many lines."""
    return len(body) == 1 and body[0].tag == "p" and (body[0].text or "").count("\n") >= _FEWEST_DUMPED_LINES
