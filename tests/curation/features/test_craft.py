"""craft: the same numbers each time, whatever the picture, and others where a page is put together otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from curation.features.craft import WIDTH, measures


def page(lefts: list[int], ink: str = "black") -> Image.Image:
    image = Image.new("RGB", (360, 640), "white")
    draw = ImageDraw.Draw(image)
    for row, left in enumerate(lefts):
        draw.text((left, 20 + 24 * row), "A line of text that is read", fill=ink)
        draw.rectangle((left, 400 + 10 * row, left + 90, 405 + 10 * row), fill=ink)
    return image


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (360, 640), (720, 9000)])
def test_any_picture_has_as_many_finite_numbers(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    for image in (Image.new("RGB", size, "white"), Image.new("RGB", size, "black"), Image.fromarray(noise)):
        found = measures(image)
        assert found.shape == (WIDTH,)
        assert np.isfinite(found).all()


def test_the_same_picture_gives_the_same_numbers() -> None:
    image = page([40] * 12)
    assert (measures(image) == measures(image.copy())).all()


def test_faint_text_and_ragged_edges_show() -> None:
    whole, ragged, faint = page([40] * 12), page([40 + 7 * (n * 5 % 11) for n in range(12)]), page([40] * 12, "#ddd")
    assert np.abs(measures(whole) - measures(ragged)).max() > 0.1
    assert np.abs(measures(whole) - measures(faint)).max() > 0.1
