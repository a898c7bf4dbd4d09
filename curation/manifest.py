"""The manifest: counts, hashes and versions of one dataset version, and nothing that another build would not write.

Its schema stands in `curation.review`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawlers.captures import Capture
from curation.engine import Plan
from curation.recipe import Recipe
from curation.relations import Relation
from curation.select import Decision
from curation.shards import Shard, file_sha256

FORMAT = "gesso-dataset/1"
CODE_VERSION = 1  # raise when relations, decisions, splits or shards come out otherwise than before
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


def key_of(recipe: Recipe, captures: Sequence[Capture], plan: Plan) -> str:
    """16 hex digits of everything that decides the bytes: recipe, input, feature fingerprints, code and libraries."""
    digest = hashlib.sha256()
    head = [FORMAT, CODE_VERSION, recipe_fields(recipe), sorted(plan.fingerprints.items()), plan.notes, versions()]
    digest.update(json.dumps(head, sort_keys=True).encode())
    for capture in captures:
        digest.update(capture.model_dump_json(exclude={"run_id"}).encode() + b"\n")
    return digest.hexdigest()[:16]


def build(
    recipe: Recipe,
    key: str,
    plan: Plan,
    table: pa.Table,
    decisions: Mapping[str, Decision],
    relations: Sequence[Relation],
    splits: Mapping[str, str],
    component: Mapping[str, str],
    errors: Mapping[str, Sequence[str]],
    shards: Sequence[Shard],
) -> dict[str, Any]:
    """Everything but `files`, which `with_files` adds once they are written."""
    counts = Counter(decision.state for decision in decisions.values())
    return {
        "format": FORMAT,
        "name": recipe.name,
        "description": recipe.description,
        "key": key,
        "counts": {"input": len(decisions)} | {s: counts[s] for s in ("kept", "rejected", "failed")},
        "funnel": _funnel(recipe, decisions),
        "failed": dict(sorted(Counter(_kind(d.reason) for d in decisions.values() if d.state == "failed").items())),
        "relations": {name: sum(r.relation == name for r in relations) for name in ("exact", "copy")},
        "sources": _sources(table, decisions),
        "rights": _rights(table, decisions),
        "splits": _splits(recipe, table, splits, component),
        "shards": [asdict(shard) for shard in shards],
        "features": _features(plan, errors),
        "columns": {},
        "recipe": recipe_fields(recipe),
        "notes": list(plan.notes),
        "versions": versions(),
    }


def with_files(manifest: dict[str, Any], folder: Path, names: Sequence[str]) -> dict[str, Any]:
    files = [{"file": n, "bytes": (folder / n).stat().st_size, "sha256": file_sha256(folder / n)} for n in names]
    return manifest | {"files": files}


def dump(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def _kind(reason: str | None) -> str:
    return (reason or "").split(":")[0]


def _funnel(recipe: Recipe, decisions: Mapping[str, Decision]) -> list[dict[str, Any]]:
    rejected = Counter((d.stage, d.reason) for d in decisions.values() if d.state == "rejected")
    left = sum(d.state != "failed" for d in decisions.values())
    steps: list[dict[str, Any]] = [{"name": r.name, "sql": r.sql, "stage": "rule"} for r in recipe.keep]
    steps += [{"name": name, "stage": "relation"} for name in ("exact", "copy")]
    for step in steps:
        step["rejected"] = rejected[(step["stage"], step["name"])]
        left -= step["rejected"]
        step["left"] = left
    return steps


def _sources(table: pa.Table, decisions: Mapping[str, Decision]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for key, source in sorted(zip(table["capture_id"].to_pylist(), table["source"].to_pylist(), strict=True)):
        entry = found.setdefault(source, {"input": 0, "kept": 0})
        entry["input"] += 1
        entry["kept"] += decisions[key].state == "kept"
    return dict(sorted(found.items()))


def _rights(table: pa.Table, decisions: Mapping[str, Decision]) -> list[dict[str, Any]]:
    columns = ("capture_id", "source", "allowed", "licence")
    rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
    kept = Counter((s, a, licence or "") for key, s, a, licence in rows if decisions[key].state == "kept")
    return [
        {"source": source, "allowed": allowed, "licence": licence or None, "kept": number}
        for (source, allowed, licence), number in sorted(kept.items())
    ]


def _splits(
    recipe: Recipe, table: pa.Table, splits: Mapping[str, str], component: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    site = dict(zip(table["capture_id"].to_pylist(), table["site"].to_pylist(), strict=True))
    found = {}
    for name, share in recipe.splits.items():
        keys = [key for key, split in splits.items() if split == name]
        found[name] = {
            "share": share,
            "rows": len(keys),
            "sites": len({site[key] for key in keys}),
            "components": len({component[key] for key in keys}),
        }
    return found


def _features(plan: Plan, errors: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    kinds = Counter(tuple(error.split(": ")[:2]) for some in errors.values() for error in some)
    return [
        {
            "name": feature.name,
            "version": feature.version,
            "fingerprint": plan.fingerprints[feature.name],
            "params": feature.params.model_dump(mode="json"),
            "columns": [name for name in feature.schema.names if not name.startswith("_")],
            "errors": {kind: n for (name, kind), n in sorted(kinds.items()) if name == feature.name},
        }
        for feature in plan.features
    ]
