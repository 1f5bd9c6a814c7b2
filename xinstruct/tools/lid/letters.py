"""Takes a text for its letters: counts them, and writes them as the language identifier was trained to see them."""

import unicodedata

import regex

_LETTERS = regex.compile(r"\p{L}+")
_LINKS = regex.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_IN_LINKS = ("://", "www.", "@")
_KEPT = regex.compile(r"[\p{L}\p{M}']")
# Soft hyphens, joiners and kashidas are typesetting; the vowel signs of Arabic are written in school books and
# scripture of any language, so that they would say Sindhi where they stand.
_SAME_LETTERS: dict[int, str | None] = str.maketrans(
    dict.fromkeys("’‘`´ʼʻʹ′", "'")
    | dict.fromkeys("\u200c\u200d\u00ad\u0640")
    | dict.fromkeys(map(chr, range(0x064B, 0x0653)))
)


class _Seen(dict[int, str | int | None]):
    """What `str.translate` makes of each character; a table that is filled as characters are met."""

    def __missing__(self, code: int) -> str | int:
        self[code] = found = code if _KEPT.match(chr(code)) else " "
        return found


_SEEN = _Seen(_SAME_LETTERS)
# The same for a text of ASCII alone, at a tenth of the time.
_PLAIN = str.maketrans(
    {chr(code): chr(code).lower() if chr(code).isalpha() else " " for code in range(128)} | {"'": "'", "`": "'"}
)


def letters(text: str) -> int:
    """How many letters a text has."""
    return sum(map(len, _LETTERS.findall(text)))


def normalise(text: str) -> str:
    """The text as the model sees it: lower-case letters and apostrophes, all else (links, digits, signs) one space."""
    if any(sign in text for sign in _IN_LINKS):
        text = _LINKS.sub(" ", text)
    if text.isascii():
        return " ".join(text.translate(_PLAIN).split()).strip(" '")
    # lower-casing İ would leave a dot on its own
    text = unicodedata.normalize("NFKC", text).replace("İ", "i").lower()
    return " ".join(text.translate(_SEEN).split()).strip(" '")
