"""Measures how a passage is made, in any script: how much it repeats itself, how much of it is signs, whole sentences,
lists, teasers that break off, and keywords.
"""

import itertools
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

import regex

from xinstruct import prompts
from xinstruct.tools.passages.lengths import english_characters
from xinstruct.tools.sentences import ends_sentence, is_unspaced, sentences

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]+")
# Punctuation of one script alone belongs to its spelling, such as the tsheg between all syllables of Tibetan.
_SIGN = regex.compile(r"(?V1)[^\p{L}\p{M}\p{Z}\p{Cf}\s[\p{P}--[\p{Common}\p{Inherited}]]]")
_WORDS_IN_A_ROW = 5
_LETTERS_IN_A_ROW = 25  # of English; five words with some to spare, because names and titles are longer than that
_POINTED = regex.compile(r"\p{P}[\s\p{Cf}]*$")
_LETTER = regex.compile(r"[\p{L}]")
_ELLIPSIS = regex.compile(r"(?:…|\.{3,}|。{3,}|\[\s*(?:…|\.{3})\s*\])[\p{Pe}\p{Pf}\"'’\s\p{Cf}]*")
_PARTED = regex.compile(r"[,،、，;؛；|·•]")
_LONGEST_LINK = 40  # of English, as the two that follow: what invites to read on
_LONGEST_ENTRY = 40
_LONGEST_KEYWORD = 25
_FEWEST_KEYWORDS = 8  # in a row
_FEWEST_TIMES = 4
_LETTERS_OF_A_TERM = 10  # of English, where words are not parted


def repetition(text: str, language: str) -> float:
    """Share of characters in lines that stood before, or in five words in a row that did; where words are not parted,
    in as many letters in a row as say what 25 letters of English say.

    Source of the measure: Rae et al. 2021 (Gopher), appendix A1.1, here as one number. What stands there for the first
    time does not count: a text that says everything twice has 0.5.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    seen: set[str] = set()
    repeated_lines = 0
    for line in lines:
        repeated_lines += len(line) if line in seen else 0
        seen.add(line)
    in_runs = _in_runs(text, round(_LETTERS_IN_A_ROW / english_characters(language)))
    return max(repeated_lines / max(1, sum(len(line) for line in lines)), in_runs)


def _in_runs(text: str, letters: int) -> float:
    words = _WORD.findall(text)
    tokens, length = (
        ("".join(words), letters) if is_unspaced(text) else ([w.casefold() for w in words], _WORDS_IN_A_ROW)
    )
    met: set[Hashable] = set()
    repeated = end = 0
    for start in range(len(tokens) - length + 1):
        run = tokens[start : start + length]
        key = run if isinstance(run, str) else tuple(run)
        if key in met:
            repeated += sum(len(token) for token in tokens[max(start, end) : start + length])
            end = start + length
        met.add(key)
    total = sum(len(token) for token in tokens)
    return repeated / max(1, total)


def symbols(text: str) -> float:
    """Share of characters that are neither letters, marks, blanks nor of the spelling of one script; figures count as
    signs.
    """
    return len(_SIGN.findall(text)) / max(1, len(text))


def prose(blocks: Sequence[str], language: str) -> float:
    """Share of characters in whole sentences: those that close with a mark of their own within their block and hold
    some letters.
    """
    whole = total = 0
    for block in blocks:
        for start, end in sentences(block, language):
            sentence = block[start:end]
            total += len(sentence)
            if ends_sentence(sentence) and len(_LETTER.findall(sentence)) >= _fewest_letters(sentence):
                whole += len(sentence)
    return whole / max(1, total)


def _fewest_letters(sentence: str) -> int:
    if is_unspaced(sentence):
        # where no mark tells a sentence from an entry of a menu, its length does
        return 3 if _POINTED.search(sentence) else 20
    return 8


def teasers(blocks: Sequence[str], language: str) -> float:
    """Share of characters in blocks that break off at dots, with an invitation to read on behind them or not."""
    scale = english_characters(language)
    table = prompts.table("boilerplate")
    links = (*table["every"], *table.get(language, ()))
    broken = sum(len(block) for block in blocks if _breaks_off(block.rstrip(), links, scale))
    return broken / max(1, sum(map(len, blocks)))


def _breaks_off(block: str, links: Sequence[str], scale: float) -> bool:
    tail = block[-round(_LONGEST_LINK / scale) :]
    dots = list(_ELLIPSIS.finditer(tail))
    behind = tail[dots[-1].end() :].casefold() if dots else None
    return behind is not None and (not behind or any(link in behind for link in links))


def listed(blocks: Sequence[str], language: str) -> float:
    """Share of blocks that are entries of a list or menu: as short as 40 characters of English and no sentence."""
    longest = _LONGEST_ENTRY / english_characters(language)
    entries = [block for block in blocks if len(block) <= longest and not _POINTED.search(block)]
    return len(entries) / max(1, len(blocks))


def keywords(text: str, language: str) -> float:
    """Share of letters in the most frequent pair of neighbouring words, where it stands four times or more, or, if that
    is more, of characters in rows of eight or more short entries between commas or bars. Where words are not parted,
    the pair is as many letters in a row as say what ten letters of English say.

    Source of the first measure: Rae et al. 2021 (Gopher), appendix A1.1, top 2-gram.
    """
    scale = english_characters(language)
    rows = _rows_of_keywords(text, _LONGEST_KEYWORD / scale)
    return max(_densest(text, max(2, round(_LETTERS_OF_A_TERM / scale))), sum(map(len, rows)) / max(1, len(text)))


def _densest(text: str, letters: int) -> float:
    words = [word.casefold() for word in _WORD.findall(text)]
    if is_unspaced(text):
        joined = "".join(words)
        terms = Counter(joined[at : at + letters] for at in range(len(joined) - letters + 1))
    else:
        terms = Counter(a + b for a, b in itertools.pairwise(words))
    most = max((len(term) * count for term, count in terms.items() if count >= _FEWEST_TIMES), default=0)
    # a term that overlaps with itself, such as hahaha, is counted over and over
    return min(1.0, most / max(1, sum(map(len, words))))


def _rows_of_keywords(text: str, longest: float) -> Iterator[str]:
    """The rows of short entries on one line, none of which ends with a mark, joined to one text each."""
    for line in text.split("\n"):
        parts = [part for part in map(str.strip, _PARTED.split(line)) if part]
        short = (len(part) <= longest and not _POINTED.search(part) for part in parts)
        for is_short, row in itertools.groupby(zip(short, parts, strict=True), key=lambda entry: entry[0]):
            entries = [part for _, part in row]
            if is_short and len(entries) >= _FEWEST_KEYWORDS:
                yield "".join(entries)
