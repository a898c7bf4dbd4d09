"""Screens are brought to one size whole; tall pages from the top; damaged bytes are typed errors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from models.images import ImageError, decode, fit
from tests.models.shards import png, screen


def test_letterbox_shows_the_whole_screen_on_its_edge_colour() -> None:
    phone = Image.new("RGB", (100, 200), "#2b4acb")
    phone.paste("#ffffff", (20, 20, 80, 180))
    frame = fit(phone, 64, 64)
    assert frame.shape == (64, 64, 3)
    assert (frame[:, :16] == (0x2B, 0x4A, 0xCB)).all()
    assert (frame[32, 32] == 255).all()


def test_a_tall_page_is_cut_below() -> None:
    page = Image.new("RGB", (100, 2000), "#000000")
    page.paste("#ffffff", (0, 0, 100, 240))
    assert (fit(page, 48, 48, max_aspect=2.4) == 255).all()


def test_crop_covers_the_frame_from_the_top() -> None:
    page = Image.new("RGB", (64, 200), "#000000")
    page.paste("#ffffff", (0, 0, 64, 64))
    assert (fit(page, 64, 64, mode="crop", max_aspect=9) == 255).all()


def test_transparent_pixels_lie_on_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert np.asarray(decode(png(clear), "clear")).min() == 255


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", png(screen(1))[:60]])
def test_what_does_not_decode_is_named(data: bytes) -> None:
    with pytest.raises(ImageError, match="row 7 of x does not decode"):
        decode(data, "row 7 of x")
