"""A vector space that reads all scripts, for benchmarks.diversify: what a language model makes of a title."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xinstruct.tools.embedder.vectors import Vectors, unit

_DEPTH = 2 / 3  # of the model's layers: the last ones know the next token better than what was read
_SHARED = 2  # directions in which all titles of a language model differ most, and which say little of any
_MOST_TOKENS = 64


class LanguageModel:
    """A causal language model in a folder, as transformers saves it. vectors: of what stands in titles."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(1)
        self._torch = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
        self._model: Any = AutoModel.from_pretrained(str(folder), dtype=torch.float32).eval()

    def vectors(self, titles: Sequence[str]) -> Vectors:
        """Means of the hidden states at two thirds of the depth, without their mean over all titles and the directions
        in which they differ most (after Mu and Viswanath, 2018); shape (titles, size), unit length.
        """
        read = {title: self._read(title) for title in dict.fromkeys(titles)}
        found = np.array([read[title] for title in titles])
        found -= found.mean(axis=0)
        directions = np.linalg.svd(found, full_matrices=False)[2][:_SHARED]
        return unit(found - found @ directions.T @ directions)

    def _read(self, title: str) -> NDArray[Any]:
        ids = self._tokenizer(title, add_special_tokens=False)["input_ids"][:_MOST_TOKENS]
        first = self._tokenizer.bos_token_id
        ids = [*([] if first is None else [first]), *ids]
        with self._torch.no_grad():
            states = self._model(self._torch.tensor([ids]), output_hidden_states=True).hidden_states
        told: NDArray[Any] = states[round(_DEPTH * (len(states) - 1))][0, int(first is not None) :].double().numpy()
        return told.mean(axis=0)
