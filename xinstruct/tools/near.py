"""Finds the passages that are most like a passage by the words they share, as a search engine would (BM25)."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from xinstruct.tools.minhash.shingles import folded
from xinstruct.tools.passages.lengths import english_characters

# With its own passage a choice among fifty.
MOST_NEAR = 49
_OF_OWN_HOST = 4
_HEAD = 160  # in characters of English

# How soon a word said again stops counting, and how far a long text is held back: the values that search engines use.
_K1, _B = 1.2, 0.75
# Similarities held at once, 4 bytes each, and as many again to order them.
_HELD = 4_000_000

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# Scripts that are written without blanks between words, as languages name them.
_UNSPACED = frozenset(("Hans", "Hant", "Jpan", "Thai", "Laoo", "Khmr", "Mymr", "Lana", "Tavt", "Java"))
_SPACED = regex.compile(r"[\p{Latin}\p{N}]+")


@dataclass(frozen=True, slots=True)
class NearRow:
    """A pair of which neighbours are sought, or which may be one; response is the native passage."""

    id: str
    host: str | None
    language: str
    instruction: str
    response: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A pair whose passage is like another's. head: how its passage begins, about 160 characters of English long;
    same_host: whether both come from one host (False where a host is unknown).
    """

    id: str
    instruction: str
    head: str
    host: str | None
    same_host: bool


def neighbours(rows: Sequence[NearRow], language: str, count: int = MOST_NEAR) -> list[tuple[Neighbour, ...]]:
    """For each row up to `count` others whose passages are most like its own, best first. Four of them are of its own
    host, as far as there are so many that share a term with it. All rows are of one language.
    """
    heads = [head(row.response, language) for row in rows]
    found = nearest([row.response for row in rows], language, count, [row.host for row in rows], _OF_OWN_HOST)
    return [
        tuple(
            Neighbour(
                id=rows[other].id,
                instruction=rows[other].instruction,
                head=heads[other],
                host=rows[other].host,
                same_host=row.host is not None and row.host == rows[other].host,
            )
            for other in others
        )
        for row, others in zip(rows, found, strict=True)
    ]


def head(text: str, language: str) -> str:
    """How a passage begins, on one line, as much of it as says what about 160 characters of English say."""
    longest = round(_HEAD / english_characters(language))
    line = " ".join(text[: 2 * longest].split())
    if len(line) <= longest:
        return line
    cut = line[: longest + 1]
    # A word, or a letter with its marks, stays whole; a script without blanks may have none to cut at.
    at = cut.rfind(" ") if cut.rfind(" ") > longest // 2 else longest
    while at and regex.match(r"\p{M}", line[at : at + 1]):
        at -= 1
    return line[:at].rstrip() + " ..."


def nearest(
    texts: Sequence[str], language: str, count: int, hosts: Sequence[str | None] = (), of_host: int = 0
) -> list[list[int]]:
    """For each text the indexes of its `count` most similar others by BM25, best first, ties by index; fewer where
    fewer share a term with it.

    Each distinct term of a text is asked for once. With `hosts`, one per text, `of_host` of those found are of the
    text's own host, as far as there are so many that share a term with it: they take the places of the last ones.
    """
    terms = _counts(texts, language[-4:] in _UNSPACED)
    if terms is None or count < 1:
        return [[] for _ in texts]
    names = {host: number for number, host in enumerate(dict.fromkeys(hosts)) if host is not None}
    homes = np.array([names.get(host, -1) if host is not None else -1 for host in hosts or [None] * len(texts)])
    found: list[list[int]] = []
    for likeness in _likenesses(terms):
        for row in likeness:
            own = len(found)
            row[own] = 0.0
            best = _best(row, count)
            if of_host and homes[own] >= 0:
                best = _with_own(best, _best(np.where(homes == homes[own], row, 0.0), min(of_host, count)), row, count)
            found.append(best.tolist())
    return found


def _counts(texts: Sequence[str], unspaced: bool) -> Any:
    """How often each term stands in each text: a sparse matrix, texts x terms; None where there is no term."""
    from scipy.sparse import csr_matrix

    numbers: dict[str, int] = {}
    terms, times, ends = array("i"), array("f"), [0]
    for text in texts:
        counted = Counter(_pairs(text) if unspaced else _words(text))
        terms.extend(numbers.setdefault(term, len(numbers)) for term in counted)
        times.extend(counted.values())
        ends.append(len(terms))
    if not numbers:
        return None
    return csr_matrix((np.array(times), np.array(terms), ends), (len(texts), len(numbers)))


def _words(text: str) -> list[str]:
    return _WORD.findall(folded(text))


def _pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters; words and numbers of a script with blanks whole."""
    found: list[str] = []
    for word in _words(text):
        whole = len(word) == 1 or _SPACED.fullmatch(word)
        found.extend((word,) if whole else (word[i : i + 2] for i in range(len(word) - 1)))
    return found


def _likenesses(terms: Any) -> Iterator[NDArray[np.float32]]:
    """Similarities of all texts to each text, in blocks of rows: arrays of texts in the block x all texts."""
    texts = terms.shape[0]
    in_texts = np.bincount(terms.indices, minlength=terms.shape[1])
    rarity = np.log1p((texts - in_texts + 0.5) / (in_texts + 0.5)).astype(np.float32)
    lengths = np.asarray(terms.sum(axis=1)).ravel()
    held_back = _K1 * (1 - _B + _B * lengths / lengths.mean())
    weights = terms.copy()
    weights.data = rarity[terms.indices] * terms.data / (terms.data + np.repeat(held_back, np.diff(terms.indptr)))
    by_term = weights.T.tocsr().astype(np.float32)
    asked = terms.copy()
    asked.data = np.ones_like(terms.data)
    block = max(1, _HELD // texts)
    for start in range(0, texts, block):
        yield (asked[start : start + block] @ by_term).toarray()


def _best(row: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Indexes of the `count` highest values over 0, highest first, ties by index."""
    last = np.partition(row, -count)[-count] if count < len(row) else 0.0
    able = np.flatnonzero((row >= last) & (row > 0))
    return able[np.argsort(-row[able], kind="stable")][:count]


def _with_own(
    best: NDArray[np.int64], own: NDArray[np.int64], row: NDArray[np.float32], count: int
) -> NDArray[np.int64]:
    """The best with all of `own` among them, in order of likeness."""
    others = best[~np.isin(best, own)][: max(0, count - len(own))]
    joined = np.sort(np.concatenate((own, others)))
    return joined[np.argsort(-row[joined], kind="stable")]
