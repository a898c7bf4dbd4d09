"""How a shard's columns lie in its file: pictures as they are, everything else compressed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from curation.run import curate
from curation.shards import _row_groups, leaves, shard_schema
from tests.curation.conftest import fill, small_recipe


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


@given(st.lists(st.tuples(st.integers(0, 900), st.text(max_size=300) | st.none()), max_size=40))
def test_a_row_group_counts_its_texts_and_keeps_the_order(drawn: list[tuple[int, str | None]]) -> None:
    sizes, texts = [size for size, _ in drawn], [text for _, text in drawn]
    rows = pa.table({"bytes": pa.array(sizes, pa.int64()), "design": pa.array(texts, pa.string())})
    groups = list(_row_groups(rows, 1000, images=True))
    assert pa.concat_tables([rows.slice(0, 0), *groups]).equals(rows)
    for group in groups:
        held = sum(group["bytes"].to_pylist()) + sum(len((text or "").encode()) for text in group["design"].to_pylist())
        assert held <= 1000 or len(group) == 1
