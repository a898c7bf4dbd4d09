"""A DOM snapshot → boxes with a type, in CSS pixels of the page: what the design's layers are, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from design.dom.items import Findings, Item
from design.dom.roles import ROLES
from design.dom.snapshot import check_snapshot, open_dom
from design.dom.turn import Rect, Turn, around
from design.from_dom import page_item

LEAST = 1.0  # CSS px a side that must be seen
ICON = 64.0  # CSS px: an inline SVG that is no larger is an icon
TYPES = (
    "header", "nav", "main", "section", "article", "aside", "footer", "form", "dialog", "table",
    "button", "input", "select", "text", "image", "icon", "shape", "container",
)  # fmt: skip
_ROLES = frozenset(ROLES.values())
_KINDS = {"t": "text", "img": "image", "rect": "shape", "frame": "container"}


@dataclass(frozen=True, slots=True)
class TypedBox:
    """One layer that can be seen: `rect` is what its ancestors' clips leave of it; `text` is what it says."""

    type: str
    rect: Rect
    depth: int
    text: str = ""


def typed_boxes(snapshot: dict[str, Any]) -> list[TypedBox]:
    """The layers of a page in document order, parents first. Raises SnapshotError.

    Frames that neither have a name nor paint anything only arrange others and are left out.
    """
    check_snapshot(snapshot)
    found = Findings("", {})
    boxes = open_dom(snapshot).boxes()
    page = page_item(snapshot, boxes, found)
    edges = (page.x, page.y, page.right, page.bottom)
    result: list[TypedBox] = []
    stack: list[tuple[Item, Rect, int, tuple[Turn, ...]]] = [(child, edges, 0, ()) for child in reversed(page.children)]
    while stack:
        item, clip, depth, turns = stack.pop()
        if angle := item.look.get("rotation"):
            turns = ((angle, item.x + item.width / 2, item.y + item.height / 2), *turns)
        own = around((item.x, item.y, item.right, item.bottom), turns)
        rect = _common(own, clip)
        seen = rect[2] - rect[0] >= LEAST and rect[3] - rect[1] >= LEAST
        kept = seen and (item.kind != "frame" or item.painted or item.name != "")
        if kept:
            result.append(TypedBox(type_of(item), rect, depth, _text(item)))
        inner = rect if item.look.get("clip") else clip
        stack.extend((child, inner, depth + kept, turns) for child in reversed(item.children))
    return result


def type_of(item: Item) -> str:
    """The landmark or control that it is, else what it is made of."""
    for role in (item.look.get("role", ""), item.name.lower()):
        if role in _ROLES:
            return str(role)
    if item.kind == "svg":
        return "icon" if max(item.width, item.height) <= ICON else "image"
    return _KINDS.get(item.kind, "container")


def _text(item: Item) -> str:
    return "".join(run.text for run in item.look.get("runs", ())) if item.kind == "t" else ""


def _common(a: Rect, b: Rect) -> Rect:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
