"""Decisions: keep rules and rankings in SQL over one row a capture, each rejection with its name.

The rules run in DuckDB, which is told to touch no file. A rule keeps where it is true; false and NULL reject.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from curation.errors import GessoError
from curation.recipe import KeepRule, Recipe
from curation.relations import Relation
from curation.splits import components

NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
COMPARISON = re.compile(rf"^(?P<operand>.+?)\s*(?P<op><=|>=|<|>)\s*(?P<number>{NUMBER})$", re.S | re.I)


class SelectError(GessoError):
    """SQL in the recipe that DuckDB does not take, or decisions that do not add up."""


@dataclass(frozen=True)
class Decision:
    """What became of one capture. `reason` and `stage` are None for the kept ones."""

    state: str
    stage: str | None = None
    reason: str | None = None
    kept_id: str | None = None


@dataclass(frozen=True)
class Margin:
    """One simple comparison of a rule, and each capture's value of its operand, in table order."""

    rule: str
    operand: str
    op: str
    threshold: float
    values: list[float | None]

    def margin(self, index: int) -> float | None:
        value = self.values[index]
        if value is None:
            return None
        return value - self.threshold if self.op in (">", ">=") else self.threshold - value


class Selection:
    """SQL over a table of captures and features. `close` it, or use it in a `with` block."""

    def __init__(self, table: pa.Table) -> None:
        self.ids: list[str] = table["capture_id"].to_pylist()
        plain = [name for name, kind in zip(table.schema.names, table.schema.types, strict=True) if _sql_knows(kind)]
        self._connection = duckdb.connect(":memory:", config={"threads": 2})
        self._connection.register("given", table.select(plain).append_column("_row", pa.array(range(len(table)))))
        self._connection.execute("CREATE TABLE captures AS SELECT * FROM given ORDER BY _row")
        self._connection.execute("SET enable_external_access = false; SET lock_configuration = true")

    def __enter__(self) -> Selection:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    def evaluate(self, what: str, sql: str, kind: str) -> list[Any]:
        """The expression's value in each row. Raises SelectError that names `what` and says DuckDB's first line."""
        try:
            duckdb.SQLExpression(sql)  # one expression and nothing after it
            rows = self._connection.execute(f"SELECT CAST(({sql}\n) AS {kind}) FROM captures ORDER BY _row").fetchall()
        except duckdb.Error as error:
            raise SelectError(f"{what}: {_one_line(error)} in {' '.join(sql.split())[:120]!r}: mend its SQL") from None
        return [value for (value,) in rows]

    def rules(self, rules: Sequence[KeepRule]) -> dict[str, list[bool]]:
        """Rule name → whether each row passes it."""
        return {r.name: [v is True for v in self.evaluate(f"keep rule {r.name!r}", r.sql, "BOOLEAN")] for r in rules}

    def margins(self, rules: Sequence[KeepRule]) -> list[Margin]:
        """Every `operand op number` that stands in an AND-chain of a rule, with its values."""
        found = []
        for rule in rules:
            for operand, op, threshold in comparisons(rule.sql):
                try:
                    values = self.evaluate(rule.name, operand, "DOUBLE")
                except SelectError:
                    continue  # a comparison of text or dates: nothing to draw
                found.append(Margin(rule.name, operand, op, threshold, values))
        return found


def comparisons(sql: str) -> list[tuple[str, str, float]]:
    """(operand, op, number) of each simple comparison in an AND-chain, `a BETWEEN x AND y` as two; none under OR."""
    text = " ".join(sql.split())
    between = rf"(.+?) between ({NUMBER}) and ({NUMBER})"
    text = re.sub(rf"(?i)(^|\band\s+){between}", r"\1\2 >= \3 AND \2 <= \4", text)
    found = []
    for part in _top_level(text):
        match = COMPARISON.match(part)
        if match and not re.search(r"(?i)[<>=]|\b(and|or|not|case|is|in|like)\b", match["operand"]):
            found.append((match["operand"].strip(), match["op"], float(match["number"])))
    return found


def _top_level(text: str) -> list[str]:
    """The parts of an AND-chain; nothing where an OR stands beside it, for then no part decides by itself."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"'(?:[^']|'')*'|[()]|\b(?:and|or)\b", text, re.I):
        word = match[0].lower()
        depth += (word == "(") - (word == ")")
        if depth == 0 and word == "or":
            return []
        if depth == 0 and word == "and":
            parts.append(text[start : match.start()])
            start = match.end()
    parts = [part.strip() for part in (*parts, text[start:])]
    return [part[1:-1].strip() if part.startswith("(") and part.find(")") == len(part) - 1 else part for part in parts]


def select(
    selection: Selection, recipe: Recipe, failed: dict[str, str], relations: Sequence[Relation]
) -> dict[str, Decision]:
    """capture_id → Decision, for every capture: failed ones first, then the first rule that fails, then relations.

    Raises SelectError where the SQL is wrong or a capture would be lost.
    """
    passes = selection.rules(recipe.keep)
    decisions: dict[str, Decision] = {}
    for index, key in enumerate(selection.ids):
        if key in failed:
            decisions[key] = Decision("failed", "decode", failed[key])
        elif (name := next((n for n, passed in passes.items() if not passed[index]), None)) is not None:
            decisions[key] = Decision("rejected", "rule", name)
    for name, policy in (("exact", recipe.relations.exact), ("copy", recipe.relations.copy_)):
        rank = selection.evaluate(f"rank of relation {name!r}", policy.rank, "DOUBLE")
        if policy.policy == "keep_all":
            continue
        ranks = {key: (-_number(value), key) for key, value in zip(selection.ids, rank, strict=True)}
        for key, kept in keep_best(ranks, name, relations, decisions).items():
            decisions[key] = Decision("rejected", "relation", name, kept)
    for key in selection.ids:
        decisions.setdefault(key, Decision("kept"))
    return _settled(decisions, selection.ids)


def keep_best(
    ranks: dict[str, tuple[float, str]], name: str, relations: Sequence[Relation], decided: dict[str, Decision]
) -> dict[str, str]:
    """Rejected capture → the kept one that it is related to, among the captures that are not decided yet.

    Of equals, one stays. Of copies, best ranks are kept first and only what is directly tied to a kept one goes, so no
    chain of near-copies merges two captures that are not themselves related.
    """
    alive = _equals(relations, decided)
    rejected: dict[str, str] = {}
    if name == "exact":
        for group in alive.values():
            best, *rest = sorted(group, key=lambda key: ranks[key]) or [""]
            rejected |= dict.fromkeys(rest, best)
        return rejected
    near: dict[str, set[str]] = {}
    for relation in relations:
        if relation.relation == name:  # what holds of a picture holds of its equals
            some, others = (alive.get(key, [] if key in decided else [key]) for key in (relation.a, relation.b))
            for a, b in ((a, b) for a in some for b in others if a != b):
                near.setdefault(a, set()).add(b)
                near.setdefault(b, set()).add(a)
    for key in sorted(near, key=lambda k: ranks[k]):
        kept = [other for other in near[key] if ranks[other] < ranks[key] and other not in rejected]
        if kept:
            rejected[key] = min(kept, key=lambda other: ranks[other])
    return rejected


def _equals(relations: Sequence[Relation], decided: dict[str, Decision]) -> dict[str, list[str]]:
    """Capture → the undecided captures with the same pixels; one shared list a group."""
    ties = [(r.a, r.b) for r in relations if r.relation == "exact"]
    ids = sorted({key for tie in ties for key in tie})
    root = components(ids, ids, ties)
    groups: dict[str, list[str]] = {key: [] for key in root.values()}
    for key in ids:
        if key not in decided:
            groups[root[key]].append(key)
    return {key: groups[root[key]] for key in ids}


def _number(value: float | None) -> float:
    """A rank as a number: NULL and NaN come last."""
    return float("-inf") if value is None or value != value else value


def _settled(decisions: dict[str, Decision], ids: list[str]) -> dict[str, Decision]:
    """Follow `kept_id` to a capture that is kept (an exact twin's keeper may itself be a copy), and count once more."""
    settled: dict[str, Decision] = {}
    for key in ids:
        decision, hops = decisions[key], 0
        while decision.kept_id is not None and decisions[decision.kept_id].state != "kept" and hops < len(ids):
            kept_id = decisions[decision.kept_id].kept_id
            decision, hops = Decision("rejected", "relation", decision.reason, kept_id), hops + 1
        settled[key] = decision
    states = [decision.state for decision in settled.values()]
    if len(settled) != len(ids) or sum(states.count(s) for s in ("kept", "rejected", "failed")) != len(ids):
        raise SelectError(
            f"{len(ids)} captures went in and {len(settled)} decisions came out: this is a defect of Gesso"
        )
    return settled


def _sql_knows(kind: pa.DataType) -> bool:
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) else kind
    return not pa.types.is_float16(inner)


def _one_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    message = [line for line in lines if not line.startswith(("LINE ", "^"))]
    return " ".join(message[:2])[:300].rstrip(".!")
