"""Simulated annotators whose truth is known: comparisons, ratings and labels, clean or with bad raters among them.

`reference` is the crowd of the issue: 60 items, 900 comparisons, 8 annotators, of whom one answers at random, one
picks the left four times in five whatever it shows, and one answers the wrong way round. The other forms answer in ways
that Bradley–Terry does not know: by another curve, in steps, with lapses, with a taste of their own, of items that are
mostly alike with a few far out, and with unlike amounts of work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RANDOM, LEFTIST, CONTRARY = 0, 1, 2  # the bad raters
LEFT_SHARE = 0.8
CLARITY = 1.25  # a spread of one between two items in log-odds: four answers in five are right


@dataclass(frozen=True)
class Pairs:
    """Codes of n comparisons; `left` stood left; `value` is 1 where the left one was picked, 0.5 for a tie."""

    truth: np.ndarray
    left: np.ndarray
    right: np.ndarray
    annotator: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Judged:
    """Codes of n judgements of single items: `value` is a rating, or the code of a label."""

    truth: np.ndarray
    item: np.ndarray
    annotator: np.ndarray
    value: np.ndarray


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _probit(d: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    from scipy.stats import norm

    return np.asarray(norm.cdf(d / 1.7))


def _steps(d: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """What is nearly alike is guessed, whatever is not is nearly sure."""
    return np.where(np.abs(d) < 0.8, 0.5, np.where(d > 0, 0.9, 0.1))


def _lapses(d: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """One answer in ten is an accident."""
    return 0.05 + 0.9 * sigmoid(1.25 * d)


CURVES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "reference": lambda d, draw: sigmoid(d),
    "probit": _probit,
    "steps": _steps,
    "lapses": _lapses,
    "own taste": lambda d, draw: sigmoid(1.4 * d),
    "far out": lambda d, draw: sigmoid(d),
    "uneven work": lambda d, draw: sigmoid(d),
    "ties": lambda d, draw: sigmoid(d),
}
FORMS = tuple(CURVES)


def pairs(form: str, seed: int, *, bad: bool, items: int = 60, number: int = 900, people: int = 8) -> Pairs:
    """A crowd of one of FORMS; the same truth, pairs and work for the same seed, with or without bad raters."""
    draw = np.random.default_rng(seed)
    truth = draw.standard_t(3, items) if form == "far out" else draw.normal(size=items)
    left = draw.integers(items, size=number)
    right = (left + draw.integers(1, items, size=number)) % items
    work: np.ndarray = np.full(people, 1 / people)
    if form == "uneven work":
        work = draw.dirichlet(np.full(people, 2.0)) * 0.6 + 0.4 / people
    who = draw.choice(people, number, p=work)
    seen = np.tile(truth, (people, 1))
    if form == "own taste":
        seen = seen + draw.normal(size=(people, items)) * 0.4
    apart = CLARITY * (seen[who, left] - seen[who, right])
    chance = CURVES[form](apart, draw)
    if bad:
        chance = np.where(who == RANDOM, 0.5, chance)
        chance = np.where(who == LEFTIST, LEFT_SHARE + (1 - LEFT_SHARE) * chance, chance)
        chance = np.where(who == CONTRARY, 1 - chance, chance)
    value = (draw.random(number) < chance).astype(float)
    if form == "ties":
        undecided = (np.abs(apart) < 0.5) & (draw.random(number) < 0.5)
        value = np.where(undecided & (~np.isin(who, (RANDOM, LEFTIST)) | (not bad)), 0.5, value)
    return Pairs(truth, left, right, who, value)


def ratings(seed: int, *, bad: bool, items: int = 60, each: int = 6, people: int = 8) -> Judged:
    """Stars 1 to 5, `each` an item, of raters who differ in severity, in slope and in noise."""
    draw = np.random.default_rng(seed)
    truth = 3 + 0.8 * draw.normal(size=items)
    severity, slope = 0.5 * draw.normal(size=people), np.exp(0.25 * draw.normal(size=people))
    noise = 0.7 * np.exp(0.2 * draw.normal(size=people))
    item, who = _asked(draw, items, each, people)
    said = 3 + severity[who] + slope[who] * (truth[item] - 3) + noise[who] * draw.normal(size=len(item))
    if bad:
        said = np.where(who == RANDOM, draw.integers(1, 6, len(item)), said)
        said = np.where(who == CONTRARY, 6 - said, said)
    return Judged(truth, item, who, np.clip(np.rint(said), 1, 5))


def labels(seed: int, *, bad: bool, items: int = 80, each: int = 4, people: int = 8, classes: int = 4) -> Judged:
    """Labels of unlike frequency by annotators who are right 65 to 90 % of the time."""
    draw = np.random.default_rng(seed)
    share = np.arange(classes, 0, -1) / np.arange(1, classes + 1).sum()
    truth = draw.choice(classes, items, p=share)
    item, who = _asked(draw, items, each, people)
    wrong = (truth[item] + draw.integers(1, classes, len(item))) % classes
    said = np.where(draw.random(len(item)) < draw.uniform(0.65, 0.9, people)[who], truth[item], wrong)
    if bad:
        said = np.where(who == RANDOM, draw.integers(classes, size=len(item)), said)
        said = np.where(who == CONTRARY, wrong, said)
        said = np.where(who == LEFTIST, 0, said)  # always the same button
    return Judged(truth, item, who, said)


def _asked(draw: np.random.Generator, items: int, each: int, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Each item is shown to `each` annotators."""
    return np.repeat(np.arange(items), each), np.concatenate([draw.permutation(people)[:each] for _ in range(items)])
