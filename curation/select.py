"""Decisions: keep rules in SQL over one row a capture, then a policy for each relation; each rejection has its name.

A rule keeps where it is true; false and NULL reject. Decisions are columns: a state and a reason for each row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.recipe import Recipe
from curation.relations.policy import NAMES, RelationPolicy
from curation.splits import components
from curation.sql import Margin, SelectError, Selection

__all__ = ["Decisions", "Margin", "Reason", "SelectError", "Selection", "select", "settled"]

UNDECIDED, NOBODY = -1, -1
STATES = ("kept", "rejected", "failed")


@dataclass(frozen=True)
class Reason:
    """Why rows are not kept: `stage` is decode, rule, relation or balance; `name` is the rule's, empty for decode."""

    stage: str
    name: str


@dataclass(frozen=True)
class Decisions:
    """What became of each row. `reason` is a place in `reasons`, UNDECIDED (-1) for the rows that are kept.

    `kept_row` is the row that stands for a rejected one, NOBODY (-1) for all others.
    """

    reasons: tuple[Reason, ...]
    reason: np.ndarray  # int16
    kept_row: np.ndarray  # int32

    @property
    def kept(self) -> np.ndarray:
        return self.reason == UNDECIDED

    @property
    def failed(self) -> np.ndarray:
        decode = [place for place, reason in enumerate(self.reasons) if reason.stage == "decode"]
        return np.isin(self.reason, decode)

    def counts(self) -> dict[str, int]:
        """kept, rejected, failed."""
        kept, failed = int(self.kept.sum()), int(self.failed.sum())
        return {"kept": kept, "rejected": len(self.reason) - kept - failed, "failed": failed}

    def by_reason(self) -> list[tuple[Reason, int]]:
        """Every reason in the order of the funnel, and how many rows have it."""
        counted = np.bincount(self.reason + 1, minlength=len(self.reasons) + 1)[1:]
        return [(reason, int(number)) for reason, number in zip(self.reasons, counted, strict=True)]

    def rejecting(self, reason: Reason, rows: np.ndarray, kept_rows: np.ndarray | None = None) -> Decisions:
        """With one more reason, for rows that no other had."""
        reasons, kept_row = self.reason.copy(), self.kept_row.copy()
        reasons[rows] = len(self.reasons)
        if kept_rows is not None:
            kept_row[rows] = kept_rows
        return Decisions((*self.reasons, reason), reasons, kept_row)


def select(selection: Selection, recipe: Recipe, failed: np.ndarray, related: pa.Table) -> Decisions:
    """Failed rows first, then the first rule that fails, then each relation by its policy, from the closest.

    `failed` is a mask; `related` is what `relations.find` gave for these rows. Raises SelectError for wrong SQL.
    """
    nothing = np.full(selection.rows, UNDECIDED, np.int16)
    decisions = Decisions((), nothing, np.full(selection.rows, NOBODY, np.int32))
    decisions = decisions.rejecting(Reason("decode", ""), np.flatnonzero(failed))
    for rule in recipe.keep:
        passes = selection.booleans(f"keep rule {rule.name!r}", rule.sql)
        decisions = decisions.rejecting(Reason("rule", rule.name), np.flatnonzero(~passes & decisions.kept))
    ties = {name: _pairs(related, name) for name in NAMES}
    equals = components(np.full(selection.rows, -1, np.int64), *ties["exact"])
    for name in NAMES:
        policy = recipe.relations.of(name)
        rank = selection.numbers(f"rank of relation {name!r}", policy.rank)
        places = _places(rank)
        some = ties[name] if name == "exact" else _of_equals(*ties[name], equals, decisions.kept)
        rows, keepers = _policy(policy, name, *some, places, decisions.kept)
        decisions = decisions.rejecting(Reason("relation", name), rows, keepers)
    return decisions


def settled(decisions: Decisions) -> Decisions:
    """Each `kept_row` followed to a row that is kept, or NOBODY where there is none: its keeper may be a copy itself.

    Comes after the last decision. Raises SelectError where kept, rejected and failed are not all rows.
    """
    kept_row, kept = decisions.kept_row.copy(), decisions.kept
    for _ in range(len(decisions.reasons) + 1):  # a keeper was rejected by a later reason, so chains are that short
        chained = np.flatnonzero((kept_row != NOBODY) & ~kept[kept_row])
        if not len(chained):
            break
        kept_row[chained] = kept_row[kept_row[chained]]
    if sum(decisions.counts().values()) != len(kept) or (kept_row[kept] != NOBODY).any():
        raise SelectError(f"{len(kept)} captures went in and their fates do not add up: this is a defect of Gesso")
    return replace(decisions, kept_row=kept_row)


def _pairs(related: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    some = related.filter(pc.equal(related["relation"], name))
    return some["a"].to_numpy().astype(np.int64), some["b"].to_numpy().astype(np.int64)


def _places(rank: np.ndarray) -> np.ndarray:
    """Each row's place by rank, the highest first; NULL and NaN come last, the smaller row breaks ties."""
    order = np.argsort(-np.where(np.isnan(rank), -np.inf, rank), kind="stable")
    places = np.empty(len(rank), np.int64)
    places[order] = np.arange(len(rank))
    return places


def _policy(
    policy: RelationPolicy, name: str, a: np.ndarray, b: np.ndarray, places: np.ndarray, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows to reject, and for each the row that is kept in its stead."""
    alive = kept[a] & kept[b]
    nothing = np.zeros(0, np.int64)
    if policy.policy == "keep_all" or not len(a):
        return nothing, nothing
    if policy.policy == "cap" or name == "exact":
        groups = components(np.full(len(kept), -1, np.int64), a, b)
        if policy.policy == "cap" and name != "exact":
            groups = components(np.full(len(kept), -1, np.int64), a[alive], b[alive])
        return _best_of_groups(groups, places, kept, policy.cap if policy.policy == "cap" else 1)
    return _best_of_tied(a[alive], b[alive], places)


def _best_of_groups(
    groups: np.ndarray, places: np.ndarray, kept: np.ndarray, cap: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of each group the `cap` best that are still kept stay; the best stands for those that go."""
    rows = np.flatnonzero(kept)
    order = rows[np.lexsort((places[rows], groups[rows]))]
    group = groups[order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(order) else np.zeros(0, np.int64)
    first = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    gone = np.arange(len(order)) - first >= cap
    return order[gone], order[first[gone]]


def _best_of_tied(a: np.ndarray, b: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best ranks are kept first and only what is directly tied to a kept one goes, so that no chain of near-copies
    merges two rows that are not themselves related.
    """
    better = places[a] < places[b]
    best, other = np.where(better, a, b), np.where(better, b, a)
    order = np.argsort(places[best], kind="stable")
    stands_for: dict[int, int] = {}
    for keeper, row in zip(best[order].tolist(), other[order].tolist(), strict=True):
        if keeper not in stands_for:  # all that could have rejected it came before
            stands_for.setdefault(row, keeper)
    rows = np.fromiter(stands_for, np.int64, len(stands_for))
    return rows, np.fromiter(stands_for.values(), np.int64, len(stands_for))


def _of_equals(a: np.ndarray, b: np.ndarray, equals: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ties of the rows that are kept: what holds of a picture holds of its equals, and only the first has ties."""
    if not len(a):
        return a, b
    rows = np.flatnonzero(kept)
    members = rows[np.argsort(equals[rows], kind="stable")]
    group = equals[members]
    pairs = np.unique(np.stack([equals[a], equals[b]], 1), axis=0)
    start = [np.searchsorted(group, side, "left") for side in pairs.T]
    size = [np.searchsorted(group, side, "right") - at for side, at in zip(pairs.T, start, strict=True)]
    number = size[0] * size[1]
    tie = np.repeat(np.arange(len(pairs)), number)
    within = np.arange(len(tie)) - np.repeat(np.cumsum(number) - number, number)
    one = members[start[0][tie] + within // size[1][tie]]
    other = members[start[1][tie] + within % size[1][tie]]
    apart = one != other
    return one[apart], other[apart]
