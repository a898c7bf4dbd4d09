"""Auto layout, sizing, position and grids in the Plugin API's terms."""

from __future__ import annotations

import math
from typing import Any

from design.tree import FILL, HUG, Cell, Length, Node, Track

_MODES = {"row": "HORIZONTAL", "col": "VERTICAL", "grid": "GRID", "box": "NONE"}
_JUSTIFY = {"start": "MIN", "center": "CENTER", "end": "MAX", "between": "SPACE_BETWEEN"}
ALIGN = {"start": "MIN", "center": "CENTER", "end": "MAX", "baseline": "BASELINE"}
_SIZING = ("layoutSizingHorizontal", "layoutSizingVertical")
_PINS = {"l": "MIN", "c": "CENTER", "r": "MAX", "h": "STRETCH", "x": "SCALE"}
_PINS |= {"t": "MIN", "m": "CENTER", "b": "MAX", "v": "STRETCH", "y": "SCALE"}
_SCROLL = {"x": "HORIZONTAL", "y": "VERTICAL", "xy": "BOTH"}
_TRACK = {"fr": "FLEX", "px": "FIXED", "hug": "HUG"}
MAX_TRACKS = 200  # columns or rows of a grid that are taken over
_SOME = 100.0  # px, where nothing says how large something is


def layout(node: Node, cells: list[tuple[int, int, int, int]], props: dict[str, Any]) -> None:
    """How a frame arranges its children; `cells` are those of a grid's."""
    props["layoutMode"] = _MODES[node.kind]
    props["clipsContent"] = node.clip or bool(node.scroll)
    if node.scroll:
        props["overflowDirection"] = _SCROLL[node.scroll]
    if node.kind == "box":
        return
    for side, value in zip(("Top", "Right", "Bottom", "Left"), node.padding, strict=True):
        props[f"padding{side}"] = max(0.0, value)
    if node.kind == "grid":
        _grid(node, cells, props)
        return
    props["strokesIncludedInLayout"] = False
    props["primaryAxisAlignItems"] = _JUSTIFY[node.justify]
    baseline = node.align == "baseline" and node.kind == "col"  # columns have none
    props["counterAxisAlignItems"] = "MIN" if baseline else ALIGN[node.align]
    props["itemSpacing"] = node.gap[0]
    if node.wrap and node.kind == "row":
        props["layoutWrap"] = "WRAP"
        props["counterAxisSpacing"] = max(0.0, node.gap[1])


def _grid(node: Node, cells: list[tuple[int, int, int, int]], props: dict[str, Any]) -> None:
    rows = max([1, min(len(node.row_tracks), MAX_TRACKS), *(row + down for row, _, down, _ in cells)])
    columns = max([1, min(node.columns, MAX_TRACKS), *(column + across for _, column, _, across in cells)])
    props["gridColumnCount"], props["gridRowCount"] = columns, rows
    props["gridColumnGap"], props["gridRowGap"] = max(0.0, node.gap[0]), max(0.0, node.gap[1])
    tracks = node.column_tracks or (Track(),) * max(1, node.columns)
    props["gridColumnSizes"] = _tracks(tracks, columns, node.width == HUG)
    props["gridRowSizes"] = _tracks(node.row_tracks, rows, node.height == HUG)


def _tracks(tracks: tuple[Track, ...], count: int, hugs: bool) -> list[dict[str, Any]]:
    """`count` sizes; what is not said hugs, and nothing can flex in what hugs."""
    sizes: list[dict[str, Any]] = []
    for track in tracks[:count]:
        type_ = "HUG" if hugs and track.unit == "fr" else _TRACK[track.unit]
        sizes.append({"type": type_} | ({} if type_ == "HUG" else {"value": track.value}))
    return sizes + [{"type": "HUG"} for _ in range(count - len(sizes))]


def grid_cells(grid: Node) -> list[tuple[int, int, int, int]]:
    """Row, column (from 0) and rows, columns covered of each child in the flow: CSS's sparse row placement.

    Two that are put into one cell lie there together in CSS, which Figma does not have: the later one moves on.
    """
    children = [_bounded(child.cell or Cell()) for child in grid.children if child.at is None]
    columns = max(
        [1, min(grid.columns, MAX_TRACKS), *(c.column - 1 + c.columns if c.column else c.columns for c in children)]
    )
    taken: set[tuple[int, int]] = set()
    placed = []
    cursor = (0, 0)
    for cell in children:
        row, column = (cell.row - 1, cell.column - 1) if cell.row and cell.column else _next(cell, cursor, columns)
        while not _free(taken, row, column, cell):
            row, column = _after(cell, row, column, columns)
        taken |= {(row + i, column + j) for i in range(cell.rows) for j in range(cell.columns)}
        placed.append((row, column, cell.rows, cell.columns))
        if not cell.row and not cell.column:
            cursor = (row, column + cell.columns)
    return placed


def _bounded(cell: Cell) -> Cell:
    column, row = min(cell.column, MAX_TRACKS), min(cell.row, MAX_TRACKS)
    return Cell(column, row, min(cell.columns, MAX_TRACKS), min(cell.rows, MAX_TRACKS))


def _next(cell: Cell, cursor: tuple[int, int], columns: int) -> tuple[int, int]:
    row, column = cursor
    if cell.row:
        return cell.row - 1, 0
    if cell.column:
        return (row + 1 if cell.column - 1 < column else row), cell.column - 1
    return (row, column) if column + cell.columns <= columns else (row + 1, 0)


def _after(cell: Cell, row: int, column: int, columns: int) -> tuple[int, int]:
    if cell.column or column + 1 + cell.columns > columns:
        return row + 1, (cell.column or 1) - 1
    return row, column + 1


def _free(taken: set[tuple[int, int]], row: int, column: int, cell: Cell) -> bool:
    return not any((row + i, column + j) in taken for i in range(cell.rows) for j in range(cell.columns))


def sizing(node: Node, parent: Node | None, kind: str) -> dict[str, str]:
    """FIXED, HUG or FILL an axis, where the API takes it: after appending."""
    auto = kind in ("FRAME", "COMPONENT", "INSTANCE") and node.kind != "box"
    flows = parent is not None and parent.kind != "box" and node.at is None
    found = {}
    for axis, (name, length) in enumerate(zip(_SIZING, (node.width, node.height), strict=True)):
        can_hug = auto or (kind == "TEXT" and flows)
        if length == FILL and flows and parent is not None and not _shares_nothing(parent, axis):
            found[name] = "FILL"
        elif isinstance(length, str) and can_hug and (length == HUG or flows):
            found[name] = "HUG"
        elif auto or flows:
            found[name] = "FIXED"
    return found


def _shares_nothing(parent: Node, axis: int) -> bool:
    """Whether a parent hugs along its main axis, so that there is nothing to share among those that would fill."""
    return parent.kind == ("row", "col")[axis] and (parent.width, parent.height)[axis] == HUG


def limits(node: Node, parent: Node | None, kind: str) -> dict[str, float]:
    """Least and greatest sizes, where the API takes them: on auto layout and its children, after appending."""
    auto = kind in ("FRAME", "COMPONENT", "INSTANCE") and node.kind != "box"
    if not auto and (parent is None or parent.kind == "box"):
        return {}
    found = {"minWidth": node.min_width or None, "minHeight": node.min_height or None}
    found |= {"maxWidth": node.max_width or None, "maxHeight": node.max_height or None}
    return {name: value for name, value in found.items() if value is not None}


def place(node: Node, parent: Node | None, size: tuple[float, float]) -> dict[str, Any]:
    """Position and constraints, for after the sizing; what flows has none."""
    if parent is None:
        return {}
    if node.at is None:
        found: dict[str, Any] = {}
        if parent.kind == "box":
            found["x"], found["y"] = turned(parent.padding[3], parent.padding[0], size, node.rotation)
        return found
    found = {} if parent.kind == "box" else {"layoutPositioning": "ABSOLUTE"}
    found["x"], found["y"] = turned(node.at.x, node.at.y, size, node.rotation)
    if node.at.pin:
        across = next((_PINS[c] for c in node.at.pin if c in "lcrhx"), "MIN")
        down = next((_PINS[c] for c in node.at.pin if c in "tmbvy"), "MIN")
        found["constraints"] = {"horizontal": across, "vertical": down}
    return found


def turned(x: float, y: float, size: tuple[float, float], degrees: float) -> tuple[float, float]:
    """Where the top left corner comes to lie: Figma turns about it, the tree about the middle."""
    if not degrees:
        return x, y
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    half_width, half_height = size[0] / 2, size[1] / 2
    dx = half_width - half_width * cosine + half_height * sine
    dy = half_height - half_width * sine - half_height * cosine
    return round(x + dx, 2) + 0.0, round(y + dy, 2) + 0.0


def _locked(node: Node) -> bool:
    """Whether a layer's height follows its width."""
    return bool(node.ratio) and node.width == FILL and not isinstance(node.height, str)


def extent(node: Node, parent: Node | None) -> tuple[float, float]:
    """A size in numbers; what fills or hugs starts from what its parent or its children say."""
    return _extent(node, parent, 0), _extent(node, parent, 1)


def _extent(node: Node, parent: Node | None, axis: int) -> float:
    length: Length = (node.width, node.height)[axis]
    if not isinstance(length, str):
        return length
    if length == FILL and parent is not None:
        if _locked(node) and axis == 0:
            return round(float(node.height) * node.ratio, 2)
        outer: Length = (parent.width, parent.height)[axis]
        return outer if not isinstance(outer, str) else _SOME
    ends = [0.0]
    for child in node.children:
        size: Length = (child.width, child.height)[axis]
        start = (child.at.x, child.at.y)[axis] if child.at else node.padding[0 if axis else 3]
        ends.append(round(start + (size if not isinstance(size, str) else 0.0), 2))
    return max(ends) or _SOME
