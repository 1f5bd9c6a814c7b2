"""Finds a quoted stretch in a passage, letter for letter, whatever became of its blanks and quotation marks."""

import unicodedata
from functools import cached_property

import regex

from xinstruct.tools.quotation_marks import MARKS

# A sign and the marks on it; a syllable of jamo, which become one sign in NFC.
_CLUSTER = regex.compile(r"\X")
# A blank that is part of a sign, with what stands before or behind it.
_BLANK_OF_SIGN = regex.compile(
    r"\p{Grapheme_Cluster_Break=Prepend}\s"
    r"|\s[\p{Grapheme_Extend}\p{Grapheme_Cluster_Break=SpacingMark}\p{Emoji_Modifier}\u200d]"
)
_BLANKS = regex.compile(r"[\s\x1c-\x1f]+")
# Signs that writers put for each other, one for one, when they copy.
_ALIKE = str.maketrans("“”„‟«»‘’‚‛ʼ‐‑–—", '""""""' + "'''''" + "----")
_AROUND = f" \t\n{MARKS}"
_DOTS = ".…"


class Passage:
    """A passage in which stretches are looked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    def find(self, stretch: str) -> tuple[int, int]:
        """Where a stretch stands: code points of the first place, or (-1, -1).

        Compared after NFC, with runs of blanks squeezed, and with typographic and plain quotation marks and dashes
        taken for each other. Quotation marks around the stretch, and dots that say it was cut, may be the writer's.
        """
        bare = stretch.strip()
        inner = bare.strip(_AROUND)
        every = [wanted for wanted in dict.fromkeys((bare, inner, inner.rstrip(_DOTS).rstrip())) if wanted]
        for wanted in every:
            start = self._text.find(wanted)
            if start >= 0:
                return start, start + len(wanted)
        # Seldom needed, and dear.
        plains = [_plain(wanted)[0] for wanted in every]
        if not any(plain in self._glance for plain in plains):
            return -1, -1
        text, at = self._plain
        for plain in plains:
            start = text.find(plain)
            if start >= 0:
                behind = start + len(plain)
                end = at[behind] if behind < len(at) else len(self._text)
                return at[start], len(self._text[:end].rstrip())
        return -1, -1

    @cached_property
    def _glance(self) -> str:
        """The text as it is compared, made sign by sign only where it has to be."""
        if not unicodedata.is_normalized("NFC", self._text) or _BLANK_OF_SIGN.search(self._text):
            return self._plain[0]
        return _BLANKS.sub(" ", self._text).translate(_ALIKE)

    @cached_property
    def _plain(self) -> tuple[str, list[int]]:
        return _plain(self._text)


def _plain(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters where its sign begins in the text."""
    found: list[str] = []
    at: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        sign = " " if cluster[0].isspace() else unicodedata.normalize("NFC", cluster[0]).translate(_ALIKE)
        if sign == " " and found[-1:] == [" "]:
            continue
        found.append(sign)
        at += [cluster.start()] * len(sign)
    return "".join(found), at
