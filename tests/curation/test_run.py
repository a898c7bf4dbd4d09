"""Whole runs: counts that add up, bytes that repeat, and files that other tools read without our code."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image as Pictures

from crawlers.captures import CaptureStore, Listing, StoreError
from curation import captures_table
from curation.dataset import DatasetError, read_manifest, resolve_dataset
from curation.encoder.place import SHIPPED
from curation.errors import GessoError
from curation.run import CurateError, DatasetVersion, curate
from curation.select import SelectError
from tests.curation.conftest import encoded, fill, make_capture, screen, small_recipe


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DatasetVersion]:
    home = tmp_path_factory.mktemp("home")
    fill(home)
    return home, curate(small_recipe(), home, report=False)


def contents(version: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(version.iterdir()) if p.name != "report.html"}


def test_every_capture_has_one_fate_with_its_name(made: tuple[Path, DatasetVersion]) -> None:
    _, version = made
    assert (version.input, version.kept, version.rejected, version.failed) == (19, 12, 5, 2)
    rejected_by = {name: number for name, number in version.rejected_by.items() if number}
    assert rejected_by == {"found": 1, "large_enough": 1, "blank": 1, "exact": 1, "copy": 1}
    review = pq.read_table(version.path / "review.parquet").to_pylist()
    assert [r["capture_id"] for r in review] == sorted(r["capture_id"] for r in review)
    failed = {r["reason"].split(":")[0] for r in review if r["state"] == "failed"}
    assert failed == {"truncated", "not_an_image"}
    assert read_manifest(version.path)["failed"] == {"not_an_image": 1, "truncated": 1}
    rejected = pq.read_table(version.path / "rejected.parquet").to_pylist()
    assert [r["capture_id"] for r in rejected] == [r["capture_id"] for r in review if r["state"] != "kept"]


def test_the_funnel_counts_down_to_what_is_kept(made: tuple[Path, DatasetVersion]) -> None:
    facts = read_manifest(made[1].path)
    left = facts["counts"]["input"] - facts["counts"]["failed"]
    for step in facts["funnel"]:
        left -= step["rejected"]
        assert step["left"] == left
    assert left == facts["counts"]["kept"] == sum(s["rows"] for s in facts["shards"])


def test_a_copy_names_the_row_that_stands_for_it(made: tuple[Path, DatasetVersion]) -> None:
    rows = {r["capture_id"]: r for r in pq.read_table(made[1].path / "review.parquet").to_pylist()}
    related = [r for r in rows.values() if r["stage"] == "relation"]
    assert sorted(r["reason"] for r in related) == ["copy", "exact"]
    for row in related:
        assert rows[row["kept_id"]]["state"] == "kept"
        assert row["capture_id"] in rows[row["kept_id"]]["copies"]


def test_margins_tell_how_near_each_rule_was(made: tuple[Path, DatasetVersion]) -> None:
    for row in pq.read_table(made[1].path / "review.parquet").to_pylist():
        margins = {m["rule"]: m for m in row["margins"]}
        assert set(margins) == {"found", "large_enough", "blank"}
        if row["reason"] in margins:
            assert margins[row["reason"]]["margin"] <= 0


def test_shards_follow_the_contract(made: tuple[Path, DatasetVersion]) -> None:
    facts = read_manifest(made[1].path)
    for shard in facts["shards"]:
        table = pq.read_table(made[1].path / shard["file"])
        assert table.schema.names[: 1 + len(captures_table.SCHEMA)] == ["image", *captures_table.SCHEMA.names]
        assert table.schema.names[-2:] == ["copies", "split"]
        assert not [name for name in table.schema.names if name.startswith("_")]
        assert set(table["split"].to_pylist()) == {shard["split"]}
        assert shard["rows"] == len(table) <= 4
        assert shard["file"].startswith(f"{shard['split']}-0000")
    assert {s["split"] for s in facts["shards"]} == {"train", "val", "test"}


def test_no_site_and_no_relation_crosses_a_split(made: tuple[Path, DatasetVersion]) -> None:
    rows = pq.read_table(made[1].path / "review.parquet").to_pylist()
    split = {r["capture_id"]: r["split"] for r in rows if r["state"] == "kept"}
    sites: dict[str, set[str]] = {}
    for row in rows:
        if row["state"] == "kept":
            sites.setdefault(row["site"], set()).add(row["split"])
    assert all(len(found) == 1 for found in sites.values())
    for tie in pq.read_table(made[1].path / "relations.parquet").to_pylist():
        assert len({split.get(tie["a"]), split.get(tie["b"])} - {None}) <= 1


def test_two_builds_are_the_same_bytes(made: tuple[Path, DatasetVersion], tmp_path: Path) -> None:
    home, version = made
    again = curate(small_recipe(), home, force=True, report=False)
    assert again.version == version.version + 1
    fill(tmp_path)  # elsewhere, and all features computed anew
    elsewhere = curate(small_recipe(), tmp_path, report=False)
    assert contents(again.path) == contents(version.path) == contents(elsewhere.path)


def test_the_same_again_makes_no_version(made: tuple[Path, DatasetVersion]) -> None:
    home, version = made
    again = curate(small_recipe(), home, report=False)
    assert again.unchanged
    assert contents(again.path) == contents(version.path)


def test_another_threshold_computes_no_feature_anew(made: tuple[Path, DatasetVersion]) -> None:
    home, version = made
    before = {p: p.stat().st_mtime_ns for p in (home / "features").rglob("*.parquet")}
    stricter = curate(
        small_recipe(name="strict", keep=[{"name": "dense", "sql": "blankness < -1"}]), home, report=False
    )
    assert stricter.kept == 0
    assert "nothing was kept" in stricter.notes[-1]
    assert {p: p.stat().st_mtime_ns for p in (home / "features").rglob("*.parquet")} == before
    assert version.kept


def test_new_captures_are_added_to_what_is_computed(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=3)
    curate(small_recipe(), tmp_path, report=False)
    store.append("run2", [make_capture(store, encoded(screen(77)), "new", site="site9.test")])
    grown = curate(small_recipe(), tmp_path, report=False)
    fresh = tmp_path / "fresh"
    store2 = fill(fresh, sites=3)
    store2.append("run2", [make_capture(store2, encoded(screen(77)), "new", site="site9.test")])
    assert contents(grown.path) == contents(curate(small_recipe(), fresh, report=False).path)


def test_captures_where_chooses_the_input(made: tuple[Path, DatasetVersion]) -> None:
    chosen = small_recipe(name="chosen", captures={"where": "site = 'site3.test'"})
    assert curate(chosen, made[0], report=False).input == 2
    with pytest.raises(CurateError, match="takes none"):
        curate(small_recipe(name="none", captures={"where": "false"}), made[0], report=False)


def test_an_encoder_that_is_not_at_hand_is_noted(
    made: tuple[Path, DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GESSO_ENCODER", raising=False)
    monkeypatch.setitem(SHIPPED, "gesso-mini", made[0] / "nowhere")
    version = curate(small_recipe(name="noted", features=["decode", "embedding"]), made[0], report=False)
    assert "embedding left out" in version.notes[0]
    assert version.notes == read_manifest(version.path)["notes"]
    assert "embedding left out" in (version.path / "README.md").read_text()


def test_hostile_text_stays_text_in_the_card(tmp_path: Path) -> None:
    store = CaptureStore(str(tmp_path / "captures"), create=True)
    listing = Listing(app_id="x", name="<script>alert(1)</script>", summary="| a | b |\n---")
    store.append("r", [make_capture(store, encoded(screen(1)), "p", listing=listing)])
    card = curate(small_recipe(description="<script>x</script>"), tmp_path, report=False).path / "README.md"
    assert "<script>" not in card.read_text()


def test_a_missing_and_an_empty_store_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="crawl first"):
        curate(small_recipe(), tmp_path)
    CaptureStore(str(tmp_path / "captures"), create=True)
    with pytest.raises(CurateError, match="empty: crawl first"):
        curate(small_recipe(), tmp_path)


def test_wrong_sql_is_found_before_any_feature_is_computed(tmp_path: Path) -> None:
    fill(tmp_path, sites=1)
    with pytest.raises(SelectError, match="keep rule 'odd'"):
        curate(small_recipe(keep=[{"name": "odd", "sql": "blanknes < 1"}]), tmp_path)
    assert not (tmp_path / "features").exists()


def test_a_blob_that_is_gone_is_a_failed_capture_until_it_is_back(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=2)
    capture = next(c for c in store.captures() if c.canonical_url.endswith("/p1"))
    blob = Path(store.blob_path(capture.image.sha256, "png"))
    data = blob.read_bytes()
    blob.unlink()
    without = curate(small_recipe(), tmp_path, report=False)
    assert read_manifest(without.path)["failed"]["missing"] == 1
    assert curate(small_recipe(), tmp_path, report=False).unchanged
    blob.write_bytes(data)
    again = curate(small_recipe(), tmp_path, report=False)
    assert (again.version, again.failed) == (without.version + 1, without.failed - 1)


def test_datasets_are_found_by_name_version_and_path(made: tuple[Path, DatasetVersion]) -> None:
    home, version = made
    assert resolve_dataset(home, "small@1") == version.path
    assert resolve_dataset(home, str(version.path)) == version.path
    assert resolve_dataset(home, "small").name.isdigit()
    with pytest.raises(DatasetError, match="small@1"):
        resolve_dataset(home, "small@99")
    with pytest.raises(DatasetError, match="did you mean 'small'"):
        resolve_dataset(home, "smal")
    with pytest.raises(GessoError, match="run gesso curate"):
        resolve_dataset(home / "nowhere", "small")


def test_datasets_decodes_the_images(
    made: tuple[Path, DatasetVersion], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    files = {s: str(made[1].path / f"{s}-*.parquet") for s in ("train", "val", "test")}
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path))
    assert sum(split.num_rows for split in loaded.values()) == 12
    row = loaded["train"][0]
    assert isinstance(row["image"], Pictures.Image)
    assert row["image"].size == (row["width"], row["height"])
    assert isinstance(row["palette"], list)


def test_the_folder_is_a_dataset_by_its_card(
    made: tuple[Path, DatasetVersion], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    loaded = datasets.load_dataset(str(made[1].path), cache_dir=str(tmp_path))
    assert set(loaded) == {"train", "val", "test"}


def test_pandas_and_duckdb_read_the_shards(made: tuple[Path, DatasetVersion]) -> None:
    import duckdb
    import pandas as pd

    frame = pd.read_parquet(next(made[1].path.glob("train-*.parquet")))
    assert Pictures.open(io.BytesIO(frame["image"].iloc[0]["bytes"])).size == (360, 780)
    query = f"SELECT count(*), max(octet_length(image.bytes)) FROM '{made[1].path}/t*-*.parquet'"
    ((rows, largest),) = duckdb.sql(query).fetchall()
    assert rows == sum(s["rows"] for s in read_manifest(made[1].path)["shards"] if s["split"].startswith("t"))
    assert largest > 0


def test_the_manifest_names_every_file_with_its_hash(made: tuple[Path, DatasetVersion]) -> None:
    import hashlib

    facts = json.loads((made[1].path / "manifest.json").read_text())
    named = {f["file"]: f["sha256"] for f in (*facts["shards"], *facts["files"])}
    there = {p.name for p in made[1].path.iterdir()} - {"manifest.json", "report.html"}
    assert set(named) == there
    for name, sha256 in named.items():
        assert hashlib.sha256((made[1].path / name).read_bytes()).hexdigest() == sha256


def test_a_feature_whose_server_gave_nothing_is_noted(tmp_path: Path) -> None:
    fill(tmp_path, sites=1, pages=1)
    writer = {"writer": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "max_calls": 1}
    features = ["decode", "hashes", "ink", {"caption": writer}]
    version = curate(small_recipe(features=features), tmp_path, report=False)
    (note,) = [note for note in version.notes if note.startswith("caption")]
    assert note.startswith(f"caption has no value for {version.input} captures (")
    assert note.endswith("): run again for them")
