"""The three heads: how each is fitted, calibrated and held against what was there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from annotations.consensus import Consensus
from annotations.training import examples, linear
from annotations.training.examples import LEAST_PAIRS, PairExamples, Screens
from annotations.training.held_out import Contest, contest, folds, inner_split, pair_margins, row_scores
from annotations.training.linear import Pairs, sigmoid
from curation.dataset import Dataset
from curation.heads.head import Dense, Head

RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # times the vectors' width
DECIDED = 0.6  # a pair below is nobody's to get right
USUAL = (6.0, 1.5)  # mean and spread of an aesthetic score where no stars say what a score means
STAR = 2.0  # aesthetic is stars doubled, 2 to 10
LEAST_STARS = 20
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Old:
    """The head in force, its folder, and the events that it was trained on."""

    head: Head
    folder: Path
    events: frozenset[str]


@dataclass(frozen=True)
class Made:
    """A head, what it means (`labels` of its outputs), how it did."""

    head: Head
    contest: Contest
    metrics: dict[str, Any]
    labels: list[str]


class _Scale:
    """Vectors to mean 0 and unit variance on the whole, and weights back to where raw vectors are."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.middle = vectors.mean(axis=0)
        self.factor = 1 / max(float(np.sqrt(np.mean((vectors - self.middle) ** 2))), 1e-9)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        return np.asarray((vectors - self.middle) * self.factor)

    def layer(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """d × k weights and k biases for raw vectors."""
        raw = weights * self.factor
        return raw, bias - self.middle @ raw


def aesthetic(
    consensus: Consensus, dataset: Dataset, seed: int, old: Old | None, progress: Progress | None = None
) -> Made:
    """A score whose differences are a calibrated log-odds of being preferred, on the scale of stars doubled."""
    given = examples.aesthetic(consensus, dataset, seed)
    scale, screens = _Scale(given.screens.vectors), given.screens
    vectors = scale(screens.vectors)
    width = vectors.shape[1]

    def learned(mask: np.ndarray) -> np.ndarray:
        both = given.pairs.where(mask[given.pairs.first] & mask[given.pairs.second])
        return linear.fit_pairs(vectors, both, _pair_ridge(vectors, given, mask, seed))

    fold = folds(screens.site, seed)
    ticking = _ticking(learned, int(fold.max()) + 1, progress)
    margins = pair_margins(lambda m: _linear(ticking(m)), vectors, fold, given.pairs.first, given.pairs.second)
    factor = linear.temperature(margins, given.pairs.chance, given.pairs.weight)
    judged = _pair_contest(given, margins, old, seed)
    weights = learned(np.ones(len(vectors), bool))
    rows = row_scores(lambda m: _linear(learned(m)), vectors, fold)
    slope, middle, unit = _meaning(vectors @ weights, rows, given)
    layer, bias = scale.layer(weights[:, None] * slope, np.asarray([middle]))
    metrics = {
        "pairs": len(given.pairs),
        "screens": len(vectors),
        "sites": len(set(screens.site.tolist())),
        "unit": unit,
        "log_odds_a_point": round(factor / slope, 4),
        "calibration_error_before": _ece(margins, given.pairs),
        "calibration_error": _ece(margins * factor, given.pairs),
        "log_loss": _log_loss(margins * factor, given.pairs),
        "log_loss_of_guessing": round(float(np.log(2)), 4),
        "width": width,
    }
    return Made(Head((Dense(layer, bias),)), judged, metrics, [])


def nsfw(consensus: Consensus, dataset: Dataset, seed: int, old: Old | None, progress: Progress | None = None) -> Made:
    """A calibrated share between 0 (safe) and 1 (explicit)."""
    given = examples.nsfw(consensus, dataset, seed)
    scale, screens = _Scale(given.screens.vectors), given.screens
    vectors = scale(screens.vectors)

    def learned(mask: np.ndarray) -> np.ndarray:
        ridge = _share_ridge(vectors, given.shares, screens.site, mask, seed)
        return linear.fit_shares(vectors[mask], given.shares[mask], ridge)

    fold = folds(screens.site, seed)
    ticking = _ticking(learned, int(fold.max()) + 1, progress)
    margins = pair_margins(lambda m: _affine(ticking(m)), vectors, fold, given.pairs.first, given.pairs.second)
    judged = _pair_contest(given, margins, old, seed)
    logits = row_scores(lambda m: _affine(learned(m)), vectors, fold)
    slope, middle = linear.line(logits, given.shares)
    weights = learned(np.ones(len(vectors), bool))
    layer, bias = scale.layer(weights[:-1, None] * slope, np.asarray([weights[-1] * slope + middle]))
    metrics = {
        "pairs": len(given.pairs),
        "screens": len(vectors),
        "sites": len(set(screens.site.tolist())),
        "unsafe": round(float(given.shares.sum()), 2),
        "calibration_error_before": _rounded(linear.calibration_error(sigmoid(logits), given.shares)),
        "calibration_error": _rounded(linear.calibration_error(sigmoid(logits * slope + middle), given.shares)),
    }
    return Made(Head((Dense(layer, bias, "sigmoid"),)), judged, metrics, [])


def tags(
    consensus: Consensus, dataset: Dataset, group: str, seed: int, old: Old | None, progress: Progress | None = None
) -> Made:
    """Calibrated chances of the group's labels."""
    screens, chances, names, events = examples.tags(consensus, dataset, group)
    scale = _Scale(screens.vectors)
    vectors = scale(screens.vectors)

    def learned(mask: np.ndarray) -> np.ndarray:
        ridge = _class_ridge(vectors, chances, screens.site, mask, seed)
        return linear.fit_classes(vectors[mask], chances[mask], ridge)

    fold = folds(screens.site, seed)
    ticking = _ticking(learned, int(fold.max()) + 1, progress)
    logits = row_scores(lambda m: _affine(ticking(m)), vectors, fold)
    factor = linear.temperature(logits, chances)
    truth = chances.argmax(axis=1)
    new = (logits.argmax(axis=1) == truth).astype(float)
    before, name = _old_labels(screens, names, truth, old)
    fresh = _fresh(events, old)
    judged = contest(name, new[fresh], before[fresh], np.ones(int(fresh.sum())), [screens.site[fresh]], seed)
    weights = learned(np.ones(len(vectors), bool)) * factor
    layer, bias = scale.layer(weights[:-1], weights[-1])
    shares = np.exp(linear.log_softmax(logits * factor))
    metrics = {
        "screens": len(vectors),
        "sites": len(set(screens.site.tolist())),
        "calibration_error_before": _rounded(
            linear.calibration_error(np.exp(linear.log_softmax(logits)).max(axis=1), new)
        ),
        "calibration_error": _rounded(linear.calibration_error(shares.max(axis=1), new)),
        "of_label": {n: int((truth == k).sum()) for k, n in enumerate(names)},
    }
    return Made(Head((Dense(layer, bias, "softmax"),)), judged, metrics, names)


def _pair_contest(given: PairExamples, margins: np.ndarray, old: Old | None, seed: int) -> Contest:
    """Both heads on the decided pairs; those that the old one has learned from are left out where enough remain."""
    screens, pairs = given.screens, given.pairs
    decided = np.abs(pairs.chance - 0.5) >= DECIDED - 0.5
    if old is not None:
        before, name = old.head(screens.vectors)[:, 0].astype(float), f"head {old.folder.name}"
    elif screens.had_old:
        before = np.asarray([np.nan if v is None else float(v) for v in screens.old])
        name = "the dataset's own score"
    else:
        before, name = np.full(len(screens.vectors), np.nan), "guessing"
    differences = before[pairs.first] - before[pairs.second]
    use = decided & _fresh(given.events, old, decided)
    picked = pairs.where(use)
    return contest(
        name,
        _right(margins[use], picked.chance),
        _right(differences[use], picked.chance),
        picked.weight,
        [screens.site[picked.first], screens.site[picked.second]],
        seed,
    )


def _right(margins: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """1 where the sign is the pair's, 0 where it is not, a half where there is none."""
    sign = np.sign(np.nan_to_num(margins)) * np.sign(chance - 0.5)
    return np.asarray((sign + 1) / 2)


def _fresh(events: list[frozenset[str]], old: Old | None, among: np.ndarray | None = None) -> np.ndarray:
    """Cases that the old head has not learned from; all where fewer than LEAST_PAIRS are new, which favours the old."""
    every = np.ones(len(events), bool)
    if old is None:
        return every
    fresh = np.asarray([not (some & old.events) for some in events])
    counted = fresh if among is None else fresh & among
    return fresh if counted.sum() >= LEAST_PAIRS else every


def _old_labels(screens: Screens, names: list[str], truth: np.ndarray, old: Old | None) -> tuple[np.ndarray, str]:
    """Whether what was there before is right on each screen."""
    if old is not None:
        from curation.heads.load import stated
        from curation.heads.trained import FILE

        said = stated(old.folder / FILE).get("labels", [])
        best = old.head(screens.vectors).argmax(axis=1)
        right = [said[k] == names[t] for k, t in zip(best, truth, strict=True)]
        return np.asarray(right, float), f"head {old.folder.name}"
    if screens.had_old:
        right = [value == names[t] for value, t in zip(screens.old, truth, strict=True)]
        return np.asarray(right, float), "the dataset's own tag"
    commonest = np.bincount(truth).argmax()
    return (truth == commonest).astype(float), f"always {names[commonest]}"


def _meaning(scores: np.ndarray, held_out: np.ndarray, given: PairExamples) -> tuple[float, float, str]:
    """Slope and middle that turn a score into what `aesthetic` means: stars doubled, by a line through held-out scores.

    Without enough stars, the mean and the spread of the score that was there, or the usual ones.
    """
    rated = np.isfinite(given.rated)
    if rated.sum() >= LEAST_STARS and np.std(held_out[rated]) > 0:
        slope, middle = np.polyfit(held_out[rated], STAR * given.rated[rated], 1)
        if slope > 0:
            return float(slope), float(middle), "stars doubled"
    mean, spread, unit = *USUAL, "mean 6, spread 1.5"
    before = np.asarray([np.nan if v is None else float(v) for v in given.screens.old])
    if given.screens.had_old and np.isfinite(before).sum() > 1 and np.nanstd(before) > 0:
        mean, spread, unit = float(np.nanmean(before)), float(np.nanstd(before)), "as spread as the score before"
    slope = spread / max(float(np.std(scores)), 1e-9)
    return slope, mean - slope * float(np.mean(scores)), unit


def _pair_ridge(vectors: np.ndarray, given: PairExamples, mask: np.ndarray, seed: int) -> float:
    learned, judged = inner_split(given.screens.site, mask, seed)
    pairs = given.pairs
    inside = pairs.where(learned[pairs.first] & learned[pairs.second])
    tried = pairs.where((judged[pairs.first] | judged[pairs.second]) & mask[pairs.first] & mask[pairs.second])

    def loss(ridge: float) -> float:
        scores = vectors @ linear.fit_pairs(vectors, inside, ridge)
        return _log_loss(scores[tried.first] - scores[tried.second], tried)

    return _least(loss, vectors.shape[1]) if len(inside) and len(tried) else float(vectors.shape[1])


def _share_ridge(vectors: np.ndarray, shares: np.ndarray, site: np.ndarray, mask: np.ndarray, seed: int) -> float:
    learned, judged = inner_split(site, mask, seed)

    def loss(ridge: float) -> float:
        logits = _affine(linear.fit_shares(vectors[learned], shares[learned], ridge))(vectors[judged])
        return float((np.logaddexp(0, logits) - shares[judged] * logits).mean())

    return _least(loss, vectors.shape[1]) if learned.any() and judged.any() else float(vectors.shape[1])


def _class_ridge(vectors: np.ndarray, chances: np.ndarray, site: np.ndarray, mask: np.ndarray, seed: int) -> float:
    learned, judged = inner_split(site, mask, seed)

    def loss(ridge: float) -> float:
        logits = _affine(linear.fit_classes(vectors[learned], chances[learned], ridge))(vectors[judged])
        return float(-(chances[judged] * linear.log_softmax(logits)).sum(axis=1).mean())

    return _least(loss, vectors.shape[1]) if learned.any() and judged.any() else float(vectors.shape[1])


def _least(loss: Callable[[float], float], width: int) -> float:
    return min((width * ridge for ridge in RIDGES), key=lambda ridge: (loss(ridge), -ridge))


def _linear(weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda vectors: np.asarray(vectors @ weights)


def _affine(weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda vectors: np.asarray(vectors @ weights[:-1] + weights[-1])


def _ticking(
    learned: Callable[[np.ndarray], np.ndarray], number: int, progress: Progress | None
) -> Callable[[np.ndarray], np.ndarray]:
    """The same function, with a word to the progress line each time."""
    total, done = number * (number + 1) // 2, 0

    def tick(mask: np.ndarray) -> np.ndarray:
        nonlocal done
        found = learned(mask)
        done += 1
        if progress is not None:
            progress("held-out folds", min(done, total), total)
        return found

    return tick


def _ece(margins: np.ndarray, pairs: Pairs) -> float:
    return _rounded(linear.calibration_error(sigmoid(margins), pairs.chance, pairs.weight))


def _log_loss(margins: np.ndarray, pairs: Pairs) -> float:
    values = pairs.weight * (np.logaddexp(0, margins) - pairs.chance * margins)
    return _rounded(float(values.sum() / max(float(pairs.weight.sum()), 1e-12)))


def _rounded(value: float) -> float:
    return round(value, 4)
