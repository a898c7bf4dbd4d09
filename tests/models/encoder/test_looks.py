"""A look is decided by its key and stays close to its picture; kept looks survive a kill and are what a stem says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.encoder.augment import look, plain_look
from models.encoder.config import EncoderConfig
from models.encoder.looks import KeptLooks, Pictures
from models.encoder.samples import Draw, read_samples
from models.encoder.towers import TowersError, begin, load
from models.encoder.train import train
from models.loader import ShardReader
from tests.models.shards import screen

GREY = (127, 127, 127)
NET = {
    "embed_dim": 16,
    "vision_cfg": {
        "timm_model_name": "tf_efficientnet_lite0",
        "timm_pool": "catavgmax",
        "timm_proj": "",
        "image_size": 32,
    },
    "text_cfg": {"context_length": 16, "width": 32, "heads": 2, "layers": 1},
}


@settings(max_examples=40, deadline=None)
@given(key=st.integers(0, 2**64 - 1), width=st.integers(20, 300), height=st.integers(20, 300))
def test_a_look_is_decided_by_its_key(key: int, width: int, height: int) -> None:
    image = screen(3, (max(60, width), max(60, height)))
    once, again = look(image, 48, GREY, key), look(image, 48, GREY, key)
    assert once.shape == (48, 48, 3)
    assert np.array_equal(once, again)


def test_a_look_is_nearer_to_its_own_picture_than_to_another() -> None:
    one, other = screen(1, (120, 240)), screen(2, (120, 240))
    seen = np.stack([look(one, 32, GREY, key) for key in range(40)]).astype(float)
    own, strange = (plain_look(image, 32, GREY).astype(float) for image in (one, other))
    apart = [[np.abs(picture - whole).mean() for whole in (own, strange)] for picture in seen]
    assert np.mean([mine < theirs for mine, theirs in apart]) > 0.9


def test_what_is_kept_is_what_the_stem_said_after_any_interruption(tmp_path: Path, apps: Path) -> None:
    samples = read_samples(apps, "train", ("site",), ("caption",))

    def stem(pixels: np.ndarray) -> np.ndarray:
        return pixels.reshape(len(pixels), -1)[:, ::97].astype(np.float16)

    class Stop(Exception):
        pass

    def pull(task: str, done: int, total: int) -> None:
        if done > total / 2:
            raise Stop

    pictures = Pictures(ShardReader(samples.index, ("image",)), 16, GREY)
    whole = KeptLooks(tmp_path / "whole", pictures, 20, 7, True)
    whole.fill(stem)
    pulled = KeptLooks(tmp_path / "pulled", pictures, 20, 7, True)
    with pytest.raises(Stop):
        pulled.fill(stem, pull)
    again = KeptLooks(tmp_path / "pulled", pictures, 20, 7, True)
    again.fill(stem)
    draws = [Draw(row, 0, key) for row in range(24) for key in range(30)]
    assert np.array_equal(whole(draws), again(draws))
    plain = stem(pictures.plain([5]))[0]
    assert any(np.array_equal(value, plain) for value in whole([Draw(5, 0, key) for key in range(300)]))
    pictures.close()


@pytest.mark.parametrize("opened", [0, 1])
def test_training_goes_on_from_a_locked_stem(tmp_path: Path, recipe: Callable[..., EncoderConfig], opened: int) -> None:
    model = {"config": NET, "vocabulary": 400, "image_start": "efficientnet-lite0"}
    config = recipe(model=model, image="locked", image_open=opened, looks=2, steps=3)
    result = train(config, tmp_path)
    start, end = (load(folder).net.state_dict() for folder in (result.run_dir / "start", result.model_dir))
    moved = {name for name, value in end.items() if not np.allclose(value, start[name].half().float())}
    assert "visual.trunk.classifier.weight" in moved
    assert ("visual.trunk.conv_head.weight" in moved) == bool(opened)
    assert not any(name.startswith(("visual.trunk.conv_stem", "visual.trunk.blocks.0")) for name in moved)


def test_a_stem_and_its_rest_are_the_tower(tmp_path: Path, recipe: Callable[..., EncoderConfig]) -> None:
    import torch

    begin(recipe(model={"config": NET, "vocabulary": 400}), tmp_path, ["some words", "more words"], None, None)
    towers = load(tmp_path)
    towers.net.eval()
    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        for opened in (0, 2):
            cut = towers.cut(opened)
            assert torch.allclose(cut.head(cut.rest(cut.stem(pixels))), towers.net.encode_image(pixels), atol=1e-5)


def test_a_tower_that_has_no_stem_is_refused(tmp_path: Path, recipe: Callable[..., EncoderConfig]) -> None:
    with pytest.raises(TowersError, match="leave them out"):
        train(recipe(image="locked", looks=2), tmp_path)
