"""Measures how a passage is made, in any script: how much it repeats itself, how much of it is signs, how much is
whole sentences.
"""

from collections import Counter
from collections.abc import Sequence

import regex

from xinstruct.tools.sentences import ends_sentence, is_unspaced, sentences

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]+")
_SIGN = regex.compile(r"[^\p{L}\p{M}\p{Z}\s\u200b\u200c\u200d]")
_WORDS_IN_A_ROW = 5
_LETTERS_IN_A_ROW = 12
_LETTER = regex.compile(r"[\p{L}]")


def repetition(text: str) -> float:
    """Share of characters in lines that stood before, or in five words in a row that did (twelve letters where words
    are not parted).

    Source of the measure: Rae et al. 2021 (Gopher), appendix A1.1, here as one number.
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    seen: set[str] = set()
    repeated_lines = 0
    for line in lines:
        repeated_lines += len(line) if line in seen else 0
        seen.add(line)
    tokens = (
        list("".join(_WORD.findall(text))) if is_unspaced(text) else [word.casefold() for word in _WORD.findall(text)]
    )
    run = _LETTERS_IN_A_ROW if is_unspaced(text) else _WORDS_IN_A_ROW
    runs = [tuple(tokens[i : i + run]) for i in range(len(tokens) - run + 1)]
    counts = Counter(runs)
    repeated = {i + offset for i, words in enumerate(runs) if counts[words] > 1 for offset in range(run)}
    total = sum(len(token) for token in tokens) or 1
    in_runs = sum(len(tokens[i]) for i in repeated) / total
    return max(repeated_lines / max(1, sum(len(line) for line in lines)), in_runs)


def symbols(text: str) -> float:
    """Share of characters that are neither letters, marks nor blanks; figures count as signs."""
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
    return 3 if is_unspaced(sentence) else 8
