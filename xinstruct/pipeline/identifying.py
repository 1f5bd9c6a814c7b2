"""Finds the file by which a recipe wants languages told, when it does not want the project's own."""

from pathlib import Path

from xinstruct.recipe import Recipe, RecipeError

_MAGIC = (793712314).to_bytes(4, "little")  # how files of fastText begin


def identifier_of(recipe: Recipe, folder: Path) -> Path | None:
    """The recipe's `identifier`; None where it names none. folder: where its paths start. RecipeError when there is no
    such file, or when it is none of fastText's.
    """
    if recipe.identifier is None:
        return None
    path = (folder / Path(recipe.identifier).expanduser()).resolve()
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise RecipeError(
            f"identifier: {path} cannot be read ({error.strerror}); paths are taken from {folder}."
        ) from None
    if magic != _MAGIC:
        raise RecipeError(f"identifier: {path} is no fastText model; give a .bin or .ftz file.")
    return path
