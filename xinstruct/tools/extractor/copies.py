"""Takes out of a page the copies of its text in further languages, which stand beside it for the reader to switch to.

Nothing is taken out only because it is hidden: an answer folded under its question is hidden too. What is left out
says the same as its neighbour over again, letter for letter or in another language.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import add, mul

import regex
from lxml.html import HtmlElement

from xinstruct.tools.extractor.blocks import bare
from xinstruct.tools.extractor.dialogues import SEEN, characters, stands_in
from xinstruct.tools.extractor.folds import HIDING, ends_as_prose, is_hidden
from xinstruct.tools.extractor.identity import identified

_MAY_BE_COPIES = ("div", "p", "span", "section", "article", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6")
# Programs are told apart like languages, and are often shown in several behind tabs; what asks for input is no text.
_NEVER_COPIES = ("pre", "code", "input", "textarea", "select")
_OF_THE_MOMENT = SEEN | HIDING
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_FEWEST_PLACES = 3  # at which the same switch stands, where nothing else says that it is one
_FEWEST_LETTERS = 60  # of one copy, over the whole page
_LOWEST_LENGTH_SHARE = 0.5
_LOWEST_PROSE_SHARE = 0.5
_LOWEST_EQUAL_SHARE = 0.9
_HIGHEST_OTHER_LANGUAGE = 0.75  # how alike two texts in two languages are, against how alike each is to itself
_LONGEST_COMPARED = 4000  # characters; more would only make it surer
_LOWEST_SURE = 0.8  # score of the identifier


@dataclass(frozen=True, slots=True)
class _Role:
    """What tells an element from its neighbours: class names, declared language, and whether it is hidden."""

    classes: tuple[str, ...]
    language: str
    hidden: bool


_Mark = tuple[tuple[str, ...], str, bool]
_Group = list[tuple[HtmlElement, _Role]]


def drop_copies(tree: HtmlElement) -> tuple[Counter[str], list[HtmlElement]]:
    """Take out every element that repeats its neighbour or says it in another language; the one that stays is seen
    when the page opens, and is the first in the page's language, where that is declared. Gives how many characters
    were taken out as other_language and as repeated, and the elements that stayed at places where a switch of
    languages stands several times.
    """
    pooled: dict[tuple[_Mark, ...], list[_Group]] = {}
    for group in _groups(tree):
        pooled.setdefault(_marks(group), []).append(group)
    page_language = _language(tree)
    cut, stayed = Counter[str](), list[HtmlElement]()
    for marks, groups in pooled.items():
        if _may_switch(marks, groups):
            kept = _kept(marks, page_language)
            reason, copies = _copies(marks, groups, kept)
            if reason == "other_language" and len(groups) >= _FEWEST_PLACES:
                stayed += [group[kept][0] for group in groups]
            for element in (group[index][0] for index in copies for group in groups):
                if stands_in(element, tree):
                    cut[reason] += characters(element)
                    element.drop_tree()
    return cut, [element for element in stayed if stands_in(element, tree)]


def _groups(tree: HtmlElement) -> Iterator[_Group]:
    """Runs of neighbours with the same tag that differ in one class name, in language or in being hidden."""
    done: set[HtmlElement] = set()
    for element in tree.iter(*_MAY_BE_COPIES):
        following = element.getnext()
        if following is None or following.tag != element.tag or element in done:
            continue
        if not element.attrib and not following.attrib:
            continue
        first = _role(element)
        before = element.getprevious()
        run = [(element, first)]
        seen = {first}
        while following is not None and following.tag == element.tag:
            role = _role(following)
            if not _differ_in_one(first, role) or (role in seen and not role.hidden):
                break
            run.append((following, role))
            seen.add(role)
            following = following.getnext()
        # one kind after the other, not side by side: a text and, after it, another
        halves = (before is not None and before.tag == element.tag and _role(before) == first) or (
            following is not None and following.tag == element.tag and _role(following) == run[-1][1]
        )
        if len(run) > 1 and not halves:
            done.update(member for member, _ in run[1:])
            yield run


def _role(element: HtmlElement) -> _Role:
    return _named_role(element.get("class") or "", _language(element), is_hidden(element))


@lru_cache(maxsize=4096)
def _named_role(classes: str, language: str, hidden: bool) -> _Role:
    return _Role(tuple(name for name in classes.split() if name not in _OF_THE_MOMENT), language, hidden)


def _language(element: HtmlElement) -> str:
    declared = element.get("lang")
    return declared.lower().replace("_", "-").partition("-")[0] if declared else ""


def _differ_in_one(one: _Role, other: _Role) -> bool:
    if one.classes == other.classes:
        return one.language != other.language or one.hidden != other.hidden
    return (
        len(one.classes) == len(other.classes)
        and sum(a != b for a, b in zip(one.classes, other.classes, strict=True)) == 1
    )


def _marks(group: _Group) -> tuple[_Mark, ...]:
    """What each member of a group has that not all have, by which the same switch is known at other places."""
    shared = set.intersection(*(set(role.classes) for _, role in group))
    return tuple(
        (tuple(name for name in role.classes if name not in shared), role.language, role.hidden) for _, role in group
    )


def _may_switch(marks: tuple[_Mark, ...], groups: list[_Group]) -> bool:
    """Whether something says that a reader sees one member at a time, before their texts are compared."""
    return (
        len(groups) >= _FEWEST_PLACES
        or len({hidden for _, _, hidden in marks}) > 1
        or (all(language for _, language, _ in marks) and len({language for _, language, _ in marks}) > 1)
    )


def _kept(marks: tuple[_Mark, ...], page_language: str) -> int:
    return min(range(len(marks)), key=lambda i: (marks[i][2], bool(page_language) and marks[i][1] != page_language, i))


def _copies(marks: tuple[_Mark, ...], groups: list[_Group], kept: int) -> tuple[str, list[int]]:
    """Which members only repeat the kept one, and why: all that do so letter for letter, and all others as well once
    one of them is seen to be in another language.
    """
    if any(next(member.iter(*_NEVER_COPIES), None) is not None for group in groups for member, _ in group):
        return "", []
    texts = [[group[index][0].text_content() for group in groups] for index in range(len(marks))]
    own = texts[kept]
    if len(bare("".join(own))) < _FEWEST_LETTERS or len(set(own)) * 2 < len(own):
        return "", []
    others = [index for index in range(len(marks)) if index != kept]
    parallel = [index for index in others if _are_parallel(own, texts[index])]
    for index in parallel:
        declared = marks[kept][1] and marks[index][1] and marks[kept][1] != marks[index][1]
        if declared or _other_language(own, texts[index]):
            return "other_language", parallel
    return "repeated", [index for index in others if _are_equal(own, texts[index])]


def _are_equal(own: list[str], other: list[str]) -> bool:
    letters = [(bare(text), bare(copy)) for text, copy in zip(own, other, strict=True)]
    equal = sum(len(text) for text, copy in letters if text == copy)
    return equal >= _LOWEST_EQUAL_SHARE * max(1, *map(sum, zip(*((len(a), len(b)) for a, b in letters), strict=True)))


def _are_parallel(own: list[str], other: list[str]) -> bool:
    """Whether both are prose of about one length, in letters or in bytes: Chinese says in a letter what takes four."""
    for texts in (own, other):
        written = [text for text in texts if text.strip()]
        # names, dates and prices beside a text do not end as it does
        if sum(map(ends_as_prose, written)) < _LOWEST_PROSE_SHARE * max(1, len(written)):
            return False
    letters = [len(bare("".join(texts))) for texts in (own, other)]
    in_bytes = [len("".join(texts).encode("utf-8", "replace")) for texts in (own, other)]
    return max(min(pair) / max(1, *pair) for pair in (letters, in_bytes)) >= _LOWEST_LENGTH_SHARE


def _other_language(own: list[str], other: list[str]) -> bool:
    """Whether the two are of two languages: the identifier says so, sure of one of them at least, and they share few
    runs of three letters beside what each shares with itself, one half with the other. The second holds for languages
    that the identifier does not know.
    """
    texts = [" ".join(" ".join(part).split())[:_LONGEST_COMPARED] for part in (own, other)]
    halves = [(_trigrams(text[: len(text) // 2]), _trigrams(text[len(text) // 2 :])) for text in texts]
    (one, two), (three, four) = halves
    within = math.sqrt(_likeness(one, two) * _likeness(three, four))
    if _likeness(one, four) + _likeness(two, three) > 2 * _HIGHEST_OTHER_LANGUAGE * within:
        return False
    guesses = identified(texts)
    return guesses[0].label != guesses[1].label and max(guess.score for guess in guesses) >= _LOWEST_SURE


def _trigrams(text: str) -> Counter[str]:
    letters = f" {' '.join(_WORD.findall(text.casefold()))} "
    return Counter(map(add, map(add, letters, letters[1:]), letters[2:]))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(one[run] * other[run] for run in one.keys() & other.keys())
    size = math.sqrt(_length(one) * _length(other))
    return shared / size if size else 0.0


def _length(runs: Counter[str]) -> int:
    return sum(map(mul, runs.values(), runs.values()))
