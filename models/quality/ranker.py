"""The ranker: a small network whose score differences are the log-odds of being the better one (Bradley–Terry).

Several networks from several seeds are laid side by side into one head, so that what ships is dense layers and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.heads.head import Dense, Head

EMBEDDING = 30.0


@dataclass(frozen=True)
class RankerConfig:
    """`members` networks of `hidden` units; `steps` of full batches; `decay` is AdamW's."""

    members: int = 8
    hidden: int = 24
    steps: int = 250
    lr: float = 4e-3
    decay: float = 0.3
    dropout: float = 0.3
    embedding_dropout: float = 0.8
    seed: int = 7


@dataclass(frozen=True)
class Examples:
    """n pairs as rows of `vectors`; `weight` is what each counts; the first `dimensions` columns are the embedding."""

    vectors: np.ndarray
    better: np.ndarray
    worse: np.ndarray
    weight: np.ndarray
    dimensions: int

    def where(self, mask: np.ndarray) -> Examples:
        return Examples(self.vectors, self.better[mask], self.worse[mask], self.weight[mask], self.dimensions)


def fit(examples: Examples, config: RankerConfig) -> Head:
    """A head of one output for raw vectors. The same examples and config give the same head."""
    import torch

    used = np.unique(np.concatenate([examples.better, examples.worse]))
    middle, spread = _scale(examples.vectors[used], examples.dimensions)
    scaled = torch.from_numpy(((examples.vectors - middle) / spread).astype(np.float32))
    better, worse = (torch.from_numpy(rows.astype(np.int64)) for rows in (examples.better, examples.worse))
    weight = torch.from_numpy(examples.weight.astype(np.float32))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more stall on matrices as small as these
    try:
        share = weight / weight.sum()
        numbers = range(config.members)
        layers = [_member(scaled, better, worse, share, examples.dimensions, config, n) for n in numbers]
    finally:
        torch.set_num_threads(threads)
    hidden = np.concatenate([first for first, _, _ in layers], axis=1) / spread[:, None]
    bias = np.concatenate([bias for _, bias, _ in layers]) - middle @ hidden
    last = np.concatenate([out for _, _, out in layers], axis=0) / config.members
    return Head((Dense(hidden, bias, "relu"), Dense(last, np.zeros(1))), "raw")


def _scale(vectors: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of each column; one spread for all of the embedding, whose axes mean nothing alone.

    The embedding counts as much as EMBEDDING craft numbers do, however wide it is: it knows a page, not its faults.
    """
    middle = vectors.mean(0, dtype=np.float64)
    spread = np.maximum(vectors.std(0, dtype=np.float64), 1e-4)
    spread[:dimensions] = np.sqrt((spread[:dimensions] ** 2).sum() / EMBEDDING)
    return middle, spread


def _member(
    vectors: Any, better: Any, worse: Any, weight: Any, dimensions: int, config: RankerConfig, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights inputs × hidden, biases, and hidden × 1 of one network."""
    import torch
    from torch.nn import functional as F

    source = torch.Generator().manual_seed(config.seed * 1000 + number)
    inputs = vectors.shape[1]
    first = (torch.randn(inputs, config.hidden, generator=source) / inputs**0.5).requires_grad_()
    bias = torch.zeros(config.hidden, requires_grad=True)
    last = (torch.randn(config.hidden, 1, generator=source) / config.hidden**0.5).requires_grad_()
    optimizer = torch.optim.AdamW([first, bias, last], lr=config.lr, weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.lr, config.steps)
    keep = torch.full((inputs,), 1 - config.dropout)
    keep[:dimensions] = 1 - config.embedding_dropout
    for _ in range(config.steps):
        # one mask for all rows: both of a pair are seen through the same
        mask = torch.bernoulli(keep, generator=source) / keep
        units = torch.bernoulli(torch.full((config.hidden,), 1 - config.dropout), generator=source)
        score = (F.relu((vectors * mask) @ first + bias) * units / (1 - config.dropout)) @ last
        margin = score[better, 0] - score[worse, 0]
        loss = (weight * F.softplus(-margin)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return tuple(part.detach().double().numpy() for part in (first, bias, last))  # type: ignore[return-value]
