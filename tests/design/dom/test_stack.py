"""Columns whose gaps differ: groups of what stands close, or room that one thing has of its own."""

from __future__ import annotations

from design.dom.items import Hints, Item, Plan
from design.dom.stack import stack


def column(*gaps: float, below: tuple[float, ...] = ()) -> Plan:
    """Things of 100 × 20 px with these gaps; `below` are the margins under each, none where it is left out."""
    items, y = [], 0.0
    for i, gap in enumerate((*gaps, 0.0)):
        room = (0.0, 0.0, below[i] if i < len(below) else 0.0, 0.0)
        items.append(Item("rect", 0, y, 100, 20, (0, i), hints=Hints(room=room)))
        y += 20 + gap
    frame = Item("frame", 0, 0, 100, y, (0, 0), children=items)
    return stack(frame, items, 1)


def test_a_larger_margin_in_a_list_is_the_things_own() -> None:
    plan = column(8, 8, 24, 8, below=(8, 8, 24, 8, 8))
    assert [child.kind for child in plan.children] == ["rect", "rect", "frame", "rect", "rect"]
    assert (plan.gap[0], plan.children[2].height) == (8, 36)
    assert plan.children[2].hints.padding == (0, 0, 16, 0)


def test_what_is_no_margin_parts_groups() -> None:
    plan = column(8, 8, 24, 8)
    assert [len(child.children) for child in plan.children] == [3, 2]
    assert plan.gap[0] == 24


def test_groups_stay_where_they_take_no_more_frames() -> None:
    plan = column(8, 24, below=(8, 24, 0))
    assert [len(child.children) for child in plan.children] == [2, 0]
