"""One row or column: its groups, gaps, paddings and alignments, from the rectangles, with CSS as the hint."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from design.dom.cells import EXACT, TOUCH, sets_type, side
from design.dom.items import Hints, Item, Plan
from design.dom.tracks import Lines
from design.tree import Align, Track

OFF_CENTRE = 32.0  # CSS px: what is centred by itself may be so far from there by what sticks out of it


def group(frame: Item, items: list[Item], axis: int) -> Item:
    """A frame without paint around a band: tight along the axis, as broad as the frame's content across it."""
    low, high = min(c.start(axis) for c in items), max(c.end(axis) for c in items)
    near, far = _breadth(frame, items, 1 - axis)
    order = min(c.order for c in items)
    if axis:
        made = Item("frame", near, low, far - near, high - low, order)
    else:
        made = Item("frame", low, near, high - low, far - near, order)
    made.children = items
    made.hints = Hints(direction="row" if axis else "col", justify=frame.hints.justify, align=frame.hints.align)
    if any(child.hints.sizing[0] for child in items):
        takes = bool(axis) or any(_takes_width(child) for child in items)
        made.hints.sizing = ("fill" if takes else "hug", "hug" if axis else "fill")
    return made


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


def stack(frame: Item, items: list[Item], axis: int) -> Plan:
    """The plan of items that follow each other along an axis; none where there is nothing to lay out."""
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
    if axis and (kept := _with_margins(frame, items, gaps)) is not None:
        return kept
    widest = max(gaps)
    groups: list[list[Item]] = [[items[0]]]
    for item, gap in zip(items[1:], gaps, strict=True):
        if gap > widest - EXACT:
            groups.append([item])
        else:
            groups[-1].append(item)
    made = []
    for members in groups:
        if len(members) == 1:
            made.append(members[0])
        else:
            made.append(group(frame, members, axis))
            made[-1].hints.direction = "col" if axis else "row"
    return made


def _with_margins(frame: Item, items: list[Item], gaps: list[float]) -> list[Item] | None:
    """A column's items; those whose margins are more than the least gap stand in a frame with room of their own.

    None where that takes as many frames as groups would, or where a gap is no margin of its neighbours.
    """
    least = max(0.0, min(gaps))
    room = [[0.0, 0.0] for _ in items]  # above and below each
    for i, more in enumerate(gap - least for gap in gaps):
        above, below = items[i].hints.room[2], items[i + 1].hints.room[0]
        if more > EXACT and max(above, below) < more - EXACT:
            return None
        if more > EXACT and above >= below:
            room[i][1] = more
        elif more > EXACT:
            room[i + 1][0] = more
    if sum(map(any, room)) >= _groups(gaps):
        return None
    return [_roomy(frame, item, *own) if any(own) else item for item, own in zip(items, room, strict=True)]


def _groups(gaps: list[float]) -> int:
    """How many groups within groups it takes to have one gap in each."""
    count, left = 0, [gaps]
    while left:
        some = left.pop()
        widest = max(some)
        runs: list[list[float]] = [[]]
        for gap in some:
            if gap > widest - EXACT:
                runs.append([])
            else:
                runs[-1].append(gap)
        left += (inner := [run for run in runs if run])
        count += len(inner)
    return count


def _roomy(frame: Item, item: Item, before: float, after: float) -> Item:
    """An item in a frame with room above and below that is its own."""
    made = group(frame, [item], 1)
    made.y, made.height = item.y - before, item.height + before + after
    made.hints.direction = "col"
    made.hints.padding = (before, 0.0, after, 0.0)
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
    elif loose and _centred(frame, plan) and (even := _even_room(lead, trail, before, after)):
        plan.justify, (lead, trail) = "center", even
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


def _even_room(lead: float, trail: float, before: float, after: float) -> tuple[float, float] | None:
    """The paddings between which something is in the middle: alike on both sides where that holds, else as they are."""
    least = min(before, after)
    for first, last in ((least, least), (before, after)):
        if abs((lead - first) - (trail - last)) <= TOUCH and first <= lead:
            return first, last
    return None


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
    if axis == 0 and frame.hints.sizing[0] == "hug" and len(plan.children) == 1 and plan.children[0].kind == "t":
        choices.insert(0, tight)  # what it is wider by is padding, as of an icon that did not load
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
    if not axis and child.hints.centred and child.kind == "frame":
        before, after = child.y - content[0], content[1] - child.bottom
        if min(before, after) >= 0 and abs(before - after) < OFF_CENTRE:
            shim.hints.justify = "center"
            shim.hints.padding = max(0.0, before - after), 0.0, max(0.0, after - before), 0.0
    if child.hints.sizing[0]:
        shim.hints.sizing = ("fill", child.hints.sizing[1]) if axis else (child.hints.sizing[0], "fill")
    return shim
