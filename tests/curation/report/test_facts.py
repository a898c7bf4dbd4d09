"""What the page says is counted from the tables, not believed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.report import facts
from curation.report.tables import ReportError, Row, read_version


@pytest.fixture(scope="module")
def report(version_dir: Path) -> Row:
    return facts.assemble(read_version(version_dir))


def test_counts_add_up_to_the_input(report: Row) -> None:
    assert report["counts"] == {"input": 12, "kept": 7, "rejected": 4, "failed": 1}


def test_captures_are_ordered_by_site_then_light_before_dark_then_fold_before_full(report: Row) -> None:
    of_site = [
        (form, theme, view)
        for site, form, theme, view in zip(
            *(report["captures"][c] for c in ("site", "form", "theme", "view")), strict=True
        )
        if site == "aurora.test"
    ]
    assert report["captures"]["site"] == sorted(report["captures"]["site"])
    assert of_site == [
        ("desktop", "light", "fold"),
        ("desktop", "light", "full"),
        ("desktop", "dark", "fold"),
        ("phone", "light", "fold"),
    ]


def test_a_failed_capture_is_counted_by_kind_and_keeps_its_message(report: Row) -> None:
    at = report["captures"]["state"].index("failed")
    assert report["captures"]["rule"][at] == "truncated"
    assert report["captures"]["reason"][at] == "truncated: image file is truncated"


def test_copies_form_one_group_with_the_kept_one_first(report: Row) -> None:
    [group] = report["groups"]
    states = [report["captures"]["state"][member["index"]] for member in group["members"]]
    assert states == ["kept", "rejected", "rejected"]
    assert {(m["relation"], m["distance"]) for m in group["members"][1:]} == {("exact", 0.0), ("copy", 14.0)}


def test_borderline_takes_the_nearest_of_each_side_and_leaves_copies_out(report: Row) -> None:
    edge = next(e for e in report["borderline"] if e["rule"] == "readable")
    assert [value for _, value in edge["below"]] == [0.018]
    assert edge["above"][0][1] == 0.021
    assert all(report["captures"]["stage"][index] != "relation" for index, _ in edge["above"])
    assert edge["failing"] + edge["passing"] == 11  # the failed capture has no value


def test_borderline_comes_in_the_order_of_the_rules(report: Row) -> None:
    assert [edge["rule"] for edge in report["borderline"]] == ["not_blank", "readable"]


def test_features_with_thresholds_come_first_and_constant_ones_are_left_out(report: Row) -> None:
    assert [feature["name"] for feature in report["features"]] == ["blankness", "text_coverage", "aspect"]
    assert report["features"][0]["thresholds"] == [{"rule": "not_blank", "op": "<", "value": 0.9}]


def test_a_site_in_two_splits_is_a_leak(version_dir: Path) -> None:
    version = read_version(version_dir)
    assert facts.leaks(version.rows, [])["sites"] == 0
    rows = [dict(row) for row in version.rows]
    next(row for row in rows if row["site"] == "aurora.test")["split"] = "test"
    assert facts.leaks(rows, [[0, 1, "copy", 3.0]]) == {
        "relations": 1,
        "checkedRelations": 1,
        "sites": 1,
        "checkedSites": 3,
    }


def test_rights_count_captures_sites_and_kept(report: Row) -> None:
    assert report["rights"][0] == {
        "source": "web",
        "allowed": True,
        "licence": "CC0-1.0",
        "captures": 10,
        "sites": 3,
        "kept": 5,
    }
    assert report["signals"][0]["captures"] == 12


def test_rights_that_are_no_json_are_no_evidence() -> None:
    assert facts.detail({"capture_id": "x", "rights": "{torn"})["signals"] == []


@given(st.one_of(st.floats(), st.integers(), st.text(), st.none(), st.booleans()))
def test_clean_gives_what_json_can_say(value: object) -> None:
    cleaned = facts.clean(value)
    assert not (isinstance(cleaned, float) and not math.isfinite(cleaned))


def test_a_folder_without_a_manifest_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"no dataset version at .*run gesso curate first"):
        read_version(tmp_path)


def test_a_torn_table_is_named(tmp_path: Path, version_dir: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((version_dir / "manifest.json").read_bytes())
    (tmp_path / "review.parquet").write_bytes((version_dir / "review.parquet").read_bytes()[:100])
    with pytest.raises(ReportError, match=r"review\.parquet cannot be read"):
        read_version(tmp_path)
