"""SQL over a table of captures and features: what rules, rankings, groups and what-ifs are evaluated with.

It runs in DuckDB, straight over the mapped columns, and is told to touch no file.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.comparisons import comparisons
from curation.errors import GessoError
from curation.recipe import KeepRule

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_UNSETTLED = re.compile(  # what DuckDB lists as VOLATILE or CONSISTENT_WITHIN_QUERY and a rule might use
    r"\b(?:(random|uuid|uuidv4|uuidv7|gen_random_uuid|nextval|setseed|now|today|get_current_time(?:stamp)?|"
    r"transaction_timestamp|txid_current)\s*\(|(current_(?:date|time|timestamp)|localtime(?:stamp)?)\b)",
    re.IGNORECASE,
)
TYPES = {"BOOLEAN": pa.bool_(), "DOUBLE": pa.float64(), "VARCHAR": pa.string()}


class SelectError(GessoError):
    """SQL in the recipe that DuckDB does not take, or decisions that do not add up."""


@dataclass(frozen=True)
class Margin:
    """One simple comparison of a rule, and each row's value of its operand, float64 with NaN where it has none."""

    rule: str
    operand: str
    op: str
    threshold: float
    values: np.ndarray

    @property
    def margins(self) -> np.ndarray:
        """How far each value is on the passing side."""
        return self.values - self.threshold if self.op in (">", ">=") else self.threshold - self.values


class Selection:
    """SQL over a table of captures and features. `close` it, or use it in a `with` block."""

    def __init__(self, table: pa.Table) -> None:
        self.rows = len(table)
        plain = [name for name, kind in zip(table.schema.names, table.schema.types, strict=True) if _sql_knows(kind)]
        numbered = table.select(plain).append_column("_row", pa.array(np.arange(self.rows, dtype=np.int64)))
        self._connection = duckdb.connect(":memory:", config={"threads": len(os.sched_getaffinity(0))})
        self._connection.execute("SET python_enable_replacements = false")
        self._connection.register("captures", numbered)
        self._connection.execute("SET enable_external_access = false; SET lock_configuration = true")

    def __enter__(self) -> Selection:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def evaluate(self, what: str, sql: str, kind: str) -> pa.Array:
        """The expression's value in each row. Raises SelectError that names `what` and says DuckDB's first line.

        `kind` is BOOLEAN, DOUBLE or VARCHAR.
        """
        if unsettled := _UNSETTLED.search(_QUOTED.sub(" ", sql)):
            raise SelectError(
                f"{what}: {unsettled[1] or unsettled[2]} has another value on each run, and no version could be made "
                "again: write the date itself, or md5_number_lower(capture_id) % 100 < 10 for a tenth"
            )
        try:
            duckdb.SQLExpression(sql)  # one expression and nothing after it
            query = f"SELECT CAST(({sql}\n) AS {kind}) AS value, _row FROM captures"
            found = _arrow(self._connection.execute(query))
        except duckdb.Error as error:
            raise SelectError(f"{what}: {_one_line(error)} in {' '.join(sql.split())[:120]!r}: mend its SQL") from None
        if len(found) != self.rows:
            raise SelectError(f"{what}: {' '.join(sql.split())[:120]!r} is no value a row: mend its SQL")
        value, row = (column.combine_chunks() for column in found.columns)
        places = row.to_numpy()
        if not np.array_equal(places, np.arange(self.rows)):
            value = value.take(pc.sort_indices(row))
        return value if isinstance(value, pa.Array) else pa.concat_arrays(value.chunks)

    def booleans(self, what: str, sql: str) -> np.ndarray:
        """True where the expression is; false and NULL alike are False."""
        return np.asarray(self.evaluate(what, sql, "BOOLEAN").fill_null(False).to_numpy(zero_copy_only=False), bool)

    def numbers(self, what: str, sql: str) -> np.ndarray:
        """float64; NULL is NaN."""
        return np.asarray(self.evaluate(what, sql, "DOUBLE").to_numpy(zero_copy_only=False), np.float64)

    def margins(self, rules: Sequence[KeepRule]) -> list[Margin]:
        """Every `operand op number` that stands in an AND-chain of a rule, with its values."""
        found = []
        for rule in rules:
            for one in comparisons(rule.sql):
                try:
                    values = self.numbers(rule.name, one.operand)
                except SelectError:
                    continue  # a comparison of text or dates: nothing to draw
                found.append(Margin(rule.name, one.operand, one.op, one.threshold, values))
        return found


def _arrow(result: duckdb.DuckDBPyConnection) -> pa.Table:
    with warnings.catch_warnings():  # one column a time: the extra copy that it warns of is small
        warnings.simplefilter("ignore")
        fetch = getattr(result, "to_arrow_table", None) or getattr(result, "fetch_arrow_table")  # noqa: B009 - before 1.4
        table: pa.Table = fetch()
        return table


def _sql_knows(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return _sql_knows(kind.value_type)
    if pa.types.is_struct(kind):
        return all(_sql_knows(field.type) for field in kind)
    return not pa.types.is_float16(kind)


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = [line for line in lines if not line.startswith(("LINE ", "^"))]
    return " ".join(message[:2])[:300].rstrip(".!")
