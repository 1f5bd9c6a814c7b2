"""Asks the Hugging Face Hub for a model once, so that a wrong name or a missing network is told at once."""

import os

from huggingface_hub import HfApi, errors, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError

from xinstruct.recipe import RecipeError
from xinstruct.tools.embedder.faults import INSTEAD, one_line

_LONGEST_ANSWER = 10.0
# What says that a name, or its revision, is wrong or closed; other answers heal.
_REFUSING = frozenset({400, 401, 403, 404, 410})
# What the HTTP client raises without an answer; which client that is depends on the library's version.
NO_ANSWER: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]
# Which parts a model has stands in this file; that it has none is kept as well where it was once looked for.
_PARTS = "modules.json"


def only_here(model: str, revision: str | None) -> bool:
    """Whether the model must be taken as it was downloaded earlier, since the Hub does not answer.

    model: owner/name. RecipeError where the Hub does not show such a model, OSError where it does not answer and the
    model was not downloaded earlier.
    """
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, library_name="xinstruct")
    try:
        api.model_info(model, revision=revision, timeout=_LONGEST_ANSWER)
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in _REFUSING:
            raise _unknown(model, revision, f"it answers {status}") from None
        fault: Exception = error
    except ValueError as error:
        raise _unknown(model, revision, one_line(error)) from None
    except (NO_ANSWER, OSError) as error:
        fault = error
    else:
        return False
    if try_to_load_from_cache(model, _PARTS, revision=revision) is None:
        raise OSError(
            f"embedder: {model} is not on this machine, and the Hugging Face Hub does not answer ({one_line(fault)}): "
            f"check the network and the name and type the same command again, or {INSTEAD}."
        ) from None
    return True


def _unknown(model: str, revision: str | None, said: str) -> RecipeError:
    named = f"{model}@{revision}" if revision else model
    return RecipeError(
        f"embedder: the Hugging Face Hub shows no model {named} ({said}); check its name and revision, set HF_TOKEN to "
        f"a token that may read it, give the folder of a model, or {INSTEAD}."
    )
