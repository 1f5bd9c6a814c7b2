"""Names the stretches of an answer that carry it: its first sentence, and those with most numbers and names."""

from xinstruct.tools.rules import notes
from xinstruct.tools.sentences import sentences

_MOST = 3
_LONGEST = 160
_SHORTEST = 8


def of(answer: str, language: str) -> list[str]:
    """One to three stretches of the answer, letter for letter and in its order; of long sentences the beginning."""
    said = [answer[start:end] for start, end in sentences(answer, language)] or [answer.strip()]
    chosen = sorted(range(1, len(said)), key=lambda at: (-notes.telling(said[at]), at))[: _MOST - 1]
    found = [_beginning(said[at]) for at in (0, *sorted(chosen))]
    return list(dict.fromkeys(words for words in found if words)) or [answer.strip()[:_LONGEST]]


def _beginning(sentence: str) -> str:
    """The sentence, or its first words where it is long; never more than one line of it."""
    line = sentence.strip().split("\n")[-1].strip()
    if len(line) <= _LONGEST:
        return line if len(line) >= _SHORTEST else sentence.strip()[:_LONGEST]
    blank = line.rfind(" ", 0, _LONGEST + 1)
    return line[: blank if blank > 0 else _LONGEST].strip()
