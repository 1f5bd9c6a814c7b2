"""Reads what a recipe says of rights: which licences are accepted, and whose pages are left out."""

from dataclasses import dataclass
from pathlib import Path

from xinstruct.recipe import Recipe, RecipeError
from xinstruct.tools.rights import licences
from xinstruct.tools.rights.optout import OptOut


@dataclass(frozen=True)
class Permissions:
    """accepted: licences as `licences.may` takes them; opted_out: hosts, sorted."""

    accepted: tuple[str, ...]
    opted_out: tuple[str, ...]


def permissions(recipe: Recipe, folder: Path) -> Permissions:
    """What the recipe says. folder: where its paths start. RecipeError for an unknown licence, or a list of hosts that
    cannot be read.
    """
    accepted = tuple(dict.fromkeys(_accepted(name) for name in recipe.rights.accept))
    return Permissions(accepted, tuple(_opted_out(recipe.rights.opt_out, folder)))


def _accepted(name: str) -> str:
    named = name if name in (licences.ALL, licences.OPEN) else licences.known(name)
    if named is None:
        raise RecipeError(
            f"rights.accept: {name} is no licence that is known; say all, open, or names such as CC-BY, CC-BY-SA-4.0."
        )
    return named


def _opted_out(name: str | None, folder: Path) -> list[str]:
    if name is None:
        return []
    path = folder / Path(name).expanduser()
    try:
        return OptOut(path).hosts
    except FileNotFoundError:
        raise RecipeError(f"rights.opt_out: there is no file {path}; paths are taken from {folder}.") from None
    except OSError as error:
        raise RecipeError(f"rights.opt_out: {path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise RecipeError(f"rights.opt_out: {path} is not UTF-8 text; write one host a line.") from None
    except ValueError as error:
        raise RecipeError(f"rights.opt_out: {error}") from error
