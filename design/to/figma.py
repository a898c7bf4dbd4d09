"""Design tree → `gesso-figma/1`: what a Figma plugin replays, in an order that the Plugin API accepts.

Load `fonts`; create the variables, styles and images; then for each of `nodes` in order: create it by `type`, set
`props` one by one, `resize`, append it to `parent` (at `cell` in a grid), then set `sizing`, `limits` and, last,
`place`. Components come first; an INSTANCE names one by its place in `components` and says by path what it changes.
Property names are the Plugin API's; `data` is what Figma has no place for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from design.notation import print_node
from design.notation.write import ratio_text
from design.to.figma_instances import Instance, Instances, aligned
from design.to.figma_layout import extent, grid_cells, layout, limits, place, sizing
from design.to.figma_paint import Paints
from design.to.figma_text import Type
from design.to.safe import safe_svg, safe_url
from design.tree import FRAMES, SOFT_BREAK, ZERO, Design, Node, SlotPaint

FORMAT = "gesso-figma/1"
Cell4 = tuple[int, int, int, int]  # row, column, rows, columns
_TYPES = {"t": "TEXT", "rect": "RECTANGLE", "img": "RECTANGLE", "oval": "ELLIPSE", "line": "RECTANGLE", "svg": "SVG"}
_NAMES = {"col": "Column", "row": "Row", "grid": "Grid", "box": "Box", "img": "Image", "svg": "Icon", "oval": "Oval"}
_NAMES |= {"rect": "Rectangle", "line": "Line"}
_SIDES = ("Top", "Right", "Bottom", "Left")
_CORNERS = ("topLeftRadius", "topRightRadius", "bottomRightRadius", "bottomLeftRadius")
_EDGES = {"inside": "INSIDE", "center": "CENTER", "outside": "OUTSIDE"}


def to_figma(design: Design, *, slots: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The payload of a design; `slots` maps names to image URLs or SVG source, others become empty image paints.

    Raises TreeError where components multiply to more layers than a design may have.
    """
    return _Payload(aligned(design), slots or {}).build()


class _Payload:
    def __init__(self, design: Design, slots: Mapping[str, str]) -> None:
        self.design = design
        self.paints = Paints(dict(design.palette))
        self.type = Type(design, self.paints)
        self.instances = Instances(design)
        self.shadows = {shadows: name for name, shadows in reversed(design.shadows)}
        self.images: dict[str, str] = {}
        self.drawings: dict[str, str] = {}
        for name, value in slots.items():
            if value.lstrip()[:1] == "<":
                if drawing := safe_svg(value):
                    self.drawings[name] = drawing
            elif address := safe_url(value):
                self.images[name] = address
        self.nodes: list[dict[str, Any]] = []
        self.places: dict[int, int] = {}  # a component's number → its place in the payload
        self.notes: dict[str, int] = {}

    def build(self) -> dict[str, Any]:
        components: list[dict[str, Any]] = []
        for number in self.instances.order():
            component = self.design.components[number]
            if component.root.kind not in FRAMES:
                continue
            self.places[number] = len(components)
            components.append({"name": component.name, "variant": dict(component.variant), "node": len(self.nodes)})
            self._tree(component.root, component=component.name)
        for root in self.design.roots:
            self._tree(root)
        text_styles = [{"name": name} | self.type.style(style) for name, style in self.design.styles]
        effects = [
            {"name": name, "effects": [self.paints.shadow(s) for s in shadows]} for name, shadows in self.design.shadows
        ]
        return {
            "format": FORMAT,
            "fonts": [{"family": family, "style": style} for family, style in self.type.loaded],
            "paintStyles": [
                {"name": name, "paints": [self.paints.literal(color)]} for name, color in self.design.palette
            ],
            "textStyles": text_styles,
            "effectStyles": effects,
            "numbers": {
                "space": [{"name": name, "value": value} for name, value in self.design.spaces],
                "radius": [{"name": name, "value": value} for name, value in self.design.corners],
            },
            "images": [{"slot": name, "url": self.images.get(name)} for name in sorted(self.paints.slots)],
            "components": components,
            "notes": [f"{text} ({count}×)" if count > 1 else text for text, count in self.notes.items()],
            "nodes": self.nodes,
        }

    def _note(self, text: str) -> None:
        self.notes[text] = self.notes.get(text, 0) + 1

    def _tree(self, root: Node, component: str = "") -> None:
        stack: list[tuple[Node, Node | None, int | None, Cell4 | None]] = [(root, None, None, None)]
        while stack:
            node, parent, parent_id, cell = stack.pop()
            own = len(self.nodes)
            found = self.instances.resolve(node) if node.kind == "use" else node
            if isinstance(found, Instance):
                self.nodes.append(self._instance(node, found, parent, parent_id, cell))
                continue
            if node.kind == "use":
                self._note("an instance that Figma cannot hold: made of plain layers")
            top = component if parent_id is None else ""
            entry, cells = self._node(found, parent, parent_id, cell, top)
            self.nodes.append(entry)
            if found.kind in FRAMES:
                flow = iter(cells if found.kind == "grid" else ())
                entries = [
                    (child, found, own, next(flow) if found.kind == "grid" and child.at is None else None)
                    for child in found.children
                ]
                stack.extend(reversed(entries))

    def _node(
        self, node: Node, parent: Node | None, parent_id: int | None, cell: Cell4 | None, component: str
    ) -> tuple[dict[str, Any], list[Cell4]]:
        cells = grid_cells(node) if node.kind == "grid" else []
        entry = self._look(node, cells)
        if component:
            entry["type"] = "COMPONENT"
        entry["parent"] = parent_id
        if component:
            entry["props"]["name"] = component
        self._placing(entry, node, parent, cell)
        return entry, cells

    def _placing(self, entry: dict[str, Any], node: Node, parent: Node | None, cell: Cell4 | None) -> None:
        kind = entry["type"]
        size = extent(node, parent)
        entry["resize"] = [max(0.01, size[0]), max(0.01, size[1])]
        if cell is not None:
            entry["cell"], entry["span"] = list(cell[:2]), list(cell[2:])
        entry["sizing"] = sizing(node, parent, kind)
        entry["limits"] = limits(node, parent, kind)
        entry["place"] = place(node, parent, size)

    def _look(self, node: Node, cells: list[Cell4]) -> dict[str, Any]:
        """Type, properties, ranges and data of a layer: all but where it stands and how large it is."""
        kind = "FRAME" if node.kind in FRAMES else _TYPES.get(node.kind, "FRAME")
        entry: dict[str, Any] = {"type": kind, "props": {"name": node.name or _name(node)}}
        props = entry["props"]
        drawn = next((p for p in node.fills if isinstance(p, SlotPaint)), None) if kind == "SVG" else None
        if kind == "SVG":
            entry["svg"] = self.drawings.get(drawn.slot, "") if drawn else ""
            if not entry["svg"]:
                entry["type"] = kind = "RECTANGLE"
        if kind == "TEXT":
            self.type.text(node, entry)
        elif kind != "SVG":
            props["fills"] = [self.paints.paint(p) for p in node.fills]
            if token := self.paints.token(node.fills):
                props["fillStyle"] = token
        self._strokes(node, props)
        self._shape(node, kind, props)
        if kind == "FRAME":
            layout(node, cells, props)
        entry["data"] = _data(node, drawn)
        return entry

    def _strokes(self, node: Node, props: dict[str, Any]) -> None:
        if not node.strokes:
            return
        first = node.strokes[0]
        if any(stroke.paint != first.paint or stroke.dash != first.dash for stroke in node.strokes):
            self._note("borders of several paints on one layer: all have the first one's")
        props["strokes"] = [self.paints.paint(first.paint)]
        props["strokeAlign"] = _EDGES[first.place]
        widths = [max(stroke.widths[i] for stroke in node.strokes) for i in range(4)]
        shape = node.kind in FRAMES or node.kind in ("rect", "img", "line", "use")
        if len(set(widths)) == 1 or not shape:
            props["strokeWeight"] = max(widths)
        else:
            for side, width in zip(_SIDES, widths, strict=True):
                props[f"stroke{side}Weight"] = width
        if first.dash != "solid":
            unit = max(widths) or 1.0
            props["dashPattern"] = [unit * 3, unit * 2] if first.dash == "dashed" else [unit, unit]

    def _shape(self, node: Node, kind: str, props: dict[str, Any]) -> None:
        if node.radii != ZERO and kind in ("FRAME", "RECTANGLE"):
            if len(set(node.radii)) == 1:
                props["cornerRadius"] = node.radii[0]
            else:
                props |= dict(zip(_CORNERS, node.radii, strict=True))
        effects = [self.paints.shadow(shadow) for shadow in node.shadows]
        for radius, name in ((node.blur, "LAYER_BLUR"), (node.backdrop, "BACKGROUND_BLUR")):
            if radius:
                effects.append({"type": name, "blurType": "NORMAL", "radius": radius * 2, "visible": True})
        if effects:
            props["effects"] = effects
            if not (node.blur or node.backdrop) and (style := self.shadows.get(node.shadows)):
                props["effectStyle"] = style
        if node.opacity != 1:
            props["opacity"] = node.opacity
        if node.blend != "normal":
            blend = "LINEAR_DODGE" if node.blend == "plus-lighter" else node.blend.replace("-", "_").upper()
            props["blendMode"] = blend
        if node.rotation:
            props["rotation"] = -node.rotation if node.rotation != 180 else 180.0
        if not node.visible:
            props["visible"] = False

    def _instance(
        self, node: Node, found: Instance, parent: Node | None, parent_id: int | None, cell: Cell4 | None
    ) -> dict[str, Any]:
        root_base, root = found.changed[()]
        entry: dict[str, Any] = {"type": "INSTANCE", "component": self.places[found.component], "parent": parent_id}
        met = replace(root_base, name=node.component)  # an instance is met under its component's name
        entry["props"] = self._changes(met, root)["props"]
        inside = ({"path": list(path)} | self._changes(*pair) for path, pair in found.changed.items() if path != ())
        entry["overrides"] = [override for override in inside if override["props"]]
        entry["data"] = _data(node, None) | {"use": print_node(replace(node, children=(), self_align=None))}
        self._placing(entry, root, parent, cell)
        if root.width == root_base.width and root.height == root_base.height:
            entry["resize"] = None
        return entry

    def _changes(self, base: Node, made: Node) -> dict[str, Any]:
        """The properties that differ, and for text all of its type and its ranges."""
        cells: list[Cell4] = []
        before, after = self._look(base, cells), self._look(made, cells)
        if made.kind == "t" and before != after:
            lines = any("textDecoration" in props for props in (before["props"], *before["ranges"]))
            unlined = {"textDecoration": "NONE"} if lines else {}  # it would stay on the canvas
            return {"props": unlined | after["props"], "ranges": after["ranges"]}
        reset = {"effects": [], "strokes": [], "opacity": 1.0, "blendMode": "PASS_THROUGH", "visible": True}
        reset |= {"cornerRadius": 0.0, "rotation": 0.0}
        gone = {name: reset[name] for name in before["props"] if name in reset and name not in after["props"]}
        kept = {name: v for name, v in after["props"].items() if before["props"].get(name, gone) != v}
        return {"props": gone | kept}


def _data(node: Node, drawn: SlotPaint | None) -> dict[str, str]:
    """What the layer says that Figma has no place for, by the notation's own names."""
    data = {"role": node.role, "bind": node.bind, "shown": node.shown, "raw": node.raw}
    if node.ratio:
        data["ratio"] = ratio_text(node.ratio)
    if node.link and node.kind != "t":
        data["link"] = node.link
    if node.kind in ("img", "svg", "line") or (node.kind == "use" and not node.component):
        data["kind"] = node.kind
    if drawn:
        data["slot"] = drawn.slot
    return {name: value for name, value in data.items() if value}


def _name(node: Node) -> str:
    if node.kind == "t":
        words = "".join(run.text for run in node.runs).replace(SOFT_BREAK, " ").split()
        return " ".join(words)[:40] or "Text"
    return _NAMES.get(node.kind, node.kind.capitalize())
