"""The simple comparisons that a rule is made of, as DuckDB's own parser sees them: what thresholds are moved on.

An AND-chain falls apart into `operand op number`, and where in the text each part stands is told with it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb

Tree = dict[str, Any]
Span = tuple[int, int]
OPERATORS = {
    "COMPARE_LESSTHAN": "<",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
}
MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
NUMBER = re.compile(r"[-+]?\s*(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.I)


@dataclass(frozen=True)
class Comparison:
    """`operand op threshold` in a rule; `number` is where its number stands, `whole` the comparison, in bytes."""

    operand: str
    op: str
    threshold: float
    number: Span
    whole: Span


def comparisons(sql: str) -> list[Comparison]:
    """Those in the top AND-chain; `a BETWEEN x AND y` is two. None under OR or NOT, where none decides alone."""
    return _of(_parsed(sql), sql.encode())


def without(sql: str, found: list[Comparison]) -> str:
    """The rule with these comparisons taken as true."""
    source = sql.encode()
    for start, end in sorted({comparison.whole for comparison in found}, reverse=True):
        source = source[:start] + b"TRUE" + source[end:]
    return source.decode()


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")
    return connection


def _parsed(sql: str) -> Tree | None:
    """The expression's syntax tree; None where it is not one expression."""
    try:
        duckdb.SQLExpression(sql)
        [(text,)] = _parser().cursor().execute("SELECT json_serialize_sql(?)", [f"SELECT {sql}"]).fetchall()
        [statement] = json.loads(text)["statements"]
        [expression] = statement["node"]["select_list"]
    except (duckdb.Error, KeyError, ValueError):
        return None
    return expression if isinstance(expression, dict) else None


def _of(tree: Tree | None, source: bytes) -> list[Comparison]:
    if tree is None:
        return []
    if tree.get("type") == "CONJUNCTION_AND":
        return [found for child in tree.get("children", []) for found in _of(child, source)]
    if tree.get("type") in OPERATORS:
        return [found for found in [_simple(tree, source)] if found]
    if tree.get("class") == "BETWEEN" and not str(tree.get("type", "")).endswith("NOT_BETWEEN"):
        ends = [(">=", tree.get("lower")), ("<=", tree.get("upper"))]
        both = [_against(tree, tree.get("input"), op, end, source) for op, end in ends]
        return [found for found in both if found] if all(both) else []
    return []


def _simple(tree: Tree, source: bytes) -> Comparison | None:
    op = OPERATORS[tree["type"]]
    return _against(tree, tree.get("left"), op, tree.get("right"), source) or _against(
        tree, tree.get("right"), MIRRORED[op], tree.get("left"), source
    )


def _against(tree: Tree, operand: Any, op: str, number: Any, source: bytes) -> Comparison | None:
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
