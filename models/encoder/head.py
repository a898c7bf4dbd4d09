"""The head that training starts from, fitted in closed form to what is kept of the looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from models.encoder.samples import Pool, Samples

WITHIN = 0.2  # added to the spread within groups, of its mean: few pictures do not tell all of it
RIDGE = 0.005
MEANING = 0.35  # length of the teacher's part of a vector, of the length of all


def fitted_head(
    features: np.ndarray, groups: np.ndarray, counts: np.ndarray, told: np.ndarray, dimensions: int
) -> tuple[np.ndarray, np.ndarray]:
    """(weight `dimensions` × f, bias) of a linear head above features n × f of pictures in groups; `told` n × t.

    `counts` (n,) is what a picture counts, `told` what the teacher says of its text, zeros where it says nothing.

    The features are whitened by how the pictures of one group differ (within-class covariance normalisation, Hatch and
    others 2006): what varies within an app counts little, what tells apps apart much. The first t dimensions then are
    a ridge regression to what the teacher says; the others are the main axes of the whitened features.
    """
    features = features.astype(np.float32)
    counts = (counts / counts.sum()).astype(np.float32)
    middle = counts @ features
    centred = features - middle
    _, number = np.unique(groups, return_inverse=True)
    total = np.bincount(number, counts)
    means = np.zeros((len(total), features.shape[1]), np.float32)
    np.add.at(means, number, centred * counts[:, None])
    apart = (centred - (means / total[:, None].astype(np.float32))[number]) * np.sqrt(counts)[:, None]
    spread, axes = np.linalg.eigh(apart.T @ apart)
    whiten = axes * (spread + spread.mean() * WITHIN) ** -0.5
    whiten /= np.sqrt(counts @ ((centred @ whiten) ** 2).sum(1))
    laid = centred @ whiten
    _, across = np.linalg.eigh((laid * counts[:, None]).T @ laid)
    style = across[:, ::-1][:, : dimensions - told.shape[1]]

    says = np.abs(told).sum(1) > 0
    weight = counts[says] / counts[says].sum()
    aims = told[says] - weight @ told[says]
    scaled = laid[says] * weight[:, None]
    meaning = np.linalg.solve(scaled.T @ laid[says] + RIDGE * np.eye(laid.shape[1], dtype=np.float32), scaled.T @ aims)
    meaning *= MEANING / np.sqrt(counts @ ((laid @ meaning) ** 2).sum(1))

    head = (whiten @ np.concatenate([meaning, style], 1)).astype(np.float32)
    return np.ascontiguousarray(head.T), (-middle @ head).astype(np.float32)


def counts_of(groups: np.ndarray, pools: Sequence[Pool]) -> np.ndarray:
    """What each picture counts: a pool as much as of a batch's groups is its own, a group as much as the next of it."""
    found = np.zeros(len(groups), np.float64)
    for pool in pools:
        own = np.isin(groups, pool.groups)
        each = 1 / np.bincount(groups[own])[groups[own]]
        found[own] = pool.count * each / each.sum()
    return found


def told_of(samples: Samples, taught: np.ndarray, place_of: dict[str, int]) -> np.ndarray:
    """rows × t: what the teacher says of each row's first text, columns in the recipe's order; zeros without one."""
    told = np.zeros((len(samples.texts), taught.shape[1]), np.float32)
    for row, columns in enumerate(samples.texts):
        first = next((column[0] for column in columns if column), "")
        if first:
            told[row] = taught[place_of[first]]
    return told


def save_head(path: Path, head: tuple[np.ndarray, np.ndarray]) -> None:
    import torch
    from safetensors.torch import save_file

    aside = path.with_name(f".{path.name}.part")
    save_file({"weight": torch.from_numpy(head[0]), "bias": torch.from_numpy(head[1])}, aside)
    aside.replace(path)


def load_head(path: Path) -> dict[str, Tensor]:
    """`weight` and `bias`, as they were saved."""
    from safetensors.torch import load_file

    return dict(load_file(path))
