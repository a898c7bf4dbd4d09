"""Design tree → `gesso-figma/1`: what a Figma plugin replays, in an order that the Plugin API accepts.

Load `fonts`, create the styles and images, then for each of `nodes` in order: create it by `type`, set `props` one by
one, `resize`, append it to `parent` (at `cell` in a grid), then set `sizing` and, last, `place`. Property names are the
Plugin API's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from design.to.figma_paint import Paints
from design.to.safe import safe_svg, safe_url
from design.tree import (
    FILL,
    FRAMES,
    HUG,
    SOFT_BREAK,
    ZERO,
    Design,
    Length,
    Node,
    SlotPaint,
    Style,
    TextStyle,
    walk,
)

FORMAT = "gesso-figma/1"
_TYPES = {"t": "TEXT", "rect": "RECTANGLE", "img": "RECTANGLE", "oval": "ELLIPSE", "line": "LINE", "svg": "SVG"}
_MODES = {"row": "HORIZONTAL", "col": "VERTICAL", "grid": "GRID", "box": "NONE"}
_JUSTIFY = {"start": "MIN", "center": "CENTER", "end": "MAX", "between": "SPACE_BETWEEN"}
_ALIGN = {"start": "MIN", "center": "CENTER", "end": "MAX", "baseline": "BASELINE"}
_SIZING = ("layoutSizingHorizontal", "layoutSizingVertical")
_PINS = {"l": "MIN", "c": "CENTER", "r": "MAX", "t": "MIN", "m": "CENTER", "b": "MAX"}
_WEIGHTS = ("Thin", "Extra Light", "Light", "Regular", "Medium", "Semi Bold", "Bold", "Extra Bold", "Black")
_GENERIC = frozenset(
    [
        "serif",
        "sans-serif",
        "monospace",
        "cursive",
        "fantasy",
        "system-ui",
        "ui-sans-serif",
        "ui-monospace",
        "ui-serif",
        "-apple-system",
        "blinkmacsystemfont",
    ]
)


def to_figma(design: Design, *, slots: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The payload of a design; `slots` maps names to image URLs or SVG source, others become empty image paints."""
    return _Payload(design, slots or {}).build()


class _Payload:
    def __init__(self, design: Design, slots: Mapping[str, str]) -> None:
        self.design = design
        self.fonts, self.styles = dict(design.fonts), dict(design.styles)
        self.paints = Paints(dict(design.palette))
        self.images: dict[str, str] = {}
        self.drawings: dict[str, str] = {}
        for name, value in slots.items():
            if value.lstrip()[:1] == "<":
                if drawing := safe_svg(value):
                    self.drawings[name] = drawing
            elif address := safe_url(value):
                self.images[name] = address
        self.loaded: dict[tuple[str, str], None] = {("Inter", "Regular"): None}

    def build(self) -> dict[str, Any]:
        nodes: list[dict[str, Any]] = []
        for root in self.design.roots:
            self._tree(root, nodes)
        text_styles = [{"name": name} | self._type(style) for name, style in self.design.styles]
        used = {
            paint.slot
            for root in self.design.roots
            for node, _ in walk(root)
            for paint in node.fills
            if isinstance(paint, SlotPaint) and not (node.kind == "svg" and paint.slot in self.drawings)
        }
        return {
            "format": FORMAT,
            "fonts": [{"family": family, "style": style} for family, style in self.loaded],
            "paintStyles": [
                {"name": name, "paints": [self.paints.literal(color)]} for name, color in self.design.palette
            ],
            "textStyles": text_styles,
            "images": [{"slot": name, "url": self.images.get(name)} for name in sorted(used)],
            "nodes": nodes,
        }

    def _tree(self, root: Node, nodes: list[dict[str, Any]]) -> None:
        stack: list[tuple[Node, Node | None, int | None, int]] = [(root, None, None, 0)]
        while stack:
            node, parent, parent_id, index = stack.pop()
            own = len(nodes)
            nodes.append(self._node(node, parent, parent_id, index))
            if node.kind in FRAMES:
                flow = -1
                entries: list[tuple[Node, Node | None, int | None, int]] = []
                for child in node.children:
                    flow += child.at is None
                    entries.append((child, node, own, max(0, flow)))
                stack.extend(reversed(entries))

    def _node(self, node: Node, parent: Node | None, parent_id: int | None, index: int) -> dict[str, Any]:
        kind = "FRAME" if node.kind in FRAMES else _TYPES[node.kind]
        entry: dict[str, Any] = {"type": kind, "parent": parent_id, "props": {"name": node.name or _name(node)}}
        props = entry["props"]
        if kind == "SVG":
            paint = next((p for p in node.fills if isinstance(p, SlotPaint)), None)
            entry["svg"] = self.drawings.get(paint.slot, "") if paint else ""
            if not entry["svg"]:
                entry["type"] = kind = "RECTANGLE"
        if kind == "TEXT":
            self._text(node, entry)
        elif kind != "SVG":
            props["fills"] = [self.paints.paint(p) for p in node.fills]
            if node.fills and (token := self.paints.token(node.fills)):
                props["fillStyle"] = token
        self._strokes(node, props)
        self._shape(node, kind, props)
        if kind == "FRAME":
            _layout(node, props)
        size = _fixed(node, parent)
        if kind != "LINE":
            entry["resize"] = [max(0.01, size[0]), max(0.01, size[1])]
        else:
            entry["resize"] = [max(0.01, size[0]), 0]
        if parent is not None and parent.kind == "grid" and node.at is None:
            entry["cell"] = list(divmod(index, max(1, parent.columns)))
        entry["sizing"] = _sizing(node, parent, kind)
        entry["place"] = _place(node, parent)
        return entry

    def _strokes(self, node: Node, props: dict[str, Any]) -> None:
        if not node.strokes:
            return
        props["strokes"] = [self.paints.paint(node.strokes[0].paint)]
        props["strokeAlign"] = "INSIDE"
        widths = [max(stroke.widths[i] for stroke in node.strokes) for i in range(4)]
        if len(set(widths)) == 1:
            props["strokeWeight"] = widths[0]
        else:
            for side, width in zip(("Top", "Right", "Bottom", "Left"), widths, strict=True):
                props[f"stroke{side}Weight"] = width
        if node.strokes[0].dash != "solid":
            unit = max(widths) or 1
            props["dashPattern"] = [unit * 3, unit * 2] if node.strokes[0].dash == "dashed" else [unit, unit]

    def _shape(self, node: Node, kind: str, props: dict[str, Any]) -> None:
        if node.radii != ZERO and kind in ("FRAME", "RECTANGLE"):
            if len(set(node.radii)) == 1:
                props["cornerRadius"] = node.radii[0]
            else:
                names = ("topLeftRadius", "topRightRadius", "bottomRightRadius", "bottomLeftRadius")
                props |= dict(zip(names, node.radii, strict=True))
        effects = [self.paints.shadow(shadow) for shadow in node.shadows]
        for radius, name in ((node.blur, "LAYER_BLUR"), (node.backdrop, "BACKGROUND_BLUR")):
            if radius:
                effects.append({"type": name, "blurType": "NORMAL", "radius": radius * 2, "visible": True})
        if effects:
            props["effects"] = effects
        if node.opacity != 1:
            props["opacity"] = node.opacity
        if kind == "FRAME":
            props["clipsContent"] = node.clip

    def _text(self, node: Node, entry: dict[str, Any]) -> None:
        props = entry["props"]
        type_ = self._type(node.style)
        props["fontName"] = type_.pop("fontName")
        fixed = node.width != HUG
        pieces = [_characters(run.text, unwrap=fixed) for run in node.runs]
        props["characters"] = "".join(pieces)
        props |= type_
        if isinstance(node.style, str) and node.style in self.styles:
            props["textStyle"] = node.style
        if node.fills:
            props["fills"] = [self.paints.paint(node.fills[-1])]
            if token := self.paints.token(node.fills[-1:]):
                props["fillStyle"] = token
        props["textAlignHorizontal"] = {"justify": "JUSTIFIED"}.get(node.text_align, node.text_align.upper())
        if node.upper:
            props["textCase"] = "UPPER"
        if node.underline:
            props["textDecoration"] = "UNDERLINE"
        props["textAutoResize"] = "HEIGHT" if fixed else "WIDTH_AND_HEIGHT"
        entry["ranges"] = self._ranges(node, pieces)

    def _ranges(self, node: Node, pieces: list[str]) -> list[dict[str, Any]]:
        ranges, at = [], 0
        for run, text in zip(node.runs, pieces, strict=True):
            end = at + len(text.encode("utf-16-le", "surrogatepass")) // 2
            styled: dict[str, Any] = {}
            if run.style is not None:
                styled |= self._type(run.style)
            if run.paint is not None:
                styled["fills"] = [self.paints.paint(run.paint)]
            if run.underline or run.strike:
                styled["textDecoration"] = "UNDERLINE" if run.underline else "STRIKETHROUGH"
            if styled and end > at:
                ranges.append({"start": at, "end": end} | styled)
            at = end
        return ranges

    def _type(self, style: Style | None) -> dict[str, Any]:
        found = self.styles.get(style) if isinstance(style, str) else style
        type_ = found or TextStyle("Inter")
        family = self.fonts.get(type_.family[1:], "") if type_.family.startswith("^") else type_.family
        font = _family(family), _font_style(type_)
        self.loaded.setdefault(font)
        line = {"value": type_.line_height, "unit": "PIXELS"} if type_.line_height else {"unit": "AUTO"}
        return {
            "fontName": {"family": font[0], "style": font[1]},
            "fontSize": max(1.0, type_.size),
            "lineHeight": line,
            "letterSpacing": {"value": type_.letter_spacing, "unit": "PIXELS"},
        }


def _name(node: Node) -> str:
    if node.kind == "t":
        words = "".join(run.text for run in node.runs).replace(SOFT_BREAK, " ").split()
        return " ".join(words)[:40] or "Text"
    kinds = {"col": "Column", "row": "Row", "grid": "Grid", "box": "Box", "img": "Image", "svg": "Icon", "oval": "Oval"}
    return kinds.get(node.kind, node.kind.capitalize())


def _characters(text: str, *, unwrap: bool) -> str:
    """Figma breaks lines by itself where the width is given; a soft break stays one where the text hugs."""
    return text.replace(SOFT_BREAK, " ") if unwrap else text


def _family(value: str) -> str:
    """The first family of a list that names a font rather than a kind of font."""
    for part in value.split(","):
        name = part.strip().strip("\"'")
        if name and name.lower() not in _GENERIC:
            return name
    return "Inter"


def _font_style(style: TextStyle) -> str:
    name = _WEIGHTS[max(1, min(9, math.floor(style.weight / 100 + 0.5))) - 1]
    if not style.italic:
        return name
    return "Italic" if name == "Regular" else f"{name} Italic"


def _layout(node: Node, props: dict[str, Any]) -> None:
    props["layoutMode"] = _MODES[node.kind]
    if node.kind == "box":
        return
    for side, value in zip(("Top", "Right", "Bottom", "Left"), node.padding, strict=True):
        props[f"padding{side}"] = max(0.0, value)
    props["strokesIncludedInLayout"] = False
    if node.kind == "grid":
        flow = sum(child.at is None for child in node.children)
        columns = max(1, node.columns)
        props["gridColumnCount"], props["gridRowCount"] = columns, max(1, -(-flow // columns))
        props["gridColumnGap"], props["gridRowGap"] = max(0.0, node.gap[0]), max(0.0, node.gap[1])
        props["gridRowSizes"] = [{"type": "HUG"}] * props["gridRowCount"]
        return
    props["primaryAxisAlignItems"] = _JUSTIFY[node.justify]
    baseline = node.align == "baseline" and node.kind == "col"  # columns have none
    props["counterAxisAlignItems"] = "MIN" if baseline else _ALIGN[node.align]
    props["itemSpacing"] = node.gap[0]
    if node.wrap and node.kind == "row":
        props["layoutWrap"] = "WRAP"
        props["counterAxisSpacing"] = max(0.0, node.gap[1])


def _sizing(node: Node, parent: Node | None, kind: str) -> dict[str, str]:
    """FIXED, HUG or FILL an axis, where the API takes it: after appending."""
    auto = kind == "FRAME" and node.kind != "box"
    flows = parent is not None and parent.kind != "box" and node.at is None
    sizing = {}
    for name, length in zip(_SIZING, (node.width, node.height), strict=True):
        if length == FILL and flows:
            sizing[name] = "FILL"
        elif length == HUG and (auto or (kind == "TEXT" and flows)):
            sizing[name] = "HUG"
        elif auto or flows:
            sizing[name] = "FIXED"
    return sizing


def _place(node: Node, parent: Node | None) -> dict[str, Any]:
    if parent is None:
        return {}
    if node.at is None:
        return {"x": parent.padding[3], "y": parent.padding[0]} if parent.kind == "box" else {}
    place: dict[str, Any] = {} if parent.kind == "box" else {"layoutPositioning": "ABSOLUTE"}
    place |= {"x": node.at.x, "y": node.at.y}
    if node.at.pin:
        across = next((_PINS[c] for c in node.at.pin if c in "lcr"), "MIN")
        down = next((_PINS[c] for c in node.at.pin if c in "tmb"), "MIN")
        place["constraints"] = {"horizontal": across, "vertical": down}
    return place


def _fixed(node: Node, parent: Node | None) -> tuple[float, float]:
    """A size in numbers; what fills or hugs starts from what its parent or its children say."""
    width, height = _extent(node, parent, 0), _extent(node, parent, 1)
    return width, height


def _extent(node: Node, parent: Node | None, axis: int) -> float:
    length: Length = (node.width, node.height)[axis]
    if not isinstance(length, str):
        return length
    if length == FILL and parent is not None:
        outer: Length = (parent.width, parent.height)[axis]
        return outer if not isinstance(outer, str) else 100.0
    ends = [0.0]
    for child in node.children:
        size: Length = (child.width, child.height)[axis]
        start = (child.at.x, child.at.y)[axis] if child.at else node.padding[0 if axis else 3]
        ends.append(start + (size if not isinstance(size, str) else 0.0))
    return max(ends) or 100.0
