"""How much of a page's layout its design keeps, and how repeated groups are held to labels."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from design import from_snapshot, parse
from design.compare.layout import census, flowing
from design.compare.repeats import found_groups, group_f1, labelled_groups, matches
from design.dom.snapshot import open_dom

FIXTURES = Path(__file__).parents[1] / "fixtures"
LABELS = Path(__file__).parents[1] / "labels" / "components.json"


def snapshot(name: str) -> dict[str, Any]:
    return dict(json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes())))


def test_a_page_that_flows_is_kept_whole() -> None:
    found = census(snapshot("landing"), from_snapshot(snapshot("landing")).design)
    assert found.containers >= 3
    assert (found.kept, found.flowing) == (found.containers, found.layers)


def test_layers_placed_by_hand_do_not_flow() -> None:
    found = census(snapshot("layers"), from_snapshot(snapshot("layers")).design)
    assert 0 < found.flowing < found.layers


def test_a_position_or_a_heap_is_no_flow() -> None:
    assert flowing(parse('col\n t "a"\n rect 9x9 @1,2')) == (2, 1)
    assert flowing(parse('box 99x99\n t "a"\n t "b"')) == (2, 0)


def test_selectors_are_of_tags_classes_and_ids() -> None:
    boxes = open_dom(snapshot("landing")).boxes()
    assert sum(matches(box, "h1") for box in boxes) == 1
    assert sum(matches(box, "section#top h1") for box in boxes) == 1
    assert not any(matches(box, "footer h1") for box in boxes)
    with pytest.raises(ValueError, match="no selector"):
        matches(boxes[-1], "a[href]")


def test_the_cards_of_a_page_are_a_group() -> None:
    page = snapshot("landing")
    wanted = [rects for rects in labelled_groups(page, {"card": [".card"]}).values() if rects]
    assert wanted
    assert group_f1(found_groups(page), wanted).recall == 1


CARD, OTHER = [(0.0, 0.0, 100.0, 100.0), (120.0, 0.0, 220.0, 100.0)], [(0.0, 200.0, 50.0, 220.0)] * 2


def test_groups_are_right_where_most_of_their_members_are() -> None:
    assert group_f1([CARD], [CARD]).f1 == 1
    assert group_f1([CARD, OTHER], [CARD]).precision == 0.5
    assert group_f1([], [CARD]).recall == 0


def test_parts_of_a_labelled_component_count_neither_way() -> None:
    captions = [(10.0, 80.0, 90.0, 95.0), (130.0, 80.0, 210.0, 95.0)]
    assert group_f1([CARD, captions], [CARD]).f1 == 1
    assert group_f1([captions], [captions]).f1 == 1


def test_the_labels_are_of_fifteen_pages() -> None:
    labels = json.loads(LABELS.read_text(encoding="utf-8"))
    assert len(labels) == 15
    assert all(selectors for groups in labels.values() for selectors in groups.values())
