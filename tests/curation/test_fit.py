"""Pictures of a bounded size: what is scaled, what keeps its bytes, and that exports know the size."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from curation.fit import fitted, fitted_size
from curation.run import curate
from tests.curation.conftest import encoded, fill, screen, small_recipe


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(("size", "longest", "expected"), [((1080, 2341), 512, (236, 512)), ((3, 4000), 100, (1, 100))])
def test_the_longer_side_is_bounded(size: tuple[int, int], longest: int, expected: tuple[int, int]) -> None:
    assert fitted_size(*size, longest) == expected


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_large_picture_becomes_a_jpeg_of_the_right_size(form: str) -> None:
    picture = screen(3, (1081, 2341))
    data, format_ = fitted(encoded(picture, form), form.lower(), 512)
    assert (format_, opened(data).format, opened(data).size) == ("jpeg", "JPEG", fitted_size(1081, 2341, 512))
    small = np.asarray(picture.resize(opened(data).size, Image.Resampling.BICUBIC, reducing_gap=2.0), np.int16)
    assert np.abs(np.asarray(opened(data), np.int16) - small).mean() < 4


def test_a_picture_that_fits_keeps_its_bytes() -> None:
    data = encoded(screen(1))
    assert fitted(data, "png", 780) == (data, "png")


def test_a_picture_that_does_not_decode_keeps_its_bytes() -> None:
    data = encoded(screen(1))[:900]
    assert fitted(data, "png", 100) == (data, "png")
    assert fitted(b"no picture", "png", 100) == (b"no picture", "png")


def test_a_turned_picture_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data, _ = fitted(encoded(screen(1, (400, 200)), "JPEG", exif=exif), "jpeg", 100)
    assert opened(data).size == (50, 100)
    assert not opened(data).getexif()


def test_shards_hold_fitted_pictures_and_say_the_original_size(tmp_path: Path) -> None:
    fill(tmp_path, sites=2)
    version = curate(small_recipe(shards={"longest_side": 128}), tmp_path, report=False).path
    table = pq.read_table(next(version.glob("train-*.parquet")), columns=["image", "width", "height"])
    for row in table.to_pylist():
        assert opened(row["image"]["bytes"]).size == fitted_size(row["width"], row["height"], 128)
        assert row["image"]["path"].endswith(".jpg")
