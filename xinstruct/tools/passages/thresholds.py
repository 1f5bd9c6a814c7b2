"""Says what quality a passage must have in its language, as natural passages of that language have it."""

import functools
from dataclasses import dataclass

from xinstruct.tools.passages.measured import figures, figures_of_all


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is kept of a language; each is a share of 0 to 1 that a measure of `quality` is held against."""

    lowest_kept_prose: float
    highest_kept_symbols: float
    highest_kept_repetition: float
    highest_kept_teasers: float
    highest_kept_list: float
    highest_kept_keywords: float


@functools.cache
def thresholds(language: str) -> Thresholds:
    """The thresholds of a language such as swh_Latn; where it was not measured, those of its script or of all."""
    return Thresholds(**(figures("quality", language) or figures_of_all("quality")))
