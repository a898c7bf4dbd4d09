"""The boxes that an item's annotators have in common: matched by IoU, one of each annotator, and the median drawn."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from annotations.box_agreement import THRESHOLD, Box, iou

MAJORITY = 0.5
SIDES = ("x", "y", "width", "height")


def boxes_of(holding: pa.Table) -> list[Box]:
    """The element boxes among events that hold."""
    return [
        Box(row["item_sha256"], row["annotator"], row["label"] or "", *(float(row["box"][side]) for side in SIDES))
        for row in holding.to_pylist()
        if row["aspect"] == "element" and row["box"] is not None
    ]


def common_boxes(holding: pa.Table) -> list[dict[str, Any]]:
    """A row for each box that half of an item's annotators or more drew: item, label, median box, share, how many."""
    drawn: dict[str, list[Box]] = defaultdict(list)
    for box in boxes_of(holding):
        drawn[box.item].append(box)
    rows = []
    for item, boxes in sorted(drawn.items()):
        people = {box.annotator for box in boxes}
        for group in clusters(boxes):
            share = len(group) / len(people)
            if share >= MAJORITY:
                middle = np.median([[getattr(box, side) for side in SIDES] for box in group], axis=0)
                place = {side: float(number) for side, number in zip(SIDES, middle, strict=True)}
                rows.append(
                    {
                        "item_sha256": item, "label": group[0].kind, "box": place,
                        "value": share, "n": len(group), "annotators": len(people), "method": "box_majority",
                    }
                )  # fmt: skip
    return rows


def clusters(boxes: list[Box]) -> list[list[Box]]:
    """Groups of boxes of one kind and place, of each annotator one at most: the best overlap is joined first."""
    if not boxes:
        return []
    array = np.asarray([[getattr(box, side) for side in SIDES] for box in boxes], np.float64)
    overlap = iou(array, array)
    group = {i: [i] for i in range(len(boxes))}
    of = list(range(len(boxes)))
    pairs = [
        (-overlap[a, b], a, b)
        for a in range(len(boxes))
        for b in range(a + 1, len(boxes))
        if overlap[a, b] >= THRESHOLD and boxes[a].kind == boxes[b].kind
    ]
    for _, a, b in sorted(pairs):
        one, other = of[a], of[b]
        if one == other:
            continue
        together = group[one] + group[other]
        if len({boxes[i].annotator for i in together}) == len(together):
            group[one] = together
            for i in group.pop(other):
                of[i] = one
    return [[boxes[i] for i in sorted(members)] for members in group.values()]
