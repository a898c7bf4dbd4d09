"""One small dataset version, and one small trained run, shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.diffusion.config import DiffusionConfig
from tests.models.shards import row, write_version

SMALL = {
    "name": "small",
    "width": 32,
    "height": 32,
    "batch_size": 4,
    "steps": 28,
    "vae_steps": 12,
    "warmup": 4,
    "lr": 2e-3,
    "checkpoint_every": 10,
    "threads": 1,
    "tiny": {
        "vae_channels": [16, 16],
        "latent_channels": 4,
        "unet_channels": [16, 32],
        "text_width": 32,
        "text_layers": 1,
        "text_length": 16,
        "vocabulary": 700,
    },
}


@pytest.fixture(scope="session")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_version(tmp_path_factory.mktemp("datasets") / "drawn" / "1", [row(number) for number in range(12)])


@pytest.fixture(scope="session")
def config_of(version: Path) -> Callable[..., DiffusionConfig]:
    """A small recipe on the drawn dataset, with changes."""

    def make(**changes: Any) -> DiffusionConfig:
        return DiffusionConfig.model_validate({**SMALL, "dataset": str(version), **changes})

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, config_of: Callable[..., DiffusionConfig]) -> Path:
    """A home with the finished run `small`."""
    from models.diffusion.train import train

    home = tmp_path_factory.mktemp("home")
    train(config_of(), home)
    return home
