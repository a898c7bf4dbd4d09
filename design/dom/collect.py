"""Boxes → items, from the leaves up: what cannot be seen is dropped, wrappers without paint dissolve."""

from __future__ import annotations

import re

from design.dom import css
from design.dom.controls import control_text, letter_heights
from design.dom.items import Findings, Hints, Item, Slot
from design.dom.roles import HEADINGS, own_name, role_of, section_name
from design.dom.sizing import centred, floor, keeps, most, sizing
from design.dom.slots import image_fill, slot_name
from design.dom.snapshot import Box
from design.dom.surface import border_widths, dimmed, look, picture_instead
from design.dom.text import Break, Inline, Text, text_items
from design.dom.tracks import grid_lines, row_lines
from design.dom.turn import Rect, around
from design.dom.vector import svg_slot, triangle
from design.dom.wrap import dissolved, fit, holds, over, spills
from design.tree import SlotPaint, Solid, Stroke

MAX_LEVELS = 240
REPLACED = frozenset({"IMG", "CANVAS", "VIDEO", "IFRAME", "OBJECT", "EMBED"})
_HIDDEN_OVERFLOW = ("hidden", "clip", "auto", "scroll")
_BULLETS = frozenset("•◦▪")


def collect(boxes: list[Box], found: Findings) -> list[Item]:
    """The items at the top of the page, in document order."""
    found.heights = letter_heights(boxes)
    pieces: dict[int, list[Inline]] = {}
    for box in reversed(boxes):
        own: list[Inline] = []
        if box.tag == "svg":
            inside = {b.node: b for b in _descendants(box)}
            own = _svg(box, inside, found)
        elif not _inside_svg(box):
            own = _pieces(box, [piece for child in box.children for piece in pieces.pop(child.index, [])], found)
        if own:
            pieces[box.index] = own
    tops = [piece for box in boxes if box.parent is None for piece in pieces.get(box.index, [])]
    return [piece for piece in tops if isinstance(piece, Item)]


def _inside_svg(box: Box) -> bool:
    owner = box.parent
    return owner is not None and (owner.tag == "svg" or (owner.tag[:1].islower() and _inside_svg_far(owner)))


def _inside_svg_far(box: Box) -> bool:
    owner: Box | None = box
    while owner is not None and owner.tag[:1].islower():
        if owner.tag == "svg":
            return True
        owner = owner.parent
    return False


def _descendants(box: Box) -> list[Box]:
    found, stack = [box], list(box.children)
    while stack:
        child = stack.pop()
        found.append(child)
        stack.extend(child.children)
    return found


def _pieces(box: Box, children: list[Inline], found: Findings) -> list[Inline]:
    if (box.text is not None and not box.children and box.tag in ("#text", "BR")) or (
        box.text is not None and box.fragments
    ):
        if box.tag == "BR":
            return [Break()]
        if not box.fragments or box.css("visibility") not in ("visible", ""):
            return []
        return [_bullet(box)] if box.tag == "::marker" and (box.text or "").strip() in _BULLETS else [Text(box)]
    if box.css("opacity") == "0" or box.tag in ("#document", "NOSCRIPT", "HEAD"):
        return children if box.tag == "#document" else []
    if _tucked_away(box):
        return []
    hidden = box.css("visibility") not in ("visible", "")
    if box.tag in REPLACED or (box.tag == "INPUT" and box.attribute("type") == "image"):
        return [] if hidden or box.width < 0.5 or box.height < 0.5 else [_replaced(box, found)]
    if source := "" if hidden else triangle(box):
        name = slot_name("triangle", found)
        if source in found.by_source:
            name = found.by_source[source]
        else:
            found.slots[name] = Slot(name, "svg", (box.x, box.y, box.width, box.height), svg=source)
            found.by_source[source] = name
        return [_leaf(box, "svg", {"fills": (SlotPaint(name, "fill"),)})]
    if not hidden and not box.children and (piece := picture_instead(box, found)):
        return [_leaf(box, "img", {"fills": (piece,)})]
    paint = {} if hidden else look(box, found)
    display = box.css("display")
    if display == "inline" and not _out(box) and box.css("float") in ("none", ""):
        atom = any(paint.get(k) for k in ("fills", "strokes", "shadows")) or paint.get("opacity", 1) < 1
        if not atom or _several_lines(children):
            if atom:
                found.note("the paint behind an inline of several lines is left out")
            return children
    if box.tag == "INPUT" and box.attribute("type") in ("checkbox", "radio") and not paint.get("fills"):
        return [_toggle(box)]
    item = _frame(box, paint, children, found)
    return [] if item is None else [item]


def _bullet(box: Box) -> Item:
    """A list's dot, ring or square, which the browser draws by the font's ascent instead of setting a character."""
    line = box.fragments[0]
    ascent = line.height * 0.8
    size = round((ascent * 2 / 3 + 1) / 2)
    ink = css.color(box.css("color")) or Solid("#000000")
    mark = (box.text or "").strip()
    paint: dict[str, object] = {"strokes": (Stroke(ink),)} if mark == "◦" else {"fills": (ink,)}
    if mark != "▪":
        paint["radii"] = (size / 2,) * 4
    item = Item(
        "rect" if mark == "▪" else "frame", line.x + 1, line.y + round(ascent / 2), size, size, (box.order, box.rank)
    )
    item.look = dict(paint)
    item.reach = (item.x, item.y, item.right, item.bottom)
    return item


def _tucked_away(box: Box) -> bool:
    """The ways of hiding text from the eye alone: a box of a pixel that clips."""
    return box.width <= 1 and box.height <= 1 and box.css("overflow-x") in _HIDDEN_OVERFLOW and bool(box.children)


def _several_lines(children: list[Inline]) -> bool:
    tops = [f.y + f.height / 2 for piece in children if isinstance(piece, Text) for f in piece.box.fragments]
    heights = [f.height for piece in children if isinstance(piece, Text) for f in piece.box.fragments]
    return bool(tops) and max(tops) - min(tops) > max(heights) * 0.8


def _out(box: Box) -> bool:
    return box.css("position") in ("absolute", "fixed")


def _leaf(box: Box, kind: str, paint: dict[str, object]) -> Item:
    item = Item(kind, box.x, box.y, box.width, box.height, (box.order, box.rank), dict(paint), source=box.node)
    item.hints = _hints(box)
    item.reach = _turned(item, (box.x, box.y, item.right, item.bottom))
    return item


def _replaced(box: Box, found: Findings) -> Item:
    paint = look(box, found)
    paint["fills"] = (*paint.get("fills", ()), image_fill(box, found), *dimmed(box))
    if not any(box.px(f"padding-{side}") for side in ("top", "right", "bottom", "left")):
        leaf = _leaf(box, "img", paint)
        if "%" in box.authored("height") and _undistorted(box, found):  # of a height that was still to be found
            leaf.hints.keeps, leaf.hints.sizing = True, (leaf.hints.sizing[0], "fixed")
        return leaf
    return _inset(box, "img", paint)


def _undistorted(box: Box, found: Findings) -> bool:
    """Whether a picture is shown in the proportions of its file."""
    asset = found.assets.get(box.dom.source(box.node))
    width, height = (asset.get("width"), asset.get("height")) if isinstance(asset, dict) else (0, 0)
    if not isinstance(width, int | float) or not isinstance(height, int | float) or not width or not box.height:
        return False
    return abs(height / width * box.width - box.height) < 1


def _inset(box: Box, kind: str, paint: dict[str, object]) -> Item:
    """A picture inside the padding of its own painted box."""
    top, right, bottom, left = _padding(box)
    fills = paint.pop("fills")
    assert isinstance(fills, tuple)
    inner = _leaf(box, kind, {"fills": fills[-1:]})
    inner.x, inner.y = box.x + left, box.y + top
    inner.width, inner.height = max(0.0, box.width - left - right), max(0.0, box.height - top - bottom)
    inner.reach = (inner.x, inner.y, inner.right, inner.bottom)
    if radii := paint.get("radii"):
        inner.look["radii"] = tuple(max(0.0, r - min(top, left)) for r in radii)  # type: ignore[attr-defined]
    if not paint and len(fills) == 1:
        return inner
    frame = _leaf(box, "frame", paint | {"fills": fills[:-1]})
    frame.children, frame.levels = [inner], 2
    return frame


def _svg(box: Box, inside: dict[int, Box], found: Findings) -> list[Inline]:
    if box.width < 0.5 or box.height < 0.5 or box.css("visibility") == "hidden" or box.css("opacity") == "0":
        return []
    paint = look(box, found)
    paint.pop("opacity", None)  # baked into the source
    paint["fills"] = (*paint.get("fills", ()), SlotPaint(svg_slot(box, found, inside), "fill"))
    if paint.keys() <= {"fills", "rotation"} and len(paint["fills"]) == 1 and not any(_padding(box)):
        return [_leaf(box, "svg", paint)]
    return [_inset(box, "svg", paint)]


def _toggle(box: Box) -> Item:
    """A checkbox or radio that the browser draws by itself, as it draws it when off."""
    radius = box.width / 2 if box.attribute("type") == "radio" else 2.5
    return _leaf(
        box, "rect", {"fills": (Solid("#ffffff"),), "strokes": (Stroke(Solid("#767676")),), "radii": (radius,) * 4}
    )


def _padding(box: Box) -> tuple[float, float, float, float]:
    top, right, bottom, left = border_widths(box)
    return (
        top + box.px("padding-top"),
        right + box.px("padding-right"),
        bottom + box.px("padding-bottom"),
        left + box.px("padding-left"),
    )


def _margins(box: Box) -> tuple[float, float, float, float]:
    top, right, bottom, left = (
        0.0 if box.authored(f"margin-{side}", "0") == "auto" else max(0.0, box.px(f"margin-{side}"))
        for side in ("top", "right", "bottom", "left")
    )
    return top, right, bottom, left


def _hints(box: Box) -> Hints:
    display = box.css("display")
    hints = Hints(padding=_padding(box), room=_margins(box), out=_out(box), sizing=sizing(box), floor=floor(box))
    hints.most = most(box)
    if hints.out and box.authored("left") == "auto" != box.authored("right"):
        hints.pin = "r"
    hints.keeps, hints.cell, hints.centred = keeps(box), display == "table-cell", centred(box)
    if display.endswith("flex"):
        hints.direction = "col" if box.css("flex-direction").startswith("column") else "row"
        hints.wrap = box.css("flex-wrap") != "nowrap"
        hints.gap = box.px("column-gap"), box.px("row-gap")
    if display.endswith("grid"):
        hints.lines = grid_lines(box)
    elif display == "table-row":
        hints.lines = row_lines(box)
    hints.pushed = box.authored("margin-left", "0") == "auto", box.authored("margin-top", "0") == "auto"
    hints.justify, hints.align = box.css("justify-content"), box.css("align-items")
    grow = box.css("flex-grow")
    hints.grow = grow not in ("", "0")
    hints.block = display in ("block", "flex", "grid", "list-item", "table", "flow-root") and box.css("float") in (
        "none",
        "",
    )
    return hints


def _frame(box: Box, paint: dict[str, object], children: list[Inline], found: Findings) -> Item | None:
    items = _flow(box, children, found)
    item = _leaf(box, "frame", paint)
    item.children = items
    item.name = section_name(box, found.viewport[0]) or own_name(box, _heading(items))
    if role := role_of(box):
        item.look["role"] = role
    if box.tag in ("INPUT", "SELECT", "TEXTAREA") and (text := control_text(box, box.rank, found.heights)):
        item.children = items = [text]
    item.levels = 1 + max((child.levels for child in items), default=0)
    _reach(box, item)
    if item.levels > MAX_LEVELS:
        flatten(item)
        found.note(f"what is nested deeper than {MAX_LEVELS} levels is laid out by position")
    if item.painted:
        if not items and (box.width < 0.05 or box.height < 0.05) and not item.look.get("shadows"):
            return None
        if not items and item.look.keys() <= {"rotation", "role"}:
            return None
        return item if box.tag in ("HTML", "BODY") else over(item)
    if not items:
        return None
    if len(items) == 1 and not holds(box, item):
        return dissolved(items[0], item)
    item.order = min(child.order for child in items)
    if box.width < 0.5 or box.height < 0.5 or spills(item):
        fit(item)
    return item


def _flow(box: Box, children: list[Inline], found: Findings) -> list[Item]:
    """Children as items: each stretch of inline content becomes text and atoms."""
    display = box.css("display")
    blocks = display.endswith(("flex", "grid"))
    _, right, _, left = _padding(box)
    inner = (box.x + left, max(0.0, box.width - left - right))
    area = (
        inner if display in ("block", "list-item", "table-cell", "inline-block", "flow-root", "table-caption") else None
    )
    items: list[Item] = []
    inline: list[Inline] = []

    def close() -> None:
        if inline:
            items.extend(text_items(inline, box, area, found))
            inline.clear()

    for piece in children:
        if isinstance(piece, Item):
            if piece.hints.out:
                items.append(piece)
                continue
            if blocks or piece.hints.block:
                close()
                items.append(piece)
                continue
        inline.append(piece)
    close()
    if heading := HEADINGS.get(box.tag):
        for item in items:
            if item.kind == "t":
                item.look["role"] = heading
    items.sort(key=lambda item: item.order[1])
    for item in items:
        if item.kind == "t":
            item.reach = (*_ink(item), item.natural[0] + item.natural[1], item.bottom)
    return items


def _ink(item: Item) -> tuple[float, float]:
    return item.natural[0], item.y


def _reach(box: Box, item: Item) -> None:
    """Note how far the content is drawn, and clip where the box cuts something off."""
    reaches = [child.reach for child in item.children]
    left, top = min([item.x, *(r[0] for r in reaches)]), min([item.y, *(r[1] for r in reaches)])
    right, bottom = max([item.right, *(r[2] for r in reaches)]), max([item.bottom, *(r[3] for r in reaches)])
    if box.tag in ("HTML", "BODY"):
        item.reach = (left, top, right, bottom)
        return
    if box.css("overflow-x") in _HIDDEN_OVERFLOW or box.css("overflow-y") in _HIDDEN_OVERFLOW:
        spills = left < item.x - 0.6 or top < item.y - 0.6 or right > item.right + 0.6 or bottom > item.bottom + 0.6
        rounded = any(item.look.get("radii", ())) and any(child.kind != "t" for child in item.children)
        if spills or rounded:
            item.look["clip"] = True
        left, top, right, bottom = item.x, item.y, item.right, item.bottom
    item.reach = _turned(item, (left, top, right, bottom))


def _turned(item: Item, rect: Rect) -> Rect:
    """What is drawn in `rect` of an item's own place, once the item is turned."""
    angle = item.look.get("rotation")
    return around(rect, [(angle, item.x + item.width / 2, item.y + item.height / 2)]) if angle else rect


def flatten(item: Item) -> None:
    """Replace a subtree by one level: its leaves, and its painted frames as rectangles."""
    leaves: list[Item] = []
    stack = list(reversed(item.children))
    while stack:
        child = stack.pop()
        stack.extend(reversed(child.children))
        if child.children and not child.painted:
            continue
        child.children, child.levels, child.hints.out = [], 1, True
        leaves.append(child)
    item.children, item.levels = leaves, 2


def _heading(items: list[Item]) -> list[str]:
    for item in items:
        if item.kind == "t" and item.look["style"].size >= 20:
            return re.findall(r"[A-Za-z0-9]+", "".join(run.text for run in item.look["runs"]))[:3]
    return []
