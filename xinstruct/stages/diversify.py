"""Evens out what each language's instructions are about and how they ask: rows that stand for the others first, among
the good ones; no site, kind of site, task, verb or topic above its share.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, computed_field

from xinstruct.candidate import Candidate, Dropped, Kept, Outcome
from xinstruct.recipe import Strict
from xinstruct.tools import held_rows, variety
from xinstruct.tools.choosing import KEPT, OVER_BUDGET, Quota, above, chosen
from xinstruct.tools.embedder import Source, Topics, by_name, learned
from xinstruct.tools.held_rows import SOURCE_KINDS, HeldRows
from xinstruct.tools.provenance import domain_of
from xinstruct.tools.spacing import Order, spaced, stand_ins
from xinstruct.tools.toolbox import Toolbox
from xinstruct.tools.verdicts import by_part, finding, found_in, in_order
from xinstruct.tools.verdicts import verdicts as all_verdicts
from xinstruct.tools.wording import wording

READS = ("instruction",)
USES = ("score_overall", "host", "source_kind", "language", "task", "page_type", "url", "facts")
WRITES = ("topic_id",)
ASKS = ()
VERSION = 5
REASONS = {
    "over_budget": "the language's budget was filled with rows that add more than this one, or are like it and better",
    "host_quota": "its host has its share of the language's rows already",
    "domain_quota": "the domain of its host has its share of the language's rows already",
    "religious_quota": "religious sites have their share of the language's rows already",
    "wikipedia_quota": "Wikipedia and its copies have their share of the language's rows already",
    "news_quota": "pages of news have their share of the language's rows already",
    "task_quota": "its task has its share of the language's rows already",
    "verb_quota": "so many of the language's instructions ask with its verb, or open with its word, already",
    "topic_quota": "its topic has its share of the language's rows already",
}

_ROWS_AT_ONCE = 4096
# Rows from which a language's topics are learned, the first in the order of their lots, which is a fair sample; also
# how many instructions are held at once.
_LEARNED_FROM = 20_000
# With fewer topics, the largest is the one into which all falls that is about nothing else: to cap it would take away
# what is most varied.
_ROWS_PER_TOPIC, _FEWEST_ROWS_PER_TOPIC = 4, 2
_MOST_TOPICS = 1000


class Settings(Strict):
    """How many rows a language gets, how they are shared out, and what tells how far instructions are apart."""

    rows_per_language: int | None = Field(
        None, ge=1, description="most rows of a language; without it, all that quotas allow"
    )
    topics_per_language: int | None = Field(
        None,
        ge=1,
        description="clusters of instructions; without it, one for every four of the language's rows, or one for each "
        "row of the budget where that is more, at most one for two rows, and at most 1000",
    )
    embedder: str = Field(
        "tfidf",
        min_length=1,
        description="whose vectors say what is alike: tfidf (words; nothing to install), minilm (a small model that "
        "the extra `embeddings` installs), another sentence-transformers model (a folder relative to the recipe's "
        "file, or a name on the Hub, with @revision if need be), or served (the role embedder of the model profile)",
    )
    share_of_best: float = Field(
        0.5,
        gt=0,
        le=1,
        description="of a topic's rows, the share that is scored best, of which taken_first takes one after the "
        "other; the others come after those like them",
    )
    taken_first: Order = Field(
        "representative",
        description="which of the best-scored rows come first: representative (those that stand for most of the "
        "others), or farthest (those farthest from the ones taken before them, which are often outliers)",
    )
    largest_host_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of a language's rows that one host gives, kept at or below this; where hosts are few, at or "
        "below twice an even share, so that a language of one or two hosts loses nothing",
    )
    largest_domain_share: float | None = Field(
        None,
        gt=0,
        le=1,
        description="the same for all hosts of a registered domain together; if not said, as for hosts",
    )
    host_rows_always_kept: int = Field(
        20,
        ge=0,
        description="no host or domain is cut below this, so that small languages lose nothing, if the budget has room",
    )
    largest_religious_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="share of a language's rows that religious sites give, told by corpora/hosts.yml, kept at or below "
        "this",
    )
    largest_wikipedia_share: float = Field(
        0.3,
        ge=0,
        le=1,
        description="the same for Wikipedia, its sister projects and copies of it",
    )
    largest_news_share: float = Field(
        0.5, ge=0, le=1, description="the same for news and events, told by the page's markup and its address"
    )
    kind_rows_always_kept: int = Field(
        200,
        ge=0,
        description="religious sites, Wikipedia, and news are not cut below this, so that a small language, or one "
        "that has little else, does not vanish; with a budget, as far as other rows leave room",
    )
    largest_task_share: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of a task such as write_article; not capped unless said, since the pages of many languages "
        "allow few tasks; eased as for hosts",
    )
    largest_verb_share: float = Field(
        0.2,
        gt=0,
        le=1,
        description="share of instructions that ask with the same verb (write, explain), and of those that open with "
        "the same word; eased as for hosts",
    )
    largest_topic_share: float = Field(0.3, gt=0, le=1, description="share of a topic; eased as for hosts")
    group_rows_always_kept: int = Field(
        20, ge=0, description="no task, verb or topic is cut below this, if the budget has room"
    )
    targets: variety.Targets = Field(
        variety.Targets(), description="what each language is to reach; whether it did is told"
    )
    seed: int = Field(0, ge=0, description="another seed takes other rows among equals and draws topics otherwise")
    _source: Source | None = PrivateAttr(None)
    _vectors_from: str = PrivateAttr("")

    @computed_field(description="what was used as the embedder: the model's name with a hash of its weights")
    def vectors_from(self) -> str:
        """Told apart by it, so that another model of the same name makes the stage anew."""
        return self._vectors_from or self.embedder

    def embedding_by(self, source: Source, name: str) -> "Settings":
        """The same settings with a model's vectors. source can be pickled; name: what decides these vectors."""
        told = self.model_copy()
        told._source, told._vectors_from = source, name
        return told

    @property
    def source(self) -> Source | None:
        """Who gives a model's vectors; None for TF-IDF. RecipeError where that is not known or not there."""
        return self._source or by_name(self.embedder)

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """The caps, in the order in which a dropped row is told the first that it met."""
        kinds = (self.largest_religious_share, self.largest_wikipedia_share, self.largest_news_share)
        hosts, few, kept = self.host_rows_always_kept, self.group_rows_always_kept, self.kind_rows_always_kept
        return (
            *(
                Quota(f"{name}_quota", name, share, kept, eased=False)
                for name, share in zip(SOURCE_KINDS, kinds, strict=True)
            ),
            Quota("host_quota", "host", self.largest_host_share, hosts),
            Quota("domain_quota", "domain", self.largest_domain_share or self.largest_host_share, hosts),
            Quota("task_quota", "task", self.largest_task_share, few),
            Quota("verb_quota", "verb", self.largest_verb_share, few),
            Quota("verb_quota", "opening", self.largest_verb_share, few),
            Quota("topic_quota", "topic", self.largest_topic_share, few),
        )


def spread(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, part: str
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Sends each instruction to its language's bucket."""
    rows = ((row, c) for row, c in enumerate(candidates) if c.kind == "pair" and c.instruction)
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        by_bucket: dict[int, list[tuple[int, Candidate]]] = {}
        for row, candidate in batch:
            bucket = held_rows.hashed(candidate.language) % tools.buckets
            by_bucket.setdefault(bucket, []).append((row, candidate))
        for bucket, sent in sorted(by_bucket.items()):
            yield bucket, held_rows.batch_of(part, sent, settings.seed)


def gather(bucket: Iterable[pa.RecordBatch], settings: Settings, tools: Toolbox) -> Iterator[pa.RecordBatch]:
    """Finds the topics of each language in the bucket and chooses its rows; gives a verdict on every row, and what was
    found. RecipeError and OSError as the embedder raises them.
    """
    rows = HeldRows.of(bucket)
    topics, reasons = np.zeros(len(rows.table), np.int64), np.zeros(len(rows.table), np.int8)
    like = np.full(len(rows.table), -1, np.int64)
    for language, members in rows.by_language():
        own = rows.table[members]
        sample = rows.instructions(members[:_LEARNED_FROM])
        vectors, numbers = _vectors_and_topics(rows, members, sample, settings)
        scores = np.nan_to_num(own["score"], nan=-1.0)
        wanted = min(len(own), settings.rows_per_language or len(own))
        queues = spaced(vectors, numbers, scores, own["lot"], settings.share_of_best, wanted, settings.taken_first)
        choice = chosen(queues, rows.columns(members, numbers), settings.rows_per_language, settings.quotas)
        topics[members], reasons[members], kept = numbers, choice.reasons, choice.reasons == KEPT
        places = stand_ins(queues, vectors, kept, choice.reasons == OVER_BUDGET)
        like[members] = np.where(places < 0, -1, members[places])
        told = variety.compared(sample, vectors, numbers, kept, settings.targets)
        yield finding(language, told | {"above": above(choice, settings.quotas)})
    names = [None, "over_budget", *(quota.name for quota in settings.quotas)]
    yield from all_verdicts(rows, topics, reasons, like, names)


def settle(
    batches: Iterator[pa.RecordBatch], settings: Settings, tools: Toolbox
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Hands each part its verdicts, as the buckets decided; the first part is told what was found of all languages."""
    return by_part(batches)


def run(
    candidates: Iterator[Candidate], settings: Settings, tools: Toolbox, verdicts: Iterable[pa.RecordBatch]
) -> Iterator[Outcome]:
    """Tells of each candidate its topic, and drops what was not chosen; rows without an instruction pass."""
    waiting = in_order(verdicts)
    verdict = next(waiting, None)
    for row, candidate in enumerate(candidates):
        if verdict is None or verdict["row"] != row:
            yield Kept(candidate)
            continue
        candidate, reason = candidate.change(topic_id=verdict["topic"]), verdict["reason"]
        if reason is None:
            yield Kept(candidate)
        else:
            yield Dropped(candidate, reason, verdict["like"] or _DETAILS[reason](candidate))
        verdict = next(waiting, None)


def found(verdicts: Iterable[pa.RecordBatch]) -> dict[str, Any] | None:
    """What was found, where this part is told it: by language, the figures and targets of `variety.compared`, and the
    shares that were not held, as `choosing.above` has them.
    """
    return found_in(verdicts)


def _vectors_and_topics(
    rows: HeldRows, members: NDArray[np.int64], sample: list[str], settings: Settings
) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    # Always in the order of lots, and so many at once: then nothing depends on how the rows are grouped into parts.
    embedder, first = learned(sample, settings.source, settings.seed)
    topics = Topics(first, settings.topics_per_language or _topic_count(len(members), settings), settings.seed)
    vectors, numbers = np.empty((len(members), first.shape[1]), np.float16), np.empty(len(members), np.int64)
    for begin in range(0, len(members), _LEARNED_FROM):
        end = begin + _LEARNED_FROM
        more = first if not begin else embedder.vectors(rows.instructions(members[begin:end]))
        vectors[begin:end], numbers[begin:end] = more, topics.numbers(more)
    return vectors, numbers


def _topic_count(rows: int, settings: Settings) -> int:
    by_budget = min(settings.rows_per_language or 0, rows // _FEWEST_ROWS_PER_TOPIC)
    return min(_MOST_TOPICS, max(1, round(rows / _ROWS_PER_TOPIC), by_budget))


def _asks_by(candidate: Candidate) -> str:
    asked = wording(candidate.instruction or "")
    return f"{asked.verb or '-'}, opens with {asked.opening or '-'}"


# What a dropped row's detail names, where it is not the kept row that it is like.
_DETAILS: dict[str, Callable[[Candidate], str]] = {
    "over_budget": lambda candidate: str(candidate.topic_id),
    "topic_quota": lambda candidate: str(candidate.topic_id),
    "task_quota": lambda candidate: str(candidate.task),
    "verb_quota": _asks_by,
    **dict.fromkeys(
        ("host_quota", "religious_quota", "wikipedia_quota", "news_quota"), lambda candidate: str(candidate.host)
    ),
    "domain_quota": lambda candidate: domain_of(candidate.host or ""),
}
