"""Tables at rest: Arrow files that are memory-mapped, so that a million rows cost address space and not memory.

`<home>/tables/` holds what can be worked out again from captures and features; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.engine import written_aside

BATCH = 4096  # rows of a record batch
KEY = b"key"  # in a schema's metadata: what the table was written under
NEWEST = 4  # tables of one kind that stay; older ones go


def folder(home: Path) -> Path:
    return home / "tables"


def key_of(*parts: Any) -> str:
    """16 hex digits of everything that decides a table's content."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def write(path: Path, schema: pa.Schema, batches: Iterable[pa.Table]) -> pa.Table:
    """Write whole or not at all, drop the oldest of its kind (`kind-<key>.arrow`), and hand back the mapped table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside, pa.OSFile(str(aside), "wb") as out, pa.ipc.new_file(out, schema) as writer:
        for table in batches:
            writer.write_table(table, max_chunksize=BATCH)
    kind = path.name.split("-")[0]
    siblings = sorted(path.parent.glob(f"{kind}-*.arrow"), key=lambda p: (p == path, p.stat().st_mtime_ns))
    for old in siblings[:-NEWEST]:
        old.unlink(missing_ok=True)
    return mapped(path)


def mapped(path: Path) -> pa.Table:
    """The table of an Arrow file; its columns are views of the file."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def found(path: Path) -> pa.Table | None:
    """A table written before, marked as used, or None."""
    try:
        table = mapped(path)
    except (FileNotFoundError, pa.ArrowInvalid):
        return None
    os.utime(path)
    return table


class Spill:
    """Rows in the order they come, in a file without a name: it ends with the process, however that ends."""

    def __init__(self, schema: pa.Schema, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 - it lives as long as the rows
        self._writer = pa.ipc.new_file(pa.PythonFile(self._file, mode="w"), schema)
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks(), max_chunksize=BATCH)
        self._waiting, self._rows = [], 0

    def table(self) -> pa.Table:
        """What was added, mapped. No more can be added."""
        self._flush()
        self._writer.close()
        self._file.flush()
        data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(data))).read_all()


class Rows:
    """Rows of a table by number, in any order, without joining its chunks first (which would copy all of it)."""

    def __init__(self, table: pa.Table) -> None:
        self.schema = table.schema
        self._batches = table.to_batches()
        self._ends = np.cumsum([len(batch) for batch in self._batches])

    def at(self, rows: np.ndarray) -> pa.Table:
        """The rows in the order of `rows`, one chunk a column."""
        if not len(rows):
            return self.schema.empty_table()
        where = np.searchsorted(self._ends, rows, side="right")
        order = np.argsort(where, kind="stable")
        bounds = np.flatnonzero(np.diff(where[order])) + 1
        parts = []
        for some in np.split(order, bounds):
            index = int(where[some[0]])
            start = int(self._ends[index]) - len(self._batches[index])
            parts.append(self._batches[index].take(pa.array(rows[some] - start)))
        joined = pa.Table.from_batches(parts, self.schema).combine_chunks()
        if np.array_equal(order, np.arange(len(order))):
            return joined
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return joined.take(pa.array(back)).combine_chunks()


def slices(number: int, size: int = BATCH) -> Iterator[tuple[int, int]]:
    """(start, stop) of runs of at most `size` that cover 0 … number."""
    for start in range(0, number, size):
        yield start, min(number, start + size)
