"""CSS rules of one layer: its place, its size, how it lays out its children, and how it is painted."""

from __future__ import annotations

from collections.abc import Mapping

from design.to.safe import css_url
from design.tree import (
    FILL,
    HUG,
    ZERO,
    Conic,
    Gradient,
    Linear,
    Node,
    Paint,
    Shadow,
    Sides,
    Solid,
    Stop,
    Stroke,
    Track,
)

_JUSTIFY = {"center": "center", "end": "flex-end", "between": "space-between"}
_ALIGN = {"start": "flex-start", "center": "center", "end": "flex-end", "baseline": "baseline"}
_SIDES = ("top", "right", "bottom", "left")
PLACEHOLDER = "repeating-linear-gradient(135deg,#8882 0 6px,#8881 6px 12px)"


def px(value: float) -> str:
    """A length on the browser's own grid of 1/64 px: a tree's two decimals, cut down to it, would creep up the page."""
    text = f"{round(value * 64) / 64:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("0", "-0") else text + "px"


def exact(value: float) -> str:
    """A length as it stands in the tree: of type, which the browser cuts down itself."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "px"


def four(values: Sides | tuple[float, ...]) -> str:
    return px(values[0]) if len(set(values)) == 1 else " ".join(map(px, values))


def flat(paint: Paint) -> Solid:
    """One colour for a paint, where CSS takes nothing else."""
    if isinstance(paint, Solid):
        return paint
    return paint.stops[0].color if isinstance(paint, Gradient) else Solid("#888888")


class Painter:
    """Surfaces as CSS, with a palette and the addresses of slots."""

    def __init__(self, palette: Mapping[str, str], slots: Mapping[str, str]) -> None:
        self.palette, self.slots = palette, slots

    def color(self, solid: Solid) -> str:
        color = solid.color
        if color.startswith("$"):
            color = self.palette.get(color[1:], "#888888")
        return Solid(color, solid.alpha).color

    def surface(self, node: Node) -> list[str]:
        rules = []
        if node.kind not in ("t", "img", "svg"):
            rules += self.background(node.fills)
        rules += self._borders(node)
        if node.kind == "oval":
            rules.append("border-radius:50%")
        elif node.radii != ZERO:
            rules.append("border-radius:" + four(node.radii))
        if shadows := self._shadows(node):
            rules.append(shadows)
        if node.opacity != 1:
            rules.append(f"opacity:{node.opacity:g}")
        if node.scroll:
            rules += [f"overflow-{axis}:{'auto' if axis in node.scroll else 'hidden'}" for axis in "xy"]
        elif node.clip:
            rules.append("overflow:clip")
        if node.blur:
            rules.append(f"filter:blur({px(node.blur)})")
        if node.backdrop:
            rules.append(f"backdrop-filter:blur({px(node.backdrop)})")
        if node.blend != "normal":
            rules.append(f"mix-blend-mode:{node.blend}")
        if node.rotation:
            rules.append(f"rotate:{node.rotation:g}deg")
        return rules

    def _shadows(self, node: Node) -> str:
        text = node.kind == "t"
        parts = [self._shadow(s, text) for s in reversed(node.shadows)]
        return (("text-shadow:" if text else "box-shadow:") + ",".join(parts)) if parts else ""

    def _shadow(self, s: Shadow, of_text: bool) -> str:
        spread = "" if of_text else f" {px(s.spread)}"
        inner = "inset " if s.inner and not of_text else ""
        return f"{inner}{px(s.x)} {px(s.y)} {px(s.blur)}{spread} {self.color(s.color)}"

    def _borders(self, node: Node) -> list[str]:
        inside = [s for s in node.strokes if s.place == "inside"]
        rules = self._border(inside)
        if rules and not takes_room(node):
            rules = [_over("after", "inset:0", rules)]
        around = [s for s in node.strokes if s.place != "inside"]
        for stroke in around[:1]:
            share = 1.0 if stroke.place == "outside" else 0.5
            inset = "inset:" + " ".join(px(-w * share) for w in stroke.widths)
            grown = tuple(r + max(stroke.widths) * share if r else 0.0 for r in node.radii)
            radius = "50%" if node.kind == "oval" else four(grown)
            rules.append(_over("before", inset, self._border([stroke]), radius))
        return rules

    def _border(self, strokes: list[Stroke]) -> list[str]:
        rules = []
        for stroke in strokes:
            color = self.color(flat(stroke.paint))
            if len(set(stroke.widths)) == 1 and len(strokes) == 1:
                return [f"border:{px(stroke.widths[0])} {stroke.dash} {color}"]
            for side, width in zip(_SIDES, stroke.widths, strict=True):
                if width:
                    rules.append(f"border-{side}:{px(width)} {stroke.dash} {color}")
        return rules

    def background(self, fills: tuple[Paint, ...]) -> list[str]:
        rules, layers = [], []
        for i, paint in enumerate(fills):
            if isinstance(paint, Solid) and i == 0:
                rules.append(f"background-color:{self.color(paint)}")
            else:
                layers.append(self._layer(paint))
        if layers:
            layers.reverse()
            rules.append("background-image:" + ",".join(image for image, _ in layers))
            for i, name in enumerate(("position", "size", "repeat")):
                rules.append(f"background-{name}:" + ",".join(place.split("|")[i] for _, place in layers))
        return rules

    def _layer(self, paint: Paint) -> tuple[str, str]:
        """(image, position|size|repeat)."""
        plain = "0 0|auto|no-repeat"
        if isinstance(paint, Solid):
            color = self.color(paint)
            return f"linear-gradient({color},{color})", plain
        if isinstance(paint, Gradient):
            return self.gradient(paint), plain
        address = self.slots.get(paint.slot)
        if address is None:
            return PLACEHOLDER, plain
        if paint.fit in ("none", "tile"):
            size = "auto"
            if paint.width or paint.height:
                size = f"{px(paint.width) if paint.width else 'auto'} {px(paint.height) if paint.height else 'auto'}"
            repeat = "repeat" if paint.fit == "tile" else "no-repeat"
            return css_url(address), f"{px(paint.x)} {px(paint.y)}|{size}|{repeat}"
        size = "100% 100%" if paint.fit == "fill" else paint.fit
        return css_url(address), f"{paint.x:g}% {paint.y:g}%|{size}|no-repeat"

    def gradient(self, paint: Gradient) -> str:
        stops = ",".join(self._stop(stop) for stop in paint.stops)
        if isinstance(paint, Linear):
            return f"linear-gradient({paint.angle:g}deg,{stops})"
        if isinstance(paint, Conic):
            return f"conic-gradient(from {paint.angle:g}deg at {paint.cx:g}% {paint.cy:g}%,{stops})"
        return f"radial-gradient({paint.rx:g}% {paint.ry:g}% at {paint.cx:g}% {paint.cy:g}%,{stops})"

    def _stop(self, stop: Stop) -> str:
        return f"{self.color(stop.color)} {stop.at * 100:g}%"

    def ink(self, paint: Paint) -> list[str]:
        """The colour of text; a gradient is a background that the letters cut."""
        if isinstance(paint, Gradient):
            clip = ["-webkit-background-clip:text", "background-clip:text", "color:#0000"]
            return [f"background:{self.gradient(paint)}", *clip]
        return [f"color:{self.color(flat(paint))}"]


def _over(name: str, inset: str, border: list[str], radius: str = "inherit") -> str:
    """A pseudo element that draws a border over or around its layer."""
    rules = ["content:''", "position:absolute", inset, f"border-radius:{radius}", "pointer-events:none", *border]
    return f"&::{name}{{{';'.join(rules)}}}"


def takes_room(node: Node) -> bool:
    """Whether strokes can be CSS borders: where padding is narrower than they are, they lie over the children."""
    return not node.children or all(p >= b for p, b in zip(node.padding, _widths(node), strict=True))


def borders(node: Node) -> Sides:
    """The widths that CSS borders take of a node's four sides."""
    return _widths(node) if takes_room(node) else ZERO


def _widths(node: Node) -> Sides:
    widths = [0.0] * 4
    for stroke in node.strokes:
        if stroke.place == "inside":
            widths = [w or s for w, s in zip(widths, stroke.widths, strict=True)]
    return widths[0], widths[1], widths[2], widths[3]


def padding(node: Node) -> tuple[float, ...]:
    """Of a frame inside of its borders, which a design counts as padding."""
    return tuple(max(0.0, p - b) for p, b in zip(node.padding, borders(node), strict=True))


def layout(node: Node) -> list[str]:
    """How a frame arranges its children."""
    rules = []
    if any(inner := padding(node)):
        rules.append("padding:" + four(inner))
    if node.kind == "box":
        return [*rules, "display:grid;align-items:start;justify-items:start"]
    if node.kind == "grid":
        return rules + _grid(node)
    direction = "row" if node.kind == "row" else "column"
    if tracks := _sharing(node):
        rules.append(f"display:grid;grid-template-columns:{tracks};align-items:{_ALIGN[node.align]}")
        return [*rules, f"column-gap:{px(node.gap[0])}"] if node.gap[0] else rules
    rules.append(f"display:flex;flex-direction:{direction};align-items:{_ALIGN[node.align]}")
    if node.justify != "start":
        rules.append(f"justify-content:{_JUSTIFY[node.justify]}")
    if node.wrap:
        rules.append("flex-wrap:wrap;align-content:flex-start")
    if node.gap != (0.0, 0.0):
        main, cross = node.gap
        rules.append(f"gap:{px(cross)} {px(main)}" if node.kind == "row" else f"gap:{px(main)} {px(cross)}")
    return rules


def _sharing(node: Node) -> str:
    """The columns of a row whose filling children have unequal paddings, "" for other rows.

    Flex would first give each its padding and share what is then left; in a design they are equally wide.
    """
    flow = [child for child in node.children if child.at is None]
    filling = [child for child in flow if child.width == FILL]
    if node.kind != "row" or node.wrap or len({_inset(child) for child in filling}) < 2:
        return ""
    if any(child.min_width or child.max_width is not None for child in filling):
        return ""
    return " ".join(
        "minmax(0,1fr)" if child.width == FILL else "max-content" if child.width == HUG else px(float(child.width))
        for child in flow
    )


def _inset(node: Node) -> float:
    _, right, _, left = node.padding
    return right + left


def _grid(node: Node) -> list[str]:
    if node.column_tracks:
        columns = " ".join(map(_track, node.column_tracks))
    else:
        columns = f"repeat({max(1, node.columns)},minmax(0,1fr))"
    rules = [f"display:grid;grid-template-columns:{columns}"]
    if node.row_tracks:
        rules.append("grid-template-rows:" + " ".join(map(_track, node.row_tracks)))
    rules.append(f"align-items:{node.align}")
    if node.justify in ("center", "end"):
        rules.append(f"justify-items:{node.justify}")
    return [*rules, f"gap:{px(node.gap[1])} {px(node.gap[0])}"]


def _track(track: Track) -> str:
    if track.unit == "px":
        return px(track.value)
    return "max-content" if track.unit == "hug" else f"minmax(0,{track.value:g}fr)"


def place(node: Node, parent: Node | None) -> list[str]:
    """Where a layer stands in its parent: out of the flow, in a cell, or aligned by itself."""
    if parent is None:
        return []
    if node.at is not None:
        return _absolute(node, parent)
    rules = []
    if parent.kind == "box":
        rules.append("grid-area:1/1")
    elif parent.kind == "grid" and (cell := node.cell):
        column, row = cell.column or "auto", cell.row or "auto"
        rules.append(f"grid-column:{column}/span {cell.columns};grid-row:{row}/span {cell.rows}")
    if node.self_align is not None:
        rules.append(f"align-self:{_ALIGN[node.self_align]}")
    return rules


def _absolute(node: Node, parent: Node) -> list[str]:
    """Edges as the pin says where the parent's size is known, else from the top left."""
    assert node.at is not None
    top, right, bottom, left = borders(parent)
    rules = ["position:absolute"]
    across = _pinned(node.at.x, node.width, parent.width, "r" in node.at.pin)
    down = _pinned(node.at.y, node.height, parent.height, "b" in node.at.pin)
    rules.append(f"left:{px(node.at.x - left)}" if across is None else f"right:{px(across - right)}")
    rules.append(f"top:{px(node.at.y - top)}" if down is None else f"bottom:{px(down - bottom)}")
    return rules


def _pinned(at: float, length: float | str, whole: float | str, wanted: bool) -> float | None:
    """The distance from the far edge, where the pin asks for it and all lengths are numbers."""
    if not wanted or isinstance(length, str) or isinstance(whole, str):
        return None
    return whole - at - length


def _hugging(inside: str) -> str:
    return {"": "width:max-content", "at": "width:max-content", "row": "flex:0 1 auto"}.get(inside, "width:fit-content")


def size(node: Node, parent: Node | None, reflow: bool = False) -> list[str]:
    """Width and height, and their limits; with `reflow`, what hugs gives way where there is no room for it."""
    rules = []
    inside = "" if parent is None else "at" if node.at else parent.kind
    follows = bool(node.ratio) and node.width == FILL and not isinstance(node.height, str)
    for axis, length, name in ((0, node.width, "width"), (1, node.height, "height")):
        if length == HUG:
            if axis == 0:
                rules.append(_hugging(inside) if reflow else "width:max-content")
        elif axis and follows:
            rules.append(f"height:auto;aspect-ratio:{node.ratio:g}")
        elif length != FILL:
            rules.append(f"{name}:{px(float(length))}")
        elif inside in ("", "at"):
            rules.append(f"{name}:100%")
        elif (inside, axis) in (("row", 0), ("col", 1)):
            least = node.min_width if axis == 0 else node.min_height
            content = reflow and axis and node.kind in ("row", "col", "grid") and not least  # it gives the least height
            rules.append("flex:1 1 0" if content else f"flex:1 1 0;min-{name}:{px(least)}")
            if parent is not None and node.kind in ("img", "svg") and _sharing(parent):
                rules.append("width:100%")
        elif inside in ("row", "col"):
            rules.append("align-self:stretch" + (";width:auto" if node.kind in ("img", "svg") else ""))
        else:
            rules.append("justify-self:stretch" if axis == 0 else "align-self:stretch")
    for name, limit in (("min-width", node.min_width), ("min-height", node.min_height)):
        if limit:
            rules.append(f"{name}:{px(limit)}")
    for name, most in (("max-width", node.max_width), ("max-height", node.max_height)):
        if most is not None:
            rules.append(f"{name}:{px(most)}")
    return rules
