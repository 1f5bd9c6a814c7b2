"""The texts that ask a model, one per asking stage, and the phrase tables of the rules that stand in for a model."""

import functools
import hashlib
from importlib import resources
from typing import Any

import yaml


@functools.cache
def text(name: str) -> str:
    """The text of a prompt: fixed text, then `{field}` placeholders, the passage last; or FileNotFoundError."""
    return resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")


@functools.cache
def version(name: str) -> str:
    """Twelve hexadecimal digits that change with the prompt's text. FileNotFoundError where there is no such prompt."""
    return hashlib.blake2b(text(name).encode("utf-8")).hexdigest()[:12]


@functools.cache
def english_words() -> frozenset[str]:
    """Common English words, lower case, by which an instruction is seen to be English."""
    return frozenset(table("english")["words"].split())


@functools.cache
def table(name: str) -> Any:
    """A phrase table of the rules, as its YAML file holds it; treat it as read-only."""
    return yaml.safe_load(resources.files(__name__).joinpath("rules", f"{name}.yml").read_text(encoding="utf-8"))
