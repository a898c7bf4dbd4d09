"""Tables for HTML: in a design a table is a column of grids of equal columns, and no row knows of the others' texts.

Where text changes, a browser's table gives each column room by what stands in all of its rows. So where a page may
reflow, what a design calls a table is laid out as one.
"""

from __future__ import annotations

from typing import Literal

from design.to.html_rules import four, padding, px
from design.tree import FILL, Node, walk

_VERTICAL = {"start": "top", "center": "middle", "end": "bottom", "baseline": "baseline"}
Part = Literal["table", "rows", "row", "cell"]


def table_parts(root: Node) -> dict[int, Part]:
    """What each node below a table is to it, by id(node); nothing of tables that are no plain rows of single cells."""
    found: dict[int, Part] = {}
    for node, _ in walk(root):
        if node.role == "table" and id(node) not in found and (parts := _parts(node)) is not None:
            found |= parts
    return found


def _parts(table: Node) -> dict[int, Part] | None:
    """A table's own parts, or None where it is laid out in another way."""
    parts: dict[int, Part] = {id(table): "table"}
    if table.kind != "col" or any(table.gap):
        return None
    rows = _rows(table, parts)
    if rows is None or len({len(row.children) for row in rows}) != 1 or len(rows) < 2:
        return None
    for row in rows:
        parts[id(row)] = "row"
        parts |= dict.fromkeys(map(id, row.children), "cell")
    return parts


def _rows(group: Node, parts: dict[int, Part]) -> list[Node] | None:
    """The rows below a column of them, noting the columns in between; None where something else is there."""
    rows: list[Node] = []
    for child in group.children:
        if child.at is not None or child.width != FILL:
            return None
        if child.kind == "grid" and _is_row(child):
            rows.append(child)
        elif child.kind == "col" and _bare(child) and not child.fills and parts.setdefault(id(child), "rows"):
            inner = _rows(child, parts) if id(group) not in parts or parts[id(group)] == "table" else None
            if inner is None:
                return None
            rows += inner
        else:
            return None
    return rows


def _is_row(grid: Node) -> bool:
    columns = len(grid.column_tracks) or grid.columns
    single = all(child.at is None and child.cell is None for child in grid.children)
    return _bare(grid) and 1 < columns == len(grid.children) and single


def _bare(node: Node) -> bool:
    """Whether a frame has nothing that a part of a table cannot have: gaps, paddings, borders, corners, shadows."""
    own = (node.strokes, node.shadows, node.blur, node.backdrop, node.rotation, any(node.radii), node.clip)
    return not any(node.padding) and not any(node.gap) and not any(own)


def part_rules(node: Node, part: Part) -> list[str]:
    """How a table, its rows and columns of rows are laid out."""
    if part == "rows":
        return ["display:table-row-group"]
    if part == "row":
        return ["display:table-row", *([f"height:{px(node.min_height)}"] if node.min_height else [])]
    rules = ["display:table;border-spacing:0"]
    if node.width == FILL:
        rules.append("width:100%")
    return [*rules, f"padding:{four(inside)}"] if any(inside := padding(node)) else rules


def cell_rules(node: Node, row: Node) -> list[str]:
    """What stands around a cell; with any height of its own, a child can be as high as the row."""
    align = "start" if node.height == FILL else node.self_align or row.align
    rules = [f"display:table-cell;height:1px;vertical-align:{_VERTICAL[align]}"]
    place = next(i for i, child in enumerate(row.children) if child is node)  # cells may well be equal
    track = row.column_tracks[place] if row.column_tracks else None
    return [*rules, f"width:{px(track.value)}"] if track is not None and track.unit == "px" else rules
