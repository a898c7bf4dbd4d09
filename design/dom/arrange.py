"""Which children stand in a row, a column or a grid: read from the rectangles; CSS is the hint where both would do.

Recursive cuts along the gaps between rectangles; what overlaps is placed by hand, in painting order. Top down.
"""

from __future__ import annotations

from itertools import pairwise

from design.dom.cells import EXACT, TOUCH, in_cells
from design.dom.items import Hints, Item, Plan
from design.dom.stack import group, stack

SHARED_BORDER = 1.05  # px of a border that two neighbours draw in one place
MAX_CUTS = 12
MAX_PAIRS = 200_000


def arrange(root: Item) -> None:
    """Give every frame below and including this one its plan."""
    left = [(root, 0)]
    while left:
        frame, cuts = left.pop()
        if frame.kind != "frame" or not frame.children:
            continue
        groups = _plan(frame, cuts)
        for child in frame.plan.children if frame.plan else []:
            left.append((child, cuts + 1 if id(child) in groups else 0))


def _plan(frame: Item, cuts: int) -> set[int]:
    """Set a frame's plan; the ids of the groups that were made for it."""
    flow, placed = _flow(frame)
    if not flow or cuts > MAX_CUTS:
        held = [_held(frame, child) for child in frame.children]
        for child in held:
            child.absolute = True
        frame.plan = Plan("box", _painting_order([], held))
        return set()
    placed = [_held(frame, child) for child in placed]
    for child in placed:
        child.absolute = True
    plan = in_cells(frame, flow) or _grid(frame, flow) or stack(frame, *_cut(frame, flow))
    own = {id(child) for child in flow}
    made = {id(child) for child in plan.children if id(child) not in own}
    plan.children = _painting_order(plan.children, placed)
    frame.plan = plan
    return made


def _held(frame: Item, child: Item) -> Item:
    """A placed item that goes with its frame's width, in a frame as wide as that: a place alone would not go along."""
    before, after = child.x - frame.x, frame.right - child.right
    follows = child.hints.sizing[0] == "fill" and child.kind == "frame" and frame.order[0] >= 0
    if not follows or min(before, after) < -EXACT or max(before, after) < EXACT:
        return child
    around = Item("frame", frame.x, child.y, frame.width, child.height, child.order)
    around.children, around.reach = [child], child.reach
    around.hints = Hints(direction="row", out=child.hints.out, sizing=("fill", child.hints.sizing[1]))
    return around


def _flow(frame: Item) -> tuple[list[Item], list[Item]]:
    """(in flow, placed by hand)."""
    children = frame.children
    if frame.hints.direction:
        _part_borders(children, 0 if frame.hints.direction == "row" else 1)
    pairs = _overlaps(children)
    if pairs is None:
        return [], children
    if pairs:
        for a, b in pairs:
            for item, other in ((a, b), (b, a)):
                if item.hints.out or not other.hints.out:
                    _tighten(item)
        pairs = _overlaps(children) or []
    out = {id(c) for c in children if not _within(c, frame) or _decorates(c, frame)}
    for a, b in pairs:
        if id(a) in out or id(b) in out:
            continue
        if a.hints.out != b.hints.out:
            loser = a if a.hints.out else b
        else:
            loser = a if _painted_at(a, b) > _painted_at(b, a) else b
        out.add(id(loser))
    return [c for c in children if id(c) not in out], [c for c in children if id(c) in out]


def _part_borders(children: list[Item], axis: int) -> None:
    """Let neighbours touch whose borders lie one on the other (a margin of -1px): the first gives way."""
    flow = sorted((c for c in children if not c.hints.out), key=lambda c: c.start(axis))
    for before, after in pairwise(flow):
        over = before.end(axis) - after.start(axis)
        if TOUCH < over <= SHARED_BORDER and before.kind == "frame" and before.extent(axis) > 2 * over:
            if axis:
                before.height -= over
            else:
                before.width -= over


def _decorates(child: Item, frame: Item) -> bool:
    """Whether CSS took a child out of the flow and it is no bar along an edge, such as a fixed header or sidebar."""
    bar = child.width >= frame.width * 0.9 or child.height >= frame.height * 0.9
    return child.hints.out and not bar and len(frame.children) > 1


def _within(child: Item, frame: Item) -> bool:
    return (
        child.x >= frame.x - EXACT
        and child.y >= frame.y - EXACT
        and child.right <= frame.right + EXACT
        and child.bottom <= frame.bottom + EXACT
    )


def _overlaps(children: list[Item]) -> list[tuple[Item, Item]] | None:
    """Overlapping pairs, or None where there are too many to look at."""
    ordered = sorted(children, key=lambda c: c.y)
    active: list[Item] = []
    pairs: list[tuple[Item, Item]] = []
    looked = 0
    for child in ordered:
        active = [a for a in active if a.bottom > child.y + TOUCH]
        looked += len(active)
        if looked > MAX_PAIRS:
            return None
        for other in active:
            if other.right > child.x + TOUCH and child.right > other.x + TOUCH and child.height > TOUCH:
                pairs.append((other, child))
        active.append(child)
    return pairs


def _tighten(item: Item) -> None:
    """Shrink what has no paint of its own to what can be seen of it."""
    if item.kind == "t" and item.natural[1] < item.width:
        item.x, item.width = item.natural
        item.hints.block = False
        item.hints.sizing = ("hug" if item.hints.sizing[0] else "", item.hints.sizing[1])
    elif item.kind == "frame" and not item.painted and item.children:
        kids = item.children
        left, top = min(c.x for c in kids), min(c.y for c in kids)
        right, bottom = max(c.right for c in kids), max(c.bottom for c in kids)
        known = all(c.hints.sizing[0] not in ("", "fill", "share") for c in kids)
        gives = known and any(c.width > right - left - EXACT for c in kids)
        if gives and right - left < item.width - TOUCH:  # what was left of its width is another's now
            item.hints.sizing = "hug", item.hints.sizing[1]
        item.x, item.y, item.width, item.height = left, top, right - left, bottom - top
        item.hints.padding = (0.0, 0.0, 0.0, 0.0)


def _painting_order(flow: list[Item], placed: list[Item]) -> list[Item]:
    """Placed items among the flow, each above what it was painted over and below what was painted over it."""
    placed = sorted(placed, key=lambda c: c.order)
    if not flow or len(placed) * (len(flow) + len(placed)) > MAX_PAIRS:
        return flow + placed
    ordered = list(flow)
    for item in placed:
        above = below = None
        for i, other in enumerate(ordered):
            if other.right > item.x and item.right > other.x and other.bottom > item.y and item.bottom > other.y:
                if _painted_at(other, item) < _painted_at(item, other):
                    above = i
                elif below is None:
                    below = i
        at = above + 1 if above is not None else below if below is not None else len(ordered)
        ordered.insert(at, item)
    return ordered


def _painted_at(item: Item, over: Item) -> tuple[int, int]:
    """The painting order of what an item draws where another lies: a frame without paint draws only its children."""
    first: tuple[int, int] | None = None
    left = [item]
    while left:
        part = left.pop()
        if part.right <= over.x or over.right <= part.x or part.bottom <= over.y or over.bottom <= part.y:
            continue
        if part.children and not part.painted:
            left.extend(part.children)
        elif first is None or part.order < first:
            first = part.order
    return first or item.order


def _bands(items: list[Item], axis: int) -> list[list[Item]]:
    """Items by the stretches of an axis that they cover together."""
    bands: list[list[Item]] = []
    end = 0.0
    for item in sorted(items, key=lambda c: (c.start(axis), c.order)):
        if bands and item.start(axis) < end - TOUCH:
            bands[-1].append(item)
            end = max(end, item.end(axis))
        else:
            bands.append([item])
            end = max(end, item.end(axis)) if bands[1:] else item.end(axis)
    return bands


def _cut(frame: Item, items: list[Item]) -> tuple[list[Item], int]:
    """(items or groups in order, axis): one cut through all the gaps of one direction."""
    if len(items) == 1:
        return items, 0 if frame.hints.direction == "row" else 1
    across, down = _bands(items, 0), _bands(items, 1)
    axis = 0 if len(across) == len(items) and (frame.hints.direction == "row" or len(down) < len(items)) else 1
    bands = (down if axis else across) if len(across if not axis else down) > 1 else across
    if bands is across:
        axis = 0
    if len(bands) == 1:
        return [], axis
    return [band[0] if len(band) == 1 else group(frame, band, axis) for band in bands], axis


def _grid(frame: Item, items: list[Item]) -> Plan | None:
    """A plan of equal columns over several rows, where every rectangle confirms it."""
    if len(items) < 4:
        return None
    rows = _bands(items, 1)
    rows = [sorted(row, key=lambda c: c.x) for row in rows]
    columns = len(rows[0])
    if len(rows) < 2 or columns < 2 or any(len(row) != columns for row in rows[:-1]) or len(rows[-1]) > columns:
        return None
    first = rows[0]
    width, step = first[0].width, first[1].x - first[0].x
    for row in rows:
        for i, item in enumerate(row):
            fits = abs(item.x - first[0].x - i * step) <= TOUCH and abs(item.width - width) <= TOUCH
            if not fits or abs(item.y - row[0].y) > EXACT:
                return None
    near, far = first[0].x, first[-1].right
    ends = [max(c.bottom for c in row) for row in rows]
    gaps = [below[0].y - end for end, below in zip(ends, rows[1:], strict=False)]
    if max(gaps) - min(gaps) > EXACT or step - width < -EXACT:
        return None
    plan = Plan("grid", [item for row in rows for item in row], 1, columns=columns)
    plan.gap = (max(0.0, step - width), max(0.0, gaps[0]))
    lead, trail = rows[0][0].y - frame.y, frame.bottom - ends[-1]
    plan.flush = abs(trail - frame.hints.padding[2]) <= TOUCH or not frame.painted
    plan.padding = [max(0.0, v) for v in (lead, frame.right - far, trail if plan.flush else 0.0, near - frame.x)]
    plan.content = near, far
    return plan
