"""What benchmarks.geometry counts as agreement between a box and its pixels."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from benchmarks.boxes import Box, batches, measured_edges

RECTS = st.tuples(st.floats(0, 900), st.floats(0, 900), st.floats(3, 90), st.floats(3, 90)).map(
    lambda r: (r[0], r[1], r[0] + r[2], r[1] + r[3])
)


def painted(rect: tuple[float, float, float, float], scale: float) -> bytes:
    image = Image.new("L", (1100, 1100), 255)
    left, top, right, bottom = (round(edge * scale) for edge in rect)
    ImageDraw.Draw(image).rectangle((left, top, right - 1, bottom - 1), fill=0)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_a_box_agrees_with_its_own_pixels_and_not_with_those_two_pixels_away() -> None:
    rect = (20.4, 30.6, 80.2, 60.0)
    for shift, agrees in ((0, True), (1, True), (2, False)):
        seen = measured_edges(painted((rect[0], rect[1] + shift, rect[2], rect[3] + shift), 2), [Box((), rect)], 2, 8)
        assert Box((), rect).agrees(seen[0], 1.0, 2, zoomed=False) is agrees


def test_a_box_without_pixels_does_not_agree() -> None:
    far = Box((), (500.0, 500.0, 540.0, 540.0))
    assert measured_edges(painted((0, 0, 40, 40), 1), [far], 1, 8) == [None]
    assert not far.agrees(None, 1.0, 1, zoomed=False)


@given(st.lists(RECTS, max_size=60))
def test_batches_hold_every_box_once_and_far_apart(rects: list[tuple[float, float, float, float]]) -> None:
    boxes = [Box((number,), rect) for number, rect in enumerate(rects)]
    groups = list(batches(boxes, away=8))
    assert sorted(box.path for group in groups for box in group) == [box.path for box in boxes]
    for group in groups:
        for number, one in enumerate(group):
            for other in group[number + 1 :]:
                a, b = one.rect, other.rect
                gap = max(b[0] - a[2], a[0] - b[2], b[1] - a[3], a[1] - b[3])
                assert gap >= 16
