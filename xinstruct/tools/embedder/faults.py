"""Says in a sentence why an embedder's model cannot be had."""

import textwrap

from xinstruct.recipe import RecipeError

INSTEAD = "say embedder: minilm or tfidf"
_LONGEST = 200


def one_line(error: BaseException) -> str:
    """What the error says, in a line and not at length; its kind where it says nothing."""
    said = textwrap.shorten(str(error), _LONGEST, placeholder=" ...").rstrip(".")
    return said or type(error).__name__


def unloadable(name: str, said: str) -> RecipeError:
    """What to raise where a model's files are there and cannot be loaded. name: as the recipe has it; said: why."""
    return RecipeError(
        f"embedder: {name} cannot be loaded as a sentence-transformers model ({said}); have its files copied or "
        f"downloaded anew, or {INSTEAD}."
    )


def unfetched(name: str, said: str) -> OSError:
    """What to raise where the Hub knows a model and its files cannot be had. said: why."""
    return OSError(
        f"embedder: the files of {name} cannot be had from the Hugging Face Hub ({said}): see whether it is a "
        f"sentence-transformers model, and type the same command again, or {INSTEAD}."
    )
