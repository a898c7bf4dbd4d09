"""How a ranker does on sites that it has not seen: margins across folds of sites, accuracy by kind and strength."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curation.heads.head import Head
from models.quality.ranker import Examples, RankerConfig, fit

FOLDS = 5
LADDER = 0.3  # what a pair of two damages counts beside one with the undamaged page
Vectors = dict[str, np.ndarray]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Judged:
    """`scores` of every row of `examples.vectors` and `margins` of every pair, by a ranker that saw neither's site."""

    scores: np.ndarray
    margins: np.ndarray


def examples_of(pairs: pa.Table, vectors: Vectors, dimensions: int) -> Examples:
    """Pairs as rows of one matrix, sorted by capture_id."""
    names = sorted(set(pairs["better"].to_pylist()) | set(pairs["worse"].to_pylist()))
    at = {name: row for row, name in enumerate(names)}
    better, worse = (np.array([at[name] for name in pairs[side].to_pylist()]) for side in ("better", "worse"))
    weight = np.where(pairs["better_strength"].to_numpy() == 0, 1.0, LADDER)
    return Examples(np.stack([vectors[name] for name in names]), better, worse, weight, dimensions)


def cross_judged(pairs: pa.Table, examples: Examples, config: RankerConfig, progress: Progress | None = None) -> Judged:
    """Each fold of sites judged by a ranker of the others."""
    site = np.array(pairs["site"].to_pylist())
    names = np.unique(site)
    order = np.random.default_rng(config.seed).permutation(len(names))
    fold = dict(zip(names[order].tolist(), (np.arange(len(names)) % FOLDS).tolist(), strict=True))
    of_pair = np.array([fold[name] for name in site])
    scores = np.zeros(len(examples.vectors))
    for number in range(FOLDS):
        if progress is not None:
            progress("judge", number, FOLDS)
        mine = of_pair == number
        if not mine.any() or mine.all():
            continue
        rows = np.unique(np.concatenate([examples.better[mine], examples.worse[mine]]))
        scores[rows] = fit(examples.where(~mine), config)(examples.vectors[rows])[:, 0]
    return judged_by_scores(examples, scores)


def judged_by(head: Head, examples: Examples) -> Judged:
    """By a head that has seen none of the sites."""
    return judged_by_scores(examples, head(examples.vectors)[:, 0].astype(np.float64))


def judged_by_scores(examples: Examples, scores: np.ndarray) -> Judged:
    return Judged(scores, scores[examples.better] - scores[examples.worse])


def accuracies(pairs: pa.Table, margins: np.ndarray) -> dict[tuple[str, int], tuple[float, int]]:
    """(kind, strength) → share of originals above their damaged selves, and pairs; "" and 0 stand for all."""
    first = pairs["better_strength"].to_numpy() == 0
    kind, strength = np.array(pairs["kind"].to_pylist()), pairs["worse_strength"].to_numpy()
    right = np.where(margins > 0, 1.0, np.where(margins == 0, 0.5, 0.0))
    found = {}
    for name in ("", *sorted(set(kind.tolist()))):
        for level in (0, *sorted(set(strength.tolist()))):
            mask = first & ((kind == name) | (name == "")) & ((strength == level) | (level == 0))
            if mask.any():
                found[name, int(level)] = (float(right[mask].mean()), int(mask.sum()))
    return found


def strength_correlation(pairs: pa.Table, examples: Examples, scores: np.ndarray) -> float:
    """Mean Spearman correlation of damage with how far the score falls, over each page's ladders of one kind."""
    from scipy.stats import spearmanr

    first = pairs["better_strength"].to_numpy() == 0
    ladders: dict[tuple[int, str], list[tuple[int, float]]] = {}
    kinds, strengths = np.array(pairs["kind"].to_pylist())[first], pairs["worse_strength"].to_numpy()[first]
    rows = zip(examples.better[first], examples.worse[first], kinds, strengths, strict=True)
    for original, damaged, kind, strength in rows:
        ladder = ladders.setdefault((int(original), str(kind)), [(0, float(scores[original]))])
        ladder.append((int(strength), float(scores[damaged])))
    found = [spearmanr(*zip(*ladder, strict=True)).statistic for ladder in ladders.values() if len(ladder) > 2]
    return -float(np.nanmean(found)) if found else 0.0
