"""Captures whose fate differs between two versions, counted by fate, each count with what made the difference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 12
ABSENT = "absent"
KIND = "CASE WHEN {0}.state = 'failed' THEN split_part({0}.reason, ':', 1) ELSE {0}.reason END"  # without its message
FATES = f"""
SELECT a.state, a.stage, {KIND.format("a")}, b.state, b.stage, {KIND.format("b")},
    coalesce(was.state, 'absent') = 'kept' AS partner_was, coalesce(is_.state, 'absent') = 'kept' AS partner_is,
    count(*), list(coalesce(a.capture_id, b.capture_id) ORDER BY coalesce(a.capture_id, b.capture_id))[:{EXAMPLES}]
FROM a FULL JOIN b ON a.capture_id = b.capture_id
LEFT JOIN a AS was ON was.capture_id = b.kept_id
LEFT JOIN b AS is_ ON is_.capture_id = a.kept_id
WHERE a.state IS DISTINCT FROM b.state OR a.stage IS DISTINCT FROM b.stage
    OR {KIND.format("a")} IS DISTINCT FROM {KIND.format("b")}
GROUP BY ALL ORDER BY count(*) DESC, 1, 2, 3, 4, 5, 6
"""


@dataclass(frozen=True)
class Move:
    """`captures` of them went from one fate to another: `kept`, `absent`, `rule blank`, `relation copy`, `failed …`."""

    before: str
    after: str
    why: str
    captures: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class SplitMove:
    """Rows that both versions keep, in another split: whoever trained on the one must not test on the other."""

    before: str
    after: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Fate:
    """What became of a group of captures in one version."""

    state: str | None
    stage: str | None
    reason: str | None

    def __str__(self) -> str:
        if self.state is None:
            return ABSENT
        return self.state if self.state == "kept" else f"{self.stage} {(self.reason or '').removeprefix('balance:')}"


def moves(connection: duckdb.DuckDBPyConnection, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Move]:
    """From views `a` and `b` of review tables: moves by fate and cause, the largest first."""
    found: dict[tuple[str, str, str], tuple[int, list[str]]] = {}
    for *fates, partner_was, partner_is, captures, examples in connection.execute(FATES).fetchall():
        a, b = Fate(*fates[:3]), Fate(*fates[3:])
        key = (str(a), str(b), why(a, b, before, after, partner_was=partner_was, partner_is=partner_is))
        number, some = found.get(key, (0, []))
        found[key] = (number + captures, [*some, *examples][:EXAMPLES])
    for (a_, b_, reason), (number, some) in sorted(found.items(), key=lambda item: (-item[1][0], item[0])):
        yield Move(a_, b_, reason, number, tuple(some))


def split_moves(connection: duckdb.DuckDBPyConnection) -> Iterator[SplitMove]:
    """Rows that are kept in `a` and in `b`, in different splits."""
    rows = connection.execute(
        f"""SELECT a.split, b.split, count(*), list(a.capture_id ORDER BY a.capture_id)[:{EXAMPLES}]
        FROM a JOIN b USING (capture_id) WHERE a.state = 'kept' AND b.state = 'kept' AND a.split <> b.split
        GROUP BY ALL ORDER BY count(*) DESC, 1, 2"""
    ).fetchall()
    yield from (SplitMove(a, b, n, tuple(examples)) for a, b, n, examples in rows)


def why(
    a: Fate,
    b: Fate,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    partner_was: bool = False,
    partner_is: bool = False,
) -> str:
    """What made the difference, in a few words. `partner_…`: whether the capture that it yields to was kept before,
    and whether the one that it yielded to is kept now."""
    if a.state is None or b.state is None:
        chosen = [manifest["recipe"].get("captures") for manifest in (before, after)]
        if chosen[0] != chosen[1]:
            return "the recipe's choice of captures changed"
        return "a new capture" if a.state is None else "no longer in the capture store"
    if "decode" in (a.stage, b.stage):
        return "its file can be decoded now" if a.stage == "decode" else "its file cannot be decoded any more"
    for fate, here, there, gone in ((b, after, before, False), (a, before, after, True)):
        if fate.stage == "rule" and (told := _of_rule(fate.reason or "", here, there, gone=gone)):
            return told
    for fate, partner, said in (
        (b, partner_was, "the better one is new among the kept"),
        (a, partner_is, "the better one is no longer kept"),
    ):
        if fate.stage == "relation":
            return (
                _of_relation(fate.reason or "", before, after) or ("" if partner else said) or _otherwise(before, after)
            )
        if fate.stage == "balance":
            changed = before["recipe"].get("balance") != after["recipe"].get("balance")
            return "balance changed" if changed else "other rows compete for the same places"
    return _otherwise(before, after)


def _of_rule(name: str, here: Mapping[str, Any], there: Mapping[str, Any], *, gone: bool) -> str:
    """About a rule that rejects in `here`: whether it is new, gone or changed, or its columns' features are."""
    own, other = (_rules(manifest).get(name) for manifest in (here, there))
    if other is None:
        return f"rule {name} is gone" if gone else f"rule {name} is new: {own}"
    if own != other:
        old, new = (own, other) if gone else (other, own)
        return f"rule {name}: {old} → {new}"
    words = set(re.findall(r"[A-Za-z_]\w*", own or ""))
    columns = {c: feature["name"] for m in (here, there) for feature in m["features"] for c in feature["columns"]}
    changed = _changed_features(here, there)
    named = sorted({columns[word] for word in words if columns.get(word) in changed})
    return f"rule {name} is the same, feature {', '.join(named)} changed" if named else ""


def _of_relation(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    policies = [manifest["recipe"].get("relations", {}).get(name) for manifest in (before, after)]
    if policies[0] == policies[1]:
        return ""
    a, b = (policy or {} for policy in policies)
    told = [f"{key} {a.get(key)} → {b.get(key)}" for key in dict.fromkeys((*a, *b)) if a.get(key) != b.get(key)]
    return f"relation {name}: {', '.join(told)}"


def _otherwise(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = _changed_features(before, after)
    if changed:
        return f"feature {', '.join(changed)} changed"
    return "earlier rules or the captures around it changed"


def _changed_features(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    a, b = ({f["name"]: f["fingerprint"] for f in manifest["features"]} for manifest in (before, after))
    return sorted(name for name in {*a, *b} if a.get(name) != b.get(name))


def _rules(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {rule["name"]: " ".join(rule["sql"].split()) for rule in manifest["recipe"]["keep"]}
