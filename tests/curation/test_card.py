"""The dataset card: what it says follows from the version's own tables, and nothing in it is markup by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation import card
from curation.dataset import open_dataset
from curation.profile import MOST, Profile, read_profile


@pytest.fixture(scope="module")
def folder(finished_home: Path) -> Path:
    return open_dataset("small@1", home=finished_home).folder


@pytest.fixture(scope="module")
def profile(folder: Path) -> Profile:
    return read_profile(folder / "review.parquet")


@pytest.fixture
def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())


def test_every_group_adds_up_to_the_rows(profile: Profile, manifest: dict[str, Any]) -> None:
    assert {group.column for group in profile.groups} >= {"form_factor", "locale", "categories", "tone", "source"}
    for group in profile.groups:
        assert group.kept == manifest["counts"]["kept"]
        counted = sum(share.kept for share in group.shares) + group.others.kept
        assert counted == group.kept if group.column != "categories" else counted >= group.kept
        assert len(group.shares) <= MOST
    assert sum(source.input for source in profile.sources) == manifest["counts"]["input"]


def test_sites_are_weighed_by_inverse_simpson(profile: Profile, folder: Path) -> None:
    rows = open_dataset(folder).sql("SELECT count(*) FROM kept GROUP BY site").fetchall()
    total = sum(n for (n,) in rows)
    assert profile.sites.number == len(rows)
    assert profile.sites.effective == pytest.approx(1 / sum((n / total) ** 2 for (n,) in rows))


def test_the_front_matter_is_yaml_with_configs_and_languages(manifest: dict[str, Any], profile: Profile) -> None:
    _, front, _ = card.write(manifest, profile).split("---\n", 2)
    fields = yaml.safe_load(front)
    assert fields["language"] == ["de", "en", "ja"]
    assert [f["split"] for f in fields["configs"][0]["data_files"]] == ["train", "val", "test"]


def test_every_rule_relation_and_failure_is_told_with_its_count(manifest: dict[str, Any], profile: Profile) -> None:
    text = card.write(manifest, profile)
    for step in manifest["funnel"]:
        line = next(ln for ln in text.splitlines() if ln.startswith(f"| {step['name'].replace('_', chr(92) + '_')} |"))
        assert f"| {step['rejected']} |" in line
    assert "| truncated | 1 |" in text
    assert "`blankness < 0.9`" in text


def test_biases_are_computed_sentences(manifest: dict[str, Any], profile: Profile) -> None:
    text = card.write(manifest, profile)
    assert "**Form factor.** phone has 94.4 % of the rows" in text
    assert "| Health | 2 | 2 | 11.1 % |" in text
    assert "12 sites; the largest" in text


def test_the_table_of_rights_names_source_permission_and_licence(manifest: dict[str, Any], profile: Profile) -> None:
    manifest["rights"] = [{"source": "web", "allowed": True, "licence": "CC-BY-4.0 | <b>", "kept": 3}]
    assert "| web | yes | CC-BY-4.0 \\| &lt;b&gt; | 3 |" in card.write(manifest, profile)


def test_hostile_texts_stay_text(manifest: dict[str, Any], profile: Profile) -> None:
    manifest["description"] = "# not a heading <img src=x onerror=alert(1)> [link](http://x.test)"
    manifest["recipe"]["keep"][0]["sql"] = "true -- ```\n<script>alert(1)</script>"
    manifest["funnel"][0]["sql"] = "true -- `<script>`"
    text = card.write(manifest, profile)
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    assert not [line for line in lines if "<script>" in line or "<img" in line]
    assert "\\# not a heading &lt;img" in text
    assert "[link]" not in text


def test_a_local_models_place_is_not_told(manifest: dict[str, Any], profile: Profile) -> None:
    manifest["features"][0]["params"] = {"model": "/home/someone/weights/tower"}
    table = card.write(manifest, profile).split("## Features")[1].split("## Recipe")[0]
    assert "| tower |" in table
    assert "/home" not in table


def test_an_empty_version_has_a_card(manifest: dict[str, Any], profile: Profile) -> None:
    manifest["counts"] = {"input": 0, "kept": 0, "rejected": 0, "failed": 0}
    manifest["splits"] = {name: {**split, "rows": 0} for name, split in manifest["splits"].items()}
    assert "Known biases" not in card.write(manifest, profile)
    assert card.write(manifest)
