"""A dataset version from a table of features, without a capture store; and what is kept between runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import synthetic
from crawlers.captures import StoreError
from curation import captures_table, relations
from curation.dataset import read_manifest
from curation.feature_table import TableError
from curation.recipe import Recipe, parse_recipe
from curation.run import DatasetVersion, curate, curate_table
from curation.select import SelectError
from curation.what_if import what_if
from tests.curation.conftest import fill, small_recipe

ROWS = 600


def recipe(**changes: Any) -> Recipe:
    fields: dict[str, Any] = {
        "name": "given",
        "features": ["decode"],
        "keep": [{"name": "allowed", "sql": "allowed"}, {"name": "blank", "sql": "blankness < 0.5"}],
        "clusters": {"count": 8},
        "balance": [{"name": "per_cluster", "by": "cluster_name", "cap": 50}],
        "shards": {"rows": 400, "images": False},
    }
    return parse_recipe(fields | changes)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, synthetic.Planted]:
    folder = tmp_path_factory.mktemp("given") / "rows"
    return folder, synthetic.write(ROWS, folder)


@pytest.fixture(scope="module")
def made(given: tuple[Path, synthetic.Planted]) -> DatasetVersion:
    return curate_table(recipe(), given[0].parent / "home", given[0])


def test_every_row_has_a_fate_and_shards_hold_the_kept_ones(made: DatasetVersion) -> None:
    assert made.kept + made.rejected + made.failed == made.input == ROWS
    shards = pq.ParquetDataset([str(made.path / s["file"]) for s in read_manifest(made.path)["shards"]]).read()
    assert len(shards) == made.kept
    assert "image" not in shards.schema.names
    assert [n for n in shards.schema.names if n in captures_table.SCHEMA.names] == captures_table.SCHEMA.names
    embedding = shards.schema.field("embedding").type
    assert (embedding.list_size, embedding.value_type) == (synthetic.DIMENSIONS, pa.float16())


def test_planted_copies_are_found(made: DatasetVersion, given: tuple[Path, synthetic.Planted]) -> None:
    from benchmarks.scale import found_share

    assert found_share(made.path, given[1]) >= 0.99


def test_clusters_and_balance_stand_in_review_and_manifest(made: DatasetVersion) -> None:
    facts = read_manifest(made.path)
    review = pq.read_table(made.path / "review.parquet").to_pylist()
    assert sum(cluster["rows"] for cluster in facts["clusters"]) == ROWS
    assert {(r["cluster"], r["cluster_name"]) for r in review} == {(c["cluster"], c["name"]) for c in facts["clusters"]}
    after = facts["balance"][0]["groups"]
    for name, counts in after.items():
        kept = sum(r["cluster_name"] == name and r["state"] == "kept" for r in review)
        assert kept == counts["after"] <= 50
    dropped = [r for r in review if r["stage"] == "balance"]
    assert made.rejected_by["balance:per_cluster"] == len(dropped) > 0
    assert {r["reason"] for r in dropped} == {"balance:per_cluster"}


def test_a_copy_whose_keeper_was_dropped_names_nobody(made: DatasetVersion) -> None:
    rows = {r["capture_id"]: r for r in pq.read_table(made.path / "review.parquet").to_pylist()}
    related = [r for r in rows.values() if r["stage"] == "relation"]
    assert related
    assert all(rows[r["kept_id"]]["state"] == "kept" for r in related if r["kept_id"])
    assert any(r["kept_id"] is None for r in related)


def test_no_site_and_no_relation_crosses_a_split(made: DatasetVersion) -> None:
    rows = pq.read_table(made.path / "review.parquet", columns=["capture_id", "site", "split", "component"]).to_pylist()
    split = {r["capture_id"]: r["split"] for r in rows}
    for name in ("site", "component"):
        groups: dict[str, set[str]] = {}
        for row in rows:
            groups.setdefault(row[name], set()).update({row["split"]} - {None})
        assert all(len(found) <= 1 for found in groups.values())
    ties = pq.read_table(made.path / "relations.parquet").to_pylist()
    assert ties
    assert all(len({split[t["a"]], split[t["b"]]} - {None}) <= 1 for t in ties)


def test_rows_in_another_order_give_the_same_bytes(
    made: DatasetVersion, given: tuple[Path, synthetic.Planted], tmp_path: Path
) -> None:
    table = pq.ParquetDataset(given[0]).read()
    order = np.random.default_rng(1).permutation(len(table))
    pq.write_table(table.take(pa.array(order)), tmp_path / "other.parquet")
    other = curate_table(recipe(), tmp_path, tmp_path / "other.parquet")
    mine, theirs = read_manifest(made.path), read_manifest(other.path)
    assert mine["shards"] == theirs["shards"]
    assert {f["file"]: f["sha256"] for f in mine["files"]} == {f["file"]: f["sha256"] for f in theirs["files"]}


def test_the_same_table_again_makes_no_version_and_where_takes_some(
    made: DatasetVersion, given: tuple[Path, synthetic.Planted]
) -> None:
    home = given[0].parent / "home"
    assert curate_table(recipe(), home, given[0]).unchanged
    some = recipe(name="dark", captures={"where": "tone = 'dark'"})
    dark = curate_table(some, home, given[0])
    assert 0 < dark.input < ROWS
    assert what_if(some, home, ["true"], source=given[0]).states[0].after == dark.kept


def test_a_table_that_will_not_do_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"

    def refused(table: pa.Table, match: str) -> None:
        pq.write_table(table, path)
        with pytest.raises(TableError, match=match):
            curate_table(recipe(balance=[]), tmp_path, path)

    refused(pa.table({"site": ["a"]}), "no column 'capture_id'")
    refused(pa.table({"capture_id": ["a", "a"], "site": ["x", "x"]}), "stands there twice")
    refused(pa.table({"capture_id": ["a", None], "site": ["x", "x"]}), "null")
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(TableError, match="cannot be read"):
        curate_table(recipe(), tmp_path, path)
    with pytest.raises(TableError, match="no Parquet at"):
        curate_table(recipe(), tmp_path, tmp_path / "nothing")
    pq.write_table(pa.table({"capture_id": ["a"], "site": ["x"]}), path)
    with pytest.raises(SelectError, match="keep rule 'blank'"):
        curate_table(recipe(), tmp_path, path)
    with pytest.raises(StoreError, match="no capture store"):
        curate_table(recipe(shards={"images": True}, keep=[], balance=[]), tmp_path, path)


def test_another_threshold_looks_for_no_pair_and_reads_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, sites=2)
    first = curate(small_recipe(), tmp_path, report=False)
    assert first.computed > 0

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("done anew")

    monkeypatch.setattr(relations, "find", never)
    monkeypatch.setattr(captures_table, "row", never)
    monkeypatch.setattr("curation.engine.compute", never)
    keep = [rule.model_dump() for rule in small_recipe().keep[:2]]
    second = curate(small_recipe(keep=keep), tmp_path, report=False)
    assert (second.computed, second.version) == (0, 2)
    assert second.kept > first.kept
