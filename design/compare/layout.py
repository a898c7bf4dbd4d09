"""How much of a page's own layout its design keeps: flex and grid containers, and layers that flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from design.dom.arrange import arrange
from design.dom.items import Findings, Item
from design.dom.snapshot import check_snapshot, open_dom
from design.from_dom import page_item
from design.tree import Design, expand, walk


@dataclass(frozen=True, slots=True)
class Census:
    """Counts. A container is a flex or grid box with two or more children that are seen and that CSS keeps in flow.

    It is kept where it becomes a row, a column or a grid that places none of them by hand. A layer flows where it has
    no position of its own.
    """

    containers: int
    kept: int
    layers: int
    flowing: int


def containers(snapshot: dict[str, Any]) -> tuple[int, int, list[Item]]:
    """(containers, kept, the items of those that are not). Raises SnapshotError."""
    check_snapshot(snapshot)
    boxes = open_dom(snapshot).boxes()
    display: dict[int, str] = {}
    for box in boxes:
        display.setdefault(box.node, box.css("display"))
    page = page_item(snapshot, boxes, Findings("", {}))
    before = [item for item in _items(page) if display.get(item.source, "").endswith(("flex", "grid"))]
    children = {id(item): [c for c in item.children if not c.hints.out] for item in before}
    arrange(page)
    counted = [item for item in before if len(children[id(item)]) > 1]
    lost = [item for item in counted if not _kept(item, children[id(item)])]
    return len(counted), len(counted) - len(lost), lost


def _items(page: Item) -> list[Item]:
    found, stack = [], [page]
    while stack:
        item = stack.pop()
        found.append(item)
        stack.extend(item.children)
    return found


def _kept(item: Item, children: list[Item]) -> bool:
    return item.plan is not None and item.plan.kind != "box" and not any(child.absolute for child in children)


def flowing(design: Design) -> tuple[int, int]:
    """(layers, those among them without a position of their own), root frames not counted."""
    layers = flow = 0
    for root in expand(design).roots:
        for node, _ in walk(root):
            for child in node.children:
                layers += 1
                flow += child.at is None and (node.kind != "box" or len(node.children) == 1)
    return layers, flow


def census(snapshot: dict[str, Any], design: Design) -> Census:
    """The counts of a page's snapshot and of its design. Raises SnapshotError."""
    total, kept, _ = containers(snapshot)
    layers, flow = flowing(design)
    return Census(total, kept, layers, flow)
