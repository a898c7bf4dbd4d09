"""What the denoiser and the autoencoder are asked for: pure functions of tensors; noise is a function of the step."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


def generator(*key: int | str) -> torch.Generator:
    """A CPU generator seeded by what the draw is for; so there is no random state to save, on any device."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)


@dataclass(frozen=True)
class Draw:
    """One rank's share of a step's randomness: noise (b, c, h, w), timesteps (b,) int64, drop (b,) bool."""

    noise: Tensor
    timesteps: Tensor
    drop: Tensor


def draw(
    seed: int,
    step: int,
    shape: tuple[int, ...],
    *,
    batch: int,
    rank: int,
    world_size: int,
    timesteps: int,
    dropout: float,
) -> Draw:
    """Noise, timesteps and caption dropout of a step, drawn for all ranks' batch and cut: equal on any number of ranks.

    Timesteps are stratified over the batch, which lowers the gradient's variance at no cost.
    """
    source = generator("diffusion", seed, step)
    noise = torch.randn((batch, *shape), generator=source)
    strata = torch.randperm(batch, generator=source) + torch.rand(batch, generator=source)
    times = (strata * timesteps / batch).long().clamp(max=timesteps - 1)
    drop = torch.rand(batch, generator=source) < dropout
    mine = slice(rank, None, world_size)
    return Draw(noise[mine], times[mine], drop[mine])


def snr(alphas_cumprod: Tensor, timesteps: Tensor) -> Tensor:
    """Signal-to-noise ratio α²/σ² at each timestep; 0 at the end of a zero-terminal-SNR schedule."""
    alpha = alphas_cumprod[timesteps]
    return alpha / (1 - alpha)


def min_snr_weight(ratio: Tensor, gamma: float | None, prediction: str) -> Tensor:
    """The weight of each sample's squared error under min-SNR-γ (Hang et al. 2023), stated for what is predicted.

    The paper clamps the error of x₀. An error of ε weighs SNR of x₀, so min(SNR, γ)/SNR; its limit at SNR 0 is 1. An
    error of v weighs SNR + 1 of x₀ (Salimans and Ho 2022); clamping *that* gives min(SNR + 1, γ)/(SNR + 1). The
    frequent min(SNR, γ)/(SNR + 1) is 0 at SNR 0: the first sampling step of a zero-SNR schedule would stay unlearnt.
    """
    if gamma is None:
        return torch.ones_like(ratio)
    if prediction == "v_prediction":
        return (ratio + 1).clamp(max=gamma) / (ratio + 1)
    return torch.where(ratio > gamma, gamma / ratio.clamp(min=gamma), torch.ones_like(ratio))


def add_noise(clean: Tensor, noise: Tensor, alphas_cumprod: Tensor, timesteps: Tensor) -> Tensor:
    """√ᾱ·x₀ + √(1-ᾱ)·ε."""
    alpha = alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return alpha.sqrt() * clean + (1 - alpha).sqrt() * noise


def target(clean: Tensor, noise: Tensor, alphas_cumprod: Tensor, timesteps: Tensor, prediction: str) -> Tensor:
    """What the denoiser should answer: ε, or v = √ᾱ·ε - √(1-ᾱ)·x₀."""
    if prediction == "epsilon":
        return noise
    alpha = alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return alpha.sqrt() * noise - (1 - alpha).sqrt() * clean


def denoising_loss(answer: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """The weighted mean squared error, each sample averaged first."""
    return ((answer.float() - wanted.float()).square().flatten(1).mean(1) * weight).mean()


def autoencoder_loss(output: Tensor, pixels: Tensor, mean: Tensor, logvar: Tensor, kl: float) -> Tensor:
    """L1 of the pixels and of their differences, so that lines stay lines, and a little KL. Pixels in -1 … 1."""
    output = output.float()
    across = functional.l1_loss(output.diff(dim=-1), pixels.diff(dim=-1))
    down = functional.l1_loss(output.diff(dim=-2), pixels.diff(dim=-2))
    divergence = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).float().mean()
    return functional.l1_loss(output, pixels) + across + down + kl * divergence
