"""Says how long a passage may be, in any language: by how much it says, not by how many characters that takes."""

import functools
from dataclasses import dataclass

from xinstruct.tools.passages.measured import figures

# From one passage to the next, a language says this much more or less with as many characters.
_MOST_ALIKE = 1.25


@functools.cache
def english_characters(language: str) -> float:
    """How many characters of English one character of a language stands for: the median over parallel passages, or that
    of its script where it was not measured, and 1 where none of its script was. A language as close to English as one
    passage is to the next counts as 1.
    """
    measured = float(figures("english_characters", language) or 1.0)
    return 1.0 if 1 / _MOST_ALIKE <= measured <= _MOST_ALIKE else measured


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths of passages in code points. An answer is what stands under a question of the page, or the definition of
    a term.
    """

    shortest: int
    longest: int
    shortest_answer: int

    def measured_in(self, language: str) -> "Limits":
        """The limits for a language, so that a passage says about as much as it would in that many characters of
        English.
        """
        scale = english_characters(language)
        return Limits(round(self.shortest / scale), round(self.longest / scale), round(self.shortest_answer / scale))
