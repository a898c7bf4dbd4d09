"""Semantic sections of a page: which there are, and the part of a DOM snapshot that is one of them.

A section's snapshot is a whole `gesso-dom/1` of its own: the section's subtree at the origin, below ancestors that keep
their styles and shrink to its box, so that whoever reads a page's snapshot reads a section's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_SECTIONS = 40
LEAST_HEIGHT = 40.0
ELEMENT = 1


@dataclass(frozen=True)
class Found:
    """A section: what it is for, its way from the root by child element numbers, its box in CSS pixels of the page."""

    name: str
    path: tuple[int, ...]
    x: float
    y: float
    width: float
    height: float


def sections_of(given: Any, page_width: float, page_height: float) -> list[Found]:
    """in_page `sections` with the types it should have, clipped to the page, each box once."""
    found: list[Found] = []
    boxes: set[tuple[int, int, int, int]] = set()
    for raw in (given if isinstance(given, list) else [])[:MAX_SECTIONS]:
        section = _section(raw, page_width, page_height)
        if section is None:
            continue
        box = (round(section.x), round(section.y), round(section.width), round(section.height))
        if box not in boxes:
            boxes.add(box)
            found.append(section)
    return found


def _section(raw: Any, page_width: float, page_height: float) -> Found | None:
    try:
        path = tuple(int(step) for step in raw["path"][:200])
        x, y, width, height = (float(raw[key]) for key in ("x", "y", "width", "height"))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    left, top = max(0.0, x), max(0.0, y)
    right, bottom = min(page_width, x + width), min(page_height, y + height)
    if right - left < 1 or bottom - top < LEAST_HEIGHT:
        return None
    return Found(str(raw.get("name"))[:40], path, left, top, right - left, bottom - top)


def node_at(snapshot: Mapping[str, Any], path: Sequence[int]) -> int | None:
    """The index of the element that `path` leads to in a snapshot's first document; None where there is none."""
    nodes = snapshot["documents"][0]["nodes"]
    types, parents = nodes["nodeType"], nodes["parentIndex"]
    pseudo = set(nodes.get("pseudoType", {}).get("index", []))
    children: dict[int, list[int]] = {}
    for index, parent in enumerate(parents):
        if types[index] == ELEMENT and index not in pseudo:
            children.setdefault(parent, []).append(index)
    at = next((child for child in children.get(0, [])), None)
    for step in path:
        below = children.get(at, []) if at is not None else []
        at = below[step] if 0 <= step < len(below) else None
        if at is None:
            return None
    return at


def subtree(snapshot: Mapping[str, Any], root: int, section: Found) -> dict[str, Any]:
    """The snapshot of one element of the first document, at the origin; frames in it come along."""
    document = snapshot["documents"][0]
    nodes = document["nodes"]
    above, kept = _kept(nodes["parentIndex"], root)
    order = sorted(kept)
    moved = {old: new for new, old in enumerate(order)}
    cut_nodes = {key: _filtered(value, order, moved) for key, value in nodes.items()}
    cut_nodes["parentIndex"] = [moved.get(nodes["parentIndex"][old], -1) for old in order]
    frames = cut_nodes.get("contentDocumentIndex", {"index": [], "value": []})
    others = sorted(set(frames["value"]))
    numbers = {old: new for new, old in enumerate(others, 1)}
    cut_nodes["contentDocumentIndex"] = {**frames, "value": [numbers[old] for old in frames["value"]]}
    layout, boxes = _layout(document, moved, above, section)
    cut = {
        **document,
        "nodes": cut_nodes,
        "layout": layout,
        "textBoxes": boxes,
        "contentWidth": round(section.width),
        "contentHeight": round(section.height),
    }
    return {**snapshot, "documents": [cut, *(snapshot["documents"][old] for old in others)]}


def _kept(parents: Sequence[int], root: int) -> tuple[set[int], set[int]]:
    """(ancestors, ancestors and the element and all below it). Parents come before their children."""
    above: set[int] = set()
    at = parents[root]
    while at >= 0:
        above.add(at)
        at = parents[at]
    below = {root}
    for index in range(root + 1, len(parents)):
        if parents[index] in below:
            below.add(index)
    return above, above | below


def _filtered(value: Any, order: Sequence[int], moved: Mapping[int, int]) -> Any:
    """A column of the node table without the rows that went: dense, or sparse as {index, value?}."""
    if isinstance(value, list):
        return [value[old] for old in order]
    pairs = [(moved[old], at) for at, old in enumerate(value["index"]) if old in moved]
    sparse: dict[str, Any] = {"index": [new for new, _ in pairs]}
    if "value" in value:
        sparse["value"] = [value["value"][at] for _, at in pairs]
    return sparse


def _layout(
    document: Mapping[str, Any], moved: Mapping[int, int], above: Iterable[int], section: Found
) -> tuple[dict[str, Any], dict[str, Any]]:
    layout, boxes = document["layout"], document["textBoxes"]
    rows = [at for at, node in enumerate(layout["nodeIndex"]) if node in moved]
    new_rows = {old: new for new, old in enumerate(rows)}
    ancestors = set(above)
    cut: dict[str, Any] = {}
    for key, value in layout.items():
        if isinstance(value, list):
            cut[key] = [value[at] for at in rows]
        else:
            cut[key] = {"index": [new_rows[at] for at in value["index"] if at in new_rows]}
    whole = [0.0, 0.0, section.width, section.height]
    cut["bounds"] = [
        whole if node in ancestors else _shifted(bounds, section)
        for node, bounds in zip((layout["nodeIndex"][at] for at in rows), cut["bounds"], strict=True)
    ]
    cut["nodeIndex"] = [moved[layout["nodeIndex"][at]] for at in rows]
    lines = [at for at, row in enumerate(boxes["layoutIndex"]) if row in new_rows]
    cut_boxes = {key: [value[at] for at in lines] for key, value in boxes.items()}
    cut_boxes["layoutIndex"] = [new_rows[boxes["layoutIndex"][at]] for at in lines]
    cut_boxes["bounds"] = [_shifted(boxes["bounds"][at], section) for at in lines]
    return cut, cut_boxes


def _shifted(bounds: Sequence[float], section: Found) -> list[float]:
    return [bounds[0] - section.x, bounds[1] - section.y, *bounds[2:]] if bounds else []
