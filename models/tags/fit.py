"""What is fitted for a group of tags: scale and biases by maximum likelihood, and a choice of templates and phrases.

A screen may pass for several labels: what counts is the share that they have together. All choices are made by the
cross-validated loss, with folds that keep an app or a site whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from curation.encoder.prompts import filled

FOLDS = 5
RIDGE = 1.0  # of the biases
START = 15.0  # scale
MOST_TEMPLATES = 3
GAIN = 5e-4  # nats a screen that a change must bring
LEAST_SCREENS = 10
Texts = Callable[[Sequence[str]], np.ndarray]
Phrases = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Examples:
    """`vectors` n × d, `accepted` n × labels (bool, one at least in each row), and what each belongs to."""

    vectors: np.ndarray
    accepted: np.ndarray
    groups: tuple[str, ...]

    def folds(self) -> np.ndarray:
        """A number of a fold for each, the same for all of a group."""
        return np.array(
            [hashlib.blake2b(g.encode(), digest_size=4).digest()[0] % FOLDS for g in self.groups], dtype=int
        )


@dataclass(frozen=True)
class Choice:
    """Templates and phrases of a group, and the loss that they reach in cross-validation."""

    templates: tuple[str, ...]
    phrases: dict[str, tuple[str, ...]]
    loss: float


def fit(cosines: np.ndarray, accepted: np.ndarray, ridge: float = RIDGE) -> tuple[float, np.ndarray]:
    """Scale and biases that make the accepted labels' share largest; of n × labels cosines."""
    means = cosines.mean(axis=0)
    even = cosines - means

    def loss(given: np.ndarray) -> tuple[float, np.ndarray]:
        scale, bias = np.exp(given[0]), given[1:]
        shares = _log_shares(scale * even + bias)
        right = _log_of(shares, accepted)
        slope = np.exp(shares) - np.where(accepted, np.exp(shares - right[:, None]), 0.0)
        value = -right.sum() + ridge * float(bias @ bias) / 2
        return value, np.concatenate([[scale * (slope * even).sum()], slope.sum(axis=0) + ridge * bias])

    start = np.concatenate([[np.log(START)], np.zeros(cosines.shape[1])])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(-3, 7), *([(None, None)] * cosines.shape[1])]).x
    scale = float(np.exp(found[0]))
    return scale, np.asarray(found[1:] - scale * means)


def cross_logits(cosines: np.ndarray, accepted: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """n × labels log-odds, each row by what was fitted on the other folds."""
    logits = np.zeros_like(cosines)
    for fold in np.unique(folds):
        out = folds == fold
        scale, bias = fit(cosines[~out], accepted[~out])
        logits[out] = scale * cosines[out] + bias
    return logits


def cross_loss(cosines: np.ndarray, accepted: np.ndarray, folds: np.ndarray) -> float:
    """Mean of the negative logarithm of the accepted labels' share, in nats."""
    return float(-_log_of(_log_shares(cross_logits(cosines, accepted, folds)), accepted).mean())


def label_matrix(texts: Texts, templates: Sequence[str], phrases: Phrases) -> np.ndarray:
    """labels × d of length 1: the mean of each label's texts, as `tags` has it."""
    means = np.stack([texts(filled(templates, some)).mean(axis=0) for some in phrases.values()])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


def choose(examples: Examples, templates: Sequence[str], phrases: Phrases, texts: Texts) -> Choice:
    """Templates are added while the loss falls, at most three; then phrases are left out while it falls.

    A label with fewer than ten screens keeps its phrases: they would be chosen by chance.
    """
    folds = examples.folds()

    def loss(some: Sequence[str], kept: Phrases) -> float:
        return cross_loss(examples.vectors @ label_matrix(texts, some, kept).T, examples.accepted, folds)

    chosen: tuple[str, ...] = ()
    best = np.inf
    while len(chosen) < min(MOST_TEMPLATES, len(templates)):
        tried = {template: loss((*chosen, template), phrases) for template in templates if template not in chosen}
        better = min(tried, key=lambda template: tried[template])
        if tried[better] > best - GAIN:
            break
        chosen, best = (*chosen, better), tried[better]
    kept = {label: tuple(some) for label, some in phrases.items()}
    for label in kept:
        if examples.accepted[:, list(kept).index(label)].sum() < LEAST_SCREENS:
            continue
        for phrase in kept[label]:
            rest = tuple(p for p in kept[label] if p != phrase)
            if rest and (tried_loss := loss(chosen, kept | {label: rest})) < best - GAIN:
                kept, best = kept | {label: rest}, tried_loss
    return Choice(chosen, kept, float(best))


def hits(logits: np.ndarray, accepted: np.ndarray, most: int = 1) -> np.ndarray:
    """For each row, whether one of the `most` likeliest labels is accepted."""
    top = np.argsort(-logits, axis=1, kind="stable")[:, :most]
    return np.asarray(np.take_along_axis(accepted, top, axis=1).any(axis=1))


def _log_shares(logits: np.ndarray) -> np.ndarray:
    even = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(even - np.log(np.exp(even).sum(axis=1, keepdims=True)))


def _log_of(log_shares: np.ndarray, accepted: np.ndarray) -> np.ndarray:
    """The logarithm of what the accepted labels have together."""
    return np.asarray(np.log(np.maximum(np.where(accepted, np.exp(log_shares), 0.0).sum(axis=1), 1e-12)))
