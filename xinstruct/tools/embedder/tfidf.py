"""Makes vectors of instructions by their words, without a model: words that go together in a language's sample meet."""

import functools
from collections.abc import Sequence

import numpy as np
import regex
from threadpoolctl import threadpool_limits

from xinstruct.tools.embedder.vectors import DIMENSIONS, Vectors, unit
from xinstruct.tools.minhash.shingles import folded

_FEATURES = 1 << 16
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# A Chinese or Japanese word is one to three characters, and stands without blanks in a run of them.
_SHORT_WORDS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")


class Tfidf:
    """Vectors by TF-IDF of words and pieces of words, hashed and reduced; nothing is downloaded.

    sample: texts from which it learns which words are common and which go together; the same sample, in the same order,
    makes the same embedder.
    """

    def __init__(self, sample: Sequence[str], seed: int = 0) -> None:
        # It takes a second to load: commands that only look do not wait for it.
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        self._counter = HashingVectorizer(
            analyzer=_features, n_features=_FEATURES, norm=None, alternate_sign=False, dtype=np.float64
        )
        self._weigher, self._reducer = TfidfTransformer(sublinear_tf=True), None
        with threadpool_limits(1):
            counts = self._counter.transform(sample)
            self._used = np.unique(counts.indices)
            weights = self._weigher.fit_transform(counts[:, self._used]) if len(self._used) else counts
            if min(weights.shape) > 1 and len(self._used) > 1:
                # Fewer dimensions than texts, or every text would have one of its own.
                size = min(DIMENSIONS, max(1, len(sample) // 2), len(self._used) - 1)
                # Where all texts are alike, it divides by their variance all the same, for a figure that nobody reads.
                with np.errstate(divide="ignore", invalid="ignore"):
                    self._reducer = TruncatedSVD(size, random_state=seed).fit(weights)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """See Embedder; a text of which the sample has no word is all zeros."""
        if self._reducer is None:
            return np.zeros((len(texts), 1), np.float32)
        with threadpool_limits(1):
            weights = self._weigher.transform(self._counter.transform(texts)[:, self._used])
            return unit(self._reducer.transform(weights))


def _features(text: str) -> list[str]:
    # Words, and pieces of words, by which inflected forms of the native words in a title still meet.
    found = []
    for word in _WORD.findall(folded(text)):
        if len(word) < 2 or word in _stop_words():
            continue
        width, padded = (2, word) if _SHORT_WORDS.match(word) else (4, f" {word} ")
        found.append(word)
        found += [padded[begin : begin + width] for begin in range(len(padded) - width + 1)]
    return found


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)
