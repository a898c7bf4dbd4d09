"""Design → the plugin's payload: everything the checker replays, the Plugin API would take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from design import Design, from_snapshot, load_snapshot, parse, to_figma
from tests.design.figma_checker import replay
from tests.design.trees import designs

FIXTURES = Path(__file__).parents[1] / "fixtures"
CARD = """\
$ ink #111827 brand #6c4cf1
^ sans "-apple-system, Inter, sans-serif"
% h1 ^sans/SemiBold 24/32 ls-0.5
col Card 320 p24,16 g12 ac #ffffff s0,0,1,0$ink r8,8,0,0 sh(0,4,12,0,#00000033) blur(3) clip
 t * %h1 $ink tc "Hello " ($brand ul)"👋 there"
 row * jb
  rect *x10 $brand
  oval 10x10 @4,4rb lin(90,#000000,#ffffff)
 svg 24x24 &icon
 grid * cols2 g8,4
  img *x40 &photo
  img *x40 &photo/contain
  img *x40 &photo
"""


@pytest.mark.parametrize("name", ["landing", "layers", "type"])
def test_imported_pages_replay_without_fault(name: str) -> None:
    found = from_snapshot(load_snapshot((FIXTURES / f"{name}.json.gz").read_bytes()))
    drawings = {slot.name: slot.svg for slot in found.slots.values() if slot.svg}
    assert replay(to_figma(found.design)) == []
    assert replay(to_figma(found.design, slots=drawings)) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(designs)
def test_any_design_replays_without_fault(design: Design) -> None:
    payload = to_figma(design)
    assert replay(payload) == []
    assert json.loads(json.dumps(payload)) == payload


def test_the_payload_names_the_plugin_api_properties() -> None:
    payload = to_figma(parse(CARD), slots={"icon": "<svg><path d='M0 0'/></svg>", "photo": "http://x.test/a.png"})
    card, text, row, fill, oval, icon, grid, *cells = payload["nodes"]
    props = card["props"]
    assert (props["layoutMode"], props["itemSpacing"], props["counterAxisAlignItems"]) == ("VERTICAL", 12, "CENTER")
    assert (props["paddingTop"], props["paddingLeft"], props["topLeftRadius"], props["clipsContent"]) == (
        24,
        16,
        8,
        True,
    )
    assert (props["strokeBottomWeight"], props["strokeTopWeight"], props["strokeAlign"]) == (1, 0, "INSIDE")
    assert [effect["type"] for effect in props["effects"]] == ["DROP_SHADOW", "LAYER_BLUR"]
    assert card["sizing"] == {"layoutSizingHorizontal": "FIXED", "layoutSizingVertical": "HUG"}
    assert text["props"]["fontName"] == {"family": "Inter", "style": "Semi Bold"}
    assert text["props"]["lineHeight"] == {"value": 32, "unit": "PIXELS"}
    assert text["props"]["textAutoResize"] == "HEIGHT"
    assert text["sizing"]["layoutSizingHorizontal"] == "FILL"
    assert row["props"]["primaryAxisAlignItems"] == "SPACE_BETWEEN"
    assert fill["props"]["fillStyle"] == "brand"
    assert fill["props"]["fills"][0]["token"] == "brand"
    assert oval["place"] == {
        "layoutPositioning": "ABSOLUTE", "x": 4, "y": 4, "constraints": {"horizontal": "MAX", "vertical": "MAX"},
    }  # fmt: skip
    assert icon["type"] == "SVG"
    assert grid["props"]["gridColumnCount"] == 2
    assert [cell["cell"] for cell in cells] == [[0, 0], [0, 1], [1, 0]]
    assert payload["images"] == [{"slot": "photo", "url": "http://x.test/a.png"}]


def test_ranges_count_utf16_units_as_figma_does() -> None:
    text = to_figma(parse(CARD))["nodes"][1]
    assert text["props"]["characters"] == "Hello 👋 there"
    assert [(r["start"], r["end"], r["textDecoration"]) for r in text["ranges"]] == [(6, 14, "UNDERLINE")]


def test_every_font_is_listed_to_be_loaded_first() -> None:
    fonts = to_figma(parse(CARD))["fonts"]
    assert {"family": "Inter", "style": "Semi Bold"} in fonts


def test_measured_breaks_become_spaces_where_figma_wraps_by_itself() -> None:
    nodes = to_figma(parse('t 100 "a\\lb\\nc"\nt "a\\lb"'))["nodes"]
    assert [node["props"]["characters"] for node in nodes] == ["a b\nc", "a\u2028b"]


def test_hostile_slots_are_left_out() -> None:
    payload = to_figma(
        parse("img 1x1 &a\nsvg 1x1 &b"), slots={"a": "javascript:x", "b": "<svg onload='x'><script/></svg>"}
    )
    assert payload["images"] == [{"slot": "a", "url": None}]
    assert "script" not in payload["nodes"][1]["svg"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda n: n[1]["props"].update(fontName=n[1]["props"].pop("fontName")), "before fontName"),
        (lambda n: n[0]["sizing"].update(layoutSizingHorizontal="FILL"), "FILL outside"),
        (lambda n: n[3]["props"].pop("fills"), "white"),
        (lambda n: n[3].update(parent=9), "does not exist yet"),
        (lambda n: n[1]["props"].update(fontName={"family": "Nope", "style": "Bold"}), "not loaded"),
    ],
)  # fmt: skip
def test_the_checker_sees_what_figma_would_refuse(change: object, fault: str) -> None:
    payload = to_figma(parse(CARD))
    change(payload["nodes"])  # type: ignore[operator]
    assert any(fault in found for found in replay(payload))


def test_the_checker_refuses_a_blur_without_its_type() -> None:
    payload = to_figma(parse(CARD))
    del payload["nodes"][0]["props"]["effects"][1]["blurType"]
    with pytest.raises(ValidationError):
        replay(payload)


COMPONENTS = """\
$ brand #6c4cf1
+Button row p12,24 $brand r10
 t %(Inter/Bold 16/24) #ffffff ?label "Get started"
 svg 16x16 &arrow ??arrow
+Card/size=big col 300 p16 g16
 img *x100 &photo ?picture
 Button label="More"
 box *x40 ?content
+Card/size=small col 200 p8
 img *x50 &photo ?picture
+Word t ?word "a word"
col Page 800 p24 g16
 Button label="Watch demo" #ff0000
 Button label=(ul)"Two " label="runs" arrow=off
 Card size=small picture=&other
 Card
  t "inside"
 Word word="plain"
"""


def test_components_come_before_their_instances_and_an_instance_says_what_it_changes() -> None:
    payload = to_figma(parse(COMPONENTS))
    assert replay(payload) == []
    assert [(c["name"], c["variant"]) for c in payload["components"]] == [
        ("Button", {}), ("Card", {"size": "big"}), ("Card", {"size": "small"}),
    ]  # fmt: skip
    page = next(i for i, n in enumerate(payload["nodes"]) if n["props"].get("name") == "Page")
    red, two, small, card, *_ = [n for n in payload["nodes"] if n["parent"] == page]
    assert (red["type"], red["component"], red["resize"]) == ("INSTANCE", 0, None)
    assert red["props"]["fills"][0]["color"] == {"r": 1.0, "g": 0.0, "b": 0.0}
    assert [(o["path"], o["props"]["characters"]) for o in red["overrides"]] == [([0], "Watch demo")]
    words, arrow = two["overrides"]
    assert words["ranges"] == [{"start": 0, "end": 4, "textDecoration": "UNDERLINE"}]
    assert (arrow["path"], arrow["props"]) == ([1], {"visible": False})
    assert small["component"] == 2
    assert small["overrides"][0]["props"]["fills"][0]["slot"] == "other"
    assert card["type"] == "FRAME"  # children of an instance's own are nothing that Figma has
    assert payload["notes"] == ["an instance that Figma cannot hold: made of plain layers (2×)"]


def test_an_instance_is_named_where_its_component_is_not_and_a_line_through_its_text_is_taken_away() -> None:
    payload = to_figma(parse('+Tag row Label p4\n t ?text (st)"old"\nrow\n Tag text="new"\n Tag text=(st)"old"\n'))
    new, old = [node for node in payload["nodes"] if node["type"] == "INSTANCE"]
    assert (new["props"]["name"], new["overrides"][0]["props"]["textDecoration"]) == ("Label", "NONE")
    assert old["overrides"] == []


def test_what_hugs_has_nothing_to_share_among_what_fills() -> None:
    frame, inner, text = to_figma(parse('row\n col *x* #ffffff\n  t * "a"'))["nodes"]
    assert frame["sizing"]["layoutSizingHorizontal"] == "HUG"
    assert inner["sizing"] == {"layoutSizingHorizontal": "HUG", "layoutSizingVertical": "FILL"}
    assert text["sizing"]["layoutSizingHorizontal"] == "FILL"


def test_a_child_that_aligns_by_itself_gets_a_frame_that_puts_it_there() -> None:
    _, frame, text = to_figma(parse('col 300\n t se "right"'))["nodes"]
    assert (frame["props"]["layoutMode"], frame["props"]["primaryAxisAlignItems"]) == ("HORIZONTAL", "MAX")
    assert frame["sizing"] == {"layoutSizingHorizontal": "FILL", "layoutSizingVertical": "HUG"}
    assert text["parent"] == 1


def test_a_grid_keeps_tracks_cells_and_spans() -> None:
    grid, *cells = to_figma(parse("grid 300 cols(100,*,-) rows(40)\n rect cell2,1\n rect span2\n rect cell1,2,3,1"))[
        "nodes"
    ]
    assert grid["props"]["gridColumnSizes"] == [
        {"type": "FIXED", "value": 100},
        {"type": "FLEX", "value": 1},
        {"type": "HUG"},
    ]
    assert grid["props"]["gridRowSizes"][0] == {"type": "FIXED", "value": 40}
    places = [(cell["cell"], cell["span"]) for cell in cells]
    assert places[0] == ([0, 1], [1, 1])
    taken = [(r + i, c + j) for (r, c), (h, w) in places for i in range(h) for j in range(w)]
    assert len(set(taken)) == len(taken)


def test_what_is_turned_stands_where_its_middle_was() -> None:
    _, turned = to_figma(parse("box 200x200\n rect 100x50 @40,20 rot90 #ff0000"))["nodes"]
    assert turned["props"]["rotation"] == -90
    assert (turned["place"]["x"], turned["place"]["y"]) == (115, -5)


def test_limits_pins_blends_links_and_lines_have_their_places() -> None:
    source = (
        'row 400\n t *x40 w100..300 vm lines2 mix(multiply) (url("https://x.test/"))"a" (url("javascript:x"))"b"\n'
        " col 10x10 @1,2hv scrolly hide"
    )
    _, text, layer = to_figma(parse(source))["nodes"]
    assert text["limits"] == {"minWidth": 100, "maxWidth": 300}
    props = text["props"]
    assert (props["textAlignVertical"], props["maxLines"], props["blendMode"]) == ("CENTER", 2, "MULTIPLY")
    assert props["textAutoResize"] == "NONE"
    assert text["ranges"] == [{"start": 0, "end": 1, "hyperlink": {"type": "URL", "value": "https://x.test/"}}]
    assert layer["place"]["constraints"] == {"horizontal": "STRETCH", "vertical": "STRETCH"}
    assert (layer["props"]["overflowDirection"], layer["props"]["visible"]) == ("VERTICAL", False)


def test_tokens_become_named_numbers_and_effects() -> None:
    payload = to_figma(parse("= s 8\n~ card 12\n! soft sh(0,1,2,0,#00000033)\ncol !soft"))
    assert payload["numbers"] == {"space": [{"name": "s", "value": 8}], "radius": [{"name": "card", "value": 12}]}
    assert payload["effectStyles"][0]["name"] == payload["nodes"][0]["props"]["effectStyle"] == "soft"


def test_pictures_that_fill_letters_and_borders_are_listed() -> None:
    payload = to_figma(parse('col 320\n t * &sky "Hello " (&grain)"there"\n rect *x10 s2&edge\n'))
    assert [image["slot"] for image in payload["images"]] == ["edge", "grain", "sky"]
    assert replay(payload) == []
