"""How a shard's columns lie in its file: pictures as they are, everything else compressed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from curation.run import curate
from curation.shards import LENGTH_BYTES, _row_bytes, _runs, leaves, shard_schema
from tests.curation.conftest import encoded, fill, make_capture, small_recipe


def test_leaves_are_named_as_parquet_names_them(tmp_path: Path) -> None:
    kinds = {"n": pa.int32(), "words": pa.list_(pa.string()), "vector": pa.list_(pa.float16(), 3)}
    schema = shard_schema(pa.schema(list(kinds.items())))
    pq.write_table(schema.empty_table(), tmp_path / "none.parquet")
    written = pq.ParquetFile(tmp_path / "none.parquet").schema
    assert leaves(schema) == [written.column(i).path for i in range(len(written))]


def test_pictures_are_not_compressed_once_more(tmp_path: Path) -> None:
    fill(tmp_path, sites=2)
    version = curate(small_recipe(), tmp_path, report=False).path
    group = pq.ParquetFile(next(version.glob("train-*.parquet"))).metadata.row_group(0)
    codecs = {group.column(i).path_in_schema: group.column(i).compression for i in range(group.num_columns)}
    assert codecs.pop("image.bytes") == "UNCOMPRESSED"
    assert set(codecs.values()) == {"ZSTD"}


@given(st.lists(st.integers(0, 1500), max_size=40))
def test_runs_hold_every_row_in_order_and_stay_below_the_bound(sizes: list[int]) -> None:
    runs = list(_runs(np.array(sizes, float), 1000))
    assert [row for start, end in runs for row in range(start, end)] == list(range(len(sizes)))
    assert all(sum(sizes[start:end]) <= 1000 or end == start + 1 for start, end in runs)


@given(st.lists(st.text(max_size=300) | st.none(), max_size=40))
def test_a_rows_size_counts_its_texts(texts: list[str | None]) -> None:
    rows = pa.table({"design": pa.array(texts, pa.string())})
    assert _row_bytes(rows).tolist() == [LENGTH_BYTES + len((text or "").encode()) for text in texts]


def test_pictures_that_grow_when_they_are_scaled_make_more_row_groups(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=0)
    noise = np.random.default_rng(7).integers(0, 256, (12, 300, 300, 3), np.uint8)
    pictures = [encoded(Image.fromarray(pixels), "WEBP", quality=1) for pixels in noise]
    store.append("run1", [make_capture(store, data, str(n), format="webp") for n, data in enumerate(pictures)])
    recipe = small_recipe(features=["decode"], keep=[], shards={"row_group_mb": 0.2, "longest_side": 290})
    version = curate(recipe, tmp_path, report=False).path
    groups = [
        (group.num_rows, group.total_byte_size)
        for path in version.glob("*-of-*.parquet")
        for metadata in [pq.ParquetFile(path).metadata]
        for group in map(metadata.row_group, range(metadata.num_row_groups))
    ]
    assert sum(rows for rows, _ in groups) >= 12
    assert all(size <= 210_000 or rows == 1 for rows, size in groups), groups
