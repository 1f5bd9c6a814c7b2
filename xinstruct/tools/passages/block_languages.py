"""Says which language each block of a page is in, and how pure the language of a passage is."""

from collections import defaultdict
from collections.abc import Sequence

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.lid.identifier import Guess, LanguageIdentifier
from xinstruct.tools.lid.letters import letters
from xinstruct.tools.passages.named import named, same
from xinstruct.tools.sentences import SMALL_LETTER, is_unspaced, sentences

_LATIN = regex.compile(r"\p{Latin}+")
_OWN_LINE = regex.compile(rf"\n(?![\p{{P}}\s]*{SMALL_LETTER})")
# How many letters it takes before a guess about a single block is believed against its neighbours; fewer where a letter
# is a syllable.
_FEWEST_FIRM = 60
_FEWEST_FIRM_UNSPACED = 20
_FEWEST_SHORT = 15
_LOWEST_FIRM_SCORE = 0.5
_LOWEST_SHORT_SCORE = 0.85
_LOWEST_OTHER_SCORE = 0.9
_LOWEST_TURN_SCORE = 0.4
_LOWEST_STRANGER_SCORE = 0.8
_LOWEST_FOREIGN_SCORE = 0.6  # of a short sentence
_FEWEST_WORDS = 4
_LOWEST_OWN_SHARE = 0.75
_LONGEST_ASKED = 2_000


def label_blocks(
    page: Page,
    lid: LanguageIdentifier,
    wanted: frozenset[str],
    believed: str | None,
    claimed: tuple[tuple[str, ...], ...],
) -> tuple[list[str | None], str | None]:
    """A label for every block, and the page's language: the label of most of its letters (None where there are no
    letters to go by).

    Short blocks are told together with the short ones next to them, or take the label of what is around them; und is
    a block that is long enough to tell and yet in no language that is known. believed: what the source says; it gives
    way only to a block that is surely else. claimed: what the page and its address say.
    """
    texts = [page.text[block.start : block.end][:_LONGEST_ASKED] for block in page.blocks]
    groups = _groups(texts)
    joined = [" ".join(texts[index] for index in group) for group in groups]
    weights = [letters(text) for text in joined]
    guesses = lid.identify_many(joined)
    main, share = (believed, 1.0) if believed else _main(guesses, weights)
    if main is None:
        return [None] * len(texts), None
    if not believed:
        main = named(claimed, main) or _wanted_member(main, wanted)
    labels: list[str | None] = [None] * len(texts)
    for group, text, weight, guess in zip(groups, joined, weights, guesses, strict=True):
        for index in group:
            labels[index] = _label(text, weight, guess, main, share >= _LOWEST_OWN_SHARE)
    others = _others(guesses, weights, joined, main)
    short = [index for index, text in enumerate(texts) if letters(text) < _enough(text)]
    for index, guess in zip(short, lid.identify_many([texts[index] for index in short]), strict=True):
        own = main if _is_surely(texts[index], guess, main) else _stranger(texts[index], guess, main, others)
        labels[index] = own or labels[index]
    return _filled(labels, main), main


def _wanted_member(label: str, wanted: frozenset[str]) -> str:
    """The label, or the wanted one that identifiers confuse with it: who asks for Indonesian alone means what looks
    like Malay, too.
    """
    return label if label in wanted else next((own for own in sorted(wanted) if same(own, label)), label)


def _groups(texts: Sequence[str]) -> list[list[int]]:
    """Blocks by their index: those long enough to tell alone, and the short ones between them in groups of about twice
    that length.
    """
    groups: list[list[int]] = []
    collected = 0
    for index, text in enumerate(texts):
        weight, enough = letters(text), _enough(text)
        if weight >= enough:
            groups.append([index])
            collected = 0
        elif 0 < collected < 2 * enough:
            groups[-1].append(index)
            collected += weight
        else:
            groups.append([index])
            collected = weight
    return groups


def _enough(text: str) -> int:
    return _FEWEST_FIRM_UNSPACED if is_unspaced(text) else _FEWEST_FIRM


def _main(guesses: Sequence[Guess], weights: Sequence[int]) -> tuple[str | None, float]:
    """The label of most letters and its share of them, guesses counted by their scores."""
    shares: dict[str, float] = defaultdict(float)
    for guess, weight in zip(guesses, weights, strict=True):
        if guess.label != "und":
            shares[guess.label] += weight * guess.score
    main = max(shares, key=lambda label: (shares[label], label)) if shares else None
    return main, sum(weight for label, weight in shares.items() if main and same(label, main)) / (
        sum(shares.values()) or 1
    )


def _label(text: str, weight: int, guess: Guess, main: str, own: bool) -> str | None:
    """The label that a block, or a group of short ones, gives cause for; None where its neighbours know better.

    own: whether nearly all of the page is in its main language, so that an unsure guess at a like one is rather a
    mistake.
    """
    if guess.label == "und" or weight < _enough(text):
        return _stranger(text, guess, main, frozenset())
    if same(guess.label, main) or (own and guess.score < _LOWEST_STRANGER_SCORE and guess.label[-4:] == main[-4:]):
        return main
    return guess.label if guess.score >= _LOWEST_FIRM_SCORE else "und"


def _others(guesses: Sequence[Guess], weights: Sequence[int], texts: Sequence[str], main: str) -> frozenset[str]:
    """The languages besides the main one that longer blocks of the page are surely in."""
    long = (guess for guess, weight, text in zip(guesses, weights, texts, strict=True) if weight >= _enough(text))
    return frozenset(
        guess.label for guess in long if guess.score >= _LOWEST_OTHER_SCORE and not same(guess.label, main)
    ) - {"und"}


def _is_surely(text: str, guess: Guess, main: str) -> bool:
    return same(guess.label, main) and guess.score >= _LOWEST_FIRM_SCORE and _is_clause(text)


def _stranger(text: str, guess: Guess, main: str, others: frozenset[str]) -> str | None:
    """The label of a short block that is surely not in the page's language: by a high score, or by its Latin letters
    on another page. A lower score will do for a sentence in one of `others`.
    """
    weight = letters(text)
    if guess.label == "und" or same(guess.label, main):
        return None
    is_turn = guess.label in others and _is_clause(text)
    if weight >= _FEWEST_SHORT and guess.score >= (_LOWEST_TURN_SCORE if is_turn else _LOWEST_SHORT_SCORE):
        return guess.label
    latin = main[-4:] != "Latn" and guess.label[-4:] == "Latn" and sum(map(len, _LATIN.findall(text))) * 2 > weight > 3
    return guess.label if latin else None


def _is_clause(text: str) -> bool:
    """Whether a text has as many words as a short sentence; where words are not parted, as many letters."""
    return letters(text) >= (_FEWEST_FIRM_UNSPACED if is_unspaced(text) else _FEWEST_SHORT) and (
        is_unspaced(text) or len(text.split()) >= _FEWEST_WORDS
    )


def _filled(labels: Sequence[str | None], main: str) -> list[str | None]:
    """Labels without gaps: between two alike that label, otherwise the page's."""
    out: list[str | None] = []
    for index, label in enumerate(labels):
        if label is None:
            before = out[-1] if out else None
            after = next((known for known in labels[index + 1 :] if known is not None), None)
            label = before if before == after and before is not None else main
        out.append(label)
    return out


def purity(text: str, language: str, lid: LanguageIdentifier) -> float:
    """Share of a text's letters in sentences that are identified as its language; sentences of less than four words
    are left out. A line is a sentence of its own unless the next one goes on with a small letter.
    """
    told = [sentence for sentence in _sentences(text, language) if _is_clause(sentence)]
    pure = total = 0
    for sentence, guess in zip(told, lid.identify_many(told), strict=True):
        weight = letters(sentence)
        total += weight
        bar = _LOWEST_STRANGER_SCORE if weight >= _enough(sentence) else _LOWEST_FOREIGN_SCORE
        unsure = guess.score < bar and guess.label[-4:] == language[-4:]
        pure += weight if unsure or same(guess.label, language) else 0
    return pure / total if total else 1.0


def _sentences(text: str, language: str) -> list[str]:
    return [
        line.replace("\n", " ") for start, end in sentences(text, language) for line in _OWN_LINE.split(text[start:end])
    ]
