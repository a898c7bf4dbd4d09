"""Parquet files with images in them: a struct of bytes and path, binary values, or paths."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.local.entries import Entry, EntryError, read_within
from crawlers.parsers.media import MAX_IMAGE_BYTES

BATCH = 16  # rows: images are large
MAX_ROW_GROUPS = 1_000_000
MAX_COLUMN_BYTES = 4 << 30  # unpacked, of one row group
MAX_FOOTER = 256 << 20
PATHS = ("path", "file_name", "file", "image_path", "filename", "image_file")
_ERRORS = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError, OverflowError)


def open_parquet(file: IO[bytes]) -> pq.ParquetFile:
    """A Parquet file, its footer read within limits. Raises EntryError: bad_parquet."""
    try:
        parquet = pq.ParquetFile(
            file, thrift_string_size_limit=MAX_FOOTER, thrift_container_size_limit=10_000_000, buffer_size=1 << 20
        )
        groups = parquet.num_row_groups
    except _ERRORS as error:
        raise EntryError(f"it is no Parquet file that can be read ({type(error).__name__})", "bad_parquet") from None
    if groups > MAX_ROW_GROUPS:
        raise EntryError(f"it has {groups} row groups", "bad_parquet")
    return parquet


def image_column(schema: pa.Schema, wanted: str = "") -> str:
    """The column that holds the images: the one named, else a struct of bytes, a binary one, a known one of paths.

    Raises EntryError: no_image_column.
    """
    names = list(schema.names)
    if wanted:
        if wanted not in names:
            raise EntryError(f"there is no column {wanted!r}: there are {', '.join(names)[:300]}", "no_image_column")
        return wanted
    structs = [field.name for field in schema if _has_bytes(field.type)]
    binaries = [field.name for field in schema if _is_binary(field.type)]
    paths = [name for name in PATHS if name in names and _is_text(schema.field(name).type)]
    for found in (structs, binaries, paths):
        if found:
            return "image" if "image" in found else str(found[0])
    raise EntryError(
        f"no column holds images: name one with map=image:COLUMN of {', '.join(names)[:300]}", "no_image_column"
    )


def require_columns(schema: pa.Schema, mapped: Mapping[str, str]) -> None:
    """Raises EntryError (no_such_column) where a field is to be read from a column that there is not."""
    for field, column in mapped.items():
        if column not in schema.names:
            there = ", ".join(schema.names)[:300]
            raise EntryError(
                f"map={field}:{column}: there is no column {column!r}: there are {there}", "no_such_column"
            )


def _has_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) and any(f.name == "bytes" and _is_binary(f.type) for f in kind)


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def read_row_group(
    parquet: pq.ParquetFile, group: int, name: str, root: Path, beside: str, image: str, columns: Collection[str]
) -> Iterator[Entry]:
    """The images of one row group. `beside` is the folder below the root that the file lies in, for paths.

    `columns` are those of metadata to read as well. Raises EntryError (bad_parquet) where the group cannot be read on.
    """
    try:
        about = parquet.metadata.row_group(group)
        first = sum(parquet.metadata.row_group(before).num_rows for before in range(group))
        sizes = [about.column(number).total_uncompressed_size for number in range(about.num_columns)]
        if max(sizes, default=0) > MAX_COLUMN_BYTES:
            raise EntryError(f"row group {group} unpacks to {max(sizes)} bytes a column", "too_large")
        read = [image, *(column for column in columns if column in parquet.schema_arrow.names and column != image)]
        number = first
        for batch in parquet.iter_batches(BATCH, row_groups=[group], columns=read, use_threads=False):
            for position in range(batch.num_rows):
                yield _entry(batch, position, f"{name}/{number:09d}", root, beside, image)
                number += 1
    except _ERRORS as error:
        raise EntryError(f"row group {group} cannot be read ({type(error).__name__})", "bad_parquet") from None


def _entry(batch: pa.RecordBatch, position: int, name: str, root: Path, beside: str, image: str) -> Entry:
    try:
        row: dict[str, Any] = {
            column: batch.column(number)[position].as_py()
            for number, column in enumerate(batch.schema.names)
            if column != image
        }
        value = batch.column(batch.schema.get_field_index(image))[position].as_py()
        return Entry(name, _bytes(value, root, beside), row)
    except EntryError as error:
        return Entry(name, problem=error)
    except _ERRORS as error:
        return Entry(name, problem=EntryError(f"the row cannot be read ({type(error).__name__})", "bad_row"))


def _bytes(value: Any, root: Path, beside: str) -> bytes:
    path = value
    if isinstance(value, Mapping):
        if value.get("bytes") is not None:
            return _bytes(value["bytes"], root, beside)
        path = value.get("path")
    if isinstance(path, bytes | bytearray):
        if len(path) > MAX_IMAGE_BYTES:
            raise EntryError(f"{len(path)} bytes are more than the limit of {MAX_IMAGE_BYTES}", "too_large")
        return bytes(path)
    if isinstance(path, str) and path:
        if "://" in path:
            raise EntryError(f"{path[:200]!r} is an address, not a file: crawl it with another spider", "not_a_file")
        return read_within(root, f"{beside}/{path}" if beside else path)
    raise EntryError("the row has no image", "empty")
