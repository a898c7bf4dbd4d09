"""The SVG target: what is drawn where, and that nothing of a stranger's acts in it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from design import Design, parse
from design.to.layout import Line, Places, Rect, lay_out
from design.to.svg import to_svg
from tests.design.trees import designs

SVG = "{http://www.w3.org/2000/svg}"
CARD = """\
$ ink #111827
col Card 200x120 p10 g8 #ffffff s1#dddddd r8 clip
 row * jb
  t %(Arial/Bold 16/20) $ink "Hi"
  rect 20x20 lin(90,#000000,#ffffff)
 oval 30x20 $ink/50
 img 40x20 &photo r4
"""


def drawn(source: str, **options: object) -> ElementTree.Element:
    return ElementTree.fromstring(to_svg(parse(source), **options))  # type: ignore[arg-type]


def test_layers_stand_where_the_layout_puts_them() -> None:
    root = drawn(CARD, slots={"photo": "data:image/png;base64,AA=="})
    assert (root.get("width"), root.get("height")) == ("200", "120")
    rects = [(r.get("x"), r.get("y"), r.get("width"), r.get("height")) for r in root.iter(f"{SVG}rect")]
    assert ("0", "0", "200", "120") in rects
    assert ("170", "10", "20", "20") in rects
    oval = next(root.iter(f"{SVG}ellipse"))
    assert (oval.get("cx"), oval.get("cy"), oval.get("fill-opacity")) == ("25", "48", "0.502")
    image = next(root.iter(f"{SVG}image"))
    assert (image.get("x"), image.get("y"), image.get("preserveAspectRatio")) == ("10", "66", "xMidYMid slice")
    assert image.get("clip-path")


def test_text_is_text_with_its_type_and_colour() -> None:
    text = next(drawn(CARD).iter(f"{SVG}text"))
    assert (text.get("font-family"), text.get("font-size"), text.get("font-weight")) == ('"Arial"', "16", "700")
    assert text.get("fill") == "#111827"
    assert "".join(text.itertext()) == "Hi"


def test_runs_and_lines_are_cut_where_the_places_say() -> None:
    design = parse('t 100 %(Arial/Regular 10/12) "one " (#ff0000)"two three"')
    places = Places({0: Rect(0, 0, 100, 24)}, {0: (Line(0, 7, 0, 0, 40, 12), Line(8, 13, 0, 12, 30, 12))})
    root = ElementTree.fromstring(to_svg(design, places=places))
    lines = ["".join(line.itertext()) for line in next(root.iter(f"{SVG}text"))]
    assert lines == ["one two", "three"]
    assert [s.get("fill") for s in root.iter(f"{SVG}tspan") if s.get("fill")] == ["#ff0000", "#ff0000"]


def test_a_gradient_reaches_the_corners_as_in_css() -> None:
    gradient = next(drawn("rect 100x100 lin(135,#000000,#ffffff)").iter(f"{SVG}linearGradient"))
    assert [gradient.get(k) for k in ("x1", "y1", "x2", "y2")] == ["0", "0", "100", "100"]


def test_borders_of_single_sides_are_bars() -> None:
    root = drawn("col 100x50 s0,0,2,0#ff0000")
    assert [(r.get("y"), r.get("height")) for r in root.iter(f"{SVG}rect")] == [("48", "2")]


@pytest.mark.parametrize(
    "hostile",
    [
        "javascript:alert(1)",
        "<svg onload='x'><script>alert(1)</script></svg>",
        'x" onload="alert(1)',
        "data:text/html,<b>",
    ],
)
def test_hostile_pictures_do_not_act(hostile: str) -> None:
    text = to_svg(parse("img 10x10 &a"), slots={"a": hostile})
    ElementTree.fromstring(text)
    assert not re.search(r"<script|\sonload=|javascript:|text/html", text)


def test_hostile_text_and_links_are_escaped() -> None:
    text = to_svg(
        parse(r't "<script>alert(1)</script>" (url("javascript:alert(1)"))"a" (url("https://x.test/?a=1&b=\"2"))"b"')
    )
    root = ElementTree.fromstring(text)
    assert "<script" not in text
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == []
    assert "javascript" not in text


@settings(max_examples=20)
@given(designs)
def test_every_design_gives_xml_that_reads(design: Design) -> None:
    ElementTree.fromstring(to_svg(design))


def test_rows_share_what_is_left_and_columns_stretch() -> None:
    places = lay_out(parse("row 300x40 g10\n rect 50x10\n rect *x*\n rect *x10\ncol\n rect 80x10\n row *x10"))
    assert [(places.rects[i].x, places.rects[i].width) for i in (1, 2, 3)] == [(0, 50), (60, 115), (185, 115)]
    assert places.rects[6].width == 80


def test_long_text_breaks_at_spaces_where_a_width_is_given() -> None:
    places = lay_out(parse('t 100 %(Arial/Regular 16/20) "one two three four five six seven"'))
    assert len(places.lines[0]) > 1
    assert places.rects[0].height == 20 * len(places.lines[0])


def test_a_deep_design_is_laid_out() -> None:
    source = "\n".join(" " * depth + "col *" for depth in range(250))
    assert len(lay_out(parse(source)).rects) == 250
