"""The nearest design is that of the screen that looks most alike, whatever its size."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from models.images import ImageError
from models.vision.retrieve import RetrieveError, nearest_design
from tests.models.shards import row, screen, write_version


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [row(n, design=None if n == 3 else f"col 120x90 'page {n}'\n") for n in range(10)]
    return write_version(tmp_path_factory.mktemp("retrieve"), rows)


def test_a_screen_finds_its_own_design(tmp_path: Path, version: Path) -> None:
    screen(7).save(tmp_path / "it.png")
    found = nearest_design(tmp_path / "it.png", version)
    assert (found.capture_id, found.notation, found.distance) == (row(7)["capture_id"], "col 120x90 'page 7'\n", 0)
    assert (found.site, found.title) == ("site2.test", "Page 7")


def test_a_small_blurred_copy_finds_it_too(tmp_path: Path, version: Path) -> None:
    screen(8).resize((40, 30), Image.Resampling.BILINEAR).save(tmp_path / "small.png")
    assert nearest_design(tmp_path / "small.png", version).capture_id == row(8)["capture_id"]


def test_rows_without_a_design_are_not_found(tmp_path: Path, version: Path) -> None:
    screen(3).save(tmp_path / "it.png")
    assert nearest_design(tmp_path / "it.png", version).capture_id != row(3)["capture_id"]


def test_a_dataset_without_designs_says_so(tmp_path: Path) -> None:
    version = write_version(tmp_path, [row(n) for n in range(3)])
    with pytest.raises(RetrieveError, match=r"no row of .* has a design"):
        nearest_design(tmp_path / "any.png", version)


def test_a_picture_that_is_none_is_named(tmp_path: Path, version: Path) -> None:
    with pytest.raises(RetrieveError, match=r"cannot read .*gone\.png"):
        nearest_design(tmp_path / "gone.png", version)
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(ImageError, match=r"text\.png does not decode"):
        nearest_design(tmp_path / "text.png", version)
