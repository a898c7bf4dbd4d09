"""What stands between the page's boxes and the tree: items with a rectangle, a look, and hints for the layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from design.dom.sizing import UNKNOWN, Sizings
from design.dom.tracks import Lines
from design.tree import Align, Justify, Length, Sides, TextAlign, TextStyle, Track


@dataclass(frozen=True, slots=True)
class Slot:
    """What a slot name stands for: an image by its source, or inline SVG by its text.

    `rect` is x, y, width, height on the page; `url` is absolute, or None for a canvas or video; `sha256` and `format`
    are set where the snapshot's assets hold the bytes. `leaf` says that it is a layer of its own, with nothing in it:
    what the page showed there is what it shows.
    """

    name: str
    kind: str
    rect: tuple[float, float, float, float]
    url: str | None = None
    sha256: str | None = None
    format: str | None = None
    svg: str | None = None
    leaf: bool = False


@dataclass(frozen=True, slots=True)
class FontFace:
    """A font file that a page loads; `sha256` and `format` where the snapshot's assets hold it."""

    family: str
    weight: str = "400"
    style: str = "normal"
    url: str = ""
    sha256: str | None = None
    format: str | None = None


@dataclass(slots=True)
class Hints:
    """What CSS said about an item, to be believed where geometry confirms it."""

    direction: str = ""  # row, col, or "" for block flow
    justify: str = ""
    align: str = ""
    wrap: bool = False
    gap: tuple[float, float] = (0.0, 0.0)  # column-gap, row-gap
    padding: Sides = (0.0, 0.0, 0.0, 0.0)  # border included
    room: Sides = (0.0, 0.0, 0.0, 0.0)  # what it keeps free around itself: margins, and what dissolved wrappers added
    grow: bool = False  # takes what is left of its row
    block: bool = True  # as wide as its parent lets it be
    out: bool = False  # absolute or fixed
    sizing: Sizings = UNKNOWN
    lines: Lines | None = None  # of a CSS grid
    pushed: tuple[bool, bool] = (False, False)  # whether it takes the room before it in a row, in a column
    pin: str = ""  # r: held to the right edge of what it is placed in
    cell: bool = False  # of a table, which centres by an alignment of its own
    middle: bool = False  # a wrapper that is gone put it in its middle
    centred: bool = False  # in its row, by itself
    keeps: bool = False  # its proportions: the height follows the width
    most: float = 0.0  # the width that it would not go beyond
    least: float = 0.0  # the least width, where that is what makes it so wide
    floor: float = 0.0  # the least height, where that is what makes it so high


@dataclass(slots=True, eq=False)
class Item:
    """`look` holds the Node attributes that are settled already; `order` is (paint order, document order)."""

    kind: str  # frame, t, img, svg, rect
    x: float
    y: float
    width: float
    height: float
    order: tuple[int, int]
    look: dict[str, Any] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)
    children: list[Item] = field(default_factory=list)
    name: str = ""
    source: int = -1  # the DOM node that it was made for; -1 for what layout itself adds
    # text only
    natural: tuple[float, float] = (0.0, 0.0)  # left edge and width of the widest line
    lines: int = 0
    text_align: TextAlign = "left"
    # frames only
    levels: int = 1
    reach: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # left, top, right, bottom of what is drawn
    plan: Plan | None = None
    # sizing
    absolute: bool = False
    hugs: tuple[bool, bool] = (False, False)  # whether content alone gives the width, the height
    size: tuple[Length, Length] = ("hug", "hug")

    def start(self, axis: int) -> float:
        return self.y if axis else self.x

    def extent(self, axis: int) -> float:
        return self.height if axis else self.width

    def end(self, axis: int) -> float:
        return self.bottom if axis else self.right

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def painted(self) -> bool:
        """Whether dropping this frame would change the picture."""
        return any(
            self.look.get(k) for k in ("fills", "strokes", "shadows", "clip", "blur", "backdrop", "rotation")
        ) or (self.look.get("opacity", 1.0) < 1)


@dataclass(slots=True)
class Plan:
    """How a frame lays out its children: they are in painting and layout order; `absolute` ones are out of the flow."""

    kind: str
    children: list[Item]
    axis: int = 0  # 0 for a row, 1 for a column
    padding: list[float] = field(default_factory=lambda: [0.0] * 4)
    gap: tuple[float, float] = (0.0, 0.0)
    justify: Justify = "start"
    align: Align = "start"
    columns: int = 0
    tracks: tuple[Track, ...] = ()
    row_tracks: tuple[Track, ...] = ()
    lines: Lines | None = None
    areas: list[tuple[int, int, int, int]] = field(default_factory=list)  # of the children of a grid with lines
    wrap: bool = False
    content: tuple[float, float] = (0.0, 0.0)  # start and end of the cross axis inside the padding
    flush: bool = False  # the flow ends where the padding begins
    tight: bool = False  # nothing is left of the main axis to justify with
    full: bool = False  # the flow takes all of the main axis

    @property
    def flow(self) -> list[Item]:
        return [child for child in self.children if not child.absolute]


@dataclass(slots=True)
class Findings:
    """What an import gathers besides the tree."""

    base: str
    assets: dict[str, Any]
    slots: dict[str, Slot] = field(default_factory=dict)
    by_source: dict[str, str] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    heights: dict[TextStyle, float] = field(default_factory=dict)  # of the letters of a type, line height left out
    viewport: tuple[float, float] = (0.0, 0.0)  # what fixed backgrounds are fixed to; (0, 0) where it is not known

    def note(self, text: str) -> None:
        self.notes[text] = self.notes.get(text, 0) + 1
