"""The steps between feature table and shards: clusters, relations, decisions, splits. `run` and `what_if` share them.

Clusters and relations are kept in `<home>/tables` under a key of all that decides them, so that another threshold
looks for no pair anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation import clusters, columns, relations
from curation.balance import balance
from curation.feature_table import ERROR
from curation.recipe import Recipe
from curation.relations.policy import NAMES
from curation.select import Decisions, Margin, Selection, select, settled
from curation.splits import assign, check, codes, components

Progress = Callable[[str, int, int], None]
RELATED = pa.schema(
    [("a", pa.int32()), ("b", pa.int32()), ("relation", pa.string()), ("distance", pa.float32()), ("why", pa.string())]
)
PIXELS = pa.schema([("aspect", pa.float32()), ("_thumb", pa.binary())])
TEXTS = ("caption", "title", "name")  # what clusters are named by: the first that there is
NOT_OF_PAIRS = {"policy", "rank", "cap"}  # say what becomes of pairs, not which there are
LARGEST = 0.5  # share of the kept rows in one component from which on a note says so


@dataclass(frozen=True)
class Decided:
    """What became of each row, in table order, and what the steps had to say."""

    decisions: Decisions
    margins: list[Margin]
    component: np.ndarray
    split: np.ndarray
    balance: list[dict[str, Any]]
    notes: list[str]


def clustered(recipe: Recipe, table: pa.Table, home: Path) -> tuple[pa.Table, list[str]]:
    """The table with `cluster` and `cluster_name` where it has an embedding, or as it is and a note that says why."""
    if recipe.clusters.count == 0 or set(clusters.SCHEMA.names) & set(table.schema.names):
        return table, []
    if "embedding" not in table.schema.names:
        asked = "clusters" in recipe.model_fields_set or any(c.name == "embedding" for c in recipe.features)
        return table, ["clusters left out: they are made of embeddings, and there are none"] if asked else []
    parts = [recipe.clusters.model_dump(), recipe.seed, _code_of(clusters.__file__), _state(table)]
    path = columns.folder(home) / f"clusters-{columns.key_of(*parts)}.arrow"
    found = columns.found(path)
    if found is None:
        text = next((name for name in TEXTS if name in table.schema.names), "capture_id")
        made = clusters.cluster(table["embedding"], table[text], recipe.clusters, recipe.seed)
        found = columns.write(path, made.schema, [made])
    for field in clusters.SCHEMA:
        table = table.append_column(field, found[field.name])
    return table, []


def related(recipe: Recipe, table: pa.Table, home: Path, progress: Progress | None = None) -> pa.Table:
    """What `relations.find` gives for the table and the recipe's thresholds."""
    policies = recipe.relations
    asked = {name: policies.of(name).model_dump(exclude=NOT_OF_PAIRS) for name in NAMES}
    key = columns.key_of(asked, _code_of(relations.__file__), _state(table))
    path = columns.folder(home) / f"relations-{key}.arrow"
    found = columns.found(path)
    if found is None:
        for field in PIXELS:  # a table from elsewhere may have hashes and embeddings alone
            if field.name not in table.schema.names:
                table = table.append_column(field, pa.nulls(len(table), field.type))
        pairs = relations.find(table, policies, progress)
        found = columns.write(path, pairs.schema, [pairs])
    return found


def decide(recipe: Recipe, table: pa.Table, pairs: pa.Table) -> Decided:
    """Rules, relations, balance, splits. Raises SelectError for wrong SQL, SplitError where something would leak."""
    with Selection(table) as selection:
        failed = table[f"{ERROR}decode"].is_valid().to_numpy()
        decisions = select(selection, recipe, failed, pairs)
        decisions, facts, notes = balance(selection, recipe.balance, decisions, table["capture_id"], recipe.seed)
        margins = selection.margins(recipe.keep)
    decisions = settled(decisions)
    component, split = _split_up(recipe, table, decisions.kept, pairs)
    return Decided(decisions, margins, component, split, facts, notes + _large(component, decisions.kept))


def try_sql(recipe: Recipe, schema: pa.Schema) -> None:
    """Run every piece of the recipe's SQL on a table without rows. Raises SelectError."""
    if f"{ERROR}decode" not in schema.names:
        schema = schema.append(pa.field(f"{ERROR}decode", pa.string()))
    if "embedding" in schema.names and recipe.clusters.count != 0 and "cluster" not in schema.names:
        schema = pa.schema([*schema, *clusters.SCHEMA])
    decide(recipe, schema.empty_table(), RELATED.empty_table())


def _split_up(recipe: Recipe, table: pa.Table, kept: np.ndarray, pairs: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """(component, split) of each row, looked over once more: no site and no related pair lies in two splits."""
    sites = codes(table["site"])
    a, b = (pairs[side].to_numpy().astype(np.int64) for side in "ab")
    component = components(sites, a, b)
    roots = np.unique(component)
    ids = columns.Rows(table.select(["capture_id"])).at(roots)["capture_id"].to_pylist()
    split = assign(component, kept, dict(zip(roots.tolist(), ids, strict=True)), recipe.splits, recipe.seed)
    check(split, sites, a, b)
    return component, split


def _large(component: np.ndarray, kept: np.ndarray) -> list[str]:
    """A component cannot be divided: where one holds most rows, the shares of the splits cannot be met."""
    if kept.sum() < 100:
        return []
    share = float(np.bincount(component[kept]).max() / kept.sum())
    if share < LARGEST:
        return []
    return [f"{share:.0%} of the rows hang together by site and relations, and lie in one split"]


def _state(table: pa.Table) -> str:
    """The key that the feature table was written under."""
    return str(table.schema.metadata[columns.KEY].decode())


def _code_of(file: str) -> str:
    """A digest of a module, or of all modules of a package: what the code finds is kept no longer than the code."""
    path = Path(file)
    files = sorted(path.parent.glob("*.py")) if path.name == "__init__.py" else [path]
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()
