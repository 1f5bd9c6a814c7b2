"""The language identifier's model, asked word by word: it must say what fastText says of the whole text."""

from pathlib import Path

import fasttext
import pytest

from tests.test_gate import ENGLISH, GERMAN, RUSSIAN, SWAHILI, TAMIL
from xinstruct.tools.lid.identifier import LanguageIdentifier
from xinstruct.tools.lid.letters import letters, normalise
from xinstruct.tools.lid.model import Whole, load
from xinstruct.tools.lid.trainer import fit
from xinstruct.tools.lid.wordwise import Wordwise

SHIPPED = LanguageIdentifier().path
TEXTS = [SWAHILI, ENGLISH, GERMAN, RUSSIAN, TAMIL]
AS_WRITTEN = [
    "İstanbul’da 3 gün: https://a.example/x",
    "don't quote me",
    "l’amélioration",
    "ﬁne",
    "12:30",
    "",
    "日本語の文章",
]


@pytest.fixture
def model() -> Wordwise:
    return Wordwise(fasttext.load_model(str(SHIPPED)))


def test_wordwise_says_what_fasttext_says_of_the_whole_text(model: Wordwise) -> None:
    texts = [normalise(text) for text in [*TEXTS, *AS_WRITTEN, "rock' n' roll", "ang 'bahay' namin", "ก" * 300]]
    texts = [text for text in texts if text]
    whole = Whole(fasttext.load_model(str(SHIPPED)))
    for _ in range(2):  # the second time from memory
        for told, expected in zip(model.best(texts, 3), whole.best(texts, 3), strict=True):
            assert [label for label, _ in told] == [label for label, _ in expected]
            assert [score for _, score in told] == pytest.approx([score for _, score in expected], abs=1e-5)


def test_a_glance_says_the_same_of_text_as_it_is_written(model: Wordwise) -> None:
    texts = [text[:100] for text in TEXTS] + AS_WRITTEN
    for _ in range(2):
        told = model.glance(texts)
        assert told == pytest.approx(model.chances([normalise(text) for text in texts]), abs=1e-4)
        assert told[-3].sum() == told[-2].sum() == 0  # a time of day and nothing have no letters
        assert told[0].sum() == pytest.approx(1)


def test_all_labels_are_told_when_all_are_asked_for(model: Wordwise) -> None:
    (told,) = model.best([normalise(SWAHILI)], len(model.labels))
    assert sorted(label for label, _ in told) == sorted(model.labels)
    assert [score for _, score in told] == sorted((score for _, score in told), reverse=True)


def test_words_without_end_are_not_all_remembered(model: Wordwise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinstruct.tools.lid.wordwise._MOST_WORDS", 100)
    texts = [SWAHILI[:300], ENGLISH[:300], GERMAN[:300]]
    first = model.glance(texts)
    for text in texts * 3:
        model.glance([f"{text} {text[::-1]}"])
        model.chances([normalise(f"{text} {text[::-1]}")])
    assert model.glance(texts) == pytest.approx(first, abs=1e-6)
    assert [model.labels[row.argmax()] for row in first] == [f"__label__{x}_Latn" for x in ("swh", "eng", "deu")]


def toy_model(path: Path, other: str, **options: int) -> Path:
    spans = [(other, "habari ya leo"), ("eng_Latn", "the news of today")] * 50
    fit(spans, dim=64, epoch=5, lr=0.5, bucket=200_000, seed=1, **options).save_model(str(path))
    return path


def test_model_of_another_make_is_asked_about_whole_texts(tmp_path: Path) -> None:
    path = toy_model(tmp_path / "pairs.bin", "swh_Latn", wordNgrams=2, minn=1, maxn=3)
    assert isinstance(load(SHIPPED), Wordwise)
    assert isinstance(load(path), Whole)
    assert LanguageIdentifier(path).identify("the news of today").label == "eng_Latn"


def test_a_model_that_was_made_anew_is_loaded_anew(tmp_path: Path) -> None:
    for other in ("swh_Latn", "xho_Latn"):
        path = toy_model(tmp_path / "lid.bin", other, minn=1, maxn=3)
        assert LanguageIdentifier(path).labels == ("eng_Latn", other)


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("12 + 3", 0), ("Ndiyo, 2!", 5), ("தமிழ்", 3), ("naïve", 5), ("中文", 2), ("🙂", 0)]
)
def test_letters_are_counted_without_the_marks_on_them(text: str, count: int) -> None:
    assert letters(text) == count


@pytest.mark.parametrize(
    "text", ["It's `fine`, isn't it?", "'Quoted'", "a.b@c.example d", "www.a.example e", "x\ty\nz"]
)
def test_plain_text_is_normalised_as_any_other(text: str) -> None:
    # a letter that is not ASCII takes the longer way
    assert normalise(f"{text} é").removesuffix("é").strip(" '") == normalise(text)
