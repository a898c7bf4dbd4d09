"""Columns read a few rows at a time: a mapped table of a million rows stays where it is, on disk."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.columns import Rows


class Column:
    """Some rows of a column as a matrix that is read when it is sliced: n × d, or one value a row.

    Fixed-size lists become their numbers, fixed-size binaries and hexadecimal strings become bytes.
    """

    def __init__(self, table: pa.Table, name: str, rows: np.ndarray | None = None) -> None:
        self._table = Rows(table.select([name]))
        self.rows = np.arange(len(table)) if rows is None else rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice | np.ndarray) -> np.ndarray:
        return matrix(self.values(which))

    def values(self, which: slice | np.ndarray) -> pa.Array:
        """The values themselves, in the order asked for."""
        return self._table.at(self.rows[which]).column(0).combine_chunks()


def matrix(values: pa.Array) -> np.ndarray:
    """See `Column`. There must be no nulls."""
    if pa.types.is_fixed_size_list(values.type):
        return np.asarray(values.flatten().to_numpy(zero_copy_only=False)).reshape(len(values), -1)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return np.frombuffer(bytes.fromhex("".join(values.to_pylist())), np.uint8).reshape(len(values), -1)
    return np.frombuffer(b"".join(values.to_pylist()), np.uint8).reshape(len(values), -1)


def valid(table: pa.Table, name: str) -> np.ndarray:
    """Which rows have a value; none where there is no such column."""
    if name not in table.column_names:
        return np.zeros(len(table), bool)
    return np.asarray(pc.is_valid(table[name]).to_numpy())


def floats(table: pa.Table, name: str) -> np.ndarray:
    """A number a row, NaN for null."""
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def codes(table: pa.Table, names: tuple[str, ...]) -> np.ndarray:
    """One integer for each distinct combination of values, -1 where one is not known or the table lacks a column."""
    if not set(names) <= set(table.column_names):
        return np.full(len(table), -1, np.int64)
    found = np.zeros(len(table), np.int64)
    unknown = np.zeros(len(table), bool)
    for name in names:
        values = one_code(table[name])
        unknown |= values < 0
        _, found = np.unique(found * (values.max(initial=0) + 2) + values, return_inverse=True)
    return np.where(unknown, -1, found)


def one_code(column: pa.ChunkedArray) -> np.ndarray:
    """The place of each value among the distinct ones, -1 for null and for an empty text, which says nothing either."""
    if pa.types.is_string(column.type):
        column = column.cast(pa.large_string())  # else many long values would not fit into one chunk
    encoded = column.combine_chunks().dictionary_encode()  # chunk by chunk, each would have a dictionary to unify
    found = np.asarray(encoded.indices.fill_null(-1)).astype(np.int64)
    if pa.types.is_large_string(column.type) and (empty := encoded.dictionary.index("").as_py()) >= 0:
        found[found == empty] = -1
    return found
