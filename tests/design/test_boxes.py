"""Typed boxes of a snapshot: what can be seen, as which kind, and cut where a clip cuts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from design import SnapshotError, load_snapshot
from design.boxes import TYPES, type_of, typed_boxes
from design.dom.items import Item

SNAPSHOT = Path(__file__).parents[1] / "curation" / "tern-404.dom.json.gz"


def test_a_pages_layers_lie_where_the_browser_laid_them() -> None:
    boxes = typed_boxes(load_snapshot(SNAPSHOT.read_bytes()))
    assert [(b.type, b.depth) for b in boxes][:4] == [("main", 0), ("text", 1), ("text", 1), ("text", 1)]
    assert boxes[1].text == "404"
    assert boxes[0].rect == (0, 0, 1440, 900)
    for box in boxes:
        left, top, right, bottom = box.rect
        assert 0 <= left < right <= 1440
        assert 0 <= top < bottom <= 900
        assert box.type in TYPES


@pytest.mark.parametrize(
    ("kind", "name", "size", "type_"),
    [
        ("frame", "Button", (90, 40), "button"),
        ("t", "Button", (90, 20), "button"),
        ("t", "", (90, 20), "text"),
        ("svg", "", (24, 24), "icon"),
        ("svg", "", (400, 300), "image"),
        ("rect", "", (13, 13), "shape"),
        ("frame", "PricingPlans", (900, 400), "container"),
    ],
)
def test_a_type_is_the_landmark_or_the_material(kind: str, name: str, size: tuple[int, int], type_: str) -> None:
    assert type_of(Item(kind, 0, 0, *size, (0, 0), name=name)) == type_


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(SnapshotError, match="not a DOM snapshot"):
        typed_boxes({"format": "else"})
