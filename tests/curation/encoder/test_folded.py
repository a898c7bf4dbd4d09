"""A tower with its batch normalisation folded in says what it said, whatever the architecture."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from open_clip.model import CLIP

from curation.encoder.folded import fold

TEXT = {"context_length": 8, "vocab_size": 40, "width": 16, "heads": 2, "layers": 1}
TOWERS: dict[str, tuple[dict[str, Any], int]] = {
    "timm": ({"timm_model_name": "tf_efficientnet_lite0", "timm_pool": "avg", "timm_proj": "linear"}, 49),
    "resnet": ({"layers": [1, 1, 1, 1], "width": 16, "head_width": 16}, 19),
    "transformer": ({"patch_size": 16, "width": 32, "layers": 1, "head_width": 16}, 0),
}


@pytest.mark.parametrize("name", TOWERS)
def test_a_folded_tower_says_the_same(name: str) -> None:
    vision, count = TOWERS[name]
    torch.manual_seed(2)
    net = CLIP(embed_dim=16, vision_cfg={**vision, "image_size": 64}, text_cfg=TEXT).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before = net.encode_image(pixels)
        assert fold(net, 64) == count
        after = net.encode_image(pixels)
    assert torch.allclose(before, after, atol=1e-3 * float(before.abs().max()))
    left = [module for module in net.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert not left
