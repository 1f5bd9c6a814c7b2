"""Turns English instructions into vectors in which those about similar things are close; `learned` is the way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from xinstruct.recipe import RecipeError
from xinstruct.tools.embedder.subject import subject
from xinstruct.tools.embedder.tfidf import Tfidf
from xinstruct.tools.embedder.topics import Topics
from xinstruct.tools.embedder.vectors import Embedder, Reduced, Vectors

__all__ = ["SERVED", "TFIDF", "Embedder", "Named", "Source", "Topics", "Vectors", "by_name", "learned"]
TFIDF, SERVED = "tfidf", "served"


class Source(Protocol):
    """Gives a model's own vectors of texts."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Shape (n, dimensions), of whatever length."""
        ...


def learned(sample: Sequence[str], source: Source | None, seed: int = 0) -> tuple[Embedder, Vectors]:
    """An embedder of instructions by what they are about, and the vectors of the sample from which it was learned.

    source: a model, a Named one or a `served.Service`, and it raises what this raises; TF-IDF without one.
    """
    about = [subject(text) for text in sample]
    if source is not None:
        reduced, vectors = Reduced.learned(source.vectors, about, seed)
        return _OfSubjects(reduced), vectors
    embedder = Tfidf(about, seed)
    return _OfSubjects(embedder), embedder.vectors(about)


class _OfSubjects:
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def vectors(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.vectors([subject(text) for text in texts])


@dataclass(frozen=True)
class Named:
    """A sentence-transformers model by its name or folder, loaded in the process that first wants vectors of it."""

    name: str

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """See `transformer.Transformer`."""
        from xinstruct.tools.embedder.transformer import transformer

        return transformer(self.name).vectors(texts)


def by_name(embedder: str) -> Source | None:
    """Who gives the vectors of an embedder as a recipe names it; None for TF-IDF. RecipeError for `served`, of which
    only a model profile knows.
    """
    if embedder == SERVED:
        raise RecipeError("embedder: served needs a model profile with the role embedder; give one with --models.")
    return None if embedder == TFIDF else Named(embedder)
