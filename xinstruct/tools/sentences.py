"""Finds the sentences of a text in any script, as spans, without a model."""

import re

import regex

from xinstruct.languages import sentence_ends, unmarked_scripts, unspaced_scripts

# Chinese characters and the two syllabaries of Japanese have names of their own beside those of their mixtures.
_PARTS = {"Hans": ("Hani",), "Hant": ("Hani",), "Jpan": ("Hani", "Hira", "Kana")}


def _letters_of(scripts: tuple[str, ...]) -> str:
    parts = dict.fromkeys(part for script in scripts for part in _PARTS.get(script, (script,)))
    return "[" + "".join(rf"\p{{Script={part}}}" for part in parts) + "]"


# A small letter where a sentence would open with a capital; to Unicode all letters of Georgian are small ones.
SMALL_LETTER = r"(?!\p{Georgian})\p{Ll}"
# Marks that another script uses for something else end sentences after a letter of their own: what keyboards have for
# the Armenian full stop, the Ethiopic one and the danda (after a blank only at the end of a line: elsewhere that parts
# the cells of a table), and the Greek question mark, which normal forms turn into a semicolon.
_OWN = (
    r":(?<=\p{Armenian}\W{0,9}:)|(?<=\p{Ethiopic})[ ]?(?:፡[ ]?፡|::)|;(?<=\p{Greek}[^\n]{0,40};)"
    r"|(?<=[\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Oriya}])(?:\|+|[ ]\|+(?=[ \t]*(?:\n|$)))"
)
# Unicode's Sentence_Terminal leaves out the Tibetan shads, the Sinhala kunddaliya and the ellipsis, which end
# sentences all the same; languages.yml has them. It has the Burmese little section, which is a comma.
_MARKS = "".join(dict.fromkeys("".join(sentence_ends().values())))
_TERMINAL = rf"(?:[[\p{{Sentence_Terminal}}\u037e{regex.escape(_MARKS)}]--[၊]]|{_OWN})"
# “ and « open a quotation in most languages and close it in some: they close where no letter follows. Marks of
# direction, joiners and the like are not seen on the page. French sets a blank before its own. Between dandas stands
# the number of the verse that they close.
_CLOSERS = r"(?:[\p{Pe}\p{Pf}\p{Cf}\"'’]|\p{Pi}(?=\W|$)|[ \u00a0\u202f][»”](?=\s|$))*"
_VERSE = r"(?:(?<=[।॥])[ ]?\p{Nd}{1,4}[ ]?॥+)?"
_END = regex.compile(rf"{_TERMINAL}+{_VERSE}{_CLOSERS}(?:\s*\[\d{{1,3}}\])*", regex.V1)
# The Armenian marks of question and wonder stand over a vowel, mostly within the sentence. A Tibetan syllable without a
# tsheg behind it is the last of its clause, also where no shad is drawn.
_FULL = regex.compile(rf"(?:{_TERMINAL}|[՞՜\u0f40-\u0fbc]){_CLOSERS}(?:\s*\[\d{{1,3}}\])*[\s\p{{Cf}}]*$", regex.V1)
_UNMARKED = regex.compile(_letters_of(unmarked_scripts()))
_CLAUSE_END = re.compile("[\u0f40-\u0fbc][ \n]")
_BESIDE_GAP = regex.compile(rf"{_letters_of(unmarked_scripts())}|[\u0f40-\u0fbc]")
_UNSPACED = regex.compile(_letters_of(unspaced_scripts()))
# Such scripts begin with Thai; re finds what is far in the table sooner than regex finds a script.
_FAR = re.compile("[\u0e00-\U0010ffff]")
_BLANK = regex.compile(r"\s+")
_SEEN = regex.compile(r"[^\s\p{Cf}]")
_WORD_BEFORE = regex.compile(r"[\p{L}\p{M}\p{N}.]+$")
# Without a blank behind it, only a mark of a script that sets none there ends a sentence, and not before what goes on:
# what Japanese says of a quotation, and the Khmer for "and so on".
_UNBLANKED = regex.compile(r"[。！？｡．។៕៚။།༎॥।۔؟؛።፧᱾]|፡[ ]?፡|::")
_GOES_ON = regex.compile(
    r"[,;:،、，]|(?<=[」』])(?:と(?!ころ|ても|にかく|りあえず|もかく|もあれ|はいえ|ある|き|なり|つぜん|うとう|うぜん|たん)"
    r"|って|を|など|なんて)|(?<=។)(?:ល|បេ)។"
)
# Of the marks that open a quotation in some convention, ” and » are final ones in Unicode. Behind a glottal stop the
# next letter tells.
_NEXT = regex.compile(r"\s*[\p{Pi}\p{Pf}\p{Ps}\p{Cf}\p{Lm}\"'`´¿¡—–-]*\s*(\S)?")
# Letters of scripts without capitals open sentences; to Unicode those of Georgian are small ones. The Sindhi sign is a
# word (and), and Dutch and Afrikaans leave ’n and ’s small.
_OPENS = regex.compile(r"[\p{Lu}\p{Lt}\p{Lo}\p{N}\p{Georgian}۽]")
_CLOSED = regex.compile(r"[\p{Pe}\p{Pf}\p{Pi}\"'’]$")  # “Where?” she asked.
_CLIPPED = regex.compile(r"\s+\W*['’‘ʼ][nstk]\s+\W*\p{Lu}")
_GREEK, _LETTER = regex.compile(r"\p{Greek}"), regex.compile(r"\p{L}")
_SHORTEST_UNMARKED = 40
_SAMPLE = 400  # code points by which the kind of a script is told

# A full stop after these does not end a sentence. Initials and single letters are seen without a list.
ABBREVIATIONS = frozenset((
    "dr", "mr", "mrs", "ms", "prof", "st", "sr", "jr", "vs", "etc", "no", "nr", "vol", "fig", "cf", "al", "pp",
    "ca", "approx", "dept", "inc", "ltd", "co", "gen", "col", "sgt", "rev", "hon", "bzw", "usw", "vgl", "evtl",
    "ggf", "inkl", "str", "sog", "mio", "mrd", "tel", "bl", "ud", "uds", "sra", "srta", "dña", "dn", "lic", "ing",
    "av", "núm", "pág", "cía", "ee", "uu", "ej", "art", "m", "mme", "mlle", "mgr", "éd", "env", "chap", "tzn", "np",
    "tj", "tzv", "ul", "prof", "inż", "mgr", "red", "godz", "zł", "др", "пр", "им", "ул", "г", "гг", "тыс", "млн",
    "млрд", "руб", "стр", "рис", "см", "т", "д", "п", "напр", "обл", "bk", "bkz", "vb", "örn", "yy", "doç", "yrd",
    "av", "alb", "sn", "ths", "ts", "tp", "pgs", "gs", "dll", "dsb", "dst", "hlm", "drs", "ir", "kab", "kec", "jl",
    "bpk", "h", "hj", "bw", "bi", "mh", "nk", "n.k", "k.m", "mf", "डॉ", "श्री", "प्रो", "सु", "मो", "रु", "ডা",
    "ডঃ", "ড", "মো", "மு", "கி", "திரு", "მაგ", "იხ", "გვ", "წწ", "საუკ", "მლნ", "მლრდ",
))  # fmt: skip
# Some are words of other languages (Swedish hon is she, Tatar ул he), or words unless a figure follows; and some stand
# at the end of a list, where a capital begins a sentence all the same.
_IN_SOME = {
    "av": ("fra", "spa", "por", "cat", "glg", "ron", "tur", "azj"), "bi": ("swh", "swc"), "ej": ("spa",),
    "hon": ("eng",), "ir": ("ind", "zsm", "jav", "sun", "min"), "red": ("pol",),
    "ул": ("rus", "ukr", "bel", "bul", "mkd"),
}  # fmt: skip
_BEFORE_FIGURES = frozenset(("art", "ca", "no", "tel"))
_AFTER_LISTS = frozenset(("dll", "dsb", "dst", "etc", "usw"))
# Languages that write an ordinal number as a figure with a full stop.
_ORDINALS = frozenset((
    "deu", "dan", "nob", "nno", "nor", "isl", "fao", "fin", "est", "ces", "slk", "slv", "hrv", "bos", "srp", "hun",
    "tur", "aze", "azj", "lav", "ltz",
))  # fmt: skip


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Spans (start, end) in code points that together hold every character but blanks, in order.

    language: a label such as swh_Latn. A blank line always ends a sentence; a line end does where the line closes
    with a terminal mark. Thai, Lao and Khmer mark few sentence ends or none: there a blank after forty characters is
    a soft end, as it is in Tibetan behind the last syllable of a clause where the shad is left out.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for cut in _cuts(text, language):
        span = _stripped(text, start, cut)
        if span:
            spans.append(span)
        start = cut
    last = _stripped(text, start, len(text))
    return [*spans, last] if last else spans


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a whole sentence: by a terminal mark, or in a script that has none."""
    stripped = text.rstrip()
    end = _FULL.search(stripped[-40:])
    if end and not (end[0].startswith(";") and not _is_greek(stripped[-_SAMPLE:])):
        return True
    return bool(stripped) and is_unmarked(stripped[-12:])


def is_unmarked(text: str) -> bool:
    """Whether a text stands in a script that does without marks at the end of sentences."""
    sample = text[:_SAMPLE]
    return len(_UNMARKED.findall(sample)) * 2 > len(sample.strip())


def is_unspaced(text: str) -> bool:
    """Whether a text stands in a script that is written without blanks between words."""
    sample = text[:_SAMPLE]
    return bool(_FAR.search(sample)) and len(_UNSPACED.findall(sample)) * 2 > len(_BLANK.sub("", sample))


def _cuts(text: str, language: str) -> list[int]:
    cuts = [match.end() for match in _END.finditer(text) if _is_end(text, match.start(), match.end(), language)]
    cuts += [match.end() for match in regex.finditer(r"\n\s*\n", text)]
    if is_unmarked(text) or _CLAUSE_END.search(text[:_SAMPLE]):
        cuts = _soft_cuts(text, sorted(cuts))
    return sorted(set(cuts))


def _soft_cuts(text: str, hard: list[int]) -> list[int]:
    cuts, last, remaining = list(hard), 0, iter([*hard, len(text)])
    following = next(remaining)
    for blank in _BLANK.finditer(text):
        while blank.end() > following:
            last, following = following, next(remaining, len(text))
        is_letter_gap = _BESIDE_GAP.match(text[blank.start() - 1 : blank.start()]) and _BESIDE_GAP.match(
            text[blank.end() : blank.end() + 1]
        )
        if (
            is_letter_gap
            and blank.start() - last >= _SHORTEST_UNMARKED
            and following - blank.end() >= _SHORTEST_UNMARKED
        ):
            cuts.append(blank.end())
            last = blank.end()
    return cuts


def _is_end(text: str, start: int, end: int, language: str) -> bool:
    mark = text[start:end]
    after = text[end : end + 1]
    if mark[0] == ";" and not _is_greek(text[max(0, start - _SAMPLE) : start]):
        return False
    if after and not after.isspace():
        return bool(_UNBLANKED.search(mark)) and not _GOES_ON.match(text, end)
    following = _NEXT.match(text, end)
    next_character = following[1] if following else None
    if next_character is None:
        return True
    if (
        (mark[0] in ".…:;\u037e" or _CLOSED.search(mark))
        and not _OPENS.match(next_character)
        and not _CLIPPED.match(text, end)
        and "\n" not in text[end : following.end() if following else end]
    ):
        return False
    if mark.startswith(".") and mark[:2] != "..":
        return not _is_abbreviation(text[max(0, start - 24) : start], next_character, language)
    return True


def _is_greek(before: str) -> bool:
    return len(_GREEK.findall(before)) * 2 > len(_LETTER.findall(before))


def _is_abbreviation(before: str, next_character: str, language: str) -> bool:
    word = _WORD_BEFORE.search(before)
    if word is None:
        return False
    token = word[0].lower()
    if token.isdigit():
        return len(token) <= 2 and (language[:3] in _ORDINALS or _at_line_start(before, token))
    # initials, and strings of them such as U.S or z.B; a single letter of a script without cases may be a word
    if len(token) == 1:
        return token.upper() != token
    if "." in token and all(len(part) <= 2 for part in token.split(".")):
        return not next_character.isupper() or len(token) <= 3
    if token in _BEFORE_FIGURES:
        return next_character.isnumeric()
    if token in _AFTER_LISTS:
        return not next_character.isupper()
    return token in ABBREVIATIONS and language[:3] in _IN_SOME.get(token, (language[:3],))


def _at_line_start(before: str, token: str) -> bool:
    # "1. Wash the maize": the number of a step belongs to the sentence that follows it
    return (len(before) < 24 and before.strip() == token) or before.endswith("\n" + token)


def _stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if _SEEN.search(piece) else None
