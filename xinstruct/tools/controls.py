"""Makes pairs that are wrong on purpose out of pairs of the run, by which a judge is tried before it is trusted."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from xinstruct import prompts
from xinstruct.candidate import Candidate, content_hash
from xinstruct.tools.minhash.shingles import folded, jaccard, shingle_sets
from xinstruct.tools.near import Neighbour, head
from xinstruct.tools.passages import named
from xinstruct.tools.passages.lengths import english_characters
from xinstruct.tools.quotation_marks import quotations
from xinstruct.tools.rules import topic as topics
from xinstruct.tools.sentences import is_unspaced, sentences

# Pairs that begin more alike than this may answer each other's instructions.
_MOST_ALIKE = 0.5
# A neighbour among the first so many is not far, even where a language has no pairs that are further off.
_CLOSEST = 5
_SMALLEST_SHARE_LEFT = 0.4
_FEWEST_SENTENCES_LEFT = 2
_FEWEST_SENTENCES_SHUFFLED = 4
_SHORTEST_CUT, _SHORTEST_SENTENCE_CUT = 200, 20  # in characters of English
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of the run, taken for good, with the pairs that are most like it, best first."""

    candidate: Candidate
    near: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """A pair made wrong. kind: how, one of HARD or EASY; hard: whether it is one of HARD; of: id of the pair that it
    was made of; candidate: the wrong pair, with an id of its own and `of` as parent_id.
    """

    kind: str
    hard: bool
    of: str
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A pair among those that were drawn. others: those of its language, foreign: those of other languages; in both,
    pairs with lower hashes come first and the next lower one first of all, so that those added later change little.
    """

    pair: Pair
    others: tuple[Pair, ...]
    foreign: tuple[Pair, ...]


_Columns = dict[str, Any]


def drawn(ids: Sequence[str], count: int) -> list[int]:
    """Indexes of the `count` ids with the lowest hashes, lowest first: the same ones when others with higher hashes
    are added, in whatever order they come.
    """
    return sorted(range(len(ids)), key=lambda index: (_hash("drawn", ids[index]), ids[index]))[:count]


def controls(pairs: Sequence[Pair]) -> list[Control]:
    """One hard control for each pair, and an easy one for every second pair of a language; fewer where none can be
    made. They depend on the pairs alone, not on their order. `pairs` are all drawn ones of all languages.
    """
    asked = [pair for pair in pairs if pair.candidate.instruction and pair.candidate.kind == "pair"]
    ordered = [asked[index] for index in drawn([pair.candidate.id for pair in asked], len(asked))]
    made: list[Control] = []
    for language in sorted({pair.candidate.language for pair in ordered}):
        mine = [pair for pair in ordered if pair.candidate.language == language]
        # Where languages have few pairs each, all kinds come up over the languages.
        turn = _hash("turn", language) % len(_HARD_WAYS)
        for number, pair in enumerate(mine):
            at = _Drawn(pair, _around(mine, pair), _foreign(ordered, pair))
            made.extend(_first(at, _HARD_WAYS, turn + number, hard=True))
            if number % 2 == 0:
                made.extend(_first(at, _EASY_WAYS, turn + number // 2, hard=False))
    return made


def _around(ordered: Sequence[Pair], pair: Pair) -> tuple[Pair, ...]:
    """The others: those before the pair, last first, then those after it."""
    at = ordered.index(pair)
    return (*reversed(ordered[:at]), *ordered[at + 1 :])


def _foreign(ordered: Sequence[Pair], pair: Pair) -> tuple[Pair, ...]:
    around = _around(ordered, pair)
    return tuple(other for other in around if not named.same(other.candidate.language, pair.candidate.language))


def _first(
    at: _Drawn, ways: "Mapping[str, Callable[[_Drawn], _Columns | None]]", turn: int, hard: bool
) -> Iterator[Control]:
    """The control of the kind whose turn it is, or of one of the others that can be made."""
    true = at.pair.candidate
    own = list(ways)[turn % len(ways)]
    for kind in sorted(ways, key=lambda kind: (kind != own, _hash(kind, true.id))):
        columns = ways[kind](at)
        if columns is not None:
            text = columns.get("response", true.response)
            own_id = hashlib.blake2b(f"control\n{kind}\n{true.id}".encode(), digest_size=16).hexdigest()
            columns |= {"id": own_id, "parent_id": true.id, "content_hash": content_hash(text), "evidence": []}
            yield Control(kind, hard, true.id, true.change(**columns))
            return


def _neighbour(at: _Drawn) -> _Columns | None:
    """The instruction of the pair whose passage is most like this one, of the same host where there is any."""
    true = at.pair.candidate
    if true.context:  # what is handed over tells what to write, whatever the instruction says
        return None
    own = shingle_sets([head(true.response, true.language)])[0]
    for other in sorted(at.pair.near, key=lambda other: not other.same_host):
        if not other.instruction or topics.same(other.instruction, true.instruction):
            continue
        if jaccard(own, shingle_sets([other.head])[0]) < _MOST_ALIKE:
            return {"instruction": other.instruction}
    return None


def _without_evidence(at: _Drawn) -> _Columns | None:
    """The passage without the sentences that answer."""
    true = at.pair.candidate
    if true.context:  # a lead or the rest of a text may do without any one of its sentences
        return None
    text, spans = true.response, sentences(true.response, true.language)
    proofs = [span for stretch in true.evidence for span in _places(text, stretch)]
    kept = [not any(start < end and begin < stop for begin, end in proofs) for start, stop in spans]
    left = _joined(text, spans, kept)
    if all(kept) or sum(kept) < _FEWEST_SENTENCES_LEFT or len(left) < _SMALLEST_SHARE_LEFT * len(text):
        return None
    return {"response": left}


def _places(text: str, stretch: str) -> Iterator[tuple[int, int]]:
    wanted = stretch.strip()
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        yield start, start + len(wanted)
        start = text.find(wanted, start + 1)


def _joined(text: str, spans: Sequence[tuple[int, int]], kept: Sequence[bool]) -> str:
    """The kept sentences in their order; where some are left out, the widest blank that stood between stays."""
    found, gap, last = "", "", 0
    for (start, end), stays in zip(spans, kept, strict=True):
        gap, last = max(gap, text[last:start], key=lambda blank: (blank.count("\n"), len(blank))), end
        if stays:
            found += (gap if found else "") + text[start:end]
            gap = ""
    return found


def _over_specific(at: _Drawn) -> _Columns | None:
    """The instruction with one thing more, which the passage does not hold."""
    true = at.pair.candidate
    for entry in _turned(prompts.table("controls")["over_specific"], "over_specific", true):
        if _is_absent(entry, true):
            return {"instruction": _added(true.instruction or "", entry, true.style)}
    return None


def _added(instruction: str, entry: Mapping[str, Any], style: str | None) -> str:
    bare = instruction.rstrip()
    if style == "search":
        return f"{bare.rstrip('.?!')} {entry['query']}"
    closed = regex.search(r"[.?!…][\"'”’)]*$", bare)
    return f"{bare}{'' if closed else '.'} {entry['say']}"


def _wrong_task(at: _Drawn) -> _Columns | None:
    """Another task on the same topic."""
    true = at.pair.candidate
    topic = _topic(true)
    if not topic:
        return None
    for entry in _turned(prompts.table("controls")["wrong_task"], "wrong_task", true):
        if true.task not in entry.get("unless", ()) and _is_absent(entry, true):
            said = entry["query"] if true.style == "search" else entry["say"]
            return {"instruction": said.replace("{topic}", topics.quoted(topic))}
    return None


def _topic(true: Candidate) -> str | None:
    """What the pair is about, as its instruction, the heading or the title names it."""
    for quotation in quotations(true.instruction or ""):
        if not topics.asks(quotation):
            return quotation
    for line in (true.heading, true.title):
        cleaned = topics.clean(line, true.host, true.response)
        if cleaned and not topics.unusable(cleaned, true.response, true.host, true.section):
            return cleaned
    return None


def _is_absent(entry: Mapping[str, Any], true: Candidate) -> bool:
    """Whether the passage holds nothing of what the entry asks for."""
    plain = "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() else sign
        for sign in folded(true.response).translate(_HAN_DIGITS)
    )
    return not regex.search(entry["absent"], plain)


def _shuffled(at: _Drawn) -> _Columns | None:
    """The instruction of a pair of the same language about something else; or the sentences out of order."""
    true = at.pair.candidate
    place = {neighbour.id: number for number, neighbour in enumerate(at.pair.near)}
    far = [
        other.candidate
        for other in at.others
        if not other.candidate.context
        and (true.host is None or other.candidate.host != true.host)
        and place.get(other.candidate.id, len(place) + _CLOSEST) >= _CLOSEST
        and not topics.same(other.candidate.instruction, true.instruction)
    ]
    if far and not true.context:
        return {"instruction": min(far, key=lambda other: other.id in place).instruction}
    spans = sentences(true.response, true.language)
    if len(spans) < _FEWEST_SENTENCES_SHUFFLED:
        return None
    parts = [true.response[start:end] for start, end in spans]
    order = sorted(range(len(parts)), key=lambda number: _hash(f"shuffled {number}", true.id))
    if order == sorted(order):
        order.reverse()
    return {"response": ("" if is_unspaced(true.response) else " ").join(parts[number] for number in order)}


def _truncated(at: _Drawn) -> _Columns | None:
    """The passage cut off in mid-sentence, at about a third."""
    true = at.pair.candidate
    text, scale = true.response.rstrip(), english_characters(true.language)
    later = [
        (start, end)
        for start, end in sentences(text, true.language)
        if end > len(text) // 3 and (end - start) * scale >= _SHORTEST_SENTENCE_CUT
    ]
    if not later or len(text) * scale < _SHORTEST_CUT:
        return None
    start, end = later[0]
    middle = (start + end) // 2
    blank = max(text.rfind(" ", start + 1, middle), text.rfind("\n", start + 1, middle))
    cut = blank if blank > start else middle
    while regex.match(r"\p{M}", text[cut : cut + 1]):
        cut += 1
    return {"response": text[:cut].rstrip().rstrip(",;:،؛、，")}


def _wrong_language(at: _Drawn) -> _Columns | None:
    """A passage of another language."""
    if at.pair.candidate.context:
        return None
    whole = [other.candidate for other in at.foreign if not other.candidate.context]
    # By its making, no letter of it is in the language that the pair is said to be in.
    return {"response": whole[0].response, "lid_purity": 0.0} if whole else None


def _generic(at: _Drawn) -> _Columns | None:
    """An instruction that asks for nothing in particular."""
    true = at.pair.candidate
    return {"instruction": _turned(prompts.table("controls")["generic"], "generic", true)[0]}


def _turned(entries: Sequence[Any], what: str, true: Candidate) -> list[Any]:
    """The entries, beginning with another one for each pair."""
    turn = _hash(what, true.id) % len(entries)
    return [*entries[turn:], *entries[:turn]]


def _hash(what: str, of: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{what}\n{of}".encode("utf-8", "surrogatepass"), digest_size=8).digest())


_HARD_WAYS: dict[str, Callable[[_Drawn], _Columns | None]] = {
    "neighbour": _neighbour,
    "without_evidence": _without_evidence,
    "wrong_task": _wrong_task,
    "over_specific": _over_specific,
}
_EASY_WAYS: dict[str, Callable[[_Drawn], _Columns | None]] = {
    "shuffled": _shuffled,
    "truncated": _truncated,
    "wrong_language": _wrong_language,
    "generic": _generic,
}
HARD, EASY = tuple(_HARD_WAYS), tuple(_EASY_WAYS)
