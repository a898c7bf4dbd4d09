"""One layer, with everything that it may say of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, get_args

from design.errors import TreeError
from design.tree.paint import Paint, Shadow, Stroke
from design.tree.text import MAX_LINK, Run, Style, check_style
from design.tree.values import (
    COMPONENT,
    HUG,
    ZERO,
    Length,
    Sides,
    canonical_json,
    length,
    number,
    one_line,
    positive,
    proportion,
    put,
    share,
    sides,
    token,
    whole,
)

Kind: TypeAlias = Literal["col", "row", "grid", "box", "t", "rect", "oval", "line", "img", "svg", "use"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FRAMES: tuple[Kind, ...] = ("col", "row", "grid", "box")
Justify: TypeAlias = Literal["start", "center", "end", "between"]
Align: TypeAlias = Literal["start", "center", "end", "baseline"]
TextAlign: TypeAlias = Literal["left", "center", "right", "justify"]
Vertical: TypeAlias = Literal["top", "middle", "bottom"]
Scroll: TypeAlias = Literal["", "x", "y", "xy"]
Unit: TypeAlias = Literal["px", "fr", "hug"]
Blend: TypeAlias = Literal[
    "normal", "multiply", "screen", "overlay", "darken", "lighten", "color-dodge", "color-burn", "hard-light",
    "soft-light", "difference", "exclusion", "hue", "saturation", "color", "luminosity", "plus-lighter",
]  # fmt: skip
BLENDS: tuple[Blend, ...] = get_args(Blend)
PIN = re.compile(r"(?:[lrchx]?[tbmvy]?)\Z")


@dataclass(frozen=True, slots=True)
class At:
    """Out of the flow: from the parent's outer top left corner.

    `pin` says what it sticks to when the parent is resized: `l`, `r`, `c`entre, `h` both sides, `x` in proportion; then
    `t`, `b`, `m`iddle, `v` both, `y` in proportion.
    """

    x: float
    y: float
    pin: str = ""

    def __post_init__(self) -> None:
        if not PIN.match(self.pin):
            raise TreeError(f"{self.pin!r} is no pin: use l, r, c, h or x, then t, b, m, v or y")
        put(self, x=number(self.x), y=number(self.y))


@dataclass(frozen=True, slots=True)
class Cell:
    """A grid child's place: column and row from 1, 0 for the next free one, and how many of each it covers."""

    column: int = 0
    row: int = 0
    columns: int = 1
    rows: int = 1

    def __post_init__(self) -> None:
        put(self, column=whole(self.column), row=whole(self.row))
        put(self, columns=max(1, whole(self.columns)), rows=max(1, whole(self.rows)))


@dataclass(frozen=True, slots=True)
class Track:
    """A column or row of a grid: so many px, so many shares of what is left (`fr`), or its content (`hug`)."""

    value: float = 1.0
    unit: Unit = "fr"

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise TreeError(f"{self.unit!r} is no unit of a track: use one of {', '.join(get_args(Unit))}")
        value = positive(self.value)
        put(self, value=0.0 if self.unit == "hug" else max(0.01, value) if self.unit == "fr" else value)


@dataclass(frozen=True, slots=True)
class Word:
    """A variant's value, or the component that a bound instance is swapped for."""

    text: str

    def __post_init__(self) -> None:
        put(self, text=one_line(self.text, 64))
        if not self.text:
            raise TreeError("a property's word is empty: name a variant or a component")


@dataclass(frozen=True, slots=True)
class Bound:
    """The value of a property of the component that the instance stands in."""

    name: str

    def __post_init__(self) -> None:
        token(self.name, "property")


PropValue: TypeAlias = Run | Paint | bool | Word | Bound


@dataclass(frozen=True, slots=True)
class Prop:
    """What an instance gives a property: text (several runs are several props), a slot or a paint, shown or not, a
    variant or a component, or what its own component was given."""

    name: str
    value: PropValue

    def __post_init__(self) -> None:
        token(self.name, "property")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One layer. Attributes that its kind has no use for are kept, printed and ignored by the targets.

    kind             `use` is an instance of `component`; the others as in docs/notation.md
    role             what it is to a reader: `h1`, `nav`, `button`, `input` …
    min_, max_       px; None: no maximum
    ratio            width over height that is kept: a height in px follows where the width fills; 0: none
    columns          of a grid, all alike; `column_tracks` where they differ, and then their number
    self_align       across the parent's axis, for this child alone
    rotation         degrees clockwise about the middle, -180 < r ≤ 180; position and size are those before it
    bind, shown      the component's properties that give the content, and whether it is seen (`visible` otherwise)
    component, props of an instance; its children fill the component's bound frame; what else it says that is no default
                     replaces what the component's root says
    """

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
    role: str = ""
    min_width: float = 0.0
    max_width: float | None = None
    min_height: float = 0.0
    max_height: float | None = None
    self_align: Align | None = None
    column_tracks: tuple[Track, ...] = ()
    row_tracks: tuple[Track, ...] = ()
    cell: Cell | None = None
    rotation: float = 0.0
    blend: Blend = "normal"
    scroll: Scroll = ""
    visible: bool = True
    vertical: Vertical = "top"
    max_lines: int = 0
    ratio: float = 0.0
    link: str = ""
    bind: str = ""
    shown: str = ""
    component: str = ""
    props: tuple[Prop, ...] = ()

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise TreeError(f"{getattr(self, name)!r} is no {name} of a node: use one of {', '.join(allowed)}")
        check_style(self.style)
        put(self, width=length(self.width), height=length(self.height), opacity=share(self.opacity))
        for name, is_at_first, normal in _NORMAL:
            value = getattr(self, name)
            if value is not is_at_first:
                object.__setattr__(self, name, is_at_first if value == is_at_first else normal(value))
        if self.cell or self.columns or self.column_tracks or self.row_tracks:
            self._tracks()
        self._bindings()

    def _tracks(self) -> None:
        alike = all(track == Track() for track in self.column_tracks)
        put(self, columns=len(self.column_tracks) or whole(self.columns))
        if self.columns > 1000 or len(self.row_tracks) > 1000:
            raise TreeError("a grid of more than 1000 columns or rows: use fewer")
        put(self, column_tracks=() if alike else tuple(self.column_tracks), row_tracks=tuple(self.row_tracks))
        put(self, cell=None if self.cell == Cell() else self.cell)

    def _bindings(self) -> None:
        for name in (self.bind, self.shown):
            if name:
                token(name, "property")
        if self.role:
            token(self.role, "role")
        if (self.kind == "use") != bool(self.component) or (self.props and not self.component):
            raise TreeError("a component and properties make an instance: give kind 'use' and a component, or neither")
        if self.component and not COMPONENT.match(self.component):
            raise TreeError(f"{self.component[:80]!r} is no component's name: a capital, then letters, digits, - and _")

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
_ALLOWED: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "justify": get_args(Justify),
    "align": get_args(Align),
    "text_align": get_args(TextAlign),
    "blend": BLENDS,
    "scroll": get_args(Scroll),
    "vertical": get_args(Vertical),
}


def _turn(degrees: float) -> float:
    turned = number(number(degrees) % 360)
    return number(turned - 360) if turned > 180 else turned


# Attribute, what it mostly is and then needs no care, and what it is normalised by.
_NORMAL: tuple[tuple[str, object, Callable[[Any], object]], ...] = (
    ("name", "", lambda value: one_line(value, 200)),
    ("padding", ZERO, sides),
    ("gap", (0.0, 0.0), lambda value: (number(value[0]), number(value[1]))),
    ("radii", ZERO, lambda value: tuple(max(0.0, r) for r in sides(value))),
    ("blur", 0.0, positive),
    ("backdrop", 0.0, positive),
    ("raw", "", canonical_json),
    ("max_lines", 0, whole),
    ("min_width", 0.0, positive),
    ("min_height", 0.0, positive),
    ("max_width", None, positive),
    ("max_height", None, positive),
    ("rotation", 0.0, _turn),
    ("ratio", 0.0, proportion),
    ("link", "", lambda value: one_line(value, MAX_LINK)),
)


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every node below and including this one, in order, with its depth. Not recursive."""
    stack = [(node, 0)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((child, depth + 1) for child in reversed(node.children))
