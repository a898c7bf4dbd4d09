"""Why a capture is in a dataset version or not: every rule with its values, relations, rights, split and balance.

Reads the version's own tables only, so it explains a version long after its captures are gone.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from curation.comparisons import comparisons
from curation.dataset import read_manifest, resolve_dataset, versions_of
from curation.errors import GessoError
from curation.sql import SelectError, Selection

LEAST_DIGITS = 4
TIES = 20  # related captures that are listed
WORD = re.compile(r"'(?:[^']|'')*'|[A-Za-z_]\w*")


class WhyError(GessoError):
    """No such capture in the version, or several that begin like that."""


@dataclass(frozen=True)
class Rule:
    """One keep rule. `passed` is None where the version's review table lacks a column; `values` say what decided."""

    name: str
    sql: str
    passed: bool | None
    values: list[str]


@dataclass(frozen=True)
class Tie:
    """A related capture, and what became of it."""

    capture_id: str
    relation: str
    distance: float
    why: str
    fate: str


@dataclass(frozen=True)
class Balanced:
    """One balance step: the capture's group, and how many rows of it there were and are."""

    name: str
    by: str
    group: str
    before: int | None
    after: int | None
    dropped: bool


@dataclass(frozen=True)
class Why:
    """Everything that decided about one capture in one version."""

    dataset: str
    capture_id: str
    site: str
    url: str
    state: str
    stage: str | None
    reason: str | None
    kept_id: str | None
    copies: list[str]
    split: str | None
    component: dict[str, Any]
    rules: list[Rule]
    ties: list[Tie]
    balance: list[Balanced]
    allowed: bool | None
    licence: str | None
    signals: list[dict[str, Any]]
    errors: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def find(home: Path, capture: str, dataset: str | None = None) -> Path:
    """The version folder: of `dataset` where one is named, else the newest one of any dataset that has the capture.

    Raises DatasetError, WhyError.
    """
    if dataset is not None:
        return resolve_dataset(home, dataset)
    names = sorted(path.name for path in (home / "datasets").glob("*/") if versions_of(home, path.name))
    folders = [home / "datasets" / name / str(versions_of(home, name)[-1]) for name in names]
    folders.sort(key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    for folder in folders:
        if len(_beginning(folder, capture)):
            return folder
    there = f"looked in {', '.join(names)}" if names else "there is no dataset yet: run gesso curate RECIPE"
    raise WhyError(f"no dataset under {home} has a capture {capture!r} ({there})")


def why(folder: Path, capture: str) -> Why:
    """What the version says about the capture with this id, or with the one id that begins like this.

    Raises DatasetError where the folder is no version, WhyError where the capture is not in it or not the only one.
    """
    manifest = read_manifest(folder)
    called = f"{manifest['name']}@{folder.name}"
    found = _beginning(folder, capture)
    if not len(found):
        raise WhyError(f"no capture {capture!r} in {called}: gesso why CAPTURE looks in every dataset")
    if len(found) > 1:
        some = ", ".join(found["capture_id"].slice(0, 4).to_pylist())
        raise WhyError(f"{len(found)} captures of {called} begin with {capture!r}: give more digits ({some} …)")
    row = found.drop_columns(["margins"]).to_pylist()[0]
    key = row["capture_id"]
    recipe = manifest["recipe"]
    with Selection(found) as selection:
        rules = [_rule(selection, rule, row) for rule in recipe["keep"]]
        steps = [_balanced(selection, step, row, manifest) for step in recipe.get("balance", [])]
    return Why(
        dataset=called,
        capture_id=key,
        site=row["site"] or "",
        url=row["canonical_url"] or "",
        **{name: row[name] for name in ("state", "stage", "reason", "kept_id", "split", "allowed", "licence")},
        copies=list(row["copies"] or []),
        component=_component(folder, row),
        rules=rules,
        ties=_ties(folder, key),
        balance=steps,
        signals=_signals(row["rights"]),
        errors=list(row["errors"] or []),
    )


def _beginning(folder: Path, capture: str) -> pa.Table:
    """Rows of the review table whose id begins like this."""
    if len(capture) < LEAST_DIGITS:
        raise WhyError(f"{capture!r} is too short for a capture id: give {LEAST_DIGITS} digits or more")
    return _review(folder).to_table(filter=pc.starts_with(ds.field("capture_id"), capture.lower()))


def _review(folder: Path) -> ds.Dataset:
    try:
        return ds.dataset(str(folder / "review.parquet"), format="parquet")
    except (OSError, pa.ArrowInvalid) as error:
        raise WhyError(f"{folder / 'review.parquet'} cannot be read ({error}): run gesso curate again") from None


def _rule(selection: Selection, rule: dict[str, Any], row: dict[str, Any]) -> Rule:
    name, sql = rule["name"], rule["sql"]
    try:
        passed = bool(selection.booleans(name, sql)[0])
    except SelectError:
        return Rule(name, sql, None, ["a column of it stands in the shards only"])
    values = []
    for one in comparisons(sql):
        operand, op, number = one.operand, one.op, one.threshold
        try:
            value = selection.numbers(name, operand)[0]
        except SelectError:
            continue
        holds = value == value and {"<": value < number, "<=": value <= number, ">": value > number}.get(
            op, value >= number
        )
        values.append(f"{operand} is {_short(value)}, {'' if holds else 'not '}{op} {number:g}")
    words = [word for word in dict.fromkeys(WORD.findall(sql)) if word in row]
    return Rule(name, sql, passed, values or [f"{word} is {_short(row[word])}" for word in words])


def _short(value: Any) -> str:
    if value is None or value != value:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _balanced(selection: Selection, step: dict[str, Any], row: dict[str, Any], manifest: dict[str, Any]) -> Balanced:
    from curation.balance import NONE, OTHERS

    try:
        group = selection.evaluate(step["name"], step["by"], "VARCHAR")[0].as_py() or NONE
    except SelectError:
        group = "?"
    facts = {fact["name"]: fact["groups"] for fact in manifest.get("balance", [])}.get(step["name"], {})
    counts = facts.get(group) or facts.get(OTHERS) or {}
    dropped = row["reason"] == f"balance:{step['name']}"
    return Balanced(step["name"], step["by"], group, counts.get("before"), counts.get("after"), dropped)


def _component(folder: Path, row: dict[str, Any]) -> dict[str, Any]:
    """Name and size of what lies in one split with the capture."""
    name = row.get("component")
    if name is None:
        return {}
    columns = ["site", "state", "split"]
    members = _review(folder).to_table(columns=columns, filter=ds.field("component") == name)
    return {
        "name": name,
        "captures": len(members),
        "kept": int(pc.sum(pc.equal(members["state"], "kept")).as_py() or 0),
        "sites": len(members["site"].unique()),
        "splits": sorted(split for split in members["split"].unique().to_pylist() if split),
    }


def _ties(folder: Path, key: str) -> list[Tie]:
    """The related captures, the closest relation first."""
    related = ds.dataset(str(folder / "relations.parquet"), format="parquet")
    pairs = related.to_table(filter=(ds.field("a") == key) | (ds.field("b") == key)).to_pylist()
    others = [pair["b"] if pair["a"] == key else pair["a"] for pair in pairs]
    columns = ["capture_id", "state", "reason", "split"]
    there = ds.field("capture_id").isin(pa.array(others, pa.string()))
    fates = {row["capture_id"]: row for row in _review(folder).to_table(columns=columns, filter=there).to_pylist()}
    ties = [
        Tie(other, pair["relation"], float(pair["distance"] or 0), pair.get("why") or "", _fate(fates.get(other, {})))
        for pair, other in zip(pairs, others, strict=True)
    ]
    order = ("exact", "copy", "same_state", "locale", "theme", "same_template")
    ties.sort(key=lambda tie: (order.index(tie.relation) if tie.relation in order else 9, tie.distance, tie.capture_id))
    return ties[:TIES]


def _fate(row: dict[str, Any]) -> str:
    if row.get("state") == "kept":
        return f"kept ({row['split']})"
    return str(row.get("reason") or row.get("state") or "unknown").split(":")[0]


def _signals(text: str | None) -> list[dict[str, Any]]:
    try:
        signals = json.loads(text or "[]")
    except ValueError:
        return []
    return [signal for signal in signals if isinstance(signal, dict)] if isinstance(signals, list) else []
