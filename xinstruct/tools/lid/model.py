"""Loads the file of a language identifier's model, which is asked word by word where its make allows it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import fasttext

from xinstruct.tools.lid.wordwise import NotWordwise, Wordwise


class Whole:
    """A fastText model of any make, asked about whole texts. labels: as they are written there."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.labels: tuple[str, ...] = tuple(model.get_labels())

    def best(self, texts: Sequence[str], count: int) -> list[list[tuple[str, float]]]:
        """For each text the likeliest labels with their chances, best first."""
        if not texts:
            return []
        labels, scores = self._model.predict(list(texts), k=count)
        return [
            [(raw, min(float(score), 1.0)) for raw, score in zip(found, given, strict=True)]
            for found, given in zip(labels, scores, strict=True)
        ]


def load(path: Path) -> Wordwise | Whole:
    """The model in a file; the same for all who ask in this process, so that they share what it remembers. ValueError
    where there is none.
    """
    if not path.is_file():
        raise ValueError(f"{path} is no file")
    state = path.stat()
    return _loaded(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)
def _loaded(path: Path, size: int, changed: int) -> Wordwise | Whole:
    model = fasttext.load_model(str(path))
    try:
        return Wordwise(model)
    except NotWordwise:
        return Whole(model)
