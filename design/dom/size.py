"""Planned items → nodes: what hugs, what fills and what is fixed, then the tree from the leaves up."""

from __future__ import annotations

from dataclasses import replace

from design.dom.items import Item, Plan
from design.tree import FILL, HUG, SOFT_BREAK, At, Kind, Length, Node

_NEAR = 0.3
_EXACT = 0.06  # what hugs must hug exactly: the error of one is moved to all that follow
_SLACK = 1.0  # a line of text with less room than this would break where fonts differ


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
    main = plan.justify == "start" and plan.flush
    if plan.kind == "grid":
        return False, main
    across = any(_spans(child, plan, _EXACT) and _gives(child, 1 - plan.axis) for child in plan.flow)
    return (across, main) if plan.axis else (main, across)


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
    for child in plan.children:
        if child.absolute:
            child.size = _own(child, 0), _own(child, 1)
        elif plan.kind == "grid":
            child.size = FILL, FILL if id(child) in stretched else _own(child, 1)
        else:
            main: Length = FILL if id(child) in growing else _own(child, plan.axis)
            across = _across(child, plan, frame.size[1 - plan.axis] == HUG)
            child.size = (across, main) if plan.axis else (main, across)


def _stretched(plan: Plan) -> set[int]:
    """The cells of a grid that are as high as their row because another cell makes it so."""
    if plan.kind != "grid":
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


def _own(child: Item, axis: int) -> Length:
    """The extent a child has by itself."""
    if child.kind == "t":
        return HUG if axis or child.hugs[0] else child.width
    return HUG if child.hugs[axis] else child.extent(axis)


def _across(child: Item, plan: Plan, hugged: bool) -> Length:
    axis = 1 - plan.axis
    if not _spans(child, plan) or (child.kind == "t" and axis == 1):
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
    if plan.kind != "row" or plan.justify != "start" or not plan.full or frame.size[0] == HUG:
        return set()
    flow = [child for child in plan.flow if child.kind != "svg"]
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
    if len(able) > 1 and max(c.width for c in able) - min(c.width for c in able) > 0.1:
        able = [max(able, key=lambda c: c.width)]
    return {id(child) for child in able}


def _node(item: Item, children: tuple[Node, ...]) -> Node:
    look = dict(item.look)
    place = {}
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
            "columns": plan.columns,
        }
        children = tuple(
            _placed(node, child, item) if child.absolute else node
            for node, child in zip(children, plan.children, strict=True)
        )
    width, height = item.size
    return Node(kind, item.name, width, height, children=children, **place, **look)  # type: ignore[arg-type]


def _placed(node: Node, child: Item, frame: Item) -> Node:
    return replace(node, at=At(child.x - frame.x, child.y - frame.y))


def _round(item: Item) -> bool:
    radii = item.look.get("radii", (0.0,))
    return min(radii) >= max(item.width, item.height) / 2 - 0.1 and item.width > 0
