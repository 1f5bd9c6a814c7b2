"""Measures how many harvested passages would stand alone as an answer, beside naive cuts of the same pages, by blind
judgement.

`python -m benchmarks.standalone sample --out FOLDER [--seed 0] [--data ../shared/data] [--saved CHECKOUT ...]`
harvests the shared pages with the default settings and draws sixty kept passages in each of five languages, at most two
a page and twenty a host. Each is matched with what one does without this project: trafilatura's text of the page, cut
at line ends into pieces as long as the passage, of which one in the same language is drawn. It writes a sheet per
language (number and text, shuffled) and key.jsonl, which says what is what without any text. --saved names checkouts of
adbar/trafilatura, adbar/htmldate, flairNLP/fundus (whose test pages are taken) or w3c/i18n-drafts, which are harvested
along, as the shared pages are too few in some languages.

`... judge` prints what a judge is to do. `... report --sheets FOLDER [--to FILE]` reads the key and the verdicts, and
writes shares, paired differences with their intervals, the agreement of judges, and all rows, as Markdown.
"""

import argparse
import gzip
import itertools
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import trafilatura

from benchmarks.judged import verdicts
from xinstruct.candidate import Candidate, Kept, content_hash
from xinstruct.stages import harvest
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.passages import named
from xinstruct.tools.passages.lengths import english_characters
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Piece, Record

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("eng_Latn", "deu_Latn", "fra_Latn", "spa_Latn", "pol_Latn")
PACKS = ("crawl/crawl-shared.warc.gz", "extraction/wcxb-dev-subset.warc.gz")
LISTS = ("evaldata.json", "eval_default.json", "eval_mediacloud_2020.json")  # of the pages in --saved
METAS = "meta.info"
PASSAGES = 60
MOST_OF_PAGE = 2
MOST_OF_HOST = PASSAGES // 3
SHORTEST_CUT = 400  # characters of English

Place = tuple[str | None, int | None, str | None]  # container, offset and digest of a page


@dataclass(frozen=True)
class Cut:
    """A stretch of trafilatura's text of a page: its lines, counted from 1, both included."""

    text: str
    first: int
    last: int


def main() -> int:
    """0 where all was done, 2 with one sentence where something that it needs is not there."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = options.add_subparsers(dest="verb", required=True)
    drawing = verbs.add_parser("sample")
    drawing.add_argument("--out", type=Path, required=True)
    drawing.add_argument("--seed", type=int, default=0)
    drawing.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    drawing.add_argument("--saved", type=Path, nargs="*", default=[], help="checkouts with pages in tests/")
    verbs.add_parser("judge")
    telling = verbs.add_parser("report")
    telling.add_argument("--sheets", type=Path, required=True)
    telling.add_argument("--to", type=Path, help="the file to write; else it is printed")
    given = options.parse_args()
    try:
        if given.verb == "sample":
            sample(given.out, given.seed, given.data, given.saved)
        elif given.verb == "judge":
            print(verdicts.TASK)
        else:
            told = verdicts.report(given.sheets)
            print(told) if given.to is None else given.to.write_text(told + "\n", encoding="utf-8")
    except (FileNotFoundError, verdicts.Incomplete) as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


def sample(out: Path, seed: int, data: Path, saved: Sequence[Path]) -> None:
    """Writes the sheets, the key, and sample.json, which says what was drawn from what."""
    if not (data / PACKS[0]).exists():
        raise FileNotFoundError(f"no pages: {data / PACKS[0]} is not there; name the folder with --data.")
    with tempfile.TemporaryDirectory() as folder:
        pieces = [piece for pack in PACKS for piece in _pieces(data / pack, Path(pack).name)]
        for checkout in saved:
            pieces += _pieces(_archive(checkout, Path(folder) / checkout.name), checkout.name)
        kept = kept_passages(pieces, frozenset(LANGUAGES))
        bodies = _bodies(pieces, {place_of(passage) for passage in kept})
    out.mkdir(parents=True, exist_ok=True)
    lid, key = LanguageIdentifier(), []
    told: dict[str, Any] = {"seed": seed, "harvest": harvest.VERSION, "trafilatura": version("trafilatura")}
    for language in LANGUAGES:
        chance = random.Random(f"{seed} {language}")
        own = [passage for passage in kept if passage.language == language]
        pairs, unmatched = draw(own, bodies, lid, chance)
        told[language] = {"kept": len(own), "drawn": len(pairs), "without_a_cut": unmatched}
        print(f"{language}: {told[language]}")
        rows, texts = numbered(pairs, chance)
        _write(out / f"sheet-{language}.jsonl", texts)
        key += rows
    _write(out / "key.jsonl", key)
    (out / "sample.json").write_text(json.dumps(told, indent=1) + "\n")


def _pieces(archive: Path, container: str) -> list[Piece]:
    return list(reader.split(archive, "warc", container, 1 << 40, None, None))


def _archive(checkout: Path, path: Path) -> Path:
    """Saved pages as an archive."""
    pages = dict(_listed(checkout / "tests") or _all_pages(checkout))
    if not pages:
        raise FileNotFoundError(f"no pages: there is no *.html in {checkout}.")
    with path.open("wb") as file:
        for url, body in pages.items():
            block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
            head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
            head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
            file.write(head.encode() + block + b"\r\n\r\n")
    return path


def _listed(tests: Path) -> list[tuple[str, bytes]]:
    """The addresses and bytes of saved pages, where lists name each address's file, or each file's address."""
    files = {page.name: page for page in tests.glob("*/*.htm*")}
    pages: list[tuple[str, bytes]] = []
    for listed in filter(Path.exists, (tests / name for name in LISTS)):
        for url, row in json.loads(listed.read_text(encoding="utf-8")).items():
            if url.startswith("http") and row["file"] in files:
                pages.append((url, files[row["file"]].read_bytes()))
    for listed in sorted(tests.rglob(METAS)):
        for name, row in json.loads(listed.read_text(encoding="utf-8")).items():
            if (page := listed.parent / name).exists():
                pages.append((row["url"], gzip.decompress(page.read_bytes())))
    return pages


def _all_pages(checkout: Path) -> list[tuple[str, bytes]]:
    """All pages of a checkout, under addresses that are made of their paths."""
    found = sorted(checkout.rglob("*.htm*"))
    return [(f"https://{checkout.name}/{page.relative_to(checkout).as_posix()}", page.read_bytes()) for page in found]


def kept_passages(pieces: Sequence[Piece], languages: frozenset[str]) -> list[Candidate]:
    """What the harvest keeps with its default settings, each text once."""
    with tempfile.TemporaryDirectory() as folder:
        tools = Toolbox(languages, Path(folder) / ".work" / "harvest")
        fates = harvest.run(pieces, harvest.Settings(), tools)
        kept: dict[str, Candidate] = {}
        for fate in fates:
            if isinstance(fate, Kept):
                kept.setdefault(fate.candidate.content_hash, fate.candidate)
        tools.extractor.close()
    return list(kept.values())


def place_of(passage: Candidate) -> Place:
    """Which page the passage is from."""
    return passage.container, passage.record_offset, passage.digest


def _bodies(pieces: Sequence[Piece], wanted: set[Place]) -> dict[Place, bytes]:
    """The pages at these places, as the web has them."""
    pages = (page for piece in pieces for page in reader.records(piece) if isinstance(page, Record))
    found = (((page.container, page.offset, page.digest), page.body) for page in pages)
    return {place: body for place, body in found if place in wanted}


def draw(
    passages: Sequence[Candidate],
    bodies: dict[Place, bytes],
    lid: LanguageIdentifier,
    chance: random.Random,
    count: int = PASSAGES,
) -> tuple[list[tuple[Candidate, Cut]], int]:
    """Passages by chance, within the limits of a page and a host, each with a cut of its page; and of how many there
    was no cut to be had: trafilatura found too little on the page, or nothing in the language.
    """
    order = sorted(passages, key=lambda passage: passage.id)
    chance.shuffle(order)
    pairs: list[tuple[Candidate, Cut]] = []
    of_page, of_host, seen, unmatched = Counter[str | None](), Counter[str | None](), set[str](), 0
    for passage in order:
        if of_page[passage.digest] == MOST_OF_PAGE or of_host[passage.host] == MOST_OF_HOST:
            continue
        text = trafilatura.extract(bodies[place_of(passage)]) or ""
        possible = [cut for cut in cuts(text, len(passage.response), passage.language) if cut.text not in seen]
        possible = [cut for cut in possible if named.same(lid.identify(_line(cut.text)).label, passage.language)]
        if not possible:
            unmatched += 1
            continue
        pairs.append((passage, chance.choice(possible)))
        seen.add(pairs[-1][1].text)
        of_page[passage.digest] += 1
        of_host[passage.host] += 1
        if len(pairs) == count:
            break
    return pairs, unmatched


def _line(text: str) -> str:
    return text.replace("\n", " ")


def cuts(text: str, length: int, language: str) -> list[Cut]:
    """The text from its beginning to its end in whole lines, each cut as near to the length as lines allow and never
    shorter than a passage of prose may be. A rest that is shorter is left out.
    """
    shortest = round(SHORTEST_CUT / english_characters(language))
    found: list[Cut] = []
    held: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        before, after = len("\n".join(held)), len("\n".join([*held, line]))
        if held and before >= shortest and abs(before - length) <= abs(after - length):
            found.append(Cut("\n".join(held), number - len(held), number - 1))
            held = []
        held.append(line)
    if len("\n".join(held)) >= shortest:
        found.append(Cut("\n".join(held), len(lines) - len(held) + 1, len(lines)))
    return found


def numbered(
    pairs: Sequence[tuple[Candidate, Cut]], chance: random.Random
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of the key, without text, and those of the sheet, in the order of the sheet."""
    items = list(itertools.chain.from_iterable(_items(number, *pair) for number, pair in enumerate(pairs, 1)))
    chance.shuffle(items)
    counted = list(enumerate(items, 1))
    return (
        [{"item": number, **row} for number, (row, _) in counted],
        [{"item": number, "text": text} for number, (_, text) in counted],
    )


def _items(pair: int, passage: Candidate, cut: Cut) -> Iterator[tuple[dict[str, Any], str]]:
    page = {
        "language": passage.language,
        "pair": pair,
        "url": passage.url,
        "container": passage.container,
        "page": passage.digest,
    }
    ours = {"whose": "ours", "first": passage.span_start, "last": passage.span_end}
    naive = {"whose": "naive", "first": cut.first, "last": cut.last}
    yield {**page, **ours, "content_hash": passage.content_hash}, passage.response
    yield {**page, **naive, "content_hash": content_hash(cut.text)}, cut.text


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
