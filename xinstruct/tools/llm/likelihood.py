"""Reads from the log-probabilities of a prompt how likely a text at its end is to the model."""

from collections.abc import Iterable, Sequence
from typing import Any

import regex

from xinstruct.question import Weight

# The beginning of a text tells what it answers; its rest is likely by its beginning.
_TOKENS_WEIGHED = 200
# Tokenizers may change a sign or two of a text; where more differs, the end of the prompt is not the text.
_MOST_STRANGE = 0.05
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]+")
_WITHOUT_SPACES = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]", flags=regex.VERSION1
)

Token = tuple[str, float]
Span = tuple[int, int]


def weight(text: str, told: Sequence[Any], masked: Iterable[str]) -> Weight:
    """Mean log-probability of the first 200 tokens of the text, those of masked words left out.

    told: the server's prompt_logprobs, one mapping (or None) per token of the prompt, which ends with the text.
    Without tokens where it does not end with it: some servers change or cut what they read.
    """
    spans = _aligned(_squeezed(text), [_token(entry) for entry in told if entry])
    hidden = _hidden(text, {word.casefold() for word in masked if word.strip()})
    counted = [nats for (start, end), nats in spans[:_TOKENS_WEIGHED] if not any(hidden[start : max(end, start + 1)])]
    return Weight(nats=sum(counted) / len(counted) if counted else 0.0, tokens=len(counted))


def _token(entry: Any) -> Token:
    """Signs and natural log-probability of the prompt's own token, which stands first."""
    first = next(iter(entry.values()))
    return str(first["decoded_token"] or ""), float(first["logprob"])


def _squeezed(text: str) -> str:
    """Without blanks: some tokenizers lose them when a token is read by itself."""
    return "".join(text.split())


def _aligned(text: str, tokens: Sequence[Token]) -> list[tuple[Span, float]]:
    """The tokens that make the text, with the stretch of the squeezed text that each covers.

    A token that holds but a part of a sign's bytes is empty and stands before the one that completes the sign. Empty
    where the tokens do not end with the text.
    """
    found: list[tuple[Span, float]] = []
    left, strange = len(text), 0
    for signs, nats in reversed(tokens):
        if left == 0 and signs:
            break
        covers = _squeezed(signs)
        start = max(0, left - len(covers))
        strange += sum(a != b for a, b in zip(reversed(text[start:left]), reversed(covers), strict=False))
        found.append(((start, left), nats))
        left = start
    if left or strange > _MOST_STRANGE * len(text):
        return []
    return found[::-1]


def _hidden(text: str, masked: set[str]) -> list[bool]:
    """For each sign of the squeezed text, whether it belongs to a masked word; one more, for the end."""
    hidden = [False] * len(text)
    if masked:
        for word in _WORD.finditer(text):
            for start, end in _stretches(word, masked):
                hidden[start:end] = [True] * (end - start)
    return [hide for hide, sign in zip(hidden, text, strict=True) if not sign.isspace()] + [False]


def _stretches(word: "regex.Match[str]", masked: set[str]) -> list[Span]:
    """Where in a word masked words stand: all of it, or in scripts without spaces any stretch of it."""
    said = word[0].casefold()
    if said in masked:
        return [word.span()]
    if not _WITHOUT_SPACES.search(said) or len(said) != len(word[0]):
        return []
    found = [
        (hit.start(), hit.end()) for one in masked if one in said for hit in regex.finditer(regex.escape(one), said)
    ]
    return [(word.start() + start, word.start() + end) for start, end in found]
