"""Means of ratings with every rater's severity, slope and noise taken out: one common factor, by EM.

rating = offset_a + slope_a · quality + noise_a. A strict rater has a low offset, a timid one a small slope, a guessing
one no slope, a contrary one a negative slope. The offset and noise are those of ITU-T P.910 (subject bias and
inconsistency, Li et al. 2020); the slope with its prior keeps the guessing and the contrary from counting as strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotations.errors import GessoError

SLOPE = (1.0, 0.5)  # mean and standard deviation of the prior
OFFSET_SD = 1.0  # of a rater, in units of the rating
NOISE = (0.8, 4.0)  # the usual noise of a rater, and how many ratings' worth of it the prior is
ROUNDS = 500
TOLERANCE = 1e-6
Z = 1.959964


class RatingError(GessoError):
    """Ratings that no means can be had of."""


@dataclass(frozen=True)
class Means:
    """Arrays over items and over annotators. `mean` is in the units of the rating, as the usual rater gives it.

    `offset` is a rater's severity at the middle of all items, `slope` 1 for the usual rater, `noise` in rating units.
    `reliability` is the correlation of a rater's ratings with what the others make of the same items.
    """

    items: tuple[str, ...]
    mean: np.ndarray
    mean_sd: np.ndarray
    judgements: np.ndarray
    annotators: tuple[str, ...]
    offset: np.ndarray
    slope: np.ndarray
    slope_sd: np.ndarray
    noise: np.ndarray
    reliability: np.ndarray
    reliability_sd: np.ndarray

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """The 95 % interval of each mean."""
        return self.mean - Z * self.mean_sd, self.mean + Z * self.mean_sd


def fit(items: Sequence[str], annotators: Sequence[str], ratings: Sequence[float] | np.ndarray) -> Means:
    """Means of n ratings, each of an item by an annotator. Raises RatingError."""
    values = np.asarray(ratings, np.float64)
    if not len(items) == len(annotators) == len(values):
        raise RatingError(f"{len(items)} items, {len(annotators)} annotators, {len(values)} ratings: give n of each")
    if not len(values):
        raise RatingError("no ratings: push critique tasks, and pull what was answered")
    if not np.isfinite(values).all():
        raise RatingError("a rating is not finite: leave out what was not rated")
    item_names, item = np.unique(np.asarray(items, dtype=object), return_inverse=True)
    people, who = np.unique(np.asarray(annotators, dtype=object), return_inverse=True)
    number, raters = len(item_names), len(people)
    judged, given = np.bincount(item, minlength=number), np.bincount(who, minlength=raters)
    level = float(values.mean())
    centred = values - level
    offset: np.ndarray
    slope: np.ndarray
    noise2: np.ndarray
    offset, slope, noise2 = np.zeros(raters), np.full(raters, SLOPE[0]), np.full(raters, NOISE[0] ** 2)
    spread2 = max(float(np.var(np.bincount(item, centred, number) / judged)), 0.05)
    slope2: np.ndarray = np.full(raters, SLOPE[1] ** 2)
    quality: np.ndarray = np.zeros(number)
    for _ in range(ROUNDS):
        before = quality
        precision = np.bincount(item, ((slope**2 + slope2) / noise2)[who], number) + 1 / spread2
        quality = np.bincount(item, (slope / noise2)[who] * (centred - offset[who]), number) / precision
        quality_2 = quality**2 + 1 / precision
        slope2 = 1 / (np.bincount(who, quality_2[item], raters) / noise2 + SLOPE[1] ** -2)
        slope = slope2 * (
            np.bincount(who, (centred - offset[who]) * quality[item], raters) / noise2 + SLOPE[0] / SLOPE[1] ** 2
        )
        rest = np.bincount(who, centred - slope[who] * quality[item], raters)
        offset = rest / (given + noise2 / OFFSET_SD**2)
        error = (centred - offset[who] - slope[who] * quality[item]) ** 2
        error += slope[who] ** 2 / precision[item] + slope2[who] * quality_2[item]
        noise2 = (np.bincount(who, error, raters) + NOISE[1] * NOISE[0] ** 2) / (given + NOISE[1])
        spread2 = max(float(quality_2.mean()), 1e-3)
        if np.abs(quality - before).max() < TOLERANCE:
            break
    offset2 = 1 / (given / noise2 + OFFSET_SD**-2)
    unsure = (slope / noise2)[who] ** 2 * (offset2[who] + slope2[who] * quality[item] ** 2)
    variance = 1 / precision + np.bincount(item, unsure, number) / precision**2
    usual = float(np.median(slope[slope > 0])) if (slope > 0).any() else 1.0
    middle = float(np.median(offset))
    trust = _Trust(item, who, centred - offset[who], slope / noise2, (slope**2 + slope2) / noise2)
    reliability, reliability_sd = _with_others(trust, precision, quality, raters)
    return Means(
        tuple(item_names), level + middle + usual * quality, usual * np.sqrt(variance), judged,
        tuple(people), offset - middle, slope / usual, np.sqrt(slope2) / usual, np.sqrt(noise2),
        reliability, reliability_sd,
    )  # fmt: skip


@dataclass(frozen=True)
class _Trust:
    """n ratings: item, rater, what was said without the rater's offset; and over raters, what that counts for."""

    item: np.ndarray
    who: np.ndarray
    said: np.ndarray
    pull: np.ndarray
    weight: np.ndarray


def _with_others(
    given: _Trust, precision: np.ndarray, quality: np.ndarray, raters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each rater's correlation with the items' qualities as they are without the rater, and its deviation."""
    reliability, deviation = np.zeros(raters), np.ones(raters)
    for rater in range(raters):
        mine = given.who == rater
        item, said = given.item[mine], given.said[mine]
        left = precision[item] - given.weight[rater]
        others = (quality[item] * precision[item] - given.pull[rater] * said) / np.maximum(left, 1e-9)
        if len(item) > 3 and np.std(said) > 0 and np.std(others) > 0:
            found = float(np.corrcoef(said, others)[0, 1])
            reliability[rater], deviation[rater] = found, (1 - found**2) / np.sqrt(len(item) - 3) + 1e-9
    return reliability, deviation
