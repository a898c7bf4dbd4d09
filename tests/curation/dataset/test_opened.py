"""Opening a version: SQL, pandas, pictures, and what a notebook shows of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import curation
from curation.dataset import Dataset, DatasetError
from tests.curation.finished import HOSTILE


@pytest.fixture(scope="module")
def dataset(finished_home: Path) -> Dataset:
    return curation.open_dataset("small@1", home=finished_home)


def test_importing_curation_loads_nothing_heavy() -> None:
    heavy = ("duckdb", "pyarrow", "pandas", "numpy", "PIL", "faiss", "torch")
    code = f"import sys, curation; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_views_agree_with_the_manifest(dataset: Dataset) -> None:
    counts = dataset.manifest["counts"]
    rows = dict(dataset.sql("SELECT state, count(*) FROM review GROUP BY state").fetchall())
    assert rows == {state: counts[state] for state in ("kept", "rejected", "failed")}
    assert dataset.sql("SELECT count(*) FROM kept").fetchall() == [(counts["kept"],)]
    assert dataset.rejected.count("*").fetchall() == [(counts["rejected"] + counts["failed"],)]
    assert {"a", "b", "relation", "distance"} <= set(dataset.relations.columns)
    assert dataset.name == "small@1"


def test_a_version_opens_by_its_folder_and_finds_its_home(finished_home: Path, dataset: Dataset) -> None:
    opened = curation.open_dataset(dataset.folder, home="elsewhere")
    assert opened.home == finished_home
    assert [p.error for p in opened.images(view="rejected", where="stage = 'rule'")] == [""] * 3


def test_pandas_leaves_the_bytes_out_unless_asked(dataset: Dataset) -> None:
    frame = dataset.to_pandas(where="form_factor = 'desktop'")
    assert list(frame["site"]) == ["tern.test"]
    assert "image" not in frame
    assert "image" in dataset.to_pandas(["image"])


@pytest.mark.parametrize("where", ["nonsense = 1", "true; DROP TABLE kept", "true) OR (true", "sitee = 'x'"])
def test_wrong_sql_is_one_line_that_quotes_it(dataset: Dataset, where: str) -> None:
    with pytest.raises(DatasetError, match="mend the SQL") as error:
        dataset.rows(where=where)
    assert "\n" not in str(error.value)


def test_an_unknown_column_lists_the_known_ones(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match=r"no column 'colour'.*tone"):
        dataset.rows(["colour"])


def test_pictures_are_the_original_bytes_decoded(dataset: Dataset) -> None:
    pictures = list(dataset.images(order="capture_id"))
    assert len(pictures) == dataset.manifest["counts"]["kept"]
    for picture in pictures:
        assert picture.image is not None
        assert picture.image.size == (picture.row["width"], picture.row["height"])


def test_what_cannot_be_decoded_says_why_and_stops_nothing(dataset: Dataset) -> None:
    failed = list(dataset.images(where="state = 'failed'", view="rejected"))
    assert len(failed) == 2
    assert all(p.image is None and p.error for p in failed)


def test_a_grid_escapes_what_pages_say(dataset: Dataset) -> None:
    html = dataset.show(5, where="app_id = 'app.hostile'", facts=["name"])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "data:image/webp;base64," in html
    assert HOSTILE not in dataset._repr_html_()


def test_a_grid_holds_as_many_as_were_asked_for_and_no_more_than_sixty(dataset: Dataset) -> None:
    assert len(dataset.show(4)) == 4
    with pytest.raises(DatasetError, match="images\\(\\) walks"):
        dataset.show(61)


def test_rejected_screens_name_their_rule(dataset: Dataset) -> None:
    html = dataset.show(9, view="rejected").page()
    assert "rejected: blank" in html
    assert 'http-equiv="Content-Security-Policy"' in html
    assert "<script" not in html


def test_pairs_stand_side_by_side(dataset: Dataset) -> None:
    grid = dataset.pairs("copy")
    assert [len(group.cells) for group in grid.groups] == [2] * len(grid.groups)
    assert len(grid.groups) >= 1
    assert grid.png(800).width == 800


def test_the_summary_tells_the_counts_and_shows_screens(dataset: Dataset) -> None:
    html = dataset._repr_html_()
    assert f"{dataset.manifest['counts']['kept']} kept" in html
    assert html.count("<img") == 6


def test_a_folder_without_its_tables_says_what_is_missing(finished_home: Path, tmp_path: Path) -> None:
    whole = finished_home / "datasets" / "small" / "1"
    (tmp_path / "manifest.json").write_bytes((whole / "manifest.json").read_bytes())
    with pytest.raises(DatasetError, match=r"review\.parquet is missing"):
        curation.open_dataset(tmp_path).review  # noqa: B018
