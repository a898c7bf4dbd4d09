"""A head: what to do to an embedding, and then dense layers one after the other. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from curation.errors import GessoError

Activation = Literal["none", "relu", "gelu", "tanh", "sigmoid", "softmax"]
Input = Literal["l2", "l2_sqrt_d", "raw"]
MAX_WIDTH = 1 << 16


class HeadError(GessoError):
    """A file that is no head, or a head that does not fit the embedding."""


@dataclass(frozen=True)
class Dense:
    """`weight` is inputs × outputs, float64; `activation` follows the sum."""

    weight: np.ndarray
    bias: np.ndarray
    activation: Activation = "none"


@dataclass(frozen=True)
class Head:
    """`input` says how the vector is scaled first: `l2` to length 1, `l2_sqrt_d` to length √d, `raw` not at all."""

    layers: tuple[Dense, ...]
    input: Input = "l2"

    @property
    def inputs(self) -> int:
        return int(self.layers[0].weight.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.layers[-1].weight.shape[1])

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """n × d vectors of any float type to n × k float32, summed in float64 so that batches do not show.

        Raises HeadError where d is not the head's.
        """
        values = np.asarray(vectors, np.float64)
        if values.ndim != 2 or values.shape[1] != self.inputs:
            raise HeadError(f"the head takes vectors of {self.inputs} numbers, not {values.shape[-1]}")
        if self.input != "raw":
            length = np.linalg.norm(values, axis=1, keepdims=True)
            values = values / np.maximum(length, 1e-12) * (np.sqrt(self.inputs) if self.input == "l2_sqrt_d" else 1.0)
        for layer in self.layers:
            values = activate(values @ layer.weight + layer.bias, layer.activation)
        return values.astype(np.float32)


def activate(values: np.ndarray, activation: Activation) -> np.ndarray:
    """The activation of each row's values; `gelu` is the exact one."""
    if activation == "relu":
        return np.maximum(values, 0)
    if activation == "tanh":
        return np.tanh(values)
    if activation == "sigmoid":
        return np.exp(-np.logaddexp(0, -values))
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if activation == "gelu":
        from scipy.special import erf

        return values * 0.5 * (1 + erf(values / np.sqrt(2)))
    return values


def chain(layers: Sequence[Dense], input: Input) -> Head:
    """A head of layers that follow each other, with those between which nothing happens multiplied into one.

    Raises HeadError where one layer does not take what the one before gives, or holds what is no number.
    """
    if not layers:
        raise HeadError("no dense layer in it")
    joined: list[Dense] = []
    for layer in layers:
        weight = np.asarray(layer.weight, np.float64)
        bias = np.asarray(layer.bias, np.float64)
        if weight.ndim != 2 or bias.shape != weight.shape[1:] or 0 in weight.shape or max(weight.shape) > MAX_WIDTH:
            raise HeadError(f"a layer of shape {weight.shape} with {bias.shape} biases is no dense layer")
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise HeadError("its weights hold values that are not finite")
        if joined and joined[-1].weight.shape[1] != weight.shape[0]:
            raise HeadError(f"a layer of {weight.shape[0]} inputs follows one of {joined[-1].weight.shape[1]} outputs")
        if joined and joined[-1].activation == "none":
            last = joined.pop()
            weight, bias = last.weight @ weight, last.bias @ weight + bias
        joined.append(replace(layer, weight=weight, bias=bias))
    return Head(tuple(joined), input)
