"""Holds a pair's instruction against those of near pairs: which makes the text likelier, which passage does it mean."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import regex

from xinstruct import prompts
from xinstruct.question import Weighing, Weight
from xinstruct.tools.near import Neighbour
from xinstruct.tools.rules import topic
from xinstruct.tools.sentences import is_unspaced

# Bytes of UTF-8 of a text's beginning that is weighed: about 200 tokens.
_BEGINNING = 1_200
# So many instructions of near pairs are weighed.
MOST_RIVALS = 4
# Fewer others are no choice.
FEWEST_OTHERS = 2
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# Beginnings of words that are shorter are shared by chance.
_SHORTEST_STEM = 4


def rivals(near: Sequence[Neighbour], own: str) -> list[str]:
    """Instructions of near pairs that are others than one's own: of the same host first, else the nearest."""
    told = [one.instruction for one in sorted(near, key=lambda one: not one.same_host)]
    return [one for one in dict.fromkeys(told) if one and one != own][:MOST_RIVALS]


def weighings(
    instruction: str, response: str, language: str, context: str | None, others: Sequence[str]
) -> list[Weighing]:
    """The questions how likely the text's beginning is: after its own instruction, after none, and after the others.

    language: its English name. The context is handed over with every one of them.
    """
    text = response.encode("utf-8", "replace")[:_BEGINNING].decode("utf-8", "ignore")
    asked = [f"{instruction}\nAnswer in {language}." for instruction in (instruction, *others)]
    asked.insert(1, f"Write a text in {language}.")
    masked = shared(asked, text)
    requests = [f"{one}\n\n{context}" if context else one for one in asked]
    return [Weighing("judge", "score.likelihood", {"request": request}, text, masked) for request in requests]


def shared(requests: Iterable[str], text: str) -> tuple[str, ...]:
    """The words of the text, case folded, that a request names, also with another ending, in alphabetical order.

    In scripts that write no blanks these are short stretches of the text.
    """
    said: set[str] = set()
    stems: set[str] = set()
    for request in requests:
        said.update(_WORD.findall(request.casefold()))
        own = " ".join(word for word in request.split() if word.casefold() not in prompts.english_words())
        stems.update(stem for stem in topic.stems(own) if len(stem) >= _SHORTEST_STEM)
        said.update(stem for stem in topic.stems(own) if is_unspaced(stem))
    folded = text.casefold()
    words = {word for word in _WORD.findall(folded) if not is_unspaced(word)}
    named = {word for word in words if word in said or any(word[:n] in stems for n in range(_SHORTEST_STEM, len(word)))}
    return tuple(sorted(named | {one for one in said if is_unspaced(one) and one in folded}))


def gains(weights: Sequence[Weight | None]) -> tuple[float | None, float | None]:
    """What the instruction adds to the log-probability of the text against none, and against the mean of the others.

    Both in nats per token. weights: the replies to `weighings`. None where it was not weighed, or no token counts.
    """
    nats = [weight.nats if weight is not None and weight.tokens else None for weight in weights]
    own, none, *others = nats
    near = [one for one in others if one is not None]
    if own is None:
        return None, None
    return (
        None if none is None else round(own - none, 3),
        round(own - sum(near) / len(near), 3) if len(near) >= FEWEST_OTHERS else None,
    )


def choice(
    instruction: str, language: str, own: tuple[str, str], near: Sequence[Neighbour]
) -> tuple[Mapping[str, Any], int]:
    """The fields of the question which of some passages an instruction asks for, and the right number, from 1.

    own: id of the pair and how its passage begins. The passages stand in an order that a hash decides.
    """
    heads = {one.id: one.head for one in near} | {own[0]: own[1]}
    order = sorted(heads, key=lambda name: hashlib.blake2b(f"{own[0]}\n{name}".encode()).digest())
    listed = "\n".join(f"{number}. {' '.join(heads[name].split())}" for number, name in enumerate(order, start=1))
    return {"instruction": instruction, "language": language, "heads": listed}, order.index(own[0]) + 1


def told_apart(own: str, near: Sequence[Neighbour]) -> list[Neighbour]:
    """The near pairs whose passages begin otherwise than one's own, and than each other's."""
    seen = {own}
    apart = []
    for one in near:
        if one.head not in seen:
            seen.add(one.head)
            apart.append(one)
    return apart
