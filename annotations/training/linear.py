"""Linear models over embeddings, fitted to soft answers: pairs, shares between 0 and 1, classes. Ridge throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 300


@dataclass(frozen=True)
class Pairs:
    """n pairs of rows: P(first better) as `chance`, and what each counts."""

    first: np.ndarray
    second: np.ndarray
    chance: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.first)

    def where(self, mask: np.ndarray) -> Pairs:
        return Pairs(self.first[mask], self.second[mask], self.chance[mask], self.weight[mask])


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-np.logaddexp(0, -values)))


def fit_pairs(vectors: np.ndarray, pairs: Pairs, ridge: float) -> np.ndarray:
    """d weights of which (x_first − x_second) · w is the log-odds that the first is better."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = vectors @ weights
        logits = scores[pairs.first] - scores[pairs.second]
        error = pairs.weight * (sigmoid(logits) - pairs.chance)
        pull = np.bincount(pairs.first, error, len(vectors)) - np.bincount(pairs.second, error, len(vectors))
        value = (pairs.weight * (np.logaddexp(0, logits) - pairs.chance * logits)).sum()
        return float(value + ridge / 2 * weights @ weights), vectors.T @ pull + ridge * weights

    return _least(loss, np.zeros(vectors.shape[1]))


def fit_shares(vectors: np.ndarray, shares: np.ndarray, ridge: float) -> np.ndarray:
    """d + 1 weights, the last one the bias, of a logistic model of shares between 0 and 1."""
    wide = np.column_stack([vectors, np.ones(len(vectors))])
    kept = np.r_[np.full(vectors.shape[1], ridge), 1e-6]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = wide @ weights
        value = (np.logaddexp(0, logits) - shares * logits).sum() + (kept * weights**2).sum() / 2
        return float(value), wide.T @ (sigmoid(logits) - shares) + kept * weights

    return _least(loss, np.zeros(wide.shape[1]))


def fit_classes(vectors: np.ndarray, chances: np.ndarray, ridge: float) -> np.ndarray:
    """(d + 1) × k weights, the last row the biases, of a softmax model of n × k chances."""
    wide = np.column_stack([vectors, np.ones(len(vectors))])
    kept = np.r_[np.full(vectors.shape[1], ridge), 1e-6][:, None]
    shape = (wide.shape[1], chances.shape[1])

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        logits = wide @ weights
        value = -(chances * log_softmax(logits)).sum() + (kept * weights**2).sum() / 2
        gradient = wide.T @ (np.exp(log_softmax(logits)) - chances) + kept * weights
        return float(value), gradient.ravel()

    return _least(loss, np.zeros(shape[0] * shape[1])).reshape(shape)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    above = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(above - np.log(np.exp(above).sum(axis=1, keepdims=True)))


def line(logits: np.ndarray, shares: np.ndarray) -> tuple[float, float]:
    """Platt's slope and bias: sigmoid(slope · logit + bias) is calibrated to the shares. The slope is above 0."""
    a, b = fit_shares(logits[:, None], shares, 1e-3)
    return max(float(a), 1e-3), float(b)


def temperature(logits: np.ndarray, chances: np.ndarray, weight: np.ndarray | None = None) -> float:
    """The factor on n logits (of pairs) or n × k logits (of classes) that makes their chances the likeliest."""
    from scipy.optimize import minimize_scalar

    counts = np.ones(len(logits)) if weight is None else weight

    def loss(log_factor: float) -> float:
        scaled = logits * np.exp(log_factor)
        if logits.ndim == 1:
            return float((counts * (np.logaddexp(0, scaled) - chances * scaled)).sum())
        return float(-(counts[:, None] * chances * log_softmax(scaled)).sum())

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 5.0), method="bounded").x))


def calibration_error(chance: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width; `truth` may be soft."""
    counts = np.ones(len(chance)) if weight is None else weight
    which = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = np.bincount(which, counts * (chance - truth), bins)
    return float(np.abs(gaps).sum() / max(counts.sum(), 1e-12))


def _least(loss: object, start: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS, "ftol": 1e-9})
    return np.asarray(found.x)
