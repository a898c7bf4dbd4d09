"""dataset, diff and search as a user runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipelines import output_commands
from pipelines.cli import app
from pipelines.takedown import take_down
from tests.conftest import run_gesso
from tests.curation.finished import shared


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory.getbasetemp())


def gesso(*arguments: str) -> str:
    """What a command prints; its errors are raised."""
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def answer(*arguments: str) -> Any:
    return json.loads(gesso(*arguments, "--json"))


def test_datasets_are_listed_with_their_counts(home: Path) -> None:
    found = answer("dataset", "list", "--home", str(home))
    assert [row["dataset"] for row in found] == ["small@1", "small@2"]
    assert all(row["kept"] + row["rejected"] + row["failed"] == row["input"] for row in found)


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    assert "run gesso curate RECIPE" in gesso("dataset", "list", "--home", str(tmp_path))


def test_an_export_says_what_it_made_and_where(home: Path, tmp_path: Path) -> None:
    command = ("dataset", "export", "small@1", "--to", "csv", "--rows", "3", "--out", str(tmp_path / "out"))
    first = answer(*command, "--home", str(home))
    assert (first["rows"], first["unchanged"]) == (3, False)
    assert (Path(first["path"]) / "sample.csv").is_file()
    assert "unchanged since the last run" in " ".join(gesso(*command, "--home", str(home)).split())


def test_diff_compares_the_two_newest_versions_of_a_name(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "diff.html"
    text = gesso("diff", "small", "--html", str(page), "--home", str(home))
    assert "small@1 → small@2: +3 −1" in text
    assert "rule blank is gone" in text
    assert "coalesce(locale, '')" in " ".join(text.split())
    assert page.read_text().startswith("<!doctype html>")
    assert answer("diff", "small@1", "small@1", "--home", str(home))["same"] is True


def test_a_value_of_many_lines_takes_one_line_of_the_table() -> None:
    told = output_commands._told({"a long\nvalue " * 40: (3, 1), "short": (2, 2)})
    assert told.startswith("a long value a long value")
    assert told.endswith("… 3 → 1; short 2 → 2")
    assert len(told) < 100


def test_one_version_alone_is_asked_for_another(home: Path) -> None:
    done = run_gesso("diff", "small@1", "--home", str(home))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "gesso: small@1 alone: name the version to compare it with",
    )


def test_search_takes_the_newest_dataset_and_writes_pictures(home: Path, tmp_path: Path) -> None:
    picture, page = tmp_path / "grid.png", tmp_path / "grid.html"
    outputs = ("--grid", str(picture), "--html", str(page), "--home", str(home))
    assert "small@2" in gesso("search", "dark dashboard", *outputs)
    assert Image.open(picture).width == 1600
    assert page.read_text().count("<img") >= 1
    found = answer("search", "dark dashboard", "-n", "1", "--where", "locale = 'en-US'", "--home", str(home))
    assert [hit["facts"]["name"] for hit in found["hits"]] == ["Ledger"]


def test_what_was_taken_down_since_is_counted_not_found_and_not_handed_on(home: Path, tmp_path: Path) -> None:
    own = tmp_path / "home"
    shutil.copytree(home, own)
    words = ("search", "dark dashboard", "-n", "1", "-d", "small@2", "--home", str(own))
    gone = answer(*words)["hits"][0]["capture_id"]
    take_down(own, gone, dry_run=False)
    rows = answer("dataset", "list", "--home", str(own))
    assert {row["dataset"]: row["taken down"] for row in rows}["small@2"] == 1
    assert answer(*words)["hits"][0]["capture_id"] != gone
    assert "1 captures in it were taken down" in gesso("report", "small@2", "--no-open", "--home", str(own))
    done = run_gesso("dataset", "export", "small@2", "--to", "csv", "--home", str(own))
    assert (done.returncode, "holds 1 captures that were taken down" in done.stderr) == (2, True)


def test_an_error_is_one_line_and_exit_code_2(home: Path) -> None:
    done = run_gesso("dataset", "export", "small", "--to", "tfrecord", "--home", str(home))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "gesso: no export 'tfrecord': use one of webdataset, hub, coco, csv"
