"""How the kept rows are distributed before and after: numbers by quantiles, KS and PSI, categories by their shares."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import duckdb

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 10
FLOOR = 1e-4  # of a share, so that an empty bin has a finite PSI
MOST_VALUES = 60  # a text column with more different values is no category, nor one whose values hardly repeat
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "UINTEGER", "UBIGINT")


@dataclass(frozen=True)
class Shift:
    """A number of the kept rows. `ks` is the largest distance of the two distribution functions (0 … 1), `psi` the
    population stability index over the deciles before: below 0.1 little, above 0.25 much."""

    column: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    ks: float
    psi: float


@dataclass(frozen=True)
class Mix:
    """A category of the kept rows: value → (rows before, rows after); `distance` is half the sum of differences."""

    column: str
    counts: dict[str, tuple[int, int]]
    distance: float


@dataclass(frozen=True)
class Revalued:
    """A column whose value differs for captures that both versions saw, whatever became of them."""

    column: str
    feature: str | None
    captures: int
    median_change: float | None


def shifts(connection: duckdb.DuckDBPyConnection) -> Iterator[Shift]:
    """Each number that both review tables have, most shifted first."""
    columns = [name for name, kind in _shared(connection).items() if kind in NUMBERS]
    found = []
    for name in columns:
        a, b = (_values(connection, view, name) for view in "ab")
        if len(a) and len(b):
            before, after = (tuple(float(v) for v in np.quantile(side, QUANTILES)) for side in (a, b))
            found.append(Shift(name, before, after, ks(a, b), psi(a, b)))
    yield from sorted(found, key=lambda shift: (-shift.ks, shift.column))


def ks(a: np.ndarray, b: np.ndarray) -> float:
    """The two-sample Kolmogorov-Smirnov statistic of two non-empty arrays; 0 for equal, 1 for disjoint ones."""
    a, b = np.sort(a), np.sort(b)
    points = np.concatenate([a, b])
    below = [np.searchsorted(side, points, side="right") / len(side) for side in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def psi(a: np.ndarray, b: np.ndarray) -> float:
    """Population stability index of b against a: Σ (q − p) ln(q / p) over the deciles of a."""
    edges = np.unique(np.quantile(a, np.linspace(0, 1, BINS + 1)[1:-1]))
    p, q = (
        np.maximum(np.bincount(np.searchsorted(edges, side, side="left"), minlength=len(edges) + 1) / len(side), FLOOR)
        for side in (a, b)
    )
    return float(((q - p) * np.log(q / p)).sum())


def mixes(connection: duckdb.DuckDBPyConnection) -> Iterator[Mix]:
    """Each category that both review tables have, most shifted first. Rows of several categories count in each.

    Texts that are JSON (`rights`, `design_slots`) are documents and no categories.
    """
    found = []
    for name, kind in _shared(connection).items():
        if kind not in ("VARCHAR", "VARCHAR[]", "BOOLEAN") or name in ("state", "stage", "reason", "errors", "copies"):
            continue
        column = f'unnest("{name}")' if kind.endswith("[]") else f'"{name}"::VARCHAR'
        rows = connection.execute(
            f"""WITH kept AS (SELECT 'a' AS side, {column} AS value FROM a WHERE state = 'kept' UNION ALL
                SELECT 'b', {column} FROM b WHERE state = 'kept')
            SELECT value, count(*) FILTER (side = 'a'), count(*) FILTER (side = 'b') FROM kept
            WHERE value IS NOT NULL AND value <> ''
            GROUP BY value ORDER BY count(*) DESC, value LIMIT {MOST_VALUES + 1}"""
        ).fetchall()
        counts = {value: (a, b) for value, a, b in rows}
        if counts and all(map(is_document, counts)):
            continue
        if 1 <= len(rows) <= MOST_VALUES and 2 * len(rows) <= max(map(sum, zip(*counts.values(), strict=True))):
            found.append(Mix(name, counts, total_variation(list(counts.values()))))
    yield from sorted(found, key=lambda mix: (-mix.distance, mix.column))


def is_document(value: str) -> bool:
    """Whether a text is a JSON list or object."""
    try:
        return value[:1] in ("[", "{") and isinstance(json.loads(value), list | dict)
    except (ValueError, RecursionError):
        return False


def total_variation(counts: list[tuple[int, int]]) -> float:
    """Half the sum of the absolute differences of two distributions' shares; 1 where one of them is empty."""
    totals = [sum(side) for side in zip(*counts, strict=True)]
    if not all(totals):
        return float(any(totals))
    return sum(abs(a / totals[0] - b / totals[1]) for a, b in counts) / 2


def revalued(
    connection: duckdb.DuckDBPyConnection, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Revalued]:
    """Columns of captures that are in both tables and have another value now, most changed first."""
    kinds = {n: k for n, k in _shared(connection).items() if n not in OWN}
    if not kinds:
        return
    counted = ", ".join(f'count(*) FILTER (a."{name}" IS DISTINCT FROM b."{name}")' for name in kinds)
    row = connection.execute(f"SELECT {counted} FROM a JOIN b USING (capture_id)").fetchone()
    assert row is not None
    feature_of = {c: feature["name"] for m in (before, after) for feature in m["features"] for c in feature["columns"]}
    for name, captures in sorted(zip(kinds, row, strict=True), key=lambda pair: (-pair[1], pair[0])):
        if captures:
            median = _median_change(connection, name) if kinds[name] in NUMBERS else None
            yield Revalued(name, feature_of.get(name), captures, median)


OWN = ("capture_id", "state", "stage", "reason", "kept_id", "copies", "split", "margins")


def _median_change(connection: duckdb.DuckDBPyConnection, name: str) -> float | None:
    row = connection.execute(
        f"""SELECT median(abs(b."{name}"::DOUBLE - a."{name}"::DOUBLE)) FROM a JOIN b USING (capture_id)
        WHERE a."{name}" IS DISTINCT FROM b."{name}" """
    ).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def _shared(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Column → DuckDB type, of those that both tables have with one type. Quotes cannot stand in our column names."""
    a, b = (
        dict(zip(relation.columns, map(str, relation.types), strict=True))
        for relation in (connection.table("a"), connection.table("b"))
    )
    return {name: kind for name, kind in a.items() if b.get(name) == kind and '"' not in name}


def _values(connection: duckdb.DuckDBPyConnection, view: str, name: str) -> np.ndarray:
    query = f"""SELECT "{name}"::DOUBLE AS v FROM {view} WHERE state = 'kept' AND isfinite("{name}"::DOUBLE)"""
    return np.asarray(connection.execute(query).fetchnumpy()["v"], dtype=np.float64)
