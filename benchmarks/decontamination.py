"""Plants evaluation texts in documents, whole and in part, and measures how many of them decontamination finds.

`python -m benchmarks.decontamination [--data ../shared/data] [--plantings 150]`. Evaluation texts are NTREX-128, the
XQuAD passages and other answers of `instr`, and MGSM; documents are those of all other sources in `docs`. In ten
languages of nine scripts, documents get a stretch of an evaluation text put in at some place. Half of the stretches are
disguised: other case, full-width forms, other punctuation, line breaks, doubled blanks. Kinds of planting:

* 13 words, 60 characters: exactly these, cut anywhere (no words where no blanks part them);
* sentence: one of the text's, of 60 characters or more; whole: all of the text;
* edited: all of it in a paragraph of its own, one word in ten exchanged (one character in thirty without blanks);
* too short: 45 characters of at most ten words, which are to stay.

The tables give the share of plantings that is dropped: recall, except of those that are too short. Precision is that
of a corpus in which 1 % of the documents are planted: what is flagged of the others is looked through letter by letter
and counts as false unless it does share a stretch. The peer is lm-evaluation-harness's own rule of 13-grams (its
Janitor), where it is installed (`uv pip install --no-deps lm-eval`), else the same rule written out here. Documents per
second are those of one core, in CPU time. A last table is of sets whose items share stretches, see
decontamination_shapes.
"""

import argparse
import gzip
import json
import random
import string
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import regex

from benchmarks import decontamination_shapes
from xinstruct.tools.overlap.fingerprint import Fingerprint
from xinstruct.tools.overlap.index import Index
from xinstruct.tools.overlap.search import overlaps

LANGUAGES = ("fin", "tur", "rus", "ara", "hin", "ben", "tam", "tha", "khm", "zho")
UNSPACED = {"tha", "khm", "zho"}
KINDS = ("13 words", "60 characters", "sentence", "whole", "edited")
STAYS = "too short"
EVALUATION = {"NTREX-128", "XQuAD"}
AT_ONCE = 64
PLANTED = 0.01
WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in string.ascii_letters + string.digits}
SENTENCE = regex.compile(r"(?<=[.!?…。！？؟।॥។])\s*")
Seen = Callable[[list[str]], list[bool]]


def main() -> int:
    """Prints the tables; 0 where the data were there, 2 with one sentence where not."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data")
    options.add_argument("--plantings", type=int, default=150, help="of each kind in each language")
    given = options.parse_args()
    if not (given.data / "docs").is_dir():
        print(f"no documents: {given.data / 'docs'} is not there; name the folder with --data.", file=sys.stderr)
        return 2
    documents, evaluation = _gathered(given.data)
    texts = [(f"{language}:{number}", text) for language in evaluation for number, text in _of(evaluation, language)]
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        fingerprint = Fingerprint.of("evaluation", texts)
        Index.write(Path(folder) / "index", "", [fingerprint])
        took = time.process_time() - began
        print(
            f"{len(texts)} evaluation texts of {sum(len(t) for _, t in texts) / 1e6:.1f} million characters: ", end=""
        )
        print(f"fingerprint {took:.1f} s CPU, {_size(Path(folder) / 'index') / 1e6:.1f} MB")
        index = Index(Path(folder) / "index")
        peer, name = _peer([text for _, text in texts])
        seen = {"xinstruct": lambda batch: [found is not None for found in overlaps(batch, index)], name: peer}
        flagged = _unplanted(documents, texts, seen)
        _planted(documents, evaluation, seen, flagged, given.plantings)
    decontamination_shapes.report(*_passages(given.data, documents, evaluation), documents)
    return 0


def _gathered(data: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Documents and evaluation texts by language; no source gives both."""
    documents, evaluation = defaultdict(list), defaultdict(set)
    for row in _rows(data / "docs" / "docs.jsonl.gz"):
        if row["source"] in EVALUATION:
            evaluation[row["lang"]].add(row["text"])
        else:
            documents[row["lang"]].append(row["text"])
    for row in _rows(data / "instr" / "en_instruction_xx_response.jsonl.gz"):
        evaluation[row["lang"]].add(row["response"])
    for row in _rows(data / "instr" / "mgsm.jsonl.gz"):
        evaluation[row["lang"]].add(row["question"])
    return documents, {language: sorted(texts) for language, texts in sorted(evaluation.items())}


def _passages(
    data: Path, documents: dict[str, list[str]], evaluation: dict[str, list[str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Passages of reading tests, and other evaluation texts, of languages that have them and documents."""
    passages = defaultdict(list)
    for row in _rows(data / "docs" / "docs.jsonl.gz"):
        if row["source"] == "XQuAD" and documents.get(row["lang"]):
            passages[row["lang"]].append(row["text"])
    return passages, {
        name: [text for text in evaluation[name] if len(text) > 70 and text not in passages[name]] for name in passages
    }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _of(evaluation: dict[str, list[str]], language: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(evaluation[language])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _peer(texts: list[str]) -> tuple[Seen, str]:
    """The peer's verdicts, and what it is called."""
    try:
        from lm_eval.decontamination.janitor import Janitor, word_ngrams
    except ImportError:
        delete = str.maketrans("", "", string.punctuation)

        def ngrams(text: str) -> Iterator[str]:
            words = text.lower().translate(delete).split()
            return (" ".join(words[at : at + 13]) for at in range(len(words) - 12))

        known = {ngram for text in texts for ngram in ngrams(text)}
        return lambda batch: [any(ngram in known for ngram in ngrams(text)) for text in batch], "13-grams"
    janitor = Janitor()
    for text in texts:
        janitor.register_contaminant_python(text)

    def seen(batch: list[str]) -> list[bool]:
        forms = (janitor.normalize_string(text) for text in batch)
        return [any(ngram in janitor.dirt_ngrams for ngram in word_ngrams(form, 13)) for form in forms]

    return seen, "lm-eval"


def _unplanted(
    documents: dict[str, list[str]], texts: list[tuple[str, str]], seen: dict[str, Seen]
) -> dict[str, dict[str, int]]:
    """What each flags of documents in which nothing was planted and that share nothing, by language. Prints speeds."""
    pairs = [(language, text) for language, of in documents.items() for text in of]
    plain = _Plain([text for _, text in texts])
    flagged: dict[str, dict[str, int]] = {}
    characters = sum(len(text) for _, text in pairs)
    for name, verdicts in seen.items():
        began = time.process_time()
        said = [v for at in range(0, len(pairs), AT_ONCE) for v in verdicts([t for _, t in pairs[at : at + AT_ONCE]])]
        took = time.process_time() - began
        told = [pair for pair, flag in zip(pairs, said, strict=True) if flag]
        false = [language for language, text in told if not plain.shares(text)]
        flagged[name] = {language: false.count(language) for language in documents}
        print(
            f"{name}: {len(pairs) / took:,.0f} documents of {characters / len(pairs):,.0f} characters a second, "
            f"{characters / 1000 / took:,.0f} thousand characters; flagged without planting {len(told)} of "
            f"{len(pairs)}, of which {len(told) - len(false)} do share a stretch and {len(false)} do not"
        )
    return flagged


class _Plain:
    """Whether a text shares 13 words or 60 characters with another, looked up in all of them as strings."""

    def __init__(self, texts: list[str]) -> None:
        self._words: set[tuple[str, ...]] = set()
        self._characters: set[int] = set()
        for text in texts:
            words, signs = self._forms(text)
            self._words.update(tuple(words[at : at + 13]) for at in range(len(words) - 12))
            self._characters.update(hash(signs[at : at + 45]) for at in range(len(signs) - 44))

    def shares(self, text: str) -> bool:
        """Letters alone are compared: 45 of them, as 60 characters have at the least but for one place in fifty."""
        words, signs = self._forms(text)
        return any(tuple(words[at : at + 13]) in self._words for at in range(len(words) - 12)) or any(
            hash(signs[at : at + 45]) in self._characters for at in range(len(signs) - 44)
        )

    @staticmethod
    def _forms(text: str) -> tuple[list[str], str]:
        form = unicodedata.normalize("NFKC", text).casefold()
        words = regex.findall(r"[\p{L}\p{M}\p{N}]+", regex.sub(r"[\p{Default_Ignorable_Code_Point}ـ'’]", "", form))
        return words, "".join(words)


def _planted(
    documents: dict[str, list[str]],
    evaluation: dict[str, list[str]],
    seen: dict[str, Seen],
    flagged: dict[str, dict[str, int]],
    plantings: int,
) -> None:
    """Prints recall by language and kind, and precision at 1 % planted."""
    names = list(seen)
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for language in LANGUAGES:
        for kind in (*KINDS, STAYS):
            chance = random.Random(f"{language} {kind}")
            texts = [
                _document(documents[language], evaluation[language], kind, language, chance) for _ in range(plantings)
            ]
            texts = [text for text in texts if text]
            for name in names:
                verdicts = [v for at in range(0, len(texts), AT_ONCE) for v in seen[name](texts[at : at + AT_ONCE])]
                found[name, language, kind] = (sum(verdicts), len(verdicts))
    for name in names:
        print(f"\n{name:12}" + "".join(f"{kind:>15}" for kind in (*KINDS, STAYS)) + f"{'precision':>12}")
        for language in (*LANGUAGES, "all"):
            these = LANGUAGES if language == "all" else (language,)
            shares = [_share([found[name, each, kind] for each in these]) for kind in (*KINDS, STAYS)]
            right, tried = map(sum, zip(*(found[name, each, kind] for each in these for kind in KINDS), strict=True))
            false = sum(flagged[name][each] for each in these) / sum(len(documents[each]) for each in these)
            true = PLANTED * right / tried
            precision = f"{true / (true + (1 - PLANTED) * false):.3f}" if true else "-"
            print(f"{language:12}" + "".join(f"{share:>15}" for share in shares) + f"{precision:>12}")


def _share(counts: list[tuple[int, int]]) -> str:
    found, tried = map(sum, zip(*counts, strict=True))
    return f"{found / tried:.3f} of {tried}" if tried else "-"


def _document(documents: list[str], evaluation: list[str], kind: str, language: str, chance: random.Random) -> str:
    """A document with a planting; empty where the language has none of this kind."""
    stretch = ""
    while not stretch:
        if kind == "13 words" and language in UNSPACED:
            return ""
        stretch = _stretch(unicodedata.normalize("NFC", chance.choice(evaluation)), kind, language, chance)
    if kind == "edited":
        stretch = _edited(stretch, language, evaluation, chance)
    elif kind != STAYS and chance.random() < 0.5:
        stretch = _disguised(stretch, chance)
    document = chance.choice(documents)
    if kind == "edited":
        return f"{document}\n{stretch}\n{chance.choice(documents)}"
    places = [0, *(match.end() for match in regex.finditer(r"\s+", document)), len(document)]
    at = chance.choice(places)
    return f"{document[:at]} {stretch} {document[at:]}"


def _stretch(text: str, kind: str, language: str, chance: random.Random) -> str:
    if kind in ("60 characters", STAYS):
        length = 60 if kind != STAYS else 45
        at = chance.randrange(max(1, len(text) - length + 1))
        stretch = text[at : at + length]
        return stretch if len(stretch) == length and (kind != STAYS or len(stretch.split()) <= 10) else ""
    if kind == "13 words":
        words = text.split()
        at = chance.randrange(max(1, len(words) - 12))
        return " ".join(words[at : at + 13]) if len(words) >= 13 else ""
    if kind == "sentence":
        sentences = [sentence for sentence in SENTENCE.split(text) if len(sentence) >= 60]
        return chance.choice(sentences) if sentences else ""
    return text if len(text) >= 60 else ""


def _edited(text: str, language: str, evaluation: list[str], chance: random.Random) -> str:
    other = chance.choice(evaluation)
    if language in UNSPACED:
        return "".join(chance.choice(other) if chance.random() < 1 / 30 else sign for sign in text)
    words = other.split()
    return " ".join(chance.choice(words) if chance.random() < 0.1 else word for word in text.split())


def _disguised(stretch: str, chance: random.Random) -> str:
    """The stretch in another guise, which readers would call the same text."""
    guise = chance.randrange(5)
    if guise == 0:
        return stretch.upper()
    if guise == 1:
        return stretch.translate(WIDE)
    if guise == 2:
        return regex.sub(r"\p{P}+", lambda _: chance.choice(["", " -", "…", " « "]), stretch)
    if guise == 3:
        return regex.sub(r"\s+", lambda _: chance.choice(["\n", " ", "\r\n", "\u00a0"]), stretch)
    return regex.sub(r"\s", "  ", stretch)


if __name__ == "__main__":
    sys.exit(main())
