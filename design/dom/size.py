"""Planned items → nodes: what hugs, what fills and what is fixed, then the tree from the leaves up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from design.dom.cells import cell_of, room
from design.dom.items import Item, Plan
from design.tree import FILL, HUG, SOFT_BREAK, At, Cell, Kind, Length, Node, Track

_NEAR = 0.3
_EXACT = 0.06  # what hugs must hug exactly: the error of one is moved to all that follow
_ODD = 0.1  # what proportions may be off by
_SLACK = 1.0  # a line of text with less room than this would break where fonts differ
_MARGIN = 48.0  # px below the content of a cell that are taken for a margin


def build(root: Item) -> Node:
    """The node of a planned item. Not recursive."""
    order: list[Item] = []
    stack = [root]
    while stack:
        item = stack.pop()
        order.append(item)
        stack.extend(item.plan.children if item.plan else [])
    for item in reversed(order):
        item.hugs = _hugs(item)
    root.size = (root.width, HUG if root.hugs[1] else root.height)
    for item in order:
        if item.plan:
            _size_children(item, item.plan)
    built: dict[int, Node] = {}
    for item in reversed(order):
        children = tuple(built.pop(id(child)) for child in item.plan.children) if item.plan else ()
        built[id(item)] = _node(item, children)
    return built[id(root)]


def _hugs(item: Item) -> tuple[bool, bool]:
    if item.kind == "t":
        return _unbroken(item) and item.width - item.natural[1] < _SLACK, True
    plan = item.plan
    if plan is None or plan.kind == "box":
        return False, False
    main = (plan.justify == "start" or plan.tight) and plan.flush
    if plan.kind == "col" and any(_stretches(child) and not child.hugs[1] for child in plan.flow):
        main = False  # it is its container that makes it so high, and that child takes what is left
    if plan.kind == "grid":
        return False, (main and item.hints.sizing[1] != "fixed") or item.hints.floor > 0
    across = any(_spans(child, plan, _EXACT) and _gives(child, 1 - plan.axis) for child in plan.flow)
    wide, high = (across, main) if plan.axis else (main, across)
    known = item.hints.sizing
    if known[1] == "hug" and not high and not plan.axis and not item.hints.floor:
        high = _made_high(plan)
    if known[1] == "hug" and not high and not item.hints.floor and plan.flow:
        item.hints.floor = item.height  # it grows with its content, which alone does not make it so high
    if known[0] == "hug" and not wide and plan.flow and item.hints.direction and _one_line(item):
        item.hints.least = item.width
    return (wide and known[0] not in ("fixed", "share")) or item.hints.least > 0, (
        high and known[1] != "fixed"
    ) or item.hints.floor > 0


def _one_line(item: Item) -> bool:
    """Whether every text in a frame is a line: more of it is more width."""
    stack = [item]
    while stack:
        part = stack.pop()
        if part.kind == "t" and part.lines > 1:
            return False
        stack.extend(part.plan.children if part.plan else ())
    return True


def _stretches(child: Item) -> bool:
    return child.hints.sizing[1] == "fill" and child.kind == "frame"


def _made_high(row: Plan) -> bool:
    """Let the fullest of a row's stretched columns be what makes it so high: what they all have below is padding."""
    able: list[tuple[Item, Plan, float]] = []
    for child in row.flow:
        plan = child.plan
        if plan is None or plan.kind != "col" or plan.justify != "start" or not plan.flow:
            continue
        if child.hints.sizing[1] == "fill" and _spans(child, row, _EXACT):
            able.append((child, plan, child.bottom - plan.padding[2] - plan.flow[-1].bottom))
    least = min((below for _, _, below in able), default=-1.0)
    if least < 0 or any(part.hints.sizing[1] == "fill" for _, plan, _ in able for part in plan.flow):
        return False
    for child, plan, below in able:
        plan.padding[2] += least
        child.hugs = child.hugs[0], child.hugs[1] or below - least <= _EXACT
    return True


def _snug(item: Item) -> bool:
    """Whether a text has no more room than it needs: a hundredth of a pixel less, and it would break."""
    return item.kind == "t" and item.hugs[0]


def _unbroken(item: Item) -> bool:
    """Whether no line of a text ends because its box does."""
    return item.lines == 1 or not any(SOFT_BREAK in run.text for run in item.look["runs"])


def _gives(child: Item, axis: int) -> bool:
    """Whether a child has an extent of its own on an axis."""
    return child.hugs[axis] if child.plan or child.kind == "t" else True


def _spans(child: Item, plan: Plan, near: float = _NEAR) -> bool:
    axis = 1 - plan.axis
    return abs(child.start(axis) - plan.content[0]) <= near and abs(child.end(axis) - plan.content[1]) <= near


def _size_children(frame: Item, plan: Plan) -> None:
    growing, stretched = _growing(frame, plan), _stretched(plan)
    cells = _in_rooms(plan)
    for child in plan.children:
        if child.absolute:
            child.size = _covering(child, frame, 0), _covering(child, frame, 1)
        elif id(child) in cells:
            child.size = cells[id(child)]
        elif plan.kind == "grid":
            child.size = FILL, FILL if id(child) in stretched else _own(child, 1)
        else:
            main: Length = FILL if id(child) in growing else _along(child, plan.axis)
            across = _across(child, plan, frame.size[1 - plan.axis] == HUG)
            child.size = (across, main) if plan.axis else (main, across)


def _covering(child: Item, frame: Item, axis: int) -> Length:
    """The extent of what is out of the flow: it fills a frame that it is held to on both sides."""
    near, far = child.start(axis) - frame.start(axis), frame.end(axis) - child.end(axis)
    if child.hints.sizing[axis] != "fill" or child.kind == "t":
        return _own(child, axis)
    if max(abs(near), abs(far)) < _EXACT and (child.hints.out or axis == 0):
        return FILL
    return _own(child, axis) if axis else child.extent(axis)


def _in_rooms(plan: Plan) -> dict[int, tuple[Length, Length]]:
    """The sizes of a grid's children whose cells are known; sets the rows that no content gives."""
    lines = plan.lines
    if lines is None:
        return {}
    found: dict[int, tuple[Length, Length]] = {}
    given: set[int] = set()
    for child, area in zip(plan.flow, plan.areas, strict=True):
        left, top, right, bottom = room(area, lines)
        wide = abs(child.x - left) <= _NEAR and abs(child.right - right) <= _NEAR
        high = abs(child.y - top) <= _EXACT and abs(child.bottom - bottom) <= _EXACT
        hugging = all(plan.tracks[column].unit == "hug" for column in range(area[0], area[2] + 1))
        fills = wide and not hugging and child.hints.sizing[0] not in ("hug", "fixed") and not _snug(child)
        tall = high and not _gives(child, 1) and plan.align != "baseline"
        found[id(child)] = FILL if fills else _own(child, 0), FILL if tall else _own(child, 1)
        if area[1] == area[3] and ((high and not tall) or plan.align == "baseline"):
            given.add(area[1])
    for row, cell in _fullest(plan, found).items():
        if row not in given and found[id(cell)][1] == FILL:
            _make_high(cell)
            found[id(cell)] = found[id(cell)][0], HUG
            given.add(row)
    if len(given) < len(lines.rows):
        plan.row_tracks = tuple(
            Track(0, "hug") if i in given else Track(end - start, "px") for i, (start, end) in enumerate(lines.rows)
        )
    return found


def _fullest(plan: Plan, sizes: dict[int, tuple[Length, Length]]) -> dict[int, Item]:
    """By row of a grid, the cell in it whose content reaches down farthest; of several the first that fills it."""
    found: dict[int, Item] = {}
    ends: dict[int, tuple[float, bool]] = {}
    for cell, area in zip(plan.flow, plan.areas, strict=True):
        if area[1] == area[3] and cell.plan and cell.plan.kind in ("row", "col") and cell.plan.flow:
            end = max(part.bottom for part in cell.plan.flow), sizes[id(cell)][1] == FILL
            if area[1] not in ends or end > ends[area[1]]:
                found[area[1]], ends[area[1]] = cell, end
    return found


def _make_high(cell: Item) -> None:
    """Have a cell make its row as high as it is: what little it has below its content is a margin, more is a floor."""
    assert cell.plan is not None
    below = cell.bottom - cell.plan.padding[2] - cell.plan.flow[-1].bottom
    if cell.plan.kind == "col" and cell.plan.justify == "start" and 0 <= below <= _MARGIN:
        cell.plan.padding[2] += below
    else:
        cell.hints.floor = cell.height


def _stretched(plan: Plan) -> set[int]:
    """The cells of a grid that are as high as their row because another cell makes it so."""
    if plan.kind != "grid" or plan.lines is not None:
        return set()
    found: set[int] = set()
    cells = plan.flow
    for i in range(0, len(cells), plan.columns):
        row = cells[i : i + plan.columns]
        high = max(child.height for child in row)
        full = [child for child in row if high - child.height <= _NEAR]
        if any(_gives(child, 1) for child in full):
            found |= {id(child) for child in full if child.plan and not child.hugs[1]}
    return found


def _along(child: Item, axis: int) -> Length:
    """The extent of a child along its frame: what would fill a column that has nothing to share is at least so high."""
    own = _own(child, axis)
    plan = child.plan
    if axis and own != HUG and child.hints.sizing[1] == "fill" and plan and plan.kind in ("row", "col") and plan.flow:
        child.hints.floor = child.height
        return HUG
    return own


def _own(child: Item, axis: int) -> Length:
    """The extent a child has by itself."""
    if child.kind == "t":
        return HUG if axis or child.hugs[0] else child.width
    return HUG if child.hugs[axis] else child.extent(axis)


def _across(child: Item, plan: Plan, hugged: bool) -> Length:
    axis = 1 - plan.axis
    if not _spans(child, plan) or (child.kind == "t" and axis == 1):
        return _own(child, axis)
    known = child.hints.sizing[axis]
    if axis == 0 and known:
        if known == "fill" and not hugged and not _snug(child):
            return FILL
        if known in ("hug", "fixed", "share"):
            return _own(child, axis)
    if child.kind == "t":
        if child.hugs[0] and not child.hints.block:
            return HUG
        return (
            FILL if not hugged or (child.width - child.natural[1] >= _SLACK and child.lines == 1) else _own(child, axis)
        )
    if child.plan and child.hugs[axis] and (hugged or axis == 1):
        return HUG
    if not child.plan and (hugged or child.kind == "svg" or (axis == 1 and child.extent(1) < 100)):
        return child.extent(axis)
    return FILL


def _growing(frame: Item, plan: Plan) -> set[int]:
    """The children that share what is left of a row."""
    if plan.kind == "col":
        tall = [child for child in plan.flow if _stretches(child)]
        alone = len(tall) == 1 and plan.justify == "start" and plan.flush and frame.size[1] != HUG
        return {id(tall[0])} if alone else set()
    if plan.kind != "row" or not (plan.justify == "start" or plan.tight) or not plan.full or frame.size[0] == HUG:
        return set()
    flow = [child for child in plan.flow if child.kind != "svg"]
    if any(child.hints.sizing[0] for child in flow):
        able = [child for child in flow if child.hints.sizing[0] in ("fill", "share") and not _snug(child)]
        return {id(child) for child in _alike(able)}
    able = [child for child in flow if child.hints.grow]
    if not able:
        frames = [child for child in flow if child.kind in ("frame", "img") and not child.hugs[0]]
        by_width: dict[int, list[Item]] = {}
        for child in frames:
            by_width.setdefault(round(child.width), []).append(child)
        able = max((same for same in by_width.values() if len(same) > 1), key=len, default=[])
    if not able:
        texts = [child for child in flow if child.kind == "t" and child.lines > 1]
        able = texts if len(texts) == 1 else []
    return {id(child) for child in _alike(able)}


def _alike(able: list[Item]) -> list[Item]:
    """Those of one width, else the widest alone: what fills a row shares it evenly."""
    if len(able) > 1 and max(c.width for c in able) - min(c.width for c in able) > 0.1:
        return [max(able, key=lambda c: c.width)]
    return able


def _node(item: Item, children: tuple[Node, ...]) -> Node:
    look = dict(item.look)
    place: dict[str, Any] = {}
    if item.plan is None and item.kind == "frame":
        kind: Kind = "oval" if _round(item) else "rect"
    else:
        kind = item.plan.kind if item.plan else item.kind  # type: ignore[assignment]
    if item.kind == "t":
        look["text_align"] = item.text_align
    if kind == "oval":
        look.pop("radii", None)
    plan = item.plan
    if plan:
        top, right, bottom, left = plan.padding
        place = {
            "padding": (top, right, bottom, left),
            "gap": plan.gap,
            "justify": plan.justify,
            "align": plan.align,
            "wrap": plan.wrap,
            "columns": plan.columns,
            "column_tracks": plan.tracks,
            "row_tracks": plan.row_tracks,
        }
        children = tuple(
            _placed(node, child, item) if child.absolute else node
            for node, child in zip(children, plan.children, strict=True)
        )
        if plan.lines is not None:
            children = _in_cells(children, plan)
    width, height = item.size
    if (
        item.hints.keeps
        and item.hints.sizing[1] != "fill"
        and width == FILL
        and not isinstance(height, str)
        and height > 0
    ):
        place["ratio"] = _ratio(item.width, height)
    if width == HUG and item.hints.least:
        place["min_width"] = item.hints.least
    if width == FILL and item.hints.most and kind != "t":
        place["max_width"] = item.hints.most
    if height == HUG and item.hints.floor:
        place["min_height"] = item.hints.floor
    return Node(kind, item.name, width, height, children=children, **place, **look)


def _ratio(width: float, height: float) -> float:
    """With as few decimals as the height can do with: pictures alike are to have one ratio."""
    for digits in (1, 2, 3):
        ratio = round(width / height, digits)
        if ratio and abs(width / ratio - height) < _ODD:
            return ratio
    return width / height


def _in_cells(nodes: tuple[Node, ...], plan: Plan) -> tuple[Node, ...]:
    """With the cells that the grid's own order would not give them."""
    cells = [cell_of(area) for area in plan.areas]
    in_order = all(cell == Cell(i % plan.columns + 1, i // plan.columns + 1) for i, cell in enumerate(cells))
    if in_order:
        return nodes
    left = iter(cells)
    return tuple(
        node if child.absolute else replace(node, cell=next(left))
        for node, child in zip(nodes, plan.children, strict=True)
    )


def _placed(node: Node, child: Item, frame: Item) -> Node:
    pin = ("h" if child.hints.sizing[0] == "fill" else child.hints.pin) if child.kind != "t" else ""
    return replace(node, at=At(child.x - frame.x, child.y - frame.y, pin))


def _round(item: Item) -> bool:
    radii = item.look.get("radii", (0.0,))
    return min(radii) >= max(item.width, item.height) / 2 - 0.1 and item.width > 0
