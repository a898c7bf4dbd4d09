"""The feature table: captures and all features side by side, one row a capture, sorted by capture_id, memory-mapped.

Columns: those of `captures_table.SCHEMA`, every feature's, and `_error_<feature>` (null, or `kind: message`). It is
written once for a state of captures and features; decisions, what-ifs and shards read it from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation import captures_table, columns
from curation.engine import PASSING, EngineError, Plan
from curation.errors import GessoError

ERROR = "_error_"
VERSION = 1
MADE_BY_A_RUN = ("state", "stage", "reason", "kept_id", "copies", "split", "component", "margins", "errors", "image")
NEEDED = ("capture_id", "site")
PASSING_KEY, DIGEST = b"passing", b"digest"


class TableError(GessoError):
    """A table given in the place of a capture store lacks what a dataset needs."""


def at_hand(plan: Plan, captures: pa.Table, home: Path) -> pa.Table | None:
    """The table for these captures if it was written before and nothing in it is worth another try, else None."""
    table = columns.found(_path(plan, captures, home))
    return None if table is None or table.schema.metadata[PASSING_KEY] == b"1" else table


def gather(plan: Plan, captures: pa.Table, home: Path) -> pa.Table:
    """Write the table for a result of `captures_table.of_store`, or of its rows; all features have been computed.

    Raises EngineError where a feature has no row for a capture.
    """
    path = _path(plan, captures, home)
    ids = captures["capture_id"].combine_chunks()
    parts: list[tuple[columns.Rows, np.ndarray]] = []
    fields: list[pa.Field] = []
    passing = False
    for feature in plan.features:
        schema = pa.schema([*feature.schema, pa.field(f"{ERROR}{feature.name}", pa.string())])
        found, place = _values(plan, feature.name, schema, ids, home)
        passing = passing or _has_passing(found[schema.names[-1]])
        parts.append((columns.Rows(found), place))
        fields += schema
    plain = captures.select(captures_table.SCHEMA.names)
    schema = pa.schema(
        [*plain.schema, *fields], metadata={PASSING_KEY: b"1" if passing else b"0", columns.KEY: path.stem.encode()}
    )

    def batches() -> Iterator[pa.Table]:
        rows = columns.Rows(plain)
        for start, stop in columns.slices(len(ids)):
            tables = [rows.at(np.arange(start, stop)), *(found.at(place[start:stop]) for found, place in parts)]
            yield pa.table([column for table in tables for column in table.columns], schema=schema)

    return columns.write(path, schema, batches())


def _values(plan: Plan, name: str, schema: pa.Schema, ids: pa.Array, home: Path) -> tuple[pa.Table, np.ndarray]:
    """A feature's rows as its parts have them, and for each of `ids` the row that counts.

    A part that is not whole is left out: its captures were computed again. A value outranks an error.
    """
    stored = pa.schema([pa.field("capture_id", pa.string()), *list(schema)[:-1], pa.field("error", pa.string())])
    spill = columns.Spill(schema, columns.folder(home))
    keys: list[pa.Array] = []
    for path in sorted(plan.folder(home, name).glob("*.parquet")):
        try:
            part = pq.read_table(path, columns=stored.names, partitioning=None)
        except (pa.ArrowInvalid, OSError):
            continue
        keys += part["capture_id"].chunks
        spill.add(part.drop_columns(["capture_id"]).rename_columns(schema.names))
    table = spill.table()
    given = pa.chunked_array(keys, pa.string())
    to = pc.index_in(given, value_set=ids).fill_null(-1).to_numpy().astype(np.int64)
    good = table[schema.names[-1]].is_null().to_numpy()
    place = np.full(len(ids), -1, np.int64)
    for rows in (np.flatnonzero((to >= 0) & ~good)[::-1], np.flatnonzero((to >= 0) & good)):
        place[to[rows]] = rows  # of several, the last counts
    if len(place) and place.min() < 0:
        raise EngineError(f"feature {name!r} has no value for capture {ids[int(place.argmin())]}: run it again")
    return table, place


def _has_passing(errors: pa.ChunkedArray) -> bool:
    return any(pc.any(pc.starts_with(errors, f"{kind}:")).as_py() for kind in PASSING)


def _path(plan: Plan, captures: pa.Table, home: Path) -> Path:
    """Named by the captures, and by the features' parts with their sizes and times."""
    parts = {}
    for feature in plan.features:
        files = sorted(plan.folder(home, feature.name).glob("*.parquet"))
        states = [(p.name, (about := p.stat()).st_size, about.st_mtime_ns) for p in files]
        parts[feature.name] = columns.key_of(plan.fingerprints[feature.name], str(feature.schema), states)
    return columns.folder(home) / f"features-{columns.key_of(VERSION, captures_table.digest(captures), parts)}.arrow"


def of_files(source: Path, home: Path) -> tuple[pa.Table, str]:
    """A feature table from a Parquet file, or a folder of such, and a digest of its bytes.

    The columns of captures that it lacks are null, what a run of its own adds (`state`, `split` …) is left out, and
    rows are sorted by capture_id. Raises TableError where capture_id or site are missing or an id stands there twice.
    """
    files = sorted(source.rglob("*.parquet")) if source.is_dir() else [source]
    if not files or not files[0].is_file():
        raise TableError(f"no Parquet at {source}: give a file, or a folder with some")
    states = [(p.name, (about := p.stat()).st_size, about.st_mtime_ns) for p in files]
    path = columns.folder(home) / f"given-{columns.key_of(VERSION, str(source.resolve()), states)}.arrow"
    table = columns.found(path)
    if table is None:
        table = _taken_in(source, files, path)
    return table, table.schema.metadata[DIGEST].decode()


def chosen(table: pa.Table, rows: np.ndarray, by: str) -> pa.Table:
    """Some rows of a feature table, under a key of their own; `by` says how they were chosen."""
    metadata = dict(table.schema.metadata) | {columns.KEY: columns.key_of(str(table.schema.metadata), by).encode()}
    return columns.Rows(table).at(rows).replace_schema_metadata(metadata)


def _taken_in(source: Path, files: Sequence[Path], path: Path) -> pa.Table:
    from curation.shards import file_sha256

    try:
        given = pq.read_schema(files[0])
        if missing := [name for name in NEEDED if name not in given.names]:
            raise TableError(f"{source} has no column {missing[0]!r}: a dataset needs {' and '.join(NEEDED)}")
        schema = _schema_of(given, source)
        spill = columns.Spill(schema, path.parent)
        for table in _rows_of(files, schema):
            spill.add(_filled(table, schema))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, OSError) as error:
        raise TableError(f"{source} cannot be read ({' '.join(str(error).split())[:160]}): write it again") from None
    unsorted = spill.table()
    ids = np.array(unsorted["capture_id"].to_pylist(), dtype=np.str_)
    if unsorted["capture_id"].null_count or len(np.unique(ids)) < len(ids):
        raise TableError(f"{source} has a capture_id that is null or stands there twice: ids must be unique")
    marks = [file_sha256(file) for file in files]
    digest = columns.key_of(marks).encode()
    schema = schema.with_metadata({PASSING_KEY: b"0", DIGEST: digest, columns.KEY: digest})
    order = np.argsort(ids, kind="stable")
    return columns.write(path, schema, (t.cast(schema) for t in captures_table.sorted_by(unsorted, order)))


def _rows_of(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """The files' rows by and by, in the columns that a file has of `schema`."""
    for file in files:
        with pq.ParquetFile(file) as one:
            have = [name for name in schema.names if name in one.schema_arrow.names]
            for batch in one.iter_batches(columns=have):
                yield pa.Table.from_batches([batch])


def _schema_of(given: pa.Schema, source: Path) -> pa.Schema:
    """Capture columns as the contract types them, then what else there is, a decode error among it."""
    others = [f for f in given if f.name not in captures_table.SCHEMA.names and f.name not in MADE_BY_A_RUN]
    if odd := [f.name for f in others if pa.types.is_dictionary(f.type) or pa.types.is_union(f.type)]:
        raise TableError(f"{source}: column {odd[0]!r} is of a type that shards cannot hold: write it as plain values")
    fields = [pa.field(f.name, f.type) for f in (*captures_table.SCHEMA, *others)]
    error = f"{ERROR}decode"
    return pa.schema(fields if any(f.name == error for f in others) else [*fields, pa.field(error, pa.string())])


def _filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    have = set(table.schema.names)
    return pa.table(
        [table[f.name].cast(f.type) if f.name in have else pa.nulls(len(table), f.type) for f in schema], schema=schema
    )
