"""The map: near is alike, the same input lies the same, and what cannot be placed is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation.report import projection, sheets
from curation.report.pictures import Picture
from curation.report.tables import Version


def clumps(count: int, each: int, width: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(count, width))
    label = np.repeat(np.arange(count), each)
    return (centres[label] + 0.2 * rng.normal(size=(len(label), width))).astype(np.float32), label


def neighbours_agree(xy: np.ndarray, label: np.ndarray) -> float:
    """Share of captures whose nearest neighbour on the plane is of their own clump."""
    distance = ((xy[:, None] - xy[None]) ** 2).sum(-1)
    np.fill_diagonal(distance, np.inf)
    return float((label[distance.argmin(1)] == label).mean())


def version_of(table: pa.Table, name: str = "v") -> Version:
    return Version(name, "1", {}, table, pa.table({"a": [], "b": []}), {})


def test_clumps_of_vectors_are_clumps_on_the_plane() -> None:
    vectors, label = clumps(6, 20)
    assert neighbours_agree(projection._laid_out(vectors, "t-SNE"), label) > 0.98


def test_captures_beyond_the_fitted_ones_lie_among_their_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "FITTED", 60)
    vectors, label = clumps(5, 40)
    assert neighbours_agree(projection._laid_out(vectors, "t-SNE"), label) > 0.98


@pytest.mark.parametrize("method", ["t-SNE", "PCA"])
def test_the_same_vectors_lie_the_same(method: str) -> None:
    vectors, _ = clumps(4, 10)
    assert np.array_equal(projection._laid_out(vectors, method), projection._laid_out(vectors.copy(), method))


def test_without_embeddings_looks_decide_and_the_page_can_say_so(tmp_path: Path) -> None:
    dark = [i % 2 == 0 for i in range(40)]
    table = pa.table(
        {
            "capture_id": [f"{i:024x}" for i in range(40)],
            "palette": [["#101014", "#8fa2ff"] if d else ["#ffffff", "#1f7a4d"] for d in dark],
            "palette_shares": [[0.9, 0.1]] * 40,
            "entropy": [0.3 + 0.001 * i for i in range(40)],
        }
    )
    plane = projection.plane(version_of(table), tmp_path)
    assert plane is not None
    assert plane.basis == "pixels"
    assert ((plane.xy >= 0) & (plane.xy <= 1)).all()
    assert neighbours_agree(plane.xy, np.array(dark)) > 0.9


def test_embeddings_come_from_the_feature_files_and_a_failed_capture_has_no_place(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    vectors, _ = clumps(4, 5)
    ids = [f"{i:024x}" for i in range(21)]
    folder = tmp_path / "features" / "embedding-abc"
    folder.mkdir(parents=True)
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), vectors.shape[1])
    pq.write_table(pa.table({"capture_id": ids[:20], "embedding": embedding}), folder / "0.parquet")
    (folder / "1.parquet").write_bytes(b"torn")
    version = version_of(pa.table({"capture_id": ids}))
    version.manifest["features"] = [{"name": "embedding", "fingerprint": "abc"}]
    plane = projection.plane(version, tmp_path)
    assert plane is not None
    assert plane.basis == "embedding"
    assert np.isfinite(plane.xy[:20]).all()
    assert np.isnan(plane.xy[20]).all()


def test_a_copy_without_a_place_stands_with_the_kept_one(tmp_path: Path) -> None:
    ids = [f"{i:024x}" for i in range(12)]
    table = pa.table(
        {
            "capture_id": ids,
            "phash": [*(f"{i * 0x1111:064x}" for i in range(11)), None],
            "kept_id": [*[None] * 11, ids[4]],
        }
    )
    plane = projection.plane(version_of(table), tmp_path)
    assert plane is not None
    assert np.array_equal(plane.xy[11], plane.xy[4])


def test_a_handful_makes_no_map(tmp_path: Path) -> None:
    assert projection.plane(version_of(pa.table({"capture_id": ["a"], "phash": ["0" * 64]})), tmp_path) is None


@pytest.mark.parametrize("palette", [None, [], ["red"], ["#zzzzzz"]])
def test_a_palette_that_is_none_has_no_place(palette: list[str] | None) -> None:
    assert np.isnan(projection._palette(palette, [1.0])).all()


def test_pictures_near_on_the_plane_lie_near_on_the_sheets() -> None:
    xy = np.array([[0.01, 0.01], [0.99, 0.99], [0.02, 0.01], [0.98, 0.99], [np.nan, np.nan]], np.float32)
    rows = [{"image_sha256": name} for name in "abcde"]
    order = sheets.order_on(projection.Plane(xy, "pixels", "PCA"), rows, dict.fromkeys("abcd", 0))
    assert order == ["a", "c", "d", "b"]


def test_a_sheet_holds_each_picture_whole_in_its_cell() -> None:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (80, 160), "#2b4acb").save(out, "WEBP", lossless=True)
    picture = Picture(out.getvalue(), 80, 160)
    atlas = sheets.atlas({"a": picture, "b": picture}, ["a", "b"])
    assert atlas.places([{"image_sha256": "b"}, {"image_sha256": "x"}]) == [1, -1]
    with Image.open(io.BytesIO(atlas.sheets[0])) as sheet:
        alpha = np.asarray(sheet.convert("RGBA"))[..., 3]
    filled = np.argwhere(alpha[: sheets.CELL, sheets.CELL : 2 * sheets.CELL] > 0)
    assert (filled.min(0).tolist(), filled.max(0).tolist()) == ([0, 16], [63, 47])
