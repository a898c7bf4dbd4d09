"""Paints and shadows in the Plugin API's terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from design.tree import Conic, Linear, Paint, Radial, Shadow, SlotPaint, Solid

# A picture that is stretched is one whose whole area is cropped to the whole box.
_SCALE = {"cover": "FILL", "contain": "FIT", "fill": "CROP", "none": "FILL", "tile": "TILE"}
_WHOLE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
_UNKNOWN = "#888888"  # a token that the design does not have


class Paints:
    """Compiles paints against a palette, and keeps the names of the pictures that they show."""

    def __init__(self, palette: dict[str, str]) -> None:
        self.palette = palette
        self.slots: set[str] = set()

    def literal(self, color: str) -> dict[str, Any]:
        return self._solid(Solid(color))

    def token(self, fills: Sequence[Paint]) -> str | None:
        """The paint style that stands for these fills as they are."""
        if len(fills) != 1 or not isinstance(fills[0], Solid) or fills[0].alpha != 1:
            return None
        name = fills[0].color[1:]
        return name if fills[0].color.startswith("$") and name in self.palette else None

    def paint(self, paint: Paint) -> dict[str, Any]:
        """One paint; `token`, `slot` and `place` are for whoever replays it, and no part of the Plugin API."""
        if isinstance(paint, Solid):
            return self._solid(paint)
        if isinstance(paint, SlotPaint):
            self.slots.add(paint.slot)
            return _image(paint)
        stops = [{"position": min(1.0, max(0.0, s.at)), "color": self.rgba(s.color)} for s in paint.stops]
        if isinstance(paint, Linear):
            return {"type": "GRADIENT_LINEAR", "gradientTransform": linear_transform(paint), "gradientStops": stops}
        if isinstance(paint, Conic):
            return {"type": "GRADIENT_ANGULAR", "gradientTransform": conic_transform(paint), "gradientStops": stops}
        return {"type": "GRADIENT_RADIAL", "gradientTransform": radial_transform(paint), "gradientStops": stops}

    def _solid(self, solid: Solid) -> dict[str, Any]:
        color = self.rgba(solid)
        alpha = color.pop("a")
        found = {"type": "SOLID", "color": color, "opacity": alpha}
        if solid.color.startswith("$") and solid.color[1:] in self.palette:
            found |= {"token": solid.color[1:]}
        return found

    def rgba(self, solid: Solid) -> dict[str, float]:
        color = self.palette.get(solid.color[1:], _UNKNOWN) if solid.color.startswith("$") else solid.color
        color = Solid(color, solid.alpha).color
        digits = color[1:] + ("ff" if len(color) == 7 else "")
        return {name: round(int(digits[i * 2 : i * 2 + 2], 16) / 255, 4) for i, name in enumerate("rgba")}

    def shadow(self, shadow: Shadow) -> dict[str, Any]:
        effect: dict[str, Any] = {
            "type": "INNER_SHADOW" if shadow.inner else "DROP_SHADOW",
            "color": self.rgba(shadow.color),
            "offset": {"x": shadow.x, "y": shadow.y},
            "radius": shadow.blur,
            "spread": shadow.spread,
            "visible": True,
            "blendMode": "NORMAL",
        }
        if not shadow.inner:
            effect["showShadowBehindNode"] = False
        return effect


def _image(paint: SlotPaint) -> dict[str, Any]:
    image: dict[str, Any] = {"type": "IMAGE", "scaleMode": _SCALE[paint.fit], "slot": paint.slot, "imageHash": None}
    if paint.fit == "fill":
        image["imageTransform"] = _WHOLE
    if paint.alpha != 1:
        image["opacity"] = paint.alpha
    if paint.fit == "none" or (paint.x, paint.y, paint.width, paint.height) != (50.0, 50.0, 0.0, 0.0):
        image["place"] = {"fit": paint.fit, "x": paint.x, "y": paint.y, "width": paint.width, "height": paint.height}
    return image


def linear_transform(paint: Linear) -> list[list[float]]:
    """The 2×3 matrix from the box (0…1) to the gradient's own line, for a CSS angle on a square box."""
    angle = math.radians(paint.angle)
    dx, dy = math.sin(angle), -math.cos(angle)
    run = abs(dx) + abs(dy)
    dx, dy = dx / run, dy / run
    return [_row(dx, dy, 0.5 - (dx + dy) / 2), _row(-dy, dx, 0.5 - (dx - dy) / 2)]


def radial_transform(paint: Radial) -> list[list[float]]:
    """The 2×3 matrix that takes the ellipse to the circle of radius ½ around the middle."""
    sx, sy = 50 / paint.rx, 50 / paint.ry
    return [_row(sx, 0.0, 0.5 - sx * paint.cx / 100), _row(0.0, sy, 0.5 - sy * paint.cy / 100)]


def conic_transform(paint: Conic) -> list[list[float]]:
    """The 2×3 matrix that turns the start, which CSS has at the top and Figma at the right, about the centre."""
    angle = math.radians(paint.angle)
    dx, dy = math.sin(angle), -math.cos(angle)
    cx, cy = paint.cx / 100, paint.cy / 100
    return [_row(dx, dy, 0.5 - dx * cx - dy * cy), _row(-dy, dx, 0.5 + dy * cx - dx * cy)]


def _row(*cells: float) -> list[float]:
    return [round(cell, 6) + 0.0 for cell in cells]
