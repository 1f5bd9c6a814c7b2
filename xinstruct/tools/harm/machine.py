"""Tells pages that a machine translated or wrote: by what plugins, browsers and publishers leave in the page, by the
same page under many languages, and by the words.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from xinstruct.languages import macro
from xinstruct.tools.extractor.page import Page
from xinstruct.tools.harm import notices, twins, wording
from xinstruct.tools.harm.words import words_of
from xinstruct.tools.web.record import Record

_SEARCHED, _END = 1 << 16, 1 << 15  # bytes of a page from its beginning and before its end
_HEAD = 1 << 16  # bytes in which tags of the head are looked for
_HTML = re.compile(rb"<html\b[^<>]{0,1000}>")
_LANG = re.compile(r"""(?<![-:\w])lang\s*=\s*["']?([a-z0-9_-]{2,40})""")
_BY_BROWSER = re.compile(r"\btranslated-(?:ltr|rtl)\b")
_MADE_FROM = re.compile(r"-x-mtfrom-|-t-[a-z0-9-]*\bt0-")
# Codes that translating services write, and everybody else not, or no longer.
_OLD_CODES = {"iw": "heb", "in": "ind", "jw": "jav", "fil": "tgl", "tl": "tgl"}
_META = re.compile(rb"<meta\b[^<>]{0,600}>")
_TRANSLATOR_HOST = re.compile(
    r"\.translate\.goog$|^translate\.google|^translate\.googleusercontent\.|^translate\.yandex\.|translatetheweb\.com$"
)
_TRANSLATOR_QUERY = re.compile(r"(?:^|&)_x_tr_tl=")
_SPINNERS = re.compile(
    r"wp ?robot|wordai|article forge|spinnerchief|spin ?rewriter|autoblog|kontent ?machine|cyberseo|wp ?automatic"
    r"|chatgpt|openai|\bgpt-?[345]|deepseek|\bclaude\b|copy\.ai|writesonic|\brytr\b|jasper ai|koala ?writer"
    r"|zimm ?writer"
)
_METAS_GLANCE = (b"generator", b"translat", b"ai-generated", b"ai-disclosure", b"ai-content")
_AI_NAMES = ("ai-generated", "ai-disclosure", "ai-content-declaration")
_MADE_BY_AI = re.compile(r"^(?:true|yes|1|all|ai|autonomous|ai-generated|ai-autonomous|generated)$")
# What plugins that translate on the server write of the page: the language that it was written in.
_ORIGINALS = (
    (b"trp_original_language", re.compile(rb'trp_original_language"\s*:\s*"([a-z]{2,3})'), "translatepress"),
    (b'id="weglot-data"', re.compile(rb'"(?:original_?language|language_from)"\s*:\s*"([a-z]{2,3})'), "weglot"),
    (b"linguise_configs", re.compile(rb'"(?:original|default)(?:_language)?"\s*:\s*"([a-z]{2,3})"'), "linguise"),
    (b"gtranslatesettings", re.compile(rb'"default_language"\s*:\s*"([a-z]{2,3})'), "gtranslate"),
)
# GTranslate translates in the reader's browser unless each language has an address of its own.
_ON_THE_SERVER = re.compile(rb'"url_structure"\s*:\s*"sub_')
_BUTTONS = (b"google_translate_element", b"gtranslate")
_NEAR = 6000  # bytes behind the word that names the plugin
# What browsers write into a page that they translated, and somebody saved or copied; how many make a page of it.
_TRACES = (
    (re.compile(rb"<font style=[\"']vertical-align: ?inherit"), b"<font style=", 6, "google translate's font tags"),
    (re.compile(rb"class=[\"']?google-src-text"), b"google-src-text", 2, "google translate's source text"),
    (re.compile(rb"\b_mst(?:text)?hash="), b"_msthash", 6, "edge's translation marks"),
)

_SURE, _LIKELY, _WEAK = 0.95, 0.8, 0.05
_MOST_BY_STYLE = 0.45  # so that no natural text is dropped for its style
_BY_BROKEN, _BY_TWO_SCRIPTS, _BY_UNTRANSLATED, _BY_WORN = 0.45, 0.3, 0.2, 0.3


@dataclass(frozen=True, slots=True)
class Marks:
    """How sure a page's tags and address make it that a machine translated or wrote it, 0 to 1, and what says so."""

    score: float = 0.0
    evidence: tuple[str, ...] = ()


UNMARKED = Marks()


def marks(record: Record, page: Page) -> Marks:
    """The marks of a page, by its address, its first 64 KB and last 32 KB, and its text; of a record that is text
    already, by address and text.

    Strong are the address of a translating service, a tag by which a browser or a publisher says so, a plugin whose
    original language is another one, and a notice in the text; weak a button that translates when it is pressed, and
    the same page under many languages (`hreflang`), which people may have translated. `notranslate` says nothing.
    """
    found = list(_of_address(record.url))
    notice = None
    if not record.is_text:
        body = _bytes(record.body).lower()
        opening = _HTML.search(body)
        tag = opening[0].decode("latin-1") if opening else ""
        lang = _LANG.search(tag)
        head = body[: body.find(b"</head", 0, _HEAD)] if b"</head" in body[:_HEAD] else body[:_HEAD]
        found += [*_of_opening(tag, lang[1] if lang else ""), *_of_metas(head), *_of_traces(body)]
        found += _of_plugins(body, lang[1] if lang else page.declared_language or "")
        found += twins.evidence(head, record.url)
        notice = notices.shows_so(body, _language(lang[1]) if lang else "")
    if notice := notice or notices.says_so(page.text):
        found.append((_LIKELY, f"says: {notice}"))
    return Marks(_together(score for score, _ in found), tuple(evidence for _, evidence in found))


def translated(text: str, language: str, marked: Marks) -> float:
    """How sure it is, 0 to 1, that a machine translated or wrote a passage: its page's marks and its own words.

    language: a label such as swh_Latn. Words alone rank passages and stay under a half.
    """
    words = words_of(text)
    style = (
        _BY_BROKEN * wording.broken(text),
        _BY_TWO_SCRIPTS * wording.two_scripts(text),
        _BY_UNTRANSLATED * wording.untranslated(words, language),
        _BY_WORN * wording.worn(words),
    )
    return _together((marked.score, min(_MOST_BY_STYLE, _together(style))))


def _together(scores: Iterator[float] | tuple[float, ...]) -> float:
    """Several pieces of evidence as one: what is left of the doubt is the product of all doubts."""
    return 1.0 - math.prod(1.0 - score for score in scores)


def _bytes(body: bytes) -> bytes:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body = body[: 2 * (_SEARCHED + _END)].decode("utf-16", "ignore").encode()
    return body if len(body) <= _SEARCHED + _END else body[:_SEARCHED] + b"\n" + body[-_END:]


def _of_address(url: str | None) -> Iterator[tuple[float, str]]:
    try:
        parts = urlsplit((url or "").lower())
        host = parts.hostname or ""
    except ValueError:
        return
    if _TRANSLATOR_HOST.search(host) or _TRANSLATOR_QUERY.search(parts.query):
        yield _SURE, f"address: {host}"


def _of_opening(tag: str, lang: str) -> Iterator[tuple[float, str]]:
    if _BY_BROWSER.search(tag):
        yield _SURE, "html: translated by a browser"
    if _MADE_FROM.search(lang):
        yield _SURE, f"lang: {lang}"


def _of_metas(head: bytes) -> Iterator[tuple[float, str]]:
    for name, content in _metas(head) if any(glance in head for glance in _METAS_GLANCE) else ():
        says_translated = (name, content) == ("ms.translationtype", "mt") or content == "machine-translated"
        says_written = name in _AI_NAMES and _MADE_BY_AI.search(content)
        if name == "x-translated-by" or says_translated or says_written:
            yield _SURE, f"meta {name}: {content[:40]}"
        elif name == "generator" and (spinner := _SPINNERS.search(content)):
            yield _LIKELY, f"generator: {spinner[0]}"


def _of_traces(body: bytes) -> Iterator[tuple[float, str]]:
    for pattern, glance, many, evidence in _TRACES:
        count = len(pattern.findall(body)) if glance in body else 0
        if count:
            yield _LIKELY * min(1.0, count / many), evidence


def _metas(head: bytes) -> Iterator[tuple[str, str]]:
    """Name (or http-equiv) and content of the meta tags."""
    for tag in _META.findall(head):
        told = twins.attributes(tag)
        name = told.get("name") or told.get("http-equiv") or told.get("property")
        if name:
            yield name, told.get("content", "")


def _of_plugins(body: bytes, lang: str) -> Iterator[tuple[float, str]]:
    """What a translation plugin says of the page's original language, or that there is a plugin."""
    own = _language(lang)
    places = {plugin: body.find(named) for named, _, plugin in _ORIGINALS}
    for _, pattern, plugin in _ORIGINALS:
        at = places[plugin]
        original = pattern.search(body, at, at + _NEAR) if at >= 0 else None
        if original is None or (plugin == "gtranslate" and not _ON_THE_SERVER.search(body, at, at + _NEAR)):
            continue
        source = _language(original[1].decode("ascii"))
        if own and source != own:
            yield _LIKELY, f"{plugin}: {source} to {own}"
    widget = next((plugin for plugin, at in places.items() if at >= 0), None)
    widget = widget or next((name.decode("ascii") for name in _BUTTONS if name in body), None)
    if widget:
        yield _WEAK, f"button: {widget}"


def _language(code: str) -> str:
    """The macrolanguage that a code such as pt_BR, nb or iw means."""
    code = re.split("[-_]", code.lower())[0]
    return _OLD_CODES.get(code) or macro(code)
