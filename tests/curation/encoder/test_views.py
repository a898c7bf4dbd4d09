"""Pictures laid before an encoder: tiles cover, letterboxes keep the whole, a crop is what CLIP itself sees."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curation.encoder.views import central, tiles, views

sides = st.integers(1, 9000)


@given(sides, sides, st.integers(1, 16))
def test_tiles_cover_the_picture_and_stay_inside(width: int, height: int, most: int) -> None:
    boxes = tiles((width, height), most)
    assert len(boxes) <= most
    covered = 0
    for left, top, right, bottom in boxes:
        start, stop = (left, right) if width >= height else (top, bottom)
        assert start <= covered
        assert 0 <= start < stop <= max(width, height)
        assert (bottom - top if width >= height else right - left) == min(width, height)
        covered = max(covered, stop)
    assert covered == (max(width, height) if boxes else 0)


def test_a_phone_screen_has_square_tiles_and_a_long_page_longer_ones() -> None:
    assert tiles((1080, 2160), 3) == [(0, 0, 1080, 1080), (0, 1080, 1080, 2160)]
    assert tiles((1440, 1200), 3) == []
    assert [bottom - top for _, top, _, bottom in tiles((1440, 14400), 3)] == [4800] * 3


@given(st.integers(1, 700), st.integers(1, 700), st.sampled_from(["tiles", "letterbox", "crop"]))
def test_every_view_has_the_encoders_shape(width: int, height: int, view: str) -> None:
    found = views(Image.new("RGB", (width, height), "red"), 32, (1, 2, 3), view, 3)  # type: ignore[arg-type]
    assert found.dtype == np.uint8
    assert found.shape[1:] == (32, 32, 3)


def test_a_letterbox_keeps_the_whole_on_its_ground() -> None:
    box = views(Image.new("RGB", (100, 400), "#ff0000"), 64, (10, 20, 30), "letterbox", 3)[0]
    assert tuple(box[0, 0]) == (10, 20, 30)
    assert tuple(box[0, 32]) == tuple(box[63, 32]) == (255, 0, 0)


def test_a_tile_shows_its_part_only() -> None:
    picture = Image.new("RGB", (400, 800), "red")
    picture.paste("blue", (0, 400, 400, 800))
    _, top, bottom = views(picture, 64, (0, 0, 0), "tiles", 3)
    assert set(map(tuple, top[:60].reshape(-1, 3))) == {(255, 0, 0)}
    assert set(map(tuple, bottom[4:].reshape(-1, 3))) == {(0, 0, 255)}


def test_the_crop_is_the_middle() -> None:
    assert central((1080, 2400)) == (0, 660, 1080, 1740)
    assert central((2400, 1080)) == (660, 0, 1740, 1080)
