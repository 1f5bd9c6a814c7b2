"""Compares the main text that we take from web pages with what trafilatura takes, against text marked by hand.

`python -m benchmarks.extraction [--data ../shared/data] [--every 1] [--worst 0]`. Three texts of each page are held
against its gold text, in one run: what `xinstruct extract` prints (extract); of that the blocks in the language that
the gold names, as `harvest` takes them for a recipe that wants this language (harvest); and trafilatura with its
defaults. Word F1, precision and recall are means over pages; a page of which nothing was taken counts as 0.

A word is a run of letters, vowel signs and figures, in NFKC and without case; where words are written without blanks
between them (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) each letter with its signs is a word.
"""

import argparse
import gzip
import json
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import regex
import trafilatura

from xinstruct.languages import UnknownLanguage, expand
from xinstruct.tools.extractor.page import ExtractionError, Extractor, Page
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.passages import named, paragraphs
from xinstruct.tools.passages.block_languages import label_blocks
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Record

PACKS = {
    "crawl": ("crawl/crawl-shared.warc.gz", "crawl/crawl-shared.truth.jsonl.gz"),
    "subset": ("extraction/wcxb-dev-subset.warc.gz", "extraction/wcxb-dev-subset.gold.jsonl.gz"),
}
ARTICLES = ("html_fundus", "html_newspaper4k", "html_scrapinghub_aeb")
TEXTS = ("extract", "harvest", "trafilatura")
UNBLANKED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
WORD = regex.compile(rf"[{UNBLANKED}&&\p{{L}}]\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--{UNBLANKED}]+", regex.V1)


class Score(NamedTuple):
    """Word F1, precision and recall of one text against its gold text, each in 0..1."""

    f1: float
    precision: float
    recall: float


class Scored(NamedTuple):
    """A page with the scores of its three texts, in the order of TEXTS (None for harvest where no recipe can name its
    language), and seconds for the first and the third.
    """

    pack: str
    url: str
    groups: tuple[str, ...]
    scores: tuple[Score, Score | None, Score]
    seconds: tuple[float, float]


def main() -> int:
    """Prints the table and the ratios; 0 where the pages were there, 2 with one sentence where not."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data")
    options.add_argument("--every", type=int, default=1, help="take every n-th page only")
    options.add_argument("--worst", type=int, default=0, help="name so many pages that lose most against trafilatura")
    given = options.parse_args()
    if not (given.data / "crawl").is_dir():
        print(f"no pages: {given.data / 'crawl'} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    scored: list[Scored] = []
    with get_context("spawn").Pool(2) as pool:
        for pack in PACKS:
            scored += pool.imap(score, _pages(given.data, pack, given.every), chunksize=4)
    print(table(scored))
    for page in sorted(scored, key=lambda page: page.scores[0].f1 - page.scores[2].f1)[: given.worst]:
        print(f"{page.pack} {page.scores[0].f1:.2f} {page.scores[2].f1:.2f} {page.url}")
    return 0


def _pages(data: Path, pack: str, every: int) -> Iterator[tuple[str, Record, dict[str, Any]]]:
    """(pack, page, its gold row) of every n-th page that has a gold text."""
    archive, truth = (data / name for name in PACKS[pack])
    with gzip.open(truth, "rt", encoding="utf-8") as lines:
        gold = {row["url"]: row for row in map(json.loads, lines) if row.get("gold_text")}
    (piece,) = reader.split(archive, "warc", "crawl", 1 << 40, None, None)
    found = (page for page in reader.records(piece) if isinstance(page, Record) and page.url in gold)
    for number, page in enumerate(found):
        if number % every == 0:
            yield pack, page, gold[page.url or ""]


_tools: dict[str, Any] = {}


def score(asked: tuple[str, Record, dict[str, Any]]) -> Scored:
    """The scores of one page, taken in a worker that keeps its extractor and identifier."""
    pack, record, gold = asked
    if not _tools:
        _tools.update(extractor=Extractor(), lid=LanguageIdentifier())
    begun = time.perf_counter()
    try:
        page = _tools["extractor"].page(record)
    except ExtractionError:
        page = Page(text="", blocks=[])
    ours = time.perf_counter() - begun
    own = own_text(page, record.url, gold.get("lang"), _tools["lid"])
    begun = time.perf_counter()
    peer = trafilatura.extract(record.body) or ""
    theirs = time.perf_counter() - begun
    wanted = words(gold["gold_text"])
    scores = (
        compare(words(page.text), wanted),
        None if own is None else compare(words(own), wanted),
        compare(words(peer), wanted),
    )
    return Scored(pack, record.url or "", groups(pack, gold), scores, (ours, theirs))


def groups(pack: str, gold: dict[str, Any]) -> tuple[str, ...]:
    """Under which lines of the table a page is counted: what kind of page it is, where it is from, and all."""
    source = gold["source"]
    if source == "html_wcxb_dev":
        kinds = ("mixed page types", "news and articles" if gold["page_type"] == "article" else "other page types")
    elif source in ARTICLES:
        kinds = ("news and articles",)
    else:
        kinds = ("storybooks, hidden copies",) if "storybooks" in source else ("tales and literature",)
    return *kinds, f"all of the {pack}", f"  {pack}: {source.removeprefix('html_')}"


def own_text(page: Page, url: str | None, gold_language: str | None, lid: LanguageIdentifier) -> str | None:
    """The blocks of a page that harvest would cut passages from, if a recipe wants the page's gold language; None where
    no recipe can name that.
    """
    try:
        wanted = frozenset(expand([gold_language or ""]))
    except UnknownLanguage:
        return None
    page = paragraphs.undressed(page)
    labels, _ = label_blocks(page, lid, wanted, None, named.claims(page, url))
    kept = (block for block, label in zip(page.blocks, labels, strict=True) if label in wanted)
    return "\n".join(page.text[block.start : block.end] for block in kept)


def words(text: str) -> Counter[str]:
    """How often each word stands in a text."""
    return Counter(WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def compare(found: Counter[str], gold: Counter[str]) -> Score:
    """How much of what was found is gold, and how much of the gold was found."""
    shared = (found & gold).total()
    if not shared:
        return Score(0.0, 0.0, 0.0)
    return Score(2 * shared / (found.total() + gold.total()), shared / found.total(), shared / gold.total())


def table(scored: list[Scored]) -> str:
    """A line per group of pages: F1, precision and recall of the three texts, and our F1 as a ratio to trafilatura's;
    then the time per page.
    """
    members: dict[str, list[Scored]] = defaultdict(list)
    for page in scored:
        for group in page.groups:
            members[group].append(page)
    lines = [f"{'F1 precision recall':38}{'pages':>6}" + "".join(f"{name:>19}" for name in TEXTS) + f"{'ratio':>8}"]
    for group, pages in sorted(members.items(), key=lambda entry: (entry[0].startswith(" "), entry[0])):
        texts = ([score for score in own if score] for own in zip(*(page.scores for page in pages), strict=True))
        means = [[sum(part) / len(own) for part in zip(*own, strict=True)] or [0.0] * 3 for own in texts]
        shown = "".join("    " + " ".join(f"{value:.3f}"[:5].replace("0.", ".", 1) for value in mean) for mean in means)
        lines.append(f"{group:38}{len(pages):6}{shown}{means[0][0] / max(means[2][0], 1e-9):8.3f}")
    ours, theirs = (sum(part) / len(scored) for part in zip(*(page.seconds for page in scored), strict=True))
    unnamed = sum(page.scores[1] is None for page in scored)
    lines.append(f"harvest is not counted for {unnamed} pages, whose languages no recipe can name")
    lines.append(f"milliseconds per page: extract {1000 * ours:.0f}, trafilatura {1000 * theirs:.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
