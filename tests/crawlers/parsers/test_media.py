"""What bytes are is told from the bytes."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crawlers.parsers.media import ORIENTATION, NotAnImage, Sniffed, sniff_asset, sniff_image
from tests.crawlers.conftest import picture


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_formats(format: str) -> None:
    assert sniff_image(picture(format=format)) == Sniffed(format.lower(), 36, 64)


def test_a_picture_on_its_side_says_so() -> None:
    out, exif = io.BytesIO(), Image.Exif()
    exif[ORIENTATION] = 6
    Image.new("RGB", (64, 36)).save(out, "JPEG", exif=exif)
    assert sniff_image(out.getvalue()) == Sniffed("jpeg", 64, 36, turned=True)


def test_a_bomb_is_refused_by_its_header() -> None:
    header = picture()
    bomb = header[:16] + struct.pack(">II", 60_000, 60_000) + header[24:]
    with pytest.raises(NotAnImage) as refused:
        sniff_image(bomb)
    assert refused.value.kind in ("too_large", "not_an_image")
    with pytest.raises(NotAnImage, match="limit"):
        sniff_image(picture(), max_bytes=10)


def test_svg_and_fonts() -> None:
    assert sniff_asset(b"<?xml version='1.0'?>\n<!-- x --><svg xmlns='...'/>") == Sniffed("svg")
    assert sniff_asset(b"wOF2\0\1\0\0") == Sniffed("woff2")
    assert sniff_asset(b"<html></html>") is None


@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 60))
def test_damaged_images_give_typed_errors(noise: bytes, format: str, at: int) -> None:
    good = picture(format=format)
    for raw in (noise, good[:at] + noise, good[:at] + noise + good[at + len(noise) :]):
        try:
            found = sniff_image(raw)
        except NotAnImage:
            continue
        assert found.width
        assert found.height
