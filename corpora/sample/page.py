"""Reads the page files and site files of the sample crawl: front matter, then blocks of text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

HERE = Path(__file__).resolve().parent
LINE_KINDS = (  # the first that matches a line says what kind of block the line belongs to
    ("h3", re.compile(r"###\s+(.+)")),
    ("h2", re.compile(r"##\s+(.+)")),
    ("ul", re.compile(r"-\s+(.+)")),
    ("ol", re.compile(r"\d+\.\s+(.+)")),
    ("quote", re.compile(r">\s+(.+)")),
    ("dl", re.compile(r"(.+\s::\s.+)")),
    ("p", re.compile(r"(.+)")),
)


@dataclass(frozen=True)
class Block:
    """One block of a page. `kind` is h2, h3, p, ul, ol, quote or dl; a dl line reads `term :: definition`."""

    kind: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The block as running text."""
        return " ".join(self.lines)


@dataclass(frozen=True)
class Site:
    """One host of the crawl with its menus and notices; `fields` are the keys of its file."""

    slug: str
    fields: dict[str, Any]

    @property
    def language(self) -> str:
        """The language of the site, as `swh_Latn`."""
        return str(self.fields["language"])


@dataclass(frozen=True)
class Page:
    """One page file: `slug` is `<folder>/<name>`, `fields` its front matter, `blocks` its text."""

    slug: str
    site: Site
    fields: dict[str, Any]
    blocks: tuple[Block, ...]

    @property
    def url(self) -> str:
        """The address of the page, percent-encoded."""
        return f"https://{self.site.fields['host']}" + quote(self.fields["path"], safe="/?&=%~._-")

    @property
    def kind(self) -> str:
        """The schema.org type, empty where the page has none."""
        return str(self.fields.get("kind", ""))


def read_sites(folder: Path = HERE / "sites") -> dict[str, Site]:
    """All sites by slug. Raises ValueError, naming the file, where one cannot be read."""
    return {
        path.stem: Site(path.stem, read_yaml(path.read_text("utf-8"), path)) for path in sorted(folder.glob("*.yml"))
    }


def read_yaml(text: str, path: Path) -> dict[str, Any]:
    """The mapping in `text`; values stay strings, lists or mappings, so that dates and years keep their form."""
    try:
        fields = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(fields, dict):
        raise ValueError(f"{path}: a mapping of keys to values is expected")
    return fields


def read_page(path: Path, sites: dict[str, Site], edits: dict[str, Any] | None = None) -> Page:
    """The page in `path`. `edits` (of a near-duplicate) may give `replace` (text to text), and new fields."""
    source = path.read_text("utf-8").replace("\r\n", "\n")
    edits = dict(edits or {})
    for old, new in edits.pop("replace", {}).items():
        if old not in source:
            raise ValueError(f"{path}: the text to replace is not there: {old!r}")
        source = source.replace(old, new)
    head = re.match(r"---\n(.*?)\n---\n(.*)", source, re.DOTALL)
    if head is None:
        raise ValueError(f"{path}: no front matter between two lines of ---")
    fields = read_yaml(head[1], path) | edits
    missing = {"site", "path", "title"} - fields.keys()
    if missing:
        raise ValueError(f"{path}: the front matter lacks {', '.join(sorted(missing))}")
    if fields["site"] not in sites:
        raise ValueError(f"{path}: there is no site {fields['site']!r}")
    return Page(f"{path.parent.name}/{path.stem}", sites[fields["site"]], fields, tuple(read_blocks(head[2])))


def read_blocks(text: str) -> list[Block]:
    """The blocks of a page's text: neighbouring lines of one kind, headings always alone."""
    blocks: list[Block] = []
    new_block = True
    for line in text.split("\n"):
        if not line.strip():
            new_block = True
            continue
        kind, content = next((kind, found[1]) for kind, form in LINE_KINDS if (found := form.fullmatch(line.strip())))
        if not new_block and blocks[-1].kind == kind and kind not in ("h2", "h3"):
            blocks[-1] = Block(kind, (*blocks[-1].lines, content))
        else:
            blocks.append(Block(kind, (content,)))
        new_block = False
    return blocks


def items_under(page: Page, heading: str) -> list[str]:
    """The items of the lists between `heading` and the next heading of any level."""
    items: list[str] = []
    inside = False
    for block in page.blocks:
        if block.kind in ("h2", "h3"):
            inside = block.text == heading
        elif inside and block.kind in ("ul", "ol"):
            items.extend(block.lines)
    return items


def questions_and_answers(page: Page) -> list[tuple[str, str]]:
    """The `###` headings that end with a question mark, each with the text under it."""
    pairs: list[tuple[str, list[str]]] = []
    asking = False
    for block in page.blocks:
        if block.kind in ("h2", "h3"):
            asking = block.kind == "h3" and block.text.rstrip().endswith(("?", "؟"))
            if asking:
                pairs.append((block.text, []))
        elif asking:
            pairs[-1][1].append(block.text)
    return [(question, " ".join(answer)) for question, answer in pairs if answer]
