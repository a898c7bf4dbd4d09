"""Scores from comparisons that annotators of unlike worth made: Bradley–Terry with reliability and position bias.

P(first better | annotator a) = sigmoid(reliability_a · (score_first − score_second) + bias_a · position), with position
+1 where the first stood left or earlier, −1 where the second did, 0 where nobody knows. A reliability of 0 is guessing;
a negative one answers the wrong way round and is read the right way round. Maximum a posteriori under normal priors,
intervals from the curvature there. Bradley & Terry (1952); reliability as in Chen et al. (WSDM 2013), free in sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from annotations.errors import GessoError

SCORE_SD = 1.0  # of the prior: this fixes the unit of scores
RELIABILITY = (1.0, 1.0)  # mean and standard deviation of the prior
BIAS_SD = 1.0
GOLD = (3.0, 0.05)  # an answer that is known counts as one of an annotator that is right nearly always
DENSE = 6000  # items up to which the curvature is inverted as a whole
GRID = np.linspace(-5, 5, 201)  # differences of two scores in their usual spread, for a pair's own votes
Z = 1.959964


class ComparisonError(GessoError):
    """Comparisons that no scores can be had of."""


@dataclass(frozen=True)
class Comparisons:
    """n judgements of two items each. `first`, `second` and `annotator` are codes into `items` and `annotators`.

    `value` is 1 where the first is better, 0 where the second is, 0.5 for a tie; `position` is +1, −1 or 0; `weight`
    counts a judgement for less, such as one of the many pairs that one ranking gives. `known` marks annotators that
    stand for known answers.
    """

    items: tuple[str, ...]
    annotators: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    annotator: np.ndarray
    value: np.ndarray
    position: np.ndarray
    weight: np.ndarray
    known: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Scores:
    """Arrays over items (`score`, `score_sd`, `judgements`) and over annotators (the others).

    A difference of two scores is the log-odds of the usual annotator, whose reliability is 1; scores have mean 0.
    Position bias is in log-odds towards the left or the earlier.
    """

    items: tuple[str, ...]
    score: np.ndarray
    score_sd: np.ndarray
    judgements: np.ndarray
    annotators: tuple[str, ...]
    reliability: np.ndarray
    reliability_sd: np.ndarray
    bias: np.ndarray
    bias_sd: np.ndarray

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """The 95 % interval of each score."""
        return self.score - Z * self.score_sd, self.score + Z * self.score_sd


def comparisons(
    first: Sequence[str],
    second: Sequence[str],
    annotator: Sequence[str],
    value: Sequence[float] | np.ndarray,
    position: Sequence[float] | np.ndarray | None = None,
    weight: Sequence[float] | np.ndarray | None = None,
    known: frozenset[str] = frozenset(),
) -> Comparisons:
    """Code names as numbers. Raises ComparisonError for unlike lengths, and for values and weights out of range."""
    number = len(first)
    values = np.asarray(value, np.float64)
    positions = np.zeros(number) if position is None else np.asarray(position, np.float64)
    weights = np.ones(number) if weight is None else np.asarray(weight, np.float64)
    lengths = {number, len(second), len(annotator), len(values), len(positions), len(weights)}
    if len(lengths) > 1:
        raise ComparisonError(f"comparisons of unlike length ({sorted(lengths)}): give n of everything")
    if not ((values >= 0) & (values <= 1)).all() or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ComparisonError("a comparison's value must be 0 to 1 and its weight 0 or more")
    items, codes = np.unique(np.asarray([*first, *second], dtype=object), return_inverse=True)
    annotators, who = np.unique(np.asarray(annotator, dtype=object), return_inverse=True)
    one, other = codes[:number], codes[number:]
    if (one == other).any():
        raise ComparisonError(f"item {items[one[one == other][0]]} is compared with itself: leave that out")
    return Comparisons(tuple(items), tuple(annotators), one, other, who, values, positions, weights, known)


def fit(given: Comparisons) -> Scores:
    """The scores and what each annotator's word is worth. Raises ComparisonError where there is nothing to compare."""
    from scipy.optimize import minimize

    if not len(given):
        raise ComparisonError("no comparisons: push pairwise tasks, and pull what was answered")
    items, people = len(given.items), len(given.annotators)
    mean, sd = _priors(given)
    start = np.concatenate([np.zeros(items), mean, np.zeros(people)])
    plain = minimize(_plain, np.zeros(items), (given, mean), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    start[:items] = plain.x  # everyone taken at their word first: from there the majority decides which way is up
    options = {"maxiter": 3000, "maxfun": 6000, "ftol": 1e-10, "gtol": 1e-6}
    starts = [start]
    if given.known:  # known answers may say that the majority is wrong, which no small step away from it finds
        gold = np.asarray([name in given.known for name in given.annotators])
        starts.append(np.concatenate([-start[:items], np.where(gold, mean, -mean), np.zeros(people)]))
    tried = [minimize(_loss, at, (given, mean, sd), jac=True, method="L-BFGS-B", options=options) for at in starts]
    found = min(tried, key=lambda one: float(one.fun)).x
    score, reliability, bias = np.split(found, [items, items + people])
    spread = _deviations(given, score, reliability, bias, sd)
    judged = np.bincount(np.concatenate([given.first, given.second]), minlength=items)
    usual = _usual(given, reliability)
    score_sd, reliability_sd, bias_sd = np.split(spread, [items, items + people])
    return Scores(
        given.items, (score - score.mean()) * usual, score_sd * usual, judged, given.annotators,
        reliability / usual, reliability_sd / usual, bias, bias_sd,
    )  # fmt: skip


def votes(given: Comparisons, scores: Scores) -> np.ndarray:
    """For each comparison, P(its first is better) by all votes on that pair alone, each at its annotator's worth.

    The scores themselves are not used, so a pair says nothing that was learned from other pairs.
    """
    low, high = np.minimum(given.first, given.second), np.maximum(given.first, given.second)
    turned = given.first > given.second
    pairs, of = np.unique(low * len(given.items) + high, return_inverse=True)
    reliability, bias = scores.reliability[given.annotator], scores.bias[given.annotator]
    spread = float(np.sqrt(2 * np.mean(scores.score**2 + scores.score_sd**2)))  # of the difference of two items
    sign = np.where(turned, -1.0, 1.0)
    logits = (reliability * sign * spread)[:, None] * GRID[None, :] + (bias * given.position)[:, None]
    likely = given.value[:, None] * logits - np.logaddexp(0, logits)
    total = np.zeros((len(pairs), len(GRID)))
    np.add.at(total, of, likely * given.weight[:, None])
    total -= GRID[None, :] ** 2 / 2
    powers = np.exp(total - total.max(axis=1, keepdims=True))
    middle = len(GRID) // 2
    above = (powers[:, middle + 1 :].sum(axis=1) + powers[:, middle] / 2) / powers.sum(axis=1)
    return np.asarray(np.where(turned, 1 - above[of], above[of]))


def without(given: Comparisons, annotators: frozenset[str]) -> Comparisons:
    """The comparisons of everybody else; items and annotators keep their codes."""
    keep = ~np.isin(given.annotator, [i for i, name in enumerate(given.annotators) if name in annotators])
    picked = {name: getattr(given, name)[keep] for name in _ARRAYS}
    return replace(given, **picked)


_ARRAYS = ("first", "second", "annotator", "value", "position", "weight")


def _priors(given: Comparisons) -> tuple[np.ndarray, np.ndarray]:
    gold = np.asarray([name in given.known for name in given.annotators])
    return np.where(gold, GOLD[0], RELIABILITY[0]), np.where(gold, GOLD[1], RELIABILITY[1])


def _usual(given: Comparisons, reliability: np.ndarray) -> float:
    """The median over annotators who answer the right way round. Prior and data leave the common unit nearly open."""
    people = [r for name, r in zip(given.annotators, reliability, strict=True) if name not in given.known and r > 0]
    return float(np.median(people)) if people else RELIABILITY[0]


def _plain(score: np.ndarray, given: Comparisons, reliability: np.ndarray) -> tuple[float, np.ndarray]:
    trust = reliability[given.annotator]
    logit = trust * (score[given.first] - score[given.second])
    error = (_sigmoid(logit) - given.value) * given.weight * trust
    value = (given.weight * (np.logaddexp(0, logit) - given.value * logit)).sum() + (score**2).sum() / 2
    return float(value), _to_items(given, error) + score


def _loss(parameters: np.ndarray, given: Comparisons, mean: np.ndarray, sd: np.ndarray) -> tuple[float, np.ndarray]:
    """The negative log posterior and its gradient, in the order scores, reliabilities, biases."""
    items, people = len(given.items), len(given.annotators)
    score, reliability, bias = np.split(parameters, [items, items + people])
    apart = score[given.first] - score[given.second]
    trust = reliability[given.annotator]
    logit = trust * apart + bias[given.annotator] * given.position
    error = (_sigmoid(logit) - given.value) * given.weight
    value = (given.weight * (np.logaddexp(0, logit) - given.value * logit)).sum()
    value += (score**2).sum() / (2 * SCORE_SD**2) + (((reliability - mean) / sd) ** 2).sum() / 2
    value += (bias**2).sum() / (2 * BIAS_SD**2)
    gradient = [
        _to_items(given, error * trust) + score / SCORE_SD**2,
        np.bincount(given.annotator, error * apart, people) + (reliability - mean) / sd**2,
        np.bincount(given.annotator, error * given.position, people) + bias / BIAS_SD**2,
    ]
    return float(value), np.concatenate(gradient)


def _to_items(given: Comparisons, values: np.ndarray) -> np.ndarray:
    number = len(given.items)
    return np.asarray(np.bincount(given.first, values, number) - np.bincount(given.second, values, number))


def _deviations(
    given: Comparisons, score: np.ndarray, reliability: np.ndarray, bias: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    """Standard deviations of all parameters, from the inverse of the Fisher information.

    Of more than DENSE items each parameter has its own curvature alone, which is a little too sure of itself.
    """
    from scipy import sparse

    items, people = len(score), len(reliability)
    apart = score[given.first] - score[given.second]
    trust = reliability[given.annotator]
    chance = _sigmoid(trust * apart + bias[given.annotator] * given.position)
    rows = np.tile(np.arange(len(given)), 4)
    columns = [given.first, given.second, items + given.annotator, items + people + given.annotator]
    slopes = np.concatenate([trust, -trust, apart, given.position])
    shape = (len(given), items + 2 * people)
    jacobian = sparse.csr_matrix((slopes, (rows, np.concatenate(columns))), shape)
    weight = given.weight * chance * (1 - chance)
    prior = np.concatenate([np.full(items, SCORE_SD**-2), sd**-2, np.full(people, BIAS_SD**-2)])
    if items > DENSE:
        own = np.asarray(jacobian.multiply(jacobian).T @ weight).ravel() + prior
        return np.asarray(own**-0.5)
    information = (jacobian.T @ sparse.diags(weight) @ jacobian).toarray()
    information[np.diag_indices_from(information)] += prior
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-np.logaddexp(0, -logits)))
