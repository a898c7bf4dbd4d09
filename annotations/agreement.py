"""How far annotators agree beyond chance: Krippendorff's alpha for nominal, ordinal, interval and ratio values.

Krippendorff, Computing Krippendorff's Alpha-Reliability (2011). The interval around it resamples the units, for those
are what another round of labelling would draw anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from annotations.errors import GessoError

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = get_args(Level)
RESAMPLES = 1000
CHUNK = 1 << 22  # numbers that one step of the resampling may hold


class AgreementError(GessoError):
    """Values that alpha cannot be computed of."""


@dataclass(frozen=True)
class Alpha:
    """`value` is 1 for perfect agreement, 0 for what chance gives; NaN where all agree on one single value.

    `low` and `high` are the 95 % interval; `units` were judged twice or more, `values` are the judgements of those.
    """

    value: float
    low: float
    high: float
    units: int
    annotators: int
    values: int
    level: Level


@dataclass(frozen=True)
class _Counts:
    counts: np.ndarray  # units × values: how often each unit was given each value; every unit twice or more
    values: np.ndarray  # sorted
    annotators: int


def alpha(
    units: np.ndarray,
    annotators: np.ndarray,
    values: np.ndarray,
    level: Level,
    *,
    resamples: int = RESAMPLES,
    seed: int = 7,
) -> Alpha:
    """Alpha of n judgements: three arrays of length n; `values` are numbers, codes of labels where `level` is nominal.

    An annotator may judge a unit once. With `resamples` 0 there is no interval. Raises AgreementError.
    """
    if level not in LEVELS:
        raise AgreementError(f"no level {level!r}: use one of {', '.join(LEVELS)}")
    table = _tabulate(np.asarray(units), np.asarray(annotators), np.asarray(values, np.float64), level)
    found = _of_weights(table, np.ones((1, len(table.counts))), level)[0]
    low = high = np.nan
    if resamples and len(table.counts) > 1 and np.isfinite(found):
        again = _resampled(table, level, resamples, seed)
        if np.isfinite(again).any():
            low, high = np.nanquantile(again, (0.025, 0.975))
    total = int(table.counts.sum())
    return Alpha(float(found), float(low), float(high), len(table.counts), table.annotators, total, level)


def _tabulate(units: np.ndarray, annotators: np.ndarray, values: np.ndarray, level: Level) -> _Counts:
    if not len(units) == len(annotators) == len(values):
        raise AgreementError(
            f"{len(units)} units, {len(annotators)} annotators and {len(values)} values: give n of each"
        )
    if not np.isfinite(values).all():
        raise AgreementError("a value is not finite: leave judgements out that were not made")
    if level == "ratio" and (values < 0).any():
        raise AgreementError("a ratio scale has no negative values: use interval")
    unit_codes = np.unique(units, return_inverse=True)[1]
    names, annotator_codes = np.unique(annotators, return_inverse=True)
    if len(np.unique(unit_codes * max(1, len(names)) + annotator_codes)) < len(units):
        raise AgreementError("an annotator judged a unit twice: keep the judgement that holds")
    paired = (np.bincount(unit_codes) > 1)[unit_codes] if len(units) else np.zeros(0, bool)
    unit_codes = np.unique(unit_codes[paired], return_inverse=True)[1]
    known, codes = np.unique(values[paired], return_inverse=True)
    counts = np.zeros((unit_codes.max(initial=-1) + 1, len(known)))
    np.add.at(counts, (unit_codes, codes), 1)
    return _Counts(counts, known, len(np.unique(annotator_codes[paired])))


def _resampled(table: _Counts, level: Level, resamples: int, seed: int) -> np.ndarray:
    number, width = table.counts.shape
    step = max(1, CHUNK // max(number, width * width))
    draw = np.random.default_rng(seed)
    found = []
    for start in range(0, resamples, step):
        times = min(step, resamples - start)
        found.append(_of_weights(table, draw.multinomial(number, np.full(number, 1 / number), times), level))
    return np.concatenate(found)


def _of_weights(table: _Counts, weights: np.ndarray, level: Level) -> np.ndarray:
    """Alpha where unit u counts weights[·, u] times, for each row of weights; NaN where nothing varies."""
    counts = table.counts
    if not len(counts):
        return np.full(len(weights), np.nan)
    share = weights / (counts.sum(axis=1) - 1)
    marginal = weights @ counts
    total = marginal.sum(axis=1)
    if level == "ordinal":  # its distances depend on how often each value was given
        distances = _ordinal(marginal)
        together = np.einsum("bu,uv,uw->bvw", share, counts, counts, optimize=True)
        observed = (together * distances).sum(axis=(1, 2))
        expected = np.einsum("bv,bvw,bw->b", marginal, distances, marginal, optimize=True)
    else:
        fixed = _distances(table.values, level)
        observed = share @ ((counts @ fixed) * counts).sum(axis=1)
        expected = ((marginal @ fixed) * marginal).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (total - 1) * observed / expected, np.nan)


def _distances(values: np.ndarray, level: Level) -> np.ndarray:
    """Squared differences of values × values; zero on the diagonal, so a unit never disagrees with itself."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    apart = np.subtract.outer(values, values)
    if level == "interval":
        return np.asarray(apart**2)
    both = np.add.outer(values, values)
    return np.asarray(np.divide(apart, both, out=np.zeros_like(apart), where=both > 0) ** 2)


def _ordinal(marginal: np.ndarray) -> np.ndarray:
    """b × v × v: the values between two ranks, the two themselves counting half, squared."""
    middle = np.cumsum(marginal, axis=1) - marginal / 2
    return np.asarray((middle[:, :, None] - middle[:, None, :]) ** 2)
