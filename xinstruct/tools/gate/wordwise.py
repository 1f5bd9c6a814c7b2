"""Says how likely each language is for many short stretches of text, remembering what it has seen of each word.

It gives what the identifier's fastText model gives, but for apostrophes at the edges of words. The model takes a text
for the mean of its n-grams of letters, and n-grams end with their word: so a word's n-grams need be summed only once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import numpy.typing as npt

from xinstruct.tools.lid.identifier import normalise

_NO_WORD = 0  # the place of what has no n-grams
_MOST_WORDS = 100_000  # remembered at once: about 40 MB
_ROWS_AT_ONCE = 8  # a larger product would start threads in each worker, which costs more than it
_MARKS = '.,;:!?()[]"“”„«»…-–—|/·•،؛؟।'
_LONGEST_WORD = 30  # characters of one that is remembered; in scripts without blanks whole clauses are words

Floats = npt.NDArray[np.float32]


class Wordwise:
    """The languages of a fastText model, told word by word. labels: those of the model, as they are written there."""

    def __init__(self, path: Path) -> None:
        """Loads the model; ValueError where it is none, or of a make whose words cannot be taken by themselves."""
        self._model = fasttext.load_model(str(path))
        told = self._model.f.getArgs()
        if told.wordNgrams != 1 or told.qout or told.loss.name != "softmax" or self._model.get_words():
            raise ValueError(f"{path} is no softmax over n-grams within words")
        self._lengths = range(told.minn, told.maxn + 1)
        self.labels: tuple[str, ...] = tuple(self._model.get_labels())
        # The module's own functions copy twice, and refuse to give the output of quantised models, though it is whole.
        self._output: Floats = np.array(self._model.f.getOutputMatrix(), dtype=np.float32)
        self._vector = fasttext.FastText.fasttext.Vector(self._output.shape[1])
        self._nothing: Floats = np.zeros(self._output.shape[1], dtype=np.float32)
        self._places: dict[str, int] = {}
        self._sums: Floats = np.zeros((_MOST_WORDS + 1, self._output.shape[1]), dtype=np.float32)
        self._counts = np.zeros(_MOST_WORDS + 1, dtype=np.float32)

    def chances(self, stretches: Sequence[str]) -> Floats:
        """For each stretch the chance of every label, rows and columns in order; a row of zeros without letters.

        stretches: of fewer than 100,000 characters together.
        """
        if len(self._places) + sum(map(len, stretches)) > _MOST_WORDS:
            self._places.clear()
        if not stretches:
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        places: list[int] = []
        begins: list[int] = []
        long: list[tuple[int, Any, int]] = []
        for row, stretch in enumerate(stretches):
            begins.append(len(places))
            places.append(_NO_WORD)
            for word in stretch.replace("İ", "i").lower().split():
                word = word.strip(_MARKS)
                place = self._places.get(word)
                if place is not None:
                    places.append(place)
                elif len(word) > _LONGEST_WORD:
                    long.append((row, *self._seen(word)))
                else:
                    places.append(self._remembered(word))
        sums: Floats = np.add.reduceat(self._sums[places], begins, axis=0)
        counts = np.add.reduceat(self._counts[places], begins)
        for row, seen, count in long:
            sums[row] += seen
            counts[row] += count
        means = sums / np.maximum(counts, 1)[:, None]
        few = (means[at : at + _ROWS_AT_ONCE] @ self._output.T for at in range(0, len(means), _ROWS_AT_ONCE))
        odds = np.concatenate(list(few))
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        chances: Floats = odds / odds.sum(axis=1, keepdims=True) * (counts > 0)[:, None]
        return chances

    def _seen(self, word: str) -> tuple[Any, int]:
        """The sum of a word's n-grams, and how many there are."""
        total, many = self._nothing, 0
        for part in (word,) if word.isascii() and word.isalpha() else normalise(word).split():
            # with a mark on either side, which is no n-gram by itself
            count = sum(max(0, len(part) + 3 - length) for length in self._lengths) - 2 * (1 in self._lengths)
            self._model.f.getWordVector(self._vector, part)
            total = total + np.array(self._vector, copy=False) * count
            many += count
        return total, many

    def _remembered(self, word: str) -> int:
        place = self._places[word] = len(self._places) + 1
        self._sums[place], self._counts[place] = self._seen(word)
        return place
