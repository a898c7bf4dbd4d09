"""One design as the JavaScript of a Figma plugin: all that the notation says and the Plugin API can be told.

A statement a property and a variable a node, as the API's own examples are written and as models write it; an author
may shorten such code by helpers of his own. Nothing is said for its own sake: what is a default is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from benchmarks.formats.properties import Properties, PropertyWriter, minified, node_type
from design.tree import Bound, Component, Design, Node, Run, SlotPaint, Solid, Style, TextStyle, Word, walk

_HASH = re.compile(r'("imageHash":)"([^"]*)"')
_CREATE = {"TEXT": "Text", "RECTANGLE": "Rectangle", "ELLIPSE": "Ellipse", "LINE": "Line", "FRAME": "Frame"}
_PLACE = ("layoutPositioning", "x", "y", "constraints", "gridColumnSpan", "gridRowSpan")
_ANCHORS = ("gridRowAnchorIndex", "gridColumnAnchorIndex")


def plugin_js(design: Design) -> str:
    """The calls of the Plugin API that make the design."""
    return "\n".join(_Script(design).lines())


class _Script:
    def __init__(self, design: Design) -> None:
        self.design, self.work = design, PropertyWriter(design, styles=True, explicit=True)
        self.plain = PropertyWriter(design, styles=False, explicit=False)
        self.count = self.asked = 0
        self.ids: dict[str, dict[str, str]] = {}  # what takes a style → style → its variable
        self.mains: dict[str, str] = {}  # component → the variable of the first of its variants
        self.properties: dict[str, dict[str, str]] = {}  # component → property → the variable of the API's name for it
        self.painted = {
            (node.component, prop.name)
            for root in _tops(design)
            for node, _ in walk(root)
            for prop in node.props
            if not isinstance(prop.value, Run | Word | Bound | bool)
        }

    def lines(self) -> Iterator[str]:
        fonts = sorted({minified(self.plain.type(style)["fontName"]) for style in _styles(self.design)})
        yield f"await Promise.all([{','.join(fonts)}].map(figma.loadFontAsync));"
        yield from self.tokens()
        for name in _pictures(self.design):
            yield f"const {_variable(name)}=(await figma.createImageAsync({minified(name)})).hash;"
        variants: dict[str, list[str]] = {}
        for component in self.design.components:
            variants.setdefault(component.name, []).append(f"n{self.count}")
            yield from self.component(component)
        for number, (name, members) in enumerate((k, v) for k, v in variants.items() if len(v) > 1):
            yield f"const s{number}=figma.combineAsVariants([{','.join(members)}],figma.currentPage);"
            yield f"s{number}.name={minified(name)};"
        for root in self.design.roots:
            yield from self.tree(root, None, "")

    def tokens(self) -> Iterator[str]:
        """Styles, and variables for what a style cannot hold."""
        for index, (name, color) in enumerate(self.design.palette):
            yield f"const p{index}=figma.createPaintStyle();p{index}.name={minified(name)};"
            yield f"p{index}.paints={minified([self.work.paint(Solid(color))])};"
        for index, (name, style) in enumerate(self.design.styles):
            yield f"const t{index}=figma.createTextStyle();t{index}.name={minified(name)};"
            yield "".join(f"t{index}.{key}={minified(value)};" for key, value in self.plain.type(style).items())
        for index, (name, shadows) in enumerate(self.design.shadows):
            yield f"const e{index}=figma.createEffectStyle();e{index}.name={minified(name)};"
            yield f"e{index}.effects={minified([self.work.shadow(shadow) for shadow in shadows])};"
        for key, letter, names in (
            ("fillStyleId", "p", [name for name, _ in self.design.palette]),
            ("strokeStyleId", "p", [name for name, _ in self.design.palette]),
            ("textStyleId", "t", [name for name, _ in self.design.styles]),
            ("effectStyleId", "e", [name for name, _ in self.design.shadows]),
        ):
            self.ids[key] = {name: f"{letter}{i}" for i, name in enumerate(names)}
        if lengths := (*self.design.spaces, *self.design.corners):
            yield 'const c=figma.variables.createVariableCollection("Tokens"),m=c.modes[0].modeId;'
            for name, value in lengths:
                made = f'figma.variables.createVariable({minified(name)},c,"FLOAT")'
                yield f"{made}.setValueForMode(m,{minified(value)});"

    def component(self, component: Component) -> Iterator[str]:
        """A main component. What the API calls a property is known only once it has been added."""
        main = f"n{self.count}"
        self.mains.setdefault(component.name, main)
        names = self.properties.setdefault(component.name, {})
        said = ", ".join(f"{key}={value}" for key, value in component.variant) or component.name
        yield f"const {main}=figma.createComponent();"
        yield f"{main}.name={minified(said)};"
        for name, kind, value in _asked(component.root):
            names.setdefault(name, f"q{self.asked}")
            given = ",".join(map(minified, (name, kind, value)))
            yield f"const q{self.asked}={main}.addComponentProperty({given});"
            self.asked += 1
        yield from self.tree(component.root, None, "", component.name)

    def tree(self, node: Node, parent: Node | None, above: str, within: str = "") -> Iterator[str]:
        """`within` a component; without a parent the node is the component, which has been made and named."""
        own, kind = f"n{self.count}", node_type(node)
        self.count += 1
        found = self.work.of(node, parent)
        made = bool(within) and parent is None
        if made:
            found.pop("name", None)
        elif kind == "INSTANCE":
            yield f"const {own}={self.mains.get(node.component, 'n0')}.createInstance();"
        else:
            yield f"const {own}=figma.create{_CREATE[kind]}();"
        found.pop("component", None)
        found.pop("properties", None)
        if node.bind and (node.kind != "t" or (within, node.bind) in self.painted):
            found["name"] = node.bind  # by which instances find what they paint
        width, height = found.pop("width", None), found.pop("height", None)
        sizing = {key: found.pop(key) for key in list(found) if key.startswith("layoutSizing")}
        place = {key: found.pop(key) for key in _PLACE if key in found}
        anchors = [found.pop(key) for key in _ANCHORS if key in found]
        ranges = found.pop("ranges", [])
        yield from self.given(own, node)
        yield from self.referred(own, found.pop("componentPropertyReferences", {}), within)
        for key, value in found.items():
            yield self._said(own, key, value)
        for piece in ranges:
            start, end = piece.pop("start"), piece.pop("end")
            for key, value in piece.items():
                yield self._range(own, key, value, f"{start},{end}")
        if width is not None or height is not None:
            size = (f"{own}.{name}" if value is None else minified(value) for name, value in _sizes(width, height))
            yield f"{own}.resize({','.join(size)});"
        if above:
            yield f"{above}.appendChild({own});"
        if anchors:
            yield f"{own}.setGridChildPosition({','.join(map(str, anchors))});"
        for key, value in (sizing | place).items():
            yield f"{own}.{key}={minified(value)};"
        for child in node.children:
            yield from self.tree(child, node, own, within)

    def given(self, own: str, node: Node) -> Iterator[str]:
        """What an instance says of its properties; paint is no property to the API, but a layer's inside of it."""
        names = self.properties.get(node.component, {})
        texts = []
        for prop in node.props:
            if isinstance(prop.value, Run | Word | bool):
                text: bool | str = prop.value if isinstance(prop.value, bool) else prop.value.text
                name = f"[{names[prop.name]}]" if prop.name in names else minified(prop.name)
                texts.append(f"{name}:{minified(text)}")
        if texts:
            yield f"{own}.setProperties({{{','.join(texts)}}});"
        if any(isinstance(prop.value, Bound) for prop in node.props):
            yield f"{own}.isExposedInstance=true;"
        for prop in node.props:
            if not isinstance(prop.value, Run | Word | Bound | bool):
                layer = f"{own}.findOne(n=>n.name==={minified(prop.name)})"
                token = prop.value.color[1:] if isinstance(prop.value, Solid) and prop.value.alpha == 1 else ""
                key, value = ("fillStyleId", token) if token in self.ids["fillStyleId"] else ("fills", None)
                yield self._said(layer, key, value or [self.work.paint(prop.value)])

    def referred(self, own: str, references: Properties, within: str) -> Iterator[str]:
        names = self.properties.get(within, {})
        known = [f"{key}:{names[name]}" for key, name in references.items() if name in names]
        if known:
            yield f"{own}.componentPropertyReferences={{{','.join(known)}}};"

    def _said(self, own: str, key: str, value: Any) -> str:
        """Some things are set by methods: what waits has no setter in a plugin with dynamic page access."""
        if key == "pluginData":
            return "".join(f"{own}.setPluginData({minified(name)},{minified(text)});" for name, text in value.items())
        if key == "reactions":
            return f"await {own}.setReactionsAsync({minified(value)});"
        if key not in self.ids or value not in self.ids[key]:
            return f"{own}.{key}={_HASH.sub(lambda m: m[1] + _variable(m[2]), minified(value))};"
        return f"await {own}.set{key[0].upper()}{key[1:]}Async({self.ids[key][value]}.id);"

    def _range(self, own: str, key: str, value: Any, where: str) -> str:
        method = f"setRange{key[0].upper()}{key[1:]}"
        if key in self.ids and value in self.ids[key]:
            return f"await {own}.{method}Async({where},{self.ids[key][value]}.id);"
        return f"{own}.{method}({where},{minified(value)});"


def _sizes(width: Any, height: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("width", width), ("height", height)


def _styles(design: Design) -> Iterator[Style]:
    """All type that is used, the design's and what layers and runs have of their own: its fonts must be loaded."""
    yield from (style for _, style in design.styles)
    for root in _tops(design):
        for node, _ in walk(root):
            if node.kind == "t":
                own = (node.style, *(run.style for run in node.runs))
                yield from (style for style in own if isinstance(style, TextStyle))


def _pictures(design: Design) -> list[str]:
    """The slots of a design's pictures, each once."""
    nodes = (node for root in _tops(design) for node, _ in walk(root))
    paints = (paint for node in nodes for paint in (*node.fills, *(prop.value for prop in node.props)))
    return list(dict.fromkeys(paint.slot for paint in paints if isinstance(paint, SlotPaint)))


def _tops(design: Design) -> list[Node]:
    return [*(component.root for component in design.components), *design.roots]


def _asked(root: Node) -> Iterator[tuple[str, str, Any]]:
    """The properties of a component: name, the API's type, and what holds where an instance gives nothing."""
    for node, _ in walk(root):
        if node.bind and node.kind == "t":
            yield node.bind, "TEXT", "".join(run.text for run in node.runs)
        if node.shown:
            yield node.shown, "BOOLEAN", node.visible


def _variable(slot: str) -> str:
    return "i" + "".join(char if char.isalnum() else "_" for char in slot)
