"""Snapshots of real pages → designs: structure, text, paint, slots; hostile snapshots → a design or a typed error."""

from __future__ import annotations

import copy
import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from design import Imported, SnapshotError, from_snapshot, from_snapshots, load_snapshot, parse, print_design
from design.tree import Linear, Node, Radial, SlotPaint, Solid, expand, walk

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = ("landing", "layers", "type")


def snapshot_of(name: str) -> dict[str, Any]:
    return load_snapshot((FIXTURES / f"{name}.json.gz").read_bytes())


def imported(name: str) -> Imported:
    return from_snapshot(snapshot_of(name))


def nodes_of(found: Imported) -> list[Node]:
    return [node for root in expand(found.design).roots for node, _ in walk(root)]


def text_of(node: Node) -> str:
    return "".join(run.text for run in node.runs)


def texts_of(found: Imported) -> list[str]:
    return [text_of(node) for node in nodes_of(found) if node.kind == "t"]


def node_with(found: Imported, text: str) -> Node:
    return next(node for node in nodes_of(found) if text in text_of(node))


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_page_round_trips(name: str) -> None:
    design = imported(name).design
    assert parse(print_design(design)) == design


def test_flex_and_grid_become_row_column_and_grid() -> None:
    found = imported("landing")
    page = expand(found.design).roots[0]
    nav, hero, cards, footer = page.children
    assert (page.kind, page.width) == ("col", 800.0)
    assert (nav.kind, nav.name, nav.justify, nav.align, nav.width) == ("row", "Nav", "between", "center", "fill")
    assert (hero.kind, hero.name, hero.align) == ("col", "Hero", "center")
    assert (cards.kind, cards.columns, cards.gap, cards.padding) == ("grid", 3, (24.0, 24.0), (48.0,) * 4)
    assert (footer.kind, footer.name, footer.justify) == ("row", "Footer", "between")


def test_a_stretched_card_fills_and_the_one_that_stretches_it_hugs() -> None:
    cards = expand(imported("landing").design).roots[0].children[2].children
    assert [card.height for card in cards[:3]] == ["fill", "hug", "fill"]


def test_margins_become_gaps_and_nothing_is_placed_by_hand_where_a_page_flows() -> None:
    found = imported("landing")
    assert not [node for node in nodes_of(found) if node.at]
    assert {node.gap[0] for node in nodes_of(found) if node.kind == "col" and len(node.children) > 1} == {
        0.0,
        8.0,
        16.0,
        28.0,
    }


def test_wrappers_without_paint_dissolve() -> None:
    for node in nodes_of(imported("landing")):
        bare = not (node.fills or node.strokes or node.shadows or node.name or node.clip)
        assert not (bare and node.kind in ("row", "col") and len(node.children) == 1 and node.padding == (0, 0, 0, 0))


def test_lines_keep_the_breaks_the_browser_made() -> None:
    found = imported("type")
    assert node_with(found, "Right aligned").runs[0].text == "Right aligned,\ntwice"
    assert "\u2028" in text_of(node_with(found, "A paragraph"))
    assert 'def wave():\n    return "~"' in texts_of(found)


def test_inline_elements_are_runs_of_one_text() -> None:
    runs = node_with(imported("type"), "A paragraph").runs
    assert [run.text for run in runs[:5]] == ["A paragraph with ", "bold", ", ", "italic", " and "]
    assert runs[5].underline
    assert runs[0].paint is None
    assert runs[5].paint == Solid("$indigo")


def test_text_attributes_survive() -> None:
    found = imported("type")
    assert node_with(found, "OVERLINE").upper
    assert node_with(found, "OVERLINE").runs[1].strike
    assert node_with(found, "Right aligned").text_align == "right"
    assert node_with(found, "Justified").text_align == "justify"
    assert isinstance(node_with(found, "Gradient ink").fills[0], Linear)


def test_hostile_and_foreign_text_stays_text() -> None:
    texts = [text.strip() for text in texts_of(imported("type"))]
    assert 'Emoji 👩‍🚀 and "quotes" <b>not bold</b>' in texts
    assert "שלום עולם 123" in texts


def test_what_cannot_be_seen_is_left_out() -> None:
    texts = " ".join(texts_of(imported("type")))
    for hidden in ("Never", "Unseen", "Only for readers"):
        assert hidden not in texts


def test_pseudo_elements_and_markers_are_read_in_order() -> None:
    found = imported("type")
    assert "«Said»" in texts_of(found)
    assert [node.fills for node in nodes_of(found) if node.kind == "oval"] == [(Solid("$brand"),)] * 2


def test_controls_show_their_value_or_placeholder() -> None:
    found = imported("type")
    assert node_with(found, "Typed").fills == (Solid("#000000"),)
    assert node_with(found, "Your name").fills != node_with(found, "Typed").fills


def test_overlapping_boxes_keep_their_painting_order_and_stand_by_hand() -> None:
    found = imported("layers")
    stage = expand(found.design).roots[0].children[0]
    assert stage.kind == "box"
    assert stage.clip
    assert isinstance(stage.fills[0], Radial)
    rects = [(node.at.x, node.at.y) for node in stage.children if node.kind == "rect" and node.at]
    assert rects == [(60, 60), (220, 80), (140, 110)]


def test_borders_radii_shadows_and_opacity_are_read() -> None:
    nodes = nodes_of(imported("layers"))
    sides = next(node for node in nodes if len(node.strokes) == 2)
    assert [stroke.widths for stroke in sides.strokes] == [(4, 0, 0, 0), (0, 0, 0, 2)]
    assert sides.strokes[1].dash == "dashed"
    assert sides.radii == (0, 24, 0, 24)
    assert {shadow.inner for node in nodes for shadow in node.shadows} == {True, False}
    assert any(node.opacity == 0.5 for node in nodes)
    assert any(node.kind == "oval" for node in nodes)


def test_images_become_slots_bound_to_their_source() -> None:
    found = imported("layers")
    dot = found.slots["dot"]
    assert (dot.kind, dot.url, dot.sha256, dot.format) == ("image", "http://fixture.test/dot.png", "0" * 64, "png")
    assert found.slots["canvas"].url is None
    fits = {
        paint.fit
        for node in nodes_of(found)
        for paint in node.fills
        if isinstance(paint, SlotPaint) and paint.slot == "dot"
    }
    assert fits == {"cover", "none"}


def test_inline_svg_is_rebuilt_with_computed_colours_and_nothing_active() -> None:
    source = imported("layers").slots["icon"].svg
    assert source is not None
    assert 'stroke="rgb(253, 216, 53)"' in source
    assert 'viewBox="0 0 24 24"' in source
    assert "script" not in source
    assert "onclick" not in source


def test_a_css_triangle_is_drawn() -> None:
    source = imported("layers").slots["triangle"].svg
    assert source is not None
    assert source.count("<polygon") == 1


def test_recurring_colours_families_and_type_are_tokens() -> None:
    design = imported("landing").design
    palette = dict(design.palette)
    assert palette["paper"] == "#ffffff"
    assert palette["brand"] == "#1f6f8b"
    assert dict(design.fonts) == {"sans": "Liberation Sans, Arial, sans-serif"}
    assert dict(design.styles)["h1"].size == 44


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\x1f\x8b\x08junk",
        gzip.compress(b"not json", mtime=0),
        b'{"format":"gesso-dom/1"}',
        b'{"format":"other"}',
        b'{"format":"gesso-dom/1","snapshot":{"strings":[],"documents":[]},"computed_styles":[]}',
        b'{"format":"gesso-dom/1","snapshot":{"strings":[],"documents":[{}]},"computed_styles":[]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_snapshot_is_a_typed_error(blob: bytes) -> None:
    with pytest.raises(SnapshotError):
        load_snapshot(blob)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("design.dom.snapshot.MAX_BYTES", 1 << 20)
    with pytest.raises(SnapshotError, match="unpacks to more than"):
        load_snapshot(gzip.compress(b" " * (2 << 20), mtime=0))


HOSTILE = (
    "NaN", "1e999px", "-1e9px", "calc(1px + var(--x))", "var(--x, var(--x))", "url(javascript:alert(1))",
    "rgb(NaN 1e400 5)",
    "linear-gradient(1e400deg, red, rgb(0 0 0) 1e300px)",
    "radial-gradient(circle at 1e9px -1e9px, rgb(1,2,3), rgb(4,5,6))",
    "</style><script>alert(1)</script>", "", "-0px", "matrix(NaN, 0, 0, 1, 0, 0)", "((((((((", '"',
    "#12", "oklch(1e400 2 3)",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", NAMES)
def test_hostile_css_gives_a_design(name: str, seed: int) -> None:
    whole = copy.deepcopy(snapshot_of(name))
    rng = random.Random(seed)
    strings = whole["snapshot"]["strings"]
    for index in rng.sample(range(len(strings)), len(strings) // 3):
        strings[index] = rng.choice(HOSTILE)
    design = from_snapshot(whole).design
    assert parse(print_design(design)) == design


@pytest.mark.parametrize("seed", range(12))
def test_a_snapshot_of_wrong_shapes_gives_a_design_or_a_typed_error(seed: int) -> None:
    whole = copy.deepcopy(snapshot_of("layers"))
    rng = random.Random(seed)
    document = whole["snapshot"]["documents"][0]
    for part in ("nodes", "layout", "textBoxes"):
        for key in rng.sample(sorted(document[part]), 2):
            value = document[part][key]
            document[part][key] = rng.choice(
                [None, 7, "x", {}, [], [None] * 5, list(reversed(value)) if isinstance(value, list) else []]
            )
    rows = document["layout"]["bounds"]
    for bounds in rows if isinstance(rows, list) else []:
        if isinstance(bounds, list) and rng.random() < 0.2:
            bounds[rng.randrange(4)] = rng.choice([float("inf"), float("nan"), 1e300, -5, "x", None])
    try:
        design = from_snapshot(whole).design
    except SnapshotError:
        return
    assert parse(print_design(design)) == design


def made_up(parents: list[int], bounds: list[list[float]]) -> dict[str, Any]:
    """A snapshot of plain painted divs."""
    strings = ["DIV", "block", "rgb(1, 2, 3)", "visible", "1"]
    count = len(parents)
    return {
        "format": "gesso-dom/1",
        "url": "http://made.test/",
        "page": {"width": 1000, "height": 1000},
        "computed_styles": ["display", "background-color", "visibility", "opacity"],
        "snapshot": {
            "strings": strings,
            "documents": [
                {
                    "nodes": {"parentIndex": parents, "nodeName": [0] * count},
                    "layout": {
                        "nodeIndex": list(range(count)),
                        "bounds": bounds,
                        "styles": [[1, 2, 3, 4]] * count,
                        "text": [-1] * count,
                        "paintOrders": list(range(count)),
                    },
                }
            ],
        },
    }


@pytest.mark.parametrize(("depth", "least"), [(200, 199), (3000, 50)])
def test_deep_nesting_is_kept_or_flattened_never_a_crash(depth: int, least: int) -> None:
    whole = made_up([-1, *range(depth - 1)], [[i / 10, i / 10, 900 - i / 5, 900 - i / 5] for i in range(depth)])
    found = from_snapshot(whole, components=False)
    assert parse(print_design(found.design)) == found.design
    assert len(nodes_of(found)) > 50
    assert max(level for _, level in walk(found.design.roots[0])) >= least


def test_ten_thousand_nodes_take_seconds_at_most() -> None:
    count = 10_000
    bounds = [[0.0, 0.0, 1000.0, 1000.0]] + [[(i % 100) * 10.0, (i // 100) * 10.0, 9.0, 9.0] for i in range(count - 1)]
    started = time.process_time()
    found = from_snapshot(made_up([-1] + [0] * (count - 1), bounds))
    assert len(nodes_of(found)) >= count
    assert parse(print_design(found.design)) == found.design
    assert time.process_time() - started < 30


def test_ten_thousand_overlapping_nodes_are_placed_by_hand() -> None:
    count = 10_000
    found = from_snapshot(made_up([-1] + [0] * (count - 1), [[5.0, 5.0, 500.0, 500.0]] * count))
    assert len(nodes_of(found)) >= count


def test_a_cyclic_tree_is_read_as_far_as_it_goes() -> None:
    whole = made_up([1, 2, 0, 2], [[0.0, 0.0, 10.0, 10.0]] * 4)
    assert from_snapshot(whole).design.roots


def test_missing_properties_are_tolerated() -> None:
    whole = json.loads(json.dumps(snapshot_of("landing")))
    whole["computed_styles"] = ["display"] + [f"unknown-{i}" for i in range(len(whole["computed_styles"]) - 1)]
    assert "Mornings on the water" in " ".join(texts_of(from_snapshot(whole)))


def test_what_recurs_is_a_component_and_the_picture_is_the_same() -> None:
    with_components = from_snapshot(snapshot_of("landing")).design
    written_out = from_snapshot(snapshot_of("landing"), components=False).design
    assert [component.name for component in with_components.components]
    assert not written_out.components
    assert texts_of(from_snapshot(snapshot_of("landing"))) == [
        text_of(node) for root in written_out.roots for node, _ in walk(root) if node.kind == "t"
    ]


def test_frames_of_several_windows_share_slots_tokens_and_components() -> None:
    one = from_snapshot(snapshot_of("layers"))
    two = from_snapshots([snapshot_of("layers"), snapshot_of("layers")])
    assert len(two.design.roots) == 2
    assert set(two.slots) >= set(one.slots) - {"canvas", "masked"}
    assert {component.name for component in two.design.components} >= {c.name for c in one.design.components}
    assert parse(print_design(two.design)) == two.design


def test_sections_and_headings_have_roles() -> None:
    roles = {node.role for node in nodes_of(imported("landing"))}
    assert roles >= {"nav", "section", "footer", "h1"}


def test_spacings_that_recur_are_tokens() -> None:
    spaces = dict(imported("landing").design.spaces)
    assert 24.0 in spaces.values()
    assert list(spaces.values()) == sorted(spaces.values())
