"""What the page needs to decide again: each keep rule as thresholds and a rest, each relation as a ranking.

A rule that is an AND-chain falls apart into simple comparisons, `operand op number`, whose number can be moved, and the
rest, which is a yes or no that stays. DuckDB's own parser says where in the text each part stands.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curation.report import columns
from curation.report.tables import Row, Version

OPERATORS = {
    "COMPARE_LESSTHAN": "<",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
}
MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
NUMBER = re.compile(r"[-+]?\s*(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.I)
RELATIONS = ("exact", "copy", "same_state", "locale", "theme", "same_template")
Span = tuple[int, int]


@dataclass(frozen=True)
class Comparison:
    """`operand op threshold` in a rule; `number` is where its number stands, `whole` the comparison, in bytes."""

    operand: str
    op: str
    threshold: float
    number: Span
    whole: Span


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

    def parsed(self, sql: str) -> Row | None:
        """The expression's syntax tree; None where it is not one expression."""
        try:
            duckdb.SQLExpression(sql)
            text = self._connection.execute("SELECT json_serialize_sql(?)", [f"SELECT {sql}"]).fetchall()[0][0]
            [statement] = json.loads(text)["statements"]
            [expression] = statement["node"]["select_list"]
        except (duckdb.Error, KeyError, ValueError):
            return None
        return expression if isinstance(expression, dict) else None

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


def comparisons(tree: Row | None, sql: str) -> list[Comparison]:
    """Those in the top AND-chain; `a BETWEEN x AND y` is two. None under OR or NOT, where none decides alone."""
    if tree is None:
        return []
    if tree.get("type") == "CONJUNCTION_AND":
        return [found for child in tree.get("children", []) for found in comparisons(child, sql)]
    source = sql.encode()
    if tree.get("type") in OPERATORS:
        return [found for found in [_simple(tree, source)] if found]
    if tree.get("class") == "BETWEEN" and not str(tree.get("type", "")).endswith("NOT_BETWEEN"):
        ends = [(">=", tree.get("lower")), ("<=", tree.get("upper"))]
        both = [_against(tree, tree.get("input"), op, end, source) for op, end in ends]
        return [found for found in both if found] if all(both) else []
    return []


def _simple(tree: Row, source: bytes) -> Comparison | None:
    op = OPERATORS[tree["type"]]
    return _against(tree, tree.get("left"), op, tree.get("right"), source) or _against(
        tree, tree.get("right"), MIRRORED[op], tree.get("left"), source
    )


def _against(tree: Row, operand: Any, op: str, number: Any, source: bytes) -> Comparison | None:
    whole, left, right = _span(tree), _span(operand), _span(number)
    if whole is None or left is None or right is None or _has_column(number):
        return None
    text = source[right[0] : right[1]].decode()
    if not NUMBER.fullmatch(text):
        return None
    threshold = float(re.sub(r"\s", "", text))
    ends = (*whole, *left, *right)  # BETWEEN's own place begins behind its operand
    return Comparison(source[left[0] : left[1]].decode(), op, threshold, right, (min(ends), max(ends)))


def _has_column(tree: Any) -> bool:
    return isinstance(tree, dict) and tree.get("class") == "COLUMN_REF"


def _span(tree: Any) -> Span | None:
    """Where an expression stands in the rule's text; the parser saw `SELECT ` before it."""
    try:
        start = int(tree["query_location"]) - len("SELECT ")
        return (start, start + int(tree["query_location_length"]))
    except (KeyError, TypeError, ValueError):
        return None


def without(sql: str, found: list[Comparison]) -> str:
    """The rule with its simple comparisons taken as true."""
    source = sql.encode()
    for start, end in sorted({comparison.whole for comparison in found}, reverse=True):
        source = source[:start] + b"TRUE" + source[end:]
    return source.decode()


def _rule(sql: Sql, name: str, text: str, took: list[Any]) -> Row:
    movable = []
    found = comparisons(sql.parsed(text), text)
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
