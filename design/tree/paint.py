"""Paints, borders and shadows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from design.errors import TreeError
from design.tree.values import SLOT, TOKEN, Sides, number, positive, put, share, sides

Fit: TypeAlias = Literal["cover", "contain", "fill", "none", "tile"]
FITS: tuple[Fit, ...] = get_args(Fit)
Dash: TypeAlias = Literal["solid", "dashed", "dotted"]
StrokePlace: TypeAlias = Literal["inside", "center", "outside"]
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\Z")


@dataclass(frozen=True, slots=True)
class Solid:
    """A colour: `#rrggbb`, `#rrggbbaa` or `$token`; `alpha` multiplies a token's and is folded into a literal's."""

    color: str
    alpha: float = 1.0

    def __post_init__(self) -> None:
        color, alpha = self.color.lower(), share(self.alpha)
        if color.startswith("$"):
            if not TOKEN.match(color[1:]):
                raise TreeError(f"{self.color[:80]!r} is no token name: use letters, digits, - and _")
            put(self, color=color, alpha=alpha)
            return
        if not _HEX.match(color):
            raise TreeError(f"{self.color[:80]!r} is no colour: write #rrggbb, #rrggbbaa or $token")
        digits = color[1:] if len(color) > 5 else "".join(c * 2 for c in color[1:])
        opacity = round((int(digits[6:8], 16) if len(digits) == 8 else 255) * alpha)
        put(self, color="#" + digits[:6] + ("" if opacity == 255 else f"{opacity:02x}"), alpha=1.0)


@dataclass(frozen=True, slots=True)
class Stop:
    """A colour of a gradient and where it stands, 0 at the start and 1 at the end."""

    color: Solid
    at: float

    def __post_init__(self) -> None:
        put(self, at=round(number(max(-100.0, min(100.0, self.at)) * 100) / 100, 4) + 0.0)


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear gradient; `angle` as in CSS: 0 points up, 90 to the right."""

    angle: float
    stops: tuple[Stop, ...]

    def __post_init__(self) -> None:
        put(self, angle=number(self.angle), stops=_two_stops(self.stops))


@dataclass(frozen=True, slots=True)
class Radial:
    """A radial gradient: centre and radii as percentages of the box (50, 50, 50, 50 touches all four sides)."""

    cx: float
    cy: float
    rx: float
    ry: float
    stops: tuple[Stop, ...]

    def __post_init__(self) -> None:
        put(self, cx=number(self.cx), cy=number(self.cy), stops=_two_stops(self.stops))
        put(self, rx=max(0.01, number(self.rx)), ry=max(0.01, number(self.ry)))


@dataclass(frozen=True, slots=True)
class Conic:
    """A gradient around a centre (percentages of the box); `angle` is where it starts, 0 at the top, clockwise."""

    angle: float
    cx: float
    cy: float
    stops: tuple[Stop, ...]

    def __post_init__(self) -> None:
        put(self, angle=number(self.angle), cx=number(self.cx), cy=number(self.cy), stops=_two_stops(self.stops))


def _two_stops(stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
    if not 2 <= len(stops) <= 64:
        raise TreeError(f"a gradient of {len(stops)} stops: give 2 to 64")
    return tuple(stops)


@dataclass(frozen=True, slots=True)
class SlotPaint:
    """An image that is bound later, by name.

    `x, y` place it, in percent for cover, contain and fill, in pixels for none and tile; `width, height` is the drawn
    size of none and tile, 0 for the image's own. `alpha` is the picture's opacity.
    """

    slot: str
    fit: Fit = "cover"
    x: float = 50.0
    y: float = 50.0
    width: float = 0.0
    height: float = 0.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        if not SLOT.match(self.slot):
            raise TreeError(f"{self.slot[:80]!r} is no slot name: use letters, digits, - and _")
        if self.fit not in FITS:
            raise TreeError(f"{self.fit!r} is no fit: use one of {', '.join(FITS)}")
        put(self, x=number(self.x), y=number(self.y), alpha=share(self.alpha))
        put(self, width=positive(self.width), height=positive(self.height))


Gradient: TypeAlias = Linear | Radial | Conic
Paint: TypeAlias = Solid | Linear | Radial | Conic | SlotPaint


@dataclass(frozen=True, slots=True)
class Stroke:
    """A border that takes no room of its own; widths top, right, bottom, left.

    `place` is where it lies at the box's edge. Sides of different paints are several strokes.
    """

    paint: Paint
    widths: Sides = (1.0, 1.0, 1.0, 1.0)
    dash: Dash = "solid"
    place: StrokePlace = "inside"

    def __post_init__(self) -> None:
        if self.dash not in get_args(Dash):
            raise TreeError(f"{self.dash!r} is no kind of line: use one of {', '.join(get_args(Dash))}")
        if self.place not in get_args(StrokePlace):
            raise TreeError(f"{self.place!r} is no place of a stroke: use one of {', '.join(get_args(StrokePlace))}")
        put(self, widths=tuple(max(0.0, w) for w in sides(self.widths)))


@dataclass(frozen=True, slots=True)
class Shadow:
    """As CSS's box-shadow: offset, blur and spread in px; `inner` falls into the box."""

    x: float
    y: float
    blur: float
    spread: float
    color: Solid
    inner: bool = False

    def __post_init__(self) -> None:
        put(self, x=number(self.x), y=number(self.y), blur=positive(self.blur), spread=number(self.spread))
