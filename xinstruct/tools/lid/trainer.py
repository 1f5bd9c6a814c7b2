"""Trains a language identifier from labelled lines: short spans, a fastText model, its calibration, a report.

Texts come from whole sources (a news set, a declaration, story books). Two thirds of what a small model can get wrong
shows only on a source that it has not seen, so the calibration is measured on sources kept from the model.
"""

import collections
import concurrent.futures
import dataclasses
import json
import multiprocessing
import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fasttext
import regex

from xinstruct import languages
from xinstruct.tools.lid import calibration, telling
from xinstruct.tools.lid.calibration import Answer
from xinstruct.tools.lid.identifier import LanguageIdentifier, normalise

# Scripts written without spaces between words, and how many signs stand for a word when a span is cut.
_SIGNS_PER_WORD = {
    "Hans": 2, "Hant": 2, "Jpan": 2, "Thai": 5, "Laoo": 5, "Khmr": 5, "Mymr": 5, "Tibt": 5, "Lana": 5, "Java": 5,
}  # fmt: skip
_SENTENCE_END = regex.compile(r"(?<=[.!?…])[\"”’»)]*\s+|(?<=[।॥۔؟។၊་།])\s*|(?<=[。！？])[\"」』”]*|\n+")
_LONGEST_SPAN = 400
# fastText sets only a tenth of its weights when it runs on one thread and leaves the rest as memory was handed out.
# In a process that has freed nothing yet, the system hands out blocks above this size (bytes) as zeros; else there lies
# what was there before: noise, or NaN. So it runs in a process of its own.
_SURELY_ZERO = 1 << 25


@dataclasses.dataclass(frozen=True)
class Line:
    """A labelled text of a source; the label is xxx_Xxxx."""

    label: str
    source: str
    text: str


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the model is made; spans are drawn per language, so that one with little text weighs nearly as much."""

    fewest_spans: int = 1500  # for a language with no more text than a declaration
    characters_for_fewest: int = 5000
    growth: float = 0.25  # a language with twice the text gets 2 ** growth times the spans
    few_words: float = 0.5  # share of spans cut to 2-6 words, as in chats and headings
    some_words: float = 0.3  # share of spans cut to 5-15 words; the rest are 1-3 whole sentences
    shouted: float = 0.05  # share of spans put in capitals first: headings lose their dots and accents so
    source_power: float = 0.0  # 0: sources of a language weigh the same; 1: by their length
    shortest_n_gram: int = 1
    longest_n_gram: int = 4
    buckets: int = 560_000
    dimensions: int = 64
    learning_rate: float = 0.5
    epochs: int = 6
    weights_per_code: int = 4
    held_out: float = 0.5  # share of languages of which a source is kept for the calibration
    shortest_held_out: int = 3000  # characters of a source that is kept
    shortest_left: int = 10_000  # characters of a language's other sources: less than a declaration says too little
    seed: int = 7


def read_lines(paths: Iterable[Path], as_written: bool = False) -> Iterator[Line]:
    """Labelled lines of TSV (label TAB text) or JSONL (lang, script, text and, if known, source) files.

    The label is the one language that the name means, or, as_written, the name itself, known or not.
    Raises ValueError with file and line for a row that is neither, or whose language is unknown.
    """
    for path in paths:
        with path.open(encoding="utf-8", errors="replace") as rows:
            for number, row in enumerate(rows, 1):
                if not row.strip():
                    continue
                try:
                    name, source, text = _fields(row, path)
                    yield Line(name if as_written else languages.label(name), source, text)
                except (ValueError, KeyError) as error:
                    raise ValueError(f"{path}, line {number}: {error}") from error


def _fields(row: str, path: Path) -> tuple[str, str, str]:
    if row.lstrip().startswith("{"):
        read = json.loads(row)
        script = read.get("script")
        name = f"{read['lang']}_{script}" if script and "_" not in read["lang"] else read["lang"]
        return name, str(read.get("source", path.name)), str(read["text"])
    label, tab, text = row.rstrip("\n").partition("\t")
    if not tab:
        raise ValueError("neither 'label TAB text' nor a JSON object")
    return label.removeprefix("__label__"), path.name, text


def make_model(lines: Sequence[Line], out: Path, settings: Settings) -> dict[str, Any]:
    """Writes out/lid.ftz, out/lid.telling.json (words of near languages) and out/lid.json: calibration and how it was
    made, which it also gives back.
    """
    if len({line.label for line in lines}) < 2:
        raise ValueError("at least two languages are needed to train a language identifier")
    out.mkdir(parents=True, exist_ok=True)
    held_out = _answers_on_unseen_sources(lines, settings)
    model = _fit(lines, settings)
    (out / f"lid{telling.SUFFIX}").write_text(_telling_words(lines), encoding="utf-8")
    # Product quantisation: 4 weights in one byte keep the file near 10 MB; qnorm keeps each row's length apart.
    model.quantize(qnorm=True, dsub=settings.weights_per_code)
    model.save_model(str(out / "lid.ftz"))
    note = {
        "settings": dataclasses.asdict(settings),
        "languages": len({line.label for line in lines}),
        "characters": _characters(lines),
        "unseen_sources": {source: calibration.accuracy(answers) for source, answers in held_out.items()},
        "calibration": calibration.curves([answer for answers in held_out.values() for answer in answers]),
    }
    (out / "lid.json").write_text(json.dumps(note, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return note


def _characters(lines: Iterable[Line]) -> dict[str, int]:
    """Source -> characters of text."""
    found: collections.Counter[str] = collections.Counter()
    for line in lines:
        found[line.source] += len(line.text)
    return dict(found.most_common())


def _fit(lines: Iterable[Line], settings: Settings) -> Any:
    """A fastText model of spans of these lines; the same lines and settings give the same model (one thread)."""
    if settings.buckets * settings.dimensions * 4 <= _SURELY_ZERO:
        raise ValueError(f"buckets x dimensions must be above {_SURELY_ZERO // 4}: smaller models are not reproducible")
    spans = list(spans_of(lines, settings))
    random.Random(settings.seed).shuffle(spans)
    return fit(
        spans, loss="softmax", seed=settings.seed, lr=settings.learning_rate, epoch=settings.epochs,
        dim=settings.dimensions, bucket=settings.buckets, minn=settings.shortest_n_gram, maxn=settings.longest_n_gram,
        # Whole words are left out: their n-grams say as much, and the words of a few documents mislead.
        minCount=10**9,
    )  # fmt: skip


def fit(spans: Iterable[tuple[str, str]], **options: Any) -> Any:
    """The fastText classifier of (label, text) pairs, trained with these options of fastText on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spans.txt"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"__label__{label} {text}\n" for label, text in spans)
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as afresh:
            afresh.submit(_train, str(path), f"{path}.bin", options).result()
        return fasttext.load_model(f"{path}.bin")


def _train(spans: str, model: str, options: dict[str, Any]) -> None:
    fasttext.train_supervised(spans, thread=1, verbose=0, **options).save_model(model)


def spans_of(lines: Iterable[Line], settings: Settings) -> Iterator[tuple[str, str]]:
    """Random spans of every language as (label, normalised text)."""
    texts: dict[str, dict[str, list[list[str]]]] = {}
    for line in lines:
        sentences = sentences_of(line.text)
        if sentences:
            texts.setdefault(line.label, {}).setdefault(line.source, []).append(sentences)
    for label in sorted(texts):
        chance = random.Random(f"{settings.seed} {label}")
        sources = [texts[label][name] for name in sorted(texts[label])]
        weights = [sum(len(s) for text in source for s in text) ** settings.source_power for source in sources]
        for _ in range(_number_of_spans(sources, settings)):
            sentences = chance.choice(chance.choices(sources, weights)[0])
            text = _span(sentences, label, chance, settings)
            span = normalise(text.upper() if chance.random() < settings.shouted else text)
            if span:
                yield label, span


def _number_of_spans(sources: Sequence[Sequence[Sequence[str]]], settings: Settings) -> int:
    """More for languages with more text: they are also those that a line is more likely to be in."""
    characters = sum(len(sentence) for source in sources for text in source for sentence in text)
    more = max(characters / settings.characters_for_fewest, 1.0) ** settings.growth
    return int(settings.fewest_spans * more)


def sentences_of(text: str) -> list[str]:
    """A text cut at sentence ends and line breaks, roughly: enough to take natural spans from it."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def _span(sentences: list[str], label: str, chance: random.Random, settings: Settings) -> str:
    first = chance.randrange(len(sentences))
    text = " ".join(sentences[first : first + chance.choice((1, 1, 2, 3))])
    kind = chance.random()
    if kind < settings.few_words:
        return cut_words(text, label, chance, 2, 6)
    if kind < settings.few_words + settings.some_words:
        return cut_words(text, label, chance, 5, 15)
    return text[:_LONGEST_SPAN]


def cut_words(text: str, label: str, chance: random.Random, fewest: int, most: int) -> str:
    """A random run of fewest to most words of the text (of as many signs in scripts without spaces)."""
    signs = _SIGNS_PER_WORD.get(label[4:])
    units = list(text) if signs else text.split()
    length = chance.randint(fewest, most) * (signs or 1)
    first = chance.randrange(max(len(units) - length, 0) + 1)
    return ("" if signs else " ").join(units[first : first + length])


def _telling_words(lines: Iterable[Line]) -> str:
    near = {label for group in telling.NEAR for label in group}
    texts = (
        telling.Text(line.label, line.source, normalise(sentence).split())
        for line in lines
        if line.label in near
        for sentence in sentences_of(line.text)
    )
    return json.dumps(telling.learn(texts), ensure_ascii=False)


def _answers_on_unseen_sources(lines: Sequence[Line], settings: Settings) -> dict[str, list[Answer]]:
    """Source -> answers on its text by a model that saw no text of that source in these languages.

    One source each of half of the languages is held out. Were it one source of all languages, the text that most of
    them live by would be gone, and the scores would be those of a much poorer model than the one that ships.
    """
    held = held_out(lines, settings)
    asked: dict[str, list[Line]] = {}
    for line in lines:
        if held.get(line.label) == line.source:
            asked.setdefault(line.source, []).append(line)
    if not asked:
        return {}
    rest = [line for line in lines if held.get(line.label) != line.source]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.bin"
        _fit(rest, settings).save_model(str(path))
        path.with_suffix(telling.SUFFIX).write_text(_telling_words(rest), encoding="utf-8")
        path.with_suffix(".json").write_text("{}", encoding="utf-8")
        identifier = LanguageIdentifier(path)
        return {source: _answers(identifier, asked[source], settings) for source in sorted(asked)}


def held_out(lines: Iterable[Line], settings: Settings) -> dict[str, str]:
    """Label -> source that is kept from the model whose answers are the calibration: in half of the languages that
    have enough text besides, one of their sources, drawn by lot.
    """
    characters: dict[str, collections.Counter[str]] = {}
    for line in lines:
        characters.setdefault(line.label, collections.Counter())[line.source] += len(line.text)
    held: dict[str, str] = {}
    for label, by_source in sorted(characters.items()):
        possible = sorted(
            source
            for source, length in by_source.items()
            if length >= settings.shortest_held_out and by_source.total() - length >= settings.shortest_left
        )
        chance = random.Random(f"{settings.seed} held out {label}")
        if possible and chance.random() < settings.held_out:
            held[label] = chance.choice(possible)
    return held


def _answers(identifier: LanguageIdentifier, lines: Iterable[Line], settings: Settings) -> list[Answer]:
    chance = random.Random(settings.seed)
    texts: dict[str, list[str]] = {}
    for line in lines:
        texts.setdefault(line.label, []).extend(sentences_of(line.text))
    rows = []
    for label, sentences in sorted(texts.items()):
        for sentence in chance.sample(sentences, min(40, len(sentences))):
            rows += [(label, sentence), (label, cut_words(sentence, label, chance, 3, 7))]
    guesses = identifier.identify_many([text for _, text in rows])
    return [
        Answer(len(normalise(text)), guess.score, guess.label == label)
        for (label, text), guess in zip(rows, guesses, strict=True)
    ]
