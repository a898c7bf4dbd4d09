"""Balance: how many of each group stay. A group is the value of an SQL expression; what goes is chosen by rank or seed.

Steps run in the order of the recipe, on what rules and relations have kept. What a step drops is rejected as
`balance:<name>`, so that nothing vanishes.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa

from curation.recipe import Balance
from curation.select import Decisions, Reason, Selection

NONE = "none"  # the group of rows whose expression is NULL
OTHERS = "*"  # all groups that a target does not name, together
ROUNDING = 1e-6  # by which shares that add up to 1 may miss it
SHOWN = 100  # groups a manifest lists


def balance(
    selection: Selection, steps: tuple[Balance, ...], decisions: Decisions, ids: pa.ChunkedArray, seed: int
) -> tuple[Decisions, list[dict[str, Any]], list[str]]:
    """Decisions with a reason a step, what each step did to its groups, and notes. `ids` are the rows' capture ids.

    Raises SelectError where a step's SQL is wrong.
    """
    facts, notes = [], []
    for step in steps:
        groups = selection.evaluate(f"balance {step.name!r}", step.by, "VARCHAR").fill_null(NONE)
        ranks = selection.numbers(f"rank of balance {step.name!r}", step.rank) if step.rank else None
        rows = np.flatnonzero(decisions.kept)
        encoded = groups.take(pa.array(rows)).dictionary_encode()
        names: list[str] = encoded.dictionary.to_pylist()
        group = encoded.indices.to_numpy().astype(np.int64)
        if step.target is not None:
            names, group = _others_together(names, group, step.target)
        notes += [f"balance {step.name}: no row is {name!r}{_so(step)}" for name in _absent(step, names)]
        sizes = np.bincount(group, minlength=len(names))
        quotas = _quotas(step, names, sizes)
        order = _order(step, group, rows, ids, ranks, seed)
        starts = np.cumsum(sizes) - sizes
        place = np.arange(len(order)) - starts[group[order]]
        gone = rows[order[place >= quotas[group[order]]]]
        decisions = decisions.rejecting(Reason("balance", f"balance:{step.name}"), gone)
        facts.append({"name": step.name, "groups": _groups(names, sizes, np.minimum(sizes, quotas))})
    return decisions, facts, notes


def _absent(step: Balance, names: list[str]) -> list[str]:
    """Groups that the step names and no row is in: misspelt, it may be."""
    named = step.target if step.target is not None else {name: 0 for name in step.weights or {} if name != OTHERS}
    return [name for name in named if name not in names]


def _so(step: Balance) -> str:
    return ", so the mix is of the others" if step.target is not None else ", and its weight is nobody's"


def _others_together(names: list[str], group: np.ndarray, target: dict[str, float]) -> tuple[list[str], np.ndarray]:
    """Groups that the target names keep their name; all others become one."""
    known = [*target, OTHERS] if OTHERS not in target else list(target)
    to = np.array([known.index(name) if name in target else known.index(OTHERS) for name in names], np.int64)
    there, numbers = np.unique(to[group] if len(group) else group, return_inverse=True)
    return [known[index] for index in there], numbers


def _quotas(step: Balance, names: list[str], sizes: np.ndarray) -> np.ndarray:
    """How many rows of each group stay at most."""
    if step.cap is not None:
        return np.full(len(names), step.cap, np.int64)
    if step.weights is not None:
        weights = np.array([step.weights.get(name, step.weights.get(OTHERS, 1.0)) for name in names])
        most = max([*step.weights.values(), 1.0 if OTHERS not in step.weights else 0.0])
        return np.floor(sizes * weights / most + 0.5).astype(np.int64)
    target = step.target or {}
    rest = 1 - sum(target.values())
    rest = rest if rest > ROUNDING else 0.0
    shares = np.array([target.get(name, rest if name == OTHERS else 0.0) for name in names])
    if not shares.sum() > 0:
        return np.zeros(len(names), np.int64)
    shares = shares / shares.sum()
    asked = shares > 0
    total = max(float((sizes[asked] / shares[asked]).min()), step.keep_at_least * float(sizes.sum()))
    return np.floor(shares * total + ROUNDING).astype(np.int64)


def _order(
    step: Balance, group: np.ndarray, rows: np.ndarray, ids: pa.ChunkedArray, ranks: np.ndarray | None, seed: int
) -> np.ndarray:
    """Places in `rows`, group by group, what stays first: by rank, and by a draw from (seed, step, capture id)."""
    keys = ids.take(pa.array(rows)).to_pylist()
    drawn = b"".join(hashlib.sha256(f"{seed} {step.name} {key}".encode()).digest()[:8] for key in keys)
    draw = np.frombuffer(drawn, ">u8").astype(np.uint64)
    if ranks is None:
        return np.lexsort((draw, group))
    rank = ranks[rows]
    return np.lexsort((draw, -np.where(np.isnan(rank), -np.inf, rank), group))


def _groups(names: list[str], before: np.ndarray, after: np.ndarray) -> dict[str, dict[str, int]]:
    largest = sorted(range(len(names)), key=lambda i: (-before[i], names[i]))[:SHOWN]
    return {names[i]: {"before": int(before[i]), "after": int(after[i])} for i in largest}
