"""Drawn apps become pictures and a table that `models.encoder.pack` takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from pipelines.drawn import LONG, main


def test_pictures_and_their_table(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--apps", "2"]) == 0
    rows = pq.read_table(tmp_path / "train.parquet").to_pylist()
    assert len({row["app_id"] for row in rows}) == 2
    for row in rows:
        image = Image.open(tmp_path / "images" / row["image"])
        assert 300 < max(image.size) <= LONG
        assert np.asarray(image).std() > 5  # something is on it
        assert row["summary"]
    first = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "images").iterdir()}
    (tmp_path / "images" / rows[0]["image"]).unlink()
    assert main([str(tmp_path), "--apps", "2"]) == 0
    again = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "images").iterdir()}
    assert {name for name in first if first[name] != again[name]} == {rows[0]["image"]}  # goes on where it stood
