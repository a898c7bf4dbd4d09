"""The notation: what prints parses back equal, and what does not parse says where and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from design import Design, NotationError, TreeError, parse, print_design
from design.tree import MAX_DEPTH, At, Linear, Node, Run, Shadow, SlotPaint, Solid, Stop, Stroke, TextStyle
from tests.design.trees import designs

EXAMPLE = """\
$ ink #111827 brand #6c4cf1
^ sans "Inter, sans-serif"
% h1 ^sans/Bold 56/64 ls-1.5
// a comment
col Landing 1440 #ffffff
 row Hero * p96,80 g24 lin(135,#f5f3ff,#ffffff)
  t 820 %h1 $ink tc "Design, " ($brand ul)"primed"
  img 44x44 r8 &icon
  row Button p12,24 jc ac $brand r10
   t %(Inter/SemiBold 14/20) #ffffff "Watch demo"
  oval 320x320 @-80,-120 #6c4cf180 o60
"""


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs)
def test_what_prints_parses_back_equal(design: Design) -> None:
    assert parse(print_design(design)) == design


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from([*EXAMPLE, "\x00", "é", "{", "\u2028"]), max_size=80))
def test_any_text_gives_a_design_or_an_error_with_its_place(text: str) -> None:
    error = None
    try:
        parse(text)
    except NotationError as caught:
        error = caught
    assert error is None or (error.line >= 1 and error.column >= 1 and error.expected in str(error))


def test_the_example_reads_as_written() -> None:
    design = parse(EXAMPLE)
    landing = design.roots[0]
    hero = landing.children[0]
    title, icon, button, oval = hero.children
    assert (landing.name, landing.width, landing.height) == ("Landing", 1440.0, "hug")
    assert hero.width == "fill"
    assert hero.padding == (96.0, 80.0, 96.0, 80.0)
    assert hero.fills == (Linear(135, (Stop(Solid("#f5f3ff"), 0), Stop(Solid("#fff"), 1))),)
    assert title.runs == (Run("Design, "), Run("primed", Solid("$brand"), underline=True))
    assert icon.fills == (SlotPaint("icon"),)
    assert button.children[0].style == TextStyle("Inter", 600, 14, 20)
    assert oval.at == At(-80, -120)
    assert design.styles[0] == ("h1", TextStyle("^sans", 700, 56, 64, -1.5))


def test_printing_is_stable() -> None:
    printed = print_design(parse(EXAMPLE))
    assert print_design(parse(printed)) == printed


@pytest.mark.parametrize(
    ("text", "line", "column", "expected"),
    [
        ("col\n  t", 2, 3, "one space a level"),
        ("col\n tt", 2, 2, "one of col, row"),
        ('t "open', 1, 3, "quotes"),
        ("col 10x10 20", 1, 11, "each attribute once"),
        ("col lin(90,#fff)", 1, 17, "2 to 64"),
        ("col p1,2,3", 1, 11, "one, two or four"),
        ("col #12345", 1, 11, "no colour"),
        ("col raw[1]", 1, 11, "JSON object"),
        ("$ ink", 1, 6, "' '"),
        ("t %(Inter/Heavy 12)", 1, 11, "font weight"),
    ],
)
def test_an_error_names_line_column_and_what_was_expected(text: str, line: int, column: int, expected: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert expected in str(caught.value)


def test_nesting_beyond_the_limit_is_an_error_both_ways() -> None:
    node = Node("box")
    for _ in range(MAX_DEPTH):
        node = Node("box", children=(node,))
    with pytest.raises(TreeError, match="nested deeper"):
        print_design(Design((node,)))
    with pytest.raises(NotationError, match=f"{MAX_DEPTH} levels"):
        parse("\n".join(" " * i + "box" for i in range(MAX_DEPTH + 1)))


def test_the_deepest_tree_allowed_round_trips() -> None:
    design = parse("\n".join(" " * i + "col" for i in range(MAX_DEPTH)))
    assert parse(print_design(design)) == design


def test_every_newline_terminated_prefix_parses() -> None:
    lines = EXAMPLE.splitlines(keepends=True)
    for count in range(len(lines) + 1):
        parse("".join(lines[:count]))


def test_values_are_normalised_when_a_node_is_made() -> None:
    node = Node(
        "rect", width=10.004999, height=float("nan"), opacity=2, shadows=(Shadow(0, -0.001, -3, 0, Solid("#000")),)
    )
    assert (node.width, node.height, node.opacity) == (10.0, 0.0, 1.0)
    assert node.shadows[0] == Shadow(0, 0, 0, 0, Solid("#000000"))
    assert Node("t", runs=(Run("a\x00b\r\nc\ud800"),)).runs[0].text == "ab\nc"
    assert Solid("#ABC", 0.5) == Solid("#aabbcc80")


def test_strokes_print_width_dash_and_paint_without_ambiguity() -> None:
    node = Node("rect", strokes=(Stroke(Solid("$line", 0.5), (0, 0, 1, 0), "dashed"), Stroke(Solid("#ccc"))))
    assert print_design(Design((node,))) == "rect s0,0,1,0~$line/50 s#cccccc\n"


@pytest.mark.parametrize("bad", ["Ink", "", "a b", "x" * 65])
def test_a_token_name_that_could_not_be_printed_is_refused(bad: str) -> None:
    with pytest.raises(TreeError):
        Design(palette=((bad, "#fff"),))


def test_the_example_in_the_documentation_is_printed_as_it_stands() -> None:
    text = (Path(__file__).parents[3] / "docs" / "notation.md").read_text().split("```")[1].lstrip()
    assert print_design(parse(text)) == text
