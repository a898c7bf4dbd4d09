"""Previews: whole, within the budget, and none for what is not a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from curation.report.pictures import LEVELS, Want, previews
from tests.curation.report.dataset import screen


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(str(tmp_path / "captures"), create=True)


def test_a_screen_is_limited_by_height_and_a_long_page_by_width(store: CaptureStore, tmp_path: Path) -> None:
    fold = store.put_blob(screen(1440, 900, "#fff", "#000"), "png")
    full = store.put_blob(screen(1440, 6000, "#fff", "#000"), "png")
    made, level = previews(store, [Want(fold, "png"), Want(full, "png")], 10_000_000, tmp_path / "cache")
    assert (made[fold].width, made[fold].height) == (1152, 720)
    assert (made[full].width, made[full].height) == (640, 2667)
    assert level == LEVELS[0]


def test_a_small_budget_takes_a_lower_level(store: CaptureStore, tmp_path: Path) -> None:
    wants = [Want(store.put_blob(screen(1440, 900, f"#{i}0f0ff", "#000"), "png"), "png") for i in range(6)]
    made, level = previews(store, wants, 9_000, tmp_path / "cache")
    assert level != LEVELS[0]
    assert sum(len(picture.data) for picture in made.values()) <= 9_000


def test_a_small_picture_is_never_enlarged(store: CaptureStore, tmp_path: Path) -> None:
    small = store.put_blob(screen(120, 90, "#fff", "#000"), "png")
    made, _ = previews(store, [Want(small, "png")], 10_000_000, tmp_path / "cache")
    assert (made[small].width, made[small].height) == (120, 90)


def test_an_asset_is_as_wide_as_it_is_shown_and_keeps_its_transparency(store: CaptureStore, tmp_path: Path) -> None:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGBA", (800, 400), (10, 20, 30, 0)).save(out, "PNG")
    logo = store.put_blob(out.getvalue(), "png")
    made, _ = previews(store, [Want(logo, "png", most=200)], 10_000_000, tmp_path / "cache")
    with Image.open(io.BytesIO(made[logo].data)) as preview:
        assert preview.size == (200, 100)
        assert preview.mode == "RGBA"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n cut", b"<html>", b"GIF89a"])
def test_what_is_no_picture_has_no_preview(store: CaptureStore, tmp_path: Path, data: bytes) -> None:
    made, _ = previews(store, [Want(store.put_blob(data, "png"), "png")], 10_000, tmp_path / "cache")
    assert made == {}


def test_a_missing_blob_has_no_preview(store: CaptureStore, tmp_path: Path) -> None:
    made, _ = previews(store, [Want("0" * 64, "png")], 10_000, tmp_path / "cache")
    assert made == {}


def test_a_torn_cache_entry_is_made_again(store: CaptureStore, tmp_path: Path) -> None:
    fold = store.put_blob(screen(1440, 900, "#fff", "#000"), "png")
    first, _ = previews(store, [Want(fold, "png")], 10_000_000, tmp_path / "cache")
    [kept] = (tmp_path / "cache").rglob("*.webp")
    kept.write_bytes(kept.read_bytes()[:10])
    again, _ = previews(store, [Want(fold, "png")], 10_000_000, tmp_path / "cache")
    assert again == first
