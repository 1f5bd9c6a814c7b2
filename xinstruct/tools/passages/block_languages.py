"""Says which language each block of a page is in, and how pure the language of a passage is."""

from collections import defaultdict
from collections.abc import Sequence

import regex

from xinstruct.tools.extractor.page import Page
from xinstruct.tools.lid.identifier import Guess, LanguageIdentifier
from xinstruct.tools.lid.letters import letters
from xinstruct.tools.passages.named import named, same
from xinstruct.tools.sentences import is_unspaced, sentences

_LATIN = regex.compile(r"\p{Latin}+")
# How many letters it takes before a guess about a single block is believed against its neighbours; fewer where a letter
# is a syllable.
_FEWEST_FIRM = 60
_FEWEST_FIRM_UNSPACED = 20
_FEWEST_SHORT = 15
_LOWEST_FIRM_SCORE = 0.5
_LOWEST_SHORT_SCORE = 0.85
_LOWEST_STRANGER_SCORE = 0.8
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
    strangers = [index for group in groups if len(group) > 1 for index in group]
    for index, guess in zip(strangers, lid.identify_many([texts[index] for index in strangers]), strict=True):
        labels[index] = _stranger(texts[index], guess, main) or labels[index]
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
        return _stranger(text, guess, main)
    if same(guess.label, main) or (own and guess.score < _LOWEST_STRANGER_SCORE and guess.label[-4:] == main[-4:]):
        return main
    return guess.label if guess.score >= _LOWEST_FIRM_SCORE else "und"


def _stranger(text: str, guess: Guess, main: str) -> str | None:
    """The label of a short block that is surely not in the page's language: by a high score, or by its Latin letters
    on another page.
    """
    weight = letters(text)
    if guess.label == "und" or same(guess.label, main):
        return None
    if weight >= _FEWEST_SHORT and guess.score >= _LOWEST_SHORT_SCORE:
        return guess.label
    latin = main[-4:] != "Latn" and guess.label[-4:] == "Latn" and sum(map(len, _LATIN.findall(text))) * 2 > weight > 3
    return guess.label if latin else None


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
    """Share of a text's letters in sentences that are identified as its language; sentences too short to tell are left
    out.
    """
    told: list[tuple[str, int]] = []
    for start, end in sentences(text, language):
        sentence = text[start:end].replace("\n", " ")
        weight = letters(sentence)
        if weight >= _enough(sentence):
            told.append((sentence, weight))
    guesses = lid.identify_many([sentence for sentence, _ in told])
    pure = sum(
        weight
        for (_, weight), guess in zip(told, guesses, strict=True)
        if same(guess.label, language) or (guess.score < _LOWEST_STRANGER_SCORE and guess.label[-4:] == language[-4:])
    )
    total = sum(weight for _, weight in told)
    return pure / total if total else 1.0
