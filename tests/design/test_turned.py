"""What CSS turns keeps the place and size it has before, and its angle."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from design import from_snapshot, parse, print_design, to_html
from design.boxes import typed_boxes
from design.dom.items import Item, Plan
from design.dom.size import build
from design.dom.snapshot import open_dom
from design.dom.turn import around, turned
from design.tree import HUG, Run, SlotPaint, Solid, TextStyle, walk

STYLES = (
    "display",
    "visibility",
    "opacity",
    "background-color",
    "transform",
    "width",
    "height",
    "box-sizing",
    "filter",
)


def page(*boxes: tuple[int, str, tuple[float, float, float, float], dict[str, str]]) -> dict[str, Any]:
    """A snapshot of boxes, each (parent, tag, what the browser says its left, top, right and bottom are, styles)."""
    strings = [""]

    def string(text: str) -> int:
        strings.append(text)
        return len(strings) - 1

    plain = {"display": "block", "visibility": "visible", "opacity": "1"}
    return {
        "format": "gesso-dom/1",
        "url": "http://made.test/",
        "page": {"width": 1000, "height": 1000},
        "computed_styles": list(STYLES),
        "snapshot": {
            "strings": strings,
            "documents": [
                {
                    "nodes": {
                        "parentIndex": [box[0] for box in boxes],
                        "nodeName": [string(box[1]) for box in boxes],
                        "attributes": [[] for _ in boxes],
                    },
                    "layout": {
                        "nodeIndex": list(range(len(boxes))),
                        "bounds": [
                            [box[2][0], box[2][1], box[2][2] - box[2][0], box[2][3] - box[2][1]] for box in boxes
                        ],
                        "styles": [[string((plain | box[3]).get(name, "")) for name in STYLES] for box in boxes],
                        "text": [-1] * len(boxes),
                        "paintOrders": list(range(len(boxes))),
                    },
                }
            ],
        },
    }


def matrix(degrees: float) -> str:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return f"matrix({cos:.6f}, {sin:.6f}, {-sin:.6f}, {cos:.6f}, 0, 0)"


PAPER, INK = {"background-color": "rgb(250, 250, 250)"}, {"background-color": "rgb(1, 2, 3)"}
ROOT = (-1, "DIV", (0.0, 0.0, 1000.0, 1000.0), PAPER)


@given(st.floats(-179, 179).filter(lambda a: abs(a) > 1), st.floats(-60, 60), st.floats(20, 300), st.floats(20, 300))
def test_boxes_get_their_own_place_and_size_back(angle: float, inner: float, width: float, height: float) -> None:
    outer, child = (400.0, 400.0, 400 + width, 400 + height), (405.0, 408.0, 415.0, 414.0)
    turn, own = (angle, 400 + width / 2, 400 + height / 2), (inner, 410.0, 411.0)
    size = {"width": f"{width}px", "height": f"{height}px", "box-sizing": "border-box"}
    small = {"width": "10px", "height": "6px", "box-sizing": "border-box", "transform": matrix(inner)}
    snapshot = page(
        ROOT,
        (0, "DIV", around(outer, [turn]), {**INK, **size, "transform": matrix(angle)}),
        (1, "DIV", around(child, [own, turn]), {**PAPER, **small}),
    )
    boxes = open_dom(snapshot).boxes()
    for box, rect in zip(boxes[1:], (outer, child), strict=True):
        assert (box.x, box.y, box.x + box.width, box.y + box.height) == pytest.approx(rect, abs=0.05)
    assert boxes[1].turn == pytest.approx(angle, abs=0.01)


def test_a_turned_layer_says_its_angle_and_is_seen_where_it_was() -> None:
    rect, turn = (100.0, 100.0, 300.0, 140.0), (-11.0, 200.0, 120.0)
    seen = around(rect, [turn])
    snapshot = page(ROOT, (0, "DIV", seen, {**INK, "transform": matrix(-11)}))
    design = from_snapshot(snapshot).design
    node = next(n for n, _ in walk(design.roots[0]) if n.rotation)
    assert (node.width, node.height, node.rotation) == (200, 40, -11)
    assert parse(print_design(design)) == design
    assert "rotate:-11deg" in to_html(design)
    assert any(box.rect == pytest.approx(seen, abs=0.05) for box in typed_boxes(snapshot))


@pytest.mark.parametrize(
    "transform",
    [
        "none",
        "matrix(1, 0, 0.3, 1, 0, 0)",
        "matrix(-1, 0, 0, 1, 0, 0)",
        "matrix(2, 0, 0, 2, 0, 0)",
        "matrix(nan, 1, 1, nan, 0, 0)",
    ],
)
def test_what_is_not_only_turned_stays_as_it_is(transform: str) -> None:
    rect = (100.0, 100.0, 300.0, 140.0)
    boxes = open_dom(page(ROOT, (0, "DIV", rect, {**INK, "transform": transform}))).boxes()
    assert (boxes[1].x, boxes[1].y, boxes[1].width, boxes[1].height, boxes[1].turn) == (100, 100, 200, 40, 0)


def test_a_turn_and_its_reverse_cancel() -> None:
    assert turned(*turned(3.0, 4.0, (30.0, 9.0, 1.0)), (-30.0, 9.0, 1.0)) == pytest.approx((3.0, 4.0))


def test_a_darkened_picture_lies_under_black() -> None:
    image = (0, "IMG", (0.0, 0.0, 400.0, 300.0))
    for value, over in (("brightness(0.9)", (Solid("#000000", 0.1),)), ("brightness(1.2)", ()), ("none", ())):
        design = from_snapshot(page(ROOT, (*image, {"filter": value}))).design
        node = next(n for n, _ in walk(design.roots[0]) if n.kind == "img")
        assert node.fills[1:] == over
        assert isinstance(node.fills[0], SlotPaint)
    html = to_html(parse("img 40x40 &a #00000080"), slots={"a": "data:image/png;base64,AAAA"})
    assert "linear-gradient(#00000080,#00000080),url(" in html


@pytest.mark.parametrize(("text", "width"), [("One line.\nAnother.", HUG), ("One line\u2028broken.", 100.0)])
def test_a_text_whose_lines_all_end_where_somebody_said_so_hugs_them(text: str, width: object) -> None:
    look = {"runs": (Run(text),), "style": TextStyle("Inter")}
    item = Item("t", 0.0, 0.0, 100.0, 40.0, (0, 0), look, natural=(0.0, 99.9), lines=2)
    frame = Item("frame", 0.0, 0.0, 400.0, 40.0, (0, 0), plan=Plan("row", [item], content=(0.0, 40.0)))
    assert build(frame).children[0].width == width
