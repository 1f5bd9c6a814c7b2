"""Gives the main text of a page, its blocks, and what the page says of itself."""

from dataclasses import dataclass, field
from typing import Any

from xinstruct.tools.cage import BrokenPage, Cage, CageDied
from xinstruct.tools.web.record import LARGEST_PAGE, Record

LONGEST_CALL = 10.0


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch [start, end) of `Page.text`, in code points.

    kind: title, heading, paragraph, item, term, definition, question, answer, row (of a table, cells parted by |) or
    code; host_line for what many pages of the host have, see `passages.repeated`. level: 1 to 6 for
    headings, depth of nesting for items, otherwise 0.
    """

    kind: str
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """The main text of a page in NFC, blocks joined by line ends, and what the page says of itself.

    page_type: a schema.org type. declared_language: as it is written there. licence: a SPDX name or an address;
    rights_evidence: where it was read (link, meta or json_ld). keywords, section (from the outside in): the page's
    own words. facts: dicts with name and value. encoding: in which the page was read, "utf-8, misread as cp1252" if it
    had to be mended. cut: how many characters of the page were left out of the text as other_language (a copy of the
    text in a further language), repeated (letter for letter), dialogue (a box over the page) or aside (calls,
    advertisements and credits between paragraphs); host_lines stay in the text, but no passage takes them.
    """

    text: str
    blocks: list[Block]
    title: str | None = None
    description: str | None = None
    page_type: str | None = None
    declared_language: str | None = None
    licence: str | None = None
    rights_evidence: str | None = None
    encoding: str | None = None
    keywords: list[str] = field(default_factory=list)
    section: list[str] = field(default_factory=list)
    facts: list[dict[str, str]] = field(default_factory=list)
    cut: dict[str, int] = field(default_factory=dict)


class ExtractionError(Exception):
    """A page gave no text. reason: broken_page, too_slow, crashed, too_much_memory or too_large; detail: what was
    wrong, in a word or two.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Extractor:
    """Extracts pages in a child process that may die of them. seconds: the longest that a page may take."""

    def __init__(self, seconds: float = LONGEST_CALL) -> None:
        self._cage = Cage("xinstruct.tools.extractor.parser:extract_page", seconds=seconds)

    def page(self, record: Record) -> Page:
        """The page of a record, or the text of a record that is text already, line by line; raises ExtractionError."""
        if record.is_text:
            return text_page(record)
        if len(record.body) > LARGEST_PAGE:
            raise ExtractionError("too_large", f"{len(record.body)} bytes")
        try:
            found = self._cage.call(record.body, charset=record.charset, url=record.url)
        except CageDied as death:
            raise ExtractionError(death.reason, death.detail) from death
        except BrokenPage as broken:
            raise ExtractionError("broken_page", str(broken)) from broken
        return _page(found, record)

    def close(self) -> None:
        """End the child process."""
        self._cage.close()


def _page(found: dict[str, Any], record: Record) -> Page:
    if found["broken"]:
        raise ExtractionError("broken_page", found["broken"])
    declared = found["declared_language"] or record.headers.get("content-language")
    fields = {name: found[name] for name in found if name not in ("broken", "blocks", "declared_language")}
    return Page(blocks=[Block(*block) for block in found["blocks"]], declared_language=declared, **fields)


def text_page(record: Record) -> Page:
    """A record that is text already, character by character as it is; every line that is not blank is a paragraph."""
    if len(record.body) > LARGEST_PAGE:
        raise ExtractionError("too_large", f"{len(record.body)} bytes")
    try:
        text = record.body.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise ExtractionError("broken_page", "undecodable") from broken
    blocks: list[Block] = []
    at = 0
    for line in text.split("\n"):
        start = at + len(line) - len(line.lstrip())
        if line.strip():
            blocks.append(Block("paragraph", start, at + len(line.rstrip())))
        at += len(line) + 1
    return Page(text=text, blocks=blocks, title=record.title, declared_language=record.language)
