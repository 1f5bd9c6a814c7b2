"""Says for which harm a measured passage is dropped, if for any."""

from collections.abc import Mapping

REASONS = {
    "machine_translated": "the page or the text bears marks of a machine's translation or writing",
    "adult": "too much of it is what pornography and advertising for paid sex say",
    "gambling": "too much of it is what advertising for casinos and bets says",
    "toxic": "too much of it is words of abuse",
}
# What is measured, the name of its threshold with the default, and the reason that it gives.
_MEASURES = {
    "machine_translated": ("highest_kept_machine_translated", 0.5, "machine_translated"),
    "adult": ("highest_kept_adult", 0.03, "adult"),
    "gambling": ("highest_kept_gambling", 0.03, "gambling"),
    "toxicity": ("highest_kept_toxicity", 0.03, "toxic"),
}
LIMITS: Mapping[str, float] = {name: default for name, default, _ in _MEASURES.values()}


def fault(scores: Mapping[str, float], limits: Mapping[str, float] = LIMITS) -> tuple[str, str] | None:
    """The first of REASONS that a passage gives, with its score; None where it gives none.

    scores: of machine_translated, adult, gambling and toxicity, 0 to 1 each. limits: the highest that is kept, by the
    names in LIMITS. A score or a limit that is not there is not looked at.
    """
    for measure, (name, _, reason) in _MEASURES.items():
        score, highest = scores.get(measure), limits.get(name)
        if score is not None and highest is not None and score > highest:
            return reason, f"{score:.2f}"
    return None
