"""Knows the quotation marks of all conventions, and finds what stands between them."""

import regex

# Behind a letter, figure or mark of punctuation, a sign that may open a quotation closes one, or is no mark at all.
_OPENING = r"(?<![^\s\p{Ps}\p{Pi}\p{Pd}/'’])"
# « and “ close in some conventions: so they do behind a word and before a blank.
_NOT_CLOSING = r"(?<![\p{L}\p{N}.,!?…](?=.\s))"
_APART = r"(?<![\p{L}\p{M}\p{N}])", r"(?![\p{L}\p{M}\p{N}])"
_LONGEST_SINGLE = 120  # code points, since most single marks are apostrophes, too

# Pairs whose opening mark opens in every convention. What they enclose may hold a pair of the same once more.
_PAIRS = ("“”", "«»", "‹›", "「」", "『』", "〈〉", "《》", "﹁﹂", "﹃﹄", "｢｣", "‟”", "〝〞", "〝〟")


def _paired(opening: str, closing: str) -> str:
    inner = f"[^{opening}{closing}]*+"
    nested = f"{inner}(?:{opening}{inner}{closing}{inner})*+"
    return f"{_NOT_CLOSING}{opening}(?:{nested}|[^{closing}]*+){closing}"


_DOUBLE = "|".join((
    r'"[^"]*"|＂[^＂]*＂',
    *(_paired(*pair) for pair in _PAIRS),
    # „German“, „Polish”, and the keyboard's mark at the end of either; “ may open another within.
    r"„(?:[^„“”\"]|\"[^„“”\"]*\"|“[^„“”]*”)*[“”‟]|„[^„“”\"]*\"",
    r'“[^„“”"\n]*["“](?![\p{L}\p{M}\p{N}])',
    # ”Swedish”, »Finnish», »German«: the same signs open and close, or the other way round than elsewhere.
    rf"{_OPENING}”(?=\S)[^„“”\n]*(?<!\s)[”“]",
    rf"{_OPENING}»(?=\S)[^«»\n]*(?<!\s)[«»]",
    rf"{_OPENING}›(?=\S)[^‹›\n]*(?<!\s)[‹›]",
    # The Hebrew mark stands before the last letter of an abbreviation, too.
    r"(?<!\p{L})״(?:[^״\n]|(?<=\p{Hebrew})״(?=\p{Hebrew}))+״(?!\p{L})",
))  # fmt: skip
_SINGLE = (
    rf"'[^'\n]{{1,{_LONGEST_SINGLE}}}'|‘[^’\n]{{1,{_LONGEST_SINGLE}}}’|‛[^‛’\n]{{1,{_LONGEST_SINGLE}}}’"
    rf"|‚[^‚‘\n]{{1,{_LONGEST_SINGLE}}}‘|‚[^‚‘’\n]{{1,{_LONGEST_SINGLE}}}’"
    rf"|{_OPENING}’(?=\S)[^‘’\n]{{1,{_LONGEST_SINGLE}}}(?<!\s)’"
)

# Every sign that opens or closes a quotation.
MARKS = "".join(dict.fromkeys("\"'＂＇״„‚‘’‛" + "".join(_PAIRS)))
# Between double marks, guillemets or brackets; and between single marks, too, which are told from apostrophes. Both
# marks are one code point, so that what is quoted is match[0][1:-1]. There are no groups.
DOUBLY_QUOTED = regex.compile(_DOUBLE)
QUOTED = regex.compile(f"{_DOUBLE}|{_APART[0]}(?:{_SINGLE}){_APART[1]}")


def quotations(text: str) -> list[str]:
    """What stands between double marks, guillemets or brackets, without them and blanks beside them, in order; where
    nothing does it is left out.
    """
    found = (match[0][1:-1].strip() for match in DOUBLY_QUOTED.finditer(text))
    return [quotation for quotation in found if quotation]
