"""Decides what becomes of a passage that was cut: measures it, and holds what was measured against the standards."""

from collections.abc import Sequence
from dataclasses import dataclass

from xinstruct.candidate import Candidate, Dropped, Kept
from xinstruct.tools.extractor.page import Page
from xinstruct.tools.harm import faults as harms
from xinstruct.tools.harm import machine, spam
from xinstruct.tools.harm.machine import Marks
from xinstruct.tools.lid.identifier import Guess, LanguageIdentifier
from xinstruct.tools.passages import faults, named, quality
from xinstruct.tools.passages.block_languages import purity
from xinstruct.tools.passages.cutting import Passage
from xinstruct.tools.passages.private import private
from xinstruct.tools.passages.standards import Standards

# A language that the model does not know gets the label of its neighbour; above this score the page is rather in two.
_HIGHEST_FOR_STRANGER = 0.98


@dataclass(frozen=True, slots=True)
class Said:
    """What others say of a passage's language. named_by: who says that it is the passage's, source or page; claimed:
    what the page and its address say.
    """

    named_by: str | None
    claimed: tuple[tuple[str, ...], ...] = ()


def block_texts(page: Page, passage: Passage) -> list[str]:
    """The texts of the blocks in a passage, the first and the last as far as they are in it."""
    inside = (block for block in page.blocks if block.end > passage.start and block.start < passage.end)
    return [page.text[max(block.start, passage.start) : min(block.end, passage.end)] for block in inside]


def judged(
    candidate: Candidate,
    blocks: Sequence[str],
    standards: Standards,
    lid: LanguageIdentifier,
    said: Said,
    goes_on: str = "",
) -> Kept | Dropped:
    """The fate of a passage: measured always, dropped for its language unless the source names it, for its quality
    unless that is off, for harm in any case. blocks: the texts that it is made of; goes_on: by which words it goes
    on with what stood before it on its page.
    """
    guess = lid.identify(candidate.response.replace("\n", " "))
    candidate = _harm_measured(_measured(candidate, blocks, guess, lid))
    told = standards.model_dump()
    reason = None if said.named_by == "source" else _language_fault(candidate, standards, lid, guess, said)
    if reason is None and standards.quality:
        reason = faults.fault(candidate, told, goes_on)
    reason = reason or harms.fault(_harm(candidate), told)
    return Dropped(candidate, *reason) if reason else private(candidate, standards.personal_data)


def _measured(candidate: Candidate, blocks: Sequence[str], guess: Guess, lid: LanguageIdentifier) -> Candidate:
    text, language = candidate.response, candidate.language
    return candidate.change(
        lid_score=guess.score if named.same(guess.label, language) else 0.0,
        lid_purity=purity(text, language, lid),
        quality_repetition=quality.repetition(text, language),
        quality_symbols=quality.symbols(text),
        quality_prose=quality.prose(blocks, language),
        quality_teasers=quality.teasers(blocks, language),
        quality_list=quality.listed(blocks, language),
        quality_keywords=quality.keywords(text, language),
    )


def _harm_measured(candidate: Candidate) -> Candidate:
    """With the harm in its words; harm_machine holds what its page's marks say, until its words are counted in."""
    marks = Marks(candidate.harm_machine or 0.0, tuple(candidate.harm_evidence))
    text, language = candidate.response, candidate.language
    names = [name for name in (candidate.title, *candidate.keywords, *candidate.section) if name]
    return candidate.change(
        harm_machine=machine.translated(text, language, marks),
        harm_adult=spam.adult(text, language, candidate.url, names),
        harm_gambling=spam.gambling(text, language, candidate.url, names),
        harm_toxic=spam.toxicity(text, language),
    )


def _harm(candidate: Candidate) -> dict[str, float]:
    """The scores by the names that `harm.faults` has for them."""
    return {
        "machine_translated": candidate.harm_machine or 0.0,
        "adult": candidate.harm_adult or 0.0,
        "gambling": candidate.harm_gambling or 0.0,
        "toxicity": candidate.harm_toxic or 0.0,
    }


def _language_fault(
    candidate: Candidate, standards: Standards, lid: LanguageIdentifier, guess: Guess, said: Said
) -> tuple[str, str] | None:
    if not named.same(guess.label, candidate.language):
        return "wrong_language", guess.label
    stranger = None if said.named_by else named.stranger(said.claimed, frozenset(known[:3] for known in lid.labels))
    if stranger and guess.score < _HIGHEST_FOR_STRANGER:
        return "unknown_language", stranger
    if guess.score < standards.lowest_kept_language and not said.named_by:
        return "unsure_language", f"{guess.score:.2f}"
    if (candidate.lid_purity or 0) < standards.lowest_kept_purity:
        return "mixed_language", f"{candidate.lid_purity:.2f}"
    return None
