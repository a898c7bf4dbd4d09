"""What benchmarks.retrieval counts: the nearest other picture, and the precision of all that belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.figures import CannotRun
from benchmarks.retrieval import recall, screenshots


def test_pictures_that_lie_with_their_app_are_all_found() -> None:
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    assert recall(vectors, np.array(["a", "a", "b", "b"])) == (1.0, 1.0)


def test_a_picture_is_not_its_own_neighbour() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.1, 0.9]], np.float32)
    first, precision = recall(vectors, np.array(["a", "a", "b", "b"]))
    assert first == 0
    assert precision == pytest.approx((1 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 4)


def test_bytes_that_are_there_twice_count_once(tmp_path: Path) -> None:
    for app, names in {"one": "abc", "two": "de", "lonely": "f"}.items():
        (tmp_path / app).mkdir()
        for name in names:
            (tmp_path / app / f"{name}.png").write_bytes(name.replace("c", "a").encode())
    paths, apps = screenshots(tmp_path, 10)
    assert [path.stem for path in paths] == ["a", "b", "d", "e"]
    assert apps == ["one", "one", "two", "two"]


def test_a_folder_without_apps_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="two apps"):
        screenshots(tmp_path, 10)
