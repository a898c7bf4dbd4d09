"""What the page needs to decide again: each keep rule as thresholds and a rest, each relation as a ranking.

A rule that is an AND-chain falls apart into simple comparisons, `operand op number`, whose number can be moved, and the
rest, which is a yes or no that stays.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curation.comparisons import comparisons, without
from curation.report import columns
from curation.report.tables import Row, Version

RELATIONS = ("exact", "copy", "same_state", "locale", "theme", "same_template")


class Sql:
    """Expressions over review.parquet, with no way to a file."""

    def __init__(self, table: pa.Table) -> None:
        kinds = zip(table.column_names, table.schema.types, strict=True)
        plain = [name for name, kind in kinds if not pa.types.is_struct(getattr(kind, "value_type", kind))]
        self._connection = duckdb.connect(":memory:", config={"threads": 2})
        given = table.select(plain).append_column("_row", pa.array(range(len(table)), pa.int64()))
        self._connection.register("given", given)
        self._connection.execute("CREATE TABLE captures AS SELECT * FROM given")
        self._connection.execute("SET enable_external_access = false; SET lock_configuration = true")

    def __enter__(self) -> Sql:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._connection.close()

    def values(self, sql: str, kind: str) -> list[Any] | None:
        """The expression's value in each row; None where it needs what the table has not."""
        try:
            query = f"SELECT CAST(({sql}\n) AS {kind}) FROM captures ORDER BY _row"
            return [value for (value,) in self._connection.execute(query).fetchall()]
        except duckdb.Error:
            return None


def model(version: Version) -> Row:
    """`rules` in the order of the recipe and `relations` in the order they are decided."""
    recipe = version.manifest.get("recipe") or {}
    policies = recipe.get("relations") or {}
    steps = [step for step in version.manifest.get("funnel", []) if step.get("stage") == "rule" and step.get("sql")]
    took = version.column("reason")
    with Sql(version.table) as sql:
        rules = [_rule(sql, step["name"], step["sql"], took) for step in steps]
        order = [name for name in RELATIONS if isinstance(policies.get(name), dict)]
        relations = [_relation(sql, name, policies[name], version) for name in order]
    return {"rules": rules, "relations": [relation for relation in relations if relation]}


def _rule(sql: Sql, name: str, text: str, took: list[Any]) -> Row:
    movable = []
    found = comparisons(text)
    for comparison in found:
        values = sql.values(comparison.operand, "DOUBLE")
        if values is not None:
            movable.append((comparison, values))
    rest = sql.values(without(text, [comparison for comparison, _ in movable]), "BOOLEAN")
    known = rest is not None
    passes = [value is True for value in rest] if rest is not None else [reason != name for reason in took]
    source = text.encode()
    return {
        "name": name,
        "sql": text,
        "known": known,  # whether the rest could be evaluated here, or is believed from what was decided
        "rest": columns.flags(passes),
        "comparisons": [
            {
                "operand": comparison.operand,
                "op": comparison.op,
                "threshold": comparison.threshold,
                "at": [len(source[:end].decode()) for end in comparison.number],
                "values": columns.numbers(values),
            }
            for comparison, values in (movable if known else [])
        ],
    }


def _relation(sql: Sql, name: str, policy: Row, version: Version) -> Row | None:
    kind = str(policy.get("policy") or "keep_all")
    if kind == "keep_all":
        return {"name": name, "policy": kind}
    ranks = sql.values(str(policy.get("rank") or "0"), "DOUBLE")
    if ranks is None:
        return {"name": name, "policy": "unknown"}  # what was decided stays decided
    value = np.array([-np.inf if rank is None or rank != rank else rank for rank in ranks], np.float64)
    order = np.lexsort((np.array(version.ids, dtype=object).astype(str), -value))
    cap = next((policy[key] for key in ("cap", "limit", "most", "n") if isinstance(policy.get(key), int)), 1)
    return {"name": name, "policy": kind, "cap": cap, "order": columns.pack(order, "u4")}
