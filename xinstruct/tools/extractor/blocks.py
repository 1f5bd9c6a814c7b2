"""Lays out the main text of a page as blocks: headings, paragraphs, list items, terms, definitions, questions and
answers.
"""

import unicodedata
from functools import lru_cache

import regex
from lxml.etree import _Element

RawBlock = tuple[str, int, str]  # kind, level, text
Span = tuple[str, int, int, int]  # kind, start, end, level: code points of the text

# The extractor drops what cannot be seen, and with it the joiners that Persian, Urdu, Sinhala or Malayalam spell with.
# They go through
# it in the guise of signs that no page uses. A double line break goes as a third sign: the extractor would make one of
# the two.
JOINERS = {"\u200c": "\U000101d0", "\u200d": "\U000101d1", "\u200b": "\U000101d2"}
_ENTITIES = {
    "&zwnj;": "\u200c",
    "&#8204;": "\u200c",
    "&#x200c;": "\u200c",
    "&#x200C;": "\u200c",
    "&zwj;": "\u200d",
    "&#8205;": "\u200d",
}
_ENTITIES |= {"&#x200d;": "\u200d", "&#x200D;": "\u200d"}
PARAGRAPH = "\U000101d3"
_SHOW = str.maketrans({sign: joiner for joiner, sign in JOINERS.items()})
_SIGNS = (*JOINERS.values(), PARAGRAPH)

_KINDS = {"head": "heading", "p": "paragraph", "quote": "paragraph", "item": "item", "code": "code", "row": "row"}
_CONTAINERS = frozenset(("body", "div", "list", "table", "article", "section", "main", "figure", "details"))
_BLANK = regex.compile(r"[\p{Z}\t\n\r\f\v]+")
_AFTER_END = regex.compile(r"(?<=[\p{Sentence_Terminal}…\"'”’»])(?<!၊)[ \t]*\n\s*")
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cf}\p{Co}\p{Cs}--\t\n\v\f\r\u200b\u200c\u200d\U000e0020-\U000e007f]", regex.V1)
_IDLE_BREAK = regex.compile(
    r"(?<![\p{Khmer}\p{Myanmar}\p{Lao}\p{Thai}\p{Tibetan}])\u200b|\u200b(?![\p{Khmer}\p{Myanmar}\p{Lao}\p{Thai}\p{Tibetan}])"
)
_IDLE_JOINER = regex.compile(
    r"(?<![\p{L}\p{M}\p{So}\p{Sk}\uFE0F])[\u200c\u200d]+|[\u200c\u200d]+(?=\s|$)(?<![\p{M}][\u200c\u200d])"
)
_ASKING = regex.compile(r"[?？؟՞፧⁇︖﹖꘏⸮;]\W*$|[？]\s*$")
_BARE = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
_BARE_ASCII = {code: chr(code).lower() if chr(code).isalnum() else None for code in range(128)}
_LONGEST_HELD = 5000
_LONGEST_QUESTION = 250
_LONGEST_CELL = 200


def disguise(text: str) -> str:
    """The text with joiners in the guise of visible signs, unless the page uses those signs itself."""
    if any(sign in text for sign in _SIGNS):
        return text
    for entity, joiner in _ENTITIES.items():
        text = text.replace(entity, joiner)
    for joiner, sign in JOINERS.items():
        text = text.replace(joiner, sign)
    return text


def tidy(text: str) -> str:
    """The text of one block as it is kept: NFC, single blanks, joiners where they join, nothing else that cannot be
    seen.
    """
    if "\n" not in text:
        return _tidy_line(text)
    return "\n".join(line for line in map(_tidy_line, text.split("\n")) if line)


def _tidy_line(text: str) -> str:
    if text.isprintable() and (text.isascii() or not any(sign in text for sign in _SIGNS)):
        return unicodedata.normalize("NFC", " ".join(text.split()))
    shown = unicodedata.normalize("NFC", _INVISIBLE.sub("", text.translate(_SHOW)))
    shown = _IDLE_JOINER.sub("", _IDLE_BREAK.sub("", shown))
    return _BLANK.sub(" ", shown).strip()


class Layout:
    """Collects blocks while a tree is walked."""

    def __init__(self) -> None:
        self.blocks: list[RawBlock] = []
        self._buffer: list[str] = []
        self._kind = ("paragraph", 0)

    def begin(self, kind: str, level: int) -> tuple[str, int]:
        """End the block at hand and begin another; gives what was, so that it can be gone back to."""
        before, self._kind = self._kind, (kind, level)
        self._flush(*before)
        return before

    def end(self, before: tuple[str, int]) -> None:
        """End the block at hand and go back to the one around it."""
        self._flush(*self._kind)
        self._kind = before

    def text(self, text: str | None) -> None:
        """Add running text. A line end counts only behind a sentence: the others are how the source was wrapped."""
        if not text:
            return
        if self._kind[0] == "code" or (text.isprintable() and "  " not in text):
            self._buffer.append(text)
        elif text.isspace() and text.isascii():
            self._buffer.append(" ")
        else:
            self._buffer.append("\n".join(_BLANK.sub(" ", line) for line in _AFTER_END.split(text)))

    def line(self) -> None:
        """Add a line break."""
        self._buffer.append("\n")

    def _flush(self, kind: str, level: int) -> None:
        parts = "".join(self._buffer).split(PARAGRAPH)
        self._buffer.clear()
        for part in parts:
            text = tidy(part) if kind in ("code", "paragraph") else tidy(part.replace("\n", " "))
            if kind == "heading":
                text = text.rstrip(" ¶")  # the sign by which manuals link to their own headings
            # a heading or teaser that stands twice in a row was drawn once for each screen size
            if text and not (self.blocks and self.blocks[-1][2] == text):
                self.blocks.append((kind, level, text))


def lay_out(body: _Element) -> list[RawBlock]:
    """The blocks of an extracted body, in reading order, empty ones left out."""
    layout = Layout()
    _walk(body, layout, 0)
    layout.end(("paragraph", 0))
    return layout.blocks


def _walk(element: _Element, layout: Layout, depth: int) -> None:
    tag = str(element.tag)
    if tag == "lb":
        layout.line()
        return
    if tag == "row" and not any(len(" ".join(cell.itertext())) > _LONGEST_CELL for cell in element):
        cells = (_BLANK.sub(" ", " ".join(cell.itertext())).strip() for cell in element)
        around = layout.begin("row", 0)
        layout.text(" | ".join(cell for cell in cells if cell))
        layout.end(around)
        return
    kind = None if tag == "code" and _is_inline(element) else _kind(element, tag, depth)
    before = layout.begin(*kind) if kind else None
    layout.text(element.text)
    for child in element:
        _walk(child, layout, depth + (tag == "list"))
        layout.text(child.tail)
    if before:
        layout.end(before)


def _is_inline(element: _Element) -> bool:
    """Whether code is a word in a sentence, not a listing."""
    parent = element.getparent()
    return (
        parent is not None
        and parent.tag in ("p", "item", "head", "cell", "quote")
        and "\n" not in "".join(element.itertext())
    )


def _kind(element: _Element, tag: str, depth: int) -> tuple[str, int] | None:
    rend = element.get("rend") or ""
    if tag == "head":
        return "heading", int(rend[1]) if rend[1:].isdigit() else 3
    if tag == "item":
        return {"dt": "term", "dd": "definition"}.get(rend[:2], "item"), max(0, depth - 1)
    if tag == "p" and (parent := element.getparent()) is not None and parent.tag in ("item", "head"):
        # a paragraph in a list item is the item's text
        return _kind(parent, str(parent.tag), depth)
    if tag in _KINDS:
        return _KINDS[tag], 0
    return ("paragraph", 0) if tag in _CONTAINERS or tag == "cell" else None


def place(blocks: list[RawBlock], title: str | None, pairs: list[list[str]]) -> tuple[str, list[Span]]:
    """The page's text, blocks joined by line ends, and their spans, with the kinds title, question and answer."""
    kinds = [kind for kind, _, _ in blocks]
    _mark_title(blocks, kinds, title)
    if not _mark_pairs(blocks, kinds, pairs):
        _mark_questions(blocks, kinds)
    spans: list[Span] = []
    at = 0
    for kind, (_, level, text) in zip(kinds, blocks, strict=True):
        spans.append((kind, at, at + len(text), level))
        at += len(text) + 1
    return "\n".join(text for _, _, text in blocks), spans


def bare(text: str) -> str:
    """Letters, marks and figures alone, for comparing what two places of a page say."""
    if text.isascii():
        return text.translate(_BARE_ASCII)
    return _bared(text) if len(text) <= _LONGEST_HELD else _bared.__wrapped__(text)


@lru_cache(maxsize=512)  # the same blocks of a page are compared again and again
def _bared(text: str) -> str:
    return _BARE.sub("", unicodedata.normalize("NFKC", text).casefold())


def _mark_title(blocks: list[RawBlock], kinds: list[str], title: str | None) -> None:
    wanted = bare(title or "")
    for index, (kind, level, text) in enumerate(blocks[:8]):
        same = wanted and bare(text) == wanted
        if same or (kind == "heading" and level == 1 and index == 0):
            kinds[index] = "title"
            return


def _mark_pairs(blocks: list[RawBlock], kinds: list[str], pairs: list[list[str]]) -> bool:
    """Mark the questions and answers that the page's markup names, where the text has them."""
    answers = {bare(question): bare(answer) for question, answer in pairs}
    marked = False
    index = 0
    while index < len(blocks):
        answer = answers.get(bare(blocks[index][2]), "")
        last = index
        while answer and last + 1 < len(blocks) and (part := bare(blocks[last + 1][2])) and part in answer:
            last += 1
        if last > index:
            kinds[index : last + 1] = ["question", *["answer"] * (last - index)]
            marked = True
        index = last + 1
    return marked


def _mark_questions(blocks: list[RawBlock], kinds: list[str]) -> None:
    """Mark headings and terms that ask, on pages where asking is the rule: one question among other headings is a
    figure of speech.
    """
    heads = [index for index, kind in enumerate(kinds) if kind in ("heading", "term")]
    asking = [
        index for index in heads if _ASKING.search(blocks[index][2]) and len(blocks[index][2]) <= _LONGEST_QUESTION
    ]
    if len(asking) < 2 or len(asking) * 2 < len(heads):
        return
    for index in asking:
        last = index
        while last + 1 < len(blocks) and kinds[last + 1] in ("paragraph", "item", "definition"):
            last += 1
        if last > index:
            kinds[index : last + 1] = ["question", *["answer"] * (last - index)]
