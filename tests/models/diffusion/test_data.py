"""Latents are normalised without changing what is drawn."""

from __future__ import annotations

from pathlib import Path

import torch

from models.diffusion.config import TinyConfig
from models.diffusion.data import encode, normalise_latents, to_tensor
from models.diffusion.pipeline import build_vae
from models.loader import Frame, ShardIndex, ShardLoader

CPU = torch.device("cpu")


def test_normalised_latents_draw_the_same(version: Path) -> None:
    loader = ShardLoader(ShardIndex(version), Frame(32, 32), seed=1, batch_size=12)
    (batch,) = loader.in_order()
    torch.manual_seed(1)
    vae = build_vae(TinyConfig(vae_channels=(16, 16), latent_channels=4), 32).eval()
    with torch.no_grad():
        before = vae.decode(encode(vae, batch.pixels, CPU)).sample
        normalise_latents(vae, loader, CPU)
        latents = encode(vae, batch.pixels, CPU)
        after = vae.decode(latents).sample
    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(latents.mean(dim=(0, 2, 3)), torch.zeros(4), rtol=0, atol=1e-3)
    torch.testing.assert_close(latents.std(dim=(0, 2, 3)), torch.ones(4), rtol=1e-2, atol=0)


def test_pixels_span_minus_one_to_one(version: Path) -> None:
    (batch,) = ShardLoader(ShardIndex(version), Frame(32, 32), seed=1, batch_size=12).in_order()
    tensor = to_tensor(batch.pixels, CPU)
    assert tensor.shape == (12, 3, 32, 32)
    assert -1 <= tensor.min() < tensor.max() <= 1
