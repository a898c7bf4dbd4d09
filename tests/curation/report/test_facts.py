"""What the page says is counted from the tables, not believed."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.report import columns, facts
from curation.report.tables import ReportError, Row, Version, read_version


def values(packed: dict[str, Any]) -> list[Any]:
    """A packed column read back the way the page reads it."""
    if packed["kind"] == "text":
        return list(packed["data"])
    found = np.frombuffer(base64.b64decode(packed["data"]), columns.WIDTHS[packed["kind"]]).tolist()
    return [packed["words"][code] for code in found] if "words" in packed else found


@pytest.fixture(scope="module")
def version(version_dir: Path) -> Version:
    return read_version(version_dir)


@pytest.fixture(scope="module")
def report(version: Version) -> Row:
    return facts.assemble(version)


@given(st.lists(st.one_of(st.none(), st.floats(width=64), st.integers(-(2**40), 2**40))))
def test_packed_numbers_read_back_exactly(given_: list[Any]) -> None:
    read = values(columns.numbers(given_))
    for one, other in zip(given_, read, strict=True):
        missing = one is None or not math.isfinite(one)
        assert math.isnan(other) if missing else other == one


@given(st.lists(st.one_of(st.none(), st.text())))
def test_packed_words_read_back(given_: list[str | None]) -> None:
    assert values(columns.words(given_)) == [word or "" for word in given_]


def test_counts_add_up_to_the_input(report: Row) -> None:
    assert report["counts"] == {"input": 12, "kept": 7, "rejected": 4, "failed": 1}


def test_captures_are_ordered_by_site_then_light_before_dark_then_fold_before_full(report: Row) -> None:
    captures = {name: values(report["captures"][name]) for name in ("site", "form", "theme", "view")}
    of_site = [
        (form, theme, view) for site, form, theme, view in zip(*captures.values(), strict=True) if site == "aurora.test"
    ]
    assert captures["site"] == sorted(captures["site"])
    assert of_site == [
        ("desktop", "light", "fold"),
        ("desktop", "light", "full"),
        ("desktop", "dark", "fold"),
        ("phone", "light", "fold"),
    ]


def test_a_failed_capture_is_counted_by_kind_and_keeps_its_message(report: Row) -> None:
    at = values(report["captures"]["state"]).index("failed")
    assert values(report["captures"]["rule"])[at] == "truncated"
    assert values(report["captures"]["reason"])[at] == "truncated: image file is truncated"


def test_each_relation_has_its_groups_with_the_kept_one_first(report: Row) -> None:
    states = values(report["captures"]["state"])
    seen = {group["relation"]: [states[m["index"]] for m in group["members"]] for group in report["groups"]}
    assert seen == {"exact": ["kept", "rejected"], "copy": ["kept", "rejected"], "theme": ["kept", "kept"]}
    [copy] = [group for group in report["groups"] if group["relation"] == "copy"]
    assert [(m["distance"], m["why"], m["direct"]) for m in copy["members"]] == [
        (0.0, "", True),
        (14.0, "phash 14, thumb 1.2", True),
    ]


def test_numeric_features_come_with_those_that_a_rule_names_first(report: Row) -> None:
    assert [feature["name"] for feature in report["features"]] == ["blankness", "text_coverage", "aspect"]


def test_a_site_in_two_splits_is_a_leak(version: Version) -> None:
    assert facts.leaks(version)["sites"] == 0
    at = version.column("site").index("aurora.test")
    splits = version.column("split")
    splits[at] = "test"
    table = version.table.set_column(version.table.column_names.index("split"), "split", pa.array(splits))
    torn = Version(version.name, version.number, version.manifest, table, version.pairs, {})
    found = facts.leaks(torn)
    assert (found["sites"], found["checkedSites"]) == (1, 3)
    assert found["checkedRelations"] == 3


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


@pytest.mark.parametrize("text", ["{torn", "3", '"x"', "[3]", "null"])
def test_rights_that_are_no_record_are_no_evidence(text: str) -> None:
    assert facts.detail({"capture_id": "x", "rights": text})["signals"] == []


def test_clusters_of_one_name_are_told_apart_by_number(version: Version) -> None:
    table = version.table.append_column("cluster", pa.array([0, 1, 2, *[None] * 9], pa.int32()))
    table = table.append_column("cluster_name", pa.array(["bank", "bank", "shop", *[None] * 9]))
    clustered = Version(version.name, version.number, version.manifest, table, version.pairs, {})
    assert values(facts.captures(clustered)["cluster"])[:4] == ["bank 0", "bank 1", "shop", ""]


def test_a_balance_step_carries_the_reason_that_its_captures_have(version: Version) -> None:
    for name in ("balance:site", "site"):
        version.manifest["funnel"].append({"name": name, "stage": "balance", "rejected": 0, "left": 7})
        assert facts.assemble(version)["funnel"][-1]["reason"] == "balance:site"
        version.manifest["funnel"].pop()


@given(st.one_of(st.floats(), st.integers(), st.text(), st.none(), st.booleans()))
def test_clean_gives_what_json_can_say(value: object) -> None:
    cleaned = facts.clean(value)
    assert not (isinstance(cleaned, float) and not math.isfinite(cleaned))


def test_of_too_many_captures_an_even_sample_is_carried_and_all_are_counted(version_dir: Path) -> None:
    sampled = read_version(version_dir, most=5)
    assert len(sampled.table) == 5
    report = facts.assemble(sampled)
    assert report["sampledOf"] == 12
    assert report["counts"]["input"] == 12


def test_pairs_by_row_number_are_those_by_id(version_dir: Path, tmp_path: Path, version: Version) -> None:
    import shutil

    import pyarrow.parquet as pq

    folder = tmp_path / "small" / "1"
    shutil.copytree(version_dir, folder)
    ids = sorted(version.ids)
    pairs = pq.read_table(folder / "relations.parquet")
    for name in ("a", "b"):
        rows = pa.array([ids.index(i) for i in pairs[name].to_pylist()], pa.int32())
        pairs = pairs.set_column(pairs.column_names.index(name), name, rows)
    pq.write_table(pairs, folder / "relations.parquet")
    assert read_version(folder).pairs.equals(version.pairs)


def test_a_folder_without_a_manifest_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"no dataset version at .*run gesso curate first"):
        read_version(tmp_path)


def test_a_torn_table_is_named(tmp_path: Path, version_dir: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((version_dir / "manifest.json").read_bytes())
    (tmp_path / "review.parquet").write_bytes((version_dir / "review.parquet").read_bytes()[:100])
    with pytest.raises(ReportError, match=r"review\.parquet cannot be read"):
        read_version(tmp_path)
