"""What the ranker's scores mean: a grade from 1 to 10, and the chance that one screen is better than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.heads.head import Dense, Head, chain

WHOLE, BROKEN = 7.0, 3.0  # the grade of the middle undamaged page, and of the middle page damaged most
LOWEST, HIGHEST = 1.0, 10.0
EVEN = (2.0, 9.0)  # between these a point is a point
BEYOND = 0.04  # of a point, for each of what is said below and above: the order is kept, to the ends of the scale
TEXT = (
    "7 is the middle page of the web as it was made, 3 the middle page with one strong damage (strength 3), "
    "4 to 6 one that is a little off; below 2 is several damages at once, above 9 the best; "
    "compare screens of one form factor"
)


@dataclass(frozen=True)
class Meaning:
    """`grade = middle + slope · score` from 2 to 9, and flatter from there to 1 and to 10.

    `log_odds` are those of being the better of two, for each grade point between them, from 2 to 9.
    """

    slope: float
    middle: float
    log_odds: float


def meaning_of(whole: np.ndarray, broken: np.ndarray, margins: np.ndarray) -> Meaning:
    """From scores, each given by a ranker that had not seen the site: undamaged, strongly damaged, and of pairs."""
    high, low = float(np.median(whole)), float(np.median(broken))
    slope = (WHOLE - BROKEN) / max(high - low, 1e-6)
    return Meaning(slope, WHOLE - slope * high, temperature(margins * slope))


def temperature(margins: np.ndarray) -> float:
    """The factor on margins (better minus worse) that makes their chances the likeliest, 0.05 to 20."""
    factors = np.geomspace(0.05, 20, 120)
    losses = [np.logaddexp(0, -factor * margins).mean() for factor in factors]
    return float(factors[int(np.argmin(losses))])


def graded(ranker: Head, meaning: Meaning) -> Head:
    """The same head with grades for scores; ReLUs bend them to 1 to 10, so that it stays layers of one activation."""
    hidden, last = ranker.layers
    (low, high), below, above = EVEN, EVEN[0] - LOWEST, HIGHEST - EVEN[1]
    knees = np.array([low - below / BEYOND, low, high, high + above / BEYOND])
    turns = np.array([BEYOND, 1 - BEYOND, BEYOND - 1, -BEYOND])
    weight = np.repeat(last.weight * meaning.slope, len(knees), axis=1)
    bent = Dense(weight, last.bias * meaning.slope + meaning.middle - knees, "relu")
    return chain([hidden, bent, Dense(turns[:, None], np.array([LOWEST]))], ranker.input)


def calibration_error(margins: np.ndarray, log_odds: float, bins: int = 10) -> float:
    """Expected calibration error of P(first better); each pair counts in both orders, so that 0.5 is honest."""
    chance = 1 / (1 + np.exp(-np.concatenate([margins, -margins]) * log_odds))
    truth = np.concatenate([np.ones(len(margins)), np.zeros(len(margins))])
    which = np.minimum((chance * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(which, chance - truth, bins)).sum() / len(chance))
