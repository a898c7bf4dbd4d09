"""A picture that keeps its proportions, in every target that can say so."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from design import parse, print_design, to_figma, to_html
from design.to.layout import lay_out
from design.to.penpot import to_penpot
from design.to.react import to_react
from design.tree import Design, Node

PAGE = parse("col 300\n img *x150 &photo ar2")


def picture(design: Design) -> Node:
    return design.roots[0].children[0]


@pytest.mark.parametrize(
    ("written", "kept"), [(2, 2.0), (1.33333, 1.3333), (-1, 0.0), (float("nan"), 0.0), (1e9, 1000.0)]
)
def test_a_ratio_has_four_decimals_and_bounds(written: float, kept: float) -> None:
    assert Node("img", ratio=written).ratio == kept


def test_both_spellings_are_read_and_the_short_one_is_printed() -> None:
    assert picture(parse("col 300\n img *x150 &photo ratio=2")).ratio == 2
    assert "ar2" in print_design(PAGE).split()


def test_html_lets_the_height_follow() -> None:
    assert "height:auto;aspect-ratio:2" in to_html(PAGE)
    assert "aspect-ratio" not in to_html(parse("col 300\n img 300x150 &photo ar2"))


def test_figma_is_told_at_a_size_of_those_proportions() -> None:
    layer = to_figma(PAGE)["nodes"][1]
    assert layer["resize"] == [300, 150]
    assert layer["data"]["ratio"] == "2"


def test_react_and_penpot_keep_it() -> None:
    assert "aspect-[2]" in to_react(PAGE)
    with zipfile.ZipFile(io.BytesIO(to_penpot(PAGE))) as archive:
        read = [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]
    assert [shape["proportion"] for shape in read if shape.get("proportionLock")] == [2]


def test_our_own_layout_follows_too() -> None:
    wide = parse("col 500\n img *x150 &photo ar2")
    assert lay_out(wide).rects[1].height == 250
