"""Reads the tables of words, languages and numbers that the project ships as YAML files."""

from importlib import resources
from typing import Any

import yaml

# In C where PyYAML was built with it, which takes a tenth of the time: a worker reads some before its first page.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def shipped(*path: str) -> Any:
    """What a file within the package holds, such as shipped("corpora", "languages.yml"), read anew each time."""
    return yaml.load(resources.files("xinstruct").joinpath(*path).read_bytes(), Loader=_LOADER)
