"""The tokenizer knows every text; a pipeline is a function of its recipe; only safetensors of the right kind load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models.diffusion.config import DiffusionConfig
from models.diffusion.pipeline import ModelError, build_tiny, build_tokenizer, load_pipeline

CAPTIONS = ["Calm onboarding for a sleep app", "calm pricing page, dark", "Ein ruhiger Einstieg"]


@pytest.mark.parametrize("text", ["calm onboarding", "日本語 🎨 ütf", "ZÜRICH 24/7", "don't <b>&amp;</b>"])
def test_every_text_has_tokens_and_comes_back(text: str) -> None:
    tokenizer = build_tokenizer(CAPTIONS, 700, 77)
    ids = tokenizer(text).input_ids
    assert ids[0] == tokenizer.bos_token_id
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.eos_token_id not in ids[1:-1]
    plain = "".join(tokenizer.decode(ids, skip_special_tokens=True).split())
    assert plain == "".join(text.lower().split())


def test_frequent_words_are_one_token() -> None:
    tokenizer = build_tokenizer(CAPTIONS * 5, 900, 77)
    assert len(tokenizer("calm page").input_ids) == 4


def test_the_first_weights_are_a_function_of_the_seed(config_of: Callable[..., DiffusionConfig]) -> None:
    one, same, other = (build_tiny(config_of(seed=seed), CAPTIONS).unet.conv_in.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_epsilon_keeps_a_schedule_that_can_be_sampled(config_of: Callable[..., DiffusionConfig]) -> None:
    scheduler = build_tiny(config_of(prediction="epsilon"), CAPTIONS).scheduler
    assert scheduler.config.prediction_type == "epsilon"
    assert scheduler.alphas_cumprod[-1] > 0


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load model"):
        load_pipeline(str(tmp_path / "nothing"))


def test_pickled_weights_are_not_loaded(trained: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(trained / "runs/small/model", tmp_path / "model")
    weights = tmp_path / "model/unet/diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ModelError, match="cannot load model"):
        load_pipeline(str(tmp_path / "model"))
