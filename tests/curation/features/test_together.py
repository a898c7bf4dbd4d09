"""All that stands on one embedding, through a recipe: a column each in the shards, and nothing computed twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from curation.heads.head import Dense, chain
from curation.heads.load import write_head
from curation.recipe import Recipe
from curation.run import curate
from tests.curation.conftest import fill, small_recipe


@pytest.fixture
def recipe(folder: Path, tmp_path: Path) -> Recipe:
    head = chain([Dense(np.random.default_rng(1).normal(size=(32, 1)), np.zeros(1), "sigmoid")], "l2")
    write_head(head, tmp_path / "head.safetensors")
    path = {"path": str(tmp_path / "head.safetensors")}
    features = [
        "decode",
        "palette",
        "caption",
        {"embedding": {"model": str(folder)}},
        {"heads": {"warmth": path}},
        {"aesthetic": path},
        "tags",
        {"nsfw": {"head": path}},
        "clip_score",
    ]
    return small_recipe(features=features, keep=[{"name": "harmless", "sql": "nsfw_pixels < 0.5"}])


def test_one_embedding_carries_them_all(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, sites=3, pages=1)
    version = curate(recipe, tmp_path, report=False)
    assert (version.failed, version.notes) == (2, [])
    (first, *_) = sorted(version.path.glob("*-of-*.parquet"))
    (row, *_) = pq.read_table(first).to_pylist()
    assert row["warmth"] == row["aesthetic"] == row["nsfw_head"]
    assert row["nsfw"] == pytest.approx(max(row["nsfw_head"], row["nsfw_pixels"]), abs=1e-6)
    assert -1 <= row["clip_score"] <= 1
    assert row["tag_platform"] in ("phone", "tablet", "desktop", "watch", "tv")
    assert 1 / 5 <= row["tag_platform_score"] <= 1
    assert abs(np.linalg.norm(np.asarray(row["embedding"], np.float32)) - 1) < 2e-3

    monkeypatch.setattr("curation.encoder.towers.load", lambda *_: pytest.fail("a model was loaded"))
    again = curate(recipe.model_copy(update={"seed": 9}), tmp_path, report=False)
    assert (again.version, again.kept) == (2, version.kept)


@pytest.mark.usefixtures("no_weights")
def test_without_an_encoder_all_of_them_are_left_out_with_a_note(tmp_path: Path) -> None:
    fill(tmp_path, sites=3, pages=1)
    names = ["decode", "caption", "palette", "embedding", "aesthetic", "tags", "nsfw", "clip_score"]
    version = curate(small_recipe(features=names), tmp_path, report=False)
    left_out = {note.split(" ")[0] for note in version.notes if "left out" in note}
    assert left_out >= {"embedding", "aesthetic", "tags", "nsfw", "clip_score"}
