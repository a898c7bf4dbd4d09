"""Frames and what is in them: wrappers that dissolve and those that stay, and paint that lies over its own children."""

from __future__ import annotations

from design.dom.items import Hints, Item
from design.dom.sizing import Sizing
from design.dom.snapshot import Box

SECTIONS = frozenset({"SECTION", "HEADER", "FOOTER", "MAIN", "ARTICLE"})
_PAINT = ("fills", "strokes", "shadows")


def holds(box: Box, item: Item) -> bool:
    """Whether a frame without paint is needed around the one thing in it."""
    return (box.tag in SECTIONS and _holds_room(item)) or _takes_height(item) or _holds_middle(box, item)


def dissolved(only: Item, wrapper: Item) -> Item:
    """The one thing in a wrapper, with what the wrapper said of its place."""
    hints, around = only.hints, wrapper.hints
    hints.room = _room(only, wrapper)
    hints.sizing = (_sizing(only, wrapper, 0), _sizing(only, wrapper, 1))
    if around.most and only.kind == "frame" and not hints.most:
        hints.most = around.most - wrapper.width + only.width
    only.name = only.name or wrapper.name
    if only.kind != "t" and "role" in wrapper.look:
        only.look.setdefault("role", wrapper.look["role"])
    hints.grow |= around.grow
    hints.pushed = around.pushed
    hints.middle |= "center" in around.justify or "center" in around.align
    hints.cell |= around.cell
    hints.centred |= around.centred
    if around.out and not hints.out:
        hints.out, hints.pin = True, around.pin or _held(only, wrapper)
    return only


def over(item: Item) -> Item:
    """A frame with what it paints as a layer among its children, where some of these are painted below it.

    A negative z-index does that: a header's gradient lies over the header's own picture.
    """
    own = {key: item.look[key] for key in _PAINT if item.look.get(key)}
    if not own or not any(child.order[0] < item.order[0] for child in item.children):
        return item
    plate = Item("frame", item.x, item.y, item.width, item.height, item.order, own)
    if radii := item.look.get("radii"):
        plate.look["radii"] = radii
    plate.hints = Hints(out=True, sizing=("fill", "fill"))
    plate.reach = (item.x, item.y, item.right, item.bottom)
    for key in own:
        del item.look[key]
    item.children = [plate, *item.children]
    item.order = min(child.order for child in item.children)
    return item


def _sizing(only: Item, wrapper: Item, axis: int) -> Sizing:
    """What gives an item its extent once the wrapper around it is gone."""
    own, around = only.hints.sizing[axis], wrapper.hints.sizing[axis]
    if own == "fill" or not own:
        return around if own else ""
    return "fixed" if own == "share" and around != "fill" else own


def _held(only: Item, wrapper: Item) -> str:
    """The pin of what stays in the middle, or at the right, of a wrapper that goes with what it is placed in."""
    before, after = only.x - wrapper.x, wrapper.right - only.right
    if wrapper.hints.sizing[0] != "fill" or only.hints.sizing[0] == "fill" or min(before, after) < -1:
        return ""
    return "c" if abs(before - after) < 1 < before else "r" if after < 1 < before else ""


def _room(only: Item, wrapper: Item) -> tuple[float, float, float, float]:
    """What an item keeps free once the wrapper around it is gone."""
    top, right, bottom, left = wrapper.hints.room
    return (
        max(0.0, only.y - wrapper.y) + top,
        max(0.0, wrapper.right - only.right) + right,
        max(0.0, wrapper.bottom - only.bottom) + bottom,
        max(0.0, only.x - wrapper.x) + left,
    )


def _takes_height(item: Item) -> bool:
    """Whether a wrapper grows in a column beyond the one thing in it, which what is below it stands on."""
    grows = item.hints.grow and item.hints.sizing[1] == "fill" and not item.hints.out
    return grows and item.children[0].hints.sizing[1] != "fill" and item.height - item.children[0].height > 1


def _holds_middle(box: Box, item: Item) -> bool:
    """Whether a wrapper of a width of its own is in the middle of its container, and the one thing in it is not."""
    if item.hints.sizing[0] != "fixed" or any(box.authored(f"margin-{s}", "0") != "auto" for s in ("left", "right")):
        return False
    before, after = item.children[0].x - item.x, item.right - item.children[0].right
    return abs(before - after) > 1 and min(before, after) > -1 and not item.hints.out


def _holds_room(item: Item) -> bool:
    """Whether a section is visibly higher than the one thing in it, and holds it whole."""
    return item.height - item.children[0].height > 8 and not spills(item) and not item.hints.out


def spills(item: Item) -> bool:
    return any(
        c.x < item.x - 0.3 or c.y < item.y - 0.3 or c.right > item.right + 0.3 or c.bottom > item.bottom + 0.3
        for c in item.children
        if not c.hints.out
    )


def fit(item: Item) -> None:
    """Make a frame without paint as large as what is in it."""
    kids = [c for c in item.children if not c.hints.out] or item.children
    left, top = min(c.x for c in kids), min(c.y for c in kids)
    right, bottom = max(c.right for c in kids), max(c.bottom for c in kids)
    if item.width >= 0.5:
        left, right = min(left, item.x), max(right, item.right)
        if item.height >= 0.5:
            top, bottom = min(top, item.y), max(bottom, item.bottom)
    if right - left < item.width - 0.3:  # what is in it says nothing of how wide it would be
        item.hints.sizing = ("", item.hints.sizing[1])
    item.x, item.y, item.width, item.height = left, top, right - left, bottom - top
    item.hints.padding = (0.0, 0.0, 0.0, 0.0)
