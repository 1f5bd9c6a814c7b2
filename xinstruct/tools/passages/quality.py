"""Measures how a passage is made, in any script: how much it repeats itself, how much of it is signs, how much is
whole sentences.
"""

from collections.abc import Hashable, Sequence

import regex

from xinstruct.tools.passages.lengths import english_characters
from xinstruct.tools.sentences import ends_sentence, is_unspaced, sentences

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]+")
# Punctuation of one script alone belongs to its spelling, such as the tsheg between all syllables of Tibetan.
_SIGN = regex.compile(r"(?V1)[^\p{L}\p{M}\p{Z}\p{Cf}\s[\p{P}--[\p{Common}\p{Inherited}]]]")
_WORDS_IN_A_ROW = 5
_LETTERS_IN_A_ROW = 25  # of English; five words with some to spare, because names and titles are longer than that
_POINTED = regex.compile(r"\p{P}[\s\p{Cf}]*$")
_LETTER = regex.compile(r"[\p{L}]")


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
