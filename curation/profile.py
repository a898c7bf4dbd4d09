"""What a version is made of, from review.parquet alone: counts by group before and after selection, sites, evidence.

The dataset card says from these figures what the data is biased towards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

GROUPS = ("form_factor", "view", "theme", "tone", "locale", "lang", "categories", "source", "format")
MOST = 8  # values of a group that are named; the rest are counted together
EVIDENCE = 12


@dataclass(frozen=True)
class Share:
    """One value of a group: how many decoded captures had it, and how many were kept. None is `not stated`."""

    value: str | None
    input: int
    kept: int


@dataclass(frozen=True)
class Group:
    """A column's values, most kept first. A capture with several categories counts once for each."""

    column: str
    shares: tuple[Share, ...]
    others: Share  # all values that are not named, together
    values: int
    input: int
    kept: int

    def part(self, share: Share) -> float:
        """Of the kept rows."""
        return share.kept / self.kept if self.kept else 0.0

    def shift(self, share: Share) -> float:
        """Kept share less input share: what selection did to this value."""
        return self.part(share) - (share.input / self.input if self.input else 0.0)


@dataclass(frozen=True)
class Sites:
    """Kept rows by site. `effective` is the number of equally large sites that would be as even (inverse Simpson)."""

    number: int
    effective: float
    largest: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Source:
    """One source's way through: counts by state, sites, and when it was fetched."""

    name: str
    spiders: tuple[str, ...]
    input: int
    kept: int
    rejected: int
    failed: int
    sites: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Profile:
    """`evidence` is (where it was read, effect, kept rows), most frequent first."""

    groups: tuple[Group, ...]
    sites: Sites
    sources: tuple[Source, ...]
    evidence: tuple[tuple[str, str, int], ...]


def read_profile(review: Path) -> Profile:
    """The profile of a version whose review.parquet this is."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        relation = connection.read_parquet(str(review))
        relation.create_view("review")
        kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
        groups = tuple(_group(connection, c, kinds[c]) for c in GROUPS if c in kinds)
        return Profile(groups, _sites(connection), _sources(connection), _evidence(connection))


def _group(connection: duckdb.DuckDBPyConnection, column: str, kind: str) -> Group:
    values = f"unnest(CASE WHEN len({column}) > 0 THEN {column} ELSE [NULL] END)" if kind.endswith("[]") else column
    rows = connection.execute(
        f"""SELECT nullif(trim(value), '') AS value, count(*), count(*) FILTER (state = 'kept') AS kept
        FROM (SELECT state, {values} AS value FROM review WHERE state <> 'failed')
        GROUP BY 1 ORDER BY kept DESC, 2 DESC, value NULLS LAST"""
    ).fetchall()
    shares = [Share(value, input, kept) for value, input, kept in rows]
    rest = shares[MOST:]
    total = connection.execute(
        "SELECT count(*) FILTER (state <> 'failed'), count(*) FILTER (state = 'kept') FROM review"
    ).fetchone()
    assert total is not None
    others = Share("others", sum(s.input for s in rest), sum(s.kept for s in rest))
    return Group(column, tuple(shares[:MOST]), others, sum(s.value is not None for s in shares), *total)


def _sites(connection: duckdb.DuckDBPyConnection) -> Sites:
    rows = connection.execute(
        "SELECT site, count(*) AS n FROM review WHERE state = 'kept' GROUP BY site ORDER BY n DESC, site"
    ).fetchall()
    total = sum(n for _, n in rows)
    even = total * total / sum(n * n for _, n in rows) if rows else 0.0
    return Sites(len(rows), even if math.isfinite(even) else 0.0, tuple((str(site), n) for site, n in rows[:5]))


def _sources(connection: duckdb.DuckDBPyConnection) -> tuple[Source, ...]:
    rows = connection.execute(
        """SELECT source, list_sort(list(DISTINCT spider)), count(*), count(*) FILTER (state = 'kept'),
        count(*) FILTER (state = 'rejected'), count(*) FILTER (state = 'failed'), count(DISTINCT site),
        min(fetched_at)::TIMESTAMP, max(fetched_at)::TIMESTAMP FROM review GROUP BY source ORDER BY source"""
    ).fetchall()
    return tuple(Source(name, tuple(spiders), *rest) for name, spiders, *rest in rows)


def _evidence(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str, int], ...]:
    """Whose signals about permission the kept rows carry; `rights` is the JSON of our own crawler."""
    rows = connection.execute(
        f"""SELECT signal->>'source' AS source, signal->>'effect' AS effect, count(DISTINCT capture_id) AS n
        FROM (SELECT capture_id, unnest(from_json(rights, '["JSON"]')) AS signal FROM review
              WHERE state = 'kept' AND json_valid(rights))
        GROUP BY ALL ORDER BY n DESC, source, effect LIMIT {EVIDENCE}"""
    ).fetchall()
    return tuple((str(source), str(effect), n) for source, effect, n in rows)
