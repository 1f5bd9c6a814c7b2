"""Sees a page through the fields of an instruct question: title, heading and kind, as the rules can ask about them."""

from collections.abc import Mapping
from typing import Any

import regex

from xinstruct import prompts
from xinstruct.tools.rules import notes
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.rules.phrases import Draw, sized
from xinstruct.tools.rules.tales import is_tale
from xinstruct.tools.sentences import sentences

# Sites put the day or month into the address of what is true of that day.
_DATED = regex.compile(r"/(?:19|20)\d\d[/-]?(?:0[1-9]|1[0-2])(?!\d{3})")
# A text that opens what its title names says so in its first words; one from the middle takes it as known.
_LOWEST_ECHO_OPENING = 0.75
_OPENING = 90
_DRAWN_BY = ("title", "heading", "question", "term", "style", "passage")


class Page:
    """What the fields of an instruct question say of a page.

    passage: without a byline at its head. title: cleaned. no_title: why the title cannot be asked about, or "".
    heading: None where it is the title. part, parts: which passage of its section, or of a text without headings, it
    is, and of how many. begins: whether it opens its page. unplaced: whether nothing says where in its page it stands,
    as with the rows of a table. kind: a key of nouns.yml, read from kind_from. needs_notes: whether its facts
    could not be guessed. script: of the passage. length: in characters as of the Latin script. draw: chooses phrasings.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields
        self.passage: str = notes.without_head(fields["passage"], fields["title"])
        host, section = fields["host"], fields["section"]
        self.title = topics.clean(fields["title"], host, self.passage)
        self.no_title = topics.unusable(self.title, self.passage, host, section)
        self.heading: str | None = fields["heading"] if not topics.same(fields["heading"], self.title) else None
        self.part: int = fields["part"]
        self.parts: int = fields["parts"]
        self.kind, self.kind_from = _kind(fields["page_type"], fields["address"])
        tale = is_tale(self.passage, fields["label"], section, surely=self.kind == "BlogPosting")
        self.unplaced: bool = fields["position"] == "unknown"
        self.begins: bool = self.part == 1 and self._opens(tale) if self.unplaced else fields["position"] == "beginning"
        if tale and self.begins and self.kind in ("other", "Article", "BlogPosting"):
            self.kind, self.kind_from = "story", "passage"
        # News, and what is true of a day: facts that nobody could guess are given as notes, never asked for bare.
        dated = self.kind in ("other", "Article") and _DATED.search(fields["address"]) is not None
        self.needs_notes = self.kind in ("NewsArticle", "Event") or dated
        self.script = topics.script(self.passage)
        self.weight = topics.WEIGHTS.get(self.script, 1.0)
        self.length = len(self.passage) * self.weight
        self.draw = Draw("\n".join(str(fields[name]) for name in _DRAWN_BY))

    def _opens(self, tale: bool) -> bool:
        """Whether the passage itself shows that it opens what its title names: by its first words, or as tales do."""
        if tale:
            return True
        first = next(iter(sentences(self.passage[:1000], self.fields["label"])), (0, 0))
        said = self.passage[
            first[0] : min(first[1], int(_OPENING / topics.WEIGHTS.get(topics.script(self.passage), 1.0)))
        ]
        return self.title is not None and topics.echo(self.title, said) >= _LOWEST_ECHO_OPENING

    @property
    def in_context(self) -> bool:
        """Whether the title can be named as what the passage belongs to.

        Further on it need not come up much in the part's own words, but on pages in several languages it may be in
        another one: then nothing of it, nor of a heading, comes up.
        """
        if not self.no_title:
            return True
        if self.title is None or self.no_title != topics.NOT_ABOUT or topics.script(self.title) != self.script:
            return False
        further_on = self.heading is not None or not self.begins
        return further_on and any(topics.echo(known, self.passage) > 0 for known in (self.title, self.heading or ""))

    @property
    def name(self) -> str:
        """The name in the page's markup where the passage says it too, otherwise the title."""
        own = (name for name in self.fact("name") if topics.script(name) == self.script)
        return next((name for name in own if topics.echo(name, self.passage) >= 0.5), str(self.title))

    def fact(self, name: str) -> list[str]:
        """The values that the page's markup gives under a name."""
        return [fact["value"] for fact in self.fields["facts"] if fact["name"] == name]

    def holds(self, fact: str) -> bool:
        """Whether the passage holds most of what the page's markup lists under a name."""
        values = self.fact(fact)
        return bool(values) and sum(topics.echo(value, self.passage) >= 0.8 for value in values) >= 0.8 * len(values)

    def slots(self, **more: str | None) -> dict[str, str]:
        """The words that a phrasing may take up; quoted where they are the page's own."""
        piece: str = prompts.table("nouns")["pieces"].get(self.kind, "a text")
        given = {"title": self.title if self.in_context else None, "heading": self.heading, **more}
        listed = {"headings": given.pop("headings", None) or ""}  # several, each in its own quotation marks
        quoted = {name: topics.quoted(value) for name, value in given.items() if value} | listed
        return {**sized(self.length), "piece": piece, "piece_cap": piece.capitalize(), **quoted}


def _kind(page_type: str | None, address: str) -> tuple[str, str]:
    """The kind by which a page is asked, and where that was read."""
    table = prompts.table("nouns")
    for kind, names in table["kinds"].items():
        if page_type in names and page_type != "Article":
            return kind, f"json_ld:{page_type}"
    words = set(regex.findall(r"[a-z]+", address.lower()))
    for kind, names in table["address"].items():
        if words & set(names):
            return kind, f"address:{kind}"
    return ("Article" if page_type == "Article" else "other"), "title"
