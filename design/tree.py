"""The design tree: immutable, typed, normalised at construction so that every round trip is exact.

Lengths are CSS pixels with two decimals. Every target compiles from this tree alone.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

from design.errors import TreeError

MAX_DEPTH = 256
MAX_NODES = 200_000
MAX_NUMBER = 1_000_000.0
SOFT_BREAK = "\u2028"  # a line that ended because the box did; "\n" is a break that somebody wrote

Kind: TypeAlias = Literal["col", "row", "grid", "box", "t", "rect", "oval", "line", "img", "svg"]
KINDS: tuple[Kind, ...] = ("col", "row", "grid", "box", "t", "rect", "oval", "line", "img", "svg")
FRAMES: tuple[Kind, ...] = ("col", "row", "grid", "box")
FILL: Literal["fill"] = "fill"
HUG: Literal["hug"] = "hug"
Length: TypeAlias = float | Literal["fill", "hug"]
Justify: TypeAlias = Literal["start", "center", "end", "between"]
Align: TypeAlias = Literal["start", "center", "end", "baseline"]
TextAlign: TypeAlias = Literal["left", "center", "right", "justify"]
Fit: TypeAlias = Literal["cover", "contain", "fill", "none", "tile"]
FITS: tuple[Fit, ...] = ("cover", "contain", "fill", "none", "tile")
Sides: TypeAlias = tuple[float, float, float, float]
ZERO: Sides = (0.0, 0.0, 0.0, 0.0)

TOKEN = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
SLOT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
PIN = re.compile(r"(?:[lrc]?[tbm]?)\Z")
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\Z")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\ud800-\udfff]")


def number(value: float) -> float:
    """Two decimals, finite, within ±1e6, no minus zero: NaN becomes 0."""
    value = float(value)
    if not math.isfinite(value):
        value = 0.0 if math.isnan(value) else math.copysign(MAX_NUMBER, value)
    return round(max(-MAX_NUMBER, min(MAX_NUMBER, value)), 2) + 0.0


def share(value: float) -> float:
    """An opacity or a position in 0…1 with four decimals."""
    return 0.0 if math.isnan(value) else round(max(0.0, min(1.0, value)), 4) + 0.0


def sides(values: Sides) -> Sides:
    top, right, bottom, left = values
    return number(top), number(right), number(bottom), number(left)


def clean(text: str, limit: int = 200_000) -> str:
    """Text without control characters other than newline and tab, and without lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)[:limit]


def _put(target: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(target, name, value)


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
            _put(self, color=color, alpha=alpha)
            return
        if not _HEX.match(color):
            raise TreeError(f"{self.color[:80]!r} is no colour: write #rrggbb, #rrggbbaa or $token")
        digits = color[1:] if len(color) > 5 else "".join(c * 2 for c in color[1:])
        opacity = round((int(digits[6:8], 16) if len(digits) == 8 else 255) * alpha)
        _put(self, color="#" + digits[:6] + ("" if opacity == 255 else f"{opacity:02x}"), alpha=1.0)


@dataclass(frozen=True, slots=True)
class Stop:
    color: Solid
    at: float

    def __post_init__(self) -> None:
        _put(self, at=round(number(max(-100.0, min(100.0, self.at)) * 100) / 100, 4) + 0.0)


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear gradient; `angle` as in CSS: 0 points up, 90 to the right."""

    angle: float
    stops: tuple[Stop, ...]

    def __post_init__(self) -> None:
        _put(self, angle=number(self.angle), stops=tuple(self.stops))
        _two_stops(self.stops)


@dataclass(frozen=True, slots=True)
class Radial:
    """A radial gradient: centre and radii as percentages of the box (50, 50, 50, 50 touches all four sides)."""

    cx: float
    cy: float
    rx: float
    ry: float
    stops: tuple[Stop, ...]

    def __post_init__(self) -> None:
        _put(self, cx=number(self.cx), cy=number(self.cy), stops=tuple(self.stops))
        _put(self, rx=max(0.01, number(self.rx)), ry=max(0.01, number(self.ry)))
        _two_stops(self.stops)


def _two_stops(stops: tuple[Stop, ...]) -> None:
    if not 2 <= len(stops) <= 64:
        raise TreeError(f"a gradient of {len(stops)} stops: give 2 to 64")


@dataclass(frozen=True, slots=True)
class SlotPaint:
    """An image that is bound later, by name.

    `x, y` place it, in percent for cover, contain and fill, in pixels for none and tile; `width, height` is the drawn
    size of none and tile, 0 for the image's own.
    """

    slot: str
    fit: Fit = "cover"
    x: float = 50.0
    y: float = 50.0
    width: float = 0.0
    height: float = 0.0

    def __post_init__(self) -> None:
        if not SLOT.match(self.slot):
            raise TreeError(f"{self.slot[:80]!r} is no slot name: use letters, digits, - and _")
        if self.fit not in FITS:
            raise TreeError(f"{self.fit!r} is no fit: use one of {', '.join(FITS)}")
        _put(self, x=number(self.x), y=number(self.y))
        _put(self, width=number(max(0, self.width)), height=number(max(0, self.height)))


Paint: TypeAlias = Solid | Linear | Radial | SlotPaint


@dataclass(frozen=True, slots=True)
class Stroke:
    """A border drawn inside the box, that takes no room of its own; widths top, right, bottom, left."""

    paint: Paint
    widths: Sides = (1.0, 1.0, 1.0, 1.0)
    dash: Literal["solid", "dashed", "dotted"] = "solid"

    def __post_init__(self) -> None:
        _put(self, widths=tuple(max(0.0, w) for w in sides(self.widths)))


@dataclass(frozen=True, slots=True)
class Shadow:
    x: float
    y: float
    blur: float
    spread: float
    color: Solid
    inner: bool = False

    def __post_init__(self) -> None:
        _put(self, x=number(self.x), y=number(self.y), blur=max(0.0, number(self.blur)), spread=number(self.spread))


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Type. `family` is a CSS family list, or `^name` of a font token; `line_height` 0 is the font's own."""

    family: str
    weight: int = 400
    size: float = 16.0
    line_height: float = 0.0
    letter_spacing: float = 0.0
    italic: bool = False

    def __post_init__(self) -> None:
        family = clean(self.family, 1000).replace("\n", " ").replace("\t", " ").strip() or "sans-serif"
        if family.startswith("^") and not TOKEN.match(family[1:]):
            raise TreeError(f"{family[:80]!r} is no font token: use letters, digits, - and _")
        _put(self, family=family, weight=max(1, min(1000, int(self.weight))), size=max(0.01, number(self.size)))
        _put(self, line_height=max(0.0, number(self.line_height)), letter_spacing=number(self.letter_spacing))


Style: TypeAlias = TextStyle | str  # a style of its own, or the name of one of the design's


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text; what is None is the node's."""

    text: str
    paint: Paint | None = None
    style: Style | None = None
    underline: bool = False
    strike: bool = False

    def __post_init__(self) -> None:
        _put(self, text=clean(self.text))
        _check_style(self.style)


def _check_style(style: Style | None) -> None:
    if isinstance(style, str) and not TOKEN.match(style):
        raise TreeError(f"{style[:80]!r} is no text style's name: use letters, digits, - and _")


@dataclass(frozen=True, slots=True)
class At:
    """Out of the flow: from the parent's outer top left corner; `pin` says what it sticks to (`rb`, `cm`)."""

    x: float
    y: float
    pin: str = ""

    def __post_init__(self) -> None:
        if not PIN.match(self.pin):
            raise TreeError(f"{self.pin!r} is no pin: use l, r or c, then t, b or m")
        _put(self, x=number(self.x), y=number(self.y))


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One layer. Attributes that its kind has no use for are kept, printed and ignored by the targets."""

    kind: Kind
    name: str = ""
    width: Length = HUG
    height: Length = HUG
    at: At | None = None
    padding: Sides = ZERO
    gap: tuple[float, float] = (0.0, 0.0)
    justify: Justify = "start"
    align: Align = "start"
    wrap: bool = False
    columns: int = 0
    fills: tuple[Paint, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    radii: Sides = ZERO
    shadows: tuple[Shadow, ...] = ()
    opacity: float = 1.0
    clip: bool = False
    blur: float = 0.0
    backdrop: float = 0.0
    style: Style | None = None
    text_align: TextAlign = "left"
    upper: bool = False
    underline: bool = False
    runs: tuple[Run, ...] = ()
    raw: str = ""
    children: tuple[Node, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise TreeError(f"{self.kind!r} is no kind of node: use one of {', '.join(KINDS)}")
        _check_style(self.style)
        name = clean(self.name, 200).replace("\n", " ").replace("\t", " ").strip()
        _put(self, name=name, width=_length(self.width), height=_length(self.height), padding=sides(self.padding))
        _put(self, gap=(number(self.gap[0]), number(self.gap[1])), columns=max(0, min(1000, int(self.columns))))
        _put(self, radii=tuple(max(0.0, r) for r in sides(self.radii)), opacity=share(self.opacity))
        _put(self, blur=max(0.0, number(self.blur)), backdrop=max(0.0, number(self.backdrop)))
        _put(self, raw=canonical_json(self.raw) if self.raw else "")

    def _own(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in _OWN)

    def __eq__(self, other: object) -> bool:
        """Equal in all attributes and all descendants; not recursive, since trees may be deep."""
        if not isinstance(other, Node):
            return NotImplemented
        stack = [(self, other)]
        while stack:
            a, b = stack.pop()
            if a is b:
                continue
            if a._own() != b._own() or len(a.children) != len(b.children):
                return False
            stack.extend(zip(a.children, b.children, strict=True))
        return True

    def __hash__(self) -> int:
        return hash((*self._own(), len(self.children)))


_OWN = tuple(f.name for f in fields(Node) if f.name != "children")


def _length(value: Length) -> Length:
    if value in (FILL, HUG):
        return value
    if isinstance(value, str):
        raise TreeError(f"{value!r} is no length: use a number, 'fill' or 'hug'")
    return max(0.0, number(value))


def canonical_json(text: str) -> str:
    """A JSON object in its one shortest spelling, ASCII only. Raises TreeError where it is none."""
    try:
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise TreeError(f"raw holds {text[:40]!r}: give a JSON object") from None


@dataclass(frozen=True, slots=True)
class Design:
    """Tokens and root frames. `palette`, `fonts` and `styles` are (name, value) pairs in the order they are written."""

    roots: tuple[Node, ...] = ()
    palette: tuple[tuple[str, str], ...] = ()
    fonts: tuple[tuple[str, str], ...] = ()
    styles: tuple[tuple[str, TextStyle], ...] = ()

    def __post_init__(self) -> None:
        for names in (self.palette, self.fonts, self.styles):
            for name, _ in names:
                if not TOKEN.match(name):
                    raise TreeError(f"{name[:80]!r} is no token name: use letters, digits, - and _")
            if len({name for name, _ in names}) != len(names):
                raise TreeError("two tokens have one name: give each its own")
        _put(self, palette=tuple((name, _literal(color)) for name, color in self.palette))
        families = tuple((name, TextStyle(family).family) for name, family in self.fonts)
        if any(family.startswith("^") for _, family in families):
            raise TreeError("a font token names another: give it a family list")
        _put(self, fonts=families)


def _literal(color: str) -> str:
    if color.startswith("$"):
        raise TreeError(f"palette colour {color[:80]!r} names another: give it as #rrggbb")
    return Solid(color).color


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every node below and including this one, in order, with its depth. Not recursive."""
    stack = [(node, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((child, depth + 1) for child in reversed(node.children))
