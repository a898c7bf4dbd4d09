"""The demo end to end: every stage ran on real input, its numbers add up, and what it made opens without Gesso."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from PIL import Image

from crawlers.captures import CaptureStore
from design import from_snapshot, load_snapshot, parse, print_design
from tests.conftest import run_gesso

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(1200)]
SITES = Path(__file__).resolve().parents[2] / "examples" / "sites"


def digests(version: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(version.iterdir())}


def test_nothing_vanishes(demo_summary: dict[str, Any]) -> None:
    parts = demo_summary["kept"] + demo_summary["rejected"] + demo_summary["failed"]
    assert parts == demo_summary["captures"] > 100
    assert demo_summary["rows"] == demo_summary["kept"] > 50


def test_every_example_site_is_crossed_in_both_viewports(demo_home: Path, demo_summary: dict[str, Any]) -> None:
    captures = [c for c in CaptureStore(str(demo_home / "captures")).captures() if c.page]
    sites = {folder.name for folder in SITES.glob("*/")}
    assert {(c.site, c.view.form_factor) for c in captures} >= {(s, f) for s in sites for f in ("desktop", "phone")}
    assert demo_summary["sites"] == len(sites) >= 8
    assert {"light", "dark"} <= {c.view.theme for c in captures}


def test_every_listing_screenshot_is_a_capture(demo_home: Path) -> None:
    index = json.loads((SITES.parent / "store" / "repo" / "index-v2.json").read_text())
    listed = {
        file["sha256"]
        for package in index["packages"].values()
        for locales in package["metadata"]["screenshots"].values()
        for files in locales.values()
        for file in files
    }
    store = CaptureStore(str(demo_home / "captures"))
    captured = {c.image.sha256 for c in store.captures() if c.listing}
    assert captured < listed
    assert [f.kind for f in store.failures() if f.source == "fdroid"] == ["truncated_image"]
    assert len(listed - captured) == 1


def test_the_cookie_banner_is_hidden_and_recorded(demo_home: Path) -> None:
    captures = CaptureStore(str(demo_home / "captures")).captures()
    verdicts = [c.verdicts for c in captures if c.url == "http://halfacre.test/"]
    assert verdicts
    assert all("consent_hidden" in found for found in verdicts)


def test_the_bad_pages_are_rejected_by_name(demo_home: Path) -> None:
    review = pd.read_parquet(demo_home / "datasets" / "demo" / "1" / "review.parquet")
    reasons = set(review.loc[review.state == "rejected", "reason"])
    assert {"copy", "exact"} <= reasons
    assert len(reasons - {"copy", "exact"}) >= 2


def test_training_learned_something(demo_summary: dict[str, Any]) -> None:
    assert demo_summary["train_loss_last"] < 0.8 * demo_summary["train_loss_first"]
    assert demo_summary["train_steps"] >= 100


def test_the_designs_look_like_their_screenshots(demo_summary: dict[str, Any]) -> None:
    assert demo_summary["designs"] >= 20
    assert demo_summary["design_pixel_diff_median"] <= 0.05


def test_it_ends_in_time(demo_summary: dict[str, Any]) -> None:
    assert demo_summary["seconds"] < 600  # four minutes on two idle cores; a shared machine is given more


def test_variants_carry_their_parameters(demo_home: Path) -> None:
    from models.diffusion.infer import read_parameters

    variants = sorted(p for p in (demo_home / "generated").rglob("*.png") if "grid" not in p.name)
    assert len(variants) == 4
    seeds = {read_parameters(path).seed for path in variants}
    assert seeds == {7, 8, 9, 10}


def test_the_picked_design_is_exported(demo_home: Path) -> None:
    payload = json.loads((demo_home / "designs" / "picked.figma.json").read_text())
    assert payload["format"] == "gesso-figma/1"
    notation = (demo_home / "designs" / "picked.gesso").read_text()
    assert print_design(parse(notation)) == notation


def test_every_captured_page_survives_the_notation(demo_home: Path) -> None:
    store = CaptureStore(str(demo_home / "captures"))
    snapshots = {c.page.dom_sha256 for c in store.captures() if c.page and c.page.dom_sha256}
    assert len(snapshots) >= 20
    for sha256 in sorted(snapshots):
        design = from_snapshot(load_snapshot(store.read_blob(sha256, "dom"))).design
        assert parse(print_design(design)) == design


def test_shards_load_in_datasets(demo_home: Path, demo_summary: dict[str, Any], tmp_path: Path) -> None:
    from datasets import load_dataset

    files = str(demo_home / "datasets" / "demo" / "1" / "*-of-*.parquet")
    rows = load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    assert len(rows) == demo_summary["rows"]
    assert isinstance(rows[0]["image"], Image.Image)
    assert rows[0]["image"].width > 100


def test_shards_load_in_pandas_and_duckdb(demo_home: Path, demo_summary: dict[str, Any]) -> None:
    files = sorted((demo_home / "datasets" / "demo" / "1").glob("*-of-*.parquet"))
    frame = pd.concat([pd.read_parquet(file) for file in files])
    assert len(frame) == demo_summary["rows"]
    with Image.open(io.BytesIO(frame.iloc[0]["image"]["bytes"])) as image:
        assert image.size == (frame.iloc[0]["width"], frame.iloc[0]["height"])
    counted = duckdb.sql(f"SELECT count(image.bytes) FROM read_parquet({[str(f) for f in files]})").fetchall()
    assert counted == [(demo_summary["rows"],)]


def test_no_site_and_no_relation_crosses_splits(demo_home: Path) -> None:
    version = demo_home / "datasets" / "demo" / "1"
    rows = pd.concat([pd.read_parquet(file, columns=["site", "split"]) for file in version.glob("*-of-*.parquet")])
    assert (rows.groupby("site")["split"].nunique() == 1).all()


def test_a_second_curation_is_byte_identical(demo_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "again"
    shutil.copytree(demo_home / "captures", home / "captures")
    done = run_gesso("curate", "recipes/demo.yaml", "--home", str(home))
    assert done.returncode == 0, done.stderr
    first, second = (digests(folder / "datasets" / "demo" / "1") for folder in (demo_home, home))
    shards = {name for name in first if name.endswith(".parquet")} | {"manifest.json", "README.md"}
    assert {name: first[name] for name in shards} == {name: second[name] for name in shards}


def test_the_same_curation_again_is_no_new_version(demo_home: Path) -> None:
    done = run_gesso("curate", "recipes/demo.yaml", "--home", str(demo_home))
    assert done.returncode == 0
    assert "unchanged" in done.stdout
    assert [p.name for p in (demo_home / "datasets" / "demo").iterdir() if not p.name.startswith(".")] == ["1"]


def test_the_same_crawl_again_adds_nothing(demo_home: Path) -> None:
    log = demo_home / "captures" / "log"
    before = digests(log)
    from pipelines.demo import crawl_examples

    crawl_examples(demo_home)
    assert digests(log) == before
