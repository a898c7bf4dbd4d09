"""What text stands on, and whether it can be read there: WCAG 2.2's contrast of a text's paint against its ground."""

from __future__ import annotations

from collections.abc import Iterable

from design.tree import Design, Gradient, Node, Paint, Solid

Rgb = tuple[float, float, float]
WHITE: Rgb = (1.0, 1.0, 1.0)
NORMAL, LARGE = 4.5, 3.0
LARGE_SIZE, LARGE_BOLD, BOLD = 24.0, 18.66, 700


def needed(size: float, weight: int) -> float:
    """The ratio that AA asks of a text of this size (px) and weight."""
    return LARGE if size >= LARGE_SIZE or (size >= LARGE_BOLD and weight >= BOLD) else NORMAL


def ratio(a: Rgb, b: Rgb) -> float:
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Rgb) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def inks(design: Design, paint: Paint) -> list[tuple[Rgb, float]]:
    """The colours of a paint with their opacity; none for a picture or for a token that is not there."""
    if isinstance(paint, Solid):
        color = paint.color
        if color.startswith("$"):
            color = dict(design.palette).get(color[1:], "")
            if not color:
                return []
            color = Solid(color, paint.alpha).color
        digits = color[1:] + ("ff" if len(color) == 7 else "")
        red, green, blue, alpha = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4, 6))
        return [((red, green, blue), alpha)]
    if isinstance(paint, Gradient):
        return [ink for stop in paint.stops for ink in inks(design, stop.color)]
    return []


def over(ink: Rgb, alpha: float, ground: Rgb) -> Rgb:
    red, green, blue = (i * alpha + g * (1 - alpha) for i, g in zip(ink, ground, strict=True))
    return red, green, blue


def grounds(design: Design, node: Node, below: list[Rgb] | None) -> list[Rgb] | None:
    """The colours that stand behind a layer's children: `below`, painted over by its fills; None where a picture is."""
    for paint in node.fills:
        found = inks(design, paint)
        if not found:
            below = None
        elif below is None:
            below = [ink for ink, alpha in found] if all(alpha == 1 for _, alpha in found) else None
        else:
            below = _distinct(over(ink, alpha * node.opacity, ground) for ink, alpha in found for ground in below)
    return below


def _distinct(colors: Iterable[Rgb]) -> list[Rgb]:
    return list(dict.fromkeys(colors))[:16]
