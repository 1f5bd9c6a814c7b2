"""Holds an edited answer against the native text: sentences left out, or small changes that spare names and numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

import regex

from xinstruct.tools.minhash.shingles import Normal
from xinstruct.tools.quotation_marks import quotations
from xinstruct.tools.sentences import sentences

# What shows nothing, or only how lines are broken, may differ: it is taken from the native text.
_UNSEEN = regex.compile(r"[\s\p{Default_Ignorable_Code_Point}]+")
_HIDDEN = regex.compile(r"[[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Co}]--[\n\r\t]]", regex.V1)
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’ʼ-][\p{L}\p{M}]+)*")
_CAPITAL = regex.compile(r"[\p{Lu}\p{Lt}]")
_LETTER = regex.compile(r"\p{L}")
# A number with its separators, sign, and the unit that is written without a blank; Han numerals count as digits.
_NUMBER = regex.compile(
    r"(?:(?<![\p{L}\p{N}])[-−+±])?[\p{N}\p{nt=Numeric}]+(?:[.,:/٫٬'’–-][\p{N}\p{nt=Numeric}]+)*\p{L}*|[%‰‱٪°\p{Sc}]"
)
# Links, addresses, and the signs of which markup and the tokens of chat templates are made.
_SIGNS = regex.compile(r"[<>{}|\\]|(?<![\p{L}\p{N}])[\p{L}\p{N}]++(?:[.@/:_]++[\p{L}\p{N}]++)+")


def without_sentences(native: str, edited: str, language: str) -> str | None:
    """The native text without the sentences that the edited one leaves out; None when that is not all it does.

    None too when nothing, or everything, is left out. What remains is copied from the native text with its own blanks;
    blanks and characters that are not seen may differ in the edited text. language: a label such as swh_Latn.
    """
    spans = sentences(native, language)
    chosen = _chosen(_told(native, language), _seen(edited))
    if not chosen or len(chosen) == len(spans):
        return None
    parts: list[str] = []
    for number, following in zip(chosen, [*chosen[1:], None], strict=True):
        start, end = spans[number]
        parts.append(native[start:end])
        if following is not None:
            parts.append(_widest(native[spans[n][1] : spans[n + 1][0]] for n in range(number, following)))
    return "".join(parts)


def fault_of_change(native: str, edited: str, language: str, lowest_kept_similarity: float) -> tuple[str, str]:
    """Why an edited text may not replace the native one, in snake case, with what shows it; or two empty strings.

    It may when it is similar enough (Jaccard of 5-character pieces, 0..1), keeps its lines and the order of sentences,
    and has the same numbers, quotations, links, names and words of other scripts in the same order, none lost and none
    new. Names are seen by their capitals within sentences: where a text has none, as in Tamil or in careless chat, any
    word may be a name, and nothing but whole sentences may go. A name that only ever opens sentences is not told from
    another first word.
    """
    if not _shows_names(native, language) and without_sentences(native, edited, language) is None:
        return "names_unseen", "the script, or its writer, does without capitals"
    script = _script(native)
    named = _named(native, language, script) | _named(edited, language, script)
    told = [_told(text, language) for text in (native, edited)]
    both = set(told[0]) & set(told[1])
    pairs: dict[str, tuple[list[str], list[str]]] = {
        "numbers_changed": (_NUMBER.findall(native), _NUMBER.findall(edited)),
        "quotations_changed": (_quotations(native), _quotations(edited)),
        "links_changed": (_SIGNS.findall(native), _SIGNS.findall(edited)),
        "names_changed": (_among(named, _words(native)), _among(named, _words(edited))),
        "order_changed": (_among(both, told[0]), _among(both, told[1])),
    }
    for reason, (before, after) in pairs.items():
        if before != after:
            return reason, _difference(before, after)
    if hidden := Counter(_HIDDEN.findall(edited)) - Counter(_HIDDEN.findall(native)):
        return "hidden_signs", " ".join(f"U+{ord(sign):04X}" for sign in hidden)
    if _lines(edited) < lowest_kept_similarity * _lines(native):
        return "lines_joined", f"{_lines(edited)} of {_lines(native)} lines"
    similarity = _similarity(native, edited)
    return ("too_different", f"{similarity:.2f}") if similarity < lowest_kept_similarity else ("", "")


def _seen(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text))


def _chosen(told: list[str], edited: str) -> list[int]:
    """The numbers of the sentences that on end make the edited text, the earliest that do; empty where none do."""
    # ways[n]: ends in the edited text that sentences up to n reach, with the end from which the n-th got there
    ways: list[dict[int, int]] = []
    reached = {0}
    for sentence in told:
        steps = {at + len(sentence): at for at in reached if sentence and edited.startswith(sentence, at)}
        ways.append(steps)
        reached |= steps.keys()
    if len(edited) not in reached:
        return []
    first = {end: next(n for n, steps in enumerate(ways) if end in steps) for end in reached - {0}}
    at = len(edited)
    chosen: list[int] = []
    while at:
        chosen.append(first[at])
        at = ways[first[at]][at]
    return chosen[::-1]


def _widest(blanks: Iterator[str]) -> str:
    """Of the blanks between two sentences that have become neighbours, those that part them most."""
    return max(blanks, key=lambda blank: (blank.count("\n"), len(blank)))


def _shows_names(text: str, language: str) -> bool:
    firsts = [_LETTER.search(text, start, end) for start, end in sentences(text, language)]
    letters = [first[0] for first in firsts if first]
    return bool(letters) and sum(bool(_CAPITAL.match(letter)) for letter in letters) * 2 > len(letters)


def _named(text: str, language: str, script: str) -> set[str]:
    """The words with a capital within a sentence, and the words in another script than the text's."""
    inside = {
        word
        for start, end in sentences(text, language)
        for word in _words(text[start:end])[1:]
        if _CAPITAL.search(word)
    }
    return inside | {word for word in _words(text) if _script(word) != script}


def _among(chosen: set[str], found: list[str]) -> list[str]:
    return [one for one in found if one in chosen]


def _told(text: str, language: str) -> list[str]:
    return [_seen(text[start:end]) for start, end in sentences(text, language)]


def _similarity(one: str, other: str) -> float:
    """Jaccard similarity of the 5-character pieces, where a piece that comes twice counts twice.

    Pieces take linear time, where difflib's ratio may take quadratic, and need no words, so that they suit any script.
    """
    hashes, bounds = Normal([one, other]).shingles()
    mine, theirs = Counter(hashes[: bounds[1]].tolist()), Counter(hashes[bounds[1] :].tolist())
    return (mine & theirs).total() / (mine | theirs).total()


def _words(text: str) -> list[str]:
    return [unicodedata.normalize("NFC", word) for word in _WORD.findall(text)]


def _script(text: str) -> str:
    """The script of most letters, as Unicode's names of characters call it, such as LATIN."""
    counted = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in _LETTER.findall(text))
    return counted.most_common(1)[0][0] if counted else ""


def _quotations(text: str) -> list[str]:
    return quotations(re.sub(r"\s+", " ", text))


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def _difference(before: list[str], after: list[str]) -> str:
    lost, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    said = [f"lost: {', '.join(lost)}"] if lost else []
    said += [f"new: {', '.join(new)}"] if new else []
    return "; ".join(said)[:200] or "in another order"
