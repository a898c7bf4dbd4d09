"""A small dataset version of six apps, and a recipe of an architecture that trains in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.encoder.config import EncoderConfig
from tests.models.shards import png, row, screen, write_version

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 16, "width": 32, "layers": 1, "head_width": 16},
    "text_cfg": {"context_length": 16, "width": 32, "heads": 2, "layers": 1},
}
SMALL: dict[str, Any] = {
    "name": "small",
    "group": ["site"],
    "texts": ["caption", "title"],
    "model": {"config": TINY, "vocabulary": 400},
    "weights": {"texts": 1.0, "pictures": 0.5},
    "groups": 4,
    "pictures": 2,
    "steps": 12,
    "lr": 3e-3,
    "warmup": 2,
    "checkpoint_every": 5,
    "threads": 1,
}


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 screens of six apps, each on a ground of its own."""
    rows = [
        row(
            number,
            png(screen(number % 6 + 6 * (number // 6))),
            site=f"app{number % 6}.test",
            caption=f"screen {number // 6} of the {('paper', 'ink', 'blue', 'sand', 'green', 'grey')[number % 6]} app",
        )
        for number in range(24)
    ]
    return write_version(tmp_path_factory.mktemp("datasets") / "apps" / "1", rows)


@pytest.fixture(scope="session")
def recipe(apps: Path) -> Callable[..., EncoderConfig]:
    """The small recipe with changes."""

    def make(**changes: Any) -> EncoderConfig:
        return EncoderConfig.model_validate({**SMALL, "dataset": str(apps), **changes})

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, recipe: Callable[..., EncoderConfig]) -> Path:
    """A home with the finished run `small`."""
    from models.encoder.train import train

    home = tmp_path_factory.mktemp("home")
    train(recipe(validation="train", validate_every=6), home)
    return home
