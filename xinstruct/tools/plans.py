"""Plans what is wished of each passage, by a hash of its id: style, length of the answer, tasks to try first."""

import functools
import hashlib
import re
from collections.abc import Mapping
from typing import Literal, TypeVar, get_args
from urllib.parse import unquote, urlsplit

from xinstruct import prompts
from xinstruct.candidate import Candidate
from xinstruct.tools.passages.lengths import english_characters

Style = Literal["request", "chat", "search"]
# What goes along with the instruction when the whole passage answers: nothing, or notes.
Shape = Literal["passage", "notes"]
# Lengths of answers, in characters of English.
Band = Literal["20-200", "200-600", "600-1500", "longer"]
# The passage answers, or a stretch of it, to a bare instruction.
PassageTask = Literal[
    "answer_question", "define_term", "give_recipe", "explain_steps", "give_advice", "portrait_person",
    "describe_place", "describe_work", "describe_product", "tell_story", "write_blog", "write_section",
    "write_article", "explain_topic", "list_items", "write_faq",
]  # fmt: skip
# Notes are handed over along with the instruction; the whole passage answers.
NotesTask = Literal["notes_to_text", "write_news", "announce_event"]
# A part of the passage is handed over, or all of it; a stretch of the passage answers.
PartTask = Literal["text_to_title", "text_to_lead", "text_to_answer", "continue_text"]
PASSAGE_TASKS, NOTES_TASKS, PART_TASKS = get_args(PassageTask), get_args(NotesTask), get_args(PartTask)

# What a page of such a kind, a key of nouns.yml, holds most likely; of QAPage the question says it.
_OF_KIND = {
    "Recipe": "give_recipe",
    "HowTo": "explain_steps",
    "Person": "portrait_person",
    "Place": "describe_place",
    "Book": "describe_work",
    "Product": "describe_product",
}
# So the themes of many blogs call every page.
_SAYS_NOTHING = "CreativeWork"

BOUNDS: dict[Band, tuple[int, int]] = {"20-200": (20, 200), "200-600": (200, 600), "600-1500": (600, 1500)}
# Tasks that a stretch of such a length can answer; those of one line take turns in coming first.
_OF_STRETCH: dict[Band, tuple[str, ...]] = {
    "20-200": ("text_to_title", "text_to_answer"),
    "200-600": ("text_to_lead", "text_to_answer", "answer_question"),
    "600-1500": ("write_section", "continue_text", "answer_question"),
}
# A shorter passage, in characters of English, answers as a whole whatever is wished: a part of it says too little.
_SHORTEST_PARTED = 600

_EVENT = "Event"
_NEWS = "NewsArticle"
# Sites put the day into the address of what is true of that day.
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0[1-9]|1[0-2])[/-]?(?:0[1-9]|[12]\d|3[01])(?!\d)")
_DATES = ("datePublished", "dateline")

Name = TypeVar("Name", bound=str)


def drawn(shares: Mapping[Name, float], key: str) -> Name:
    """One of the names, each as often as its share says, decided by the key."""
    at = _hash(key) * sum(shares.values())
    for name, share in shares.items():
        at -= share
        if at < 0:
            return name
    return max(shares, key=lambda name: shares[name])


def wished_stretch(candidate: Candidate, lengths: Mapping[Band, float], seed: int) -> tuple[Band, int, int] | None:
    """The band drawn for the answer and its bounds in the passage's own characters; None where all of it answers.

    A passage that is itself the answer on its page, or is no longer than the band, answers as a whole.
    """
    band = drawn(lengths, f"{seed}\nlength\n{candidate.id}")
    scale = english_characters(candidate.language)
    said = len(candidate.response) * scale
    if candidate.question or candidate.term or band not in BOUNDS or said <= max(BOUNDS[band][1], _SHORTEST_PARTED):
        return None
    shortest, longest = BOUNDS[band]
    return band, round(shortest / scale), round(longest / scale)


def tasks(candidate: Candidate, band: Band | None, shapes: Mapping[Shape, float], seed: int) -> list[str]:
    """The tasks that the passage may be asked for, those that are wished first.

    band: of the stretch that is to answer, or None for the whole passage. Of news and events, whose facts nobody could
    guess, no task is left that hands nothing over. Tasks that nothing speaks for take turns: a writer takes the
    first that fits, and the same one would do for almost every passage.
    """
    if tells_news(candidate):
        event = candidate.page_type in prompts.table("nouns")["kinds"][_EVENT]
        noted = ["announce_event" if event else "write_news", *NOTES_TASKS]
        first = [task for task in _by_hash(_OF_STRETCH[band], candidate.id) if task in PART_TASKS] if band else []
        return _once([*first, *noted, *PART_TASKS])
    by_turns, noted = _by_hash(PART_TASKS, f"{seed}\n{candidate.id}"), list(NOTES_TASKS)
    bare = [*_of_type(candidate.page_type), *_by_hash(PASSAGE_TASKS, f"{seed}\n{candidate.id}")]
    own = ["answer_question"] if candidate.question else ["define_term"] if candidate.term else []
    first = _by_hash(_OF_STRETCH[band], f"{seed}\n{candidate.id}") if band else own
    wished = drawn(shapes, f"{seed}\nshape\n{candidate.id}")
    order = [*first, *(noted + bare if wished == "notes" and not own else bare + noted), *by_turns]
    return _once(order)


def tells_news(candidate: Candidate) -> bool:
    """Whether the page tells what is true of a day: news, events, and pages that bear the day in their address."""
    table = prompts.table("nouns")
    if candidate.page_type in (*table["kinds"][_NEWS], *table["kinds"][_EVENT]):
        return True
    if candidate.page_type not in (None, "Article", "WebPage"):
        return False
    place = address(candidate.url)
    told = set(re.findall(r"[a-z]+", place.lower())) & set(table["address"][_NEWS])
    return bool(told) or (bool(_DATED.search(place)) and any(fact["name"] in _DATES for fact in candidate.facts))


@functools.lru_cache(maxsize=256)
def address(url: str | None) -> str:
    """Host and path, where sites often say in English what a page is."""
    try:
        parts = urlsplit(url or "")
    except ValueError:  # an address that is none, such as http://[
        return ""
    return unquote(f"{parts.netloc}{parts.path}")


def _of_type(page_type: str | None) -> list[str]:
    kinds = prompts.table("nouns")["kinds"]
    return [task for kind, task in _OF_KIND.items() if page_type in kinds[kind] and page_type != _SAYS_NOTHING]


def _once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _by_hash(names: tuple[str, ...], key: str) -> list[str]:
    """The names, 32 at most, in an order that the key decides: it deals each a lot of two bytes."""
    lots = hashlib.blake2b(key.encode(), digest_size=2 * len(names)).digest()
    return [name for _, name in sorted(zip(zip(lots[::2], lots[1::2], strict=True), names, strict=True))]


def _hash(key: str) -> float:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) / 2**64
