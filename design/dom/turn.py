"""What CSS turns: a snapshot holds the upright rectangle around a turned box; here it gets its own and an angle."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from design.dom.snapshot import Box

LEAST = 0.05  # degrees; less is not seen
_MATRIX = re.compile(r"matrix\(([-+.\deE]+), ([-+.\deE]+), ([-+.\deE]+), ([-+.\deE]+),")
_DEGREES = re.compile(r"([-+.\deE]+)deg\Z")
_UNCERTAIN = 0.3  # of the determinant: so near to 45° a rectangle's sides hardly follow from what is around it

Rect = tuple[float, float, float, float]  # left, top, right, bottom
Turn = tuple[float, float, float]  # degrees clockwise, about x, y


def angle_of(box: Box) -> float:
    """Degrees by which its own transform turns a box; 0 where it also skews, mirrors or stretches it."""
    angle = 0.0
    if match := _MATRIX.match(box.css("transform")):
        a, b, c, d = (_number(value) for value in match.groups())
        if abs(a - d) < 1e-3 and abs(b + c) < 1e-3:
            angle = math.degrees(math.atan2(b, a))
    if match := _DEGREES.match(box.css("rotate")):
        angle += _number(match[1])
    angle = (angle + 180) % 360 - 180
    return angle if abs(angle) >= LEAST else 0.0


def straighten(boxes: Sequence[Box]) -> None:
    """Give what is turned, and all that it holds, the place and size they have before. Parents come first."""
    turns: dict[int, tuple[Turn, ...]] = {}
    for box in boxes:
        around_it = turns.get(box.parent.index, ()) if box.parent is not None else ()
        own = angle_of(box) if box.text is None and box.tag[:1] != "#" else 0.0
        if not own and not around_it:
            continue
        x, y = box.x + box.width / 2, box.y + box.height / 2
        for turn in around_it:
            x, y = turned(x, y, (-turn[0], turn[1], turn[2]))
        width, height = _own_size(box, own + sum(turn[0] for turn in around_it))
        box.x, box.y, box.width, box.height, box.turn = x - width / 2, y - height / 2, width, height, own
        turns[box.index] = (*around_it, (own, x, y)) if own else around_it


def turned(x: float, y: float, turn: Turn) -> tuple[float, float]:
    angle, cx, cy = math.radians(turn[0]), turn[1], turn[2]
    cos, sin = math.cos(angle), math.sin(angle)
    return cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos


def around(rect: Rect, turns: Sequence[Turn]) -> Rect:
    """The upright rectangle around one that is turned, by the innermost turn first."""
    left, top, right, bottom = rect
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for turn in turns:
        corners = [turned(x, y, turn) for x, y in corners]
    return (
        *(min(corner[axis] for corner in corners) for axis in (0, 1)),
        *(max(corner[axis] for corner in corners) for axis in (0, 1)),
    )  # type: ignore[return-value]


def _own_size(box: Box, degrees: float) -> tuple[float, float]:
    """Width and height of a box from those of the rectangle around it, or as they were computed."""
    cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    determinant = cos * cos - sin * sin
    if abs(determinant) >= _UNCERTAIN:
        width = (box.width * cos - box.height * sin) / determinant
        height = (box.height * cos - box.width * sin) / determinant
    else:
        width, height = _computed(box, "width", ("left", "right")), _computed(box, "height", ("top", "bottom"))
    return max(0.0, width), max(0.0, height)


def _computed(box: Box, name: str, sides: Sequence[str]) -> float:
    own = box.px(name)
    if box.css("box-sizing") == "border-box":
        return own
    return own + sum(box.px(f"padding-{side}") + box.px(f"border-{side}-width") for side in sides)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and abs(value) < 1e6 else 0.0
