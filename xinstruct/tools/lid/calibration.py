"""Turns raw scores of the language identifier into chances of being right, from answers whose truth is known."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

# Lengths (letters and spaces) up to which one calibration curve holds.
_BANDS = (20, 40, 80, 160)
_FEWEST_FOR_A_CURVE = 200


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answered text: its length in letters and spaces, the raw score, and whether the answer was right."""

    length: int
    score: float
    right: bool


def accuracy(answers: Sequence[Answer]) -> float:
    """The share of right answers."""
    return round(sum(answer.right for answer in answers) / len(answers), 4)


def curves(answers: Sequence[Answer]) -> dict[str, Any]:
    """For each band of lengths the share of right answers at raw scores 0, .05 .. 1 (isotonic, so never falling)."""
    # Imported here because it takes two seconds, and identifying languages needs none of it.
    from sklearn.isotonic import IsotonicRegression

    grid = [round(step / 20, 2) for step in range(20)] + [0.98, 0.995, 1.0]
    ends = (*_BANDS, 10**9)
    curves: list[list[float]] = []
    for start, end in zip((0, *ends), ends, strict=False):
        inside = [answer for answer in answers if start < answer.length <= end]
        if len(inside) < _FEWEST_FOR_A_CURVE:
            curves.append(curves[-1] if curves else grid)
            continue
        fit = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        fit.fit([answer.score for answer in inside], [answer.right for answer in inside])
        curves.append([round(float(share), 4) for share in fit.predict(np.array(grid))])
    return {"longest": list(_BANDS), "scores": grid, "right": curves}
