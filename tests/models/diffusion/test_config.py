"""A recipe is checked before anything is loaded, and says what to correct."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.diffusion.config import DiffusionConfig, load_config
from models.errors import RecipeError

RECIPES = Path(__file__).resolve().parents[3] / "recipes"


def test_the_shipped_recipe_loads() -> None:
    config = load_config(RECIPES / "train-tiny.yaml")
    assert (config.name, config.dataset, config.base) == ("tiny", "demo", "tiny")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batchsize: 4", "unknown key 'batchsize': did you mean 'batch_size'"),
        ("tiny: {unet_chanels: [8, 16]}", "unknown key 'tiny.unet_chanels': did you mean 'unet_channels'"),
        ("zzz: 1", "unknown key 'zzz': known keys: name, dataset"),
        ("steps: many", "steps is 'many'"),
        ("steps: 0", "steps is 0"),
        ("name: ../evil", "name is '../evil'"),
        ("tiny: {vae_channels: [12]}", "multiples of 8 from 16"),
        ("width: 60", "width is 60: give a multiple of 16"),
        ("base: some/model\nvae_steps: 5", "of `base: tiny` only"),
        ("- a list", "holds no keys"),
        ("", "holds no keys"),
        ("a: [", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_a_wrong_recipe_says_what_to_correct(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        load_config(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_recipe_is_named() -> None:
    with pytest.raises(RecipeError, match=r"no recipe at nowhere\.yaml"):
        load_config(Path("nowhere.yaml"))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="UTF-8"):
        load_config(path)


def test_only_what_changes_the_weights_changes_the_fingerprint() -> None:
    base = DiffusionConfig(steps=10)
    assert base.fingerprint("d") == DiffusionConfig(steps=20, threads=2, checkpoint_every=7).fingerprint("d")
    assert base.fingerprint("d") != DiffusionConfig(steps=10, lr=0.5).fingerprint("d")
    assert base.fingerprint("d") != base.fingerprint("e")
