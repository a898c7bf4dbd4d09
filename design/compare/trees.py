"""Two designs or two sets of elements → how much of one's structure the other has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from design.boxes import TypedBox
from design.tree import Design, Node, expand, walk

LEAST_IOU = 0.5
MAX_ELEMENTS = 3000

Subtree = tuple[str, tuple[str, ...]]


def tree_bleu(reference: Design, made: Design) -> float:
    """The share of the reference's height-1 subtrees that `made` has too, 0 to 1; 1 where the reference has none.

    A height-1 subtree is a layer with children: (its kind, the kinds of its children in order). Subtrees are counted
    as often as they occur (a clipped count, as in BLEU); instances are compared as the layers that they stand for.
    Source: Gui et al. 2025 (WebCode2M), whose subtrees are of HTML tags; here they are of kinds of layers.
    """
    wanted, found = _subtrees(expand(reference)), _subtrees(expand(made))
    total = sum(wanted.values())
    return sum((wanted & found).values()) / total if total else 1.0


def _subtrees(design: Design) -> Counter[Subtree]:
    return Counter(_subtree(node) for root in design.roots for node, _ in walk(root) if node.children)


def _subtree(node: Node) -> Subtree:
    return node.kind, tuple(child.kind for child in node.children)


@dataclass(frozen=True, slots=True)
class F1:
    """Precision, recall and their harmonic mean, 0 to 1; 1 each where there was nothing to find and nothing found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def f1_of(hits: int, found: int, wanted: int) -> F1:
    """From counts: hits among what was found and what was wanted."""
    precision = hits / found if found else float(not wanted)
    recall = hits / wanted if wanted else float(not found)
    return F1(precision, recall)


def element_f1(reference: Sequence[TypedBox], made: Sequence[TypedBox], least: float = LEAST_IOU) -> dict[str, F1]:
    """By type, and under "all": an element is found where one of its type overlaps it with an IoU of `least`.

    Each element is used once, so as to give the greatest overlap in all. Types are those of `design.boxes`.
    """
    result: dict[str, F1] = {}
    hits = found = wanted = 0
    for type_ in sorted({box.type for box in (*reference, *made)}):
        ours = [box for box in reference if box.type == type_][:MAX_ELEMENTS]
        theirs = [box for box in made if box.type == type_][:MAX_ELEMENTS]
        count = _matched(ours, theirs, least)
        result[type_] = f1_of(count, len(theirs), len(ours))
        hits, found, wanted = hits + count, found + len(theirs), wanted + len(ours)
    result["all"] = f1_of(hits, found, wanted)
    return result


def _matched(ours: Sequence[TypedBox], theirs: Sequence[TypedBox], least: float) -> int:
    if not ours or not theirs:
        return 0
    overlap = overlaps(np.array([b.rect for b in ours]), np.array([b.rect for b in theirs]))
    overlap[overlap < least] = 0
    rows, columns = linear_sum_assignment(-overlap)
    return int((overlap[rows, columns] > 0).sum())


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU of every rectangle of `a` (n, 4: left, top, right, bottom) with every one of `b` (m, 4): (n, m)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas_a, areas_b = ((r[:, 2:] - r[:, :2]).clip(0).prod(axis=1) for r in (a, b))
    whole = areas_a[:, None] + areas_b[None, :] - shared
    return np.divide(shared, whole, out=np.zeros_like(shared, dtype=float), where=whole > 0)
