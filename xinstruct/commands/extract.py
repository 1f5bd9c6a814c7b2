"""Prints the main text of every page in some files, as the pipeline would read it, before any choice is made."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from xinstruct.candidate import Skipped
from xinstruct.languages import UNDETERMINED
from xinstruct.recipe import RecipeError
from xinstruct.tools.extractor.page import ExtractionError, Extractor
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.web import reader
from xinstruct.tools.web.record import Record, is_loss

# By these names a file is a table or a saved page; anything else is taken for a web archive, which tells by its
# content.
_KINDS = {".html": "html", ".htm": "html", ".jsonl": "jsonl", ".parquet": "parquet"}


@click.command(epilog="Example: xinstruct extract corpora/sample/sample.warc.gz | head -3")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
def command(files: tuple[Path, ...]) -> None:
    """Print the text of every HTML page of FILE... with status 200, as JSON lines: url, title, language, text.

    Nothing is filtered or masked; a page without text has an empty one. Records that cannot be read are counted on
    standard error.
    """
    for file in files:
        if not file.is_file():
            raise RecipeError(f"There is no file {file}; give the path of a WARC, ARC or HTML file.")
    extractor, lid = Extractor(), LanguageIdentifier()
    unread: Counter[str] = Counter()
    try:
        for file in files:
            for record in _records(file):
                if isinstance(record, Skipped):
                    unread[record.reason] += is_loss(record.reason)
                elif not record.is_text:
                    click.echo(json.dumps(_line(record, extractor, lid, unread)))
    finally:
        extractor.close()
    told = ", ".join(f"{reason} {count}" for reason, count in sorted(unread.items()) if count)
    if told:
        click.echo(f"Records that could not be read: {told}.", err=True)


def _records(file: Path) -> Iterator[Record | Skipped]:
    kind = next((known for name, known in _KINDS.items() if name in file.suffixes[-2:]), "warc")
    for piece in reader.split(file, kind, file.name, max(1, file.stat().st_size), None, None):
        yield from reader.records(piece)


def _line(record: Record, extractor: Extractor, lid: LanguageIdentifier, unread: Counter[str]) -> dict[str, str | None]:
    try:
        page = extractor.page(record)
    except ExtractionError as error:
        unread[error.reason] += 1
        return {"url": record.url, "title": None, "language": UNDETERMINED, "text": ""}
    language = lid.identify(page.text.replace("\n", " ")).label
    return {"url": record.url, "title": page.title, "language": language, "text": page.text}
