"""Which children stand in a row, a column or a grid: read from the rectangles; CSS is the hint where both would do.

Recursive cuts along the gaps between rectangles; what overlaps is placed by hand, in painting order. Top down.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from design.dom.cells import EXACT, TOUCH, in_cells, sets_type, side
from design.dom.items import Hints, Item, Plan
from design.dom.tracks import Lines
from design.tree import Align, Track

SHARED_BORDER = 1.05  # px of a border that two neighbours draw in one place
MAX_CUTS = 12
MAX_PAIRS = 200_000


def arrange(root: Item) -> None:
    """Give every frame below and including this one its plan."""
    stack = [(root, 0)]
    while stack:
        frame, cuts = stack.pop()
        if frame.kind != "frame" or not frame.children:
            continue
        groups = _plan(frame, cuts)
        for child in frame.plan.children if frame.plan else []:
            stack.append((child, cuts + 1 if id(child) in groups else 0))


def _plan(frame: Item, cuts: int) -> set[int]:
    """Set a frame's plan; the ids of the groups that were made for it."""
    flow, placed = _flow(frame)
    if not flow or cuts > MAX_CUTS:
        for child in frame.children:
            child.absolute = True
        frame.plan = Plan("box", _painting_order([], frame.children))
        return set()
    placed = [_held(frame, child) for child in placed]
    for child in placed:
        child.absolute = True
    plan = in_cells(frame, flow) or _grid(frame, flow) or _stack(frame, *_cut(frame, flow))
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
            _tighten(a)
            _tighten(b)
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
    stack = [item]
    while stack:
        part = stack.pop()
        if part.right <= over.x or over.right <= part.x or part.bottom <= over.y or over.bottom <= part.y:
            continue
        if part.children and not part.painted:
            stack.extend(part.children)
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
    return [band[0] if len(band) == 1 else _group(frame, band, axis) for band in bands], axis


def _group(frame: Item, items: list[Item], axis: int) -> Item:
    """A frame without paint around a band: tight along the axis, as broad as the frame's content across it."""
    low, high = min(c.start(axis) for c in items), max(c.end(axis) for c in items)
    near, far = _breadth(frame, items, 1 - axis)
    order = min(c.order for c in items)
    if axis:
        group = Item("frame", near, low, far - near, high - low, order)
    else:
        group = Item("frame", low, near, high - low, far - near, order)
    group.children = items
    group.hints = Hints(direction="row" if axis else "col", justify=frame.hints.justify, align=frame.hints.align)
    if any(child.hints.sizing[0] for child in items):
        takes = bool(axis) or any(_takes_width(child) for child in items)
        group.hints.sizing = ("fill" if takes else "hug", "hug" if axis else "fill")
    return group


def _takes_width(child: Item) -> bool:
    return child.hints.sizing[0] in ("fill", "share")


def _breadth(frame: Item, items: list[Item], axis: int) -> tuple[float, float]:
    """From the first start to the last end of all that flows in a frame: its groups are equally broad."""
    flow = [c for c in frame.children if not c.absolute] or items
    return min(c.start(axis) for c in (*flow, *items)), max(c.end(axis) for c in (*flow, *items))


def _content(frame: Item, items: list[Item], axis: int) -> tuple[float, float]:
    """Start and end of the padding's inside on an axis: by CSS where all items lie in it, else by the items."""
    before, after = (
        (frame.hints.padding[0], frame.hints.padding[2]) if axis else (frame.hints.padding[3], frame.hints.padding[1])
    )
    near, far = frame.start(axis) + before, frame.end(axis) - after
    inside = [c for c in items if not c.absolute] or items
    return min([near, *(c.start(axis) for c in inside)]), max([far, *(c.end(axis) for c in inside)])


def _stack(frame: Item, items: list[Item], axis: int) -> Plan:
    if not items:
        for child in frame.children:
            child.absolute = True
        return Plan("box", [])
    items = _even(frame, items, axis)
    plan = Plan("col" if axis else "row", items, axis)
    _main(frame, plan)
    _cross(frame, plan)
    # lines that wrap are as high as what is in them, and begin at the top
    plan.wrap = plan.wrap and max(child.height for child in plan.children) > plan.content[1] - plan.content[0] - TOUCH
    return _shared(frame, plan)


def _shared(frame: Item, plan: Plan) -> Plan:
    """A row whose takers are of several widths as a grid of one row, each column with its share; else as it is."""
    takers = [child for child in plan.children if _takes_width(child) and child.kind != "t"]
    justified = plan.justify == "start" or plan.tight
    if plan.axis or not plan.full or not justified or len(takers) < 2 or frame.hints.sizing[0] == "hug":
        return plan
    if max(c.width for c in takers) - min(c.width for c in takers) <= EXACT:
        return plan
    shares = {id(child): child.width for child in takers}
    tracks = tuple(
        Track(shares[id(child)], "fr")
        if id(child) in shares
        else Track(0, "hug")
        if child.hints.sizing[0] == "hug"
        else Track(child.width, "px")
        for child in plan.children
    )
    spans = tuple((child.x, child.right) for child in plan.children)
    made = Plan("grid", plan.children, 1, plan.padding, (plan.gap[0], 0.0), align=plan.align, columns=len(tracks))
    made.tracks, made.lines = tracks, Lines(spans, (plan.content,), tracks, made.gap)
    made.areas = [(i, 0, i, 0) for i in range(len(tracks))]
    made.content, made.flush = (spans[0][0], spans[-1][1]), True
    return made


def _even(frame: Item, items: list[Item], axis: int) -> list[Item]:
    """Items with one gap between all of them: neighbours that stand closer than the widest gap become groups."""
    gaps = [b.start(axis) - a.end(axis) for a, b in pairwise(items)]
    if not gaps or max(gaps) - min(gaps) <= EXACT:
        return items
    widest = max(gaps)
    groups: list[list[Item]] = [[items[0]]]
    for item, gap in zip(items[1:], gaps, strict=True):
        if gap > widest - EXACT:
            groups.append([item])
        else:
            groups[-1].append(item)
    made = []
    for group in groups:
        if len(group) == 1:
            made.append(group[0])
        else:
            made.append(_group(frame, group, axis))
            made[-1].hints.direction = "col" if axis else "row"
    return made


def _main(frame: Item, plan: Plan) -> None:
    """Padding, gap and justification along the main axis."""
    axis, items = plan.axis, plan.children
    first, last = (0, 2) if axis else (3, 1)
    before, after = frame.hints.padding[first], frame.hints.padding[last]
    lead, trail = items[0].start(axis) - frame.start(axis), frame.end(axis) - items[-1].end(axis)
    gaps = [b.start(axis) - a.end(axis) for a, b in pairwise(items)]
    gap = max(0.0, sum(gaps) / len(gaps)) if gaps else 0.0
    plan.gap = (gap, 0.0)
    loose = lead - before > TOUCH or trail - after > TOUCH
    if axis == 0 and any(_takes_width(child) for child in items):  # it takes all that is free, so none of it is
        plan.flush = plan.full = True
        plan.padding[first], plan.padding[last] = max(0.0, lead), max(0.0, trail)
        return
    hugs = axis == 1 and frame.hints.sizing[1] == "hug" and not frame.hints.floor
    spread = frame.hints.justify == "space-between" or (axis == 0 and len(items) == 2 and gap > 48)
    if len(items) == 2 and _first(items[1]).hints.pushed[axis] and frame.hints.direction == ("col" if axis else "row"):
        spread, hugs = True, False
    if hugs:
        plan.flush = plan.full = True
    elif len(items) > 1 and spread and lead - before < TOUCH and trail - after < TOUCH and min(lead, trail) >= 0:
        plan.justify, plan.gap = "between", (0.0, 0.0)
        plan.full = True
    elif loose and _centred(frame, plan) and abs(lead - trail) <= TOUCH and min(before, after) <= lead:
        plan.justify, lead, trail = "center", min(before, after), min(before, after)
    elif lead - before > 8 and abs(trail - after) <= EXACT and (_ends(frame) or (axis == 0 and not frame.painted)):
        plan.justify, lead = "end", before
    else:
        kept = after + (items[-1].hints.room[2] if axis else 0.0)
        bare = not frame.painted and frame.hints.sizing[axis] != "fill"
        plan.flush = abs(trail - after) <= TOUCH or abs(trail - kept) <= TOUCH or bare
        plan.full = abs(trail - after) <= TOUCH
        trail = trail if plan.flush else min(kept, trail)
        if not loose and frame.hints.direction == ("col" if axis else "row") and (said := _said(frame.hints.justify)):
            plan.justify, plan.tight = said, True
    plan.padding[first], plan.padding[last] = max(0.0, lead), max(0.0, trail)
    if axis == 0 and frame.hints.wrap and frame.hints.direction == "row" and max(trail - after, *gaps[:1], 0.0) > 2:
        plan.wrap, plan.gap = True, (plan.gap[0] or frame.hints.gap[0], frame.hints.gap[1])


def _first(item: Item) -> Item:
    """The item itself, or the first of a group that was made here."""
    while item.source < 0 and item.kind == "frame" and item.children:
        item = item.children[0]
    return item


def _said(word: str) -> Literal["center", "end"] | None:
    """CSS's word for a place in a container, where a design has it."""
    words: dict[str, Literal["center", "end"]] = {"center": "center", "end": "end", "flex-end": "end", "right": "end"}
    return words.get(word)


def _centred(frame: Item, plan: Plan) -> bool:
    """Whether room before and after is there to centre what is between."""
    if plan.axis == 0 or "center" in frame.hints.justify:
        return True
    if frame.hints.sizing[1] and not frame.hints.cell:  # what the style sheets say is known
        return "center" in frame.hints.align or any(child.hints.middle for child in plan.children)
    return len(plan.children) == 1 and frame.order[0] >= 0


def _ends(frame: Item) -> bool:
    return "end" in frame.hints.justify or "right" in frame.hints.justify


def _cross(frame: Item, plan: Plan) -> None:
    """Padding and alignment across: the commonest alignment is the frame's, the others get a frame of their own."""
    axis = 1 - plan.axis
    choices = [_content(frame, plan.children, axis)]
    tight = min(c.start(axis) for c in plan.children), max(c.end(axis) for c in plan.children)
    if axis == 1 and (far := _kept_free(plan.children)) is not None and abs(far - choices[0][1]) <= TOUCH:
        choices.insert(0, (choices[0][0], tight[1]))
    if not frame.painted or len(plan.children) > 1:
        choices += [(tight[0], choices[0][1]), tight]
    best: tuple[int, tuple[float, float], Align] | None = None
    for content in choices:
        sides = [_side(child, axis, content) for child in plan.children]
        for align in _aligns(frame, plan, sides):
            odd = sum(align not in lies and "fill" not in lies for lies in sides)
            if best is None or odd < best[0]:
                best = odd, content, align
    assert best is not None
    if axis == 1 and best[0] and "baseline" in frame.hints.align and all(map(sets_type, plan.children)):
        near, far = _content(frame, plan.children, axis)
        best = 0, (max(near, tight[0]), min(far, tight[1])), "baseline"
    _, content, plan.align = best
    plan.content = content
    first, last = (0, 2) if axis else (3, 1)
    plan.padding[first] = max(0.0, content[0] - frame.start(axis))
    plan.padding[last] = max(0.0, frame.end(axis) - content[1])
    for i, child in enumerate(plan.children):
        lies = _side(child, axis, content)
        if plan.align != "baseline" and plan.align not in lies and "fill" not in lies:
            plan.children[i] = _shim(child, plan.axis, content)


def _aligns(frame: Item, plan: Plan, sides: list[str]) -> list[Align]:
    """The alignments to look at: where several hold, the first of them is taken."""
    aligns: list[Align] = ["center", "start", "end"] if "center" in sides else ["start", "end"]
    if frame.hints.direction == ("col" if plan.axis else "row") and (said := _said(frame.hints.align)):
        aligns = [said, *(align for align in aligns if align != said)]
    return aligns


def _kept_free(items: list[Item]) -> float | None:
    """How far down a row's items reach with what they keep free, where that is more than the items themselves."""
    far = max(c.bottom + c.hints.room[2] for c in items)
    return far if far > max(c.bottom for c in items) + TOUCH else None


def _side(child: Item, axis: int, content: tuple[float, float]) -> str:
    """Where a child lies across; what would fill and does not lies nowhere."""
    found = side(child.start(axis) - content[0], content[1] - child.end(axis))
    fills = axis == 0 and child.hints.sizing[0] == "fill"
    return found if not fills else "fill" if "fill" in found else ""


def _shim(child: Item, axis: int, content: tuple[float, float]) -> Item:
    """A frame without paint that holds one child where the others' alignment would not."""
    if axis:
        shim = Item("frame", content[0], child.y, content[1] - content[0], child.height, child.order)
    else:
        shim = Item("frame", child.x, content[0], child.width, content[1] - content[0], child.order)
    shim.children = [child]
    shim.hints = Hints(direction="row" if axis else "col")
    shim.hints.grow = child.hints.grow
    if child.hints.sizing[0]:
        shim.hints.sizing = ("fill", child.hints.sizing[1]) if axis else (child.hints.sizing[0], "fill")
    return shim


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
