"""Why: what a version says of one capture is what decided about it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from curation.dataset import DatasetError
from curation.run import DatasetVersion, curate
from curation.why import Why, WhyError, find, why
from tests.curation.conftest import fill, small_recipe


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DatasetVersion]:
    """A version with a balance step, and its home; the captures are gone when it is asked."""
    home = tmp_path_factory.mktemp("home")
    fill(home)
    balance = [{"name": "per_site", "by": "site", "cap": 1}]
    version = curate(small_recipe(balance=balance), home, report=False)
    shutil.rmtree(home / "captures")
    return home, version


def rows(version: DatasetVersion) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(version.path / "review.parquet").to_pylist()
    return found


def of(version: DatasetVersion, **wanted: Any) -> Why:
    row = next(r for r in rows(version) if all(r[name] == value for name, value in wanted.items()))
    return why(version.path, row["capture_id"])


def test_every_rule_is_told_with_its_value_and_threshold(made: tuple[Path, DatasetVersion]) -> None:
    found = of(made[1], reason="blank")
    assert [(rule.name, rule.passed) for rule in found.rules] == [
        ("found", True),
        ("large_enough", True),
        ("blank", False),
    ]
    assert found.rules[2].values == ["blankness is 1, not < 0.9"]
    assert found.rules[0].values == ["http_status is 200, < 400"]


def test_the_rules_agree_with_what_became_of_every_capture(made: tuple[Path, DatasetVersion]) -> None:
    for row in rows(made[1]):
        found = why(made[1].path, row["capture_id"])
        failing = [rule.name for rule in found.rules if not rule.passed]
        assert (found.state, found.reason) == (row["state"], row["reason"])
        if row["stage"] == "rule":
            assert failing[0] == row["reason"]
        elif row["stage"] != "decode":
            assert not failing


def test_a_copy_is_told_with_its_kept_twin(made: tuple[Path, DatasetVersion]) -> None:
    found = of(made[1], reason="copy")
    tie = next(t for t in found.ties if t.capture_id == found.kept_id)
    assert (tie.relation, tie.fate[:4]) == ("copy", "kept")
    assert found.capture_id in why(made[1].path, tie.capture_id).copies


def test_balance_and_component_are_told(made: tuple[Path, DatasetVersion]) -> None:
    dropped = of(made[1], reason="balance:per_site")
    (step,) = dropped.balance
    assert (step.group, step.after, step.dropped) == (dropped.site, 1, True)
    kept = of(made[1], state="kept")
    assert kept.component["splits"] == [kept.split]
    assert kept.component["kept"] >= 1
    assert not kept.balance[0].dropped


def test_a_failed_capture_says_how(made: tuple[Path, DatasetVersion]) -> None:
    found = of(made[1], state="failed")
    assert found.reason is not None
    assert any(found.reason in error for error in found.errors)


def test_captures_are_found_by_their_first_digits_in_any_dataset(made: tuple[Path, DatasetVersion]) -> None:
    home, version = made
    key = rows(version)[0]["capture_id"]
    assert find(home, key[:10]) == version.path
    assert why(version.path, key[:10]).capture_id == key
    with pytest.raises(WhyError, match="no dataset under"):
        find(home, "0123456789abcdef01234567")
    with pytest.raises(WhyError, match="no capture"):
        why(version.path, "0123456789abcdef01234567")
    with pytest.raises(WhyError, match="too short"):
        find(home, "a")
    with pytest.raises(DatasetError, match="did you mean"):
        find(home, key, "smal")
