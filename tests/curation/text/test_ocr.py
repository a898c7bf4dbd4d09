"""Reading pictures: clean screens are read nearly whole, words lie where they stand, bands cut no line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from curation.text.ocr import Reader, bands
from curation.text.words import joined

LINES = (
    "Account settings",
    "Manage how you sign in and what we send you.",
    "Email address",
    "ada.lovelace@analytical.io",
    "Two-factor authentication is turned off",
    "Last backup: Tuesday, 14 October at 09:41",
    "Storage 12.4 GB of 15 GB used",
    "Privacy policy and terms of service",
    "Version 4.12.0 (build 8831)",
    "Sign out of all devices",
)


def drawn(width: int, size: int, step: int, repeats: int = 1) -> Image.Image:
    """The lines, top-left at (40, 40 + n × step), in Pillow's own typeface."""
    picture = Image.new("RGB", (width, 80 + step * len(LINES) * repeats), "#fbfbfd")
    font = ImageFont.load_default(size)
    for n in range(len(LINES) * repeats):
        ImageDraw.Draw(picture).text((40, 40 + n * step), LINES[n % len(LINES)], "#1c1c1e", font)
    return picture


def recall(said: str, expected: str) -> float:
    there, read = re.findall(r"\w+", expected.lower()), re.findall(r"\w+", said.lower())
    return sum(word in read for word in there) / len(there)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize(("width", "size", "wide"), [(1080, 40, False), (360, 14, False), (1440, 16, True)])
def test_a_clean_screen_is_read_nearly_whole(reader: Reader, width: int, size: int, wide: bool) -> None:
    words = reader.read(drawn(width, size, size * 3), wide)
    assert recall(joined(words), "\n".join(LINES)) >= 0.95


def test_words_lie_where_they_stand(reader: Reader) -> None:
    words = reader.read(drawn(1080, 40, 120), False)
    line = next(w for w in words if w.text.startswith("ada.lovelace"))
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox(
        (40, 40 + 3 * 120), LINES[3], ImageFont.load_default(40)
    )
    assert abs(line.x - left) <= 24
    assert abs(line.x + line.w - right) <= 24
    assert line.y <= top + 8
    assert line.y + line.h >= bottom - 8
    assert line.h <= 90


def test_a_long_page_is_read_in_bands_without_losing_or_doubling_a_line(reader: Reader) -> None:
    words = Reader(side=400, bands=8).read(drawn(720, 24, 60, repeats=2), False)
    assert joined(words).splitlines() == [*LINES, *LINES]
    assert [w.line for w in words] == sorted(w.line for w in words)


def test_no_more_bands_are_read_than_allowed() -> None:
    words = Reader(side=400, bands=1).read(drawn(720, 24, 60, repeats=2), False)
    assert 4 <= len({w.line for w in words}) <= 7


def test_an_empty_picture_has_no_words(reader: Reader) -> None:
    assert reader.read(Image.new("RGB", (360, 780), "white"), False) == []
    assert reader.read(Image.new("RGB", (1, 1), "white"), False) == []


@given(st.integers(1, 20_000), st.integers(320, 4096))
def test_bands_own_every_row_once_and_show_what_they_own(height: int, side: int) -> None:
    found = bands(height, side, 128)
    assert [first for *_, first, _ in found] == [0, *(last for *_, last in found[:-1])]
    assert found[-1][3] == height
    assert all(top <= first < last <= bottom and bottom - top <= side + 128 for top, bottom, first, last in found)
