"""Design tree → a Penpot file (`.penpot`, export format 3): a ZIP of JSON, an entry a shape, with flex and grid layout.

Facts about the format are those of Penpot's `binfile/v3` and its shape schemas: keys in camelCase, coordinates absolute
on the page, `shapes` from the bottom to the top, which in a flex layout is from the last child to the first.
"""

from __future__ import annotations

import io
import json
import math
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

from design.to.figma_layout import grid_cells
from design.to.layout import Places, Rect, lay_out
from design.to.penpot_paint import Ink, PictureFiles
from design.to.penpot_text import Texts
from design.tree import FRAMES, ZERO, Design, Node, Solid, expand, walk

ROOT = "00000000-0000-0000-0000-000000000000"
VERSION = 67  # of the file's data; Penpot brings older ones up to date by itself
FEATURES = ["components/v2", "fdata/shape-data-type", "layout/grid", "styles/v2"]
_SPACE = uuid.UUID("6b1f0c1e-6c0a-5c5e-9c39-0d6a4f2b7a10")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TYPES = {"t": "text", "oval": "circle"}
_JUSTIFY = {"start": "start", "center": "center", "end": "end", "between": "space-between"}
_ALIGN = {"start": "start", "center": "center", "end": "end", "baseline": "start"}
_SIZING = {"fill": "fill", "hug": "auto"}
_PIN_H = {"l": "left", "c": "center", "r": "right", "h": "leftright", "x": "scale"}
_PIN_V = {"t": "top", "m": "center", "b": "bottom", "v": "topbottom", "y": "scale"}
_TRACKS = {"fr": "flex", "px": "fixed", "hug": "auto"}


def to_penpot(
    design: Design, *, slots: Mapping[str, str] | None = None, places: Places | None = None, name: str = "Design"
) -> bytes:
    """The bytes of a `.penpot` file, the same for the same design.

    `slots` maps names to inlined images (data URLs) or SVG source; addresses are left out, since a file of Penpot holds
    its pictures. `places` as for `to_svg`. Components become plain boards; what Penpot has no place for (blend modes of
    CSS alone, backdrop blur, conic gradients) is left out or is its first colour.
    """
    plain = expand(design)
    return _File(plain, slots or {}, places or lay_out(plain), name).zip()


class _File:
    def __init__(self, design: Design, slots: Mapping[str, str], places: Places, name: str) -> None:
        self.design, self.places, self.name = design, places, name or "Design"
        self.made = 0
        self.id, self.page = self._id("file"), self._id("page")
        self.pictures = PictureFiles(slots, self._id)
        colors = {key: self._id(f"color {key}") for key, _ in design.palette}
        self.ink = Ink(dict(design.palette), colors, self.id, self.pictures)
        self.texts = Texts(design, self.ink, {key: self._id(f"type {key}") for key, _ in design.styles}, self.id)
        self.shapes: dict[str, dict[str, Any]] = {}

    def _id(self, what: str) -> str:
        return str(uuid.uuid5(_SPACE, what))

    def _next(self) -> str:
        self.made += 1
        return self._id(f"shape {self.made}")

    def zip(self) -> bytes:
        tops = []
        number = 0
        for root in self.design.roots:
            tops.append(self._tree(root, number))
            number += sum(1 for _ in walk(root))
        self.shapes[ROOT] = self._geometry(ROOT, "frame", "Root Frame", Rect(0, 0, 0.01, 0.01), 0.0) | {
            "parentId": ROOT, "frameId": ROOT, "shapes": tops, "fills": [{"fillColor": "#FFFFFF", "fillOpacity": 1}],
            "strokes": [], "hideFillOnExport": False,
        }  # fmt: skip
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in self._entries():
                archive.writestr(zipfile.ZipInfo(path, _EPOCH), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def _entries(self) -> list[tuple[str, bytes]]:
        base = f"files/{self.id}"
        manifest = {
            "type": "penpot/export-files", "version": 1, "generatedBy": "gesso", "referer": "gesso",
            "files": [{"id": self.id, "name": self.name, "features": FEATURES}], "relations": [],
        }  # fmt: skip
        file = {
            "id": self.id, "name": self.name, "features": FEATURES, "version": VERSION, "isShared": False,
            "options": {"componentsV2": True},
        }  # fmt: skip
        found = [("manifest.json", _json(manifest)), (f"{base}.json", _json(file))]
        found.append((f"{base}/pages/{self.page}.json", _json({"id": self.page, "name": "Page 1", "index": 0})))
        found += [(f"{base}/pages/{self.page}/{key}.json", _json(shape)) for key, shape in self.shapes.items()]
        found += [(f"{base}/colors/{color['id']}.json", _json(color)) for color in self.ink.library()]
        found += [(f"{base}/typographies/{type_['id']}.json", _json(type_)) for type_ in self.texts.library()]
        return found + self.pictures.entries(base)

    def _tree(self, root: Node, number: int) -> str:
        """Make the shapes of a tree; the id of its root."""
        top = self._next()
        stack: list[tuple[Node, Node | None, str, str, int]] = [(root, None, top, ROOT, number)]
        while stack:
            node, parent, own, above, at = stack.pop()
            rect = self.places.rects.get(at, Rect(0, 0, 0, 0))
            shape = self._shape(node, own, rect, at)
            shape |= {"parentId": above, "frameId": above}
            if parent is not None:
                shape |= _item(node, parent)
            self.shapes[own] = shape
            if node.kind not in FRAMES:
                continue
            children = []
            following = at + 1
            for child in node.children:
                children.append((child, self._next(), following))
                following += sum(1 for _ in walk(child))
            shape["shapes"] = _stacked(node, [(child, key) for child, key, _ in children]) + self._bars(node, own, rect)
            if node.kind == "grid":
                shape["layoutGridCells"] = self._cells(node, [key for child, key, _ in children if child.at is None])
            stack += [(child, node, key, own, count) for child, key, count in reversed(children)]
        return top

    def _geometry(self, key: str, type_: str, name: str, rect: Rect, degrees: float) -> dict[str, Any]:
        x, y, width, height = rect.x, rect.y, max(0.01, rect.width), max(0.01, rect.height)
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        cx, cy = x + width / 2, y + height / 2
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        points = [
            {"x": _r(cx + (px - cx) * cosine - (py - cy) * sine), "y": _r(cy + (px - cx) * sine + (py - cy) * cosine)}
            for px, py in corners
        ]
        return {
            "id": key, "name": name, "type": type_, "x": _r(x), "y": _r(y), "width": _r(width), "height": _r(height),
            "rotation": degrees % 360, "pageId": self.page, "points": points,
            "selrect": {
                "x": _r(x), "y": _r(y), "width": _r(width), "height": _r(height),
                "x1": _r(x), "y1": _r(y), "x2": _r(x + width), "y2": _r(y + height),
            },
            "transform": {"a": _r(cosine), "b": _r(sine), "c": _r(-sine), "d": _r(cosine), "e": 0, "f": 0},
            "transformInverse": {"a": _r(cosine), "b": _r(-sine), "c": _r(sine), "d": _r(cosine), "e": 0, "f": 0},
        }  # fmt: skip

    def _shape(self, node: Node, key: str, rect: Rect, number: int) -> dict[str, Any]:
        frame = node.kind in FRAMES
        type_ = "frame" if frame else _TYPES.get(node.kind, "rect")
        name = (
            node.name
            or (" ".join("".join(r.text for r in node.runs).split())[:40] if node.kind == "t" else "")
            or type_
        )
        shape = self._geometry(key, type_, name, rect, node.rotation)
        shape["strokes"] = [self.ink.stroke(s) for s in node.strokes if len(set(s.widths)) == 1 and s.widths[0]]
        if node.kind == "t":
            shape |= self.texts.content(node) | {"strokes": []}
        else:
            shape["fills"] = [fill for paint in reversed(node.fills) if (fill := self.ink.fill(paint, rect))]
        if node.radii != ZERO and type_ in ("frame", "rect"):
            shape |= dict(zip(("r1", "r2", "r3", "r4"), node.radii, strict=True))
        if node.opacity != 1:
            shape["opacity"] = node.opacity
        if node.blend not in ("normal", "plus-lighter"):
            shape["blendMode"] = node.blend
        if node.shadows:
            shape["shadow"] = [self.ink.shadow(s, self._id(f"shadow {number} {i}")) for i, s in enumerate(node.shadows)]
        if node.blur:
            blur = {"id": self._id(f"blur {number}"), "type": "layer-blur", "value": node.blur, "hidden": False}
            shape["blur"] = blur
        if frame:
            shape |= {"showContent": not (node.clip or node.scroll), "hideFillOnExport": False} | _layout(node)
        return shape

    def _bars(self, node: Node, frame: str, rect: Rect) -> list[str]:
        """Borders of single sides, which Penpot does not have, as thin rectangles on top."""
        made = []
        for stroke in node.strokes:
            top, right, bottom, left = stroke.widths
            if len({top, right, bottom, left}) == 1:
                continue
            edge_x, edge_y = rect.x + rect.width, rect.y + rect.height
            bars = [Rect(rect.x, rect.y, rect.width, top), Rect(edge_x - right, rect.y, right, rect.height)]
            bars += [Rect(rect.x, edge_y - bottom, rect.width, bottom), Rect(rect.x, rect.y, left, rect.height)]
            for bar in bars:
                if min(bar.width, bar.height) <= 0:
                    continue
                key = self._next()
                fill = self.ink.fill(stroke.paint, bar) or self.ink.fill(Solid("#888888"), bar)
                shape = self._geometry(key, "rect", "Border", bar, 0.0) | {"fills": [fill], "strokes": []}
                self.shapes[key] = shape | {"parentId": frame, "frameId": frame, "layoutItemAbsolute": True}
                made.append(key)
        return made

    def _cells(self, node: Node, keys: list[str]) -> dict[str, Any]:
        cells: dict[str, Any] = {}
        for key, (row, column, rows, columns) in zip(keys, grid_cells(node), strict=True):
            cell = self._id(f"cell {key}")
            cells[cell] = {
                "id": cell, "row": row + 1, "column": column + 1, "rowSpan": rows, "columnSpan": columns,
                "position": "manual", "alignSelf": "auto", "justifySelf": "auto", "shapes": [key],
            }  # fmt: skip
        return cells


def _layout(node: Node) -> dict[str, Any]:
    if node.kind == "box":
        return {}
    top, right, bottom, left = (max(0.0, p) for p in node.padding)
    main, cross = (max(0.0, g) for g in node.gap)
    found: dict[str, Any] = {
        "layoutPaddingType": "multiple", "layoutPadding": {"p1": top, "p2": right, "p3": bottom, "p4": left},
        "layoutGapType": "multiple",
    }  # fmt: skip
    if node.kind == "grid":
        cells = grid_cells(node)
        columns = max([1, node.columns, *(c + w for _, c, _, w in cells)])
        rows = max([1, len(node.row_tracks), *(r + h for r, _, h, _ in cells)])
        tracks = [{"type": _TRACKS[t.unit], "value": t.value} for t in node.column_tracks]
        lines = [{"type": _TRACKS[t.unit], "value": t.value} for t in node.row_tracks]
        return found | {
            "layout": "grid", "layoutGridDir": "row", "layoutGap": {"rowGap": cross, "columnGap": main},
            "layoutGridColumns": (tracks + [{"type": "flex", "value": 1}] * columns)[:columns],
            "layoutGridRows": (lines + [{"type": "auto", "value": 1}] * rows)[:rows],
        }  # fmt: skip
    row = node.kind == "row"
    return found | {
        "layout": "flex", "layoutFlexDir": "row" if row else "column",
        "layoutGap": {"rowGap": cross if row else main, "columnGap": main if row else cross},
        "layoutWrapType": "wrap" if node.wrap and row else "nowrap",
        "layoutJustifyContent": _JUSTIFY[node.justify], "layoutAlignItems": _ALIGN[node.align],
        "layoutAlignContent": "start",
    }  # fmt: skip


def _item(node: Node, parent: Node) -> dict[str, Any]:
    """What a child says to its parent's layout, or where it is pinned."""
    auto = node.kind in ("row", "col", "grid", "t")
    found: dict[str, Any] = {}
    for axis, length in (("H", node.width), ("V", node.height)):
        word = _SIZING.get(str(length), "fix")
        found[f"layoutItem{axis}Sizing"] = "fix" if word == "auto" and not auto else word
    if node.at is not None or parent.kind == "box":
        pins = node.at.pin if node.at else ""
        found |= {
            "constraintsH": next((_PIN_H[c] for c in pins if c in _PIN_H), "left"),
            "constraintsV": next((_PIN_V[c] for c in pins if c in _PIN_V), "top"),
        }
        if parent.kind != "box":
            found["layoutItemAbsolute"] = True
    limits = {"layoutItemMinW": node.min_width, "layoutItemMaxW": node.max_width}
    limits |= {"layoutItemMinH": node.min_height, "layoutItemMaxH": node.max_height}
    found |= {name: value for name, value in limits.items() if value}
    if node.ratio:
        found |= {"proportion": node.ratio, "proportionLock": True}
    if node.self_align in ("start", "center", "end"):
        found["layoutItemAlignSelf"] = node.self_align
    return found


def _stacked(node: Node, children: list[tuple[Node, str]]) -> list[str]:
    """Bottom to top. A flex layout counts its children from the top, so that they stand there in reverse."""
    if node.kind not in ("row", "col"):
        return [key for _, key in children]
    flow = [i for i, (child, _) in enumerate(children) if child.at is None]
    first = flow[0] if flow else len(children)
    behind = [key for i, (child, key) in enumerate(children) if child.at is not None and i < first]
    before = [key for i, (child, key) in enumerate(children) if child.at is not None and i >= first]
    return behind + [children[i][1] for i in reversed(flow)] + before


def _r(value: float) -> float:
    return round(value, 4) + 0.0


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8", "replace")
