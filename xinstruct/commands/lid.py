"""The command `xinstruct lid`: say which language lines are in, measure that, and train the model that says it."""

import collections
import dataclasses
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import click

from xinstruct import languages
from xinstruct.tools.lid.identifier import UNDETERMINED, LanguageIdentifier
from xinstruct.tools.lid.trainer import Line, Settings, make_model, read_lines

_BATCH = 512
# A longer line is identified by its start; it is never held whole.
_BYTES_OF_A_LINE = 1 << 16

_Item = TypeVar("_Item")

_Function = TypeVar("_Function", bound=Callable[..., object])


def _takes_model(function: _Function) -> _Function:
    """The option --model, shared by the commands that ask a model."""
    path = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--model", type=path, help="Another fastText model than our own.")(function)


@click.group(name="lid")
def command() -> None:
    """Identify languages: predict, score, train."""


@command.command()
@_takes_model
@click.option(
    "--at-least", "lowest_kept", type=click.FloatRange(0, 1), default=0.0, help="Say und where the score is lower."
)
def predict(model: Path | None, lowest_kept: float) -> None:
    """Say the language of each line of standard input.

    One line comes out for each line that goes in: xxx_Xxxx, a tab, and the chance that it is right. Lines without
    letters are und.

    Example: xinstruct lid predict < lines.txt
    """
    identifier = _identifier(model)
    for lines in _batches(_lines(sys.stdin.buffer)):
        for guess in identifier.identify_many(lines):
            label = guess.label if guess.score >= lowest_kept else UNDETERMINED
            sys.stdout.write(f"{label}\t{guess.score:.4f}\n")
        sys.stdout.flush()


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_takes_model
def score(file: Path, model: Path | None) -> None:
    """Measure the model on FILE: lines of label TAB text, or JSON lines with lang, script and text.

    A language given under its macrolanguage (swa) is right if any member of it is said (swh_Latn).

    Example: xinstruct lid score gold.tsv
    """
    identifier = _identifier(model)
    tally = _Tally(set(identifier.labels))
    for rows in _batches(_read([file], as_written=True)):
        guesses = identifier.identify_many([row.text for row in rows])
        for row, guess in zip(rows, guesses, strict=True):
            tally.count(row.label, guess.label)
    click.echo(tally.table())


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the model.")
@click.option("--seed", type=int, default=Settings.seed, show_default=True, help="Seed of every random choice.")
def train(files: tuple[Path, ...], out: Path, seed: int) -> None:
    """Train a model on FILES: lines of label TAB text, or JSON lines with lang, script, text and source.

    Writes lid.ftz, lid.telling.json (words of near languages) and lid.json (its calibration and how it was made) into
    the folder.

    Example: xinstruct lid train lines.jsonl --out my-model
    """
    lines = list(_read(files, as_written=False))
    try:
        note = make_model(lines, out, dataclasses.replace(Settings(), seed=seed))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(f"{out / 'lid.ftz'}: {note['languages']} languages, {(out / 'lid.ftz').stat().st_size / 1e6:.1f} MB")
    for source, right in note["unseen_sources"].items():
        click.echo(f"  right on {source} by a model that had not seen it: {right:.3f}")


def _identifier(model: Path | None) -> LanguageIdentifier:
    try:
        return LanguageIdentifier(model)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _read(files: Iterable[Path], as_written: bool) -> Iterator[Line]:
    try:
        yield from read_lines(files, as_written=as_written)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _lines(stream: BinaryIO) -> Iterator[str]:
    """The lines of a stream of bytes without their ends; bytes that are not UTF-8 become U+FFFD."""
    while line := stream.readline(_BYTES_OF_A_LINE):
        end = line
        while not end.endswith(b"\n") and (end := stream.readline(_BYTES_OF_A_LINE)):
            pass
        yield line.decode("utf-8", errors="replace")


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


class _Tally:
    """Counts of gold and given languages, and the macro-F1 that they make."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._gold: collections.Counter[str] = collections.Counter()
        self._right: collections.Counter[str] = collections.Counter()
        self._wrong: collections.Counter[str] = collections.Counter()
        self._instead: dict[str, collections.Counter[str]] = {}

    def count(self, gold: str, given: str) -> None:
        """One line: its gold name as written in the file, and the label that the model gave."""
        self._gold[gold] += 1
        if means(gold, given):
            self._right[gold] += 1
        else:
            self._wrong[given] += 1
            self._instead.setdefault(gold, collections.Counter())[given] += 1

    def said(self, gold: str) -> int:
        """How often the model gave this language, rightly or not; a macrolanguage is given by its members."""
        meant = (label for label in self._wrong if label == gold or (label not in self._gold and means(gold, label)))
        return self._right[gold] + sum(self._wrong[label] for label in meant)

    def f1(self, gold: str) -> float:
        """The harmonic mean of precision and recall of one language."""
        return 2 * self._right[gold] / (self._gold[gold] + self.said(gold))

    def table(self) -> str:
        """Macro-F1 over all gold languages and over those the model knows, then one line per language, worst first."""
        rows = sorted(self._gold, key=lambda name: (self.f1(name), name))
        known = [name for name in rows if any(means(name, label) for label in self._known)]
        lines = [f"macro-F1 {_mean(map(self.f1, rows))} over the {len(rows)} languages present"]
        lines.append(f"macro-F1 {_mean(map(self.f1, known))} over the {len(known)} of them that the model knows")
        lines.append(f"{'language':12}{'lines':>7}{'F1':>7}{'precision':>11}{'recall':>8}  said instead")
        for name in rows:
            precision = self._right[name] / (self.said(name) or 1)
            wrong = self._instead.get(name, collections.Counter()).most_common(3)
            instead = ", ".join(f"{label} {n}" for label, n in wrong)
            lines.append(
                f"{name:12}{self._gold[name]:7}{self.f1(name):7.3f}{precision:11.3f}"
                f"{self._right[name] / self._gold[name]:8.3f}  {instead}".rstrip()
            )
        return "\n".join(lines)


def means(gold: str, given: str) -> bool:
    """Whether a label is what a gold name means: the same language, or a member of the macrolanguage it names."""
    try:
        return given in languages.expand([gold])
    except languages.UnknownLanguage:
        return gold == given


def _mean(values: Iterable[float]) -> str:
    listed = list(values)
    return f"{sum(listed) / len(listed):.3f}" if listed else "-"
