"""`gesso curate --what-if` and `gesso why`: what they print is what is so, as tables and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from curation.dataset import versions_of
from curation.run import curate
from pipelines.cli import app
from pipelines.explained import plain
from tests.curation.conftest import fill, small_recipe

RECIPE = "small.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill(home)
    fields = small_recipe().model_dump(mode="json", by_alias=True, exclude_unset=True)
    (home / RECIPE).write_text(yaml.safe_dump(fields))
    curate(small_recipe(), home, report=False)
    return home


def gesso(home: Path, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--home", str(home)], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_what_if_prints_the_change_and_writes_no_version(home: Path) -> None:
    page = home / "what-if.html"
    shown = gesso(home, "curate", str(home / RECIPE), "--what-if", "blank: blankness < -1", "--html", str(page))
    assert "instead of blankness < 0.9" in shown
    assert "nothing written" in shown
    assert page.read_text().count("<figure>") >= 12
    assert versions_of(home, "small") == [1]


def test_what_if_as_json_has_the_counts(home: Path) -> None:
    found = json.loads(gesso(home, "curate", str(home / RECIPE), "--what-if", "site <> 'site1.test'", "--json"))
    assert {c["name"]: c["after"] - c["before"] for c in found["states"]} == {"kept": -2, "rejected": 2, "failed": 0}
    assert [e["site"] for e in found["out"]] == ["site1.test", "site1.test"]


def test_why_explains_a_rejected_capture(home: Path) -> None:
    review = pq.read_table(home / "datasets" / "small" / "1" / "review.parquet").to_pylist()
    key = next(row["capture_id"] for row in review if row["reason"] == "blank")
    shown = gesso(home, "why", key[:12])
    assert f"capture {key}" in shown
    assert "rejected by rule blank" in shown
    assert "blankness is 1, not < 0.9" in shown
    found = json.loads(gesso(home, "why", key, "small@1", "--json"))
    assert [rule["passed"] for rule in found["rules"]] == [True, True, False]


def test_texts_of_pages_do_not_speak_to_the_terminal() -> None:
    assert plain("\x1b[31mred [bold]x[/]\n") == r" [31mred \[bold]x\[/] "
