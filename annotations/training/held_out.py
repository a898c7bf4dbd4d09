"""Judging a head by what it has not seen: folds by site, pairs across folds, and who wins by how much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

FOLDS = 5
RESAMPLES = 1000
SURE = 0.95
Fit = Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]]
"""Mask of the rows that may be learned from → a function from vectors to scores."""


@dataclass(frozen=True)
class Contest:
    """Shares of held-out cases that the new and the old head got right; `gain` is their difference, with its interval.

    `sure` is the share of resamples of whole sites in which the new one is ahead. `old` is what stood before: `name`.
    """

    name: str
    new: float
    old: float
    gain: float
    low: float
    high: float
    sure: float
    cases: int

    @property
    def won(self) -> bool:
        return self.gain > 0 and self.sure >= SURE


def folds(sites: np.ndarray, seed: int, most: int = FOLDS) -> np.ndarray:
    """A fold for each row; a site is in one fold. Large sites are dealt first, each to the fold that has least."""
    names, of, counts = np.unique(sites.astype(str), return_inverse=True, return_counts=True)
    number = min(most, len(names))
    order = np.random.default_rng(seed).permutation(len(names))
    held, fold = np.zeros(number, int), np.zeros(len(names), int)
    for site in order[np.argsort(-counts[order], kind="stable")]:
        fold[site] = int(held.argmin())
        held[fold[site]] += counts[site]
    return fold[of]


def pair_margins(fit: Fit, vectors: np.ndarray, fold: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Score of row a less score of row b, for each pair by a model that has learned from neither row's fold."""
    margins = np.zeros(len(a))
    low, high = np.minimum(fold[a], fold[b]), np.maximum(fold[a], fold[b])
    for one in range(int(fold.max()) + 1):
        for other in range(one, int(fold.max()) + 1):
            these = (low == one) & (high == other)
            learned = (fold != one) & (fold != other)
            if these.any() and learned.any():
                score = fit(learned)(vectors)
                margins[these] = score[a[these]] - score[b[these]]
    return margins


def row_scores(fit: Fit, vectors: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """The score of each row by a model that has not learned from its fold; n or n × k."""
    parts = [(fold == one, fit(fold != one)(vectors[fold == one])) for one in range(int(fold.max()) + 1)]
    scores = np.zeros((len(vectors), *parts[0][1].shape[1:]))
    for these, values in parts:
        scores[these] = values
    return scores


def inner_split(sites: np.ndarray, mask: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the rows to try ridges on: learned from, and judged by. About a third of the sites judges."""
    fold = np.full(len(sites), -1)
    fold[mask] = folds(sites[mask], seed + 1, 3)
    judged = fold == 0
    return mask & ~judged, judged


def contest(
    name: str, new: np.ndarray, old: np.ndarray, weight: np.ndarray, sites: Sequence[np.ndarray], seed: int
) -> Contest:
    """Right or wrong (1, 0, or a half) of both heads on n cases. `sites` has the site of each row that a case is about.

    Whole sites are resampled, since screens of one site are judged alike; a case counts as often as its rows' sites do.
    """
    names, codes = np.unique(np.concatenate([s.astype(str) for s in sites]), return_inverse=True)
    codes = codes.reshape(len(sites), -1)
    draw = np.random.default_rng(seed)
    times = draw.multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    counts = weight * np.prod([times[:, code] for code in codes], axis=0)
    total = counts.sum(axis=1)
    drawn = (counts @ (new - old))[total > 0] / total[total > 0]
    low, high = np.quantile(drawn, (0.025, 0.975)) if len(drawn) else (np.nan, np.nan)
    sure = float((drawn > 0).mean()) if len(drawn) else 0.0
    mean = [float((weight * values).sum() / weight.sum()) for values in (new, old)]
    return Contest(name, mean[0], mean[1], mean[0] - mean[1], float(low), float(high), sure, len(new))
