"""Parts: Parquet files that together hold one feature's values, each written whole or not at all.

A part holds capture_id, the feature's columns and `error` (null, or `kind: message`). Of several rows for a capture a
value outranks an error. Which captures share a part means nothing, so small ones are joined into larger ones.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.engine.plan import EngineError, Plan

PASSING = ("missing", "crash", "budget", "endpoint")  # kinds of error that another run tries again
SMALL_BYTES = 8 << 20  # parts below are joined once there are
SMALL_PARTS = 32  # of them
JOINED_BYTES = 64 << 20
IDS = pa.schema([("capture_id", pa.string()), ("error", pa.string())])


def part_schema(fields: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field("capture_id", pa.string()), *fields, pa.field("error", pa.string())])


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends well: synced first, then renamed."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield aside
        with aside.open("rb+") as out:
            os.fsync(out.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_part(table: pa.Table, folder: Path) -> Path:
    """Write a part, sorted and named by the captures in it."""
    folder.mkdir(parents=True, exist_ok=True)
    table = table.take(pc.sort_indices(table["capture_id"]))
    key = hashlib.sha256("\n".join(table["capture_id"].to_pylist()).encode()).hexdigest()[:16]
    path = folder / f"{key}.parquet"
    with written_aside(path) as aside:
        pq.write_table(table, aside, compression="zstd")
    return path


def read_part(path: Path, schema: pa.Schema) -> pa.Table | None:
    """A part's columns, or None where the file is not whole: its captures are then computed again."""
    try:
        return pq.read_table(path, columns=schema.names, partitioning=None)
    except (pa.ArrowInvalid, OSError):
        return None


def missing(folder: Path, ids: pa.Array) -> np.ndarray:
    """For each of `ids` whether no part has a value, or an error that would come again."""
    parts = [part for path in sorted(folder.glob("*.parquet")) if (part := read_part(path, IDS)) is not None]
    have = pa.concat_tables([IDS.empty_table(), *parts])
    passing = pc.match_substring_regex(have["error"], f"^({'|'.join(PASSING)}):").fill_null(False)
    done = have["capture_id"].filter(pc.invert(passing)).combine_chunks()
    return ~pc.is_in(ids, value_set=done).to_numpy(zero_copy_only=False)


def read_feature(plan: Plan, name: str, home: Path, ids: Sequence[str]) -> pa.Table:
    """The feature's columns and `error`, one row for each of `ids`, in that order.

    Raises EngineError where a value is missing: `compute` comes first.
    """
    schema = part_schema(plan.fields(name))
    parts = [read_part(path, schema) for path in sorted(plan.folder(home, name).glob("*.parquet"))]
    table = pa.concat_tables([schema.empty_table(), *(part for part in parts if part is not None)])
    rows = _rows_of(table, pa.array(ids, pa.string()))
    if rows.null_count:
        absent = ids[int(np.flatnonzero(rows.is_null().to_numpy(zero_copy_only=False))[0])]
        raise EngineError(f"feature {name!r} has no value for capture {absent}: run it again")
    return table.drop_columns(["capture_id"]).take(rows)


def _rows_of(table: pa.Table, ids: pa.Array) -> pa.Array:
    """For each of `ids` its row in a table of parts, a value before an error; null where there is none."""
    keys, good = table["capture_id"].combine_chunks(), table["error"].combine_chunks().is_null()
    order = np.argsort(~good.to_numpy(zero_copy_only=False), kind="stable")
    place = pc.index_in(ids, value_set=keys.take(pa.array(order)))  # of several equal keys the first
    return pa.array(order).take(place)


def join_small_parts(folder: Path) -> int:
    """Join small parts where there are many of them; returns how many files became fewer.

    A kill in between leaves both the joined part and those it was made from, which changes no value.
    """
    small = [path for path in sorted(folder.glob("*.parquet")) if path.stat().st_size < SMALL_BYTES]
    if len(small) <= SMALL_PARTS:
        return 0
    groups: list[list[Path]] = [[]]
    size = 0
    for path in small:
        if size > JOINED_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += path.stat().st_size
    return sum(_join(group, folder) for group in groups if len(group) > 1)


def _join(paths: list[Path], folder: Path) -> int:
    parts = [_read_whole(path) for path in paths]
    whole = [(path, part) for path, part in zip(paths, parts, strict=True) if part is not None]
    if len({part.schema for _, part in whole}) != 1:
        return 0  # none is whole, or another version of the code left some: leave them
    table = pa.concat_tables([part for _, part in whole])
    ids = pc.unique(table["capture_id"])
    joined = write_part(table.take(_rows_of(table, ids)), folder)
    for path, _ in whole:
        if path != joined:
            path.unlink(missing_ok=True)
    return len(whole) - 1


def _read_whole(path: Path) -> pa.Table | None:
    try:
        return pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError):
        return None


@dataclass
class PartWriter:
    """Gathers tables of one feature and closes a part when it is large enough, or old enough to be a pity to lose."""

    folder: Path
    rows: int
    bytes: int
    seconds: float
    _tables: list[pa.Table] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0
    _since: float = 0.0

    def add(self, table: pa.Table) -> None:
        if not self._tables:
            self._since = time.monotonic()
        self._tables.append(table)
        self._rows += len(table)
        self._bytes += table.nbytes
        self.close_if_due()

    def close_if_due(self) -> None:
        due = time.monotonic() - self._since >= self.seconds
        if self._tables and (due or self._rows >= self.rows or self._bytes >= self.bytes):
            self.close()

    def close(self) -> None:
        """Write what is gathered."""
        if self._tables:
            write_part(pa.concat_tables(self._tables), self.folder)
            self._tables, self._rows, self._bytes = [], 0, 0
