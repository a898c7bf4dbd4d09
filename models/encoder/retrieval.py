"""How well vectors find each other: recall at k of pictures and texts of one group, and chance. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def same_group(pictures: Vectors, groups: Sequence[str], ks: Sequence[int] = (1, 5)) -> dict[int, float]:
    """Of pictures whose group has another one: the share that has one of its group among its k nearest others."""
    names = np.asarray(groups)
    likeness = pictures @ pictures.T
    np.fill_diagonal(likeness, -np.inf)
    return _recall(likeness, names[None, :] == names[:, None], ks, without_itself=True)


def same_group_chance(groups: Sequence[str], k: int) -> float:
    """What a random order would reach in `same_group`."""
    names, counts = np.unique(np.asarray(groups), return_counts=True)
    total = len(groups)
    found = {name: 1 - _none_drawn(total - 1, count - 1, k) for name, count in zip(names, counts, strict=True)}
    each = [found[name] for name, count in zip(names, counts, strict=True) for _ in range(count) if count > 1]
    return float(np.mean(each)) if each else 0.0


def text_to_group(scores: Vectors, groups: Sequence[str], wanted: Sequence[str], ks: Sequence[int]) -> dict[int, float]:
    """Of texts (rows of `scores`, texts × pictures): the share whose group is among the k best groups.

    A group's score is that of its best picture.
    """
    names, best = best_of_groups(scores, groups)
    right = np.asarray(wanted)[:, None] == names[None, :]
    return _recall(best, right, ks)


def best_of_groups(scores: Vectors, groups: Sequence[str]) -> tuple[NDArray[np.str_], Vectors]:
    """The groups' names, sorted, and texts × groups: each group's best picture's score."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    best = np.full((len(scores), len(names)), -np.inf, np.float32)
    for column, group in enumerate(place):
        np.maximum(best[:, group], scores[:, column], out=best[:, group])
    return names, best


def picture_to_text(
    scores: Vectors, groups: Sequence[str], text_groups: Sequence[str], ks: Sequence[int]
) -> dict[int, float]:
    """Of pictures (columns of `scores`, texts × pictures): the share that has a text of its group among the k best."""
    right = np.asarray(groups)[:, None] == np.asarray(text_groups)[None, :]
    return _recall(np.ascontiguousarray(scores.T), right, ks)


def _recall(
    scores: Vectors, right: NDArray[np.bool_], ks: Sequence[int], *, without_itself: bool = False
) -> dict[int, float]:
    """Of rows that have a right column at all; of equal scores the earlier column comes first."""
    order = np.argsort(-scores, axis=1, kind="stable")
    if without_itself:
        order = order[:, :-1]
    hits = np.take_along_axis(right, order, axis=1)
    counted = hits.any(axis=1)
    if not counted.any():
        return dict.fromkeys(ks, 0.0)
    return {k: float(hits[counted, :k].any(axis=1).mean()) for k in ks}


def _none_drawn(total: int, right: int, k: int) -> float:
    """The chance that k draws without replacement from `total` have none of the `right` ones."""
    chance = 1.0
    for drawn in range(min(k, total)):
        chance *= max(0, total - right - drawn) / (total - drawn)
    return chance
