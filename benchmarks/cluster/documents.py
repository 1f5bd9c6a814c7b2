"""Makes documents in many languages of real sentences, among them near-duplicates of every likeness."""

import gzip
import itertools
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xinstruct.tools.sentences import sentences

LETTERS = 1000  # of a document, on average
IN_A_FILE = 20_000
SHORTEST, LONGEST = 20, 250  # characters of a sentence that is used
FEWEST = 300  # different sentences of a language that is used
PLANTED = 0.09  # variants for each document that is nobody's variant
# How a variant differs: how many in a hundred, and the range from which its likeness is drawn.
KINDS = (("same", 12, 1.0, 1.0), ("spaced", 4, 1.0, 1.0), ("near", 64, 0.69, 1.0), ("far", 20, 0.5, 0.69))


@dataclass(frozen=True)
class Document:
    """One document; of: the number of the document that it varies."""

    number: int
    language: str
    text: str
    of: int | None = None


def pools(source: Path) -> dict[str, list[str]]:
    """The different sentences of each language of which there are enough, long ones cut."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            language = f"{row['lang']}_{row['script']}"
            text = row["text"]
            for begin, end in sentences(text, language):
                for piece in range(begin, end, LONGEST):
                    sentence = text[piece : min(end, piece + LONGEST)].strip()
                    if len(sentence) >= SHORTEST:
                        found[language][sentence] = None
    return {language: list(some) for language, some in found.items() if len(some) >= FEWEST}


def documents(pool: dict[str, list[str]], count: int, seed: int = 0) -> Iterator[Document]:
    """So many documents: originals of sentences drawn anew for each, and variants of some, anywhere behind them."""
    chance = random.Random(seed)
    languages, weights = list(pool), list(itertools.accumulate(len(some) for some in pool.values()))
    waiting: list[tuple[int, str, str]] = []
    for number in range(count):
        if waiting and (len(waiting) >= count - number or chance.random() < PLANTED):
            place = chance.randrange(len(waiting))
            waiting[place], waiting[-1] = waiting[-1], waiting[place]
            of, language, text = waiting.pop()
            yield Document(number, language, text, of)
            continue
        language = chance.choices(languages, cum_weights=weights)[0]
        text = original(chance, pool[language])
        yield Document(number, language, text)
        if chance.random() < PLANTED:
            # a few have several, which are like one another, too
            for _ in range(3 if chance.random() < 0.05 else 1):
                waiting.append((number, language, variant(chance, text, pool[language])))


def original(chance: random.Random, some: list[str]) -> str:
    """Sentences of one language, in lines of a few."""
    length = max(300, round(chance.gauss(LETTERS, LETTERS / 4)))
    found, letters = [], 0
    while letters < length:
        found.append(chance.choice(some))
        found.append("\n" if chance.random() < 0.2 else " ")
        letters += len(found[-2]) + 1
    return "".join(found[:-1])


def variant(chance: random.Random, text: str, some: list[str]) -> str:
    """The text, changed so that its Jaccard similarity to the original is near to one drawn from a kind's range."""
    kind, _, low, high = chance.choices(KINDS, [share for _, share, _, _ in KINDS])[0]
    if kind == "same":
        return text
    if kind == "spaced":
        return f"  {text.upper() if text.upper().casefold() == text.casefold() else text}\n".replace(" ", "  ")
    likeness = chance.uniform(low, high)
    replaced = (1 - likeness) / (1 + likeness)
    other = original(chance, some)
    way = chance.choice(("cut", "added", "block", "scattered"))
    if way == "cut":
        return text[: round(len(text) * likeness)]
    if way == "added":
        return text + " " + other[: round(len(text) * (1 / likeness - 1))]
    if way == "block":
        size = round(len(text) * replaced)
        begin = chance.randrange(len(text) - size + 1)
        return text[:begin] + other[:size] + text[begin + size :]
    return scattered(chance, text, other, replaced)


def scattered(chance: random.Random, text: str, other: str, replaced: float) -> str:
    """The text with short stretches replaced here and there, so that this share of its 5-character pieces is lost."""
    letters = list(text)
    lost, wanted = 0, replaced * len(text)
    touched = [False] * len(text)
    while lost < wanted:
        size = chance.randint(1, 6)
        begin, origin = chance.randrange(len(text)), chance.randrange(len(other))
        for place, letter in zip(range(begin, min(begin + size, len(text))), other[origin:], strict=False):
            letters[place] = letter
        for place in range(max(0, begin - 4), min(begin + size, len(text))):
            lost += not touched[place]
            touched[place] = True
    return "".join(letters)


def write(source: Path, folder: Path, count: int) -> dict[int, int]:
    """Writes the documents as JSON lines, IN_A_FILE to a file; gives which are variants, and of which."""
    folder.mkdir()
    varied: dict[int, int] = {}
    made = documents(pools(source), count)
    for number in range(-(-count // IN_A_FILE)):
        with (folder / f"{number:05d}.jsonl").open("w", encoding="utf-8") as file:
            for document in itertools.islice(made, IN_A_FILE):
                row = {"id": str(document.number), "language": document.language, "text": document.text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                if document.of is not None:
                    varied[document.number] = document.of
    return varied


def read(folder: Path) -> Iterator[Document]:
    """The documents that were written, without telling which are variants."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                yield Document(int(row["id"]), row["language"], row["text"])
