"""Repeated groups of a page: those that are found, those that somebody labelled, and how well the two agree.

A label names the members of a group by selectors of tags, classes and ids (`ul.timeline li`, `#team div.card`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from design.compare.trees import F1, f1_of, overlaps
from design.components import groups
from design.dom import css
from design.dom.arrange import arrange
from design.dom.items import Findings, Item
from design.dom.size import build
from design.dom.snapshot import Box, check_snapshot, open_dom
from design.from_dom import page_item
from design.tree import Node

SAME = 0.6  # IoU from which two rectangles are one thing
AGREES = 0.5  # share of common members (F1) from which two groups are one
Rect = tuple[float, float, float, float]  # left, top, right, bottom

_SIMPLE = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][A-Za-z0-9_-]+)*)\Z")


def found_groups(snapshot: dict[str, Any]) -> list[list[Rect]]:
    """The rectangles of the members of every repeated group of a page's design. Raises SnapshotError."""
    check_snapshot(snapshot)
    boxes = open_dom(snapshot).boxes()
    page = page_item(snapshot, boxes, Findings("", {}))
    arrange(page)
    root = build(page)
    rects: dict[int, Rect] = {}
    stack: list[tuple[Node, Item]] = [(root, page)]
    while stack:
        node, item = stack.pop()
        rects[id(node)] = content_of(item)
        stack.extend(zip(node.children, item.plan.children if item.plan else [], strict=True))
    return [[rects[id(member)] for member in group.members] for group in groups([root])]


def content_of(item: Item) -> Rect:
    """What is seen of an item: its own box where it is painted, else what is in it."""
    seen: list[Rect] = []
    stack = [item]
    while stack:
        part = stack.pop()
        if part.children and not part.painted:
            stack.extend(part.children)
        elif part.kind == "t":
            seen.append((part.natural[0], part.y, part.natural[0] + part.natural[1], part.bottom))
        else:
            seen.append((part.x, part.y, part.right, part.bottom))
    return _around(seen) or (item.x, item.y, item.right, item.bottom)


def labelled_groups(snapshot: dict[str, Any], labels: Mapping[str, Sequence[str]]) -> dict[str, list[Rect]]:
    """By a group's name the rectangles of what its selectors match and the page shows. Raises SnapshotError."""
    check_snapshot(snapshot)
    boxes = open_dom(snapshot).boxes()
    result = {}
    for name, selectors in labels.items():
        rects = []
        for box in boxes:
            if not box.tag.startswith(("#", ":")) and any(matches(box, selector) for selector in selectors):
                rect = _content(box)
                if rect and rect not in rects and _shown(box, rect):
                    rects.append(rect)
        result[name] = rects
    return result


def matches(box: Box, selector: str) -> bool:
    """Whether a box is what a selector says: simple selectors with blanks, the last of them for the box itself."""
    *outer, own = selector.split()
    if not _is(box, own):
        return False
    owner = box.parent
    for wanted in reversed(outer):
        while owner is not None and not _is(owner, wanted):
            owner = owner.parent
        if owner is None:
            return False
        owner = owner.parent
    return True


def _is(box: Box, simple: str) -> bool:
    match = _SIMPLE.match(simple)
    if not match:
        raise ValueError(f"{simple!r} is no selector: write tag.class#id")
    if match[1] and box.tag.lower() != match[1]:
        return False
    classes = box.attribute("class").split()
    return all(
        part[1:] in classes if part[0] == "." else box.attribute("id") == part[1:]
        for part in re.findall(r"[.#][A-Za-z0-9_-]+", match[2])
    )


def _content(box: Box) -> Rect | None:
    """What is seen of a box: itself where it is painted, else the texts, pictures and painted boxes in it."""
    seen: list[Rect] = []
    stack = [box]
    while stack:
        part = stack.pop()
        if part.css("visibility") not in ("visible", "") or part.css("opacity") == "0":
            continue
        if part.fragments:
            seen += [(f.x, f.y, f.x + f.width, f.y + f.height) for f in part.fragments if f.text.strip()]
        elif _painted(part) and part.width >= 1 and part.height >= 1:
            seen.append((part.x, part.y, part.x + part.width, part.y + part.height))
        else:
            stack.extend(part.children)
    return _around(seen)


def _shown(box: Box, rect: Rect) -> bool:
    """Whether some of it lies in every box around it that cuts off what spills."""
    owner = box.parent
    while owner is not None:
        if owner.css("opacity") == "0":
            return False
        if owner.css("overflow-x") in ("hidden", "clip", "auto", "scroll") and owner.tag not in ("HTML", "BODY"):
            left, top = max(rect[0], owner.x), max(rect[1], owner.y)
            right, bottom = min(rect[2], owner.x + owner.width), min(rect[3], owner.y + owner.height)
            if right - left < 1 or bottom - top < 1:
                return False
        owner = owner.parent
    return rect[2] > 0 and rect[3] > 0


def _painted(box: Box) -> bool:
    if box.tag in ("IMG", "svg", "CANVAS", "VIDEO", "IFRAME", "INPUT", "TEXTAREA", "SELECT"):
        return True
    if css.color(box.css("background-color")) or box.css("background-image") not in ("", "none"):
        return True
    return box.css("box-shadow") not in ("", "none") or any(
        box.px(f"border-{side}-width") and box.css(f"border-{side}-style") not in ("none", "hidden", "")
        for side in ("top", "right", "bottom", "left")
    )


def _around(rects: Sequence[Rect]) -> Rect | None:
    if not rects:
        return None
    left, top, right, bottom = zip(*rects, strict=True)
    return min(left), min(top), max(right), max(bottom)


def group_f1(found: Sequence[Sequence[Rect]], wanted: Sequence[Sequence[Rect]]) -> F1:
    """Precision and recall of groups: each is used once, and two are one where their members are (`AGREES`).

    A found group whose members lie inside (or on) those of a labelled one is a part of that component (a card's
    caption, a row's cell): it counts neither for nor against, unless it is labelled itself.
    """
    hits, counted, total = tally(found, wanted)
    return f1_of(hits, counted, total)


def tally(found: Sequence[Sequence[Rect]], wanted: Sequence[Sequence[Rect]]) -> tuple[int, int, int]:
    """(hits, found groups that count, wanted groups)."""
    hit = {i for i, _ in pairs(found, wanted)}
    members = [rect for group in wanted for rect in group]
    counted = [i for i, group in enumerate(found) if i in hit or not _parts(group, members)]
    return len(hit), len(counted), len(wanted)


def _parts(group: Sequence[Rect], members: Sequence[Rect]) -> bool:
    inside = sum(any(_inside(rect, member) for member in members) for rect in group)
    return inside > len(group) / 2


def _inside(rect: Rect, other: Rect, slack: float = 1.0) -> bool:
    near = rect[0] >= other[0] - slack and rect[1] >= other[1] - slack
    return near and rect[2] <= other[2] + slack and rect[3] <= other[3] + slack


def pairs(found: Sequence[Sequence[Rect]], wanted: Sequence[Sequence[Rect]]) -> list[tuple[int, int]]:
    """(found, wanted) by place in their lists."""
    if not found or not wanted:
        return []
    alike = np.array([[_common(ours, theirs) for theirs in wanted] for ours in found])
    rows, columns = linear_sum_assignment(-alike)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if alike[i, j] >= AGREES]


def _common(found: Sequence[Rect], wanted: Sequence[Rect]) -> float:
    if not found or not wanted:
        return 0.0
    overlap = overlaps(np.array(found, dtype=float), np.array(wanted, dtype=float))
    rows, columns = linear_sum_assignment(-overlap)
    return 2 * int((overlap[rows, columns] >= SAME).sum()) / (len(found) + len(wanted))
