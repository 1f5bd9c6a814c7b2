"""Picks an English phrasing for what the rules writer asks: the same input always gets the same words."""

import functools
import hashlib
from collections.abc import Mapping, Sequence

import regex

from xinstruct import prompts

_CHOICE = regex.compile(r"\[([^\[\]]*)\]")
_SLOT = regex.compile(r"\{(\w+)\}")
_SLOT_AT_END = regex.compile(r"\{(\w+)\}(\.?)(?=( [A-Z]|$)?)")
_CLOSING = tuple("?!.…؟？！。።՞।۔")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Draw:
    """Chooses by a hash of what is asked and of a name for each choice, so that choices do not hang together."""

    def __init__(self, key: str) -> None:
        self._key = key

    def number(self, name: str) -> int:
        """A number of 64 bits for this choice."""
        return int.from_bytes(
            hashlib.blake2b(f"{self._key}\n{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        )

    def share(self, name: str) -> float:
        """A number in [0, 1) for this choice."""
        return self.number(name) / 2**64

    def one(self, name: str, of: Sequence[str]) -> str:
        """One of the sequence."""
        return of[self.number(name) % len(of)]


@functools.cache
def phrasings(ask: str, style: str) -> tuple[str, ...]:
    """Every phrasing of an ask in a style, unfilled: its own sentences, and frames around its things."""
    handed = prompts.table("handed")
    if ask in handed:
        return tuple(handed[ask][style])
    table = prompts.table("asks")[ask]
    own = tuple(table[style])
    frames = prompts.table("frames").get(style, [])
    return own + tuple(frame.replace("{thing}", thing) for frame in frames for thing in table.get("things", []))


def phrase(ask: str, style: str, slots: Mapping[str, str], draw: Draw) -> str:
    """One phrasing, filled. The ask's own sentences and the frames share half and half, since frames are many more."""
    handed = prompts.table("handed")
    every = phrasings(ask, style)
    own = len(every) if ask in handed else len(prompts.table("asks")[ask][style])
    pool = every[:own] if own == len(every) or draw.share("own or frame") < 0.5 else every[own:]
    fitting = [text for text in pool if set(_SLOT.findall(text)) <= slots.keys()]
    return filled(draw.one("phrasing", fitting), slots, draw, ends=style != "search")


def detail(kind: str, slots: Mapping[str, str], draw: Draw) -> str:
    """A further sentence that says more of what is wanted."""
    return filled(draw.one(f"detail {kind}", prompts.table("details")[kind]), slots, draw, ends=True)


def filled(text: str, slots: Mapping[str, str], draw: Draw, ends: bool) -> str:
    """The phrasing with choices made and slots filled; with `ends`, each sentence ends with one mark."""
    text = _CHOICE.sub(lambda match: draw.one(f"{match.start()} {match[1]}", match[1].split("|")), text)
    text = regex.sub(r" {2,}", " ", text)
    if not ends:
        return _SLOT.sub(lambda match: slots[match[1]], text)
    shown = _SLOT_AT_END.sub(
        lambda match: _closed(slots[match[1]], match[2], match[1] == "question" and match[3] is not None), text
    )
    return shown[:1].upper() + shown[1:]


def _closed(value: str, mark: str, last: bool) -> str:
    """A filled slot with its full stop: none behind a native question mark, one behind a question without a mark."""
    closes = value[-2:-1] in _CLOSING
    if mark:
        return value if closes else value + mark
    return value + "." if last and not closes else value


def counted(number: int, noun: str) -> str:
    """A number and its noun: one paragraph, two paragraphs."""
    shown = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{shown} {noun}" + ("" if number == 1 else "s")


def sized(length: float) -> dict[str, str]:
    """The nouns whose size fits a passage of so many characters, by slot."""
    nouns = prompts.table("nouns")
    size = 0 if length < nouns["short_below"] else 2 if length > nouns["long_above"] else 1
    return {slot: forms[size] for slot, forms in nouns["sized"].items()}
