"""A real open_clip model of random weights in a folder, and features connected to it as a run connects them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.encoder.place import SHIPPED
from curation.features import create
from curation.features.base import Feature, Item, Row
from tests.curation.conftest import make_capture

CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]},
}


def save_encoder(path: Path, config: dict[str, Any]) -> Path:
    """Random weights of a config as a folder that open_clip loads."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    path.mkdir(parents=True, exist_ok=True)
    model = open_clip.model.CLIP(**config["model_cfg"])
    (path / "open_clip_config.json").write_text(json.dumps(config))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path / "open_clip_model.safetensors")
    return path


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_encoder(tmp_path_factory.mktemp("encoder"), CONFIG)


def connected(name: str, params: dict[str, Any], home: Path, **needed: Feature) -> Feature:
    """A feature as a plan leaves it: connected to those it needs, and checked."""
    feature = create(name, params)
    feature.connect(needed)
    feature.check(home)
    return feature


def on(vector: np.ndarray | None, **others: Row) -> Item:
    """A capture as a feature sees it that needs other features only."""
    return Item(make_capture(None, b"x", "x"), others={"embedding": {"embedding": vector}, **others})


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that was stripped of its encoder, and nothing else at hand."""
    monkeypatch.delenv("GESSO_ENCODER", raising=False)
    monkeypatch.setitem(SHIPPED, "gesso-mini", tmp_path / "nowhere")
