"""A fresh autoencoder already draws its input, small and blocky."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from models.diffusion.config import TinyConfig
from models.diffusion.data import encode, to_tensor
from models.diffusion.pipeline import build_vae
from models.images import fit
from tests.models.shards import screen

CPU = torch.device("cpu")


def test_an_untrained_autoencoder_draws_a_thumbnail() -> None:
    torch.manual_seed(3)
    pixels = np.stack([fit(screen(number), 64, 64) for number in range(6)])
    for widths in ((16, 32, 48), (16, 16)):
        vae = build_vae(TinyConfig(vae_channels=widths), 64).eval()
        factor = 2 ** (len(widths) - 1)
        wanted = avg_pool2d(to_tensor(pixels, CPU), factor)
        with torch.no_grad():
            drawn = vae.decode(encode(vae, pixels, CPU)).sample
        small = avg_pool2d(drawn, factor)
        inside = (slice(None), slice(None), slice(2, -2), slice(2, -2))  # the outermost pixels fade into the padding
        assert (small - wanted)[inside].abs().mean() < 0.15


def test_latents_start_as_lightness_and_two_differences() -> None:
    grey = np.full((1, 64, 64, 3), 200, np.uint8)
    latents = encode(build_vae(TinyConfig(), 64).eval(), grey, CPU)[0]
    assert abs(latents[0].mean().item() - (200 / 127.5 - 1)) < 0.1
    assert latents[1:3].abs().max() < 0.05
