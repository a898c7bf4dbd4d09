"""Inline SVG → its source, rebuilt from the snapshot with the colours that were computed. Nothing active survives."""

from __future__ import annotations

import re
from html import escape

from design.dom import css
from design.dom.items import Findings, Slot
from design.dom.slots import rect_of, slot_name
from design.dom.snapshot import Box
from design.dom.surface import border_widths
from design.svg import DRAWING_ELEMENTS

MAX_SOURCE = 400_000
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_LENGTH = re.compile(r"\d+(?:\.\d+)?(?:px|%)?\Z")
_OF_SYMBOL = ("id", "fill", "stroke", "viewBox", "preserveAspectRatio")
_SKIP = re.compile(r"on|style\Z|class\Z|xlink:href\Z|href\Z|xmlns|data-|aria-|role\Z|src\Z", re.IGNORECASE)
_BAKED = (
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap",
    "stroke-linejoin", "stroke-dasharray", "opacity", "stop-color", "stop-opacity",
)  # fmt: skip
_DEFAULTS = {
    "fill": "rgb(0, 0, 0)", "fill-opacity": "1", "fill-rule": "nonzero", "stroke": "none", "stroke-width": "1px",
    "stroke-opacity": "1", "stroke-linecap": "butt", "stroke-linejoin": "miter", "stroke-dasharray": "none",
    "opacity": "1", "stop-color": "rgb(0, 0, 0)", "stop-opacity": "1",
}  # fmt: skip


def svg_slot(box: Box, found: Findings, inside: dict[int, Box]) -> str:
    """The slot of an inline svg. `inside` maps its laid-out descendants' nodes to their boxes."""
    source = svg_source(box, inside)
    if source in found.by_source:
        return found.by_source[source]
    words = next((w for w in box.attribute("class").split() if w.lower() not in ("icon", "svg")), "icon")
    name = slot_name(words if words.startswith("icon") else f"icon-{words}", found)
    found.slots[name] = Slot(name, "svg", rect_of(box), svg=source)
    found.by_source[source] = name
    if not source:
        found.note("an svg of more than 400 KB is left out")
    return name


def svg_source(box: Box, inside: dict[int, Box]) -> str:
    """The text of a standalone SVG document, or "" where it would be too long."""
    parts: list[str] = []
    size = 0
    referenced = _references(box)
    # Nodes, each with the one that it is drawn for and the colour that it inherits.
    stack: list[tuple[int, int, str] | str] = [(box.node, -1, "rgb(0, 0, 0)")]
    while stack:
        entry = stack.pop()
        if isinstance(entry, str):
            parts.append(entry)
            continue
        node, owner, ink = entry
        name = box.dom.name(node)
        if name == "#text":
            parts.append(
                escape(box.dom.value(node)) if box.dom.name(box.dom.parents[node]) in ("text", "tspan") else ""
            )
            continue
        used = box.dom.name(owner) == "use"
        if name not in DRAWING_ELEMENTS or (name == "symbol" and not used):
            continue  # a symbol is drawn where it is used, and nowhere else
        own = inside.get(node)
        if node != box.node and own is not None and own.css("visibility") == "hidden":
            continue
        ink = (own.css("color") if own is not None else "") or ink
        text = f"<{name}{_attributes(box, node, own, ink)}{_room(box, owner) if name == 'symbol' else ''}>"
        size += len(text)
        if size > MAX_SOURCE:
            return ""
        parts.append(text)
        stack.append(f"</{name}>")
        children = box.dom.children(node)
        if name == "use" and not children:
            target = referenced.get(_target(box, node), -1)
            children = [target] if target >= 0 else []
        stack.extend((child, node, ink) for child in reversed(children))
        if len(stack) > 50_000:
            return ""
    return _as_groups("".join(parts))


def _as_groups(source: str) -> str:
    return (
        source.replace("<use", "<g").replace("</use>", "</g>").replace("<symbol", "<svg").replace("</symbol>", "</svg>")
    )


def _room(box: Box, use: int) -> str:
    """The size that a use gives its symbol; where it gives none it is all there is."""
    attributes = box.dom.attributes(use)
    sizes = ((name, attributes.get(name, "")) for name in ("width", "height"))
    return "".join(f' {name}="{value}"' for name, value in sizes if _LENGTH.match(value))


def _target(box: Box, node: int) -> str:
    attributes = box.dom.attributes(node)
    return (attributes.get("href") or attributes.get("xlink:href") or "").partition("#")[2]


def _references(box: Box) -> dict[str, int]:
    """Ids that the `use` elements of an svg point to → their nodes, anywhere in the document."""
    wanted = set()
    stack = [box.node]
    while stack:
        node = stack.pop()
        if box.dom.name(node) == "use":
            wanted.add(_target(box, node))
        stack.extend(box.dom.children(node))
    if not wanted:
        return {}
    found: dict[str, int] = {}
    for node in range(box.dom.count):
        if box.dom.name(node) in DRAWING_ELEMENTS and (name := box.dom.attributes(node).get("id", "")) in wanted:
            found.setdefault(name, node)
    return found


def _attributes(box: Box, node: int, own: Box | None, ink: str) -> str:
    attributes = {
        name: _plain(ink) if value.lower() == "currentcolor" else value
        for name, value in box.dom.attributes(node).items()
        if _ATTRIBUTE.match(name) and not _SKIP.match(name) and "url(" not in value.replace("url(#", "")
    }
    name = box.dom.name(node)
    if node == box.node:
        top, right, bottom, left = border_widths(box)
        width = box.width - left - right - box.px("padding-left") - box.px("padding-right")
        height = box.height - top - bottom - box.px("padding-top") - box.px("padding-bottom")
        attributes |= {"xmlns": "http://www.w3.org/2000/svg", "width": f"{width:g}", "height": f"{height:g}"}
    elif name == "use":
        x, y = attributes.pop("x", "0"), attributes.pop("y", "0")
        if (x, y) != ("0", "0"):
            attributes["transform"] = f"{attributes.get('transform', '')} translate({x} {y})".strip()
        attributes.pop("width", None)
        attributes.pop("height", None)
    elif name == "symbol":
        attributes = {k: v for k, v in attributes.items() if k in _OF_SYMBOL}
    if own is not None:
        for key in _BAKED:
            value = own.css(key)
            if value:
                attributes.pop(key, None)
            if name in ("svg", "g", "symbol") and key != "opacity":
                continue  # each shape below carries its own
            if value and (value != _DEFAULTS[key] or name in ("use", "text")):
                attributes[key] = _plain(value)
        if name in ("text", "tspan"):
            for key in ("font-family", "font-size", "font-weight"):
                attributes[key] = own.css(key)
    return "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())


def _plain(value: str) -> str:
    """A colour as SVG 1.1 spells it; other values as they are."""
    value = value.replace('url("#', "url(#").replace('")', ")")
    if "url(" in value and "url(#" not in value:
        return "none"
    if value.startswith(("rgb(", "none", "url(")) or "(" not in value:
        return value
    solid = css.color(value)
    return solid.color if solid else "none"


def triangle(box: Box) -> str:
    """A box without content whose borders meet in points draws triangles: their SVG, or "" for any other box."""
    top, right, bottom, left = border_widths(box)
    width, height = box.width, box.height
    if not width or not height or abs(width - left - right) > 0.51 or abs(height - top - bottom) > 0.51:
        return ""
    middle = (left, top)
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    shapes, clear = [], 0
    for i, side in enumerate(("top", "right", "bottom", "left")):
        solid = css.color(box.css(f"border-{side}-color"))
        if (top, right, bottom, left)[i] <= 0:
            continue
        if solid is None:
            clear += 1
            continue
        points = " ".join(f"{x:g},{y:g}" for x, y in (corners[i], corners[(i + 1) % 4], middle))
        shapes.append(f'<polygon points="{points}" fill="{solid.color}"/>')
    if not clear or not shapes:
        return ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}">{"".join(shapes)}</svg>'
