"""Shards: Parquet that `datasets`, pandas, DuckDB and PyTorch read without our code, the same bytes on every build.

Rows lie in a seeded shuffle; a row group holds at most 16 MB of images; a shard that is whole is not written again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.captures import EXTENSIONS, CaptureStore
from curation.engine import written_aside
from curation.recipe import Shards

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
PAGE_BYTES = 1 << 20


@dataclass(frozen=True)
class Shard:
    """One written file; `sha256` is of the whole file."""

    file: str
    split: str
    rows: int
    bytes: int
    sha256: str


def shuffled(ids: list[str], seed: int) -> list[str]:
    """A seeded order that does not depend on the order given."""
    return sorted(ids, key=lambda key: hashlib.sha256(f"{seed} {key}".encode()).digest())


def write(
    table: pa.Table,
    store: CaptureStore,
    folder: Path,
    options: Shards,
    seed: int,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Shard]:
    """Write each split's rows of `table` (columns as they shall stand, `split` among them, one row a kept capture)."""
    row_of = {key: index for index, key in enumerate(table["capture_id"].to_pylist())}
    splits: dict[str, list[str]] = {}
    for key, split in zip(table["capture_id"].to_pylist(), table["split"].to_pylist(), strict=True):
        splits.setdefault(split, []).append(key)
    written: list[Shard] = []
    done = 0
    for split in sorted(splits):
        order = shuffled(splits[split], seed)
        number = math.ceil(len(order) / options.rows)
        for index in range(number):
            some = order[index * len(order) // number : (index + 1) * len(order) // number]
            path = folder / f"{split}-{index:05d}-of-{number:05d}.parquet"
            if not path.is_file():
                rows = table.take(pa.array([row_of[key] for key in some], pa.int64()))
                _write_one(path, rows, store, int(options.row_group_mb * 1_000_000))
            written.append(Shard(path.name, split, len(some), path.stat().st_size, file_sha256(path)))
            done += len(some)
            if progress:
                progress("shards", done, len(row_of))
    return written


def file_sha256(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def shard_schema(columns: pa.Schema) -> pa.Schema:
    """`image` and the columns, with the metadata by which `datasets` decodes the image by itself."""
    schema = pa.schema([pa.field("image", IMAGE), *columns])
    features = {field.name: hf_feature(field.type) for field in schema} | {"image": {"_type": "Image"}}
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def hf_feature(kind: pa.DataType) -> Any:
    """An Arrow type as `datasets` writes it into a file's metadata."""
    if pa.types.is_fixed_size_list(kind):
        return {"feature": hf_feature(kind.value_type), "length": kind.list_size, "_type": "Sequence"}
    if pa.types.is_list(kind):
        return {"feature": hf_feature(kind.value_type), "_type": "Sequence"}
    if pa.types.is_struct(kind):
        return {field.name: hf_feature(field.type) for field in kind}
    names = {"halffloat": "float16", "float": "float32", "double": "float64"}
    return {"dtype": names.get(str(kind), str(kind)), "_type": "Value"}


def _write_one(path: Path, rows: pa.Table, store: CaptureStore, most: int) -> None:
    schema = shard_schema(rows.schema.remove_metadata())
    flat = {"compression": "zstd", "compression_level": 3, "data_page_size": PAGE_BYTES, "version": "2.6"}
    with written_aside(path) as aside:
        aside.touch()
        with pq.ParquetWriter(
            aside, schema, use_dictionary=False, write_statistics=True, store_schema=True, **flat
        ) as out:
            for part in _row_groups(rows, most):
                images = [
                    _image(store, row) for row in part.select(["capture_id", "image_sha256", "format"]).to_pylist()
                ]
                arrays = [pa.array(images, IMAGE), *(column.combine_chunks() for column in part.columns)]
                out.write_table(pa.table(arrays, schema=schema), row_group_size=len(part))


def _row_groups(rows: pa.Table, most: int) -> Iterator[pa.Table]:
    """Runs of rows whose images have at most `most` bytes together; a larger picture stands alone."""
    start, size = 0, 0
    for index, number in enumerate(rows["bytes"].to_pylist()):
        if index > start and size + number > most:
            yield rows.slice(start, index - start)
            start, size = index, 0
        size += number
    if len(rows) > start:
        yield rows.slice(start)


def _image(store: CaptureStore, row: dict[str, Any]) -> dict[str, Any]:
    name = f"{row['capture_id']}.{EXTENSIONS.get(row['format'], row['format'])}"
    return {"bytes": store.read_blob(row["image_sha256"], row["format"]), "path": name}
