"""The boxes that the elements task starts from: those of the capture's own DOM, inside the picture, of known kinds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from annotations.configs.elements import KINDS
from annotations.items import Items, read_items
from annotations.questions import design_boxes
from benchmarks import label_set
from crawlers.captures import CaptureStore
from design import load_snapshot

LANDING = Path(__file__).parents[1] / "design" / "fixtures" / "landing.json.gz"


@pytest.fixture
def items(tmp_path: Path) -> Items:
    """The first picture has a DOM, the second one that is not in the store, the others none."""
    label_set.write(tmp_path, 4, scale=0.1)
    blob = LANDING.read_bytes()
    name = CaptureStore(str(tmp_path / "captures"), create=True).put_blob(blob, "dom")
    found = read_items("screens", tmp_path)
    page = load_snapshot(blob)["page"]
    first = found.rows[0] | {"dom_sha256": name, "width": page["width"], "height": page["height"]}
    return replace(found, rows=[first, found.rows[1] | {"dom_sha256": "0" * 64}, *found.rows[2:]])


def test_boxes_come_from_the_dom_and_lie_in_the_picture(items: Items) -> None:
    found = design_boxes(items)(0)
    assert {"header", "text"} & {one.label for one in found}
    assert all(one.label in KINDS for one in found)
    for one in found:
        assert one.box is not None
        assert 0 <= one.box.x <= one.box.x + one.box.width <= 1 + 1e-9
        assert one.box.width > 0 < one.box.height
    assert len({one.region_id for one in found}) == len(found)


def test_without_a_dom_there_are_none(items: Items) -> None:
    boxes = design_boxes(items)
    assert boxes(1) == boxes(2) == []
