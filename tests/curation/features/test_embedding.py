"""The embedding, through a real open_clip model of random weights in a local folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.features import create
from curation.features.base import Feature, NotAtHand
from curation.features.embedding import EmbeddingError
from curation.run import curate
from tests.curation.conftest import fill, item, screen, small_recipe
from tests.curation.features.conftest import CONFIG


def embedding(folder: Path, **params: Any) -> Feature:
    feature = create("embedding", {"model": str(folder), **params})
    feature.check(folder.parent)
    return feature


def test_a_wide_view_pools_the_whole_and_its_tiles(folder: Path) -> None:
    tall = item(screen(3, (200, 600)))
    both, whole = embedding(folder), embedding(folder, view="letterbox")
    looks = both.prepare(tall)
    assert looks.shape == (4, 64, 64, 3)
    assert whole.prepare(tall).shape == (1, 64, 64, 3)
    each = np.concatenate([row["embedding"][None] for row in (whole.compute([look[None]])[0] for look in looks)])
    mean = each.astype(np.float32).mean(0)
    found = both.compute([looks])[0]["embedding"].astype(np.float32)
    assert found == pytest.approx(mean / np.linalg.norm(mean), abs=4e-3)
    assert both.fingerprint() != whole.fingerprint()


def test_vectors_have_length_one_and_the_models_width(folder: Path) -> None:
    feature = embedding(folder, batch=4)
    rows = feature.compute([feature.prepare(item(screen(n))) for n in range(6)])
    vectors = np.stack([row["embedding"] for row in rows]).astype(np.float32)
    assert vectors.shape == (6, 32)
    assert str(feature.schema.field("embedding").type) == "fixed_size_list<item: halffloat>[32]"
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=2e-3)
    assert np.ptp(vectors, axis=0).max() > 1e-3


def test_a_vector_does_not_depend_on_who_shares_the_batch(folder: Path) -> None:
    feature = embedding(folder, batch=4)
    prepared = [feature.prepare(item(screen(n))) for n in range(7)]
    together = [row["embedding"].tobytes() for row in feature.compute(prepared)]
    alone = [feature.compute([one])[0]["embedding"].tobytes() for one in prepared]
    backwards = [row["embedding"].tobytes() for row in feature.compute(prepared[::-1])][::-1]
    assert together == alone == backwards


@pytest.mark.usefixtures("no_weights")
def test_auto_without_weights_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(NotAtHand, match="left out"):
        create("embedding").check(tmp_path)


def test_auto_without_anything_else_is_the_shipped_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GESSO_ENCODER", raising=False)
    auto, named = create("embedding"), create("embedding", {"model": "gesso-mini"})
    auto.check(tmp_path)
    named.check(tmp_path)
    assert auto.fingerprint() == named.fingerprint()
    vector = np.asarray(auto.compute([auto.prepare(item(screen(1)))])[0]["embedding"], np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-2)


def test_auto_takes_the_encoder_at_hand(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GESSO_ENCODER", str(folder))
    auto = create("embedding")
    auto.check(tmp_path)
    assert auto.fingerprint() == embedding(folder).fingerprint()


def test_other_weights_are_another_fingerprint(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    weights = tmp_path / "other" / "open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert embedding(tmp_path / "other").fingerprint() != embedding(folder).fingerprint()


@pytest.mark.parametrize("model", ["ViT-B-32", "/nowhere/at/all", "No-Such-Model/tag"])
def test_a_model_that_cannot_be_had_is_one_line(tmp_path: Path, model: str) -> None:
    with pytest.raises(EmbeddingError) as caught:
        create("embedding", {"model": model}).check(tmp_path)
    assert model in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pickled_weights_are_not_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(EmbeddingError, match="safetensors"):
        create("embedding", {"model": str(tmp_path)}).check(tmp_path)


def test_shards_hold_it_as_float16_lists_of_fixed_length(folder: Path, tmp_path: Path) -> None:
    import datasets
    import duckdb
    import pandas as pd

    fill(tmp_path, sites=4)
    recipe = small_recipe(features=["decode", {"embedding": {"model": str(folder)}}])
    first = curate(recipe, tmp_path, report=False)
    again = curate(recipe, tmp_path, report=False, force=True)
    for shard in first.path.glob("*-of-*.parquet"):
        assert shard.read_bytes() == (again.path / shard.name).read_bytes()
    shards = f"{first.path}/*-of-*.parquet"
    ((length, number),) = duckdb.sql(f"SELECT len(any_value(embedding)), count(*) FROM '{shards}'").fetchall()
    assert (length, number) == (32, first.kept)
    assert len(pd.read_parquet(next(first.path.glob("train-*")))["embedding"].iloc[0]) == 32
    loaded = datasets.load_dataset("parquet", data_files=shards, cache_dir=str(tmp_path / "cache"))["train"]
    assert np.linalg.norm(np.asarray(loaded[0]["embedding"], np.float32)) == pytest.approx(1, abs=2e-3)
