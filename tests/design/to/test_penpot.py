"""The Penpot target, held to the facts of its format: entries, ids, geometry, layout, order."""

from __future__ import annotations

import base64
import io
import json
import uuid
import zipfile
from typing import Any

from hypothesis import given, settings

from design import Design, parse
from design.to.penpot import ROOT, to_penpot
from tests.design.capturing import dot
from tests.design.trees import designs

CARD = """\
$ brand #6c4cf1
% title Inter/SemiBold 24/32
col Card 300 p16 g12 $brand r10 sh(0,1,2,0,#00000040)
 t * %title #ffffff "Two\\nlines " (#ff0000 ul)"red"
 row * jb
  rect *x10 $brand/50
  oval 10x10 @4,4rb lin(90,#000000,#ffffff)
 grid * cols2 g8,4
  img *x40 &photo
  rect *x40 s0,0,2,0#000000
"""
SLOTS = {"photo": "data:image/png;base64," + base64.b64encode(dot()).decode()}
ENUMS = {
    "layout": {"flex", "grid"}, "layoutFlexDir": {"row", "column"}, "layoutWrapType": {"wrap", "nowrap"},
    "layoutJustifyContent": {"start", "center", "end", "space-between"}, "layoutAlignItems": {"start", "center", "end"},
    "layoutItemHSizing": {"fill", "fix", "auto"}, "layoutItemVSizing": {"fill", "fix", "auto"},
    "constraintsH": {"left", "right", "center", "leftright", "scale"},
    "growType": {"auto-width", "auto-height", "fixed"},
    "constraintsV": {"top", "bottom", "center", "topbottom", "scale"},
    "type": {"frame", "rect", "circle", "text"},
}  # fmt: skip


def opened(design: Design, **options: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """All JSON entries by path, and the page's shapes by id; checked against the format's facts."""
    data = to_penpot(design, **options)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(set(names)) == len(names)
        entries = {name: json.loads(archive.read(name)) for name in names if name.endswith(".json")}
        blobs = {name: archive.read(name) for name in names if not name.endswith(".json")}
    manifest = entries["manifest.json"]
    assert (manifest["type"], manifest["version"]) == ("penpot/export-files", 1)
    (file,) = manifest["files"]
    base = f"files/{file['id']}"
    assert set(entries[f"{base}.json"]["features"]) == set(file["features"])
    (page,) = [e for name, e in entries.items() if name.startswith(f"{base}/pages/") and name.count("/") == 3]
    shapes = {e["id"]: e for name, e in entries.items() if name.startswith(f"{base}/pages/{page['id']}/")}
    for name in entries:
        if name.count("/") == 4:
            assert name.endswith(f"/{entries[name]['id']}.json")
    _check(shapes)
    for name, entry in entries.items():
        if "/media/" in name:
            stored = entries[f"objects/{entry['mediaId']}.json"]
            assert stored["size"] == len(next(b for n, b in blobs.items() if entry["mediaId"] in n))
    return entries, shapes


def _check(shapes: dict[str, dict[str, Any]]) -> None:
    assert shapes[ROOT]["parentId"] == ROOT
    seen = {ROOT}
    for key, shape in shapes.items():
        uuid.UUID(key)
        for name, allowed in ENUMS.items():
            assert shape.get(name, next(iter(allowed))) in allowed, name
        assert len(shape["points"]) == 4
        assert {"a", "b", "c", "d", "e", "f"} == set(shape["transform"]) == set(shape["transformInverse"])
        rect = shape["selrect"]
        assert abs(rect["x"] + rect["width"] - rect["x2"]) < 0.01
        assert rect["width"] > 0
        assert rect["height"] > 0
        assert shapes[shape["parentId"]]["type"] == "frame"
        for child in shape.get("shapes", []):
            assert shapes[child]["parentId"] == key
            assert child not in seen
            seen.add(child)
        for cell in shape.get("layoutGridCells", {}).values():
            assert set(cell["shapes"]) <= set(shape["shapes"])
            assert cell["row"] + cell["rowSpan"] - 1 <= len(shape["layoutGridRows"])
            assert cell["column"] + cell["columnSpan"] - 1 <= len(shape["layoutGridColumns"])
    assert seen == set(shapes)


def by_name(shapes: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return next(shape for shape in shapes.values() if shape["name"] == name)


def test_a_card_has_its_layout_type_paint_and_picture() -> None:
    entries, shapes = opened(parse(CARD), slots=SLOTS)
    card = by_name(shapes, "Card")
    assert (card["layout"], card["layoutFlexDir"], card["layoutGap"]) == (
        "flex",
        "column",
        {"rowGap": 12, "columnGap": 0},
    )
    assert card["layoutPadding"] == {"p1": 16, "p2": 16, "p3": 16, "p4": 16}
    (fill,) = card["fills"]
    assert fill["fillColor"] == "#6c4cf1"
    assert any(e.get("id") == fill["fillColorRefId"] and e["name"] == "brand" for e in entries.values())
    assert card["shadow"][0]["color"] == {"color": "#000000", "opacity": 0.251}
    text = next(s for s in shapes.values() if s["type"] == "text")
    (paragraphs,) = text["content"]["children"]
    assert [[piece["text"] for piece in p["children"]] for p in paragraphs["children"]] == [["Two"], ["lines ", "red"]]
    assert paragraphs["children"][1]["children"][1]["textDecoration"] == "underline"
    assert (text["growType"], text["layoutItemHSizing"]) == ("auto-height", "fill")
    (media,) = [e for name, e in entries.items() if "/media/" in name]
    assert (media["width"], media["height"], media["mtype"]) == (40, 40, "image/png")


def test_a_flex_layout_counts_its_children_from_the_top() -> None:
    _, shapes = opened(parse("row Bar 100\n rect A 10x10\n rect B 10x10\n rect Over 5x5 @1,1"))
    names = [shapes[key]["name"] for key in by_name(shapes, "Bar")["shapes"]]
    assert names == ["B", "A", "Over"]
    assert by_name(shapes, "A")["x"] < by_name(shapes, "B")["x"]
    assert by_name(shapes, "Over")["layoutItemAbsolute"]


def test_what_is_turned_has_turned_corners() -> None:
    _, shapes = opened(parse("box 200x200\n rect Turned 100x50 @40,20 rot90 #ff0000"))
    turned = by_name(shapes, "Turned")
    assert turned["rotation"] == 90
    assert turned["points"][0] == {"x": 115, "y": -5}
    assert turned["selrect"]["x"] == 40


def test_addresses_and_hostile_drawings_stay_outside() -> None:
    hostile = {
        "a": "https://x.test/a.png",
        "b": "<svg onload='x'><script>1</script></svg>",
        "c": "data:image/png;base64,AAAA",
    }
    entries, _ = opened(parse("img 9x9 &a\nsvg 9x9 &b\nimg 9x9 &c"), slots=hostile)
    assert not any("x.test" in json.dumps(e) or "script" in json.dumps(e) for e in entries.values())


def test_the_same_design_gives_the_same_bytes() -> None:
    assert to_penpot(parse(CARD), slots=SLOTS) == to_penpot(parse(CARD), slots=SLOTS)


@settings(max_examples=15)
@given(designs)
def test_every_design_gives_a_file_of_the_format(design: Design) -> None:
    opened(design)
