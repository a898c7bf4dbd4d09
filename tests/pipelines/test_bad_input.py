"""Bad input: one line that names the thing and the remedy, exit code 2, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.captures import CaptureStore
from tests.conftest import run_gesso
from tests.curation.conftest import fill

RECIPE = """
name: small
features: [decode, hashes]
keep:
  - {name: big_enough, sql: "width >= 10"}
"""


def one_line(stderr: str) -> str:
    lines = [line for line in stderr.strip().splitlines() if line]
    assert len(lines) == 1, stderr
    assert "Traceback" not in stderr
    return lines[0]


def curate(recipe: Path, home: Path) -> str:
    done = run_gesso("curate", str(recipe), "--home", str(home))
    assert done.returncode == 2, done.stdout + done.stderr
    return one_line(done.stderr)


def test_a_missing_recipe(tmp_path: Path) -> None:
    assert "nowhere.yaml" in curate(tmp_path / "nowhere.yaml", tmp_path)


def test_a_misspelt_key_is_told_its_neighbour(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.replace("features:", "featurs:"))
    line = curate(recipe, tmp_path)
    assert "featurs" in line
    assert "features" in line


def test_an_unknown_feature_is_told_the_known_ones(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.replace("hashes", "hushes"))
    line = curate(recipe, tmp_path)
    assert "hushes" in line
    assert "hashes" in line


def test_a_missing_store(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    assert "crawl first" in curate(recipe, tmp_path)


@pytest.mark.parametrize("store", ["nosuch://bucket/captures", "s3://bucket/captures"])
def test_a_store_that_cannot_be_reached(tmp_path: Path, store: str) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SHARED_CREDENTIALS_FILE": "", "HOME": str(tmp_path)}
    done = run_gesso("curate", str(recipe), "--captures", store, "--home", str(tmp_path), **nowhere, **nobody)
    assert done.returncode == 2, done.stdout + done.stderr
    assert store in one_line(done.stderr)


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "a.gesso").write_text('col Page 390\n t "text"\n')
    out = tmp_path / "file" / "a.html"
    done = run_gesso("export", str(tmp_path / "a.gesso"), "-o", str(out), "--home", str(tmp_path))
    assert done.returncode == 2, done.stdout + done.stderr
    assert str(tmp_path / "file") in one_line(done.stderr)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--html", "page.html"], "--html goes with --what-if"),
        (["--address", "127.0.0.1:6379"], "--address goes with --engine ray"),
        (["--what-if", "width > 1", "--publish", "s3://x"], "--publish has nothing to copy"),
        (["--table", "rows.parquet", "--engine", "ray"], "--engine ray computes nothing"),
    ],
)
def test_an_option_that_would_do_nothing(tmp_path: Path, options: list[str], said: str) -> None:
    done = run_gesso("curate", str(tmp_path / "recipe.yaml"), *options, "--home", str(tmp_path))
    assert done.returncode == 2
    assert said in one_line(done.stderr)


def test_a_rule_over_a_feature_that_is_not_at_hand_is_told_why(tmp_path: Path) -> None:
    fill(tmp_path, sites=1)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: x\nfeatures: [nsfw]\nkeep: [{name: decent, sql: nsfw < 0.5}]\n")
    assert "nsfw: {parts: [pixels]} does without" in curate(recipe, tmp_path)


def test_an_empty_store(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    CaptureStore(str(tmp_path / "captures"), create=True)
    assert "crawl" in curate(recipe, tmp_path)


def test_a_broken_training_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "train.yaml"
    recipe.write_text("name: x\ndataset: demo\nbase: tiny\nstepps: 3\n")
    done = run_gesso("train", "diffusion", str(recipe), "--home", str(tmp_path))
    assert done.returncode == 2
    assert "stepps" in one_line(done.stderr)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    done = run_gesso("generate", "x", "--model", "nothing", "--home", str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert "nothing" in one_line(done.stderr)


@pytest.mark.parametrize(
    ("source", "to", "said"),
    [("abc", "html", "too short"), ("0123456789", "html", "capture"), ("nofile.gesso", "html", "nofile.gesso")],
)
def test_an_export_of_nothing(tmp_path: Path, source: str, to: str, said: str) -> None:
    CaptureStore(str(tmp_path / "captures"), create=True)
    done = run_gesso("export", source, "--to", to, "--home", str(tmp_path))
    assert done.returncode == 2
    assert said in one_line(done.stderr)


def test_an_unknown_export_target_names_the_known_ones(tmp_path: Path) -> None:
    done = run_gesso("export", "x.gesso", "--to", "word", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "figma" in one_line(done.stderr)


def test_a_design_without_a_node_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / "empty.gesso").write_text("$ ink #111827\n")
    done = run_gesso("export", str(tmp_path / "empty.gesso"), "-o", str(tmp_path / "out.html"), "--home", str(tmp_path))
    assert done.returncode == 2
    assert "empty.gesso has no node in it" in done.stderr
    assert not (tmp_path / "out.html").exists()


def test_notation_that_does_not_parse_names_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "bad.gesso"
    file.write_text('col Page 390\n t "unfinished\n')
    done = run_gesso("export", str(file), "--to", "html", "--home", str(tmp_path))
    assert done.returncode == 2
    assert f"{file}, line 2" in one_line(done.stderr)


@pytest.mark.browser
def test_an_unreachable_seed_is_named_and_the_reachable_ones_are_kept(tmp_path: Path) -> None:
    from pipelines.site_server import serving

    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<!doctype html><title>Here</title><h1>Here I am</h1><p>Some text to see.</p>")
    with serving({"127.0.0.1": site}) as server:
        seeds = f"{server.address}/,http://127.0.0.1:9/"
        allowed = ["--allow", server.address.removeprefix("http://"), "--allow", "127.0.0.1:9"]
        done = run_gesso("crawl", "web", "--seeds", seeds, "--depth", "0", *allowed, "--home", str(tmp_path / "home"))
    assert done.returncode == 2
    assert "http://127.0.0.1:9/" in done.stderr
    assert "gesso crawl retry --run web-" in one_line(done.stderr)
    store = CaptureStore(str(tmp_path / "home" / "captures"))
    assert {c.url for c in store.captures()} == {f"{server.address}/"}
    assert {f.url for f in store.failures()} == {"http://127.0.0.1:9/"}


@pytest.mark.parametrize("seeds", ["", "ftp://example.org/", "not a url", "javascript:alert(1)"])
def test_seeds_that_are_no_addresses(tmp_path: Path, seeds: str) -> None:
    done = run_gesso("crawl", "web", "--seeds", seeds, "--home", str(tmp_path))
    assert done.returncode == 2
    assert "seed" in one_line(done.stderr)
