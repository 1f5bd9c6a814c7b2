"""What an embedder is, and how the vectors of a big model are made short enough to hold those of a whole language."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

# A million vectors of so many halves of four bytes are 256 MB.
DIMENSIONS = 128
Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Gives vectors of texts."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, at most DIMENSIONS); all zeros for a text of which it can tell nothing."""
        ...


class Reduced:
    """The vectors of a model, turned so that the directions in which a sample differs most come first; the rest is cut.

    raw: gives a model's own vectors, of whatever length.
    """

    def __init__(self, raw: Callable[[Sequence[str]], Vectors], reducer: Any) -> None:
        self._raw, self._reducer = raw, reducer

    @classmethod
    def learned(
        cls, raw: Callable[[Sequence[str]], Vectors], sample: Sequence[str], seed: int
    ) -> tuple["Reduced", Vectors]:
        """The embedder that a sample of texts makes, and the sample's vectors."""
        from sklearn.decomposition import TruncatedSVD

        own, reducer = raw(sample), None
        if min(own.shape) > DIMENSIONS:
            with threadpool_limits(1):
                reducer = TruncatedSVD(DIMENSIONS, random_state=seed).fit(own)
        made = cls(raw, reducer)
        return made, made._cut(own)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """See Embedder."""
        return self._cut(self._raw(texts))

    def _cut(self, own: Vectors) -> Vectors:
        if self._reducer is None:
            return unit(own)
        with threadpool_limits(1):
            return unit(self._reducer.transform(own))


def unit(vectors: NDArray[Any]) -> Vectors:
    """The same directions at length one; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)
