"""How high the cells of a grid are, and what makes its rows so."""

from __future__ import annotations

from design.dom.items import Hints, Item, Plan
from design.dom.size import build
from design.dom.tracks import Lines
from design.tree import Node, Track


def column(x: float, content: float, high: float) -> Item:
    """A stretched cell, 100 px wide, of one thing that takes what is left and one of 40 px that ends at `content`."""
    parts = [
        Item("frame", x, 0, 100, content - 40, (0, 0), hints=Hints(sizing=("fill", "fill"))),
        Item("rect", x, content - 40, 100, 40, (0, 0)),
    ]
    parts[0].plan = Plan("box", [])
    cell = Item("frame", x, 0, 100, high, (0, 0), hints=Hints(sizing=("fill", "fill")), children=parts)
    cell.plan = Plan("col", parts, axis=1, content=(x, x + 100))
    return cell


def sized(*cells: Item) -> Node:
    wide, high = cells[-1].right, cells[0].height
    lines = Lines(tuple((c.x, c.right) for c in cells), ((0.0, high),), (Track(),) * len(cells), (0.0, 0.0))
    root = Item("frame", 0, 0, wide, high, (0, 0), children=list(cells))
    root.plan = Plan("grid", list(cells), columns=len(cells), tracks=lines.tracks, lines=lines, content=(0, wide))
    root.plan.areas = [(i, 0, i, 0) for i in range(len(cells))]
    return build(root)


def test_the_fullest_cell_makes_its_row_so_high_and_keeps_its_margin() -> None:
    grid = sized(column(0, 200, 224), column(100, 120, 224))
    assert grid.row_tracks == ()
    full, other = grid.children
    assert (full.height, full.padding[2], full.min_height) == ("hug", 24, 0)
    assert (other.height, other.padding[2]) == ("fill", 0)


def test_what_is_far_emptier_than_high_has_a_least_height() -> None:
    full, _ = sized(column(0, 200, 400), column(100, 120, 400)).children
    assert (full.height, full.padding[2], full.min_height) == ("hug", 0, 400)
