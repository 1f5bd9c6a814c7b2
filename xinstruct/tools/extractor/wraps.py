"""Joins lines that end only because a page was narrow; the lines of verses, lists and addresses stay as they are."""

import itertools
from collections.abc import Iterator, Sequence
from statistics import quantiles

import regex

from xinstruct.tools.extractor.blocks import RawBlock
from xinstruct.tools.sentences import SMALL_LETTER, ends_sentence, is_unspaced

_FEWEST_OPEN = 4  # lines that end in mid-sentence
_FEWEST_LINES = 5
_NARROWEST = 16  # of the width of lines, in code points
_NARROWEST_UNSPACED = 12
_WIDEST = 100
_LOWEST_FILLED = 0.7  # of the lines that end in mid-sentence
_LOWEST_SMALL = 0.6
_HIGHEST_POINTED = 0.35
_LOWEST_CLOSED = 0.1  # of all lines
_LOWEST_WITHIN = 0.5  # of the sentence ends
_MOST_LINES = 12  # of one sentence
_FIRST_WORD = regex.compile(r"\S+")
_POINTED = regex.compile(r"[\p{P}|]\p{Cf}*$")
_SMALL = regex.compile(rf"[\p{{Pi}}\p{{Ps}}\"'¿¡—–-]*{SMALL_LETTER}")
_CAPITAL = regex.compile(r"\p{Lu}")
_CASED = regex.compile(rf"\p{{Lu}}|{SMALL_LETTER}")
_HYPHEN = regex.compile(r"\p{L}[-‐]$")
_ENDED_WITHIN = regex.compile(
    r"(?!၊)[\p{Sentence_Terminal}…][\p{Pe}\p{Pf}\"'’”»]*\s+[\p{Pi}\"']*\p{L}|[。！？](?=\p{L})"
)


def unwrapped(blocks: Sequence[RawBlock]) -> list[RawBlock]:
    """The blocks of a page, with lines of paragraphs joined by a blank where they were wrapped, be each a line of one
    paragraph or a paragraph of its own. A line end behind a sentence stays.
    """
    texts = [text.split("\n") for kind, _, text in blocks if kind == "paragraph" and "\n" in text]
    narrow = _narrow(texts)
    within = [
        (kind, level, _rejoined(text, narrow) if kind == "paragraph" and narrow else text)
        for kind, level, text in blocks
    ]
    return [block for run in _runs(within) for block in _merged(run)]


def is_wrapped(lines: Sequence[str]) -> bool:
    """Whether lines end because they were full: most that end in mid-sentence have no room for the next word, few of
    them have a mark there, as verses do, and most go on with a small letter. Where letters have no case, half of the
    sentences must end within a line, because verses may be of one width, too.
    """
    opened = _open(lines)
    if len(opened) < _FEWEST_OPEN or len(lines) < _FEWEST_LINES or max(map(len, lines)) > _WIDEST:
        return False
    if len(lines) - len(opened) < _LOWEST_CLOSED * len(lines):
        return False
    width = _width(lines)
    if width < (_NARROWEST_UNSPACED if is_unspaced(lines[0]) else _NARROWEST):
        return False
    filled = sum(_is_full(lines[index], lines[index + 1], width) for index in opened)
    pointed = sum(bool(_POINTED.search(lines[index])) for index in opened)
    if filled < max(_FEWEST_OPEN, _LOWEST_FILLED * len(opened)) or pointed > _HIGHEST_POINTED * len(opened):
        return False
    if _CASED.search(lines[0]):
        return sum(bool(_SMALL.match(lines[index + 1])) for index in opened) >= _LOWEST_SMALL * len(opened)
    return _ends_within(lines)


def _ends_within(lines: Sequence[str]) -> bool:
    within = sum(len(_ENDED_WITHIN.findall(line)) for line in lines)
    closed = sum(map(ends_sentence, lines))
    return within >= _LOWEST_WITHIN * (within + closed)


def _narrow(texts: Sequence[Sequence[str]]) -> float:
    """The width of the lines of a page's paragraphs, where most of those that tell are wrapped, or all of the short
    ones together are; 0 where not. Of many stanzas, some look as if they were.
    """
    told = [lines for lines in texts if len(_open(lines)) >= _FEWEST_OPEN]
    pooled = list(itertools.chain(*(lines for lines in texts if 1 <= len(_open(lines)) < _FEWEST_OPEN)))
    wrapped = sum(map(is_wrapped, told)) * 2 > len(told) if told else is_wrapped(pooled)
    return _width(list(itertools.chain(*told, pooled))) if wrapped else 0.0


def _open(lines: Sequence[str]) -> list[int]:
    """Which lines end in mid-sentence, the last left out."""
    return [index for index, line in enumerate(lines[:-1]) if not ends_sentence(line)]


def _width(lines: Sequence[str]) -> float:
    """How long lines are that are full: a few may stand out."""
    return quantiles(map(len, lines), n=10)[-1] if len(lines) > 1 else 0.0


def _is_full(line: str, following: str, width: float) -> bool:
    """Whether the first word of the following line had no more room; where words are not parted, whether hardly any
    letter had.
    """
    if is_unspaced(line):
        return len(line) >= 0.85 * width
    word = _FIRST_WORD.search(following)
    return len(line) + 1 + len(word[0] if word else "") > 0.9 * width


def _rejoined(text: str, narrow: float) -> str:
    """A paragraph with its wrapped lines joined, on a page whose lines are as long as narrow when they are full."""
    lines = text.split("\n")
    if len(_open(lines)) < _FEWEST_OPEN:
        return _joined(lines, narrow)
    return _joined(lines, _width(lines)) if is_wrapped(lines) else text


def _joined(lines: Sequence[str], width: float) -> str:
    out = lines[0]
    for before, line in itertools.pairwise(lines):
        out += (_glue(before, line) if _goes_on(before, line, width) else "\n") + line
    return out


def _goes_on(before: str, line: str, width: float) -> bool:
    """Whether a sentence goes on with the next line. What begins with a capital behind a comma is rather a verse."""
    if ends_sentence(before) or _SMALL.match(line):
        return not ends_sentence(before)
    return _is_full(before, line, width) and not (_POINTED.search(before) and _CAPITAL.match(line))


def _glue(before: str, line: str) -> str:
    return "" if _HYPHEN.search(before) or (is_unspaced(before[-2:]) and is_unspaced(line[:2])) else " "


def _runs(blocks: Sequence[RawBlock]) -> Iterator[list[RawBlock]]:
    """Neighbouring paragraphs of one short line each together; every other block by itself."""
    for is_line, run in itertools.groupby(blocks, key=_is_line):
        if is_line:
            yield list(run)
        else:
            yield from ([block] for block in run)


def _is_line(block: RawBlock) -> bool:
    return block[0] == "paragraph" and len(block[2]) <= _WIDEST and "\n" not in block[2]


def _merged(run: list[RawBlock]) -> Iterator[RawBlock]:
    """The paragraphs of a run, those that are lines of one sentence as one paragraph."""
    lines = [text for _, _, text in run]
    if len(run) < _FEWEST_LINES or not is_wrapped(lines):
        yield from run
        return
    width = _width(lines)
    held = lines[:1]
    for before, line in itertools.pairwise(lines):
        if _goes_on(before, line, width) and len(held) < _MOST_LINES:
            held.append(line)
            continue
        yield run[0][0], run[0][1], _joined(held, width)
        held = [line]
    yield run[0][0], run[0][1], _joined(held, width)
