"""Shards: Parquet that `datasets`, pandas, DuckDB and PyTorch read without our code, the same bytes on every build.

Rows lie in a seeded shuffle; a row group holds at most 16 MB; a shard that is whole is not written again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawlers.captures import EXTENSIONS, CaptureStore
from curation import redact
from curation.engine import written_aside
from curation.fit import fitted
from curation.recipe import Shards
from curation.redact import Mark
from curation.review import Review

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
PICTURES = "image.bytes"  # stored as they are: their formats have compressed them already
PAGE_BYTES = 1 << 20
LENGTH_BYTES = 4  # of a text's length, beside the text
FILLED = 0.99  # of a row group; the rest is for Parquet's headers, levels and the images' lengths and names
READERS = 4  # pictures of a shard that are read and checked side by side
AT_ONCE = 2  # shards that are written side by side; each holds one row group of images in memory


@dataclass(frozen=True)
class Shard:
    """One written file; `sha256` is of the whole file."""

    file: str
    split: str
    rows: int
    bytes: int
    sha256: str


def shuffled(ids: Sequence[str], seed: int) -> np.ndarray:
    """A seeded order of `ids`, as places in them, that does not depend on the order given."""
    drawn = b"".join(hashlib.sha256(f"{seed} {key}".encode()).digest() for key in ids)
    words = np.frombuffer(drawn, ">u8").reshape(-1, 4)
    return np.lexsort(words.T[::-1])


def write(
    review: Review,
    store: CaptureStore | None,
    folder: Path,
    options: Shards,
    seed: int,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Shard]:
    """Write each split's kept rows; with the images' bytes where there is a store to take them from."""
    total, jobs = int(review.decisions.kept.sum()), []
    for place, split in sorted(enumerate(review.splits), key=lambda entry: entry[1]):
        rows = np.flatnonzero(review.split == place)
        ids = review.named(rows).to_pylist()
        order = rows[shuffled(ids, seed)]
        number = math.ceil(len(order) / options.rows)
        for index in range(number):
            some = order[index * len(order) // number : (index + 1) * len(order) // number]
            jobs.append((folder / f"{split}-{index:05d}-of-{number:05d}.parquet", split, some))

    def made(job: tuple[Path, str, np.ndarray]) -> Shard:
        path, split, some = job
        if not path.is_file():
            rows, marks = review.shard_rows(some), None
            if options.redact:
                places = review.places(some)
                rows, marks = redact.masked(rows, places, options.redact), redact.marks(places, options.redact)
            _write_one(path, rows, store, options, marks)
        return Shard(path.name, split, len(some), path.stat().st_size, file_sha256(path))

    written: list[Shard] = []
    done = 0
    with ThreadPoolExecutor(AT_ONCE, "shards") as pool:
        futures = [pool.submit(made, job) for job in jobs]
        try:
            for future in futures:
                written.append(future.result())
                done += written[-1].rows
                if progress:
                    progress("shards", done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return written


def file_sha256(path: Path) -> str:
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def shard_schema(columns: pa.Schema, images: bool = True) -> pa.Schema:
    """`image` and the columns, with the metadata by which `datasets` decodes the image by itself."""
    schema = pa.schema([*([pa.field("image", IMAGE)] if images else []), *columns])
    features = {field.name: hf_feature(field.type) for field in schema}
    if images:
        features["image"] = {"_type": "Image"}
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


def leaves(schema: pa.Schema) -> list[str]:
    """Parquet's own names of the columns: `image.bytes`, `categories.list.element`."""
    return [leaf for field in schema for leaf in _leaves(field.name, field.type)]


def _leaves(name: str, kind: pa.DataType) -> list[str]:
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(f"{name}.{field.name}", field.type)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _leaves(f"{name}.list.element", kind.value_type)
    return [name]


def _write_one(
    path: Path, rows: pa.Table, store: CaptureStore | None, options: Shards, marks: list[tuple[Mark, ...]] | None = None
) -> None:
    """`marks` are the places of each row's picture that are painted over."""
    schema = shard_schema(rows.schema.remove_metadata(), store is not None)
    codecs = {leaf: "none" if leaf == PICTURES else "zstd" for leaf in leaves(schema)}
    levels = {leaf: 3 for leaf, codec in codecs.items() if codec == "zstd"}
    flat = {"compression": codecs, "compression_level": levels, "data_page_size": PAGE_BYTES, "version": "2.6"}
    with written_aside(path) as aside, ThreadPoolExecutor(READERS, "pictures") as pool:
        aside.touch()
        with (
            synced_meanwhile(aside) as sync,
            pq.ParquetWriter(
                aside, schema, use_dictionary=False, write_statistics=True, store_schema=True, **flat
            ) as out,
        ):
            others, most = _row_bytes(rows), options.row_group_mb * 1_000_000 * FILLED
            fetched = rows["bytes"].fill_null(0).to_numpy() if store is not None else np.zeros(len(rows))
            for start, end in _runs(others + fetched, most):
                part = rows.slice(start, end - start)
                arrays = [column.combine_chunks() for column in part.columns]
                sizes = others[start:end]
                if store is not None:
                    named = part.select(["capture_id", "image_sha256", "format"]).to_pylist()
                    places = marks[start:end] if marks is not None else [()] * len(part)
                    images = list(pool.map(partial(_image, store, options.longest_side), named, places))
                    arrays.insert(0, pa.array(images, IMAGE))
                    sizes = sizes + [len(image["bytes"]) for image in images]  # made anew, it may have grown
                made = pa.table(arrays, schema=schema)
                for first, last in _runs(sizes, most):
                    out.write_table(made.slice(first, last - first), row_group_size=last - first)
                sync()


@contextmanager
def synced_meanwhile(path: Path) -> Iterator[Callable[[], None]]:
    """Gives what has a file's bytes so far sent to the disk while more are made; the last sync then finds little to do.

    Raises OSError where the disk fails: the system tells of that once, perhaps not to the last sync any more.
    """
    handle = os.open(path, os.O_RDONLY)
    under_way: list[Future[None]] = []
    try:
        with ThreadPoolExecutor(1, "sync") as pool:

            def sync() -> None:
                if not under_way or under_way[-1].done():
                    under_way.append(pool.submit(os.fdatasync, handle))

            yield sync
        for done in under_way:
            done.result()
    finally:
        os.close(handle)


def _runs(sizes: np.ndarray, most: float) -> Iterator[tuple[int, int]]:
    """Start and end of runs of rows of together at most `most` bytes; a larger row stands alone."""
    start, size = 0, 0.0
    for index, number in enumerate(sizes.tolist()):
        if index > start and size + number > most:
            yield start, index
            start, size = index, 0.0
        size += number
    if len(sizes) > start:
        yield start, len(sizes)


def _row_bytes(rows: pa.Table) -> np.ndarray:
    """Bytes of each row but for its image: its texts by their lengths, all else by its mean."""
    sizes = np.zeros(len(rows))
    for column in rows.columns if len(rows) else ():
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            sizes += pc.binary_length(column).fill_null(0).to_numpy() + LENGTH_BYTES
        else:
            sizes += column.nbytes / len(rows)
    return sizes


def _image(store: CaptureStore, longest: int | None, row: dict[str, Any], marks: tuple[Mark, ...]) -> dict[str, Any]:
    form = row["format"]
    data = redact.image(store.read_blob(row["image_sha256"], form), form, marks)
    if longest is not None:
        data, form = fitted(data, form, longest)
    return {"bytes": data, "path": f"{row['capture_id']}.{EXTENSIONS.get(form, form)}"}
