"""Turns English instructions into vectors in which those about similar things are close, and groups them by topic.

scikit-learn takes seconds to load: it is imported where it is used, so that commands that only look do not wait for it.
"""

import functools
from collections.abc import Sequence

import numpy as np
import regex
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from xinstruct.tools.minhash.shingles import folded

DIMENSIONS = 64
_FEATURES = 1 << 16
_VECTORS_AT_ONCE = 1024
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# A Chinese or Japanese word is one to three characters, and stands without blanks in a run of them.
_SHORT_WORDS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
Vectors = NDArray[np.float64]


@functools.cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


def _features(text: str) -> list[str]:
    # Words, and pieces of words, by which inflected forms of the native words in a title still meet. What an
    # instruction quotes is left in: there, the topic is named.
    found = []
    for word in _WORD.findall(folded(text)):
        if len(word) < 2 or word in _stop_words():
            continue
        width, padded = (2, word) if _SHORT_WORDS.match(word) else (4, f" {word} ")
        found.append(word)
        found += [padded[begin : begin + width] for begin in range(len(padded) - width + 1)]
    return found


class Embedder:
    """Vectors by TF-IDF of words and pieces of words, hashed and reduced; nothing is downloaded.

    sample: texts from which it learns which words are common and which go together; the same sample, in the same order,
    makes the same embedder.
    """

    def __init__(self, sample: Sequence[str], seed: int = 0) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        self._counter = HashingVectorizer(
            analyzer=_features, n_features=_FEATURES, norm=None, alternate_sign=False, dtype=np.float64
        )
        self._weigher, self._reducer = TfidfTransformer(sublinear_tf=True), None
        with threadpool_limits(1):
            counts = self._counter.transform(sample)
            self._used = np.unique(counts.indices)
            weights = self._weigher.fit_transform(counts[:, self._used])
            if min(weights.shape) > 1:
                # Fewer dimensions than texts, or every text would have one of its own.
                size = min(DIMENSIONS, max(1, len(sample) // 2), len(self._used) - 1)
                # Where all texts are alike, it divides by their variance all the same, for a figure that nobody reads.
                with np.errstate(divide="ignore", invalid="ignore"):
                    self._reducer = TruncatedSVD(size, random_state=seed).fit(weights)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, up to DIMENSIONS); all zeros for a text of which the sample has no word."""
        from sklearn.preprocessing import normalize

        with threadpool_limits(1):
            if self._reducer is None:
                return np.zeros((len(texts), 1))
            weights = self._weigher.transform(self._counter.transform(texts)[:, self._used])
            vectors: Vectors = normalize(self._reducer.transform(weights))
        return vectors


class Topics:
    """Clusters of vectors. count: how many; fewer where there are fewer different vectors. 0 is the largest."""

    def __init__(self, vectors: Vectors, count: int, seed: int = 0) -> None:
        from sklearn.cluster import MiniBatchKMeans

        different = len(np.unique(vectors.round(9), axis=0))
        with threadpool_limits(1):
            means = MiniBatchKMeans(min(count, different), random_state=seed, n_init=3, batch_size=1024).fit(vectors)
        self._centres: Vectors = means.cluster_centers_
        sizes = np.bincount(self.numbers(vectors), minlength=len(self._centres))
        self._centres = self._centres[np.argsort(-sizes, kind="stable")]

    def numbers(self, vectors: Vectors) -> NDArray[np.int64]:
        """The topic of each vector, shape (n,): its nearest centre."""
        numbers = np.empty(len(vectors), np.int64)
        offsets = (self._centres**2).sum(axis=1) / 2
        with threadpool_limits(1):
            for begin in range(0, len(vectors), _VECTORS_AT_ONCE):
                near = vectors[begin : begin + _VECTORS_AT_ONCE] @ self._centres.T - offsets
                # Rounded, so that a tie falls to the first, whatever batch the vector is in.
                numbers[begin : begin + _VECTORS_AT_ONCE] = near.round(9).argmax(axis=1)
        return numbers
