"""The notation: what prints parses back equal, and what does not parse says where and why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from design import Design, NotationError, TreeError, parse, print_design
from design.notation import Reader
from design.notation.words import SPELLED
from design.tree import (
    MAX_DEPTH,
    At,
    Linear,
    Node,
    Run,
    Shadow,
    SlotPaint,
    Solid,
    Stop,
    Stroke,
    TextStyle,
    expand,
)
from tests.design.trees import designs

ROOT = Path(__file__).parents[3]
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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
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
        ("col p", 1, 6, "one to four numbers"),
        ("+button row", 1, 2, "a capital first"),
        ("col cols(3,x)", 1, 12, "a track"),
        ("col mix(mud)", 1, 9, "one of normal, multiply"),
        ("Button p", 1, 9, "numbers"),
        ("col padding=x", 1, 13, "one to four numbers"),
        ("col paddin=1", 1, 5, "one of align"),
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
    assert print_design(Design((node,))) == "rect sb~$line/50 s#cccccc\n"


@pytest.mark.parametrize("bad", ["Ink", "", "a b", "x" * 65])
def test_a_token_name_that_could_not_be_printed_is_refused(bad: str) -> None:
    with pytest.raises(TreeError):
        Design(palette=((bad, "#fff"),))


@pytest.mark.parametrize(
    ("short", "padding"),
    [
        ("p8", (8, 8, 8, 8)),
        ("p8,4", (8, 4, 8, 4)),
        ("p8,4,2", (8, 4, 2, 4)),
        ("p8,4,2,1", (8, 4, 2, 1)),
        ("pb8", (0, 0, 8, 0)),
        ("pt-8.5", (-8.5, 0, 0, 0)),
    ],
)
def test_sides_are_counted_as_css_counts_them(short: str, padding: tuple[float, ...]) -> None:
    design = parse(f"col {short}\n")
    assert design.roots[0].padding == padding
    assert print_design(design) == f"col {short}\n"


def test_a_styles_usual_paint_is_said_once_and_what_differs_is_said() -> None:
    ink, red = Solid("$ink"), Solid("#ff0000")
    texts = [Node("t", style="body", fills=fills) for fills in ((ink,), (ink,), (red,), (), (ink, red))]
    design = Design((Node("col", children=tuple(texts)),), styles=(("body", TextStyle("Inter")),))
    lines = print_design(design).splitlines()
    assert lines[0] == "% body Inter/Regular 16 $ink"
    assert [line.removeprefix(" t %body") for line in lines[2:]] == ["", "", " #ff0000", " nofill", " $ink #ff0000"]
    assert parse(print_design(design)) == design


def test_a_name_that_is_given_twice_has_the_later_value_and_is_noted() -> None:
    notes: list[NotationError] = []
    reader = Reader(on_note=notes.append)
    reader.feed("$ ink #000000\n$ ink #111111\n+A col\n+A row\ncol !none\n")
    design = reader.finish()
    assert design.palette == (("ink", "#111111"),)
    assert [component.root.kind for component in design.components] == ["row"]
    assert [(note.line, note.column) for note in notes] == [(2, 3), (4, 2), (5, 6)]


@pytest.mark.parametrize("text", ["+A col\n A\n", "+A col\n B\n+B col\n col\n  A\n", "+A col\n B\n+B A\n+C A\n"])
def test_a_component_within_itself_is_left_empty(text: str) -> None:
    notes: list[NotationError] = []
    reader = Reader(on_note=notes.append)
    reader.feed(text + "A\n")
    design = reader.finish()
    assert "left empty" in str(notes[0])
    assert expand(design).roots[0].kind == "col"


def test_documented_examples_are_printed_as_they_stand() -> None:
    text = (ROOT / "docs" / "notation.md").read_text()
    examples = re.findall(r"```gesso\n(.*?)```", text, re.S)
    assert len(examples) == 3
    for example in examples:
        assert print_design(parse(example)) == example


def test_both_spellings_read_the_same() -> None:
    text = (ROOT / "docs" / "notation.md").read_text()
    spelled = re.findall(r"```gesso-spelled\n(.*?)```", text, re.S)
    assert len(spelled) == 1
    assert print_design(parse(spelled[0])) == (
        "$ ink #111827\n"
        "! card sh(0,8,32,0,$ink/20)\n"
        "col Landing :main 1440 h900.. p24 g16 ac #ffffff !card\n"
        ' t %(Inter/Bold 32/40) tc up "Design, primed"\n'
        " rect *x1 $ink o10\n"
    )


@pytest.mark.parametrize("key", sorted(SPELLED))
def test_every_spelled_key_means_a_short_one(key: str) -> None:
    values = {
        "name": '"A b"', "size": "3x4", "width": "fill", "height": "hug", "at": "1,2rb", "justify": "end",
        "align": "baseline", "self": "center", "columns": "(*,2*)", "rows": "(-)", "cell": "2,1", "span": "2",
        "fill": "#ffffff", "stroke": "2~#ffffff", "shadow": "(0,1,2,0,#000000)", "inner-shadow": "(0,1,2,0,#000000)",
        "blend": "hue", "style": "h1", "text-align": "right", "vertical": "bottom", "role": "h1", "link": '"x"',
        "bind": "a", "show": "a", "text": '"x"', "raw": "{}",
    }  # fmt: skip
    design = parse(f"box {key}={values.get(key, '7')}\n")
    printed = print_design(design)
    assert (printed != "box\n") == (key != "height")
    assert f" {key}=" not in printed
    assert parse(printed) == design


def test_the_documented_python_runs_as_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "notation.md").read_text(), re.S)
    scope: dict[str, object] = {}
    exec(code[0], scope)
    assert "wat" in capsys.readouterr().out
    assert print_design(scope["design"]) == 'row A\n t "kept"\n'  # type: ignore[arg-type]
