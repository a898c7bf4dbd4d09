"""What an annotator's word is worth, as a verdict: good, guessing or contrary, with how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

Verdict: TypeAlias = Literal["good", "guessing", "contrary", "unsure"]
SURE = 0.75
CONTRARY = 0.95


@dataclass(frozen=True)
class Trust:
    """`value` is 0 for guessing, `usual` for the usual annotator, below 0 for the contrary; `sd` its uncertainty."""

    value: float
    sd: float
    usual: float
    verdict: Verdict
    certainty: float


def verdicts(values: np.ndarray, deviations: np.ndarray) -> list[Trust]:
    """Hold each annotator to the usual one, the median of those above 0. Values are normal around the truth, or nearly.

    Who is worth less than half of the usual with a chance of SURE is guessing, and contrary where the value is well
    below 0 with a chance of CONTRARY; who could be either good or guessing is unsure.
    """
    from scipy.special import ndtr

    usual = float(np.median(values[values > 0])) if (values > 0).any() else 1.0
    found = []
    for value, sd in zip(values, deviations, strict=True):
        spread = max(float(sd), 1e-9)
        below = float(ndtr((usual / 2 - value) / spread))
        verdict: Verdict = "good" if below <= 0.5 else "unsure"
        if below >= SURE:
            turned = value < -usual / 4 and ndtr(-value / spread) >= CONTRARY
            verdict = "contrary" if turned else "guessing"
        found.append(Trust(float(value), float(sd), usual, verdict, max(below, 1 - below)))
    return found
