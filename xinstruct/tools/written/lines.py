"""Says which lines of a text are not in the language that it must be in, by the rules of the Language Confusion
Benchmark: lines under five words do not count, and a text passes when none of the others is in a wrong language.

Beyond these rules nothing is held against a text that has no language of its own: code, formulas, keys of JSON, links,
names and short quotations; nor are languages that are told apart by a hair.
"""

import functools
import json
from collections.abc import Iterator

import regex

from xinstruct.languages import UNDETERMINED
from xinstruct.tools.lid.identifier import Guess, LanguageIdentifier, script_of
from xinstruct.tools.lid.letters import letters
from xinstruct.tools.lid.telling import NEAR
from xinstruct.tools.passages.named import same
from xinstruct.tools.quotation_marks import QUOTED
from xinstruct.tools.sentences import is_unspaced

_FEWEST_WORDS = 5
_FEWEST_SIGNS = 10  # where words are not parted: about five words of Chinese
# The lowest score of a label that is believed. The benchmark has .3, for the raw score of another model; ours is the
# chance of being right. What models fall into is English; another language in the same script is rather the
# identifier's mistake, unless the line is long.
_LOWEST_OTHER_SCRIPT_SCORE = 0.3
_FEWEST_OF_SCRIPT = 60  # letters that are in another script, whatever the language
_LOWEST_ENGLISH_SCORE = 0.6
_LOWEST_LONG_SCORE = 0.5
_LOWEST_LIKE_SCORE = 0.9
# Of a whole text, however short, a lower score is believed where the next language is far behind.
_LOWEST_CLEAR_SCORE, _LOWEST_CLEAR_MARGIN = 0.6, 0.5
_FEWEST_LONG = 150  # letters; a third of them where words are not parted
_FEWEST_OF_NEAR = 300  # letters of a text in which near languages are told apart
_LOWEST_NEAR_SCORE = 0.95
_NEAR_IN_LINES = (
    ("por_Latn", "glg_Latn"),
    ("ita_Latn", "cos_Latn"),
    ("nld_Latn", "afr_Latn"),
    ("deu_Latn", "ltz_Latn"),
)
# Even then these are not told apart.
_NEVER_TOLD = frozenset(("nso_Latn", "sot_Latn", "tsn_Latn"))
_LARGEST_SHARE_OF_NAMES = 0.6
_LARGEST_SHARE_OF_QUOTATIONS = 0.5

_CODE = regex.compile(r"(?s)```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`|<(?:code|pre|math|script)\b.*?(?:</|\Z)")
_FORMULA = regex.compile(
    r"(?s)\$\$.{0,999}?\$\$|\\\[.{0,999}?\\\]|\\\(.{0,999}?\\\)|\$(?=\S)[^$\n]{1,200}(?<=\S)\$(?!\d)"
)
_LINK = regex.compile(r"(?:https?://|www\.)\S+|[\w.+%-]{1,64}@[\w.-]{3,100}")
_KEY = regex.compile(r'"[^"\n]{1,60}"\s*:')
_CELL = regex.compile(r"[|\t]")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")
_CASED = regex.compile(r"\p{Lu}")
_ENGLISH = "eng_Latn"
_FORMS_OF_CHINESE = ("Hans", "Hant")


def line_pass(text: str, language: str) -> float:
    """1.0 where no line of the text is in a wrong language, otherwise 0.0.

    language: the label that it must be in, such as swh_Latn. The mean over many texts is the line pass rate of the
    Language Confusion Benchmark (Marchisio et al. 2024).
    """
    return 0.0 if wrong_lines(text, language) else 1.0


def wrong_lines(text: str, language: str) -> list[tuple[str, str]]:
    """The lines that are in another language, in order, each with the label of that language; a row of a table is a
    line for each cell. Raises ValueError where the identifier cannot be read.
    """
    told = [line for line in _lines(text) if _counts(line)]
    guesses = _identifier().identify_many(told)
    return [
        (line, guess.label)
        for line, guess in zip(told, guesses, strict=True)
        if _is_wrong(line, guess, language) and _is_wrong_without_names(line, language)
    ]


def language_of_all(text: str, language: str) -> str:
    """The label of the language that the text as a whole is in, where that is a wrong one; otherwise ""."""
    whole = " ".join(_lines(text))
    if not _counts(whole):
        return ""
    guess = _identifier().identify(whole)
    wrong = any(test(whole, guess, language) for test in (_is_wrong, _is_near_one, _is_clearly_another))
    return guess.label if wrong and _share_of_names(whole) <= _LARGEST_SHARE_OF_NAMES else ""


def _lines(text: str) -> Iterator[str]:
    """The text's lines without what is in no language."""
    bare = _FORMULA.sub(" ", _CODE.sub(" ", _spoken(text)))
    for line in bare.splitlines():
        for cell in _CELL.split(_KEY.sub(" ", _LINK.sub(" ", line))):
            yield _without_quotations(cell).strip()


def _spoken(text: str) -> str:
    """What JSON says in its values, a line each; any other text as it is."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return "\n".join(_values(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def _values(held: object) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict | list):
        for one in held.values() if isinstance(held, dict) else held:
            yield from _values(one)


def _without_quotations(line: str) -> str:
    without = QUOTED.sub(" ", line)
    return without if letters(without) >= (1 - _LARGEST_SHARE_OF_QUOTATIONS) * letters(line) else line


def _counts(line: str) -> bool:
    """Whether a line is long enough to tell its language."""
    if is_unspaced(line):
        return letters(line) >= _FEWEST_SIGNS
    return len(_WORD.findall(line)) >= _FEWEST_WORDS


def _is_wrong(line: str, guess: Guess, language: str) -> bool:
    if guess.label == UNDETERMINED or _near(guess.label, language) or _is_in_form(line, guess, language):
        return False
    if guess.label[-4:] != language[-4:]:
        return guess.score >= _LOWEST_OTHER_SCRIPT_SCORE or letters(line) >= _FEWEST_OF_SCRIPT
    if guess.label != _ENGLISH and language not in _known():
        return False
    if letters(line) >= _FEWEST_LONG / (3 if is_unspaced(line) else 1):
        return guess.score >= _LOWEST_LONG_SCORE
    return guess.score >= (_LOWEST_ENGLISH_SCORE if guess.label == _ENGLISH else _LOWEST_LIKE_SCORE)


def _is_clearly_another(_: str, guess: Guess, language: str) -> bool:
    """Whether a text is in another language of the same script than one that the identifier can tell."""
    clear = guess.score >= _LOWEST_CLEAR_SCORE and guess.margin >= _LOWEST_CLEAR_MARGIN
    same_script = guess.label[-4:] == language[-4:] and not _near(guess.label, language)
    return clear and same_script and language in _known()


def _is_wrong_without_names(line: str, language: str) -> bool:
    """Whether a line is in a wrong language also without its words with a capital, which may be foreign names."""
    if not _CASED.search(line):
        return True
    lower = " ".join(word for word in _WORD.findall(line) if not _CASED.match(word))
    return _counts(lower) and _is_wrong(lower, _identifier().identify(lower), language)


def _share_of_names(text: str) -> float:
    words = _WORD.findall(text)
    return sum(bool(_CASED.match(word)) for word in words) / max(1, len(words))


def _near(label: str, language: str) -> bool:
    """Whether two labels are one language for this purpose."""
    if same(label, language) or any(label in group and language in group for group in (*NEAR, *_NEAR_IN_LINES)):
        return True
    return label[:3] == language[:3] and {label[4:], language[4:]} <= set(_FORMS_OF_CHINESE)


def _is_in_form(text: str, guess: Guess, language: str) -> bool:
    """Whether a Chinese text is in the form of characters that it must be in, whatever an unsure guess says of it."""
    forms = {guess.label[4:], language[4:]}
    return forms == set(_FORMS_OF_CHINESE) and guess.score < _LOWEST_LIKE_SCORE and script_of(text) == language[4:]


def _is_near_one(text: str, guess: Guess, language: str) -> bool:
    """Whether a text is surely in a near language, or in the other form of Chinese; a line may have nothing that
    tells.
    """
    if guess.label == language:
        return False
    if guess.label[:3] == language[:3]:
        return is_unspaced(text) and guess.label[4:] in _FORMS_OF_CHINESE and not _is_in_form(text, guess, language)
    near = not same(guess.label, language) and not {guess.label, language} <= _NEVER_TOLD
    return near and guess.score >= _LOWEST_NEAR_SCORE and letters(text) >= _FEWEST_OF_NEAR


@functools.cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier()


@functools.cache
def _known() -> frozenset[str]:
    """The languages that the identifier can tell."""
    return frozenset(_identifier().labels)
