"""Finds what a measured passage lacks: quality as natural texts of its language have it, or a beginning of its own."""

from collections.abc import Mapping

from xinstruct.candidate import Candidate
from xinstruct.tools.passages.thresholds import thresholds

REASONS = {
    "broken_text": "it holds characters that could not be read",
    "repetitive": "it repeats itself",
    "symbols": "too much of it is figures and signs",
    "not_prose": "too little of it is whole sentences",
    "truncated_teasers": "too much of it breaks off at dots, as teasers of other pages do",
    "list_page": "too many of its lines are entries of a list or menu",
    "keyword_page": "too much of it is one term over and over, or rows of keywords",
    "starts_mid_thought": "it begins with what only makes sense after something else",
}


def fault(candidate: Candidate, told: Mapping[str, float | None], goes_on: str) -> tuple[str, str] | None:
    """The first of REASONS that a passage gives, with its measure or its first words; None where it gives none.

    told: thresholds by name; one that is None or missing is what natural passages of the language have. goes_on: by
    which words the passage goes on with what stood before it on its page; "" if by none.
    """
    if "\ufffd" in candidate.response:
        return "broken_text", f"{candidate.response.count(chr(0xFFFD))} characters"
    measures = (
        ("repetitive", candidate.quality_repetition, "highest_kept_repetition", 1),
        ("symbols", candidate.quality_symbols, "highest_kept_symbols", 1),
        ("not_prose", candidate.quality_prose, "lowest_kept_prose", -1),
        ("truncated_teasers", candidate.quality_teasers, "highest_kept_teasers", 1),
        ("list_page", candidate.quality_list, "highest_kept_list", 1),
        ("keyword_page", candidate.quality_keywords, "highest_kept_keywords", 1),
    )
    for reason, value, name, side in measures:
        if side * (value or 0.0) > side * limit(name, candidate.language, told):
            return reason, f"{value:.2f}"
    return ("starts_mid_thought", goes_on) if goes_on else None


def limit(name: str, language: str, told: Mapping[str, float | None]) -> float:
    """A threshold as it is told, or as natural passages of the language have it."""
    own = told.get(name)
    return float(getattr(thresholds(language), name)) if own is None else own
