"""A tower prepared for inference gives the vectors of the plain one, whatever the architecture."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from torch import nn

from curation.encoder.joined import (
    ACTIVATIONS,
    PIECE_BYTES,
    JoinedConv,
    LaidOutAttention,
    LaidOutPatches,
    evenly_padded,
    join,
)
from curation.encoder.place import SHIPPED, find, precision
from curation.encoder.towers import Encoder
from tests.curation.features.conftest import save_encoder

TEXT = {"context_length": 8, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
VISION: dict[str, dict[str, Any]] = {
    "resnet": {"layers": [1, 2, 1, 1], "width": 16, "head_width": 16, "image_size": 64},
    "transformer": {"patch_size": 16, "width": 32, "layers": 1, "head_width": 16, "image_size": 64},
    "timm": {"timm_model_name": "tf_efficientnet_lite0", "timm_pool": "avg", "timm_proj": "linear", "image_size": 65},
}
NORMAL = {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]}
with_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
WITHIN = 1e-5  # of a cosine of 1: what a stored vector may differ by and still be that vector


@pytest.fixture(params=["gesso-mini", *VISION])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "gesso-mini":
        return SHIPPED["gesso-mini"]
    config = {"embed_dim": 16, "vision_cfg": VISION[request.param], "text_cfg": TEXT}
    return save_encoder(tmp_path, {"model_cfg": config, "preprocess_cfg": NORMAL})


def noise(side: int, count: int = 5) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, side, side, 3), np.uint8)


def plainly(folder: Path, pictures: np.ndarray) -> np.ndarray:
    """The vectors of open_clip's own forward pass in fp32."""
    net = open_clip.create_model(f"local-dir:{folder}", require_pretrained=True, weights_only=True).eval()
    facts = open_clip.get_model_preprocess_cfg(net)
    mean, std = (torch.tensor(facts[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    pixels = (torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255 - mean) / std
    with torch.inference_mode():
        return np.asarray(net.encode_image(pixels, normalize=True).double())


def apart(some: np.ndarray, others: np.ndarray) -> float:
    """How much the worst cosine of two vectors lacks of 1."""
    one, two = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (some.astype(float), others.astype(float)))
    return float(1 - (one * two).sum(1).min())


def test_vectors_are_those_of_the_plain_forward_pass(folder: Path) -> None:
    encoder = Encoder(find(str(folder), None), "fp32")
    pictures = noise(encoder.side)
    assert apart(encoder.encode(list(pictures), 16), plainly(folder, pictures)) < WITHIN


@pytest.mark.skipif(precision() != "bf16", reason="this processor does not multiply in bf16")
def test_in_bf16_joining_takes_no_vector_further_from_the_true_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = Encoder(find(str(folder), None), "bf16")
    monkeypatch.setattr("curation.encoder.joined.join", lambda *_: 0)
    folded = Encoder(find(str(folder), None), "bf16")
    pictures = noise(joined.side)
    truth = plainly(folder, pictures)
    assert (
        apart(joined.encode(list(pictures), 16), truth) < 1.2 * apart(folded.encode(list(pictures), 16), truth) + 1e-6
    )


@with_onednn
def test_no_layer_of_the_shipped_encoder_is_left_out() -> None:
    visual = Encoder(find("gesso-mini", None), "fp32").net.visual
    plain = (*ACTIVATIONS, nn.Conv2d, nn.Linear)
    left = [module for module in visual.modules() if isinstance(module, plain)]
    assert not left
    assert sum(isinstance(module, JoinedConv) for module in visual.modules()) == 49


@with_onednn
@pytest.mark.parametrize(("side", "stride", "changed"), [(12, 4, True), (13, 4, False), (12, 3, False)])
def test_a_convolution_of_patches_is_a_linear_layer(side: int, stride: int, changed: bool) -> None:
    torch.manual_seed(1)
    visual = nn.Sequential(nn.Conv2d(3, 8, 4, stride), nn.Flatten()).eval()
    net, pixels = SimpleNamespace(visual=visual), torch.randn(2, 3, side, side)
    with torch.inference_mode():
        before = visual(pixels)
        assert join(net, side)
        assert torch.allclose(net.visual(pixels), before, atol=1e-5)
    assert isinstance(net.visual[0], LaidOutPatches) is changed


class Attends(nn.Module):
    """A sequence that looks at itself, or at what came in, or not at what comes after it."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.attention = how, nn.MultiheadAttention(24, 3, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(2).transpose(1, 2).repeat(1, 1, 8)
        mask = torch.ones(x.shape[1], x.shape[1]).triu(1).bool() if self.how == "mask" else None
        key = x.flip(1) if self.how == "another" else x
        mixed, shares = self.attention(x, key, key, need_weights=self.how == "weights", attn_mask=mask)
        return mixed.flatten(1) if shares is None else mixed.flatten(1) + shares.sum()


@with_onednn
@pytest.mark.parametrize(
    ("how", "changed"), [("itself", True), ("another", False), ("mask", False), ("weights", False)]
)
def test_attention_is_laid_out_where_a_sequence_looks_at_itself(how: str, changed: bool) -> None:
    torch.manual_seed(1)
    net, pixels = SimpleNamespace(visual=Attends(how).eval()), torch.randn(2, 3, 6, 6)
    with torch.inference_mode():
        before = net.visual(pixels)
        assert bool(join(net, 6)) is changed
        assert torch.allclose(net.visual(pixels), before, atol=1e-5)
    assert isinstance(net.visual.attention, LaidOutAttention) is changed


@pytest.mark.parametrize("kind", ["fp32", precision()])
def test_a_vector_does_not_depend_on_who_shares_the_batch(kind: str) -> None:
    encoder = Encoder(find("gesso-mini", None), kind)
    pictures = list(noise(encoder.side, 11))
    together = encoder.encode(pictures, 16)
    assert np.array_equal(together, encoder.encode(pictures[::-1], 16)[::-1])
    assert np.array_equal(together[:1], encoder.encode(pictures[:1], 16))


class Shared(nn.Module):
    """One activation twice, and a convolution whose values are wanted with and without one."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.third, self.act, self.last = nn.Conv2d(8, 8, 1), nn.ReLU(), nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.second(self.act(self.first(x))))
        bare = self.third(x)
        return (bare + self.last(bare)).flatten(1)


@with_onednn
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_is_what_it_was(activation: type[nn.Module]) -> None:
    torch.manual_seed(1)
    visual = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), activation(), nn.Conv2d(8, 4, 3, 2), nn.Flatten()).eval()
    net, pixels = SimpleNamespace(visual=visual), torch.randn(2, 3, 16, 16)
    with torch.inference_mode():
        before = visual(pixels)
        assert join(net, 16) == 1 << (PIECE_BYTES // (8 * 16 * 16 * 4)).bit_length() - 1
        assert isinstance(net.visual[1], nn.Identity)
        assert torch.allclose(net.visual(pixels), before, atol=1e-5)


@with_onednn
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_of_a_linear_layer_is_what_it_was(activation: type[nn.Module]) -> None:
    torch.manual_seed(1)
    visual = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), activation(), nn.Linear(8, 4)).eval()
    net, pixels = SimpleNamespace(visual=visual), torch.randn(2, 3, 4, 4)
    with torch.inference_mode():
        before = visual(pixels)
        assert join(net, 4)
        assert isinstance(net.visual[2], nn.Identity)
        assert torch.allclose(net.visual(pixels), before, atol=1e-5)


@with_onednn
def test_a_layer_that_would_say_something_else_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIVATIONS, nn.GELU, lambda module: ("relu", [], None))
    visual = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.GELU(), nn.Linear(8, 4)).eval()
    net = SimpleNamespace(visual=visual)
    assert join(net, 4)
    assert isinstance(net.visual[1], nn.Linear)
    assert isinstance(net.visual[2], nn.GELU)
    assert not isinstance(net.visual[3], nn.Linear)


def test_a_tower_that_would_say_something_else_is_left_as_it_is() -> None:
    torch.manual_seed(1)
    net = SimpleNamespace(visual=Shared().eval())
    before = dict(net.visual.named_modules())
    assert join(net, 16) == 0
    assert dict(net.visual.named_modules()) == before


def test_a_release_of_torch_without_the_operators_leaves_the_tower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.ops.mkldnn", SimpleNamespace())
    net = SimpleNamespace(visual=nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten()).eval())
    assert join(net, 16) == 0


@pytest.mark.parametrize("size", [(12, 12), (13, 12), (7, 20)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 2), (1, 2), (4, 1)])
def test_same_padding_fits_into_the_kernel(size: tuple[int, int], kernel: int, stride: int) -> None:
    from timm.layers import Conv2dSame

    torch.manual_seed(1)
    conv, pixels = Conv2dSame(6, 6, kernel, stride, groups=3), torch.randn(1, 6, *size)
    with torch.inference_mode():
        assert torch.allclose(evenly_padded(conv, size)(pixels), conv(pixels), atol=1e-5)
