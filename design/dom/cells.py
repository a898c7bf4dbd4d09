"""Children in the cells of a CSS grid, where every rectangle confirms the grid's own lines."""

from __future__ import annotations

from design.dom.items import Hints, Item, Plan
from design.dom.tracks import Lines, Spans
from design.tree import Align, Cell

TOUCH = 0.6  # CSS px: two boxes that share less than this do not overlap
EXACT = 0.3  # positions nearer than this are the same

Area = tuple[int, int, int, int]  # first column, first row, last column, last row, from 0


def in_cells(frame: Item, items: list[Item]) -> Plan | None:
    """The plan of a frame that CSS lays out as a grid of several columns; None for others."""
    lines = frame.hints.lines
    if lines is None or not items:
        return None
    areas: list[Area] = []
    taken: set[tuple[int, int]] = set()
    for child in items:
        area = _area(child, lines)
        if area is None:
            return None
        cells = {(c, r) for c in range(area[0], area[2] + 1) for r in range(area[1], area[3] + 1)}
        if cells & taken:
            return None
        taken |= cells
        areas.append(area)
    order = sorted(range(len(items)), key=lambda i: (areas[i][1], areas[i][0]))
    plan = Plan("grid", [items[i] for i in order], 1, columns=len(lines.columns), tracks=lines.tracks)
    plan.gap, plan.lines, plan.areas = lines.gap, lines, [areas[i] for i in order]
    _align(frame, plan, lines)
    _pad(frame, plan, lines)
    return plan


def _area(child: Item, lines: Lines) -> Area | None:
    columns, rows = _covered(child.x, child.right, lines.columns), _covered(child.y, child.bottom, lines.rows)
    return None if columns is None or rows is None else (columns[0], rows[0], columns[1], rows[1])


def _covered(start: float, end: float, spans: Spans) -> tuple[int, int] | None:
    """The first and last track that a stretch lies in, if it lies inside them."""
    touched = [i for i, (a, b) in enumerate(spans) if b > start + TOUCH and a < end - TOUCH]
    if not touched or start < spans[touched[0]][0] - EXACT or end > spans[touched[-1]][1] + EXACT:
        return None
    return touched[0], touched[-1]


def cell_of(area: Area) -> Cell:
    return Cell(area[0] + 1, area[1] + 1, area[2] - area[0] + 1, area[3] - area[1] + 1)


def room(area: Area, lines: Lines) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the cells that a child covers."""
    return (
        lines.columns[area[0]][0],
        lines.rows[area[1]][0],
        lines.columns[area[2]][1],
        lines.rows[area[3]][1],
    )


def _align(frame: Item, plan: Plan, lines: Lines) -> None:
    """One alignment down the cells for all; what lies otherwise gets a frame of its whole cell around it."""
    rooms = [room(area, lines) for area in plan.areas]
    sides = [side(child.y - cell[1], cell[3] - child.bottom) for child, cell in zip(plan.children, rooms, strict=True)]
    aligns: tuple[Align, ...] = ("start", "center", "end")
    if "baseline" in frame.hints.align and all(map(sets_type, plan.children)):
        plan.align = "baseline"
        return
    plan.align = max(aligns, key=lambda align: sum(align in lies for lies in sides if "fill" not in lies))
    for i, (child, cell) in enumerate(zip(plan.children, rooms, strict=True)):
        across = side(child.x - cell[0], cell[2] - child.right)
        down = plan.align in sides[i] or "fill" in sides[i]
        if down and ("start" in across or "fill" in across):
            continue
        shim = Item("frame", cell[0], cell[1], cell[2] - cell[0], cell[3] - cell[1], child.order)
        shim.children = [child]
        shim.hints = Hints(direction="row" if down else "col", sizing=("fill", "fill"))
        plan.children[i] = shim


def sets_type(item: Item) -> bool:
    """Whether what an item shows first is text, which has a baseline."""
    while item.kind == "frame" and item.children:
        item = item.children[0]
    return item.kind == "t"


def side(before: float, after: float) -> str:
    """Where something lies by the room on both sides: some of `start`, `center`, `end`, `fill`, in one string."""
    found = []
    if abs(before) <= EXACT and abs(after) <= EXACT:
        found.append("fill")
    if abs(before) <= EXACT:
        found.append("start")
    if abs(after) <= EXACT:
        found.append("end")
    if abs(before - after) <= TOUCH:
        found.append("center")
    return " ".join(found)


def _pad(frame: Item, plan: Plan, lines: Lines) -> None:
    left, right = lines.columns[0][0] - frame.x, frame.right - lines.columns[-1][1]
    top, bottom = lines.rows[0][0] - frame.y, frame.bottom - lines.rows[-1][1]
    plan.flush = frame.hints.sizing[1] == "hug" or abs(bottom - frame.hints.padding[2]) <= TOUCH
    plan.padding = [max(0.0, pad) for pad in (top, right, bottom if plan.flush else 0.0, left)]
    plan.content = lines.columns[0][0], lines.columns[-1][1]
