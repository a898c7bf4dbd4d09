"""One design as the JavaScript of a Figma plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benchmarks.formats.properties import PropertyWriter, minified, node_type
from design.tree import Design, Node, SlotPaint, Solid, walk

_HASH = re.compile(r'("imageHash":)"([^"]*)"')
_CREATE = {"TEXT": "Text", "RECTANGLE": "Rectangle", "ELLIPSE": "Ellipse", "LINE": "Line", "FRAME": "Frame"}


def plugin_js(design: Design) -> str:
    """The calls of the Plugin API that make the design."""
    return "\n".join(_Script(design).lines())


class _Script:
    """Plugin JavaScript: one statement a property, one variable a node."""

    def __init__(self, design: Design) -> None:
        self.design, self.work = design, PropertyWriter(design, styles=True, explicit=True)
        self.plain = PropertyWriter(design, styles=False, explicit=False)
        self.count = 0

    def lines(self) -> Iterator[str]:
        styles = [style for _, style in self.design.styles]
        fonts = {minified(self.plain.type(style)["fontName"]) for style in styles}
        yield f"await Promise.all([{','.join(sorted(fonts))}].map(figma.loadFontAsync));"
        for index, (name, color) in enumerate(self.design.palette):
            yield f"const p{index}=figma.createPaintStyle();p{index}.name={minified(name)};"
            yield f"p{index}.paints={minified([self.work.paint(Solid(color))])};"
        for index, (name, style) in enumerate(self.design.styles):
            yield f"const t{index}=figma.createTextStyle();t{index}.name={minified(name)};"
            yield "".join(f"t{index}.{key}={minified(value)};" for key, value in self.plain.type(style).items())
        for index, (name, shadows) in enumerate(self.design.shadows):
            yield f"const e{index}=figma.createEffectStyle();e{index}.name={minified(name)};"
            yield f"e{index}.effects={minified([self.work.shadow(shadow) for shadow in shadows])};"
        named = (("fillStyleId", "p", self.design.palette), ("textStyleId", "t", self.design.styles))
        named = (*named, ("effectStyleId", "e", self.design.shadows))
        self.ids = {key: {name: f"{letter}{i}" for i, (name, _) in enumerate(found)} for key, letter, found in named}
        for name in _pictures(self.design):
            yield f"const {_variable(name)}=(await figma.createImageAsync({minified(name)})).hash;"
        self.mains: dict[str, str] = {}
        for component in self.design.components:
            self.mains.setdefault(component.name, f"n{self.count}")
            main = f"n{self.count}"
            yield from self.tree(component.root, None, "", "figma.createComponent()")
            for name, kind, value in _asked(component.root):
                yield f"{main}.addComponentProperty({minified(name)},{minified(kind)},{minified(value)});"
        for root in self.design.roots:
            yield from self.tree(root, None, "")

    def tree(self, node: Node, parent: Node | None, above: str, make: str = "") -> Iterator[str]:
        own, kind = f"n{self.count}", node_type(node)
        self.count += 1
        found = self.work.of(node, parent)
        if kind == "INSTANCE":
            make = f"{self.mains.get(found.pop('component'), 'n0')}.createInstance()"
        yield f"const {own}={make or f'figma.create{_CREATE[kind]}()'};"
        width, height = found.pop("width", None), found.pop("height", None)
        sizing = {key: found.pop(key) for key in list(found) if key.startswith("layoutSizing")}
        place = {key: found.pop(key) for key in ("layoutPositioning", "x", "y", "constraints") if key in found}
        ranges = found.pop("ranges", [])
        if "properties" in found:
            yield f"{own}.setProperties({minified(found.pop('properties'))});"
        for key, value in found.items():
            yield self._said(own, key, value)
        for piece in ranges:
            start, end = piece.pop("start"), piece.pop("end")
            for key, value in piece.items():
                yield f"{own}.setRange{key[0].upper()}{key[1:]}({start},{end},{self._argument(key, value)});"
        if width is not None or height is not None:
            size = (f"{own}.{name}" if value is None else minified(value) for name, value in _sizes(width, height))
            yield f"{own}.resize({','.join(size)});"
        if above:
            yield f"{above}.appendChild({own});"
        for key, value in (sizing | place).items():
            yield f"{own}.{key}={minified(value)};"
        for child in node.children:
            yield from self.tree(child, node, own)

    def _said(self, own: str, key: str, value: Any) -> str:
        """Styles are set by methods that wait: a plugin with dynamic page access has no setters for them."""
        if key not in self.ids or value not in self.ids[key]:
            return f"{own}.{key}={_HASH.sub(lambda m: m[1] + _variable(m[2]), minified(value))};"
        return f"await {own}.set{key[0].upper()}{key[1:]}Async({self.ids[key][value]}.id);"

    def _argument(self, key: str, value: Any) -> str:
        return f"{self.ids[key][value]}.id" if key in self.ids else minified(value)


def _sizes(width: Any, height: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("width", width), ("height", height)


def _pictures(design: Design) -> list[str]:
    """The slots of a design's pictures, each once."""
    nodes = (node for root in _tops(design) for node, _ in walk(root))
    return list(dict.fromkeys(paint.slot for node in nodes for paint in node.fills if isinstance(paint, SlotPaint)))


def _tops(design: Design) -> list[Node]:
    return [*(component.root for component in design.components), *design.roots]


def _asked(root: Node) -> Iterator[tuple[str, str, Any]]:
    """The properties of a component: name, the API's type, and what holds where an instance gives nothing."""
    for node, _ in walk(root):
        if node.bind:
            yield node.bind, *(("TEXT", "".join(run.text for run in node.runs)) if node.kind == "t" else _swap(node))
        if node.shown:
            yield node.shown, "BOOLEAN", node.visible


def _swap(node: Node) -> tuple[str, str]:
    return "INSTANCE_SWAP", node.component or node.name


def _variable(slot: str) -> str:
    return "i" + "".join(char if char.isalnum() else "_" for char in slot)
