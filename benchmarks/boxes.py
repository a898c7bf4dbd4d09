"""Boxes of a DOM snapshot that can be checked against pixels: which elements, what clips them, where their ink is."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

MAX_NODES = 200
LEAST = 3.0  # CSS pixels a side, clipped: smaller is no box to speak of
SKIPPED = frozenset(
    {"HTML", "BODY", "IFRAME", "FRAME", "OBJECT", "EMBED", "BR", "WBR", "OPTION", "AREA", "MAP", "#document"}
)
# Boxes without paint of their own: a table's rows and columns lend theirs to the cells.
UNPAINTED = frozenset(
    {"none", "contents", "table-row", "table-row-group", "table-header-group", "table-footer-group"}
    | {"table-column", "table-column-group"}
)
BLOCKS = frozenset({"block", "flex", "grid", "table", "list-item", "flow-root"})
Rect = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Box:
    """An element: the way to it by child element numbers, and where its pixels must be, in CSS pixels of the page."""

    path: tuple[int, ...]
    rect: Rect
    name: str = ""

    def agrees(self, seen: Rect | None, tolerance: float, scale: float, *, zoomed: bool) -> bool:
        """Whether the edges that were seen are the box's once it stands on whole pixels, `scale` of them to a CSS one.

        A page that a phone shrinks is put on whole pixels twice, in its layout and in the picture: half a pixel more.
        """
        if seen is None:
            return False
        snapped = self.rect if zoomed else [round(edge * scale) / scale for edge in self.rect]
        limit = tolerance + (0.5 / scale if zoomed else 0) + 1e-6
        return all(abs(a - b) <= limit for a, b in zip(snapped, seen, strict=True))


def visible_boxes(tree: dict[str, Any], width: float, height: float) -> list[Box]:
    """Up to 200 elements of the first document, drawn by a seed: visible, and not turned, skewed or see-through."""
    document, strings = tree["snapshot"]["documents"][0], tree["snapshot"]["strings"]
    nodes, layout = document["nodes"], document["layout"]
    names = tree["computed_styles"]
    row_of = {node: row for row, node in enumerate(layout["nodeIndex"])}
    parents, types = nodes["parentIndex"], nodes["nodeType"]
    pseudo = set(nodes.get("pseudoType", {}).get("index", []))
    shadow = set(nodes.get("shadowRootType", {}).get("index", []))
    paths = _paths(parents, types, pseudo)
    unseen = shadow | _folded(nodes, strings)

    def style(node: int) -> dict[str, str]:
        row = row_of.get(node)
        return {} if row is None else dict(zip(names, (strings[i] for i in layout["styles"][row]), strict=False))

    def bounds(node: int) -> Rect:
        x, y, w, h = layout["bounds"][row_of[node]]
        return x, y, x + w, y + h

    known: dict[int, dict[str, str]] = {}

    def styled(node: int) -> dict[str, str]:
        if node not in known:
            known[node] = style(node)
        return known[node]

    # An inline box around blocks is cut in pieces that have no paint.
    unpainted = {
        parents[node]
        for node in row_of
        if parents[node] >= 0
        and styled(parents[node]).get("display") == "inline"
        and styled(node).get("display") in BLOCKS
    }
    found = []
    for node, path in paths.items():
        name = strings[nodes["nodeName"][node]]
        if name in SKIPPED or node not in row_of or not name.isupper() or node in unpainted:
            continue
        rect = _clipped(node, parents, row_of, styled, bounds, unseen, (0.0, 0.0, width, height))
        if rect is not None and rect[2] - rect[0] >= LEAST and rect[3] - rect[1] >= LEAST:
            found.append(Box(path, rect, name))
    random.Random(len(found)).shuffle(found)
    return found[:MAX_NODES]


def _folded(nodes: dict[str, Any], strings: Sequence[str]) -> set[int]:
    """The children of closed `details`, but for the summary: they have boxes that nobody sees."""
    closed = {
        node
        for node, name in enumerate(nodes["nodeName"])
        if strings[name] == "DETAILS" and "open" not in (strings[i] for i in nodes["attributes"][node][::2])
    }
    return {
        node
        for node, parent in enumerate(nodes["parentIndex"])
        if parent in closed and strings[nodes["nodeName"][node]] != "SUMMARY"
    }


def _paths(parents: Sequence[int], types: Sequence[int], pseudo: set[int]) -> dict[int, tuple[int, ...]]:
    """Element node → the way to it from the root element; elements in shadow trees have none."""
    paths: dict[int, tuple[int, ...]] = {}
    counts: dict[int, int] = {}
    for node, parent in enumerate(parents):
        if types[node] != 1 or node in pseudo:
            continue
        if parent == 0:
            paths.setdefault(node, ())
        elif parent in paths:
            turn = counts.get(parent, 0)
            counts[parent] = turn + 1
            paths[node] = (*paths[parent], turn)
    return paths


def _clipped(
    node: int, parents: Sequence[int], row_of: dict[int, int], style: Any, bounds: Any, unseen: set[int], page: Rect
) -> Rect | None:
    """Where the element's box can be seen: cut by the clips of its containing blocks. None where pixels cannot tell."""
    own = style(node)
    viewport = _of_viewport(parents, style)
    if own.get("visibility") != "visible" or own.get("display") in UNPAINTED:
        return None
    rect = bounds(node)
    position = own.get("position", "static")
    at, contained = node, node
    while at > 0:
        css = style(at)
        if at in unseen or not _plain(css):
            return None
        if at != node:
            holds = (
                position not in ("absolute", "fixed")
                or css.get("position") != "static"
                or css.get("transform", "none") != "none"
            )
            if position == "fixed" and css.get("transform", "none") == "none":
                holds = False
            if at in row_of and holds:
                rect = rect if at in viewport else _cut(rect, bounds(at), css)
                position = css.get("position", "static") if contained != at else position
                contained = at
        at = parents[at]
    left, top, right, bottom = (
        max(rect[0], page[0]),
        max(rect[1], page[1]),
        min(rect[2], page[2]),
        min(rect[3], page[3]),
    )
    return (left, top, right, bottom) if right > left and bottom > top else None


def _of_viewport(parents: Sequence[int], style: Any) -> set[int]:
    """The root and, where the root leaves it to it, the body: their overflow is the window's, it cuts nothing."""
    root = next((node for node, parent in enumerate(parents) if parent == 0 and style(node)), -1)
    first = {node for node in range(root + 1, min(len(parents), root + 2000)) if parents[node] == root}
    return {root} | (first if style(root).get("overflow-x", "visible") == "visible" else set())


def _plain(css: dict[str, str]) -> bool:
    """Whether pixels can be expected to be the box: nothing turned, clipped to a shape, blurred or see-through."""
    transform = css.get("transform", "none")
    turned = transform.startswith("matrix3d") or (
        transform.startswith("matrix(") and any(abs(float(v)) > 1e-6 for v in transform[7:-1].split(",")[1:3])
    )
    if turned or float(css.get("opacity") or 1) < 0.99 or css.get("visibility") == "collapse":
        return False
    odd = ("filter", "clip-path", "mask-image", "mix-blend-mode", "clip")
    return all(css.get(name, "none") in ("none", "normal", "auto", "") for name in odd)


def _cut(rect: Rect, around: Rect, css: dict[str, str]) -> Rect:
    """`rect` cut by an ancestor's padding box in the directions in which it clips."""
    left, top, right, bottom = rect
    sides = {
        side: float((css.get(f"border-{side}-width") or "0px")[:-2] or 0) for side in ("left", "top", "right", "bottom")
    }
    if css.get("overflow-x", "visible") != "visible":
        left, right = max(left, around[0] + sides["left"]), min(right, around[2] - sides["right"])
    if css.get("overflow-y", "visible") != "visible":
        top, bottom = max(top, around[1] + sides["top"]), min(bottom, around[3] - sides["bottom"])
    return left, top, right, bottom


def batches(boxes: Sequence[Box], *, away: float) -> Iterator[list[Box]]:
    """Groups of boxes that lie so far apart that each has its surroundings to itself."""
    groups: list[list[Box]] = []
    for box in sorted(boxes, key=lambda b: (b.rect[3] - b.rect[1]) * (b.rect[2] - b.rect[0])):
        for group in groups:
            if all(_apart(box.rect, other.rect, 2 * away + 2) for other in group):
                group.append(box)
                break
        else:
            groups.append([box])
    yield from groups


def _apart(one: Rect, other: Rect, gap: float) -> bool:
    return one[2] + gap <= other[0] or other[2] + gap <= one[0] or one[3] + gap <= other[1] or other[3] + gap <= one[1]


def measured_edges(png: bytes, boxes: Sequence[Box], scale: float, away: float) -> list[Rect | None]:
    """For each box the edges of what is black in its surroundings, in CSS pixels; None where nothing is."""
    with Image.open(io.BytesIO(png)) as image:
        dark = np.asarray(image.convert("L")) < 128
    found: list[Rect | None] = []
    for box in boxes:
        left, top = (max(0, int((edge - away) * scale)) for edge in box.rect[:2])
        right, bottom = (int((edge + away) * scale) + 1 for edge in box.rect[2:])
        window = dark[top:bottom, left:right]
        rows, columns = np.flatnonzero(window.any(axis=1)), np.flatnonzero(window.any(axis=0))
        if not rows.size:
            found.append(None)
            continue
        edges = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
        found.append(tuple(float(edge / scale) for edge in edges))  # type: ignore[arg-type]
    return found
