"""Says how long a passage may be, in any language: by how much it says, not by how many characters that takes."""

from dataclasses import dataclass

# Characters of English that one character of these scripts stands for: medians over parallel passages (see
# DECISIONS.md). The others lie between 0.7 and 1.25 and are taken as 1.
_ENGLISH_PER_CHARACTER = {"Hans": 2.9, "Hant": 3.0, "Jpan": 2.2, "Hang": 1.9, "Kore": 1.9, "Ethi": 1.45}


def english_characters(language: str) -> float:
    """How many characters of English one character of a language stands for."""
    return _ENGLISH_PER_CHARACTER.get(language[-4:], 1.0)


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
