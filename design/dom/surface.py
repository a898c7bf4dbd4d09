"""How a box is painted: fills, strokes, radii, shadows and effects."""

from __future__ import annotations

import re
from typing import Any

from design.dom import css
from design.dom.background import fills_of
from design.dom.items import Findings, Slot
from design.dom.slots import rect_of, slot_name
from design.dom.snapshot import Box
from design.tree import BLENDS, Dash, Shadow, Sides, SlotPaint, Solid, Stroke, sides

_SIDES = ("top", "right", "bottom", "left")
_CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
_BLUR = re.compile(r"blur\(([\d.]+)px\)")
_DIMMED = re.compile(r"brightness\((0?\.\d+|0)\)\Z")
_ROUND = re.compile(r"inset\(0(?:px|%)? round ([\d.]+)px\)")


def look(box: Box, found: Findings) -> dict[str, Any]:
    """The Node attributes of a box's own paint; empty where it has none."""
    result: dict[str, Any] = {}
    if fills := fills_of(box, found):
        result["fills"] = fills
    if strokes := strokes_of(box) + outline_of(box):
        result["strokes"] = strokes
    if (radii := radii_of(box)) != (0, 0, 0, 0):
        result["radii"] = radii
    shadow = box.css("box-shadow")
    if shadow and shadow != "none":
        result["shadows"] = tuple(reversed(css.shadows(shadow)))
    effects(box, result, found)
    return result


def effects(box: Box, result: dict[str, Any], found: Findings) -> None:
    opacity = box.css("opacity")
    if opacity and opacity != "1":
        result["opacity"] = number(opacity, 1.0)
    for name, key in (("filter", "blur"), ("backdrop-filter", "backdrop")):
        value = box.css(name)
        if value and value != "none":
            if match := _BLUR.search(value):
                result[key] = number(match[1], 0.0)
            elif not _DIMMED.match(value):
                found.note(f"{name} {value.partition('(')[0]} is left out")
    if box.turn:
        result["rotation"] = box.turn
    blend = box.css("mix-blend-mode")
    if blend in BLENDS and blend != "normal":
        result["blend"] = blend
    if box.css("clip-path") not in ("", "none"):
        _clip_path(box, result, found)


def dimmed(box: Box) -> tuple[Solid, ...]:
    """What lies over a picture that `filter: brightness()` darkens: black of as much as is taken away."""
    match = _DIMMED.match(box.css("filter"))
    share = number(match[1], 1.0) if match else 1.0
    return (Solid("#000000", 1 - share),) if share < 1 else ()


def _clip_path(box: Box, result: dict[str, Any], found: Findings) -> None:
    """Circles, ellipses and rounded insets of the whole box are corners; other shapes are left out."""
    value = box.css("clip-path")
    half = min(box.width, box.height) / 2
    whole = value.startswith(("circle(50%", "circle(closest-side", "circle(at", "ellipse(50% 50%", "circle()"))
    rounded = _ROUND.match(value)
    if whole and abs(box.width - box.height) < 1:
        result["radii"], result["clip"] = (half,) * 4, True
    elif rounded:
        result["radii"], result["clip"] = (min(half, number(rounded[1], 0.0)),) * 4, True
    elif not value.startswith("inset(0"):
        found.note("clip-path is left out")


def outline_of(box: Box) -> tuple[Stroke, ...]:
    """An outline as a stroke outside the box."""
    style, width = box.css("outline-style"), box.px("outline-width")
    if style in ("", "none", "hidden", "auto") or width <= 0:
        return ()
    solid = css.color(box.css("outline-color"))
    offset = box.px("outline-offset")
    if solid is None or offset > 0:
        return ()
    dash: Dash = "dashed" if style == "dashed" else "dotted" if style == "dotted" else "solid"
    return (Stroke(solid, (width,) * 4, dash, "inside" if offset <= -width else "outside"),)


def picture_instead(box: Box, found: Findings) -> SlotPaint | None:
    """A slot without a source where paint cannot say what is seen: a shape that is cut by a mask."""
    mask = box.css("mask-image")
    if mask in ("", "none") or "gradient" in mask:
        return None
    name = slot_name("masked", found)
    found.slots[name] = Slot(name, "image", rect_of(box), leaf=True)
    found.note("a mask is kept as a picture")
    return SlotPaint(name, "fill")


def number(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if value == value else default


def border_widths(box: Box) -> Sides:
    top, right, bottom, left = (
        0.0 if box.css(f"border-{side}-style") in ("", "none", "hidden") else box.px(f"border-{side}-width")
        for side in _SIDES
    )
    return top, right, bottom, left


def strokes_of(box: Box) -> tuple[Stroke, ...]:
    """Borders, one stroke for all sides of one colour and style."""
    widths = border_widths(box)
    if not any(widths):
        return ()
    groups: dict[tuple[Solid, str], list[float]] = {}
    for i, side in enumerate(_SIDES):
        solid = css.color(box.css(f"border-{side}-color"))
        if widths[i] <= 0 or solid is None:
            continue
        groups.setdefault((solid, box.css(f"border-{side}-style")), [0.0] * 4)[i] = widths[i]
    return tuple(
        Stroke(
            solid,
            sides((w[0], w[1], w[2], w[3])),
            "dashed" if style == "dashed" else "dotted" if style == "dotted" else "solid",
        )
        for (solid, style), w in groups.items()
    )


def radii_of(box: Box) -> Sides:
    """Corner radii in pixels, scaled down where two of them would overlap."""
    values = []
    for corner in _CORNERS:
        text = box.css(f"border-{corner}-radius")
        if not text or text == "0px":
            values.append(0.0)
            continue
        words = text.split()
        across, down = css.length(words[0], box.width) or 0.0, css.length(words[-1], box.height) or 0.0
        values.append(max(0.0, min(across, down)))
    tl, tr, br, bl = values
    largest = max(tl + tr, tr + br, br + bl, bl + tl)
    if largest <= 0:
        return 0.0, 0.0, 0.0, 0.0
    fit = [
        side / total
        for side, total in ((box.width, tl + tr), (box.width, bl + br), (box.height, tl + bl), (box.height, tr + br))
        if total
    ]
    scale = min(1.0, *fit) if fit else 1.0
    return tl * scale, tr * scale, br * scale, bl * scale


def text_shadows(box: Box) -> tuple[Shadow, ...]:
    value = box.css("text-shadow")
    return tuple(reversed(css.shadows(value, of_text=True))) if value and value != "none" else ()
