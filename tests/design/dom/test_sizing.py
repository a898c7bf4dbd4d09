"""What gives an element its extents, by the style sheets of a captured page; nothing where they are not known."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from design import from_snapshot, load_snapshot
from design.dom.sizing import floor, keeps, sizing
from design.dom.snapshot import Box, open_dom
from design.dom.tracks import grid_lines, row_lines
from design.tree import Node, Track, walk

FIXTURE = Path(__file__).parents[1] / "fixtures" / "sizes.json.gz"


def captured() -> dict[str, Any]:
    return load_snapshot(FIXTURE.read_bytes())


def boxes(snapshot: dict[str, Any]) -> list[Box]:
    return open_dom(snapshot).boxes()


def box(name: str, snapshot: dict[str, Any] | None = None) -> Box:
    """The first box of a class, or of a tag."""
    return next(b for b in boxes(snapshot or captured()) if name in (b.tag, *b.attribute("class").split()))


def nodes() -> list[Node]:
    design = from_snapshot(captured(), components=False).design
    return [node for node, _ in walk(design.roots[0])]


def walked(node: Node) -> list[Node]:
    return [below for below, _ in walk(node)]


def around(text: str) -> Node:
    """The innermost frame that holds a text."""
    holding = [n for n in nodes() if any(r.text == text for c in n.children for r in c.runs)]
    return holding[-1]


def test_a_block_fills_its_container_and_what_reaches_its_limit_is_fixed() -> None:
    assert sizing(box("bar")) == ("fill", "hug")
    assert sizing(box("wrap")) == ("fixed", "hug")


def test_an_item_of_a_flex_row_hugs_and_one_that_grows_fills() -> None:
    brand = next(b for b in boxes(captured()) if b.tag == "P" and b.parent is not None and b.parent.tag == "DIV")
    assert sizing(brand) == ("hug", "hug")
    assert sizing(box("two")) == ("fill", "fill")


def test_a_least_height_counts_where_it_makes_the_height() -> None:
    assert floor(box("least")) == 200
    assert floor(box("bar")) == 0


def test_a_picture_of_full_width_keeps_its_proportions() -> None:
    assert keeps(box("picture"))
    assert not keeps(box("bar"))


def test_the_tracks_of_a_grid_are_those_of_the_style_sheet() -> None:
    lines = grid_lines(box("uneven"))
    assert lines is not None
    assert lines.tracks == (Track(100, "px"), Track(2, "fr"), Track(1, "fr"))
    assert lines.gap == (20, 0)
    assert lines.columns[1][0] == pytest.approx(120)


def test_a_repeated_track_list_is_written_out() -> None:
    lines = grid_lines(box("areas"))
    assert lines is not None
    assert lines.tracks == (Track(),) * 4
    assert len(lines.rows) == 2


def test_the_cells_of_a_tables_row_share_its_width() -> None:
    lines = row_lines(box("TR"))
    assert lines is not None
    assert {track.unit for track in lines.tracks} == {"fr"}
    assert sum(track.value for track in lines.tracks) == pytest.approx(800, abs=0.1)


def test_a_block_is_no_grid() -> None:
    assert grid_lines(box("bar")) is None


def test_a_grid_keeps_its_tracks_and_the_cells_that_are_not_in_order() -> None:
    grids = [n for n in nodes() if n.kind == "grid"]
    assert grids[0].column_tracks == (Track(100, "px"), Track(2, "fr"), Track(1, "fr"))
    cells = [child.cell for child in grids[1].children]
    assert [(c.column, c.row, c.columns, c.rows) for c in cells if c] == [(1, 1, 3, 2), (4, 1, 1, 1), (4, 2, 1, 1)]


def test_what_is_centred_in_a_least_height_still_grows() -> None:
    least = around("In the middle")
    assert (least.height, least.min_height, least.justify) == ("hug", 200, "center")


def test_items_that_share_a_row_unevenly_become_columns_of_their_shares() -> None:
    row = next(n for n in nodes() if n.kind == "grid" and n.children and around("Once") in n.children)
    two, one = row.column_tracks
    assert two.unit == one.unit == "fr"
    assert two.value / one.value == pytest.approx(517.33 / 262.67, abs=0.01)


def test_a_baseline_is_kept_and_needs_no_frames_around_the_texts() -> None:
    row = around("Large")
    assert (row.align, [child.kind for child in row.children]) == ("baseline", ["t", "t"])


def test_a_row_that_may_wrap_may_wrap_in_the_design() -> None:
    row = around("Alpha")
    assert (row.wrap, row.gap) == (True, (24, 12))


def test_breaks_of_preformatted_text_are_written_ones() -> None:
    assert any(run.text == "one line\nanother" for node in nodes() for run in node.runs)


def test_the_foot_of_a_stretched_card_stays_at_its_end() -> None:
    cards = next(n for n in nodes() if n.kind == "row" and len(n.children) == 2 and around("First foot") in walked(n))
    assert cards.height == "hug"
    first, second = cards.children
    assert (first.height, second.height) == ("fill", "hug")
    assert [child.height for child in first.children] == ["fill", "hug"]


def test_the_fullest_of_stretched_columns_makes_the_row_so_high() -> None:
    row = next(n for n in nodes() if n.kind == "row" and around("Little") in n.children)
    assert row.height == "hug"
    little, more = row.children
    assert (little.padding[2], more.padding[2]) == (20, 20)
    assert (little.height, more.height) == ("fill", "hug")


def test_what_is_held_on_both_sides_fills() -> None:
    rect = next(n for n in nodes() if n.kind == "rect")
    assert rect.width == "fill"
    assert rect.at is not None
    assert rect.at.pin == "h"


def test_a_picture_is_told_its_proportions() -> None:
    assert next(n for n in nodes() if n.kind == "img").ratio == 1


def test_without_the_style_sheets_nothing_is_claimed() -> None:
    snapshot = captured()
    del snapshot["media"]
    assert sizing(box("bar", snapshot)) == ("", "")
    assert grid_lines(box("uneven", snapshot)) is None
    from_snapshot(snapshot)


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {"elements": 3, "rows": []},
        {"elements": "many", "rows": [[0, "HTML", {}]]},
        {"elements": 42, "rows": [[0, "HTML", {"width": 7}], "no row"]},
        {"elements": 42, "rows": [[10**9, "DIV", {"width": "80%"}]]},
    ],
)
def test_lengths_that_do_not_fit_the_tree_are_left_alone(given: Any) -> None:
    snapshot = captured()
    if isinstance(given, dict) and given["elements"] == 42:
        given["elements"] = snapshot["media"]["authored"]["elements"]
    snapshot["media"] = {"authored": given}
    assert open_dom(snapshot).authored is None
    from_snapshot(snapshot)


def test_a_hostile_track_list_gives_no_lines() -> None:
    for value in ("repeat(1000000, 1fr)", "repeat(2,", "subgrid", "minmax(", "NaNfr 1fr", "[a] [b]", "1fr " * 500):
        snapshot = copy.deepcopy(captured())
        for row in snapshot["media"]["authored"]["rows"]:
            if "grid-template-columns" in row[2]:
                row[2]["grid-template-columns"] = value
        assert grid_lines(box("uneven", snapshot)) is None, value
        from_snapshot(snapshot)


def test_the_fixture_holds_what_the_crawler_writes() -> None:
    raw = json.loads(gzip.decompress(FIXTURE.read_bytes()))
    assert {"elements", "rows"} == set(raw["media"]["authored"])
