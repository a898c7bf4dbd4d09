"""The head that training starts from, fitted in closed form to what is kept of the looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from models.encoder.samples import Samples

WITHIN = 1.0  # added to the spread within groups, of its mean: few pictures do not tell all of it
RIDGE = 0.005
MEANING = 0.6  # length of the teacher's part of a vector, of the length of all


def fitted_head(
    features: np.ndarray, groups: np.ndarray, told: np.ndarray, dimensions: int
) -> tuple[np.ndarray, np.ndarray]:
    """(weight `dimensions` × f, bias) of a linear head above features n × f of pictures in groups; `told` n × t.

    The features are whitened by how the pictures of one group differ (within-class covariance normalisation, Hatch and
    others 2006): what varies within an app counts little, what tells apps apart much. The first t dimensions then are
    a ridge regression to what the teacher says of each picture's text (zeros where nothing is said), every group
    counting the same; the others are the main axes of the whitened features.
    """
    features = features.astype(np.float32)
    middle = features.mean(0)
    centred = features - middle
    _, number = np.unique(groups, return_inverse=True)
    counts = np.bincount(number)
    means = np.zeros((len(counts), features.shape[1]), np.float32)
    np.add.at(means, number, centred)
    apart = centred - (means / counts[:, None])[number]
    spread, axes = np.linalg.eigh(apart.T @ apart / len(apart))
    whiten = axes * (spread + spread.mean() * WITHIN) ** -0.5
    laid = centred @ whiten
    whiten /= np.sqrt((laid**2).sum(1).mean())
    laid = centred @ whiten
    _, across = np.linalg.eigh(laid.T @ laid / len(laid))
    style = across[:, ::-1][:, : dimensions - told.shape[1]]

    says = np.abs(told).sum(1) > 0
    weight = 1.0 / counts[number][says]
    weight /= weight.sum()
    given, aims = laid[says], told[says]
    aims = aims - weight @ aims
    scaled = given * weight[:, None]
    meaning = np.linalg.solve(scaled.T @ given + RIDGE * np.eye(given.shape[1], dtype=np.float32), scaled.T @ aims)
    meaning *= MEANING / np.sqrt(((laid @ meaning) ** 2).sum(1).mean())

    head = (whiten @ np.concatenate([meaning, style], 1)).astype(np.float32)
    return np.ascontiguousarray(head.T), (-middle @ head).astype(np.float32)


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
