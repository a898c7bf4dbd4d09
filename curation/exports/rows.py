"""Rows as other formats want them: JSON values, and the row groups of a shard one after another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.exports.folder import ExportError

if TYPE_CHECKING:
    from curation.dataset import Dataset


def need_pictures(dataset: Dataset) -> None:
    """Raise ExportError where the version's shards hold no pictures."""
    if dataset.shards and "image" not in dataset.columns:
        raise ExportError(f"the shards of {dataset.name} hold no pictures: curate without `shards: {{images: false}}`")


def row_groups(shard: Path) -> Iterator[pa.Table]:
    """The tables of a shard's row groups; each holds at most 16 MB of images."""
    with pq.ParquetFile(shard) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)


def plain(value: Any) -> Any:
    """A value that JSON has: times in ISO 8601, no NaN, no bytes."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.hex()
    return value
