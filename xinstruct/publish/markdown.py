"""Puts texts of strangers into Markdown so that they are shown as they are and nothing in them is obeyed."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

# Joiners without which Indic and Persian words fall apart; all other invisible controls are taken out.
_JOINERS = "\u200c\u200d"


def visible(text: str) -> str:
    """The text without control characters and direction overrides; line ends stay."""
    return "".join(c for c in text if c in "\n\t" or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def code(text: str, longest: int = 100) -> str:
    """A text on one line in a code span that also fits into a table's cell, cut to `longest` characters."""
    line = " ".join(visible(text).split())
    line = line if len(line) <= longest else f"{line[:longest]}…"
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    room = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{room}{line}{room}{ticks}".replace("|", "\\|")


def fenced(text: str, kind: str = "text") -> str:
    """A text in a block of its own, with a fence longer than any in the text."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{kind}\n{visible(text)}\n{fence}"


def table(names: Sequence[str], rows: Iterable[Sequence[object]], right: str = "") -> str:
    """A table. right: one letter per column, `r` for those set to the right, such as "lrr"."""
    marks = ["---:" if right[n : n + 1] == "r" else "---" for n in range(len(names))]
    lines = [names, marks, *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
