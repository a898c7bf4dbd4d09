"""How far annotators agree on boxes: matched by IoU, one to one, and counted as F1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

RESAMPLES = 1000
THRESHOLD = 0.5


@dataclass(frozen=True)
class Box:
    """A box that an annotator drew on an item; x, y, width and height are shares of the picture's size."""

    item: str
    annotator: str
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class BoxAgreement:
    """`f1` over all pairs of annotators of an item, with its 95 % interval over items; `iou` is the matches' mean.

    `by_kind` has F1 and the number of boxes for each kind. NaN where no item has two annotators.
    """

    f1: float
    low: float
    high: float
    iou: float
    items: int
    boxes: int
    by_kind: dict[str, tuple[float, int]]


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """n × 4 and m × 4 boxes (x, y, width, height) to n × m intersections over unions; empty boxes give 0."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    union = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None, :] - inside
    return np.asarray(np.divide(inside, union, out=np.zeros_like(inside), where=union > 0))


def match(a: np.ndarray, b: np.ndarray, threshold: float = THRESHOLD) -> list[tuple[int, int, float]]:
    """The one-to-one matches of highest total IoU, those below the threshold left out."""
    from scipy.optimize import linear_sum_assignment

    overlap = iou(a, b)
    overlap = np.where(overlap >= threshold, overlap, 0)  # a poor pair must not take a good one's partner
    rows, columns = linear_sum_assignment(-overlap)
    return [
        (int(row), int(column), float(overlap[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if overlap[row, column] > 0
    ]


def box_agreement(
    boxes: Sequence[Box], *, threshold: float = THRESHOLD, resamples: int = RESAMPLES, seed: int = 7
) -> BoxAgreement:
    """Agreement of everybody's boxes; two match where they are of one kind and overlap by `threshold` or more.

    An annotator who drew nothing on an item is not seen here, for no box says that they looked.
    """
    drawn: dict[str, dict[str, list[Box]]] = defaultdict(lambda: defaultdict(list))
    for box in boxes:
        drawn[box.item][box.annotator].append(box)
    kinds = sorted({box.kind for box in boxes})
    shared = sorted(item for item, by in drawn.items() if len(by) > 1)
    tally = np.zeros((len(shared), len(kinds), 2))  # twice the matches, and the boxes
    overlaps: list[float] = []
    for row, item in enumerate(shared):
        for one, other in combinations(sorted(drawn[item]), 2):
            for column, kind in enumerate(kinds):
                a, b = (_array(drawn[item][name], kind) for name in (one, other))
                found = match(a, b, threshold)
                tally[row, column] += 2 * len(found), len(a) + len(b)
                overlaps.extend(overlap for _, _, overlap in found)
    low = high = np.nan
    if len(shared) > 1 and resamples:
        draw = np.random.default_rng(seed).multinomial(len(shared), np.full(len(shared), 1 / len(shared)), resamples)
        both = draw @ tally.sum(axis=1)
        low, high = np.quantile(both[:, 0] / both[:, 1], (0.025, 0.975))
    return BoxAgreement(
        f1=_f1(tally.sum(axis=(0, 1))),
        low=float(low),
        high=float(high),
        iou=float(np.mean(overlaps)) if overlaps else float("nan"),
        items=len(shared),
        boxes=sum(len(some) for item in shared for some in drawn[item].values()),
        by_kind={
            kind: (_f1(tally[:, column].sum(axis=0)), sum(box.kind == kind and box.item in shared for box in boxes))
            for column, kind in enumerate(kinds)
        },
    )


def _array(boxes: Sequence[Box], kind: str) -> np.ndarray:
    rows = [(box.x, box.y, box.width, box.height) for box in boxes if box.kind == kind]
    return np.asarray(rows, np.float64).reshape(-1, 4)


def _f1(tally: np.ndarray) -> float:
    return float(tally[0] / tally[1]) if tally[1] else float("nan")
