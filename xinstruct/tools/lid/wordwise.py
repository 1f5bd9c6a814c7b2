"""Says how likely each language is for many texts, remembering what it has seen of each word.

It gives what fastText itself gives. The model takes a text for the mean of its n-grams of letters, and n-grams end with
their word: so the n-grams of a word, which comes again and again, need be looked up only once.
"""

import bisect
import itertools
from collections.abc import Collection, Sequence
from typing import Any

import fasttext
import numpy as np
import numpy.typing as npt

from xinstruct.tools.lid.letters import normalise

_NO_WORD = 0  # the place of what has no n-grams
_UNKNOWN = -1
_MOST_WORDS = 100_000  # remembered at once: about 40 MB
_ROWS_AT_ONCE = 16  # a larger product would start threads in each worker, which costs more than it
_TEXTS_AT_ONCE = 64
_ADDED = np.float32(1e-5)  # what fastText adds to each chance, to take its logarithm
_FEW = 20  # largest values that are looked for one by one
_LONGEST_WORD = 30  # characters of one that is remembered; in scripts without blanks whole clauses are words

Floats = npt.NDArray[np.float32]


class NotWordwise(ValueError):
    """The model is of a make in which a text is more than its words."""


class Wordwise:
    """The languages of a fastText model, told word by word. labels: those of the model, as they are written there."""

    def __init__(self, model: Any) -> None:
        """model: as fastText loads it; raises NotWordwise."""
        told = model.f.getArgs()
        if told.wordNgrams != 1 or told.qout or told.loss.name != "softmax" or model.get_words():
            raise NotWordwise("the model is no softmax over n-grams within words")
        self._model = model
        self._lengths = range(told.minn, told.maxn + 1)
        self.labels: tuple[str, ...] = tuple(model.get_labels())
        self._names = np.array(self.labels, dtype=object)
        # The module's own functions copy twice, and refuse to give the output of quantised models, though it is whole.
        self._output: Floats = np.array(model.f.getOutputMatrix(), dtype=np.float32).T.copy()
        self._vector = fasttext.FastText.fasttext.Vector(len(self._output))
        self._mean: Floats = np.array(self._vector, copy=False)
        self._n_grams: dict[int, int] = {}  # how many there are in a word of so many letters
        # of each word the sum of its n-grams, and how many there are
        self._sums: Floats = np.zeros((_MOST_WORDS + 1, len(self._output) + 1), dtype=np.float32)
        self._used = 1
        self._places: dict[str, int] = {}  # of words as the model sees them
        self._written: dict[str, int] = {}  # and as pages write them

    def chances(self, texts: Sequence[str]) -> Floats:
        """For each normalised text the chance of every label, rows and columns in order; zeros without letters."""
        return self._told([text.split() for text in texts], self._places, as_written=False)

    def best(self, texts: Sequence[str], count: int) -> list[list[tuple[str, float]]]:
        """For each normalised text the likeliest labels with their chances, best first."""
        found: list[list[tuple[str, float]]] = []
        for at in range(0, len(texts), _TEXTS_AT_ONCE):
            chances = np.minimum(self.chances(texts[at : at + _TEXTS_AT_ONCE]) + _ADDED, 1)
            likely, scores = _largest(chances, min(count, len(self.labels)))
            named = self._names[likely].tolist()
            found += [list(zip(*both, strict=True)) for both in zip(named, scores.tolist(), strict=True)]
        return found

    def glance(self, stretches: Sequence[str]) -> Floats:
        """The same for stretches of text as pages write it, but for apostrophes at the edges of words."""
        return self._told([stretch.split() for stretch in stretches], self._written, as_written=True)

    def _told(self, rows: Sequence[list[str]], known: dict[str, int], as_written: bool) -> Floats:
        if not rows:
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        if self._used > _MOST_WORDS or len(self._written) > _MOST_WORDS:
            self._forget()
        # each row begins with a word that weighs nothing, for NumPy's sum of no words at all is not zero
        begins: list[int] = []
        words: list[str] = []
        for row in rows:
            begins.append(len(words))
            words.append("")
            words += row
        known[""] = _NO_WORD
        places = np.fromiter(map(known.get, words, itertools.repeat(_UNKNOWN)), dtype=np.intp, count=len(words))
        passing: list[int] = []
        unknown = np.flatnonzero(places == _UNKNOWN).tolist()
        if unknown:
            self._learn(dict.fromkeys(words[at] for at in unknown), known, as_written)
            for at in unknown:
                places[at] = known.get(words[at], _NO_WORD)
            passing = [at for at in unknown if words[at] not in known]
        sums: Floats = np.add.reduceat(self._sums.take(places, axis=0), begins, axis=0)
        for at in passing:
            parts = _parts(words[at]) if as_written else [words[at]]
            sums[bisect.bisect(begins, at) - 1] += self._seen(parts).sum(axis=0)
        counts = sums[:, -1:]
        chances = self._softmax(sums[:, :-1] / np.maximum(counts, 1))
        chances[counts[:, 0] == 0] = 0
        return chances

    def _softmax(self, means: Floats) -> Floats:
        few = (means[at : at + _ROWS_AT_ONCE] @ self._output for at in range(0, len(means), _ROWS_AT_ONCE))
        odds: Floats = np.concatenate(list(few))
        odds -= odds.max(axis=1, keepdims=True)
        np.exp(odds, out=odds)
        odds /= odds.sum(axis=1, keepdims=True)
        return odds

    def _learn(self, new: Collection[str], known: dict[str, int], as_written: bool) -> None:
        """Remembers words; those that are too long it does not, nor those for which there is no place left."""
        if not as_written:
            self._remember(new)
            return
        parts = {word: _parts(word) for word in new}
        single = dict.fromkeys(own[0] for own in parts.values() if len(own) == 1)
        self._remember([word for word in single if word not in self._places])
        for word, own in parts.items():
            place = self._places.get(own[0]) if len(own) == 1 else None if own else _NO_WORD
            if len(own) > 1 and len(word) <= _LONGEST_WORD and self._used <= _MOST_WORDS:
                place, self._used = self._used, self._used + 1
                self._sums[place] = self._seen(own).sum(axis=0)
            if place is not None:
                known[word] = place

    def _remember(self, words: Collection[str]) -> None:
        """The same for words as the model sees them."""
        room = _MOST_WORDS + 1 - self._used
        new = [word for word in words if len(word) <= _LONGEST_WORD][:room]
        end = self._used + len(new)
        self._sums[self._used : end] = self._seen(new)
        self._places.update(zip(new, range(self._used, end), strict=True))
        self._used = end

    def _seen(self, words: Sequence[str]) -> Floats:
        """For each word the sum of its n-grams, and how many there are."""
        sums = np.empty((len(words), self._sums.shape[1]), dtype=np.float32)
        vector, vector_of, mean = self._vector, self._model.f.getWordVector, self._mean
        for at, word in enumerate(words):
            vector_of(vector, word)
            sums[at, :-1] = mean
        sums[:, -1] = [self._n_grams_of(len(word)) for word in words]
        sums[:, :-1] *= sums[:, -1:]
        return sums

    def _n_grams_of(self, letters: int) -> int:
        if (many := self._n_grams.get(letters)) is None:
            # with a mark on either side, which is no n-gram by itself
            many = sum(max(0, letters + 3 - length) for length in self._lengths) - 2 * (1 in self._lengths)
            self._n_grams[letters] = many
        return many

    def _forget(self) -> None:
        self._places.clear()
        self._written.clear()
        self._used = 1


def _largest(chances: Floats, count: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """The columns of the largest values of each row, with these values, largest first."""
    if count > _FEW:
        columns = np.argsort(-chances, axis=1, kind="stable")[:, :count]
        return columns, np.take_along_axis(chances, columns, axis=1)
    left, every = chances.copy(), np.arange(len(chances))
    columns = np.empty((len(chances), count), dtype=np.intp)
    values = np.empty((len(chances), count), dtype=np.float32)
    for place in range(count):  # a twelfth of the time of np.argpartition
        columns[:, place] = left.argmax(axis=1)
        values[:, place] = left[every, columns[:, place]]
        left[every, columns[:, place]] = -1
    return columns, values


def _parts(word: str) -> list[str]:
    return [word.lower()] if word.isascii() and word.isalpha() else normalise(word).split()
