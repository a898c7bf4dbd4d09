"""The manifest: counts, hashes and versions of one dataset version, and nothing that another build would not write.

Its schema stands in `curation.review`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.engine import Plan
from curation.feature_table import ERROR
from curation.recipe import Recipe
from curation.relations.policy import NAMES
from curation.review import Review
from curation.select import Decisions
from curation.shards import Shard, file_sha256
from curation.splits import codes

FORMAT = "gesso-dataset/1"
CODE_VERSION = 4  # raise when relations, decisions, splits or shards come out otherwise than before
PACKAGES = ("duckdb", "faiss-cpu", "numpy", "pillow", "pyarrow", "scipy")
FILE = "manifest.json"


def versions() -> dict[str, str]:
    """Package → version of what the bytes of a dataset depend on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def recipe_fields(recipe: Recipe) -> dict[str, Any]:
    """The recipe as it is written in YAML."""
    return recipe.model_dump(mode="json", by_alias=True)


def key_of(recipe: Recipe, digest: str, plan: Plan) -> str:
    """16 hex digits of everything that decides the bytes: recipe, input, feature fingerprints, code and libraries."""
    head = [FORMAT, CODE_VERSION, recipe_fields(recipe), sorted(plan.fingerprints.items()), plan.notes, versions()]
    return hashlib.sha256(f"{json.dumps(head, sort_keys=True)}\n{digest}".encode()).hexdigest()[:16]


def build(
    recipe: Recipe, key: str, plan: Plan, review: Review, related: pa.Table, shards: Sequence[Shard]
) -> dict[str, Any]:
    """Everything but `files`, which `with_files` adds once they are written."""
    table, decisions = review.table, review.decisions
    errors = _errors(table)
    return {
        "format": FORMAT,
        "name": recipe.name,
        "description": recipe.description,
        "key": key,
        "counts": {"input": len(table)} | decisions.counts(),
        "funnel": _funnel(recipe, decisions),
        "failed": errors.get("decode", {}),
        "relations": {name: int(pc.sum(pc.equal(related["relation"], name)).as_py() or 0) for name in NAMES},
        "sources": _sources(table, decisions.kept),
        "rights": _rights(table, decisions.kept),
        "splits": _splits(recipe, review),
        "shards": [asdict(shard) for shard in shards],
        "features": _features(plan, errors),
        "balance": [],
        "clusters": [],
        "columns": {},
        "recipe": recipe_fields(recipe),
        "notes": list(plan.notes),
        "versions": versions(),
    }


def clusters(table: pa.Table) -> list[dict[str, Any]]:
    """Each cluster's name and its number of captures; nothing without clusters."""
    if "cluster_name" not in table.schema.names:
        return []
    names = ["cluster", "cluster_name"]
    counted = table.select(names).group_by(names).aggregate([([], "count_all")]).sort_by("cluster").to_pylist()
    return [
        {"cluster": row["cluster"], "name": row["cluster_name"], "rows": row["count_all"]}
        for row in counted
        if row["cluster"] is not None
    ]


def with_files(manifest: dict[str, Any], folder: Path, names: Sequence[str]) -> dict[str, Any]:
    files = [{"file": n, "bytes": (folder / n).stat().st_size, "sha256": file_sha256(folder / n)} for n in names]
    return manifest | {"files": files}


def dump(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def _funnel(recipe: Recipe, decisions: Decisions) -> list[dict[str, Any]]:
    sql = {("rule", rule.name): rule.sql for rule in recipe.keep}
    sql |= {("balance", f"balance:{step.name}"): step.by for step in recipe.balance}
    left, steps = len(decisions.reason), []
    for reason, number in decisions.by_reason():
        left -= number
        if reason.stage != "decode":
            step: dict[str, Any] = {"name": reason.name, "stage": reason.stage}
            if said := sql.get((reason.stage, reason.name)):
                step = {"name": reason.name, "sql": said, "stage": reason.stage}
            steps.append(step | {"rejected": number, "left": left})
    return steps


def _errors(table: pa.Table) -> dict[str, dict[str, int]]:
    """Feature → kind of error → rows."""
    found = {}
    for name in table.schema.names:
        if name.startswith(ERROR):
            kinds = pc.replace_substring_regex(table[name].drop_null(), "(?s):.*", "")
            counted = {entry["values"]: entry["counts"] for entry in kinds.value_counts().to_pylist()}
            found[name.removeprefix(ERROR)] = dict(sorted(counted.items()))
    return found


def _sources(table: pa.Table, kept: np.ndarray) -> dict[str, dict[str, int]]:
    counted = pa.table({"source": table["source"], "kept": pa.array(kept)}).group_by("source")
    rows = counted.aggregate([("kept", "count"), ("kept", "sum")]).to_pylist()
    found = {row["source"] or "": {"input": row["kept_count"], "kept": row["kept_sum"]} for row in rows}
    return dict(sorted(found.items()))


def _rights(table: pa.Table, kept: np.ndarray) -> list[dict[str, Any]]:
    names = ["source", "allowed", "licence"]
    rows = table.select(names).filter(pa.array(kept)).group_by(names).aggregate([([], "count_all")]).to_pylist()
    rows.sort(key=lambda row: tuple(str(row[name] or "") for name in names))
    return [{name: row[name] or None if name == "licence" else row[name] for name in names} | {"kept": row["count_all"]}
            for row in rows]  # fmt: skip


def _splits(recipe: Recipe, review: Review) -> dict[str, dict[str, Any]]:
    sites = codes(review.table["site"])
    found = {}
    for place, (name, share) in enumerate(recipe.splits.items()):
        rows = np.flatnonzero(review.split == place)
        found[name] = {
            "share": share,
            "rows": len(rows),
            "sites": len(np.unique(sites[rows])),
            "components": len(np.unique(review.component[rows])),
        }
    return found


def _features(plan: Plan, errors: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    return [
        {
            "name": feature.name,
            "version": feature.version,
            "fingerprint": plan.fingerprints[feature.name],
            "params": feature.params.model_dump(mode="json"),
            "columns": [name for name in feature.schema.names if not name.startswith("_")],
            "errors": dict(errors.get(feature.name, {})),
        }
        for feature in plan.features
    ]
