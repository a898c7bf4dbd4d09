"""One design in the forms that a model might write instead of the notation, each as tight as its API lets it be.

All of them say the same: names and defaults are left out, styles and components are given once and referred to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from design.to.figma_paint import linear_transform, radial_transform
from design.tree import (
    FILL,
    FRAMES,
    HUG,
    SOFT_BREAK,
    ZERO,
    Bound,
    Component,
    Design,
    Linear,
    Node,
    Paint,
    Prop,
    Radial,
    Run,
    Shadow,
    SlotPaint,
    Solid,
    Style,
    TextStyle,
    Track,
    Word,
)

Properties = dict[str, Any]
_TYPES = {"t": "TEXT", "rect": "RECTANGLE", "img": "RECTANGLE", "svg": "FRAME", "oval": "ELLIPSE", "line": "LINE"}
_MODES = {"row": "HORIZONTAL", "col": "VERTICAL", "grid": "GRID"}
_AXIS = {"start": "MIN", "center": "CENTER", "end": "MAX", "between": "SPACE_BETWEEN", "baseline": "BASELINE"}
_SCALE = {"cover": "FILL", "contain": "FIT", "fill": "CROP", "none": "CROP", "tile": "TILE"}
_PINS = {"l": "MIN", "r": "MAX", "c": "CENTER", "h": "STRETCH", "x": "SCALE"}
_PINS |= {"t": "MIN", "b": "MAX", "m": "CENTER", "v": "STRETCH", "y": "SCALE"}
_SCROLL = {"x": "HORIZONTAL", "y": "VERTICAL", "xy": "BOTH"}
_UNITS = {"px": "FIXED", "fr": "FLEX"}
_SIDES = ("Top", "Right", "Bottom", "Left")
_CORNERS = ("topLeftRadius", "topRightRadius", "bottomRightRadius", "bottomLeftRadius")
_STYLE_NAMES = ("Thin", "Extra Light", "Light", "Regular", "Medium", "Semi Bold", "Bold", "Extra Bold", "Black")


def property_json(design: Design) -> str:
    """Minified JSON of the properties that the Plugin API is given: values in place, sizes and clips said."""
    return _json(design, PropertyWriter(design, styles=False, explicit=True))


def tight_json(design: Design) -> str:
    """The tightest JSON of the same properties: styles by name, and nothing that would be so anyway."""
    return _json(design, PropertyWriter(design, styles=True, explicit=False))


def _json(design: Design, work: PropertyWriter) -> str:
    styles = PropertyWriter(design, styles=False, explicit=False)
    head: Properties = {
        "paintStyles": {name: [work.paint(Solid(color))] for name, color in design.palette},
        "textStyles": {name: styles.type(style) for name, style in design.styles},
        "effectStyles": {name: [work.shadow(s) for s in shadows] for name, shadows in design.shadows},
        "components": [work.tree(c.root) | {"name": _component_name(c)} for c in design.components],
    }
    head = {key: value for key, value in head.items() if value}
    return minified(head | {"children": [work.tree(root) for root in design.roots]})


class PropertyWriter:
    """Nodes in the Plugin API's terms.

    styles    colours, type and effects that are the design's are referred to by name
    explicit  says also what depends on how a node came to be: sizing on both axes, no fill, no clip
    """

    def __init__(self, design: Design, *, styles: bool, explicit: bool) -> None:
        self.by_name, self.explicit = styles, explicit
        self.effects = {shadows: name for name, shadows in design.shadows}
        self.fonts, self.styles, self.palette = dict(design.fonts), dict(design.styles), dict(design.palette)

    def tree(self, node: Node, parent: Node | None = None) -> Properties:
        found: Properties = {"type": node_type(node)} | self.of(node, parent)
        if node.children:
            found["children"] = [self.tree(child, node) for child in node.children]
        return found

    def of(self, node: Node, parent: Node | None) -> Properties:
        """What differs from Figma's defaults for a bare frame or shape."""
        found: Properties = {"name": node.name} if node.name else {}
        if node.kind == "use":
            found |= {"component": node.component} | ({"properties": self.given(node)} if node.props else {})
        found |= _layout(node) | self._surface(node) | _effects(self, node) | _sizing(node, self.explicit)
        if self.explicit and node.kind in FRAMES:
            found = ({} if node.fills else {"fills": []}) | {"clipsContent": node.clip} | found
        if node.kind == "t":
            found |= self._text(node)
        found |= _meaning(node) | (_cell(node) if parent is not None and parent.kind == "grid" else {})
        if node.at and parent is not None:
            found |= {"x": node.at.x, "y": node.at.y}
            if parent.kind != "box":
                found["layoutPositioning"] = "ABSOLUTE"
            if node.at.pin:
                found["constraints"] = dict(zip(("horizontal", "vertical"), map(_PINS.get, node.at.pin), strict=False))
        if node.bind:
            found["componentPropertyReferences"] = {"characters" if node.kind == "t" else "mainComponent": node.bind}
        if node.shown:
            found.setdefault("componentPropertyReferences", {})["visible"] = node.shown
        return found

    def given(self, node: Node) -> Properties:
        return {prop.name: self._value(prop) for prop in node.props}

    def _value(self, prop: Prop) -> Any:
        value = prop.value
        if isinstance(value, Run | Word):
            return value.text
        if isinstance(value, bool):
            return value
        return value.name if isinstance(value, Bound) else self.paint(value)

    def _surface(self, node: Node) -> Properties:
        found: Properties = {}
        if (token := self._token(node.fills)) is not None:
            found["fillStyleId"] = token
        elif node.fills:
            found["fills"] = [self.paint(paint) for paint in node.fills]
        if node.strokes:
            stroke = node.strokes[-1]
            ink = self._token((stroke.paint,))
            found |= {"strokes": [self.paint(stroke.paint)]} if ink is None else {"strokeStyleId": ink}
            if len(set(stroke.widths)) == 1:
                found["strokeWeight"] = stroke.widths[0]
            else:
                found["strokeWeight"] = 0  # the API draws one px on all sides otherwise
                found |= {f"stroke{s}Weight": w for s, w in zip(_SIDES, stroke.widths, strict=True) if w}
            if stroke.place != "inside":
                found["strokeAlign"] = stroke.place.upper()
            if stroke.dash != "solid":
                found["dashPattern"] = [stroke.widths[0] * 2] * 2
        if node.radii != ZERO:
            if len(set(node.radii)) == 1:
                found["cornerRadius"] = node.radii[0]
            else:
                found |= {name: r for name, r in zip(_CORNERS, node.radii, strict=True) if r}
        return found

    def _token(self, fills: tuple[Paint, ...]) -> str | None:
        if (
            self.by_name
            and len(fills) == 1
            and isinstance(fills[0], Solid)
            and fills[0].alpha == 1
            and fills[0].color[0] == "$"
        ):
            return fills[0].color[1:]
        return None

    def paint(self, paint: Paint) -> Properties:
        if isinstance(paint, Solid):
            color = self.color(paint)
            alpha = color.pop("a")
            return {"type": "SOLID", "color": color} | ({} if alpha == 1 else {"opacity": alpha})
        if isinstance(paint, SlotPaint):
            image: Properties = {"type": "IMAGE", "scaleMode": _SCALE[paint.fit], "imageHash": paint.slot}
            if paint.fit == "fill":
                image["imageTransform"] = [[1, 0, 0], [0, 1, 0]]
            return image if paint.alpha == 1 else image | {"opacity": paint.alpha}
        stops = [{"position": stop.at, "color": self.color(stop.color)} for stop in paint.stops]
        if isinstance(paint, Linear):
            return {
                "type": "GRADIENT_LINEAR", "gradientTransform": _short(linear_transform(paint)), "gradientStops": stops,
            }  # fmt: skip
        if isinstance(paint, Radial):
            return {
                "type": "GRADIENT_RADIAL", "gradientTransform": _short(radial_transform(paint)), "gradientStops": stops,
            }  # fmt: skip
        return {"type": "GRADIENT_ANGULAR", "gradientTransform": [[1, 0, 0], [0, 1, 0]], "gradientStops": stops}

    def color(self, solid: Solid) -> Properties:
        color = self.palette.get(solid.color[1:], "#888888") if solid.color[0] == "$" else solid.color
        digits = Solid(color, solid.alpha).color[1:]
        digits += "ff" if len(digits) == 6 else ""
        return {name: _number(int(digits[i * 2 : i * 2 + 2], 16) / 255) for i, name in enumerate("rgba")}

    def shadow(self, shadow: Shadow) -> Properties:
        return {
            "type": "INNER_SHADOW" if shadow.inner else "DROP_SHADOW",
            "color": self.color(shadow.color),
            "offset": {"x": shadow.x, "y": shadow.y},
            "radius": shadow.blur,
            **({"spread": shadow.spread} if shadow.spread else {}),
            "visible": True,
            "blendMode": "NORMAL",
        }

    def type(self, style: Style | None) -> Properties:
        if isinstance(style, str):
            if style in self.styles and self.by_name:
                return {"textStyleId": style}
            style = self.styles.get(style)
        type_ = style or TextStyle("Inter")
        family = self.fonts.get(type_.family[1:], "Inter") if type_.family[0] == "^" else type_.family
        name = _STYLE_NAMES[max(1, min(9, round(type_.weight / 100))) - 1]
        found: Properties = {
            "fontName": {
                "family": family.split(",")[0].strip("\"' "),
                "style": f"{name} Italic".replace("Regular ", "") if type_.italic else name,
            },
            "fontSize": type_.size,
        }
        if type_.line_height:
            found["lineHeight"] = {"value": type_.line_height, "unit": "PIXELS"}
        if type_.letter_spacing:
            found["letterSpacing"] = {"value": type_.letter_spacing, "unit": "PIXELS"}
        return found

    def _text(self, node: Node) -> Properties:
        found = self.type(node.style) | {"characters": _characters(node)}
        if node.text_align != "left":
            found["textAlignHorizontal"] = "JUSTIFIED" if node.text_align == "justify" else node.text_align.upper()
        if node.width != HUG:
            found["textAutoResize"] = "HEIGHT"
        if node.upper:
            found["textCase"] = "UPPER"
        if node.underline:
            found["textDecoration"] = "UNDERLINE"
        if node.vertical != "top":
            found["textAlignVertical"] = {"middle": "CENTER", "bottom": "BOTTOM"}[node.vertical]
        if node.max_lines:
            found |= {"textTruncation": "ENDING", "maxLines": node.max_lines}
        if ranges := list(self.ranges(node)):
            found["ranges"] = ranges
        return found

    def ranges(self, node: Node) -> Iterator[Properties]:
        at = 0
        for run in node.runs:
            end = at + len(run.text)
            styled: Properties = {} if run.style is None else self.type(run.style)
            if run.paint is not None:
                ink = self._token((run.paint,))
                styled |= {"fills": [self.paint(run.paint)]} if ink is None else {"fillStyleId": ink}
            if run.underline or run.strike:
                styled["textDecoration"] = "UNDERLINE" if run.underline else "STRIKETHROUGH"
            if run.link:
                styled["hyperlink"] = {"type": "URL", "value": run.link}
            if styled:
                yield {"start": at, "end": end} | styled
            at = end


def node_type(node: Node) -> str:
    return "INSTANCE" if node.kind == "use" else "FRAME" if node.kind in FRAMES else _TYPES[node.kind]


def _component_name(component: Component) -> str:
    return ", ".join([component.name, *(f"{key}={value}" for key, value in component.variant)])


def _characters(node: Node) -> str:
    return "".join(run.text for run in node.runs).replace(SOFT_BREAK, "\n")


def _layout(node: Node) -> Properties:
    if node.kind not in FRAMES:
        return {}
    found: Properties = {}
    if node.kind in _MODES:
        found["layoutMode"] = _MODES[node.kind]
    if node.kind == "grid":
        found["gridColumnCount"] = node.columns
        found["gridRowCount"] = -(-len(node.children) // max(1, node.columns))
        found |= {key: gap for key, gap in zip(("gridColumnGap", "gridRowGap"), node.gap, strict=True) if gap}
        sizes = (("gridColumnSizes", node.column_tracks), ("gridRowSizes", node.row_tracks))
        found |= {key: [_track(track) for track in tracks] for key, tracks in sizes if tracks}
    elif node.gap[0]:
        found["itemSpacing"] = node.gap[0]
    if node.kind != "grid" and node.gap[1]:
        found["counterAxisSpacing"] = node.gap[1]
    if node.justify != "start":
        found["primaryAxisAlignItems"] = _AXIS[node.justify]
    if node.align != "start":
        found["counterAxisAlignItems"] = _AXIS[node.align]
    if node.wrap:
        found["layoutWrap"] = "WRAP"
    found |= {f"padding{side}": value for side, value in zip(_SIDES, node.padding, strict=True) if value}
    if node.clip:
        found["clipsContent"] = True
    if node.scroll:
        found["overflowDirection"] = _SCROLL[node.scroll]
    return found


def _track(track: Track) -> Properties:
    return {"type": "HUG"} if track.unit == "hug" else {"type": _UNITS[track.unit], "value": track.value}


def _cell(node: Node) -> Properties:
    """Where a grid's child lies; the API counts from 0."""
    cell = node.cell
    if cell is None:
        return {}
    spans = {"gridColumnSpan": cell.columns, "gridRowSpan": cell.rows}
    found = {key: span for key, span in spans.items() if span > 1}
    if cell.column or cell.row:
        found |= {"gridRowAnchorIndex": max(0, cell.row - 1), "gridColumnAnchorIndex": max(0, cell.column - 1)}
    return found


def _meaning(node: Node) -> Properties:
    """Where a layer leads, and what it is: of the latter the API keeps nothing but a plugin's own data."""
    found: Properties = {"pluginData": {"role": node.role}} if node.role else {}
    if node.link and node.kind == "t":
        found["hyperlink"] = {"type": "URL", "value": node.link}
    elif node.link:
        found["reactions"] = [{"trigger": {"type": "ON_CLICK"}, "actions": [{"type": "URL", "url": node.link}]}]
    return found


def _effects(work: PropertyWriter, node: Node) -> Properties:
    if node.shadows and work.by_name and node.shadows in work.effects and not (node.blur or node.backdrop):
        return {"effectStyleId": work.effects[node.shadows]} | _looks(node)
    effects = [work.shadow(shadow) for shadow in node.shadows]
    for radius, name in ((node.blur, "LAYER_BLUR"), (node.backdrop, "BACKGROUND_BLUR")):
        if radius:
            effects.append({"type": name, "blurType": "NORMAL", "radius": radius * 2, "visible": True})
    return ({"effects": effects} if effects else {}) | _looks(node)


def _looks(node: Node) -> Properties:
    found: Properties = {}
    if node.opacity != 1:
        found["opacity"] = node.opacity
    if node.blend != "normal":
        found["blendMode"] = node.blend.upper().replace("-", "_")
    if node.rotation:
        found["rotation"] = -node.rotation
    if not node.visible:
        found["visible"] = False
    return found


def _sizing(node: Node, explicit: bool) -> Properties:
    """Numbers where a size is fixed, FILL where it fills, and HUG where that must be said."""
    found: Properties = {}
    for axis, name, length in (("Horizontal", "width", node.width), ("Vertical", "height", node.height)):
        if length == FILL:
            found[f"layoutSizing{axis}"] = "FILL"
        elif length != HUG:
            found[name] = length
        elif explicit and (node.kind in _MODES or node.kind == "t"):
            found[f"layoutSizing{axis}"] = "HUG"
    limits = {"minWidth": node.min_width or None, "maxWidth": node.max_width}
    limits |= {"minHeight": node.min_height or None, "maxHeight": node.max_height}
    return found | {key: value for key, value in limits.items() if value is not None}


def _short(matrix: list[list[float]]) -> list[list[float]]:
    return [[_number(value) for value in row] for row in matrix]


def _number(value: float) -> float:
    value = round(value, 3)
    return int(value) if value == int(value) else value


def minified(value: Any) -> str:
    return json.dumps(_trimmed(value), separators=(",", ":"), ensure_ascii=False)


def _trimmed(value: Any) -> Any:
    """Without the .0 of whole numbers."""
    if isinstance(value, dict):
        return {key: _trimmed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return int(value) if isinstance(value, float) and value == int(value) else value
