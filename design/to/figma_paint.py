"""Paints and shadows in the Plugin API's terms."""

from __future__ import annotations

import math
from typing import Any

from design.tree import Linear, Paint, Radial, Shadow, SlotPaint, Solid

_SCALE = {"cover": "FILL", "contain": "FIT", "fill": "FILL", "none": "FILL", "tile": "TILE"}


class Paints:
    """Compiles paints against a palette."""

    def __init__(self, palette: dict[str, str]) -> None:
        self.palette = palette

    def literal(self, color: str) -> dict[str, Any]:
        return self._solid(Solid(color))

    def token(self, fills: tuple[Paint, ...]) -> str | None:
        """The paint style that stands for these fills as they are."""
        if len(fills) != 1 or not isinstance(fills[0], Solid) or fills[0].alpha != 1:
            return None
        name = fills[0].color[1:]
        return name if fills[0].color.startswith("$") and name in self.palette else None

    def paint(self, paint: Paint) -> dict[str, Any]:
        if isinstance(paint, Solid):
            return self._solid(paint)
        if isinstance(paint, SlotPaint):
            return {"type": "IMAGE", "scaleMode": _SCALE[paint.fit], "slot": paint.slot, "imageHash": None}
        stops = [{"position": min(1.0, max(0.0, s.at)), "color": self.rgba(s.color)} for s in paint.stops]
        if isinstance(paint, Linear):
            return {"type": "GRADIENT_LINEAR", "gradientTransform": linear_transform(paint), "gradientStops": stops}
        return {"type": "GRADIENT_RADIAL", "gradientTransform": radial_transform(paint), "gradientStops": stops}

    def _solid(self, solid: Solid) -> dict[str, Any]:
        color = self.rgba(solid)
        alpha = color.pop("a")
        return {"type": "SOLID", "color": color, "opacity": alpha}

    def rgba(self, solid: Solid) -> dict[str, float]:
        color = self.palette.get(solid.color[1:], "#888888") if solid.color.startswith("$") else solid.color
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


def linear_transform(paint: Linear) -> list[list[float]]:
    """The 2×3 matrix from the box (0…1) to the gradient's own line, for a CSS angle on a square box."""
    angle = math.radians(paint.angle)
    dx, dy = math.sin(angle), -math.cos(angle)
    run = abs(dx) + abs(dy)
    dx, dy = dx / run, dy / run
    return [
        [round(dx, 6), round(dy, 6), round(0.5 - (dx + dy) / 2, 6)],
        [round(-dy, 6), round(dx, 6), round(0.5 - (dx - dy) / 2, 6)],
    ]


def radial_transform(paint: Radial) -> list[list[float]]:
    """The 2×3 matrix that takes the ellipse to the circle of radius ½ around the middle."""
    sx, sy = 50 / paint.rx, 50 / paint.ry
    return [
        [round(sx, 6), 0.0, round(0.5 - sx * paint.cx / 100, 6)],
        [0.0, round(sy, 6), round(0.5 - sy * paint.cy / 100, 6)],
    ]
